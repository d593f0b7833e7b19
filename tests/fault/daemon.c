/*
 * What the faults are tried on: daemon KIND [ARGUMENT].
 *
 *	ready		says ok and stays
 *	crash		says ok and exits with 3 a moment later
 *	fails		says err: and stays
 *	dies		exits with 4 without a word
 *	touch FILE	creates FILE and stays
 *	listens		listens on a TCP port of its own and stays
 *	notifies	says READY=1 to $NOTIFY_SOCKET and stays
 *	talks		says ok, then writes 4,000 numbered lines to stdout, then stays
 *	family KIND N	makes N descendants, says ok when all are there, and stays; they are:
 *	    short	gone after a few milliseconds; four others, who ignore TERM, make one every 6 ms
 *	    chain	one at a time: each ignores TERM, makes the next after a millisecond and ends
 *	    session	leader of a session of its own
 *	    stubborn	ignores TERM, INT and HUP
 *	    double	left its session by a double fork
 *	    orphan	its parent has ended
 *	    stopped	has stopped itself
 *	    keeper	keeps the log and the lock open; the kinds above let all descriptors go
 *	    worst	all of that at once
 *
 * An alarm ends each of them after three minutes, whatever becomes of the test.
 */
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LIFETIME_S 180

static void
stay(void)
{
	for (;;)
		pause();
}

static void
say(const char *line)
{
	if (write(3, line, strlen(line)) < 0)
		_exit(9);
	close(3);
}

static void
listens(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 5) < 0)
		_exit(9);
}

static void
notifies(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *name = getenv("NOTIFY_SOCKET");
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	size_t length;

	if (name == NULL || (length = strlen(name)) >= sizeof(address.sun_path) || fd < 0)
		_exit(9);
	memcpy(address.sun_path, name, length);
	if (*name == '@')
		address.sun_path[0] = '\0';
	if (sendto(fd, "READY=1", 7, 0, (struct sockaddr *)&address,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) < 0)
		_exit(9);
}

static void
talks(void)
{
	int i;

	for (i = 0; i < 4000; i++)
		printf("line %d\n", i);
	fflush(stdout);
}

static void
let_go(void)
{
	int fd;

	for (fd = 0; fd < 64; fd++)
		close(fd);
}

static void
ignore_requests(void)
{
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
}

static void
chain(int left)
{
	/* Each ends at once, so that the next has another pid and another parent. */
	while (left-- > 0) {
		usleep(1000);
		if (fork() > 0)
			_exit(0);
		alarm(LIFETIME_S);
	}
	_exit(0);
}

/* Each leads a session of its own and ends at once: what was listed is gone. */
static void
flee(void)
{
	time_t end = time(NULL) + LIFETIME_S;

	while (time(NULL) < end) {
		setsid();
		if (fork() > 0)
			_exit(0);
	}
	_exit(0);
}

static void
make_short(int count)
{
	int i;

	for (i = 0; i < count; i++) {
		if (fork() == 0) {
			usleep((useconds_t)(getpid() % 20) * 1000);
			_exit(0);
		}
		usleep(6000);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	stay();
}

/* In the descendant; up is told when it is what it is meant to be. */
static void
be(const char *kind, int count, int up)
{
	int worst = strcmp(kind, "worst") == 0;

	if (worst || strcmp(kind, "session") == 0 || strcmp(kind, "double") == 0)
		setsid();
	if (worst || strcmp(kind, "double") == 0 || strcmp(kind, "orphan") == 0)
		if (fork() > 0)
			_exit(0);
	alarm(LIFETIME_S);
	if (worst || strcmp(kind, "stubborn") == 0 || strcmp(kind, "short") == 0 ||
	    strcmp(kind, "chain") == 0 || strcmp(kind, "fleeing") == 0)
		ignore_requests();
	if (write(up, "", 1) < 0)
		_exit(9);
	close(up);
	if (!worst && strcmp(kind, "keeper") != 0)
		let_go();
	if (strcmp(kind, "chain") == 0)
		chain(count);
	if (strcmp(kind, "fleeing") == 0)
		flee();
	if (strcmp(kind, "short") == 0)
		make_short(count / 4);
	if (worst || strcmp(kind, "stopped") == 0)
		raise(SIGSTOP);
	stay();
}

static void
family(const char *kind, int count)
{
	int many = strcmp(kind, "chain") == 0 ? 1 : strcmp(kind, "short") == 0 ? 4 : count;
	int up[2], i;
	char byte;

	if (pipe(up) < 0)
		_exit(9);
	for (i = 0; i < many; i++)
		switch (fork()) {
		case -1:
			_exit(9);
		case 0:
			close(up[0]);
			close(3);
			be(kind, count, up[1]);
		}
	close(up[1]);
	for (i = 0; i < many; i++)
		if (read(up[0], &byte, 1) != 1)
			_exit(9);
	close(up[0]);
	say("ok\n");
}

int
main(int argc, char *argv[])
{
	const char *kind = argc > 1 ? argv[1] : "";

	alarm(LIFETIME_S);
	if (strcmp(kind, "ready") == 0) {
		say("ok\n");
	} else if (strcmp(kind, "crash") == 0) {
		say("ok\n");
		usleep(30000);
		return 3;
	} else if (strcmp(kind, "fails") == 0) {
		say("err:no luck today\n");
	} else if (strcmp(kind, "dies") == 0) {
		return 4;
	} else if (strcmp(kind, "touch") == 0 && argc > 2) {
		if (creat(argv[2], 0600) < 0)
			return 9;
	} else if (strcmp(kind, "listens") == 0) {
		listens();
	} else if (strcmp(kind, "notifies") == 0) {
		notifies();
	} else if (strcmp(kind, "talks") == 0) {
		say("ok\n");
		talks();
	} else if (strcmp(kind, "family") == 0 && argc > 3) {
		family(argv[2], atoi(argv[3]));
	} else {
		fprintf(stderr, "daemon: no such kind: %s\n", kind);
		return 2;
	}
	stay();
}
