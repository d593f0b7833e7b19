/* What was recorded of a daemon, as the words that start it again. */
#ifndef AGAIN_H
#define AGAIN_H

#include "cli.h"
#include "otelop.h"

/*
 * The operands of `otelop start` that would start it again: options, the members that the user gave, --, the
 * command; NULL-terminated, in memory that is never freed.  command: where that begins.  NULL with the reason:
 * ENODATA what it takes is not recorded.
 */
const char **again_words(const char *dir, const struct otelop_metadata *metadata, const char ***command,
    struct otelop_message *message);

/*
 * Become chain, followed by those words, in the recorded directory.  Returns only when that cannot be, or has
 * been done by another restart that we had to wait for, for limit_ms at most: the exit status, with all said in the
 * name of `as`.
 */
int again_become(const struct cli *as, const char *dir, int64_t limit_ms, char *const chain[]);

#endif
