/* What otelop-run writes into the metadata about its command. */
#include "daemon/record.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/message.h"
#include "daemon/parents.h"
#include "daemon/run_options.h"
#include "process/addresses.h"
#include "process/ending.h"
#include "state/meta.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Whatever can be had: a command that does not fit is not recorded, and restart must be told it.  -1: there is no
 * memory, and what is left out then would be missed.
 */
static int
set_if_possible(struct otelop_metadata *metadata, const char *key, const char *value)
{
	return value == NULL || otelop_metadata_set(metadata, key, value, NULL) == 0 || errno != ENOMEM ? 0 : -1;
}

static int
set_number(struct otelop_metadata *metadata, const char *key, long number)
{
	char text[32];

	io_format(text, sizeof(text), "%ld", number);
	return set_if_possible(metadata, key, text);
}

/* Which members the user gave: a restart replays them, and none that CMD said itself. */
static int
record_given(struct otelop_metadata *metadata, const char *const *members)
{
	const char **names;
	size_t count = 0, i;
	int result = 0;

	while (members[count] != NULL)
		count++;
	if ((names = calloc(count + 1, sizeof(*names))) == NULL)
		return -1;
	for (i = 0; i < count; i++)
		names[i] = strndup(members[i], strcspn(members[i], "="));
	for (i = 0; i < count; i++)
		if (names[i] == NULL)
			result = -1;
	if (result == 0 && meta_set_strings(metadata, "given", names) < 0 && errno == ENOMEM)
		result = -1;
	for (i = 0; i < count; i++)
		free((char *)(uintptr_t)names[i]);
	free(names);
	return result;
}

/* What cannot be recorded is marked so. */
static int
record_strings(struct otelop_metadata *metadata, const char *key, const char *const *strings)
{
	if (*strings == NULL || meta_set_strings(metadata, key, strings) == 0)
		return 0;
	return errno == ENOMEM ? -1 : meta_set_unrecorded(metadata, key);
}

static int
record_log_path(struct otelop_metadata *metadata, const char *log)
{
	if (log == NULL || otelop_metadata_set(metadata, "log", log, NULL) == 0)
		return 0;
	return errno == ENOMEM ? -1 : meta_set_unrecorded(metadata, "log");
}

/* As it was given: a text, or several where there were several --ready. */
static int
record_modes(struct otelop_metadata *metadata, const struct modes *modes)
{
	if (modes->groups == 1)
		return set_if_possible(metadata, "readyMode", modes->texts[0]);
	return meta_set_strings(metadata, "readyMode", modes->texts) == 0 || errno != ENOMEM ? 0 : -1;
}

static int
record_parents(struct otelop_metadata *metadata, const struct run_options *options)
{
	char text[PARENTS_MAX * 24] = "";
	size_t used = 0, i;

	for (i = 0; i < options->with_parent_count; i++, used += strlen(text + used))
		io_format(text + used, sizeof(text) - used, "%s%ld", i > 0 ? " " : "", (long)options->with_parents[i]);
	return set_if_possible(metadata, "withParent", i > 0 ? text : NULL);
}

int
record_start(struct otelop_metadata *metadata, const struct run_options *options, char *const argv[],
    struct otelop_message *reason)
{
	const char *const *member;

	if (otelop_metadata_init(metadata, getpid()) < 0 ||
	    set_if_possible(metadata, "state", "starting") < 0 ||
	    record_strings(metadata, "command", (const char *const *)argv) < 0 ||
	    record_modes(metadata, options->modes) < 0 ||
	    set_if_possible(metadata, "try", options->try_text) < 0 ||
	    set_if_possible(metadata, "maxLifetime", options->max_lifetime_text) < 0 ||
	    set_if_possible(metadata, "noSweep", options->no_sweep ? "1" : NULL) < 0 ||
	    set_number(metadata, "runner", getpid()) < 0 ||
	    record_parents(metadata, options) < 0 ||
	    set_if_possible(metadata, "grace", options->grace_text) < 0 ||
	    set_if_possible(metadata, "stopSignal", options->stop_signal_text) < 0 ||
	    set_if_possible(metadata, "stopAll", options->stop_all ? "1" : NULL) < 0 ||
	    set_if_possible(metadata, "logMax", options->log_max_text) < 0 ||
	    set_if_possible(metadata, "logKeep", options->log_keep_text) < 0 ||
	    record_strings(metadata, "environment", options->environment) < 0 ||
	    record_strings(metadata, "unset", options->unset) < 0 ||
	    set_if_possible(metadata, "umask", options->umask_text) < 0 ||
	    record_log_path(metadata, options->log) < 0 ||
	    set_if_possible(metadata, "respawn", options->respawn_text) < 0 ||
	    set_if_possible(metadata, "stdin", options->stdin_open ? "open" : NULL) < 0 ||
	    record_given(metadata, options->members) < 0)
		return message_errno(reason, "memory: cannot make the metadata");
	for (member = options->members; *member != NULL; member++)
		if (meta_set_pair(metadata, *member, 0, reason) < 0)
			return -1;
	return 0;
}

int
record_again(struct otelop_metadata *metadata, const struct run_options *options, char *const argv[], long restarts,
    const char *last_end, struct otelop_message *reason)
{
	char now[CLOCK_RFC3339_SIZE];

	clock_format_now(now);
	if (record_start(metadata, options, argv, reason) < 0)
		return -1;
	if (set_number(metadata, "restarts", restarts) < 0 || set_if_possible(metadata, "lastEnd", last_end) < 0 ||
	    set_if_possible(metadata, "lastEndAt", now) < 0)
		return message_errno(reason, "memory: cannot make the metadata");
	return 0;
}

void
record_log(struct otelop_metadata *metadata, const struct stat *log)
{
	char text[32];

	io_format(text, sizeof(text), "%lld", (long long)log->st_size);
	set_if_possible(metadata, "logStart", text);
	io_format(text, sizeof(text), "%llu", (unsigned long long)log->st_ino);
	set_if_possible(metadata, "logInode", text);
}

void
record_begin(struct otelop_metadata *metadata)
{
	char now[CLOCK_RFC3339_SIZE];

	clock_format_now(now);
	set_if_possible(metadata, "startedAt", now);
}

int
record_ready(struct otelop_metadata *metadata, pid_t pid, const struct addresses *addresses,
    struct otelop_message *reason)
{
	if (set_number(metadata, "pid", pid) < 0 || set_if_possible(metadata, "state", "ready") < 0 ||
	    (addresses->count > 0 && meta_set_strings(metadata, "listen",
	    (const char *const *)addresses->items) < 0 && errno == ENOMEM))
		return message_errno(reason, "memory: cannot make the metadata");
	return 0;
}

void
record_crash(struct otelop_metadata *metadata, pid_t pid, int code, int status, const char *left)
{
	char text[CLOCK_RFC3339_SIZE];

	set_if_possible(metadata, "state", "exited");
	set_number(metadata, "pid", pid);
	if (code == CLD_EXITED) {
		set_number(metadata, "exitCode", status);
	} else {
		ending_signal_name(status, text, sizeof(text));
		set_if_possible(metadata, "exitSignal", text);
	}
	clock_format_now(text);
	set_if_possible(metadata, "exitedAt", text);
	set_if_possible(metadata, "left", left);
}
