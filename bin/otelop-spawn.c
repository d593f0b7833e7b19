/* otelop-spawn: detach a command and wait until it is ready. */
#include "cli.h"
#include "exec.h"
#include "io.h"
#include "json.h"
#include "process.h"
#include "sigpipe.h"
#include "statedir.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TAIL = CLI_LONG, AS, PROGRESS, DRY_RUN };

static const struct option long_options[] = {
	{ "state-dir", required_argument, NULL, 'C' }, { "log", required_argument, NULL, 'l' },
	{ "timeout", required_argument, NULL, 't' }, { "chdir", required_argument, NULL, 'd' },
	{ "umask", required_argument, NULL, 'm' }, { "env", required_argument, NULL, 'e' },
	{ "unset", required_argument, NULL, 'u' }, { "quiet-busy", no_argument, NULL, 'q' },
	{ "tail", required_argument, NULL, TAIL }, { "as", required_argument, NULL, AS },
	{ "progress", required_argument, NULL, PROGRESS }, { "dry-run", no_argument, NULL, DRY_RUN },
	{ NULL, 0, NULL, 0 },
};

static const struct cli cli = {
	"otelop-spawn",
	"otelop-spawn [-hqV] [-C DIR] [-l LOG] [-t TIME] [-d DIR] [-m UMASK] [-e VAR=VALUE]... "
	"[-u VAR]... [--tail N] [--as NAME] [--progress TEXT] [--dry-run] [--] CMD [ARG...]",
	"C:l:t:d:m:e:u:q", long_options,
};

#define TAIL_BYTES 65536	/* of the log's end, where the last lines are looked for */
#define END_GRACE_MS 5000
#define PROGRESS_COLUMNS 66

struct request {
	const char *given;		/* -C */
	const char *log;		/* -l, or NULL: the state directory's */
	char log_path[OTELOP_PATH_SIZE];
	int quiet_busy;
	long tail;
	const char *as;			/* begins messages instead of our name and CMD's */
	const char *progress;
	int dry_run;
	int shows_progress;		/* a line for a terminal is shown at the moment */
	pid_t *spared;			/* children from before, which are none of the daemon's */
	size_t spared_count;
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
	while ((option = cli_option(&cli, argc, argv)) != -1)
		switch (option) {
		case 'C':
			request->given = optarg;
			break;
		case 'l':
			request->log = optarg;
			break;
		case 't':
			request->spawn.timeout_ms = cli_duration(&cli, "-t", optarg);
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
		}
	if (optind >= argc)
		cli_usage_error(&cli, "no command");
}

/* The default log is as trustworthy as the directory it is in; any other is the user's business. */
static int
open_log(struct request *request, const char *dir)
{
	struct otelop_message message;
	int dir_fd;

	if (request->log != NULL) {
		request->spawn.log = request->log;
		return io_format(request->log_path, sizeof(request->log_path), "%s", request->log);
	}
	if (otelop_log_file(dir, request->log_path, sizeof(request->log_path)) < 0) {
		message_errno(&message, "%s: cannot name the log", dir);
		cli_fail(&cli, CLI_FAILED, &message);
	}
	if ((dir_fd = statedir_open(dir, &message)) < 0 ||
	    (request->spawn.log_fd = statedir_open_file(dir_fd, dir, STATEDIR_LOG,
	    O_WRONLY | O_APPEND | O_CREAT, &message)) < 0)
		cli_fail(&cli, CLI_FAILED, &message);
	io_close(&dir_fd);
	return 0;
}

static void
show_progress(void *argument, int64_t waited_ms)
{
	struct request *request = argument;
	size_t length = strlen(request->progress);

	/* It must leave room for the time: on a terminal only one line can be cleared. */
	if (length > PROGRESS_COLUMNS)
		length = json_utf8_whole(request->progress, PROGRESS_COLUMNS);
	request->shows_progress = 1;
	fputs("\r\033[K", stderr);
	cli_put_clean(request->progress, length, stderr);
	fprintf(stderr, " (%lld s)", (long long)(waited_ms / 1000));
	fflush(stderr);
}

static void
clear_progress(const struct request *request)
{
	if (request->shows_progress) {
		fputs("\r\033[K", stderr);
		fflush(stderr);
	}
}

static void
say(const struct request *request, const char *command, const char *text)
{
	if (request->as != NULL)
		cli_say(&(struct cli){ .name = request->as }, "%s", text);
	else
		cli_say(&cli, "%s: %s", command, text);
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

/* What the daemon wrote to the log during this start, its end. */
static void
show_tail(const struct request *request, const struct otelop_spawn_result *result)
{
	char bytes[TAIL_BYTES];
	const char *from;
	struct stat found;
	off_t start = (off_t)result->log_start;
	ssize_t length;
	int fd;

	if (request->tail == 0 || result->log_start < 0 ||
	    (fd = open(request->log_path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)) < 0)
		return;
	if (fstat(fd, &found) == 0) {
		if (found.st_size < start)
			start = 0;	/* it was rotated meanwhile */
		if (found.st_size - start > TAIL_BYTES)
			start = found.st_size - TAIL_BYTES;
		if (lseek(fd, start, SEEK_SET) >= 0 &&
		    (length = io_read_all(fd, bytes, sizeof(bytes))) > 0) {
			from = last_lines(bytes, (size_t)length, request->tail);
			io_write_all(STDERR_FILENO, from, (size_t)(bytes + length - from));
			if (bytes[length - 1] != '\n')
				io_write_all(STDERR_FILENO, "\n", 1);
		}
	}
	io_close(&fd);
}

/* Is it the lock that made the child busy?  otelop-run says so; of any other it must be seen. */
static int
is_lock_held(const struct request *request, const struct otelop_spawn_result *result)
{
	struct otelop_metadata metadata;
	struct otelop_message unsaid;

	return result->said || otelop_running(request->spawn.state_dir, &metadata, &unsaid) == 1;
}

static void
explain(const struct request *request, const struct otelop_spawn_result *result,
    const char *command)
{
	char line[OTELOP_PATH_SIZE + 8];

	if (result->status == CLI_BUSY && request->quiet_busy && is_lock_held(request, result))
		return;
	say(request, command, result->reason.text);
	/* Where nothing ran, the log has nothing to add; and where one runs already, it is that one's. */
	if (result->child == 0 || (result->status == CLI_BUSY && result->said))
		return;
	show_tail(request, result);
	io_format(line, sizeof(line), "log: %s", request->log_path);
	say(request, command, line);
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
		cli_fail(&cli, CLI_FAILED, &message);
	}
	if (exec_find(command) == 0)
		return CLI_DONE;
	message_errno(&message, "%s: cannot run", command);
	cli_fail(&cli, exec_status(errno), &message);
}

/* A pid that cannot be told is no answer: then there is no daemon either. */
static int
print_pid(const struct request *request, const struct otelop_spawn_result *result)
{
	struct process_tree tree = { .root = result->child, .adopted = request->spared != NULL,
	    .spared = request->spared, .spared_count = request->spared_count };
	int status;

	printf("%ld\n", (long)result->pid);
	if ((status = cli_end(&cli, CLI_DONE)) != CLI_DONE)
		process_tree_end(&tree, END_GRACE_MS);
	return status;
}

int
main(int argc, char *argv[])
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, 0 };
	struct request request = { .tail = 10, .spawn = { .timeout_ms = 60000, .adopt = 1 } };
	struct otelop_spawn_result result;
	struct otelop_message message;
	char dir[OTELOP_PATH_SIZE];
	const char **variables;

	cli_begin(&cli);
	/* An answer that nobody takes is told, and the daemon ended; for the child they are reset. */
	sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
	sigaction(SIGXFSZ, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
	if ((variables = calloc((size_t)argc * 2 + 2, sizeof(*variables))) == NULL ||
	    (request.spawn.interrupt_fd = sigpipe_open(signals)) < 0) {
		message_errno(&message, "signals: cannot catch");
		cli_fail(&cli, CLI_FAILED, &message);
	}
	parse(&request, variables, variables + argc + 1, argc, argv);
	if (request.dry_run)
		return try(&request, argv[optind]);
	cli_need_stdout(&cli);
	cli_ensure_state_dir(&cli, request.given, dir);
	request.spawn.state_dir = dir;
	if (open_log(&request, dir) < 0) {
		message_errno(&message, "%s: cannot use as log", request.log);
		cli_fail(&cli, CLI_FAILED, &message);
	}
	if (request.progress != NULL && isatty(STDERR_FILENO)) {
		request.spawn.tick = show_progress;
		request.spawn.tick_argument = &request;
	}
	process_earlier(0, 0, &request.spared, &request.spared_count);
	otelop_spawn(&request.spawn, argv + optind, &result);
	clear_progress(&request);
	free(variables);
	if (result.status == 0)
		result.status = print_pid(&request, &result);
	else
		explain(&request, &result, argv[optind]);
	free(request.spared);
	return result.status;
}
