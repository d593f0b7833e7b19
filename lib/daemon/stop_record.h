/* What a stopped daemon has left in its directory. */
#ifndef STOP_RECORD_H
#define STOP_RECORD_H

#include <stdint.h>

#include "daemon/stop_options.h"
#include "daemon/target.h"

/*
 * The daemon is gone: so goes its file, unless somebody has claimed the directory by now.  number is what keepers are
 * asked by.  The message has what nobody could read, or what its otelop-run could not end; or is empty.  0; -1:
 * ETIMEDOUT, …
 */
int stop_remove_record(struct target *target, const struct stop_options *options, int number, int64_t deadline,
    struct otelop_message *message);

#endif
