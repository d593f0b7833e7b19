/* End a process, or the daemon of a state directory (target.h says how that is found), and wait until it is gone. */
#ifndef STOP_H
#define STOP_H

#include "otelop.h"

struct stop_options {
	int signal_number;
	int64_t timeout_ms;	/* how long to wait; OTELOP_FOREVER: no limit */
	int kills;		/* KILL what is still there then */
	int64_t kill_wait_ms;	/* and wait so long again */
};

/* 0: gone; -1: ETIMEDOUT; EINVAL not a pid that anybody may stop; EPERM. */
int stop_process(pid_t pid, const struct stop_options *options, struct otelop_message *message);

/*
 * 0: gone, and its metadata removed (message then has what the user is to be told of it, or is empty); -1: ETIMEDOUT; EREMOTE another host or pid namespace; ESTALE
 * the lock is held but not by the process that the file names; those of probing.
 */
int stop_daemon(const char *dir, const struct stop_options *options, struct otelop_message *message);

#endif
