/* The answer to a start that was not the first. */
#include "daemon/join.h"
#include "base/io.h"
#include "base/message.h"
#include "json/json.h"
#include "state/meta.h"
#include "state/state.h"

#include <sys/stat.h>

#include <stdlib.h>
#include <string.h>

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

/*
 * May its name lead to another file from here than from where the daemon was started?  A directory that was not
 * recorded, or is gone, is the same as none.
 */
static int
is_elsewhere(const struct otelop_metadata *metadata, const char *name)
{
	struct stat here, there;
	char path[OTELOP_PATH_SIZE];

	return *name != '/' && strchr(name, '/') != NULL &&
	    (otelop_metadata_get(metadata, "cwd", path, sizeof(path)) != 1 || stat(path, &there) < 0 ||
	    stat(".", &here) < 0 || here.st_dev != there.st_dev || here.st_ino != there.st_ino);
}

/*
 * Is this what a daemon publishes that does not know of us (upstream's)?  It says neither state nor command, and
 * what runs may be any command.
 */
static int
is_foreign(const struct otelop_metadata *metadata)
{
	struct json_value value;

	return metadata->length > 0 && !meta_find(metadata, "command", &value) &&
	    !meta_find(metadata, "state", &value);
}

int
join_is_same(const struct otelop_metadata *metadata, char *const argv[])
{
	struct otelop_metadata wanted = OTELOP_METADATA_INIT;
	struct json_value is, asked;
	int same = metadata->length > 0 && meta_find(metadata, "command", &is) &&
	    meta_set_strings(&wanted, "command", (const char *const *)argv) == 0 &&
	    meta_find(&wanted, "command", &asked) && same_arrays(&is, &asked) &&
	    !is_elsewhere(metadata, argv[0]);

	otelop_metadata_free(&wanted);
	return same;
}

static void
describe_other(const char *dir, const struct otelop_metadata *metadata, struct otelop_message *words)
{
	char command[OTELOP_PATH_SIZE], cwd[OTELOP_PATH_SIZE];
	int has_cwd = otelop_metadata_get(metadata, "cwd", cwd, sizeof(cwd)) == 1;

	if (otelop_metadata_get(metadata, "command", command, sizeof(command)) != 1)
		io_format(command, sizeof(command), "%s", is_foreign(metadata) ?
		    "one that did not record which it is" :
		    "one that could not be recorded, or is too long to show");
	message_set(words, "%s: another command runs here: %s%s%s (-n NAME or -C DIR starts one beside it, "
	    "otelop restart in its place)", dir, command, has_cwd ? ", started in " : "",
	    has_cwd ? cwd : "");
}

enum join_answer
join_judge(const char *dir, enum state state, int began, const struct otelop_metadata *metadata,
    char *const argv[], int takes_foreign, struct otelop_message *words)
{
	if (state == STATE_KEPT || (state == STATE_RUNNING && *words->text != '\0'))
		return JOIN_LEFT;
	if (state == STATE_STOPPED || state == STATE_STALE) {
		message_set(words, "the start that was under way has failed");
		return began ? JOIN_FAILED : JOIN_GONE;
	}
	if (state == STATE_STARTING) {
		message_set(words, "the start that is under way is not ready");
		return JOIN_TIMEOUT;
	}
	if (join_is_same(metadata, argv) || (takes_foreign && is_foreign(metadata)))
		return JOIN_RUNS;
	describe_other(dir, metadata, words);
	return JOIN_OTHER;
}

enum join_answer
join_wait(const char *dir, int64_t deadline, char *const argv[], int takes_foreign, pid_t *pid,
    struct otelop_message *words)
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	enum join_answer answer = JOIN_UNKNOWN;
	enum state state;
	int began;

	if (state_wait(dir, 0, deadline, &began, &state, &metadata, words) >= 0) {
		answer = join_judge(dir, state, began, &metadata, argv, takes_foreign, words);
		*pid = meta_pid(&metadata);
	}
	otelop_metadata_free(&metadata);
	return answer;
}
