/*
 * The metadata reader.  Input: a file; behind its last NUL, if there is one, a KEY=VALUE to set
 * (big= is given a value that cannot fit).
 * What is accepted is valid JSON in canonical form, which is read again as the same; what was set
 * is there afterwards, and nothing else changed.
 */
#include "fuzz.h"
#include "base/clock.h"
#include "json/json.h"
#include "otelop.h"
#include "state/form.h"
#include "state/meta.h"

#include <errno.h>

#define LOOK_MAX 12	/* so many members, more or less, are looked at one by one */

#define UPSTREAM 8	/* the first of these, which are always there */
static const char *const order[] = { "pid", "startedAt", "httpAddr", "otlpGrpcAddr",
    "otlpHttpAddr", "proxyUrl", "proxyProtocol", "version", "state", "command", "cwd", "host",
    "pidNamespace", "listen", "exitCode", "exitSignal", "exitedAt", "readyMode", "try", "maxLifetime",
    "noSweep", "logMax", "logKeep" };
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static struct otelop_metadata metadata, again, changed;
static struct otelop_message message;
#define TEXT_MAX (2 * OTELOP_METADATA_MAX + 1024)	/* a metadata file's text, once it is indented */

static char value[TEXT_MAX], other[TEXT_MAX];

/* The place of a member in the file's order; the others come behind. */
static size_t
place(const struct json_value *key)
{
	size_t i;

	for (i = 0; i < COUNT(order) && !json_string_is(key, order[i]); i++)
		;
	return i;
}

/* The known members first, each once, in the file's order; upstream's all there. */
static void
check_order(const struct json_member *members, size_t count)
{
	size_t i, last = 0, at;

	must(count >= UPSTREAM);
	for (i = 0; i < count; i++) {
		at = place(&members[i].key);
		must(i >= UPSTREAM || at == i);
		must(i == 0 || at > last || (at == COUNT(order) && last == at));
		last = at;
	}
}

static void
check_get(const struct otelop_metadata *object, const struct json_member *member)
{
	char key[OTELOP_PATH_SIZE], *exact;
	size_t length = json_decode(&member->key, key, sizeof(key));
	struct json_value found;

	if (length >= sizeof(key) || memchr(key, '\0', length) != NULL)
		return;
	key[length] = '\0';
	if (!meta_find(object, key, &found)) {
		must(otelop_metadata_get(object, key, value, sizeof(value)) == 0);
		must(member->value.type == JSON_NULL);
		return;
	}
	must(otelop_metadata_get(object, key, value, sizeof(value)) == 1);
	if (found.type != JSON_STRING || found.text != member->value.text)
		return;
	length = json_decode(&found, other, sizeof(other));
	must(memcmp(value, other, length + 1) == 0 || value[length] == '\0');
	must((exact = malloc(length + 1)) != NULL);
	must(otelop_metadata_get(object, key, exact, length + 1) == 1);
	must(memcmp(exact, other, length) == 0 && exact[length] == '\0');
	must((exact = realloc(exact, length > 0 ? length : 1)) != NULL);
	must(otelop_metadata_get(object, key, exact, length) == -1 && errno == ERANGE);
	free(exact);
}

static void
check_accepted(const struct otelop_metadata *object)
{
	struct json_member *members;
	struct json_fault fault;
	size_t count, i;

	must(object->json[object->length] == '\0');
	must(json_is_valid(object->json, object->length, &fault));
	must(strcmp(object->json + object->length - 3, "\n}\n") == 0);
	must(json_members(object->json, object->length, &members, &count) == 0);
	check_order(members, count);
	must(meta_pid(object) > 0);
	for (i = 0; i < count; i += 1 + count / LOOK_MAX)
		check_get(object, &members[i]);
	free(members);
	/* Indented, it may be over what a file may have. */
	if (object->length <= OTELOP_METADATA_MAX) {
		must(form_parse(&again, object->json, object->length, "again", &message) == 0);
		must(again.length == object->length &&
		    memcmp(again.json, object->json, object->length) == 0);
	}
}

static void
copy(struct otelop_metadata *to, const struct otelop_metadata *from)
{
	must(meta_copy(to, from) == 0);
}

static size_t
count_members(const struct otelop_metadata *object)
{
	struct json_member *members;
	size_t count;

	must(json_members(object->json, object->length, &members, &count) == 0);
	free(members);
	return count;
}

/* With a pid come and go the words of when that process began, and of its session. */
static int
goes_with(const char *name, const char *key)
{
	return strcmp(name, key) == 0 ||
	    (strcmp(key, "pid") == 0 && (strcmp(name, "startTicks") == 0 || strcmp(name, "session") == 0));
}

/* Every member of metadata but key, and what goes with it, has the same value in changed. */
static void
check_untouched(const char *key)
{
	struct json_member *members;
	struct json_value before, after;
	char name[256];
	size_t count, i, n;

	must(json_members(metadata.json, metadata.length, &members, &count) == 0);
	for (i = 0; i < count; i += 1 + count / LOOK_MAX) {
		n = json_decode(&members[i].key, name, sizeof(name));
		if (n >= sizeof(name) || memchr(name, '\0', n) != NULL)
			continue;
		name[n] = '\0';
		if (goes_with(name, key) || !meta_find(&metadata, name, &before))
			continue;
		must(meta_find(&changed, name, &after) && after.length == before.length &&
		    memcmp(after.text, before.text, after.length) == 0);
	}
	free(members);
}

/* A time is written in the form that everybody reads. */
static int
is_same_moment(const char *a, const char *b)
{
	int64_t x, y;

	return clock_parse_rfc3339(a, strlen(a), &x) == 0 && clock_parse_rfc3339(b, strlen(b), &y) == 0 &&
	    x == y;
}

static void
check_set(char *pair)
{
	char *equals = strchr(pair, '=');
	struct json_value found;
	int was_there;

	copy(&changed, &metadata);
	if (meta_set_pair(&changed, pair, 1, &message) < 0) {
		must(errno == EINVAL || errno == EILSEQ || errno == EMSGSIZE);
		must(*message.text != '\0' && changed.length == metadata.length &&
		    memcmp(changed.json, metadata.json, metadata.length) == 0);
		return;
	}
	must(equals != NULL);
	*equals = '\0';
	must(otelop_metadata_get(&changed, pair, value, sizeof(value)) == 1);
	must(strcmp(value, equals + 1) == 0 || is_same_moment(value, equals + 1));
	must(changed.length <= OTELOP_METADATA_MAX);
	check_accepted(&changed);
	check_untouched(pair);
	was_there = meta_find(&metadata, pair, &found);
	must(count_members(&changed) <= count_members(&metadata) + !was_there + (strcmp(pair, "pid") == 0 ? 2 : 0));

	/* Taken out again, it is gone; upstream's then have their zero values. */
	must(form_set(&changed, pair, NULL, 0) == 0);
	if (otelop_metadata_get(&changed, pair, value, sizeof(value)) != 0)
		must(*value == '\0' || strcmp(value, "0") == 0 ||
		    strcmp(value, "0001-01-01T00:00:00Z") == 0);
	check_untouched(pair);
}

static char *
make_big(char *pair)
{
	size_t length = strlen(pair);

	must((pair = realloc(pair, length + OTELOP_METADATA_MAX)) != NULL);
	memset(pair + length, 'x', OTELOP_METADATA_MAX - 2);	/* it fits with its quotes */
	pair[length + OTELOP_METADATA_MAX - 2] = '\0';
	return pair;
}

static const char *
last_nul(const uint8_t *bytes, size_t length)
{
	while (length-- > 0)
		if (bytes[length] == '\0')
			return (const char *)bytes + length;
	return NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	const char *nul = last_nul(bytes, length);
	size_t text_length = nul != NULL ? (size_t)(nul - (const char *)bytes) : length;
	char *text = fuzz_bytes(bytes, text_length);
	char *pair = fuzz_string(nul != NULL ? nul + 1 : "",
	    nul != NULL ? length - text_length - 1 : 0);
	struct json_fault fault;

	if (strcmp(pair, "big=") == 0)
		pair = make_big(pair);
	if (form_parse(&metadata, text, text_length, "FILE", &message) < 0) {
		must(errno == (text_length == 0 ? ENODATA : EBADMSG));
		must(strncmp(message.text, "FILE: ", 6) == 0 && metadata.length == 0);
	} else {
		must(json_is_valid(text, text_length, &fault));
		check_accepted(&metadata);
		if (nul != NULL)
			check_set(pair);
	}
	free(text);
	free(pair);
	return 0;
}
