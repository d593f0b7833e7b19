/* The metadata as otelop-meta prints it. */
#include "show.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/status.h"
#include "cli.h"
#include "colour.h"
#include "json/json.h"
#include "show_live.h"
#include "state/form.h"
#include "state/members.h"
#include "state/meta.h"
#include "state/state.h"
#include "state/statedir.h"
#include "values.h"

#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SAYS_NOTHING "0001-01-01T00:00:00Z"	/* the startedAt of who gave none */

void
show_state(enum state state, const struct otelop_metadata *metadata, int is_for_people)
{
	pid_t pid = state == STATE_STOPPED ? 0 : meta_pid(metadata);

	if (is_for_people)
		colour_put(state, state_name(state));
	else
		fputs(state_name(state), stdout);
	if (pid > 0)
		printf(" %ld", (long)pid);
	putchar('\n');
}

const char *
show_log(const struct otelop_metadata *metadata, const char *dir, char path[OTELOP_PATH_SIZE])
{
	struct stat file;

	if (otelop_metadata_get(metadata, "log", path, OTELOP_PATH_SIZE) == 1)
		return path;
	if (io_format(path, OTELOP_PATH_SIZE, "%s/%s", dir, STATEDIR_LOG) < 0 || lstat(path, &file) < 0)
		return NULL;
	return path;
}

static void
put_log(const char *log)
{
	if (log == NULL)
		return;
	values_label("log");
	cli_put_clean(log, strlen(log), stdout);
	putchar('\n');
}

/* Seconds since it started, or -1: it does not say, or what it says cannot be. */
static int64_t
uptime(const struct otelop_metadata *metadata)
{
	char text[CLOCK_RFC3339_SIZE];
	int64_t began, now = clock_wall_seconds();

	if (otelop_metadata_get(metadata, "startedAt", text, sizeof(text)) != 1 ||
	    strcmp(text, SAYS_NOTHING) == 0 || clock_parse_rfc3339(text, strlen(text), &began) < 0)
		return -1;
	return began > now ? 0 : now - began;	/* the clock was set back */
}

static void
put_uptime(int64_t seconds)
{
	if (seconds < 0)
		return;
	printf("%-14s", "uptime");
	if (seconds >= 86400)
		printf("%lldd ", (long long)(seconds / 86400));
	if (seconds >= 3600)
		printf("%lldh ", (long long)(seconds / 3600 % 24));
	if (seconds >= 60)
		printf("%lldm ", (long long)(seconds / 60 % 60));
	printf("%llds\n", (long long)(seconds % 60));
}

static void
put_exit(const struct otelop_metadata *metadata)
{
	struct json_value value;

	if (meta_find(metadata, "exitSignal", &value)) {
		printf("%-14skilled by signal ", "exited");
		values_put(&value, VALUES_CLEAN);
	} else if (meta_find(metadata, "exitCode", &value)) {
		printf("%-14swith status ", "exited");
		values_put(&value, VALUES_CLEAN);
	} else {
		return;
	}
	if (meta_find(metadata, "exitedAt", &value)) {
		fputs(" at ", stdout);
		values_put(&value, VALUES_CLEAN);
	}
	putchar('\n');
}

/* How often it was started again after a crash, and how it ended last. */
static void
put_restarts(const struct otelop_metadata *metadata)
{
	struct json_value value;

	if (meta_find(metadata, "restarts", &value))
		values_row("restarts", &value);
	if (meta_state_is(metadata, "exited") || !meta_find(metadata, "lastEnd", &value))
		return;
	values_label("last end");
	values_put(&value, VALUES_CLEAN);
	if (meta_find(metadata, "lastEndAt", &value)) {
		fputs(" at ", stdout);
		values_put(&value, VALUES_CLEAN);
	}
	putchar('\n');
}

/* All of ours; of upstream's those that every daemon has, or all where it has spoken for itself. */
static int
is_shown_elsewhere(const struct json_value *key, int is_live)
{
	const struct known_member *known = members_find(key->text + 1, key->length - 2);

	if (known == NULL || known->zero == NULL)
		return known != NULL;
	return is_live || known->kind != MEMBER_TEXT;
}

/* Upstream's addresses where they are set, and the user's own members. */
static void
put_others(const struct otelop_metadata *metadata, int is_live)
{
	struct json_member *members;
	size_t count, i;

	if (json_members(metadata->json, metadata->length, &members, &count) < 0)
		values_no_memory();
	for (i = 0; i < count; i++) {
		const struct json_value *value = &members[i].value;

		if (is_shown_elsewhere(&members[i].key, is_live) ||
		    (value->type == JSON_STRING && value->length == 2))
			continue;
		values_put(&members[i].key, VALUES_CLEAN);
		printf("%*s", members[i].key.length - 2 < 14 ?
		    (int)(14 - (members[i].key.length - 2)) : 1, "");
		values_put(value, VALUES_CLEAN);
		putchar('\n');
	}
	free(members);
}

static void
put_state(enum state state, const struct otelop_metadata *metadata, const struct live *live)
{
	const char *words = state_name(state);

	if (metadata->length > 0 && meta_state_is(metadata, "exited"))
		words = "dead";
	else if (state == STATE_STALE)
		words = "dead (it left no word)";
	values_label("state");
	colour_put(state, words);
	puts(live != NULL && live->is_debugging ? " (debug)" : "");
}

/* Process, time and log, by the metadata. */
static void
put_process(enum state state, const struct otelop_metadata *metadata, const char *log)
{
	struct json_value value;

	if (meta_find(metadata, "pid", &value))
		values_row("pid", &value);
	if (state == STATE_RUNNING || state == STATE_STARTING)
		put_uptime(uptime(metadata));
	put_log(log);
}

void
show_people(enum state state, const struct otelop_metadata *metadata, const struct show_details *details)
{
	static const char *const labels[] = { "command", "cwd", "listen", "startedAt" };
	size_t count = sizeof(labels) / sizeof(labels[0]), i;
	struct json_value value;

	put_state(state, metadata, details->live);
	if (metadata->length == 0) {
		put_log(details->log);
		return;
	}
	if (details->live != NULL)
		show_live_rows(metadata, details->live, details->log);
	else
		put_process(state, metadata, details->log);
	put_exit(metadata);
	put_restarts(metadata);
	for (i = 0; i < count - (details->live != NULL); i++)
		if (meta_find(metadata, labels[i], &value))
			values_row(labels[i], &value);
	put_others(metadata, details->live != NULL);
	if (details->unknown != NULL) {
		values_label("counters");
		fputs("unknown: ", stdout);
		cli_put_clean(details->unknown, strlen(details->unknown), stdout);
		putchar('\n');
	}
}

/* A control character that JSON lets stand raw (DEL, C1) can only be in a string: escape it there. */
static void
put_clean_json(const char *json, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++) {
		unsigned char c = (unsigned char)json[i];

		if (c == 0xc2 && (unsigned char)json[i + 1] < 0xa0)
			printf("\\u00%02x", (unsigned char)json[++i]);
		else if (c == 0x7f)
			printf("\\u007f");
		else
			putchar(c);
	}
}

void
show_file(const struct otelop_metadata *metadata)
{
	if (isatty(STDOUT_FILENO))
		put_clean_json(metadata->json, metadata->length);
	else
		fwrite(metadata->json, 1, metadata->length, stdout);
}

void
show_json(enum state state, const struct otelop_metadata *metadata, const char *log)
{
	struct otelop_metadata shown = OTELOP_METADATA_INIT;
	int64_t seconds = uptime(metadata);
	char text[64];

	if (metadata->length == 0) {
		printf("{\n  \"state\": \"%s\"\n}\n", state_name(state));
		return;
	}
	if (meta_copy(&shown, metadata) < 0)
		values_no_memory();
	/* What the kernel says now, not what the file said then. */
	otelop_metadata_set(&shown, "state", meta_state_is(metadata, "exited") ? "exited" :
	    state_name(state), NULL);
	if ((state == STATE_RUNNING || state == STATE_STARTING) && seconds >= 0) {
		io_format(text, sizeof(text), "%lld", (long long)seconds);
		form_set(&shown, "uptimeSeconds", text, strlen(text));
	}
	if (log != NULL)
		otelop_metadata_set(&shown, "log", log, NULL);	/* one that is not UTF-8 cannot be told */
	put_clean_json(shown.json, shown.length);
	otelop_metadata_free(&shown);
}
