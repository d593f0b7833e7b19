/* Signals as bytes on a descriptor. */
#include "process/selfpipe.h"
#include "base/io.h"
#include "platform/platform.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define NUMBER 0x7f	/* the signal's number in a byte */
#define MARK 0x80	/* it is from a terminal; or, where it can be from none, its value follows */
#define VALUE_TRIES 3

/* The project's only mutable global: a handler is told nothing but the signal. */
static int write_end = -1;

/* By kill(2) or sigqueue(3) of another process, not by the kernel or by what we did ourselves. */
static int
is_from_others(const siginfo_t *info)
{
	return (info->si_code <= 0 || info->si_code == SI_USER || info->si_code == SI_QUEUE) &&
	    info->si_pid != getpid();
}

/* Of a terminal that goes away only the session's leader hears, and when he is gone all others do. */
static int
is_of_terminal(int number)
{
	return number == SIGINT || number == SIGQUIT || (number == SIGHUP && getsid(0) != getpid()) ||
	    number == SIGWINCH || number == SIGCONT;
}

/* Of these the kernel speaks about our own writes and our own processor time. */
static int
is_about_us(int number)
{
	return number == SIGPIPE || number == SIGXFSZ || number == SIGXCPU;
}

static void
on_signal(int number, siginfo_t *info, void *context)
{
	unsigned char bytes[1 + sizeof(int)] = { (unsigned char)(number & NUMBER) };
	size_t length = 1;
	int saved = errno;

	(void)context;
	if (number != SIGCHLD && !is_from_others(info)) {
		if (is_about_us(number))
			return;
		if (is_of_terminal(number))
			bytes[0] |= MARK;
	} else if (number == platform_value_signal() && info->si_code == SI_QUEUE && info->si_value.sival_int != 0) {
		bytes[0] |= MARK;
		memcpy(bytes + 1, &info->si_value.sival_int, sizeof(int));
		length = sizeof(bytes);
	}
	/*
	 * So few bytes are written as a whole.  Full: so many are waiting that one more says nothing new; children are looked
	 * at anyway.
	 */
	while (write(write_end, bytes, length) < 0 && errno == EINTR)
		;
	errno = saved;
}

int
selfpipe_open(const int *signals)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART };
	struct sigaction before;
	sigset_t caught;
	int fd[2];

	if (io_pipe(fd) < 0)
		return -1;
	if (io_nonblock(fd[0], 1) < 0 || io_nonblock(fd[1], 1) < 0) {
		io_close(&fd[0]);
		io_close(&fd[1]);
		return -1;
	}
	write_end = fd[1];
	sigemptyset(&action.sa_mask);
	sigemptyset(&caught);
	for (; *signals != 0; signals++) {
		/* nohup and a shell's & mean what they say. */
		if ((*signals == SIGHUP || *signals == SIGINT || *signals == SIGQUIT) &&
		    sigaction(*signals, NULL, &before) == 0 && before.sa_handler == SIG_IGN)
			continue;
		sigaction(*signals, &action, NULL);
		sigaddset(&caught, *signals);
	}
	sigprocmask(SIG_UNBLOCK, &caught, NULL);
	return fd[0];
}

int
selfpipe_open_all(void)
{
	/* Whatever would end us, but for what means a fault of ours; and what a program acts on. */
	static const int meant_for_others[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGPIPE,
	    SIGALRM, SIGVTALRM, SIGPROF, SIGXCPU, SIGXFSZ, SIGWINCH, SIGCONT };
	int caught[2 * PLATFORM_SIGNALS_MAX], number;
	size_t count = 0, i;

	caught[count++] = SIGCHLD;
	for (i = 0; i < sizeof(meant_for_others) / sizeof(*meant_for_others); i++)
		caught[count++] = meant_for_others[i];
	for (i = 0; platform_signals[i].name != NULL; i++)
		caught[count++] = platform_signals[i].number;
	for (number = platform_first_queued_signal(); number <= platform_last_signal(); number++)
		caught[count++] = number;
	caught[count] = 0;
	return selfpipe_open(caught);
}

void
selfpipe_close(int *fd)
{
	io_close(&write_end);
	io_close(fd);
}

/* 1, or 0: there is not so much. */
static int
take(int fd, void *bytes, size_t length)
{
	ssize_t n;

	do
		n = read(fd, bytes, length);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)length;
}

int
selfpipe_next(int fd, struct selfpipe_signal *signal)
{
	unsigned char byte;
	int tries = VALUE_TRIES;

	if (!take(fd, &byte, 1))
		return 0;
	*signal = (struct selfpipe_signal){ .number = byte & NUMBER };
	if (!(byte & MARK) || signal->number != platform_value_signal()) {
		signal->is_from_terminal = (byte & MARK) != 0;
		return 1;
	}
	/* It was written in the same step, so it is there; without it this is nothing that anybody else should hear. */
	while (tries > 0 && !take(fd, &signal->value, sizeof(signal->value)))
		tries--;
	if (tries == 0)
		signal->number = SIGCHLD;
	return 1;
}
