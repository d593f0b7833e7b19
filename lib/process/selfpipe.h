/*
 * Signals as bytes on a descriptor, so that one poll(2) waits for them too and none is lost
 * between a check and a wait.
 */
#ifndef SELFPIPE_H
#define SELFPIPE_H

#define SELFPIPE_NUMBER 0x7f	/* the signal's number in a byte */
#define SELFPIPE_TERMINAL 0x80	/* the kernel sent it: a key, to the whole foreground group */

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

/* The next byte.  1; 0: none is waiting. */
int selfpipe_next(int fd, unsigned char *byte);

#endif
