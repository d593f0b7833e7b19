/* An environment for a command, made before the fork. */
#include "process/environment.h"
#include "process/jobserver.h"

#include <stdlib.h>
#include <string.h>

extern char **environ;

/* They name descriptors, or sockets of who watches over the caller, or say that there are such. */
static const char *const channels[] = {
	"NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC",
	"LISTEN_FDS", "LISTEN_PID", "LISTEN_PIDFDID", "LISTEN_FDNAMES",
	"NODE_CHANNEL_FD", "NODE_CHANNEL_SERIALIZATION_MODE", "NODE_UNIQUE_ID",
	"BASH_XTRACEFD",
	"GUNICORN_FD", "GUNICORN_PID", "UNICORN_FD", "WERKZEUG_SERVER_FD", "WERKZEUG_RUN_MAIN", "SERVER_STARTER_PORT",
	"EINHORN_SOCK_FD", "UPSTART_FDS",
	"WAYLAND_SOCKET", "WINESERVERSOCKET",
	"OTELOP_LOCK_FD", "OTELOP_CHAIN_FD",
};

/* They have the job server's descriptors, or its path, among their words. */
static const char *const make_flags[] = { "MAKEFLAGS", "MFLAGS", "GNUMAKEFLAGS", "CARGO_MAKEFLAGS" };

/* Where the first variable of this name is, or count. */
static size_t
find(const struct environment *environment, const char *name, size_t length)
{
	size_t i;

	for (i = 0; i < environment->count; i++)
		if (strncmp(environment->variables[i], name, length) == 0 &&
		    environment->variables[i][length] == '=')
			break;
	return i;
}

static int
append(struct environment *environment, const char *variable)
{
	char **grown = realloc(environment->variables, (environment->count + 2) * sizeof(*grown));
	char *copy;

	if (grown == NULL)
		return -1;
	environment->variables = grown;
	if ((copy = strdup(variable)) == NULL)
		return -1;
	grown[environment->count] = copy;
	grown[++environment->count] = NULL;
	return 0;
}

int
environment_copy(struct environment *environment)
{
	char **variable;

	*environment = (struct environment){ NULL, 0 };
	for (variable = environ; variable != NULL && *variable != NULL; variable++)
		if (append(environment, *variable) < 0) {
			environment_free(environment);
			return -1;
		}
	return 0;
}

void
environment_free(struct environment *environment)
{
	while (environment->count > 0)
		free(environment->variables[--environment->count]);
	free(environment->variables);
	*environment = (struct environment){ NULL, 0 };
}

/* Take out those of this name that stand before end: of one that is there twice, a command might see either. */
static void
take_out(struct environment *environment, const char *name, size_t length, size_t end)
{
	size_t i;

	for (; (i = find(environment, name, length)) < end; end--) {
		free(environment->variables[i]);
		environment->count--;
		memmove(environment->variables + i, environment->variables + i + 1,
		    (environment->count - i + 1) * sizeof(*environment->variables));
	}
}

void
environment_unset(struct environment *environment, const char *name)
{
	take_out(environment, name, strlen(name), environment->count);
}

int
environment_put(struct environment *environment, const char *variable)
{
	if (append(environment, variable) < 0)
		return -1;
	take_out(environment, variable, strcspn(variable, "="), environment->count - 1);
	return 0;
}

int
environment_set(struct environment *environment, const char *name, const char *value)
{
	size_t length = strlen(name);
	char *variable = malloc(length + strlen(value) + 2);
	int result;

	if (variable == NULL)
		return -1;
	memcpy(variable, name, length);
	variable[length] = '=';
	strcpy(variable + length + 1, value);
	result = environment_put(environment, variable);
	free(variable);
	return result;
}

static int
is_kept(const char *name, const char *const *kept)
{
	for (; kept != NULL && *kept != NULL; kept++)
		if (strncmp(*kept, name, strlen(name)) == 0 && strchr("=", (*kept)[strlen(name)]) != NULL)
			return 1;
	return 0;
}

void
environment_drop_channels(struct environment *environment, const char *const *kept)
{
	size_t i;

	for (i = 0; i < sizeof(channels) / sizeof(*channels); i++)
		if (!is_kept(channels[i], kept))
			environment_unset(environment, channels[i]);
	for (i = 0; i < sizeof(make_flags) / sizeof(*make_flags); i++) {
		size_t length = strlen(make_flags[i]), at = find(environment, make_flags[i], length);
		char *flags;

		if (at == environment->count || is_kept(make_flags[i], kept))
			continue;
		/* Only taking out, it never writes before what it has yet to read. */
		flags = environment->variables[at] + length + 1;
		jobserver_strip(flags, flags);
	}
}
