/* End a process, or the daemon of a state directory (target.h says how that is found), and wait until it is gone. */
#ifndef STOP_H
#define STOP_H

#include "daemon/stop_options.h"
#include "otelop.h"

/* 0: gone; -1: ETIMEDOUT; EINVAL not a pid that anybody may stop; EPERM. */
int stop_process(pid_t pid, const struct stop_options *options, struct otelop_message *message);

/*
 * 0: gone, and its metadata removed (message then has what the user is to be told of it, or is empty); -1: ETIMEDOUT; EREMOTE another host or pid namespace; ESTALE
 * the lock is held but not by the process that the file names; those of probing.
 */
int stop_daemon(const char *dir, const struct stop_options *options, struct otelop_message *message);

#endif
