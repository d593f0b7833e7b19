/* Whose pid a child may report as the daemon's. */
#include "daemon/reported.h"
#include "otelop.h"
#include "state/meta.h"

#include <errno.h>

/* 1; 0; -1: errno, and the reason. */
static int
is_recorded(const char *state_dir, pid_t pid, struct otelop_message *reason)
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	int result = 0;

	if (state_dir == NULL)
		return 0;
	if (otelop_read_metadata(state_dir, &metadata, reason) == 0)
		result = meta_pid(&metadata) == pid;
	else if (errno != ENOENT && errno != ENODATA)
		result = -1;
	otelop_metadata_free(&metadata);
	return result;
}

pid_t
reported_pid(const struct held *held, const char *state_dir, pid_t reported, pid_t child, struct otelop_message *reason)
{
	if (reported <= 0 || held_has_started(held, reported))
		return reported > 0 ? reported : child;
	switch (is_recorded(state_dir, reported, reason)) {
	case 1:
		return reported;
	case 0:
		return child;
	}
	return -1;
}
