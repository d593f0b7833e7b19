/* Chains of programs, one after the other; chain.h has the rules. */
#include "daemon/chain.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/message.h"
#include "base/text.h"
#include "daemon/same.h"
#include "json/json.h"
#include "platform/platform.h"
#include "state/identity.h"
#include "state/lock.h"
#include "state/meta.h"
#include "state/state.h"
#include "state/statedir.h"

#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#define VARIABLE "OTELOP_CHAIN_FD"
#define ANCESTORS_MAX 4096	/* more than a pid namespace nests; a list that changes under us must end */

static int
open_file(const char *path, int flags, struct otelop_message *message)
{
	struct statedir dir;
	int fd;

	if (statedir_open(&dir, path, message) < 0)
		return -1;
	fd = statedir_open_file(&dir, STATEDIR_START, O_RDWR | flags, message);
	statedir_close(&dir);
	return fd;
}

int
chain_inherit(const char *dir, struct otelop_message *message)
{
	const char *text = getenv(VARIABLE);
	struct stat handed, named;
	int64_t number;
	int fd, is_ours, result;

	if (text == NULL)
		return -1;
	is_ours = text_number(text, STDERR_FILENO + 1, INT_MAX, &number);
	unsetenv(VARIABLE);
	if (!is_ours || (fstat((int)number, &handed) < 0 && errno == EBADF))
		return -1;
	if ((fd = open_file(dir, 0, message)) < 0)
		return errno == ENOENT ? -1 : CHAIN_UNCLEAR;
	result = fstat((int)number, &handed) < 0 || fstat(fd, &named) < 0 ? CHAIN_UNCLEAR :
	    named.st_dev == handed.st_dev && named.st_ino == handed.st_ino ? (int)number : -1;
	if (result == CHAIN_UNCLEAR || (result >= 0 && io_cloexec(result, 1) < 0)) {
		message_errno(message, "%s/%s: cannot take over", dir, STATEDIR_START);
		result = CHAIN_UNCLEAR;
	}
	io_close(&fd);
	return result;
}

/* The deadline is over, and another chain is not. */
static int
say_who(int fd, const char *dir, struct otelop_message *message)
{
	struct platform_holder *all = NULL;
	char who[96] = "it is not seen whose";
	struct stat file;
	size_t count = 0, i;
	int hidden;

	if (fstat(fd, &file) < 0 || platform_lock_holders(&file, STATEDIR_START, &all, &count, &hidden) < 0)
		count = 0;
	for (i = 0; i < count; i++)
		if (all[i].pid == all[i].taker || i == 0)
			io_format(who, sizeof(who), "process %ld (%s)", (long)all[i].pid, all[i].name);
	free(all);
	errno = ETIMEDOUT;
	return message_set(message, "%s/%s: another start or restart is under way: %s", dir, STATEDIR_START, who);
}

int
chain_enter(const char *dir, int64_t deadline, int *waited, struct otelop_message *message)
{
	int got, fd = chain_inherit(dir, message);

	*waited = 0;
	if (fd >= 0)
		return fd;
	if (fd == CHAIN_UNCLEAR)
		return -1;
	if ((fd = open_file(dir, O_CREAT, message)) < 0)
		return -1;
	if (io_flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	*waited = 1;
	got = errno == EWOULDBLOCK ? lock_wait(fd, LOCK_EX, deadline, -1) : -1;
	if (got == 1)
		return fd;
	if (got == 0)
		say_who(fd, dir, message);
	else
		message_errno(message, "%s/%s: cannot lock", dir, STATEDIR_START);
	io_close(&fd);
	return -1;
}

int
chain_hand_on(int fd, const char *dir, struct otelop_message *message)
{
	char number[16];

	if (io_format(number, sizeof(number), "%d", fd) < 0 || io_cloexec(fd, 0) < 0 ||
	    setenv(VARIABLE, number, 1) < 0)
		return message_errno(message, "%s/%s: cannot hand on", dir, STATEDIR_START);
	return 0;
}

/* Did pid begin later than the caller, for certain?  Within one tick nobody knows. */
static int
is_as_young(pid_t pid)
{
	unsigned long long daemon, own;

	return platform_process_start_ticks(pid, &daemon) == 1 &&
	    platform_process_start_ticks(getpid(), &own) == 1 && daemon > own;
}

pid_t
chain_is_done(const char *dir, const struct same_want *want)
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	enum state state;
	pid_t pid = 0;

	if (state_look(dir, &state, &metadata, NULL) == 0 && state == STATE_RUNNING &&
	    identity_is_here(&metadata, NULL) && (want == NULL || same_judge(&metadata, want) == SAME) &&
	    is_as_young(meta_pid(&metadata)))
		pid = meta_pid(&metadata);
	otelop_metadata_free(&metadata);
	return pid;
}

/* The otelop-run that is pid's parent: it has the metadata open.  0: there is none. */
static pid_t
find_runner(const char *path, const struct platform_process *daemon)
{
	struct statedir dir;
	struct stat file;
	int found;

	if (statedir_open(&dir, path, NULL) < 0)
		return 0;
	found = fstatat(dir.fd, STATEDIR_METADATA, &file, AT_SYMLINK_NOFOLLOW) == 0 && daemon->parent > 1 &&
	    platform_process_has_open(daemon->parent, &file, STATEDIR_METADATA) == 1;
	statedir_close(&dir);
	return found ? daemon->parent : 0;
}

/* Is the caller pid, or below it; or in a session that it leads, which nobody enters from outside? */
static int
is_below(pid_t pid)
{
	struct platform_process process = { .parent = getpid() };
	int rounds;

	if (pid <= 1)
		return 0;
	if (getsid(0) == pid && getsid(pid) == pid)
		return 1;
	for (rounds = 0; rounds < ANCESTORS_MAX && process.parent > 1; rounds++) {
		if (process.parent == pid)
			return 1;
		if (platform_process(process.parent, &process) != 1)
			break;
	}
	return 0;
}

int
chain_is_inside(const char *dir)
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	struct platform_process daemon;
	struct json_value value;
	enum state state;
	int inside = 0;

	if (state_look(dir, &state, &metadata, NULL) == 0 && metadata.length > 0 &&
	    (state == STATE_RUNNING || state == STATE_STARTING) && identity_is_here(&metadata, NULL)) {
		if (platform_process(meta_pid(&metadata), &daemon) != 1)
			daemon.parent = 0;
		/* What is not swept outlives both, but for the daemon itself. */
		if (meta_find(&metadata, "noSweep", &value))
			inside = meta_pid(&metadata) == getpid();
		else
			inside = is_below(meta_pid(&metadata)) || is_below(find_runner(dir, &daemon));
	}
	otelop_metadata_free(&metadata);
	return inside;
}
