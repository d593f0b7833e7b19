/* The metadata object: made and changed; meta.h says how. */
#include "state/meta.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/message.h"
#include "base/text.h"
#include "json/json.h"
#include "state/form.h"
#include "state/members.h"
#include "state/identity.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * The strings as a JSON array; counted only, while json is NULL.  Its length; -1: EILSEQ one is not UTF-8; EMSGSIZE the
 * metadata has no room for it.
 */
static long
encode_strings(const char *const *strings, char *json)
{
	size_t used = 1, length;
	const char *const *string;

	for (string = strings; *string != NULL; string++) {
		length = strlen(*string);
		if (json == NULL && !text_is_utf8(*string, length)) {
			errno = EILSEQ;
			return -1;
		}
		if (string > strings) {
			if (json != NULL)
				memcpy(json + used, ", ", 2);
			used += 2;
		}
		length = json_encode(*string, length, json != NULL ? json + used : NULL,
		    json != NULL ? OTELOP_METADATA_MAX : 0);
		if ((used += length) > OTELOP_METADATA_MAX - 4) {
			errno = EMSGSIZE;
			return -1;
		}
	}
	if (json != NULL) {
		json[0] = '[';
		json[used] = ']';
	}
	return (long)used + 1;
}

int
meta_set_strings(struct otelop_metadata *metadata, const char *key, const char *const *strings)
{
	long length = encode_strings(strings, NULL);
	char *json;
	int result;

	if (length < 0 || (json = malloc((size_t)length)) == NULL)
		return -1;
	encode_strings(strings, json);
	result = form_set(metadata, key, json, (size_t)length);
	free(json);
	return result;
}

int
otelop_metadata_set(struct otelop_metadata *metadata, const char *key, const char *value,
    struct otelop_message *message)
{
	const struct known_member *ours;
	struct json_value number = { JSON_NUMBER, value, 0 };
	char time[CLOCK_RFC3339_SIZE];
	int result;

	if (metadata == NULL || key == NULL || value == NULL)
		return message_invalid(message, metadata == NULL ? "metadata" : key == NULL ? "key" : "value");
	ours = members_find(key, strlen(key));
	number.length = strlen(value);
	errno = EINVAL;
	if (ours == NULL && !members_is_user_key(key, strlen(key)))
		return message_set(message, "%s: not a member's name", key);
	if (ours != NULL && ours->kind == MEMBER_TEXTS)
		return message_set(message, "%s: cannot be set to a string", key);
	if (ours != NULL && (ours->kind == MEMBER_PID || ours->kind == MEMBER_NUMBER || ours->kind == MEMBER_TICKS)) {
		struct json_fault fault;

		if (!json_is_valid(value, strlen(value), &fault) || members_fault(ours, &number)) {
			errno = EINVAL;
			return message_set(message, "%s: not a valid number: %s", key, value);
		}
		result = form_set(metadata, key, value, strlen(value));
		if (result == 0 && ours->kind == MEMBER_PID)
			result = identity_set_process(metadata);
	} else if (ours != NULL && ours->kind == MEMBER_TIME) {
		if (strlen(value) > sizeof(time) || clock_normalise_rfc3339(value, time) < 0)
			return message_set(message, "%s: not an RFC 3339 time: %s", key, value);
		result = form_set_text(metadata, key, time);
	} else {
		result = form_set_text(metadata, key, value);
	}
	if (result == 0)
		return 0;
	if (errno == EILSEQ)
		return message_set(message, "%s: the value is not UTF-8", key);
	if (errno == EMSGSIZE)
		return message_set(message, "%s: the metadata would be over %d bytes", key,
		    OTELOP_METADATA_MAX);
	return message_errno(message, "%s: cannot set", key);
}

int
meta_set_pair(struct otelop_metadata *metadata, const char *pair, int all,
    struct otelop_message *message)
{
	const char *equals = strchr(pair, '=');
	size_t length = equals != NULL ? (size_t)(equals - pair) : 0;
	char key[256];

	errno = EINVAL;
	if (equals == NULL || !(members_is_user_key(pair, length) ||
	    (all && members_is_known(pair, length))))
		return message_set(message, equals != NULL && members_is_known(pair, length) ?
		    "%s: this member is not yours to set" : "%s: not KEY=VALUE", pair);
	if (io_format(key, sizeof(key), "%.*s", (int)length, pair) < 0) {
		errno = EINVAL;
		return message_set(message, "%s: the name is too long", pair);
	}
	return otelop_metadata_set(metadata, key, equals + 1, message);
}

int
meta_set_unrecorded(struct otelop_metadata *metadata, const char *key)
{
	const char *names[] = { "cwd", "command", "environment", "unset", "log" }, *unrecorded[sizeof(names) / sizeof(names[0]) + 1];
	size_t i, count = 0;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(key, names[i]) == 0 || meta_is_unrecorded(metadata, names[i]))
			unrecorded[count++] = names[i];
	unrecorded[count] = NULL;
	return meta_set_strings(metadata, "unrecorded", unrecorded);
}

int
otelop_metadata_init(struct otelop_metadata *metadata, pid_t pid)
{
	char text[OTELOP_PATH_SIZE], now[CLOCK_RFC3339_SIZE];

	if (metadata == NULL || pid < 1)
		return message_invalid(NULL, "pid");
	metadata->length = 0;
	io_format(text, sizeof(text), "%ld", (long)pid);
	clock_format_now(now);
	if (otelop_metadata_set(metadata, "pid", text, NULL) < 0 ||
	    otelop_metadata_set(metadata, "startedAt", now, NULL) < 0)
		return -1;
	if ((getcwd(text, sizeof(text)) == NULL || otelop_metadata_set(metadata, "cwd", text, NULL) < 0) &&
	    meta_set_unrecorded(metadata, "cwd") < 0)
		return -1;
	return identity_set_place(metadata);
}
