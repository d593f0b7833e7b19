/* Start again what was recorded: the words are an argv from end to end, and no shell ever reads them. */
#include "again.h"
#include "base/message.h"
#include "base/status.h"
#include "cli.h"
#include "daemon/chain.h"
#include "json/json.h"
#include "process/errand.h"
#include "process/exec.h"
#include "state/members.h"
#include "state/meta.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OWN_WORDS 16

/* Words, in an array that has room for all; failed: one of them cannot be an argument, or there is no memory. */
struct words {
	const char **items;
	size_t count;
	int failed;
};

/* prefix, which has no NUL, in front of a string of the metadata. */
static void
add_string(struct words *words, const char *prefix, const struct json_value *value)
{
	size_t before = strlen(prefix), length = json_decode(value, NULL, 0);
	char *word = malloc(before + length + 1);

	if (word == NULL) {
		words->failed = 1;
		return;
	}
	memcpy(word, prefix, before);
	json_decode(value, word + before, length);
	word[before + length] = '\0';
	/* An argument ends at a NUL: it would be another word. */
	if (strlen(word) != before + length)
		words->failed = 1;
	words->items[words->count++] = word;
}

/* Options that have a value, and the members that it is recorded in. */
static const struct {
	const char *option;
	const char *key;
} recorded[] = {
	{ "--try", "try" },
	{ "--max-lifetime", "maxLifetime" },
	{ "--grace", "grace" },
	{ "--stop-signal", "stopSignal" },
	{ "--log-max", "logMax" },
	{ "--log-keep", "logKeep" },
	{ "--respawn=", "respawn" },
	{ "--stdin", "stdin" },
};

/* The last two words are one. */
static void
join_last(struct words *words)
{
	const char *front = words->items[words->count - 2], *behind = words->items[words->count - 1];
	char *word = malloc(strlen(front) + strlen(behind) + 1);

	if (word == NULL) {
		words->failed = 1;
		return;
	}
	strcpy(word, front);
	strcat(word, behind);
	words->count--;
	words->items[words->count - 1] = word;
}

/* An option that was given has a value, in a word of its own; or, where option ends with =, in the same one. */
static void
add_option(struct words *words, const struct otelop_metadata *metadata, const char *option,
    const char *key)
{
	struct json_value value;

	if (!meta_find(metadata, key, &value) || value.type != JSON_STRING)
		return;
	words->items[words->count++] = option;
	add_string(words, "", &value);
	if (option[strlen(option) - 1] == '=')
		join_last(words);
}

static void
add_flag(struct words *words, const struct otelop_metadata *metadata, const char *option, const char *key)
{
	struct json_value value;

	if (meta_find(metadata, key, &value))
		words->items[words->count++] = option;
}

/* Its elements, each behind option, if that is not NULL. */
static void
add_array(struct words *words, const char *option, const struct json_value *array)
{
	struct json_value *elements;
	size_t count, i;

	if (json_elements(array, &elements, &count) < 0) {
		words->failed = 1;
		return;
	}
	for (i = 0; i < count; i++) {
		if (option != NULL)
			words->items[words->count++] = option;
		add_string(words, "", &elements[i]);
	}
	free(elements);
}

/* An option that may have been given several times. */
static void
add_options(struct words *words, const struct otelop_metadata *metadata, const char *option, const char *key)
{
	struct json_value value;

	if (meta_find(metadata, key, &value) && value.type == JSON_ARRAY)
		add_array(words, option, &value);
	else
		add_option(words, metadata, option, key);
}

/* Did the user give this member?  Where that is not recorded, every one that he could have given. */
static int
was_given(const struct otelop_metadata *metadata, const struct json_member *member)
{
	struct json_value given, *names;
	char key[256];
	size_t length = json_decode(&member->key, key, sizeof(key)), count, i;
	int found = 0;

	if (length >= sizeof(key) || !members_is_user_key(key, length) || member->value.type != JSON_STRING)
		return 0;
	if (!meta_find(metadata, "given", &given))
		/* Upstream's members are always there: an empty one says nothing. */
		return member->value.length > 2 || !members_is_known(key, length);
	if (json_elements(&given, &names, &count) < 0)
		return 0;
	for (i = 0; i < count && !found; i++)
		found = json_string_compare(&names[i], &member->key) == 0;
	free(names);
	return found;
}

static void
add_members(struct words *words, const struct otelop_metadata *metadata)
{
	struct json_member *members;
	char key[256];
	size_t count, i;

	if (json_members(metadata->json, metadata->length, &members, &count) < 0) {
		words->failed = 1;
		return;
	}
	for (i = 0; i < count; i++)
		if (was_given(metadata, &members[i])) {
			key[json_decode(&members[i].key, key, sizeof(key) - 2)] = '\0';
			strcat(key, "=");
			add_string(words, key, &members[i].value);
		}
	free(members);
}

const char **
again_words(const char *dir, const struct otelop_metadata *metadata, const char ***command,
    struct otelop_message *message)
{
	/* No word is shorter than a byte of the text that it is read from, but for our own. */
	struct words words = { calloc(metadata->length + OWN_WORDS, sizeof(*words.items)), 0, 0 };
	struct json_value value;
	char names[256];
	size_t at, i;

	if (words.items == NULL) {
		message_errno(message, "memory: cannot allocate the words of the command");
		return NULL;
	}
	errno = ENODATA;
	if (otelop_metadata_get(metadata, "unrecorded", names, sizeof(names)) == 1) {
		message_set(message, "%s: this could not be recorded, so it must be given again: %s", dir, names);
		return NULL;
	}
	if (!meta_find(metadata, "command", &value) || value.type != JSON_ARRAY) {
		message_set(message, "%s: the metadata does not say which command it was", dir);
		return NULL;
	}
	add_options(&words, metadata, "--ready", "readyMode");
	for (i = 0; i < sizeof(recorded) / sizeof(*recorded); i++)
		add_option(&words, metadata, recorded[i].option, recorded[i].key);
	add_flag(&words, metadata, "--no-sweep", "noSweep");
	add_flag(&words, metadata, "--stop-all", "stopAll");
	add_members(&words, metadata);
	words.items[words.count++] = "--";
	at = words.count;
	add_array(&words, NULL, &value);
	if (words.failed || words.count == at) {
		message_set(message, "%s: the recorded command cannot be run", dir);
		return NULL;
	}
	*command = words.items + at;
	return words.items;
}

/* Become chain with more behind it. */
static void
become(const struct cli *as, char *const chain[], const char *const more[])
{
	struct otelop_message message;
	size_t count = 0, i = 0;
	const char **words;

	while (chain[count] != NULL)
		count++;
	while (more[i] != NULL)
		i++;
	if ((words = calloc(count + i + 1, sizeof(*words))) == NULL) {
		message_errno(&message, "memory: cannot allocate the words of the command");
		cli_fail(as, STATUS_FAILED, &message);
	}
	memcpy(words, chain, count * sizeof(*words));
	memcpy(words + count, more, i * sizeof(*words));
	exec_command((char *const *)(uintptr_t)words);
	message_errno(&message, "%s: cannot run", words[0]);
	cli_fail(as, status_of_exec(errno), &message);
}

/* What is recorded, read when no other chain is under way. */
static void
read_recorded(const struct cli *as, const char *dir, struct otelop_metadata *metadata)
{
	struct otelop_message message;

	if (otelop_read_metadata(dir, metadata, &message) == 0)
		return;
	if (errno == ENOENT || errno == ENODATA)
		message_set(&message, "restart: nothing is recorded: give the command behind --");
	cli_fail(as, errno == ENOENT || errno == ENODATA ? STATUS_NOT_RUNNING : STATUS_UNKNOWN, &message);
}

/* Go where it was started. */
static void
enter(const struct cli *as, const char *dir, const struct otelop_metadata *metadata)
{
	struct otelop_message message;
	char place[OTELOP_PATH_SIZE];

	if (otelop_metadata_get(metadata, "cwd", place, sizeof(place)) != 1) {
		message_set(&message, "%s: the metadata does not say where it was started", dir);
		cli_fail(as, STATUS_NO, &message);
	}
	if (chdir(place) < 0) {
		message_errno(&message, "cannot change to the directory %s", place);
		cli_fail(as, STATUS_FAILED, &message);
	}
}

int
again_become(const struct cli *as, const char *dir, int64_t limit_ms, char *const chain[])
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	struct otelop_message message;
	const char **words, **command;
	int fd, waited;
	pid_t done;

	if ((fd = cli_enter_chain(as, dir, limit_ms, &waited, &message)) < 0) {
		if (errno == ENOENT)
			read_recorded(as, dir, &metadata);	/* which says so */
		cli_fail(as, errno == ETIMEDOUT ? STATUS_TIMEOUT : STATUS_UNKNOWN, &message);
	}
	if (waited && (done = chain_is_done(dir, NULL)) > 0) {
		printf("%ld\n", (long)done);
		cli_say(as, "restarted already by another restart");
		return STATUS_DONE;
	}
	read_recorded(as, dir, &metadata);
	if ((words = again_words(dir, &metadata, &command, &message)) == NULL)
		cli_fail(as, STATUS_NO, &message);
	enter(as, dir, &metadata);
	/* Before anything is stopped. */
	if (errand_find(*command) < 0) {
		message_errno(&message, "%s: cannot run", *command);
		cli_fail(as, errno == ETIMEDOUT ? STATUS_TIMEOUT : status_of_exec(errno), &message);
	}
	if (chain_hand_on(fd, dir, &message) < 0)
		cli_fail(as, STATUS_FAILED, &message);
	become(as, chain, words);
	return STATUS_FAILED;
}
