/* How a process ended, in words; the names of signals. */
#ifndef ENDING_H
#define ENDING_H

#include "otelop.h"

/* What is said of a command that went into the background by itself. */
extern const char ending_gone_behind[];
extern const char ending_stay_in_front[];	/* the part of it that says what to do */

/* "exited with status 3", "killed by signal SEGV (core dumped)"; code and status as in siginfo_t. */
void ending_describe(int code, int status, struct otelop_message *text);

/* SEGV for 11; a number's digits where it has no name. */
void ending_signal_name(int number, char *name, size_t size);

/* TERM, SIGTERM, term or 15; -1: there is no such signal. */
int ending_signal_number(const char *name);

#endif
