/* What was recorded of a daemon, as the words that start it again. */
#include "again.h"
#include "base/message.h"
#include "json/json.h"
#include "state/members.h"
#include "state/meta.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define OWN_WORDS 32

/* Words, in an array that has room for all; failed: one of them cannot be an argument, or there is no memory. */
struct words {
	const char **items;
	size_t count;
	char *room;		/* for their text */
	int failed;
};

/* prefix, which has no NUL, in front of a string of the metadata. */
static void
add_string(struct words *words, const char *prefix, const struct json_value *value)
{
	size_t before = strlen(prefix), length = json_decode(value, NULL, 0);
	char *word = words->room;

	words->room += before + length + 1;
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
	{ "--ready", "readyMode" },
	{ "--try", "try" },
	{ "--max-lifetime", "maxLifetime" },
	{ "--grace", "grace" },
	{ "--stop-signal", "stopSignal" },
	{ "--log-max", "logMax" },
	{ "--log-keep", "logKeep" },
	{ "--respawn=", "respawn" },
	{ "--stdin", "stdin" },
	{ "-l", "log" },
	{ "-m", "umask" },
	{ "--env=", "environment" },
	{ "--unset=", "unset" },
};

static void
add_value(struct words *words, const char *option, const struct json_value *value)
{
	int is_joined = option != NULL && option[strlen(option) - 1] == '=';

	if (option != NULL && !is_joined)
		words->items[words->count++] = option;
	add_string(words, is_joined ? option : "", value);
}

static void
add_flag(struct words *words, const struct otelop_metadata *metadata, const char *option, const char *key)
{
	struct json_value value;

	if (meta_find(metadata, key, &value))
		words->items[words->count++] = option;
}

/* Its elements, each behind option, if that is not NULL: in a word of its own, or where it ends with =, in the same one. */
static void
add_array(struct words *words, const char *option, const struct json_value *array)
{
	struct json_value *elements;
	size_t count, i;

	if (json_elements(array, &elements, &count) < 0) {
		words->failed = 1;
		return;
	}
	for (i = 0; i < count; i++)
		add_value(words, option, &elements[i]);
	free(elements);
}

/* It may have been given several times. */
static void
add_option(struct words *words, const struct otelop_metadata *metadata, const char *option, const char *key)
{
	struct json_value value;

	if (!meta_find(metadata, key, &value))
		return;
	if (value.type == JSON_ARRAY)
		add_array(words, option, &value);
	else if (value.type == JSON_STRING)
		add_value(words, option, &value);
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

/* -1: ENODATA, with the reason. */
static int
add_all(struct words *words, const char *dir, const struct otelop_metadata *metadata, const char ***command,
    struct otelop_message *message)
{
	struct json_value value;
	char names[256];
	size_t i;

	errno = ENODATA;
	if (otelop_metadata_get(metadata, "unrecorded", names, sizeof(names)) == 1)
		return message_set(message, "%s: this could not be recorded, so it must be given again: %s", dir, names);
	if (!meta_find(metadata, "command", &value) || value.type != JSON_ARRAY)
		return message_set(message, "%s: the metadata does not say which command it was", dir);
	for (i = 0; i < sizeof(recorded) / sizeof(*recorded); i++)
		add_option(words, metadata, recorded[i].option, recorded[i].key);
	add_flag(words, metadata, "--no-sweep", "noSweep");
	add_flag(words, metadata, "--stop-all", "stopAll");
	add_members(words, metadata);
	words->items[words->count++] = "--";
	*command = words->items + words->count;
	add_array(words, NULL, &value);
	if (words->failed || **command == NULL)
		return message_set(message, "%s: the recorded command cannot be run", dir);
	return 0;
}

const char **
again_words(const char *dir, const struct otelop_metadata *metadata, const char ***command,
    struct otelop_message *message)
{
	/* No word is shorter than a byte of the text that it is read from, but for our own; nor longer than four for each. */
	size_t room = metadata->length + OWN_WORDS;
	struct words words = { .items = calloc(1, room * sizeof(*words.items) + 4 * metadata->length + 1) };

	if (words.items == NULL) {
		message_errno(message, "memory: cannot allocate the words of the command");
		return NULL;
	}
	words.room = (char *)(words.items + room);
	if (add_all(&words, dir, metadata, command, message) == 0)
		return words.items;
	free(words.items);
	return NULL;
}
