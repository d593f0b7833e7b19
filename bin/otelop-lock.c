/* otelop-lock: hold, test or await the instance lock. */
#include "base/clock.h"
#include "base/io.h"
#include "base/message.h"
#include "base/status.h"
#include "cli.h"
#include "otelop.h"
#include "process/exec.h"
#include "state/lock.h"
#include "state/meta.h"
#include "state/statedir.h"
#include "wait.h"

#include <sys/file.h>

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

static const struct option long_options[] = {
	{ "wait", required_argument, NULL, 'w' }, { "fd", required_argument, NULL, 'F' }, { "probe", no_argument, NULL, 'p' },
	{ "until-free", no_argument, NULL, 'W' }, { NULL, 0, NULL, 0 },
};

static const struct cli cli = {
	"otelop-lock",
	"otelop-lock [-hV] [-C DIR] [-n NAME] [-w TIME] [KEY=VALUE...] -- CMD [ARG...]\n"
	"otelop-lock [-w TIME] -F N\n"
	"otelop-lock [-C DIR] [-n NAME] -p\n"
	"otelop-lock [-C DIR] [-n NAME] [-w TIME] -W",
	"w:F:pW", long_options, CLI_PROGRAM,
};

struct request {
	struct cli_place place;
	int64_t wait_ms;	/* 0: not at all */
	int has_wait;
	int fd;			/* -F, or -1 */
	int probe;
	int until_free;
};

static int
lock_descriptor(const struct request *request)
{
	struct otelop_message message;

	switch (lock_wait(request->fd, LOCK_EX, clock_deadline(request->wait_ms), -1)) {
	case 1:
		return STATUS_DONE;
	case 0:
		message_set(&message, "descriptor %d: somebody else holds the lock", request->fd);
		cli_fail(&cli, request->has_wait ? STATUS_TIMEOUT : STATUS_BUSY, &message);
	}
	message_errno(&message, "descriptor %d: cannot lock", request->fd);
	return cli_fail(&cli, STATUS_FAILED, &message);
}

static int
probe(const struct request *request)
{
	struct statedir dir;
	struct otelop_message message;
	int fd, held;

	if (wait_open(&cli, &request->place, &dir) < 0)
		return STATUS_NOT_RUNNING;
	if ((held = lock_is_held(&dir, &fd, &message)) < 0 && errno != ENOENT)
		cli_fail(&cli, STATUS_UNKNOWN, &message);
	return held == 1 ? STATUS_DONE : STATUS_NOT_RUNNING;
}

/* What is to be said of CMD, from now on. */
static void
describe(struct otelop_metadata *metadata, char *const members[], char *const argv[])
{
	struct otelop_message message;

	if (otelop_metadata_init(metadata, getpid()) < 0) {
		message_errno(&message, "memory: cannot make the metadata");
		cli_fail(&cli, STATUS_FAILED, &message);
	}
	if (meta_set_strings(metadata, "command", (const char *const *)argv) < 0)
		meta_set_unrecorded(metadata, "command");
	for (; *members != NULL; members++)
		if (meta_set_pair(metadata, *members, 0, &message) < 0)
			cli_fail(&cli, STATUS_FAILED, &message);
}

/* A claim that was waited for: CMD begins when it is had. */
static int
start_later(struct otelop_lock *lock, const char *path, const struct lock_request *claim,
    struct otelop_metadata *metadata, struct otelop_message *message)
{
	char now[CLOCK_RFC3339_SIZE];

	if (lock_claim(lock, path, claim, message) < 0)
		return -1;
	clock_format_now(now);
	otelop_metadata_set(metadata, "startedAt", now, NULL);
	if (lock_publish(lock, metadata, message) == 0)
		return 0;
	lock_release(lock);	/* what a dead daemon left stands */
	errno = EIO;
	return -1;
}

/* The lock goes with CMD: out of the way of its own descriptors, and told by name. */
static int
pass_on(struct otelop_lock *lock, struct otelop_message *message)
{
	char number[16];

	if (io_move_above(&lock->fd, LOCK_FD_LOWEST) < 0 || io_cloexec(lock->fd, 0) < 0 ||
	    io_format(number, sizeof(number), "%d", lock->fd) < 0 ||
	    setenv("OTELOP_LOCK_FD", number, 1) < 0)
		return message_errno(message, "%s/%s: cannot pass the lock on", lock->dir.path,
		    STATEDIR_METADATA);
	return 0;
}

static int
run_locked(const struct request *request, char *const members[], char *const argv[])
{
	char path[OTELOP_PATH_SIZE];
	struct otelop_message message;
	struct lock_request claim = { .timeout_ms = request->wait_ms, .create = 1, .own = getpid() };
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	struct otelop_lock lock = LOCK_INIT;
	int error;

	cli_state_dir(&cli, &request->place, STATUS_FAILED, path);
	if (statedir_ensure(&lock.dir, path, &message) < 0)
		cli_fail(&cli, STATUS_FAILED, &message);
	describe(&metadata, members, argv);
	if ((request->wait_ms != 0 ? start_later(&lock, path, &claim, &metadata, &message) :
	    lock_start(&lock, path, &claim, &metadata, &message)) < 0)
		cli_fail(&cli, errno == EWOULDBLOCK ? STATUS_BUSY : errno == ETIMEDOUT ? STATUS_TIMEOUT :
		    errno == EREMOTE ? STATUS_UNKNOWN : STATUS_FAILED, &message);
	otelop_metadata_free(&metadata);
	if (pass_on(&lock, &message) < 0) {
		lock_remove(&lock, NULL);
		cli_fail(&cli, STATUS_FAILED, &message);
	}
	exec_command(argv);
	error = errno;
	lock_remove(&lock, NULL);
	errno = error;
	exec_failed(argv[0], &message);
	return cli_fail(&cli, status_of_exec(error), &message);
}

static void
parse(struct request *request, int argc, char *argv[])
{
	int option;

	while ((option = cli_option(&cli, &request->place, argc, argv)) != -1)
		switch (option) {
		case 'w':
			request->wait_ms = cli_limit(&cli, "-w", optarg);
			request->has_wait = 1;
			break;
		case 'F':
			request->fd = (int)cli_number(&cli, "-F", optarg, 0, INT_MAX);
			break;
		case 'p':
			request->probe = 1;
			break;
		case 'W':
			request->until_free = 1;
			break;
		}
	if (request->probe + request->until_free + (request->fd >= 0) > 1)
		cli_usage_error(&cli, "-F, -p and -W: only one of them");
}

int
main(int argc, char *argv[])
{
	struct request request = { .fd = -1 };
	char **members, **command;
	int closed;

	closed = cli_begin(&cli);
	parse(&request, argc, argv);
	if (request.fd >= 0 && request.fd <= STDERR_FILENO && (closed & 1 << request.fd))
		close(request.fd);	/* the caller's is asked for, and there is none */
	if (request.probe || request.until_free || request.fd >= 0) {
		cli_no_operands(&cli, argc, argv);
		return request.fd >= 0 ? lock_descriptor(&request) :
		    request.probe ? probe(&request) : wait_until_free(&cli, &request.place,
		    request.has_wait ? request.wait_ms : OTELOP_FOREVER);
	}
	command = cli_command(&cli, argc, argv, &members);
	return run_locked(&request, members, command);
}
