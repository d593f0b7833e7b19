/*
 * Signals as bytes on a descriptor, so that one poll(2) waits for them too and none is lost
 * between a check and a wait.
 */
#ifndef SELFPIPE_H
#define SELFPIPE_H

struct selfpipe_signal {
	int number;
	int is_from_terminal;	/* the kernel sent it: a key, to the whole foreground group */
	int value;		/* of platform_value_signal, the number with which a process has queued it; 0: none */
};

/*
 * Catch signals (a list that ends with 0) from now on, but HUP, INT and QUIT where they are ignored.
 * The descriptor to read, or -1.
 */
int selfpipe_open(const int *signals);

/*
 * The same for SIGCHLD and for all that a parent hands on to its command: what would end a process, the
 * real-time ones too, but for ILL, TRAP, ABRT, BUS, FPE, SEGV and SYS, which mean a fault of its own.  What the
 * kernel says by PIPE, XFSZ or XCPU about this very process is dropped.
 */
int selfpipe_open_all(void);

/* Close it, when the signals have other actions again. */
void selfpipe_close(int *fd);

/* The next signal; a byte that somebody else has written is the number of one.  1; 0: none is waiting. */
int selfpipe_next(int fd, struct selfpipe_signal *signal);

#endif
