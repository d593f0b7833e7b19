/* Where state lives, as the options say it. */
#include "base/clock.h"
#include "base/message.h"
#include "base/status.h"
#include "cli.h"
#include "daemon/chain.h"
#include "state/instance.h"
#include "state/statedir.h"

#include <errno.h>
#include <string.h>

#define CHAIN_QUIET_MS 5000

void
cli_instance(const struct cli *cli, const struct cli_place *place, int status, struct instance *instance)
{
	struct otelop_message message;

	if (place->dir != NULL && *place->dir == '\0')
		cli_usage_error(cli, "-C: needs a directory");
	if (instance_find(instance, place->dir, place->name, &message) < 0)
		cli_fail(cli, status, &message);
	if (instance_export(instance) < 0) {
		message_errno(&message, "memory: cannot make the environment");
		cli_fail(cli, status, &message);
	}
}

void
cli_state_dir(const struct cli *cli, const struct cli_place *place, int status,
    char path[OTELOP_PATH_SIZE])
{
	struct instance instance;

	cli_instance(cli, place, status, &instance);
	memcpy(path, instance.path, sizeof(instance.path));
}

void
cli_ensure_state_dir(const struct cli *cli, const struct cli_place *place,
    char path[OTELOP_PATH_SIZE])
{
	struct otelop_message message;

	cli_state_dir(cli, place, STATUS_FAILED, path);
	if (otelop_ensure_state_dir(path, &message) < 0)
		cli_fail(cli, STATUS_FAILED, &message);
}

void
cli_open_state_dir(const struct cli *cli, const struct cli *speaker, const struct instance *instance,
    struct statedir *dir)
{
	struct otelop_message message;

	if (statedir_ensure(dir, instance->path, &message) < 0)
		cli_fail(cli, STATUS_FAILED, &message);
	if (*message.text != '\0')
		cli_say(speaker, "%s", message.text);
}

void
cli_warn_state_dir(const struct cli *cli, const char *path)
{
	struct otelop_message warning;

	statedir_warn(path, &warning);
	if (*warning.text != '\0')
		cli_say(cli, "%s", warning.text);
}

int
cli_enter_chain(const struct cli *as, const char *dir, int64_t limit_ms, int *waited, struct otelop_message *message)
{
	int fd = chain_enter(dir, clock_deadline(limit_ms < 0 ? CHAIN_QUIET_MS : limit_ms), waited, message);

	if (fd >= 0 || errno != ETIMEDOUT || limit_ms >= 0)
		return fd;
	cli_say(as, "%s", message->text);
	return chain_enter(dir, clock_deadline(OTELOP_FOREVER), waited, message);
}
