/* Descriptors and bytes: what every other module needs and libc leaves awkward. */
#ifndef IO_H
#define IO_H

#include <sys/types.h>

#include <stddef.h>

/* close that keeps errno and takes -1. */
void io_close(int *fd);

/* As the calls of these names; a signal that comes between changes nothing. */
int io_open(const char *path, int flags, mode_t mode);
int io_openat(int dir_fd, const char *path, int flags, mode_t mode);
int io_flock(int fd, int operation);	/* for what does not wait */
int io_truncate(int fd);
int io_dup2(int from, int to);

int io_cloexec(int fd, int on);
int io_nonblock(int fd, int on);

/* pipe, or a pair of stream sockets: both ends close-on-exec and at 3 or above, however few descriptors were open. */
int io_pipe(int fd[2]);
int io_socketpair(int fd[2]);

/* Move fd, which is close-on-exec, to a number of lowest or above, where it is that as well. */
int io_move_above(int *fd, int lowest);

/*
 * Open /dev/null on each of 0, 1, 2 that is closed, so that no file is taken for one of them.
 * Only for reading: to write to a closed stdout stays an error.  The sum of 1 << N for those that
 * were closed; or -1.
 */
int io_fill_standard(void);

int io_write_all(int fd, const char *bytes, size_t length);

/*
 * The same where a full file (RLIMIT_FSIZE) and a pipe that nobody reads are errors and not the end of the
 * process.  The thread's mask is as before afterwards, and no disposition is touched.
 */
int io_write_unsignalled(int fd, const char *bytes, size_t length);

/* Throw away what can be read now from a descriptor that does not wait; -1 is none. */
void io_drain(int fd);

/* Read until the end of file or until size bytes are there.  Returns how many, or -1. */
ssize_t io_read_all(int fd, char *bytes, size_t size);

/* The same of a file, from its beginning, and the description's offset, which others may share, stays. */
ssize_t io_read_file(int fd, char *bytes, size_t size);

/* Format into a buffer.  -1 with ENAMETOOLONG when it does not fit. */
int io_format(char *buffer, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
