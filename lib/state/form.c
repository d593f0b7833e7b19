/* The form of the metadata object: its canonical text, read, checked and written. */
#include "state/form.h"
#include "base/message.h"
#include "base/text.h"
#include "json/json.h"
#include "state/members.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct json_member *
find_member(const struct json_member *members, size_t count, const char *key)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (json_string_is(&members[i].key, key))
			return &members[i];
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
put_known(struct draft *draft, const struct known_member *ours, const char *value, size_t length)
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
	size_t known_count, i;
	const struct known_member *known = members_known(&known_count);

	for (i = 0; i < known_count; i++)
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
	size_t known_count, i;
	const struct known_member *known = members_known(&known_count);
	int placed = 0;

	for (i = 0; i < known_count; i++) {
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
	size_t known_count, i;
	const struct known_member *known = members_known(&known_count);

	for (i = 0; i < known_count; i++) {
		if ((member = find_member(members, count, known[i].key)) != NULL &&
		    (what = members_fault(&known[i], &member->value)) != NULL)
			return corrupt(path, text, (size_t)(member->value.text - text), what,
			    known[i].kind == MEMBER_PID ? NULL : known[i].key, message);
		if (known[i].kind == MEMBER_PID && (member == NULL || member->value.type == JSON_NULL))
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
