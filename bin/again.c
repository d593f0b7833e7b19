/* Start again what was recorded: the words are an argv from end to end, and no shell ever reads them. */
#include "again.h"
#include "base/message.h"
#include "base/status.h"
#include "cli.h"
#include "daemon/chain.h"
#include "process/exec.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Become chain with more behind it. */
static void
become(const struct cli *as, char *const chain[], const char *const more[])
{
	struct otelop_message message;
	size_t count = 0, i = 0;
	const char **words;

	while (chain[count] != NULL)
		count++;
	while (more[i] != NULL)
		i++;
	if ((words = calloc(count + i + 1, sizeof(*words))) == NULL) {
		message_errno(&message, "memory: cannot allocate the words of the command");
		cli_fail(as, STATUS_FAILED, &message);
	}
	memcpy(words, chain, count * sizeof(*words));
	memcpy(words + count, more, i * sizeof(*words));
	exec_command((char *const *)(uintptr_t)words);
	exec_failed(words[0], &message);
	cli_fail(as, status_of_exec(errno), &message);
}

/* What is recorded, read when no other chain is under way. */
static void
read_recorded(const struct cli *as, const char *dir, struct otelop_metadata *metadata)
{
	struct otelop_message message;

	if (otelop_read_metadata(dir, metadata, &message) == 0)
		return;
	if (errno == ENOENT || errno == ENODATA)
		message_set(&message, "restart: nothing is recorded: give the command behind --");
	cli_fail(as, errno == ENOENT || errno == ENODATA ? STATUS_NOT_RUNNING : STATUS_UNKNOWN, &message);
}

/* Go where it was started. */
static void
enter(const struct cli *as, const char *dir, const struct otelop_metadata *metadata)
{
	struct otelop_message message;
	char place[OTELOP_PATH_SIZE];

	if (otelop_metadata_get(metadata, "cwd", place, sizeof(place)) != 1) {
		message_set(&message, "%s: the metadata does not say where it was started", dir);
		cli_fail(as, STATUS_NO, &message);
	}
	if (chdir(place) < 0) {
		message_errno(&message, "cannot change to the directory %s", place);
		cli_fail(as, STATUS_FAILED, &message);
	}
}

int
again_become(const struct cli *as, const char *dir, int64_t limit_ms, char *const chain[])
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	struct otelop_message message;
	const char **words, **command;
	int fd, waited;
	pid_t done;

	if ((fd = cli_enter_chain(as, dir, limit_ms, &waited, &message)) < 0) {
		if (errno == ENOENT)
			read_recorded(as, dir, &metadata);	/* which says so */
		cli_fail(as, errno == ETIMEDOUT ? STATUS_TIMEOUT : STATUS_UNKNOWN, &message);
	}
	if (waited && (done = chain_is_done(dir, NULL)) > 0) {
		printf("%ld\n", (long)done);
		cli_say(as, "restarted already by another restart");
		return STATUS_DONE;
	}
	read_recorded(as, dir, &metadata);
	if ((words = again_words(dir, &metadata, &command, &message)) == NULL)
		cli_fail(as, STATUS_NO, &message);
	enter(as, dir, &metadata);
	if (chain_hand_on(fd, dir, &message) < 0)
		cli_fail(as, STATUS_FAILED, &message);
	become(as, chain, words);
	return STATUS_FAILED;
}
