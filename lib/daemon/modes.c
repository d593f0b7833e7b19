/* The modes of otelop-run's --ready. */
#include "daemon/modes.h"
#include "base/io.h"
#include "base/message.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>

static int
parse_port(const char *text, unsigned *port)
{
	int64_t number;

	if (!text_number(text, 1, 65535, &number))
		return -1;
	*port = (unsigned)number;
	return 0;
}

/* HOST:PORT, [HOST]:PORT or a path. */
static int
parse_connect(const char *target, struct modes *modes)
{
	const char *colon = strrchr(target, ':');
	size_t length;
	unsigned port;

	modes->connect = 1;
	modes->connect_host[0] = '\0';
	if (strchr(target, '/') != NULL)
		return io_format(modes->connect_target, sizeof(modes->connect_target), "%s", target);
	if (colon == NULL || parse_port(colon + 1, &port) < 0)
		return -1;
	length = (size_t)(colon - target);
	if (*target == '[' && colon[-1] == ']') {
		target++;
		length -= 2;
	}
	if (length == 0)
		return -1;
	if (io_format(modes->connect_host, sizeof(modes->connect_host), "%.*s", (int)length,
	    target) < 0)
		return -1;
	return io_format(modes->connect_target, sizeof(modes->connect_target), "%s", colon + 1);
}

static int
parse_mode(const char *mode, struct modes *modes)
{
	if (strcmp(mode, "auto") == 0)
		modes->fd = modes->notify = modes->listen = 1;
	else if (strcmp(mode, "fd") == 0)
		modes->fd = 1;
	else if (strcmp(mode, "notify") == 0)
		modes->notify = 1;
	else if (strcmp(mode, "exec") == 0)
		modes->exec = 1;
	else if (strcmp(mode, "listen") == 0)
		modes->listen = 1;
	else if (strncmp(mode, "listen:", 7) == 0 && parse_port(mode + 7, &modes->listen_port) == 0)
		modes->listen = 1;
	else if (strncmp(mode, "connect:", 8) != 0 || parse_connect(mode + 8, modes) < 0)
		return -1;
	return 0;
}

int
modes_parse(const char *text, struct modes *modes, struct otelop_message *message)
{
	char mode[OTELOP_PATH_SIZE];
	const char *s = text;

	memset(modes, 0, sizeof(*modes));
	errno = EINVAL;
	for (;;) {
		size_t length = strcspn(s, ",");

		if (strncmp(s, "check:", 6) == 0) {
			/* A shell command may hold commas: it takes the rest. */
			if (s[6] == '\0')
				return message_set(message, "%s: check: needs a command", text);
			modes->check = s + 6;
			return 0;
		}
		if (io_format(mode, sizeof(mode), "%.*s", (int)length, s) < 0 ||
		    parse_mode(mode, modes) < 0) {
			errno = EINVAL;
			return message_set(message, "%s: not a readiness mode: auto, fd, notify, "
			    "listen[:PORT], connect:HOST:PORT, connect:PATH, check:COMMAND, exec", text);
		}
		if (s[length] == '\0')
			return 0;
		s += length + 1;
	}
}

int
modes_have_more_than_notify(const struct modes *modes)
{
	return modes->fd || modes->listen || modes->connect || modes->check != NULL || modes->exec;
}

int
modes_look_at_once(const struct modes *modes)
{
	return modes->connect || modes->check != NULL || modes->exec;
}

int
modes_look(const struct modes *modes)
{
	return modes->listen || modes_look_at_once(modes);
}

int
modes_are_listen_alone(const struct modes *modes)
{
	return modes->listen && !modes->fd && !modes->notify && !modes_look_at_once(modes);
}
