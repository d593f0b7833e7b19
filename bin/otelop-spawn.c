/* otelop-spawn: detach a command and wait until it is ready. */
#include "base/clock.h"
#include "base/io.h"
#include "base/message.h"
#include "base/status.h"
#include "base/text.h"
#include "cli.h"
#include "daemon/chain.h"
#include "daemon/join.h"
#include "daemon/spawn.h"
#include "json/json.h"
#include "otelop.h"
#include "process/exec.h"
#include "process/selfpipe.h"
#include "run_words.h"
#include "state/meta.h"
#include "state/statedir.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TAIL = CLI_LONG, AS, PROGRESS, DRY_RUN, RUN, NATIVE, STRICT, AGAIN };

static const struct option long_options[] = {
	{ "log", required_argument, NULL, 'l' },
	{ "timeout", required_argument, NULL, 't' }, { "chdir", required_argument, NULL, 'd' },
	{ "umask", required_argument, NULL, 'm' }, { "env", required_argument, NULL, 'e' },
	{ "unset", required_argument, NULL, 'u' }, { "quiet-busy", no_argument, NULL, 'q' },
	{ "tail", required_argument, NULL, TAIL }, { "as", required_argument, NULL, AS },
	{ "progress", required_argument, NULL, PROGRESS }, { "dry-run", no_argument, NULL, DRY_RUN },
	{ "run", no_argument, NULL, RUN }, { "native", no_argument, NULL, NATIVE },
	{ "strict", no_argument, NULL, STRICT }, { "again", no_argument, NULL, AGAIN },
	{ NULL, 0, NULL, 0 },
};

static const struct cli cli = {
	"otelop-spawn",
	"otelop-spawn [-hqV] [-C DIR] [-n NAME] [-l LOG] [-t TIME] [-d DIR] [-m UMASK] [-e VAR=VALUE]... "
	"[-u VAR]... [--tail N] [--as NAME] [--progress TEXT] [--run | --native [--strict]] [--again] [--dry-run] [--] CMD [ARG...]",
	"l:t:d:m:e:u:q", long_options, 0,
};

#define TAIL_BYTES 65536	/* of the log's end, where the last lines are looked for */
#define PROGRESS_COLUMNS 66
#define JOIN_ROUNDS 20

struct request {
	struct cli_place place;
	const char *log;		/* -l, or NULL: the state directory's */
	char log_path[OTELOP_PATH_SIZE];
	struct statedir dir;		/* where the default log is used */
	int quiet_busy;
	int is_busy;			/* with that: it was the lock, and nothing was said */
	long tail;
	const char *as;			/* begins messages instead of our name and CMD's */
	const char *progress;
	int dry_run;
	int is_run;			/* CMD is otelop-run: its words can be looked at */
	int is_native;			/* CMD takes the lock itself */
	int is_strict;			/* what runs already is not joined */
	int is_again;			/* a restart: say after a failure how to start it again */
	struct run_words words;		/* with is_run */
	int chain_fd;			/* otelop.start, held; or -1 */
	int shows_progress;		/* a line for a terminal is shown at the moment */
	int is_told;			/* the pid was asked for, and stdout has said whether it took it */
	struct otelop_spawn spawn;
};

static mode_t
parse_umask(const char *text)
{
	char *end;
	long mask = strtol(text, &end, 8);

	if (*text < '0' || *text > '7' || *end != '\0' || mask > 0777)
		cli_usage_error(&cli, "-m: not an octal mask: %s", text);
	return (mode_t)mask;
}

static const char *
parse_variable(const char *option, const char *text, int with_value)
{
	const char *equals = strchr(text, '=');

	if (*text == '\0' || equals == text || (equals != NULL) != with_value)
		cli_usage_error(&cli, "%s: not %s: %s", option, with_value ? "VAR=VALUE" : "a variable",
		    text);
	return text;
}

/* set and unset have room for every word of the command line. */
static void
parse(struct request *request, const char **set, const char **unset, int argc, char *argv[])
{
	int option;

	request->spawn.set_env = set;
	request->spawn.unset_env = unset;
	while ((option = cli_option(&cli, &request->place, argc, argv)) != -1)
		switch (option) {
		case 'l':
			request->log = optarg;
			break;
		case 't':
			request->spawn.timeout_ms = cli_limit(&cli, "-t", optarg);
			break;
		case 'd':
			request->spawn.cwd = optarg;
			break;
		case 'm':
			request->spawn.umask = parse_umask(optarg);
			request->spawn.set_umask = 1;
			break;
		case 'e':
			*set++ = parse_variable("-e", optarg, 1);
			break;
		case 'u':
			*unset++ = parse_variable("-u", optarg, 0);
			break;
		case 'q':
			request->quiet_busy = 1;
			break;
		case TAIL:
			request->tail = cli_number(&cli, "--tail", optarg, 0, 10000);
			break;
		case AS:
			request->as = optarg;
			break;
		case PROGRESS:
			request->progress = optarg;
			break;
		case DRY_RUN:
			request->dry_run = 1;
			break;
		case RUN:
			request->is_run = 1;
			break;
		case NATIVE:
			request->is_native = 1;
			break;
		case STRICT:
			request->is_strict = 1;
			break;
		case AGAIN:
			request->is_again = 1;
			break;
		}
	if (optind >= argc)
		cli_usage_error(&cli, "no command");
	if (request->is_run && request->is_native)
		cli_usage_error(&cli, "--run and --native: only one of them");
	if (request->is_strict && !request->is_native)
		cli_usage_error(&cli, "--strict: only with --native");
}

/* What is wrong with otelop-run's own words is found out before anything is made. */
static void
look_at_words(struct request *request, int argc, char *argv[])
{
	optind = 1;
	run_words_parse(&run_words_look_cli, &request->words, argc, argv);
	run_words_restore(&request->words);
}

/* The state directory's own log is as trustworthy as that; any other is the user's business. */
static void
open_log(struct request *request, const char *dir)
{
	struct otelop_message message;

	request->spawn.log = request->log;
	if ((request->log != NULL ? io_format(request->log_path, sizeof(request->log_path), "%s", request->log) :
	    otelop_log_file(dir, request->log_path, sizeof(request->log_path))) < 0) {
		message_errno(&message, "%s: cannot name the log", request->log != NULL ? request->log : dir);
		cli_fail(&cli, STATUS_FAILED, &message);
	}
	if (request->log != NULL)
		return;
	/* The library would open the same, and tell of the command what is the log's fault. */
	if (statedir_open(&request->dir, dir, &message) < 0 ||
	    (request->spawn.log_fd = statedir_open_file(&request->dir, STATEDIR_LOG,
	    O_WRONLY | O_APPEND | O_CREAT, &message)) < 0)
		cli_fail(&cli, STATUS_FAILED, &message);
}

static void
show_progress(void *argument, int64_t waited_ms)
{
	struct request *request = argument;
	size_t length = strlen(request->progress);

	/* It must leave room for the time: on a terminal only one line can be cleared. */
	if (length > PROGRESS_COLUMNS)
		length = text_utf8_whole(request->progress, PROGRESS_COLUMNS);
	request->shows_progress = 1;
	fputs("\r\033[K", stderr);
	cli_put_clean(request->progress, length, stderr);
	fprintf(stderr, " (%lld s)", (long long)(waited_ms / 1000));
	fflush(stderr);
}

static void
clear_progress(struct request *request)
{
	if (request->shows_progress) {
		fputs("\r\033[K", stderr);
		fflush(stderr);
	}
	request->shows_progress = 0;
}

/* otelop-run's words name its command; where it has not run, it is what is to be named. */
static void
say(const struct request *request, const struct otelop_spawn_result *result, const char *command, const char *text)
{
	struct cli as = { .name = request->as };

	if (request->as == NULL || request->is_native || (request->is_run && result->child == 0))
		cli_say(request->as != NULL ? &as : &cli, "%s: %s", command, text);
	else
		cli_say(&as, "%s", text);
}

/* Of no command: what is to be said of the directory or of this start.  Without --as, nothing is. */
static void
say_as(const struct request *request, const char *text)
{
	if (request->as != NULL)
		cli_say(&(struct cli){ .name = request->as }, "%s", text);
}

/* The part of bytes that is the last so many lines. */
static const char *
last_lines(const char *bytes, size_t length, long lines)
{
	const char *s = bytes + length;

	if (s > bytes && s[-1] == '\n')
		s--;
	while (s > bytes && lines > 0)
		if (*--s == '\n' && --lines == 0)
			return s + 1;
	return lines > 0 ? s : bytes + length;
}

/* The default log is read where it was written, whatever its directory's path leads to by now. */
static int
open_log_to_read(const struct request *request)
{
	struct otelop_message unsaid;

	if (request->log == NULL)
		return statedir_open_file(&request->dir, STATEDIR_LOG, O_RDONLY, &unsaid);
	return open(request->log_path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/* Has otelop-run only waited for another's start? */
static int
is_joined(const struct otelop_spawn_result *result)
{
	return result->status != STATUS_DONE && *result->summary.text != '\0';
}

/* The end of what is behind start in the log, into bytes.  How much, or -1. */
static ssize_t
read_end(int fd, off_t start, char bytes[TAIL_BYTES])
{
	struct stat found;

	if (fstat(fd, &found) < 0)
		return -1;
	if (found.st_size < start)
		start = 0;	/* it was rotated meanwhile */
	if (found.st_size - start > TAIL_BYTES)
		start = found.st_size - TAIL_BYTES;
	return lseek(fd, start, SEEK_SET) < 0 ? -1 : io_read_all(fd, bytes, TAIL_BYTES);
}

/* What the daemon wrote to the log during this start, its end. */
static void
show_tail(const struct request *request, const struct otelop_spawn_result *result)
{
	/* Of a start that was somebody else's it is not known where it began. */
	off_t start = is_joined(result) ? 0 : (off_t)result->log_start;
	const char *from;
	ssize_t length;
	char *bytes;
	int fd;

	if (request->tail == 0 || result->log_start < 0 ||
	    (fd = open_log_to_read(request)) < 0)
		return;
	if ((bytes = malloc(TAIL_BYTES)) != NULL && (length = read_end(fd, start, bytes)) > 0) {
		from = last_lines(bytes, (size_t)length, request->tail);
		cli_put_lines(from, (size_t)(bytes + length - from), stderr);
		if (bytes[length - 1] != '\n')
			fputc('\n', stderr);
	}
	free(bytes);
	io_close(&fd);
}

/* Is it the lock that made the child busy?  otelop-run says so; of any other it must be seen. */
static int
is_lock_held(const struct request *request, const struct otelop_spawn_result *result)
{
	struct otelop_message unsaid;

	return (result->said && !request->is_native) || otelop_running(request->spawn.state_dir, NULL, &unsaid) == 1;
}

static void
explain(struct request *request, const struct otelop_spawn_result *result, const char *command)
{
	char line[OTELOP_PATH_SIZE + 8];

	request->is_busy = result->status == STATUS_BUSY && request->quiet_busy && is_lock_held(request, result);
	if (request->is_busy)
		return;
	say(request, result, command, result->reason.text);
	/* Where nothing ran, the log has nothing to add; and where one runs already, it is that one's. */
	if (result->child == 0 || (result->status == STATUS_BUSY && result->said) ||
	    ((result->status == STATUS_TIMEOUT || result->status == STATUS_UNKNOWN) && is_joined(result)))
		return;
	show_tail(request, result);
	io_format(line, sizeof(line), "log: %s", request->log_path);
	say(request, result, command, line);
	if (result->status == STATUS_TIMEOUT && request->is_run) {
		struct otelop_message hint;

		message_set(&hint, "waited for %s; --ready says what else to wait for",
		    request->words.options.modes_text);
		say_as(request, hint.text);
	}
}

/* In single quotes for sh. */
static void
put_quoted(const char *text)
{
	fputs(" '", stderr);
	for (; *text != '\0'; text += *text == '\'') {
		size_t length = strcspn(text, "'");

		cli_put_clean(text, length, stderr);
		text += length;
		if (*text == '\0')
			break;
		fputs("'\\''", stderr);
	}
	fputc('\'', stderr);
}

/* After a restart that failed and left nothing recorded: what would start it again.  argv: otelop-run's words. */
static void
explain_again(const struct request *request, char *const argv[])
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	struct json_value command;
	char here[OTELOP_PATH_SIZE];

	if (otelop_read_metadata(request->spawn.state_dir, &metadata, NULL) < 0 ||
	    !meta_find(&metadata, "command", &command)) {
		fprintf(stderr, "%s: to try again:", request->as != NULL ? request->as : cli.name);
		if (getcwd(here, sizeof(here)) != NULL) {
			fputs(" cd", stderr);
			put_quoted(here);
			fputs(" &&", stderr);
		}
		fputs(" otelop start", stderr);
		for (argv++; *argv != NULL; argv++)
			if (strcmp(*argv, "--join") != 0)
				put_quoted(*argv);
		fputc('\n', stderr);
	}
	otelop_metadata_free(&metadata);
}

/* All that can be said without doing it: the usage is right, the directory and the command are there. */
static int
try(const struct request *request, const char *command)
{
	struct otelop_message message;
	const char *const *s;

	/* The command is looked for with its own PATH, in its own directory. */
	for (s = request->spawn.unset_env; *s != NULL; s++)
		unsetenv(*s);
	for (s = request->spawn.set_env; *s != NULL; s++)
		putenv((char *)(uintptr_t)*s);
	if (request->spawn.cwd != NULL && chdir(request->spawn.cwd) < 0) {
		message_errno(&message, "cannot change to the directory %s", request->spawn.cwd);
		cli_fail(&cli, STATUS_FAILED, &message);
	}
	if (request->is_run)
		command = request->words.command[0];
	if (exec_find(command) == 0)
		return STATUS_DONE;
	message_errno(&message, "%s: cannot run", command);
	return cli_fail(&cli, status_of_exec(errno), &message);
}

/* A pid that cannot be told is no answer: then there is no daemon either. */
static int
print_pid(void *argument, pid_t pid)
{
	struct request *request = argument;

	clear_progress(request);
	request->is_told = 1;
	printf("%ld\n", (long)pid);
	return cli_end(&cli, STATUS_DONE) == STATUS_DONE ? 0 : -1;
}

static int
answer(const struct request *request, pid_t pid, const char *summary)
{
	int status;

	printf("%ld\n", (long)pid);
	if ((status = cli_end(&cli, STATUS_DONE)) == STATUS_DONE)
		say_as(request, summary);
	return status;
}

/*
 * A daemon that takes the lock itself may run already, or be on its way.  The exit status, with all said; or -1:
 * nobody is there.
 */
static int
join_other(const struct request *request, int64_t deadline, char *const argv[])
{
	const char *dir = request->spawn.state_dir;
	struct otelop_message words;
	pid_t pid;

	if (request->is_strict) {
		switch (otelop_running(dir, NULL, &words)) {
		case 0:
			return -1;
		case 1:
			say_as(request, "already running, and --strict was given");
			return STATUS_BUSY;
		}
		cli_fail(&cli, STATUS_UNKNOWN, &words);
	}
	switch (join_wait(dir, deadline, argv, 1, &pid, &words)) {
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
	return cli_fail(&cli, STATUS_UNKNOWN, &words);
}

/* Start it, once.  The exit status; or, with quiet_busy, 75 without a word. */
static int
start_once(struct request *request, char *const argv[])
{
	struct otelop_spawn_result result;
	struct otelop_message ready;

	request->is_told = 0;
	spawn_directly(&request->spawn, argv, &result);
	clear_progress(request);
	if (result.status != STATUS_DONE && request->is_told)
		return result.status;
	if (result.status != STATUS_DONE) {
		explain(request, &result, argv[0]);
		if (request->is_again)
			explain_again(request, argv);
		return result.status;
	}
	message_set(&ready, "%s is ready", argv[0]);
	say_as(request, *result.summary.text != '\0' ? result.summary.text : ready.text);
	return STATUS_DONE;
}

static int
start_native(struct request *request, char *const argv[])
{
	int64_t deadline = clock_deadline(request->spawn.timeout_ms > 0 ? request->spawn.timeout_ms :
	    OTELOP_FOREVER);
	int status = join_other(request, deadline, argv), rounds;

	request->quiet_busy = !request->is_strict;
	for (rounds = 0; status < 0 && rounds < JOIN_ROUNDS; rounds++) {
		status = start_once(request, argv);
		/* Its 75 may mean anything: a lock that somebody else has by now, or a word of its own. */
		if (status == STATUS_BUSY && request->is_busy)
			status = join_other(request, deadline, argv);
	}
	return status < 0 ? STATUS_BUSY : status;
}

/* Everything that the start of argv needs, but for the start. */
static void
set_up(struct request *request, char dir[OTELOP_PATH_SIZE])
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, 0 };
	struct cli speaker = cli;
	struct otelop_message message;
	int waited;

	cli_need_stdout(&cli);
	cli_ensure_state_dir(&cli, &request->place, dir);
	speaker.name = request->as != NULL ? request->as : cli.name;
	cli_warn_state_dir(&speaker, dir);
	request->spawn.state_dir = dir;
	/* Nothing runs yet, so a signal may end us as it ends anybody while we wait for other chains. */
	request->chain_fd = request->is_native ? chain_enter(dir, &waited, &message) :
	    chain_inherit(dir, &message);	/* unclear, it stays ours until we end, and goes to no child */
	if (request->is_native && request->chain_fd < 0)
		cli_fail(&cli, STATUS_FAILED, &message);
	if ((request->spawn.interrupt_fd = selfpipe_open(signals)) < 0) {
		message_errno(&message, "signals: cannot catch");
		cli_fail(&cli, STATUS_FAILED, &message);
	}
	open_log(request, dir);
	request->spawn.argument = request;
	request->spawn.confirm = print_pid;
	if (request->progress != NULL && isatty(STDERR_FILENO))
		request->spawn.tick = show_progress;
}

/* What is shown on a terminal while we wait, where we speak for somebody. */
static void
name_progress(struct request *request, struct otelop_message *text)
{
	if (request->progress != NULL || request->as == NULL)
		return;
	message_set(text, "%s: waiting until it is ready (%s)", request->as,
	    request->is_run ? request->words.options.modes_text : "fd");
	request->progress = text->text;
}

int
main(int argc, char *argv[])
{
	struct request request = { .tail = 10, .chain_fd = -1, .spawn = { .timeout_ms = 60000 } };
	struct otelop_message message, progress;
	char dir[OTELOP_PATH_SIZE], **command;
	const char **variables;
	int status;

	cli_begin(&cli);
	/* An answer that nobody takes is told, and the daemon ended; for the child they are reset. */
	cli_ignore_pipe();
	sigaction(SIGXFSZ, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
	if ((variables = calloc((size_t)argc * 2 + 2, sizeof(*variables))) == NULL) {
		message_errno(&message, "memory: cannot allocate the environment");
		cli_fail(&cli, STATUS_FAILED, &message);
	}
	parse(&request, variables, variables + argc + 1, argc, argv);
	command = argv + optind;
	if (request.is_run)
		look_at_words(&request, argc - optind, command);
	if (request.dry_run)
		return try(&request, *command);
	name_progress(&request, &progress);
	set_up(&request, dir);
	status = request.is_native ? start_native(&request, command) : start_once(&request, command);
	io_close(&request.chain_fd);
	free(variables);
	return status;
}
