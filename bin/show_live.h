/* What a daemon of upstream's says of itself, in upstream's rows. */
#ifndef SHOW_LIVE_H
#define SHOW_LIVE_H

#include "daemon/live.h"
#include "otelop.h"

/* Ask it where its metadata says that it can be asked.  1; 0: that does not say so; -1 and why it has not answered. */
int show_live_ask(const struct otelop_metadata *metadata, struct live *live, struct otelop_message *reason);

/* PID to Log; that one not, where log is NULL. */
void show_live_rows(const struct otelop_metadata *metadata, const struct live *live, const char *log);

#endif
