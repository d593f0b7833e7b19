/*
 * What the storm's programs have in common: the event log, signals that are taken one at a time, and the
 * watcher's address.  Nothing of otelop's library is in it.
 *
 * Whatever happens goes to the event log as a line `NANOSECONDS PID EVENT [KEY=VALUE...]`: one
 * write to a descriptor opened with O_APPEND, stamped with CLOCK_MONOTONIC.
 */
#ifndef EVENT_H
#define EVENT_H

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MS 1000000LL
#define FOREVER INT64_MAX

static int log_fd = -1;

static int64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void
say(const char *format, ...)
{
	char line[1024];
	int used = snprintf(line, sizeof(line), "%lld %ld ", (long long)now_ns(), (long)getpid());
	va_list arguments;

	va_start(arguments, format);
	used += vsnprintf(line + used, sizeof(line) - used - 1, format, arguments);
	va_end(arguments);
	if (used > (int)sizeof(line) - 2)
		used = sizeof(line) - 2;
	line[used++] = '\n';
	if (write(log_fd, line, used) != used)
		_exit(99);
}

static const char *
need(const char *name)
{
	const char *value = getenv(name);

	if (value == NULL) {
		fprintf(stderr, "stormd: %s is not set\n", name);
		exit(99);
	}
	return value;
}

static void
open_log(void)
{
	if ((log_fd = open(need("STORM_LOG"), O_WRONLY | O_APPEND | O_CLOEXEC)) < 0) {
		fprintf(stderr, "stormd: cannot open the event log\n");
		exit(99);
	}
}

static void
block_signals(sigset_t *set)
{
	static const int taken[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGCONT, 0 };
	const int *number;

	sigemptyset(set);
	for (number = taken; *number != 0; number++)
		sigaddset(set, *number);
	sigprocmask(SIG_BLOCK, set, NULL);
}

/* The next signal before a moment, or 0. */
static int
next_signal(const sigset_t *set, int64_t until)
{
	int64_t left = until - now_ns();
	struct timespec wait;
	int number;

	if (left < 0)
		left = 0;
	wait.tv_sec = left / 1000000000LL;
	wait.tv_nsec = left % 1000000000LL;
	number = sigtimedwait(set, NULL, &wait);
	return number < 0 ? 0 : number;
}

/* Tell the watcher, whose accept is not waited for. */
static void
be_watched(const char *what)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", need("STORM_WATCHER"));
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    send(fd, what, strlen(what), MSG_NOSIGNAL) < 0)
		say("unwatched errno=%d", errno);
	close(fd);
}

static int64_t
option_ms(const char *word, const char *name, int64_t otherwise)
{
	size_t length = strlen(name);

	if (strncmp(word, name, length) == 0 && word[length] == '=')
		return atoll(word + length + 1) * MS;
	return otherwise;
}

static int
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

static void
parent_name(pid_t parent, char *name, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/comm", (long)parent);
	n = (fd = open(path, O_RDONLY | O_CLOEXEC)) < 0 ? 0 : read(fd, name, size - 1);
	if (n < 1)
		n = snprintf(name, size, "?\n");
	name[n - 1] = '\0';
	if (fd >= 0)
		close(fd);
}

#endif
