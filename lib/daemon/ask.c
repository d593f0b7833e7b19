/* Ask once, from outside and in a child, whether a daemon is ready. */
#include "daemon/ask.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/status.h"
#include "daemon/modes.h"
#include "daemon/url.h"
#include "otelop.h"
#include "platform/platform.h"
#include "process/child.h"
#include "process/environment.h"
#include "process/exec.h"
#include "process/listener.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

#define CONNECT_MS 500		/* then the next address has its turn */
#define NAMING_MS 1000		/* so long may be looked for who has answered */
#define HTTP_REFUSED 400	/* 4xx and 5xx say no */
#define HTTP_REFUSED_END 600

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
can_connect(const struct sockaddr *address, socklen_t length, int64_t patience_ms, struct listener *answers)
{
	struct pollfd out = { socket(address->sa_family, SOCK_STREAM, 0), POLLOUT, 0 };
	socklen_t size = sizeof(int);
	int done, error = 0;

	if (out.fd < 0 || io_nonblock(out.fd, 1) < 0)
		error = errno;
	else if (connect(out.fd, address, length) < 0 && (error = errno) == EINPROGRESS &&
	    poll(&out, 1, clock_poll_ms(patience_ms, OTELOP_FOREVER)) == 1 &&
	    getsockopt(out.fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		error = errno;
	done = error == 0 && !has_met_itself(out.fd);
	if (done && address->sa_family == AF_UNIX)
		listener_find_peer(out.fd, answers);
	else if (done)
		listener_find(address, answers);
	io_close(&out.fd);
	return done;
}

/* The addresses of mode's host and port; the caller frees them.  NULL: none. */
static struct addrinfo *
find_host(const struct mode *mode)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM }, *list;
	char host[MODES_HOST_SIZE], port[8];

	if (io_format(host, sizeof(host), "%.*s", (int)mode->host_length, mode->host) < 0 ||
	    io_format(port, sizeof(port), "%u", mode->port) < 0 || getaddrinfo(host, port, &hints, &list) != 0)
		return NULL;
	return list;
}

static int
can_connect_host(const struct mode *mode, struct listener *answers)
{
	struct addrinfo *list = find_host(mode), *address;
	int done = 0;

	/* The last one may take all the time that there is. */
	for (address = list; address != NULL && !done; address = address->ai_next)
		done = can_connect(address->ai_addr, address->ai_addrlen,
		    address->ai_next != NULL ? CONNECT_MS : OTELOP_FOREVER, answers);
	if (list != NULL)
		freeaddrinfo(list);
	return done;
}

/* A socket's address holds about 100 bytes: a longer path is reached from its directory. */
static int
can_connect_path(const struct mode *mode, struct listener *answers)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char path[OTELOP_PATH_SIZE], *name;

	if (io_format(path, sizeof(path), "%.*s", (int)mode->target_length, mode->target) < 0)
		return 0;
	if (io_format(address.sun_path, sizeof(address.sun_path), "%s", path) < 0) {
		name = strrchr(path, '/') + 1;
		if (io_format(address.sun_path, sizeof(address.sun_path), "%s", name) < 0)
			return 0;
		*name = '\0';
		if (chdir(path) < 0)
			return 0;
	}
	return can_connect((struct sockaddr *)&address, sizeof(address), OTELOP_FOREVER, answers);
}

/* The client does not tell whom it has reached: that is looked up. */
static int
get(const struct mode *mode, struct listener *answers)
{
	struct addrinfo *list, *address;
	int status = url_get(mode->target);

	if (status == 0 || status >= HTTP_REFUSED_END)
		return ASK_NO;
	if (status >= HTTP_REFUSED)
		return ASK_REFUSED + status - HTTP_REFUSED;
	list = find_host(mode);
	for (address = list; address != NULL && !answers->is_known; address = address->ai_next)
		listener_find(address->ai_addr, answers);
	if (list != NULL)
		freeaddrinfo(list);
	return ASK_YES;
}

/* As its child exits. */
static int
reach(const struct mode *mode, struct listener *answers)
{
	int reached;

	*answers = (struct listener){ 0 };
	if (mode->kind == MODE_URL)
		return get(mode, answers);
	reached = mode->host != NULL ? can_connect_host(mode, answers) : can_connect_path(mode, answers);
	return reached ? ASK_YES : ASK_NO;
}

static int
is_strangers(const struct listener *answers, const struct ask_subject *subject)
{
	uid_t user;
	size_t i;

	if (!answers->is_known || answers->user == 0 || answers->user == geteuid())
		return 0;
	for (i = 0; i < subject->count; i++)
		if (platform_process_user(subject->pids[i], &user) == 1 && user == answers->user)
			return 0;
	return 1;
}

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
check(const struct mode *mode, const struct ask_subject *subject)
{
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)(uintptr_t)mode->target, NULL };
	struct environment environment = { NULL, 0 };

	/* As the daemon's: what it asks is about this state directory, and its verdict is nobody's. */
	if (leave_channels(&environment) == 0 && setenv("OTELOP_STATE_DIR", subject->state_dir, 1) == 0 &&
	    unsetenv("OTELOP_DAEMONIZED") == 0)
		exec_command(argv);
	return STATUS_NOT_FOUND;
}

struct question {
	const struct mode *mode;
	const struct ask_subject *subject;
	int words;	/* where it is said who has answered, before there is a daemon; else -1 */
};

/* Whoever waits is told first that there is an answer: to find out whose it is may take longer. */
static int
tell(int words, const struct listener *answers)
{
	char text[256];

	if (io_write_all(words, ":", 1) < 0)
		return ASK_NO;
	listener_describe(answers, text, sizeof(text));
	return io_write_all(words, text, strlen(text)) < 0 ? ASK_NO : ASK_YES;
}

/* In a child of its own group, so that what it starts can be ended with it. */
static int
answer(void *argument)
{
	const struct question *question = argument;
	struct listener answers;
	int status;

	if (setpgid(0, 0) < 0 || child_keep_only(&question->words, question->words >= 0) < 0)
		return ASK_NO;
	if (question->mode->kind == MODE_CHECK)
		return check(question->mode, question->subject);
	if ((status = reach(question->mode, &answers)) != ASK_YES)
		return status;
	if (question->words >= 0)
		return tell(question->words, &answers);
	return is_strangers(&answers, question->subject) ? ASK_STRANGER : ASK_YES;
}

static void
begin(struct ask *ask, struct question *question, int64_t deadline)
{
	pid_t pid = child_fork(answer, question);

	if (pid > 0) {
		setpgid(pid, pid);	/* here too: whoever is first, its group is there when we go on */
		ask->pid = pid;
		ask->deadline = deadline;
	}
}

void
ask_begin(struct ask *ask, const struct mode *mode, const struct ask_subject *subject, int64_t deadline)
{
	struct question question = { mode, subject, -1 };

	begin(ask, &question, deadline);
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

int
ask_refusal(const struct ask *ask)
{
	int status = WIFEXITED(ask->status) ? WEXITSTATUS(ask->status) : ASK_NO;

	return status >= ASK_REFUSED ? status - ASK_REFUSED + HTTP_REFUSED : 0;
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

/* The next words, until the deadline.  How many; 0: none come. */
static size_t
hear(int fd, int64_t deadline, char *words, size_t size)
{
	struct pollfd in = { fd, POLLIN, 0 };
	int64_t left;
	ssize_t n;
	int ready;

	do {
		left = clock_left_ms(deadline);
		ready = poll(&in, 1, clock_poll_ms(left, OTELOP_FOREVER));
	} while (ready < 1 && left > 0);
	n = ready == 1 ? read(fd, words, size) : 0;
	return n > 0 ? (size_t)n : 0;
}

int
ask_before(const struct mode *mode, int64_t deadline, char *who, size_t size)
{
	struct question question = { .mode = mode, .words = -1 };
	struct ask ask = { 0 };
	int words[2], answered = 0;
	char colon;

	if (io_pipe(words) < 0)
		return 0;
	question.words = words[1];
	begin(&ask, &question, deadline);
	io_close(&words[1]);
	if (hear(words[0], deadline, &colon, 1) > 0) {
		answered = 1;
		who[hear(words[0], clock_deadline(NAMING_MS), who, size - 1)] = '\0';
		if (*who == '\0')
			io_format(who, size, "somebody");
	}
	io_close(&words[0]);
	ask_end(&ask);
	return answered;
}
