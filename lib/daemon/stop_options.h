/* How something is to be ended. */
#ifndef STOP_OPTIONS_H
#define STOP_OPTIONS_H

#include <stdint.h>

struct stop_options {
	int signal_number;	/* 0: that of --stop-signal, or TERM */
	int64_t timeout_ms;	/* how long to wait; OTELOP_FOREVER: no limit */
	int kills;		/* KILL what is still there then */
	int64_t kill_wait_ms;	/* and wait so long again */
};

#endif
