/* Tell who waits for somebody else's start that it takes longer; extension.h says how. */
#include "daemon/extension.h"
#include "base/io.h"
#include "json/json.h"
#include "state/meta.h"
#include "state/statedir.h"

#include <fcntl.h>

#define MEMBER "extendTimeout"

void
extension_tell(const struct otelop_lock *lock, const struct otelop_metadata *metadata, int64_t deadline)
{
	struct otelop_metadata next = OTELOP_METADATA_INIT;
	char number[32];

	io_format(number, sizeof(number), "%lld", (long long)deadline);
	if (lock->next_fd >= 0 && meta_copy(&next, metadata) == 0 && otelop_metadata_set(&next, MEMBER, number, NULL) == 0)
		lock_write(lock, STATEDIR_NEXT, &next, NULL);
	otelop_metadata_free(&next);
}

int64_t
extension_look(const char *dir, const struct otelop_metadata *metadata)
{
	struct otelop_metadata next = OTELOP_METADATA_INIT;
	struct statedir opened = STATEDIR_INIT;
	struct json_value value;
	int64_t deadline = 0;
	int fd = -1;

	if (statedir_open(&opened, dir, NULL) == 0)
		fd = statedir_open_file(&opened, STATEDIR_NEXT, O_RDONLY, NULL);
	if (fd >= 0 && meta_read_fd(&next, &opened, fd, NULL) == 0 && meta_pid(&next) == meta_pid(metadata) &&
	    meta_find(&next, MEMBER, &value) && (deadline = json_whole_number(&value, 1, INT64_MAX)) < 0)
		deadline = 0;
	otelop_metadata_free(&next);
	io_close(&fd);
	statedir_close(&opened);
	return deadline;
}
