/* Ask once, from outside and in a child, whether a daemon is ready. */
#include "daemon/ask.h"
#include "base/io.h"
#include "base/status.h"
#include "otelop.h"
#include "process/child.h"
#include "process/environment.h"
#include "process/exec.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

#define CONNECT_MS 500		/* then the next address, or the next ask, has its turn */

/*
 * The port may be one that the kernel chooses from for who connects: then a socket can meet itself.
 * It must not leave the port in TIME_WAIT, where the daemon could not have it.
 */
static int
has_met_itself(int fd)
{
	struct sockaddr_storage ours, theirs;
	socklen_t ours_length = sizeof(ours), theirs_length = sizeof(theirs);
	struct linger at_once = { 1, 0 };

	memset(&ours, 0, sizeof(ours));
	memset(&theirs, 0, sizeof(theirs));
	if (getsockname(fd, (struct sockaddr *)&ours, &ours_length) < 0 ||
	    getpeername(fd, (struct sockaddr *)&theirs, &theirs_length) < 0 ||
	    ours.ss_family == AF_UNIX || ours_length != theirs_length ||
	    memcmp(&ours, &theirs, ours_length) != 0)
		return 0;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	return 1;
}

static int
can_connect(int family, const struct sockaddr *address, socklen_t length)
{
	struct pollfd out = { socket(family, SOCK_STREAM, 0), POLLOUT, 0 };
	socklen_t size = sizeof(int);
	int done, error = 0;

	if (out.fd < 0 || io_nonblock(out.fd, 1) < 0)
		error = errno;
	else if (connect(out.fd, address, length) < 0 && (error = errno) == EINPROGRESS &&
	    poll(&out, 1, CONNECT_MS) == 1 &&
	    getsockopt(out.fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		error = errno;
	done = error == 0 && !has_met_itself(out.fd);
	io_close(&out.fd);
	return done;
}

static int
can_connect_host(const char *host, const char *port)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct addrinfo *list, *address;
	int done = 0;

	if (getaddrinfo(host, port, &hints, &list) != 0)
		return 0;
	for (address = list; address != NULL && !done; address = address->ai_next)
		done = can_connect(address->ai_family, address->ai_addr, address->ai_addrlen);
	freeaddrinfo(list);
	return done;
}

/* A socket's address holds about 100 bytes: a longer path is reached from its directory. */
static int
can_connect_path(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char directory[OTELOP_PATH_SIZE];
	const char *name = strrchr(path, '/') + 1;

	if (io_format(address.sun_path, sizeof(address.sun_path), "%s", path) < 0 &&
	    (io_format(address.sun_path, sizeof(address.sun_path), "%s", name) < 0 ||
	    io_format(directory, sizeof(directory), "%.*s", (int)(name - path), path) < 0 ||
	    chdir(directory) < 0))
		return 0;
	return can_connect(AF_UNIX, (struct sockaddr *)&address, sizeof(address));
}

/* In a child of its own group, so that what it starts can be ended with it. */
static int
become_probe(void)
{
	return setpgid(0, 0) < 0 ? -1 : child_keep_only(NULL, 0);
}

static void
begin(struct ask *ask, int (*run)(void *), void *argument)
{
	pid_t pid = child_fork(run, argument);

	if (pid > 0) {
		setpgid(pid, pid);	/* here too: whoever is first, its group is there when we go on */
		ask->pid = pid;
	}
}

struct peer {
	const char *host;
	const char *target;
};

static int
connect_once(void *argument)
{
	const struct peer *peer = argument;

	if (become_probe() < 0)
		return 1;
	return !(*peer->host != '\0' ? can_connect_host(peer->host, peer->target) :
	    can_connect_path(peer->target));
}

void
ask_connect(struct ask *ask, const char *host, const char *target)
{
	struct peer peer = { host, target };

	begin(ask, connect_once, &peer);
}

struct check {
	const char *command;
	const char *state_dir;
	struct environment environment;
};

static int
leave_channels(struct environment *environment)
{
	if (environment_copy(environment) < 0)
		return -1;
	environment_drop_channels(environment, NULL);
	environ = environment->variables;
	return 0;
}

/* To find the shell may last as long as to run it: nobody waits for either. */
static int
check_once(void *argument)
{
	struct check *check = argument;
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)(uintptr_t)check->command, NULL };

	/* As the daemon's: what it asks is about this state directory, and its verdict is nobody's. */
	if (become_probe() == 0 && leave_channels(&check->environment) == 0 && setenv("OTELOP_STATE_DIR", check->state_dir, 1) == 0 &&
	    unsetenv("OTELOP_DAEMONIZED") == 0)
		exec_command(argv);
	return STATUS_NOT_FOUND;
}

void
ask_check(struct ask *ask, const char *command, const char *state_dir)
{
	struct check check = { command, state_dir, { NULL, 0 } };

	begin(ask, check_once, &check);
}

int
ask_reaped(struct ask *ask, pid_t pid, int status)
{
	if (ask->pid != pid || pid <= 0)
		return 0;
	ask->pid = 0;
	ask->status = status;
	return 1;
}

void
ask_end(struct ask *ask)
{
	if (ask->pid <= 0)
		return;
	kill(-ask->pid, SIGKILL);
	child_reap_killed(ask->pid);	/* or later, as any orphan */
	ask->pid = 0;
}
