/* Is what runs what a start asks for? */
#include "daemon/same.h"
#include "base/io.h"
#include "base/message.h"
#include "json/json.h"
#include "state/meta.h"

#include <sys/stat.h>

#include <stdlib.h>
#include <string.h>

/* What a restart would change, and how it is asked for. */
static const struct {
	const char *key;
	const char *option;
} options[] = {
	{ "readyMode", "--ready" }, { "try", "--try" }, { "maxLifetime", "--max-lifetime" }, { "noSweep", "--no-sweep" },
	{ "logMax", "--log-max" }, { "logKeep", "--log-keep" }, { "grace", "--grace" }, { "stopSignal", "--stop-signal" },
	{ "stopAll", "--stop-all" }, { "respawn", "--respawn" }, { "stdin", "--stdin" }, { "log", "-l" },
	{ "umask", "-m" }, { "cwd", "-d" },
};

static int
same_arrays(const struct json_value *a, const struct json_value *b)
{
	struct json_value *x, *y;
	size_t x_count, y_count, i;
	int same;

	if (json_elements(a, &x, &x_count) < 0)
		return 0;
	if (json_elements(b, &y, &y_count) < 0) {
		free(x);
		return 0;
	}
	same = x_count == y_count;
	for (i = 0; i < x_count && same; i++)
		same = json_string_compare(&x[i], &y[i]) == 0;
	free(x);
	free(y);
	return same;
}

static int
has_element(const struct json_value *elements, size_t count, const char *text)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (json_string_is(&elements[i], text))
			return 1;
	return 0;
}

/* Has the member the same strings as the list, in any order?  No member is an empty list; neither has one twice. */
static int
has_strings(const struct otelop_metadata *metadata, const char *key, const char *const *strings)
{
	struct json_value array, *elements = NULL;
	size_t count = 0, wanted = 0;
	int same = 1;

	if (meta_is_unrecorded(metadata, key) ||
	    (meta_find(metadata, key, &array) && json_elements(&array, &elements, &count) < 0))
		return 0;
	for (; strings != NULL && strings[wanted] != NULL && same; wanted++)
		same = has_element(elements, count, strings[wanted]);
	free(elements);
	return same && count == wanted;
}

static int
has_command(const struct otelop_metadata *metadata, char *const argv[])
{
	struct otelop_metadata wanted = OTELOP_METADATA_INIT;
	struct json_value is, asked;
	int same = metadata->length > 0 && meta_find(metadata, "command", &is) &&
	    meta_set_strings(&wanted, "command", (const char *const *)argv) == 0 &&
	    meta_find(&wanted, "command", &asked) && same_arrays(&is, &asked);

	otelop_metadata_free(&wanted);
	return same;
}

/* A directory that was not recorded, or is gone, is the same as none. */
static int
is_in(const struct otelop_metadata *metadata, const char *cwd)
{
	struct stat here, there;
	char path[OTELOP_PATH_SIZE];

	return otelop_metadata_get(metadata, "cwd", path, sizeof(path)) == 1 && stat(path, &there) == 0 &&
	    stat(cwd != NULL ? cwd : ".", &here) == 0 && here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

enum same
same_judge(const struct otelop_metadata *metadata, const struct same_want *want)
{
	const char *name = want->argv[0];
	int is_relative = *name != '/' && strchr(name, '/') != NULL;

	if (!has_command(metadata, want->argv) || (is_relative && !is_in(metadata, want->cwd)))
		return SAME_NOT;
	if (want->is_unnamed && !is_in(metadata, want->cwd))
		return SAME_ELSEWHERE;
	if (want->environment != NULL && !(has_strings(metadata, "environment", want->environment) &&
	    has_strings(metadata, "unset", want->unset)))
		return SAME_OTHERWISE;
	return SAME;
}

static void
add_name(struct otelop_message *names, const char *name, size_t length, const char *behind)
{
	size_t used = strlen(names->text);

	io_format(names->text + used, sizeof(names->text) - used, "%s%.*s%s", used > 0 ? ", " : "", (int)length, name,
	    behind);
}

static int
has_same_value(const struct otelop_metadata *a, const struct otelop_metadata *b, const char *key)
{
	struct json_value x, y;
	int has_x = meta_find(a, key, &x), has_y = meta_find(b, key, &y);

	if (has_x != has_y || !has_x)
		return has_x == has_y;
	if (x.type == JSON_STRING && y.type == JSON_STRING)
		return json_string_compare(&x, &y) == 0;
	return x.type == y.type && x.type == JSON_ARRAY && same_arrays(&x, &y);
}

/* The members that the user gave to one of them, and not, or otherwise, to the other; each is named once. */
static void
add_members(const struct otelop_metadata *of, const struct otelop_metadata *other, int is_first,
    struct otelop_message *names)
{
	struct json_value given, other_given, *elements, *others = NULL;
	size_t count, other_count = 0, i;
	char key[256];

	if (!meta_find(of, "given", &given) || json_elements(&given, &elements, &count) < 0)
		return;
	if (meta_find(other, "given", &other_given))
		json_elements(&other_given, &others, &other_count);
	for (i = 0; i < count; i++) {
		size_t length = json_decode(&elements[i], key, sizeof(key) - 1);
		int is_in_both;

		if (length >= sizeof(key))
			continue;
		key[length] = '\0';
		is_in_both = has_element(others, other_count, key);
		/* The daemon may have set it since to something of its own: then nobody knows. */
		if (!is_in_both || (is_first && !has_same_value(of, other, key)))
			add_name(names, key, length, "=");
	}
	free(others);
	free(elements);
}

void
same_differences(const struct otelop_metadata *metadata, const struct otelop_metadata *recorded,
    struct otelop_message *names)
{
	size_t i;

	*names->text = '\0';
	for (i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (!has_same_value(metadata, recorded, options[i].key))
			add_name(names, options[i].option, strlen(options[i].option), "");
	add_members(metadata, recorded, 1, names);
	add_members(recorded, metadata, 0, names);
}

int
same_is_foreign(const struct otelop_metadata *metadata)
{
	struct json_value value;

	return metadata->length > 0 && !meta_find(metadata, "command", &value) &&
	    !meta_find(metadata, "state", &value);
}
