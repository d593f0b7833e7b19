/*
 * What a command says on its stdout, for a caller who waits only so long and takes only so much.
 *
 * The command has nothing of ours but that pipe, and leads a process group: whatever is in it when the call is over is
 * killed, also when INT, TERM, HUP or QUIT ends the caller meanwhile.
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

/*
 * Run argv until it has ended, at most until the deadline (clock.h).  How many bytes it said, fewer than size, and its
 * status as waitpid has it; or -1: ETIMEDOUT; EMSGSIZE it says size or more; ENOENT, EACCES, … it cannot be run; those
 * of pipe and fork; EINTR a signal came that the caller has a handler for.
 */
ssize_t output_of(char *const argv[], char *bytes, size_t size, int64_t deadline, int *status);

#endif
