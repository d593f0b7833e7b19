/* The metadata as otelop-meta prints it. */
#include "show.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/status.h"
#include "cli.h"
#include "json/json.h"
#include "state/form.h"
#include "state/meta.h"
#include "state/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Half an answer is none. */
static void
no_memory(void)
{
	struct otelop_message message = { "memory: cannot allocate what shows the metadata" };

	cli_fail(&(struct cli){ .name = "otelop-meta" }, STATUS_FAILED, &message);
}

/* A string's characters in memory of their own. */
static char *
decoded(const struct json_value *string, size_t *length)
{
	char *text;

	*length = json_decode(string, NULL, 0);
	if ((text = malloc(*length + 1)) == NULL)
		no_memory();
	json_decode(string, text, *length);
	text[*length] = '\0';
	return text;
}

/* In single quotes, where only a single quote means anything. */
static void
put_shell(const char *text, size_t length)
{
	size_t i, n;

	putchar('\'');
	for (i = 0; i < length; i += n) {
		for (n = 0; i + n < length && text[i + n] != '\''; n++)
			;
		cli_put_answer(text + i, n);
		if (i + n < length) {
			fputs("'\\''", stdout);
			n++;
		}
	}
	putchar('\'');
}

void
show_state(enum state state, const struct otelop_metadata *metadata)
{
	pid_t pid = state == STATE_STOPPED ? 0 : meta_pid(metadata);

	if (pid > 0)
		printf("%s %ld\n", state_name(state), (long)pid);
	else
		printf("%s\n", state_name(state));
}

enum form { RAW, SHELL, CLEAN };

static void
put_text(const char *text, size_t length, enum form form)
{
	switch (form) {
	case RAW:
		cli_put_answer(text, length);
		break;
	case SHELL:
		put_shell(text, length);
		break;
	case CLEAN:
		cli_put_clean(text, length, stdout);
		break;
	}
}

static void
put_value(const struct json_value *value, enum form form)
{
	struct json_value *elements;
	size_t count, i, length;
	char *text;

	if (value->type == JSON_STRING) {
		text = decoded(value, &length);
		put_text(text, length, form);
		free(text);
	} else if (value->type == JSON_ARRAY) {
		if (json_elements(value, &elements, &count) < 0)
			no_memory();
		for (i = 0; i < count; i++) {
			if (i > 0)
				putchar(' ');
			put_value(&elements[i], form);
		}
		free(elements);
	} else {
		put_text(value->text, value->length, form);
	}
}

void
show_words(const char *const words[])
{
	for (; *words != NULL; words++) {
		put_shell(*words, strlen(*words));
		putchar(words[1] != NULL ? ' ' : '\n');
	}
}

void
show_value(const struct json_value *value, int shell)
{
	put_value(value, shell ? SHELL : RAW);
}

static void
put_line(const char *label, const struct json_value *value)
{
	printf("%-14s", label);
	put_value(value, CLEAN);
	putchar('\n');
}

/* Seconds since it started, or -1: it does not say, or what it says cannot be. */
static int64_t
uptime(const struct otelop_metadata *metadata)
{
	char text[CLOCK_RFC3339_SIZE];
	int64_t began, now = clock_wall_seconds();

	if (otelop_metadata_get(metadata, "startedAt", text, sizeof(text)) != 1 ||
	    clock_parse_rfc3339(text, strlen(text), &began) < 0 || began <= 0)
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
		put_value(&value, CLEAN);
	} else if (meta_find(metadata, "exitCode", &value)) {
		printf("%-14swith status ", "exited");
		put_value(&value, CLEAN);
	} else {
		return;
	}
	if (meta_find(metadata, "exitedAt", &value)) {
		fputs(" at ", stdout);
		put_value(&value, CLEAN);
	}
	putchar('\n');
}

static int
is_shown_elsewhere(const struct json_value *key)
{
	static const char *const names[] = {
		"pid", "state", "command", "cwd", "listen", "startedAt", "exitCode", "exitSignal",
		"exitedAt", "pidNamespace", "host", "bootId", "startTicks", "session", "unrecorded", "readyMode", "maxLifetime", "noSweep", "logMax",
		"grace", "stopSignal", "stopAll", "runner", "left",
		"logKeep", "respawn", "stdin", "given",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (json_string_is(key, names[i]))
			return 1;
	return 0;
}

/* Upstream's addresses where they are set, and the user's own members. */
static void
put_others(const struct otelop_metadata *metadata)
{
	struct json_member *members;
	size_t count, i;

	if (json_members(metadata->json, metadata->length, &members, &count) < 0)
		no_memory();
	for (i = 0; i < count; i++) {
		const struct json_value *value = &members[i].value;

		if (is_shown_elsewhere(&members[i].key) ||
		    (value->type == JSON_STRING && value->length == 2))
			continue;
		put_value(&members[i].key, CLEAN);
		printf("%*s", members[i].key.length - 2 < 14 ?
		    (int)(14 - (members[i].key.length - 2)) : 1, "");
		put_value(value, CLEAN);
		putchar('\n');
	}
	free(members);
}

void
show_people(enum state state, const struct otelop_metadata *metadata)
{
	static const char *const labels[] = { "command", "cwd", "listen", "startedAt" };
	struct json_value value;
	size_t i;

	if (metadata->length > 0 && meta_state_is(metadata, "exited"))
		printf("%-14s%s\n", "state", "dead");
	else
		printf("%-14s%s\n", "state", state == STATE_STALE ? "dead (it left no word)" :
		    state_name(state));
	if (metadata->length == 0)
		return;
	if (meta_find(metadata, "pid", &value))
		put_line("pid", &value);
	if (state == STATE_RUNNING || state == STATE_STARTING)
		put_uptime(uptime(metadata));
	put_exit(metadata);
	for (i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (meta_find(metadata, labels[i], &value))
			put_line(labels[i], &value);
	put_others(metadata);
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
show_json(enum state state, const struct otelop_metadata *metadata)
{
	struct otelop_metadata shown = OTELOP_METADATA_INIT;
	int64_t seconds = uptime(metadata);
	char text[64];

	if (metadata->length == 0) {
		printf("{\n  \"state\": \"%s\"\n}\n", state_name(state));
		return;
	}
	if (meta_copy(&shown, metadata) < 0)
		no_memory();
	/* What the kernel says now, not what the file said then. */
	otelop_metadata_set(&shown, "state", meta_state_is(metadata, "exited") ? "exited" :
	    state_name(state), NULL);
	if ((state == STATE_RUNNING || state == STATE_STARTING) && seconds >= 0) {
		io_format(text, sizeof(text), "%lld", (long long)seconds);
		form_set(&shown, "uptimeSeconds", text, strlen(text));
	}
	put_clean_json(shown.json, shown.length);
	otelop_metadata_free(&shown);
}
