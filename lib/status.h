/* How a process ended, in words and in statuses; signals' names. */
#ifndef STATUS_H
#define STATUS_H

#include "otelop.h"

/* Statuses that otelop-spawn passes on when its child ends with them: 75, 125, 126, 127. */
int status_is_passed_on(int status);

/* Statuses that a child may say on its ready pipe, as set:exitCode=, in front of err: 2 and 4 too. */
int status_may_be_said(int status);

/* What is said of a command that went into the background by itself. */
extern const char status_gone_behind[];

/* "exited with status 3", "killed by signal SEGV (core dumped)"; code and status as in siginfo_t. */
void status_describe(int code, int status, struct otelop_message *text);

/* SEGV for 11; a number's digits where it has no name. */
void status_signal_name(int number, char *name, size_t size);

/* TERM, SIGTERM, term or 15; -1: there is no such signal. */
int status_signal_number(const char *name);

#endif
