/* What a daemon finds when it begins.  All of it is made before the fork, where memory can be had. */
#include "daemon/outfit.h"
#include "base/io.h"
#include "base/message.h"
#include "platform/platform.h"
#include "state/path.h"
#include "state/statedir.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int
tell_instance(struct outfit *outfit)
{
	const struct otelop_spawn *options = outfit->options;
	struct environment *environment = &outfit->environment;

	if (options->state_dir == NULL)
		return 0;
	environment_unset(environment, "OTELOP_NAME");
	return environment_set(environment, "OTELOP_STATE_DIR", options->state_dir) < 0 || (options->name != NULL &&
	    environment_set(environment, "OTELOP_NAME", options->name) < 0) ? -1 : 0;
}

static int
make_environment(struct outfit *outfit)
{
	const struct otelop_spawn *options = outfit->options;
	struct environment *environment = &outfit->environment;
	const char *const *s;

	if (environment_copy(environment) < 0)
		return -1;
	environment_drop_channels(environment, NULL);
	if (environment_set(environment, "OTELOP_DAEMONIZED", "1") < 0 || tell_instance(outfit) < 0)
		return -1;
	for (s = options->unset_env; s != NULL && *s != NULL; s++)
		environment_unset(environment, *s);
	for (s = options->set_env; s != NULL && *s != NULL; s++)
		if (environment_put(environment, *s) < 0)
			return -1;
	return 0;
}

/*
 * The state directory's own log is as trustworthy as the directory; any other is the caller's business, but for the links of
 * others on the way to it: whoever owns a directory there can put one at any time, between a start and its restart, too.
 */
static int
open_default_log(struct outfit *outfit, struct otelop_message *reason)
{
	const char *path = outfit->options->state_dir;
	struct statedir dir;

	if (path == NULL)
		return (outfit->log_fd = io_open("/dev/null", O_WRONLY | O_CLOEXEC, 0)) < 0 ?
		    message_errno(reason, "/dev/null: cannot open") : 0;
	if (statedir_open(&dir, path, reason) < 0)
		return -1;
	outfit->log_fd = statedir_open_file(&dir, STATEDIR_LOG, O_WRONLY | O_APPEND | O_CREAT, reason);
	statedir_close(&dir);
	return outfit->log_fd < 0 ? -1 : 0;
}

static int
open_log(struct outfit *outfit, struct otelop_message *reason)
{
	const struct otelop_spawn *options = outfit->options;
	struct stat found;

	if (options->log == NULL && options->log_fd <= 0) {
		if (open_default_log(outfit, reason) < 0)
			return -1;
	} else if (options->log != NULL) {
		/* O_NONBLOCK: a FIFO that nobody reads must not hold us; the child's is an ordinary one. */
		outfit->log_fd = path_open_file(options->log,
		    O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_CLOEXEC | O_NONBLOCK, 0600, reason);
		if (outfit->log_fd < 0 && *reason->text != '\0')
			return -1;
	} else {
		outfit->log_fd = fcntl(options->log_fd, F_DUPFD_CLOEXEC, 3);
	}
	if (outfit->log_fd < 0 || io_move_above(&outfit->log_fd, 3) < 0 || io_nonblock(outfit->log_fd, 0) < 0)
		return message_errno(reason, "%s: cannot open the log%s",
		    options->log != NULL ? options->log : "the given descriptor",
		    errno == ENXIO ? ", which nobody reads" : "");
	if (fstat(outfit->log_fd, &found) == 0 && S_ISREG(found.st_mode))
		outfit->log_start = (long long)found.st_size;
	return 0;
}

int
outfit_make(struct outfit *outfit, const struct otelop_spawn *options, struct otelop_message *reason)
{
	*outfit = (struct outfit){ .options = options, .log_fd = -1, .log_start = -1, .ready_fd = -1 };
	if (open_log(outfit, reason) < 0)
		return -1;
	return make_environment(outfit) < 0 ? message_errno(reason, "cannot make the environment") : 0;
}

void
outfit_free(struct outfit *outfit)
{
	io_close(&outfit->ready_fd);
	io_close(&outfit->log_fd);
	environment_free(&outfit->environment);
}

int
outfit_put_on(const struct outfit *outfit, int report)
{
	const struct otelop_spawn *options = outfit->options;
	int null, keep[2] = { OTELOP_READY_FD, report };

	if (setsid() < 0)
		return -1;
	if (options->set_umask)
		umask(options->umask);
	if ((null = io_open("/dev/null", O_RDONLY, 0)) < 0 || io_dup2(null, STDIN_FILENO) < 0 ||
	    io_dup2(outfit->log_fd, STDOUT_FILENO) < 0 || io_dup2(outfit->log_fd, STDERR_FILENO) < 0)
		return -1;
	/* dup2 to itself would leave it close-on-exec. */
	if ((outfit->ready_fd == OTELOP_READY_FD ? io_cloexec(OTELOP_READY_FD, 0) :
	    io_dup2(outfit->ready_fd, OTELOP_READY_FD)) < 0)
		return -1;
	platform_close_all_but(keep, 2);
	return options->cwd != NULL && chdir(options->cwd) < 0 ? OUTFIT_CHDIR : 0;
}
