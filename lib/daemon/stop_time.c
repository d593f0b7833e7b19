/* What a stopper tells otelop-run; stop_time.h has the words. */
#include "daemon/stop_time.h"
#include "base/clock.h"
#include "json/json.h"
#include "otelop.h"
#include "platform/platform.h"
#include "state/meta.h"

#include <limits.h>

#define VALUE_BITS 28
#define VALUE_MAX ((1 << VALUE_BITS) - 1)	/* and OTELOP_FOREVER */

int
stop_time_send(const struct process *run, enum stop_word word, int64_t value)
{
	int number = value < 0 || value > VALUE_MAX ? VALUE_MAX : (int)value;

	return process_signal_value(run, platform_value_signal(), (int)word << VALUE_BITS | number);
}

/* ms after that moment; or OTELOP_FOREVER. */
static int64_t
after(int64_t moment, int64_t ms)
{
	return ms == OTELOP_FOREVER || ms > INT64_MAX - moment ? OTELOP_FOREVER : moment + ms;
}

static int64_t
later(int64_t a, int64_t b)
{
	return a == OTELOP_FOREVER || b == OTELOP_FOREVER ? OTELOP_FOREVER : a > b ? a : b;
}

static void
take_time(struct stop_time *time, int64_t ms)
{
	int64_t until = clock_deadline(ms), least = ms < 0 || ms > STOP_TIME_LEAST_MS ? STOP_TIME_LEAST_MS : ms;

	time->until = time->is_told ? later(time->until, until) : until;
	time->least_ms = time->is_told ? later(time->least_ms, least) : least;
	time->is_told = 1;
}

int
stop_time_take(struct stop_time *time, int signal, int value, int *signal_number)
{
	int number = value & VALUE_MAX;

	*signal_number = 0;
	if (signal != platform_value_signal())
		return 0;
	switch ((unsigned)value >> VALUE_BITS) {
	case STOP_WORD_TIME:
		take_time(time, number == VALUE_MAX ? OTELOP_FOREVER : number);
		return 1;
	case STOP_WORD_KILL:
		*time = (struct stop_time){ 1, clock_ms(), number };
		return 1;
	case STOP_WORD_ALL:
		*signal_number = number;
		return 1;
	}
	return 0;
}

int64_t
stop_time_kill_at(const struct stop_time *time, int64_t asked_at, int64_t grace_ms)
{
	/* Who has told it waits a little longer than that for what is under way by then. */
	if (!time->is_told || (time->until != OTELOP_FOREVER && time->until + STOP_TIME_LEAST_MS < asked_at))
		return after(asked_at, grace_ms);
	return later(time->until, asked_at + time->least_ms);
}

int64_t
stop_time_grace(const char *state_dir, pid_t pid)
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	struct json_value runner;
	int64_t grace_ms = -1;
	char text[64];

	if (state_dir != NULL && otelop_read_metadata(state_dir, &metadata, NULL) == 0 &&
	    meta_find(&metadata, "runner", &runner) && json_whole_number(&runner, 2, INT_MAX) == pid &&
	    (otelop_metadata_get(&metadata, "grace", text, sizeof(text)) != 1 || clock_parse_duration(text, &grace_ms) < 0))
		grace_ms = STOP_TIME_GRACE_MS;
	otelop_metadata_free(&metadata);
	return grace_ms;
}
