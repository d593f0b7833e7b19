/* The form of the metadata object: which members there are, of what kind, and in what order. */
#include "state/form.h"
#include "base/clock.h"
#include "base/message.h"
#include "base/text.h"
#include "json/json.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* In the order of the file: upstream's eight, always present; then ours, where known. */
static const struct form_member known[] = {
	{ "pid", FORM_PID, "0" },
	{ "startedAt", FORM_TIME, "\"0001-01-01T00:00:00Z\"" },
	{ "httpAddr", FORM_TEXT, "\"\"" },
	{ "otlpGrpcAddr", FORM_TEXT, "\"\"" },
	{ "otlpHttpAddr", FORM_TEXT, "\"\"" },
	{ "proxyUrl", FORM_TEXT, "\"\"" },
	{ "proxyProtocol", FORM_TEXT, "\"\"" },
	{ "version", FORM_TEXT, "\"\"" },
	{ "state", FORM_TEXT, NULL },
	{ "command", FORM_TEXTS, NULL },
	{ "cwd", FORM_TEXT, NULL },
	{ "host", FORM_TEXT, NULL },
	{ "pidNamespace", FORM_TEXT, NULL },
	{ "bootId", FORM_TEXT, NULL },
	{ "startTicks", FORM_TICKS, NULL },
	{ "session", FORM_NUMBER, NULL },
	{ "unrecorded", FORM_TEXTS, NULL },
	{ "listen", FORM_TEXTS, NULL },
	{ "exitCode", FORM_NUMBER, NULL },
	{ "exitSignal", FORM_TEXT, NULL },
	{ "exitedAt", FORM_TIME, NULL },
	{ "readyMode", FORM_TEXT, NULL },
	{ "maxLifetime", FORM_TEXT, NULL },
	{ "noSweep", FORM_TEXT, NULL },
	{ "logMax", FORM_TEXT, NULL },
	{ "logKeep", FORM_TEXT, NULL },
	{ "given", FORM_TEXTS, NULL },
	{ "summary", FORM_TEXT, NULL },	/* said on the ready pipe alone */
};
#define KNOWN_COUNT (sizeof(known) / sizeof(known[0]))

const struct form_member *
form_find(const char *key, size_t length)
{
	size_t i;

	for (i = 0; i < KNOWN_COUNT; i++)
		if (strlen(known[i].key) == length && memcmp(known[i].key, key, length) == 0)
			return &known[i];
	return NULL;
}

int
form_is_known_key(const char *key, size_t length)
{
	return form_find(key, length) != NULL;
}

int
form_is_user_key(const char *key, size_t length)
{
	const struct form_member *ours = form_find(key, length);
	size_t i;

	if (ours != NULL)
		return ours->kind == FORM_TEXT && ours->zero != NULL;
	for (i = 0; i < length; i++)
		if (!((key[i] >= 'A' && key[i] <= 'Z') || (key[i] >= 'a' && key[i] <= 'z') ||
		    key[i] == '_' || (i > 0 && key[i] >= '0' && key[i] <= '9')))
			return 0;
	return length > 0;
}

static const struct json_member *
find_member(const struct json_member *members, size_t count, const char *key)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (json_string_is(&members[i].key, key))
			return &members[i];
	return NULL;
}

int64_t
form_whole_number(const struct json_value *value, int64_t low, int64_t high)
{
	int64_t number = 0;
	size_t i;

	if (value->type != JSON_NUMBER || value->length > 18)
		return -1;
	for (i = 0; i < value->length; i++) {
		if (value->text[i] < '0' || value->text[i] > '9')
			return -1;
		number = number * 10 + (value->text[i] - '0');
	}
	return number < low || number > high ? -1 : number;
}

static int
is_time(const struct json_value *value)
{
	char text[CLOCK_RFC3339_SIZE];
	size_t length = json_decode(value, text, sizeof(text));
	int64_t seconds;

	return length <= sizeof(text) && clock_parse_rfc3339(text, length, &seconds) == 0;
}

int
form_is_strings(const struct json_value *value)
{
	return value->type == JSON_ARRAY && json_has_only_strings(value);
}

const char *
form_fault(const struct form_member *ours, const struct json_value *value)
{
	if (value->type == JSON_NULL)
		return NULL;
	switch (ours->kind) {
	case FORM_PID:
		return form_whole_number(value, 1, INT_MAX) < 0 ? "pid is not a process number" : NULL;
	case FORM_TICKS:
		return form_whole_number(value, 0, INT64_MAX) < 0 ? "not a whole number" : NULL;
	case FORM_NUMBER:
		return form_whole_number(value, 0, INT_MAX) < 0 ? "not a whole number" : NULL;
	case FORM_TEXT:
		return value->type != JSON_STRING ? "not a string" : NULL;
	case FORM_TIME:
		return value->type != JSON_STRING || !is_time(value) ? "not an RFC 3339 time" : NULL;
	case FORM_TEXTS:
		return !form_is_strings(value) ? "not an array of strings" : NULL;
	}
	return NULL;
}

/* A text that is counted first, while json is NULL, and then written. */
struct draft {
	char *json;
	size_t used;
	int members;
};

static void
put(struct draft *draft, const char *text, size_t length)
{
	if (draft->json != NULL)
		memcpy(draft->json + draft->used, text, length);
	draft->used += length;
}

/* key with its quotes. */
static void
put_member(struct draft *draft, const char *key, size_t key_length, const char *value,
    size_t length)
{
	const char *between = draft->members++ == 0 ? "{\n  " : ",\n  ";

	put(draft, between, strlen(between));
	put(draft, key, key_length);
	put(draft, ": ", 2);
	put(draft, value, length);
}

static void
put_known(struct draft *draft, const struct form_member *ours, const char *value, size_t length)
{
	char key[64];

	put_member(draft, key, json_encode(ours->key, strlen(ours->key), key, sizeof(key)), value,
	    length);
}

static int
by_key_then_place(const void *a, const void *b)
{
	const struct json_member *x = *(const struct json_member *const *)a;
	const struct json_member *y = *(const struct json_member *const *)b;
	int order = json_string_compare(&x->key, &y->key);

	return order != 0 ? order : x < y ? -1 : x > y;
}

/* Of members with the same key only the last stays.  How many stay; or -1: ENOMEM. */
static long
drop_overridden(struct json_member *members, size_t count)
{
	struct json_member **order = calloc(count + 1, sizeof(*order));
	size_t i, kept = 0;

	if (order == NULL)
		return -1;
	for (i = 0; i < count; i++)
		order[i] = &members[i];
	qsort(order, count, sizeof(*order), by_key_then_place);
	for (i = 0; i + 1 < count; i++)
		if (json_string_compare(&order[i]->key, &order[i + 1]->key) == 0)
			order[i]->value.text = NULL;	/* only now: sorting needs the keys */
	for (i = 0; i < count; i++)
		if (members[i].value.text != NULL)
			members[kept++] = members[i];
	free(order);
	return (long)kept;
}

static int
is_known_member(const struct json_member *member)
{
	size_t i;

	for (i = 0; i < KNOWN_COUNT; i++)
		if (json_string_is(&member->key, known[i].key))
			return 1;
	return 0;
}

/*
 * Put the canonical form of members into the draft, with the member named key having the JSON
 * value (NULL: none) whatever it had.
 */
static int
put_object(struct draft *draft, const struct json_member *members, size_t count, const char *key,
    const char *value, size_t length)
{
	int placed = 0;
	size_t i;

	for (i = 0; i < KNOWN_COUNT; i++) {
		const struct json_member *member = find_member(members, count, known[i].key);
		int present = member != NULL && member->value.type != JSON_NULL;

		if (key != NULL && strcmp(key, known[i].key) == 0) {
			placed = 1;
			if (value != NULL)
				put_known(draft, &known[i], value, length);
			else if (known[i].zero != NULL)
				put_known(draft, &known[i], known[i].zero, strlen(known[i].zero));
		} else if (present) {
			put_known(draft, &known[i], member->value.text, member->value.length);
		} else if (known[i].zero != NULL) {
			put_known(draft, &known[i], known[i].zero, strlen(known[i].zero));
		}
	}
	for (i = 0; i < count; i++) {
		if (is_known_member(&members[i]))
			continue;
		if (!placed && key != NULL && json_string_is(&members[i].key, key)) {
			placed = 1;
			if (value != NULL)
				put_member(draft, members[i].key.text, members[i].key.length, value,
				    length);
			continue;
		}
		put_member(draft, members[i].key.text, members[i].key.length,
		    members[i].value.text, members[i].value.length);
	}
	if (!placed && value != NULL) {
		char quoted[OTELOP_PATH_SIZE];
		size_t quoted_length = json_encode(key, strlen(key), quoted, sizeof(quoted));

		if (quoted_length > sizeof(quoted)) {
			errno = EMSGSIZE;
			return -1;
		}
		put_member(draft, quoted, quoted_length, value, length);
	}
	put(draft, "\n}\n", 3);
	return 0;
}

/*
 * Make the canonical form of members, changed as in put_object, what metadata has; members may point
 * into what it had.  bound: of its length, or 0.  -1: EMSGSIZE, ENOMEM; then nothing has changed.
 */
static int
compose(struct otelop_metadata *metadata, const struct json_member *members, size_t count,
    const char *key, const char *value, size_t length, size_t bound)
{
	struct draft draft = { NULL, 0, 0 };
	char *json;

	if (put_object(&draft, members, count, key, value, length) < 0)
		return -1;
	if (bound > 0 && draft.used > bound) {
		errno = EMSGSIZE;
		return -1;
	}
	if ((json = malloc(draft.used + 1)) == NULL)
		return -1;
	draft = (struct draft){ json, 0, 0 };
	put_object(&draft, members, count, key, value, length);
	json[draft.used] = '\0';
	free(metadata->json);
	metadata->json = json;
	metadata->length = draft.used;
	return 0;
}

static int
corrupt(const char *path, const char *text, size_t offset, const char *what, const char *key,
    struct otelop_message *message)
{
	size_t line, column;

	json_position(text, offset, &line, &column);
	errno = EBADMSG;
	return message_set(message, "%s: corrupt metadata: line %zu, column %zu: %s%s%s", path, line,
	    column, key != NULL ? key : "", key != NULL ? ": " : "", what);
}

static int
check_members(const struct json_member *members, size_t count, const char *text,
    const char *path, struct otelop_message *message)
{
	const struct json_member *member;
	const char *what;
	size_t i;

	for (i = 0; i < KNOWN_COUNT; i++) {
		if ((member = find_member(members, count, known[i].key)) != NULL &&
		    (what = form_fault(&known[i], &member->value)) != NULL)
			return corrupt(path, text, (size_t)(member->value.text - text), what,
			    known[i].kind == FORM_PID ? NULL : known[i].key, message);
		if (known[i].kind == FORM_PID && (member == NULL || member->value.type == JSON_NULL))
			return corrupt(path, text, 0, "it names no pid", NULL, message);
	}
	return 0;
}

int
form_parse(struct otelop_metadata *metadata, const char *text, size_t length,
    const char *path, struct otelop_message *message)
{
	struct json_member *members;
	struct json_fault fault;
	size_t count;
	long kept;
	int result;

	metadata->length = 0;
	if (length == 0) {
		errno = ENODATA;
		return message_set(message, "%s: empty", path);
	}
	if (length > OTELOP_METADATA_MAX) {
		errno = EBADMSG;
		return message_set(message, "%s: corrupt metadata: more than %d bytes", path,
		    OTELOP_METADATA_MAX);
	}
	if (!json_is_valid(text, length, &fault))
		return corrupt(path, text, fault.offset, fault.what, NULL, message);
	if (json_members(text, length, &members, &count) < 0)
		return errno == EINVAL ? corrupt(path, text, 0, "not an object", NULL, message) :
		    message_errno(message, "%s: cannot read", path);
	/* The last of a name counts, as in Go and in most readers. */
	if ((kept = drop_overridden(members, count)) < 0) {
		free(members);
		return message_errno(message, "%s: cannot read", path);
	}
	count = (size_t)kept;
	result = check_members(members, count, text, path, message);
	if (result == 0 && compose(metadata, members, count, NULL, NULL, 0, 0) < 0)
		result = message_errno(message, "%s: cannot read", path);
	free(members);
	return result;
}

int
form_set(struct otelop_metadata *metadata, const char *key, const char *json, size_t length)
{
	struct json_member *members = NULL;
	size_t count = 0;
	int result;

	if (metadata->length > 0 &&
	    json_members(metadata->json, metadata->length, &members, &count) < 0)
		return -1;
	result = compose(metadata, members, count, key, json, length, OTELOP_METADATA_MAX);
	free(members);
	return result;
}

int
form_set_text(struct otelop_metadata *metadata, const char *key, const char *value)
{
	size_t length = strlen(value), quoted_length;
	char *quoted;
	int result;

	if (!text_is_utf8(value, length)) {
		errno = EILSEQ;
		return -1;
	}
	if ((quoted_length = json_encode(value, length, NULL, 0)) > OTELOP_METADATA_MAX) {
		errno = EMSGSIZE;
		return -1;
	}
	if ((quoted = malloc(quoted_length)) == NULL)
		return -1;
	json_encode(value, length, quoted, quoted_length);
	result = form_set(metadata, key, quoted, quoted_length);
	free(quoted);
	return result;
}
