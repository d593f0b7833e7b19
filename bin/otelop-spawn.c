/* otelop-spawn: detach a command and wait until it is ready. */
#include "base/clock.h"
#include "base/io.h"
#include "base/message.h"
#include "base/status.h"
#include "cli.h"
#include "daemon/chain.h"
#include "daemon/join.h"
#include "daemon/spawn.h"
#include "explain.h"
#include "process/exec.h"
#include "process/selfpipe.h"
#include "progress.h"
#include "request.h"
#include "servers.h"
#include "state/statedir.h"
#include "try.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define JOIN_ROUNDS 20

/* The state directory's own log is as trustworthy as that; any other is the user's business. */
static void
open_log(struct request *request)
{
	const char *dir = request->dir.path;
	struct otelop_message message;

	request->spawn.log = request->log;
	if ((request->log != NULL ? io_format(request->log_path, sizeof(request->log_path), "%s", request->log) :
	    otelop_log_file(dir, request->log_path, sizeof(request->log_path))) < 0) {
		message_errno(&message, "%s: cannot name the log", request->log != NULL ? request->log : dir);
		cli_fail(&request_cli, STATUS_FAILED, &message);
	}
	/* The library would open the same, and tell of the command what is the log's fault. */
	if (request->log == NULL && (request->spawn.log_fd = statedir_open_file(&request->dir, STATEDIR_LOG,
	    O_WRONLY | O_APPEND | O_CREAT, &message)) < 0)
		cli_fail(&request_cli, STATUS_FAILED, &message);
}

/* A pid that cannot be told is no answer: then there is no daemon either. */
static int
print_pid(void *argument, pid_t pid)
{
	struct request *request = argument;

	progress_clear(request);
	request->is_told = 1;
	printf("%ld\n", (long)pid);
	return cli_end(&request_cli, STATUS_DONE) == STATUS_DONE ? 0 : -1;
}

/* Of no command: what is to be said of the directory or of this start.  Without --as, nothing is. */
static void
say_as(const struct request *request, const char *text)
{
	struct cli speaker = request_speaker(request);

	if (request->place.as != NULL)
		cli_say(&speaker, "%s", text);
}

static int
answer(const struct request *request, pid_t pid, const char *summary)
{
	int status;

	printf("%ld\n", (long)pid);
	if ((status = cli_end(&request_cli, STATUS_DONE)) == STATUS_DONE)
		say_as(request, summary);
	return status;
}

/* With --strict nobody is joined.  75, with that said; or -1: nobody is there. */
static int
refuse_other(const struct request *request)
{
	struct otelop_message words;

	switch (otelop_running(request->spawn.state_dir, NULL, &words)) {
	case 0:
		return -1;
	case 1:
		say_as(request, "already running, and --strict was given");
		return STATUS_BUSY;
	}
	return cli_fail(&request_cli, STATUS_UNKNOWN, &words);
}

/*
 * A daemon that takes the lock itself may run already, or be on its way.  The exit status, with all said; or -1:
 * nobody is there.
 */
static int
join_other(const struct request *request, int64_t deadline)
{
	struct same_want want = { .argv = request->argv, .cwd = request->spawn.cwd, .is_unnamed = request->is_unnamed };
	struct otelop_message words;
	pid_t pid;

	if (request->is_strict)
		return refuse_other(request);
	switch (join_wait(request->spawn.state_dir, deadline, &want, 1, NULL, &pid, &words)) {
	case JOIN_RUNS:
		return answer(request, pid, "already running");
	case JOIN_GONE:
		return -1;
	case JOIN_LEFT:
	case JOIN_OTHER:
		say_as(request, words.text);
		return STATUS_BUSY;
	case JOIN_FAILED:
		say_as(request, words.text);
		return STATUS_NO;
	case JOIN_TIMEOUT:
		say_as(request, words.text);
		return STATUS_TIMEOUT;
	case JOIN_UNKNOWN:
		break;
	}
	return cli_fail(&request_cli, STATUS_UNKNOWN, &words);
}

/* Start it, once.  The exit status; or, with quiet_busy, 75 without a word. */
static int
start_once(struct request *request)
{
	struct otelop_spawn_result *result = &request->result;
	struct cli speaker = request_speaker(request);

	request->is_told = 0;
	/* What we become afterwards is to be nobody's parent: the daemon then goes to who adopts our orphans. */
	if (request->is_server)
		otelop_spawn(&request->spawn, request->argv, result);
	else
		spawn_directly(&request->spawn, request->argv, result);
	progress_clear(request);
	if (result->status != STATUS_DONE && !request->is_told)
		explain(request);
	if (result->status != STATUS_DONE || request->place.as == NULL || request->is_server)
		return result->status;
	if (*result->summary.text != '\0')
		cli_say(&speaker, "%s", result->summary.text);
	else
		cli_say(&speaker, "%s is ready", request->argv[0]);
	return STATUS_DONE;
}

static int
start_native(struct request *request)
{
	int64_t deadline = clock_deadline(request->spawn.timeout_ms > 0 ? request->spawn.timeout_ms :
	    OTELOP_FOREVER);
	int status = join_other(request, deadline), rounds;

	request->quiet_busy = !request->is_strict;
	for (rounds = 0; status < 0 && rounds < JOIN_ROUNDS; rounds++) {
		status = start_once(request);
		/* Its 75 may mean anything: a lock that somebody else has by now, or a word of its own. */
		if (status == STATUS_BUSY && request->is_busy)
			status = join_other(request, deadline);
	}
	return status < 0 ? STATUS_BUSY : status;
}

static void
enter_chain(struct request *request)
{
	const char *dir = request->dir.path;
	struct otelop_message message;
	struct cli speaker = request_speaker(request);
	int waited;

	if (!request->is_native) {
		/* Unclear, it stays ours until we end, and goes to no child. */
		request->chain_fd = chain_inherit(dir, &message);
		return;
	}
	request->chain_fd = cli_enter_chain(&speaker, dir, request->spawn.timeout_ms, &waited, &message);
	if (request->chain_fd < 0)
		cli_fail(&speaker, errno == ETIMEDOUT ? STATUS_TIMEOUT : STATUS_FAILED, &message);
}

static void
catch_signals(struct request *request)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, 0 };
	struct otelop_message message;

	if ((request->spawn.interrupt_fd = selfpipe_open(signals)) >= 0)
		return;
	message_errno(&message, "signals: cannot catch");
	cli_fail(&request_cli, STATUS_FAILED, &message);
}

/* Everything that the start needs, but for the start. */
static void
set_up(struct request *request)
{
	struct cli speaker = request_speaker(request);

	if (!request->is_server)
		cli_need_stdout(&request_cli);
	cli_instance(&request_cli, &request->place, STATUS_FAILED, &request->instance);
	cli_open_state_dir(&request_cli, &speaker, &request->instance, &request->dir);
	request->spawn.state_dir = request->dir.path;
	request->spawn.name = request->instance.name;
	/* Nothing runs yet, so a signal may end us as it ends anybody while we wait for other chains. */
	enter_chain(request);
	catch_signals(request);
	open_log(request);
	request->spawn.argument = request;
	request->spawn.confirm = request->is_server ? NULL : print_pid;
	progress_begin(request);
}

/* As it is for who is started by us.  The exit status of a failure, or 0. */
static int
put_on_outfit(const struct request *request, struct otelop_message *message)
{
	const char *const *s;

	if (request->spawn.set_umask)
		umask(request->spawn.umask);
	for (s = request->spawn.unset_env; *s != NULL; s++)
		unsetenv(*s);
	for (s = request->spawn.set_env; *s != NULL; s++)
		putenv((char *)(uintptr_t)*s);
	if (request->spawn.cwd == NULL || chdir(request->spawn.cwd) == 0)
		return 0;
	message_errno(message, "cannot change to the directory %s", request->spawn.cwd);
	return STATUS_FAILED;
}

/* `start -f`: otelop-run in our place, which finds by the environment where it is. */
static int
become(struct request *request)
{
	struct cli speaker = request_speaker(request);
	struct otelop_message message;
	int status;

	cli_instance(&request_cli, &request->place, STATUS_FAILED, &request->instance);
	if ((status = put_on_outfit(request, &message)) != 0)
		cli_fail(&speaker, status, &message);
	exec_command(request->argv);
	status = status_of_exec(errno);
	exec_failed(request->argv[0], &message);
	return cli_fail(&speaker, status, &message);
}

/* One of otelop-with's servers, and then what comes next, which is to have the signals as we had them. */
static int
serve(struct request *request)
{
	static const char *const no_more[] = { NULL };
	struct cli speaker = request_speaker(request);
	int status;

	set_up(request);
	if ((status = start_once(request)) == STATUS_DONE)
		request_become_next(&speaker, request, no_more);
	return status;
}

/* The same start may have been made by another chain that we had to wait for.  1; 0. */
static int
is_done(struct request *start)
{
	static const char *const none[] = { NULL };
	const struct list *set = &start->words.environment, *unset = &start->words.unset;
	struct same_want want = { .argv = start->is_run ? start->words.command : start->argv,
	    .environment = start->is_native ? NULL : set->count > 0 ? set->items : none,
	    .unset = unset->count > 0 ? unset->items : none,
	    .cwd = start->spawn.cwd, .is_unnamed = start->is_unnamed };
	struct cli speaker = request_speaker(start);
	pid_t done = chain_is_done(start->instance.path, &want);

	if (done > 0) {
		printf("%ld\n", (long)done);
		cli_say(&speaker, "restarted already by another restart");
	}
	return done > 0;
}

/*
 * A restart: what is wrong with the start at the end of the chain is said before anything is stopped, and what comes
 * from here on is done before any other chain.
 */
static int
go_on(const struct request *request)
{
	char **words = request->argv + request->behind;
	struct otelop_message message;
	struct request *start;
	struct cli speaker;
	int status, fd, waited, count = 0;

	while (words[count] != NULL)
		count++;
	optind = 1;
	start = request_parse(count, words);
	speaker = request_speaker(start);
	if ((status = try_start(start)) != STATUS_DONE)
		return status;
	cli_instance(&request_cli, &start->place, STATUS_FAILED, &start->instance);
	cli_open_state_dir(&speaker, &speaker, &start->instance, &start->dir);
	fd = cli_enter_chain(&speaker, start->instance.path, start->has_timeout ? start->spawn.timeout_ms :
	    OTELOP_FOREVER, &waited, &message);
	if (fd < 0)
		cli_fail(&speaker, errno == ETIMEDOUT ? STATUS_TIMEOUT : STATUS_FAILED, &message);
	if (waited && is_done(start))
		return cli_end(&request_cli, STATUS_DONE);
	if (chain_hand_on(fd, start->instance.path, &message) < 0)
		cli_fail(&speaker, STATUS_FAILED, &message);
	exec_command(request->argv);
	status = status_of_exec(errno);
	exec_failed(request->argv[0], &message);
	return cli_fail(&speaker, status, &message);
}

int
main(int argc, char *argv[])
{
	struct request *request;

	cli_begin(&request_cli);
	request = request_parse(argc, argv);
	if (request->asks_servers)
		servers_parse(request, argc, argv);
	if (request->dry_run)
		return try_start(request);
	if (request->behind > 0)
		return go_on(request);
	if (request->is_foreground)
		return become(request);
	if (request->is_server)
		return serve(request);
	/* An answer that nobody takes is told, and the daemon ended; for the child they are reset. */
	cli_ignore_pipe();
	sigaction(SIGXFSZ, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
	set_up(request);
	return request->is_native ? start_native(request) : start_once(request);
}
