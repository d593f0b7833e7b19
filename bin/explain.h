/* Why a start has failed: the reason, the end of the log, and what to do. */
#ifndef EXPLAIN_H
#define EXPLAIN_H

#include "request.h"

/*
 * Say it of request->result.  Where that is busy and quiet_busy is asked for, it is not said but is_busy set, if it is
 * the lock that somebody else has.
 */
void explain(struct request *request);

#endif
