/* The form of the metadata object: its canonical text, read, checked and written. */
#include "state/form.h"
#include "base/message.h"
#include "base/text.h"
#include "json/json.h"
#include "state/members.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The members of an object. */
struct parts {
	struct json_value of[MEMBERS_KNOWN_MAX];	/* the known ones, in their order; where there is none, without text */
	struct json_member *others;
	size_t count;
};

/* Which known member has this name?  NULL: none. */
static const struct known_member *
known_of(const struct json_value *key)
{
	char name[64];
	size_t length = json_decode(key, name, sizeof(name));

	return length <= sizeof(name) ? members_find(name, length) : NULL;
}

/* Take the known ones out of members; the others stay there, in their order.  Of the same name the last counts. */
static void
take_known(struct parts *parts, struct json_member *members, size_t count)
{
	size_t known_count, i;
	const struct known_member *known = members_known(&known_count), *ours;

	memset(parts->of, 0, known_count * sizeof(parts->of[0]));
	parts->others = members;
	parts->count = 0;
	for (i = 0; i < count; i++)
		if ((ours = known_of(&members[i].key)) != NULL)
			parts->of[ours - known] = members[i].value;
		else
			members[parts->count++] = members[i];
}

static int
by_key_then_place(const void *a, const void *b)
{
	const struct json_member *x = *(const struct json_member *const *)a;
	const struct json_member *y = *(const struct json_member *const *)b;
	int order = json_string_compare(&x->key, &y->key);

	return order != 0 ? order : x < y ? -1 : x > y;
}

/* Of the others with the same key only the last stays.  -1: ENOMEM. */
static int
drop_overridden(struct parts *parts)
{
	struct json_member **order;
	size_t i, kept = 0;

	if (parts->count < 2)
		return 0;
	if ((order = calloc(parts->count, sizeof(*order))) == NULL)
		return -1;
	for (i = 0; i < parts->count; i++)
		order[i] = &parts->others[i];
	qsort(order, parts->count, sizeof(*order), by_key_then_place);
	for (i = 0; i + 1 < parts->count; i++)
		if (json_string_compare(&order[i]->key, &order[i + 1]->key) == 0)
			order[i]->value.text = NULL;	/* only now: sorting needs the keys */
	for (i = 0; i < parts->count; i++)
		if (parts->others[i].value.text != NULL)
			parts->others[kept++] = parts->others[i];
	free(order);
	parts->count = kept;
	return 0;
}

struct draft {
	char *json;
	size_t used;
	int members;
};

static void
put(struct draft *draft, const char *text, size_t length)
{
	memcpy(draft->json + draft->used, text, length);
	draft->used += length;
}

/* key is what stands between its quotes. */
static void
put_member(struct draft *draft, const char *key, size_t key_length, const struct json_value *value)
{
	put(draft, draft->members == 0 ? "{" : ",", 1);
	draft->members++;
	put(draft, "\n  \"", 4);
	put(draft, key, key_length);
	put(draft, "\": ", 3);
	put(draft, value->text, value->length);
}

/* What put_member puts beside the two. */
#define BETWEEN_MEMBERS 8

static void
put_object(struct draft *draft, const struct parts *parts)
{
	size_t known_count, i;
	const struct known_member *known = members_known(&known_count);

	for (i = 0; i < known_count; i++) {
		struct json_value zero = { JSON_STRING, known[i].zero, 0 };
		const struct json_value *value = &parts->of[i];

		if (value->text == NULL || value->type == JSON_NULL) {
			if (zero.text == NULL)
				continue;
			zero.length = strlen(zero.text);
			value = &zero;
		}
		/* None of these names has what needs an escape. */
		put_member(draft, known[i].key, strlen(known[i].key), value);
	}
	for (i = 0; i < parts->count; i++)
		put_member(draft, parts->others[i].key.text + 1, parts->others[i].key.length - 2,
		    &parts->others[i].value);
	put(draft, "\n}\n", 3);
}

/* No less than put_object puts. */
static size_t
bound_of(const struct parts *parts)
{
	size_t bound = sizeof("{\n}\n"), known_count, i;
	const struct known_member *known = members_known(&known_count);

	for (i = 0; i < known_count; i++)
		if (parts->of[i].text != NULL || known[i].zero != NULL)
			bound += strlen(known[i].key) + parts->of[i].length + BETWEEN_MEMBERS +
			    (known[i].zero != NULL ? strlen(known[i].zero) : 0);
	for (i = 0; i < parts->count; i++)
		bound += parts->others[i].key.length + parts->others[i].value.length + BETWEEN_MEMBERS;
	return bound;
}

/*
 * Make the canonical form of the parts, which may point into what metadata has, what it has.  most: of its length, or
 * 0.  -1: EMSGSIZE, ENOMEM; then nothing has changed.
 */
static int
compose(struct otelop_metadata *metadata, const struct parts *parts, size_t most)
{
	struct draft draft = { malloc(bound_of(parts)), 0, 0 };

	if (draft.json == NULL)
		return -1;
	put_object(&draft, parts);
	if (most > 0 && draft.used > most) {
		free(draft.json);
		errno = EMSGSIZE;
		return -1;
	}
	draft.json[draft.used] = '\0';
	free(metadata->json);
	metadata->json = draft.json;
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
check_known(const struct parts *parts, const char *text, const char *path, struct otelop_message *message)
{
	const char *what;
	size_t known_count, i;
	const struct known_member *known = members_known(&known_count);

	for (i = 0; i < known_count; i++) {
		const struct json_value *value = &parts->of[i];

		if (value->text != NULL && (what = members_fault(&known[i], value)) != NULL)
			return corrupt(path, text, (size_t)(value->text - text), what,
			    known[i].kind == MEMBER_PID ? NULL : known[i].key, message);
		if (known[i].kind == MEMBER_PID && (value->text == NULL || value->type == JSON_NULL))
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
	struct parts parts;
	size_t count;
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
	take_known(&parts, members, count);
	result = check_known(&parts, text, path, message);
	if (result == 0 && (drop_overridden(&parts) < 0 || compose(metadata, &parts, 0) < 0))
		result = message_errno(message, "%s: cannot read", path);
	free(members);
	return result;
}

/* Give the other of this name, or a new one, for which there is room, this value, or none.  -1: EMSGSIZE. */
static int
set_other(struct parts *parts, const char *key, const struct json_value *value, char quoted[OTELOP_PATH_SIZE])
{
	size_t i = 0, length;

	while (i < parts->count && !json_string_is(&parts->others[i].key, key))
		i++;
	if (i == parts->count) {
		if (value->text == NULL)
			return 0;
		if ((length = json_encode(key, strlen(key), quoted, OTELOP_PATH_SIZE)) > OTELOP_PATH_SIZE) {
			errno = EMSGSIZE;
			return -1;
		}
		parts->others[parts->count++].key = (struct json_value){ JSON_STRING, quoted, length };
	}
	parts->others[i].value = *value;
	if (value->text == NULL)
		memmove(&parts->others[i], &parts->others[i + 1], (--parts->count - i) * sizeof(*parts->others));
	return 0;
}

int
form_set(struct otelop_metadata *metadata, const char *key, const char *json, size_t length)
{
	const struct known_member *ours = members_find(key, strlen(key));
	struct json_value value = { JSON_STRING, json, length };
	struct json_member *members = NULL, first;
	char quoted[OTELOP_PATH_SIZE];
	struct parts parts;
	size_t count = 0, known_count;
	int result = 0;

	if (metadata->length > 0 &&
	    json_members(metadata->json, metadata->length, &members, &count) < 0)
		return -1;
	take_known(&parts, members != NULL ? members : &first, count);
	if (ours != NULL)
		parts.of[ours - members_known(&known_count)] = value;
	else
		result = set_other(&parts, key, &value, quoted);
	if (result == 0)
		result = compose(metadata, &parts, OTELOP_METADATA_MAX);
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
