/* Make's job server, in the environment of what make runs. */
#ifndef JOBSERVER_H
#define JOBSERVER_H

/*
 * MAKEFLAGS without the jobserver's words, into text, which is as large as flags, or is flags: its
 * descriptors are not passed on, and a daemon must not keep make's tokens.
 */
void jobserver_strip(const char *flags, char *text);

#endif
