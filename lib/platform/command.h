/* A program of the system that is asked, as ps(1), where no call tells; only files of the systems include it. */
#ifndef COMMAND_H
#define COMMAND_H

#include <sys/types.h>

/* What it puts out, on a descriptor; its child is to be awaited.  -1: errno. */
int command_open(const char *const words[], pid_t *child);

/* 0; -1: it was not there, or failed. */
int command_await(pid_t child);

#endif
