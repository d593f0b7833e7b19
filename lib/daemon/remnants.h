/*
 * What a dead daemon has left that has not its lock.
 *
 * An otelop-run that was killed ends nothing, and a runtime such as node's lets go of the lock: so when the command above
 * it has ended, too, nobody shows that it is the daemon's but itself.  It is known by what every process below a command
 * is given, in its first environment: this state directory, and a lock.  It began no earlier than the daemon did, and is
 * of the file's owner (any user's, where that is root).
 *
 * Where nobody was to end what lets go of the lock, what a daemon leaves is what keeps it.  But who changes that lock,
 * from shared to exclusive, has none for a moment: so who has the file open is a keeper, too, if that moment is met.
 */
#ifndef REMNANTS_H
#define REMNANTS_H

#include "otelop.h"
#include "platform/platform.h"
#include "state/holder.h"

/*
 * All of them, or those that have the file open; each is handed to take, which says -1 to stop.  Nobody may have the lock;
 * and the file must be looked at again afterwards: where it is another, they may be the next daemon's.  Where the system
 * shows no processes, or the file does not say when its daemon began, there are none.
 */
void remnants_find(const struct holder_daemon *daemon, const struct otelop_metadata *metadata, int must_have_file,
    int (*take)(void *, const struct platform_process *), void *argument);

#endif
