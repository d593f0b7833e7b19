/* The answer to a start that was not the first. */
#include "daemon/join.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/message.h"
#include "daemon/extension.h"
#include "state/meta.h"
#include "state/state.h"

static void
describe_other(const char *dir, const struct otelop_metadata *metadata, enum same same, struct otelop_message *words)
{
	static const char *const kinds[] = { [SAME_NOT] = "another command runs here",
	    [SAME_ELSEWHERE] = "this command runs here already, for another directory",
	    [SAME_OTHERWISE] = "this command runs here already, but with another -e or -u" };
	char command[OTELOP_PATH_SIZE], cwd[OTELOP_PATH_SIZE];
	int has_cwd = otelop_metadata_get(metadata, "cwd", cwd, sizeof(cwd)) == 1;

	if (otelop_metadata_get(metadata, "command", command, sizeof(command)) != 1)
		io_format(command, sizeof(command), "%s", same_is_foreign(metadata) ?
		    "one that did not record which it is" :
		    "one that could not be recorded, or is too long to show");
	message_set(words, "%s: %s: %s, started in %s as process %ld (-n NAME or -C DIR starts one beside it, "
	    "otelop restart in its place)", dir, kinds[same], command, has_cwd ? cwd : "a directory that is not recorded",
	    (long)meta_pid(metadata));
}

enum join_answer
join_judge(const char *dir, enum state state, int began, const struct otelop_metadata *metadata,
    const struct same_want *want, int takes_foreign, struct otelop_message *words)
{
	enum same same;

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
	if ((same = same_judge(metadata, want)) != SAME && !(takes_foreign && same_is_foreign(metadata))) {
		describe_other(dir, metadata, same, words);
		return JOIN_OTHER;
	}
	if (want->recorded != NULL)
		same_differences(metadata, want->recorded, words);
	return JOIN_RUNS;
}

/* Who waits, and until when the start's command has asked to be waited for. */
struct patience {
	const struct join_extend *extend;
	int64_t until;
};

static int64_t
put_off(void *argument, const char *dir, const struct otelop_metadata *metadata, int64_t deadline)
{
	struct patience *patience = argument;
	int64_t until = extension_look(dir, metadata);

	if (until == patience->until)
		return deadline;
	patience->until = until;
	if (patience->extend != NULL && clock_left_ms(until) > 0)
		patience->extend->hear(patience->extend->argument, clock_left_ms(until));
	return deadline != OTELOP_FOREVER && until > deadline ? until : deadline;
}

enum join_answer
join_wait(const char *dir, int64_t deadline, const struct same_want *want, int takes_foreign,
    const struct join_extend *extend, pid_t *pid, struct otelop_message *words)
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	enum join_answer answer = JOIN_UNKNOWN;
	enum state state;
	struct patience patience = { extend, 0 };
	struct state_more more = { put_off, &patience };
	int began;

	if (state_wait(dir, 0, deadline, &more, &began, &state, &metadata, words) >= 0) {
		answer = join_judge(dir, state, began, &metadata, want, takes_foreign, words);
		*pid = meta_pid(&metadata);
	}
	otelop_metadata_free(&metadata);
	return answer;
}
