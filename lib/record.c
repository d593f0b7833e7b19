/* What otelop-run writes into the metadata about its command. */
#include "record.h"
#include "clock.h"
#include "io.h"
#include "meta.h"
#include "status.h"

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Whatever can be had: a command that does not fit is not recorded, and restart must be told it. */
static void
set_if_possible(struct otelop_metadata *metadata, const char *key, const char *value)
{
	if (value != NULL)
		otelop_metadata_set(metadata, key, value, NULL);
}

static void
set_number(struct otelop_metadata *metadata, const char *key, long number)
{
	char text[32];

	io_format(text, sizeof(text), "%ld", number);
	set_if_possible(metadata, key, text);
}

/* Which members the user gave: a restart replays them, and none that CMD said itself. */
static void
record_given(struct otelop_metadata *metadata, const char *const *members)
{
	const char **names;
	size_t count = 0, i;

	while (members[count] != NULL)
		count++;
	if ((names = calloc(count + 1, sizeof(*names))) == NULL)
		return;
	for (i = 0; i < count; i++)
		names[i] = strndup(members[i], strcspn(members[i], "="));
	meta_set_strings(metadata, "given", names);
	for (i = 0; i < count; i++)
		free((char *)(uintptr_t)names[i]);
	free(names);
}

int
record_start(struct otelop_metadata *metadata, const struct run_options *options, char *const argv[],
    struct otelop_message *reason)
{
	const char *const *member;

	otelop_metadata_init(metadata, getpid());
	set_if_possible(metadata, "state", "starting");
	if (meta_set_strings(metadata, "command", (const char *const *)argv) < 0)
		meta_set_unrecorded(metadata, "command");
	set_if_possible(metadata, "readyMode", options->modes_text);
	set_if_possible(metadata, "maxLifetime", options->max_lifetime_text);
	set_if_possible(metadata, "noSweep", options->no_sweep ? "1" : NULL);
	set_if_possible(metadata, "logMax", options->log_max_text);
	set_if_possible(metadata, "logKeep", options->log_keep_text);
	record_given(metadata, options->members);
	for (member = options->members; *member != NULL; member++)
		if (meta_set_pair(metadata, *member, 0, reason) < 0)
			return -1;
	return 0;
}

void
record_ready(struct otelop_metadata *metadata, pid_t pid, const struct listen_addresses *addresses)
{
	set_number(metadata, "pid", pid);
	set_if_possible(metadata, "state", "ready");
	if (addresses->count > 0)
		meta_set_strings(metadata, "listen", (const char *const *)addresses->items);
}

void
record_crash(struct otelop_metadata *metadata, pid_t pid, int code, int status)
{
	char text[CLOCK_RFC3339_SIZE];

	set_if_possible(metadata, "state", "exited");
	set_number(metadata, "pid", pid);
	if (code == CLD_EXITED) {
		set_number(metadata, "exitCode", status);
	} else {
		status_signal_name(status, text, sizeof(text));
		set_if_possible(metadata, "exitSignal", text);
	}
	clock_format_now(text);
	set_if_possible(metadata, "exitedAt", text);
}
