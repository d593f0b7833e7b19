/*
 * turns [-f] ROUNDS { SIDE VERB WORD... ; }...
 *
 * Times one command, or two that take turns, as whole processes: from before the fork until it is reaped.  The output
 * is a line a round, with a number of nanoseconds for each `run' of side 0, then of side 1.
 *
 *	run CMD...	is timed
 *	do CMD...	is run at its place, and not timed
 *	pause MS	sleeps at its place
 *	set VAR=VALUE	into the environment of what that side runs
 *	nofile N	its limit of open descriptors, as a soft limit
 *	status N	what its next `run' has to end with (0)
 *
 * What adds to each number is one vfork, one exec and one wait.  The commands are searched for before, descriptors 0
 * and 1 are /dev/null, and what they say on 2 stays in memory until one of them fails.  The driver is the parent of what
 * they leave behind, and ends it after each side's turn, so that no round disturbs the next one.  With -f the
 * driver and all that it runs go first, before other work of the machine (SCHED_RR).
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MANY 16

struct step {
	enum { STEP_RUN, STEP_DO, STEP_PAUSE } kind;
	char path[PATH_MAX];
	char **words;
	int status;
	long pause_ms;
	long long took_ns;
};

struct side {
	struct step steps[MANY];
	int count;
	char *variables[MANY];
	char **environment;
	rlim_t nofile;
};

extern char **environ;

static int errors = STDERR_FILENO;	/* where our own words go, while 2 is for those of the commands */
static int said = -1;			/* what the commands say there */

static void
die(const char *format, ...)
{
	char buffer[4096];
	ssize_t length;
	va_list arguments;

	dprintf(errors, "turns: ");
	va_start(arguments, format);
	vdprintf(errors, format, arguments);
	va_end(arguments);
	length = said < 0 ? 0 : pread(said, buffer, sizeof(buffer), 0);
	dprintf(errors, "\n%.*s", length > 0 ? (int)length : 0, buffer);
	exit(1);
}

static long
number(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text || *end != '\0' || value < 0)
		die("%s: not a number", text);
	return value;
}

static void
search(const char *name, char path[PATH_MAX])
{
	const char *rest, *end;

	if (strchr(name, '/') != NULL) {
		snprintf(path, PATH_MAX, "%s", name);
		return;
	}
	for (rest = getenv("PATH"); rest != NULL && *rest != '\0'; rest = *end == ':' ? end + 1 : end) {
		end = strchrnul(rest, ':');
		snprintf(path, PATH_MAX, "%.*s/%s", (int)(end - rest), rest, name);
		if (access(path, X_OK) == 0)
			return;
	}
	die("%s: not found", name);
}

static int
is_set_by(const struct side *side, const char *variable)
{
	size_t length = strcspn(variable, "=") + 1;
	int i;

	for (i = 0; i < MANY && side->variables[i] != NULL; i++)
		if (strncmp(side->variables[i], variable, length) == 0)
			return 1;
	return 0;
}

/* No name twice: programs differ in which one they take. */
static char **
with_variables(const struct side *side)
{
	size_t count = 0, i;
	char **environment;

	while (environ[count] != NULL)
		count++;
	environment = calloc(count + MANY + 1, sizeof(*environment));
	if (environment == NULL)
		die("no memory");
	count = 0;
	for (i = 0; i < MANY && side->variables[i] != NULL; i++)
		environment[count++] = side->variables[i];
	for (i = 0; environ[i] != NULL; i++)
		if (!is_set_by(side, environ[i]))
			environment[count++] = environ[i];
	return environment;
}

static long long
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long long)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* In the child of a vfork nothing but system calls. */
static void
run(const struct side *side, struct step *step, const struct rlimit *limit)
{
	long long began = now_ns();
	pid_t pid = vfork();
	int status;

	if (pid == 0) {
		if (side->nofile != 0)
			setrlimit(RLIMIT_NOFILE, limit);
		execve(step->path, step->words, side->environment);
		_exit(127);
	}
	if (pid < 0)
		die("cannot fork: %s", strerror(errno));
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			die("cannot wait: %s", strerror(errno));
	step->took_ns = now_ns() - began;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != step->status)
		die("%s %s: wait status %#x", step->path, step->words[1] != NULL ? step->words[1] : "", (unsigned int)status);
}

/* End every process that came to us, until there is none. */
static void
sweep(void)
{
	char list[65536], *rest, *end;
	ssize_t length;
	long pid;
	int file, status;

	while (waitpid(-1, &status, WNOHANG) >= 0) {
		file = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
		if (file < 0)
			die("/proc/thread-self/children: %s", strerror(errno));
		length = read(file, list, sizeof(list) - 1);
		close(file);
		list[length > 0 ? length : 0] = '\0';
		for (rest = list; (pid = strtol(rest, &end, 10)) > 0 && end != rest; rest = end)
			kill((pid_t)pid, SIGKILL);
		if (waitpid(-1, &status, 0) < 0)
			break;
	}
}

static void
turn(struct side *side)
{
	struct rlimit limit;
	struct timespec time;
	struct step *step;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = side->nofile;
	if (limit.rlim_max < limit.rlim_cur)
		limit.rlim_max = limit.rlim_cur;
	for (step = side->steps; step < side->steps + side->count; step++) {
		time.tv_sec = step->pause_ms / 1000;
		time.tv_nsec = step->pause_ms % 1000 * 1000000;
		if (step->kind == STEP_PAUSE)
			nanosleep(&time, NULL);
		else
			run(side, step, &limit);
	}
	sweep();
	if (ftruncate(said, 0) == 0)
		lseek(said, 0, SEEK_SET);
}

static void
add_step(struct side *side, int kind, char **words, int status)
{
	struct step *step = &side->steps[side->count++];

	if (side->count > MANY || words[0] == NULL)
		die("too many steps, or an empty one");
	step->kind = kind;
	step->status = status;
	step->words = words;
	if (kind == STEP_PAUSE)
		step->pause_ms = number(words[0]);
	else
		search(words[0], step->path);
}

/* Take the words apart in place: each `;' becomes the end of a list of words. */
static void
parse(struct side sides[2], char **words)
{
	int status[2] = { 0, 0 }, variables[2] = { 0, 0 }, of;
	struct side *side;
	char **end, *verb;

	for (; words[0] != NULL; words = end + 1) {
		of = words[0][0] == '1';
		side = &sides[of];
		for (end = words; *end != NULL && strcmp(*end, ";") != 0; end++)
			;
		if (end - words < 3 || *end == NULL)
			die("SIDE VERB WORD... ; is what is wanted");
		*end = NULL;
		verb = words[1];
		words += 2;
		if (strcmp(verb, "run") == 0) {
			add_step(side, STEP_RUN, words, status[of]);
			status[of] = 0;
		} else if (strcmp(verb, "do") == 0)
			add_step(side, STEP_DO, words, 0);
		else if (strcmp(verb, "pause") == 0)
			add_step(side, STEP_PAUSE, words, 0);
		else if (strcmp(verb, "set") == 0 && variables[of] < MANY)
			side->variables[variables[of]++] = words[0];
		else if (strcmp(verb, "nofile") == 0)
			side->nofile = (rlim_t)number(words[0]);
		else if (strcmp(verb, "status") == 0)
			status[of] = (int)number(words[0]);
		else
			die("%s: no such verb", verb);
	}
	sides[0].environment = with_variables(&sides[0]);
	sides[1].environment = with_variables(&sides[1]);
}

static void
print(FILE *out, const struct side sides[2])
{
	const char *before = "";
	int of, i;

	for (of = 0; of < 2; of++)
		for (i = 0; i < sides[of].count; i++)
			if (sides[of].steps[i].kind == STEP_RUN) {
				fprintf(out, "%s%lld", before, sides[of].steps[i].took_ns);
				before = " ";
			}
	fprintf(out, "\n");
}

int
main(int argc, char *argv[])
{
	static struct side sides[2];
	struct sched_param first = { .sched_priority = 1 };
	long rounds, round;
	int null;
	FILE *out;

	/* musl's own sched_setscheduler refuses everything. */
	if (argc > 1 && strcmp(argv[1], "-f") == 0) {
		if (syscall(SYS_sched_setscheduler, 0, SCHED_RR, &first) != 0)
			die("cannot go first: %s", strerror(errno));
		argv++;
		argc--;
	}
	if (argc < 5)
		die("usage: turns [-f] ROUNDS { SIDE VERB WORD... ; }...");
	rounds = number(argv[1]);
	parse(sides, argv + 2);
	errors = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
	out = fdopen(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10), "w");
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	said = memfd_create("said", MFD_CLOEXEC);
	if (errors < 0 || out == NULL || null < 0 || said < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
		die("cannot prepare: %s", strerror(errno));
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	/* The first round warms up the caches, and is not told. */
	for (round = 0; round <= rounds; round++) {
		dup2(said, STDERR_FILENO);
		turn(&sides[round % 2]);
		turn(&sides[1 - round % 2]);
		dup2(errors, STDERR_FILENO);
		if (round > 0)
			print(out, sides);
	}
	return fclose(out) == 0 ? 0 : 1;
}
