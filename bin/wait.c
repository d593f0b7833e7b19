/* Wait until nobody has the lock. */
#include "wait.h"
#include "base/clock.h"
#include "base/message.h"
#include "base/status.h"
#include "state/lock.h"

#include <errno.h>

int
wait_open(const struct cli *cli, const struct cli_place *place, struct statedir *dir)
{
	char path[OTELOP_PATH_SIZE];
	struct otelop_message message;

	cli_state_dir(cli, place, STATUS_UNKNOWN, path);
	if (statedir_open(dir, path, &message) == 0)
		return 0;
	return errno == ENOENT ? -1 : cli_fail(cli, STATUS_UNKNOWN, &message);
}

int
wait_until_free(const struct cli *cli, const struct cli_place *place, int64_t wait_ms)
{
	struct statedir dir;
	struct otelop_message message;

	if (wait_open(cli, place, &dir) < 0)
		return STATUS_DONE;
	switch (lock_wait_free(&dir, clock_deadline(wait_ms), &message)) {
	case 1:
		return STATUS_DONE;
	case 0:
		message_set(&message, "%s: still held", dir.path);
		cli_fail(cli, STATUS_TIMEOUT, &message);
	}
	return cli_fail(cli, STATUS_UNKNOWN, &message);
}
