/*
 * A daemon as upstream's is: it keeps its file and its lock by upstream's protocol, with all that this
 * leaves open.
 *
 *	write otelop.json.tmp, which it truncates
 *	rename it over otelop.json, whatever that is
 *	a moment later open otelop.json and flock(EX|NB): refused is the end
 *	the ready line
 *	at its end unlink otelop.json, whatever that is
 *
 * Upstream's probe is flock(EX|NB) on otelop.json; a careful daemon probes before it begins.
 *
 * Upstream's programs disturb each other by this.  They are not what is tried, so a lock outside of the state
 * directory keeps their probes and each other's beginnings out of the moment between rename and flock:
 * whoever has the file then is one of ours (`refused`, with the file's age).
 */
#define _GNU_SOURCE

#include "event.h"

#include <sys/file.h>

#define LOOK_NS (20 * MS)

static int mutex_fd = -1;

static void
open_mutex(int operation)
{
	if ((mutex_fd = open(need("STORM_MUTEX"), O_RDWR | O_CLOEXEC)) < 0 || flock(mutex_fd, operation) < 0)
		_exit(99);
}

/* 1: held; 0. */
static int
probe(const char *path)
{
	int fd, held;

	open_mutex(LOCK_SH);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	held = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0;
	close(fd);
	close(mutex_fd);
	return held;
}

static void
write_file(const char *path, struct stat *written)
{
	char text[512];
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int length = snprintf(text, sizeof(text), "{\n  \"pid\": %ld,\n  \"startedAt\": \"2026-01-02T03:04:05Z\",\n"
	    "  \"httpAddr\": \"\",\n  \"otlpGrpcAddr\": \"\",\n  \"otlpHttpAddr\": \"\",\n  \"proxyUrl\": \"\",\n"
	    "  \"proxyProtocol\": \"\",\n  \"version\": \"storm\"\n}\n", (long)getpid());

	if (fd < 0 || write(fd, text, length) != length || fstat(fd, written) < 0)
		_exit(98);	/* the directory may have gone */
	close(fd);
}

static void
tell(const char *line)
{
	if (getenv("OTELOP_DAEMONIZED") == NULL)
		return;
	if (write(3, line, strlen(line)) < 0)
		say("trouble what=verdict errno=%d", errno);
	close(3);
}

static void
refuse(const char *file, int64_t renamed)
{
	say("refused file=%s age_us=%lld", file, (long long)(now_ns() - renamed) / 1000);
	tell("err:another daemon has the lock\n");
	exit(1);
}

/* The lock of what has just been published. */
static int
publish(const char *path, int64_t gap, struct stat *own)
{
	char temporary[4096];
	struct stat found;
	int64_t renamed;
	int fd;

	snprintf(temporary, sizeof(temporary), "%s.tmp", path);
	open_mutex(LOCK_EX);
	write_file(temporary, own);
	say("vanish how=rename");
	renamed = now_ns();
	if (rename(temporary, path) < 0)
		_exit(98);
	say("vanished");
	usleep((useconds_t)(gap / 1000));
	if ((fd = open(path, O_RDWR | O_CLOEXEC)) < 0)
		refuse("gone", renamed);
	if (fstat(fd, &found) < 0 || !is_same(own, &found))
		refuse("replaced", renamed);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		refuse("locked", renamed);
	say("published since=%lld", (long long)renamed);
	close(mutex_fd);
	return fd;
}

static void
look(const char *path, const struct stat *own)
{
	int64_t began = now_ns();
	struct stat found;

	if (stat(path, &found) < 0)
		say("broken file=gone");
	else if (!is_same(own, &found))
		say("broken file=replaced");
	else
		say("holds at=%lld", (long long)began);
}

static int
be_daemon(const char *path, int argc, char *argv[])
{
	int64_t gap = 0, end = now_ns() + 20000 * MS;
	char line[64], parent[32];
	struct stat own;
	sigset_t set;
	int number, careful = 0;

	for (; argc > 0; argv++, argc--) {
		gap = option_ms(*argv, "gap", gap);
		careful |= strcmp(*argv, "careful") == 0;
	}
	if (careful && probe(path)) {
		fprintf(stderr, "already running\n");
		return 75;
	}
	block_signals(&set);
	parent_name(getppid(), parent, sizeof(parent));
	say("born name=upstream mode=upstream op=%s parent=%ld under=%s workers=0", need("STORM_OP"),
	    (long)getppid(), parent);
	snprintf(line, sizeof(line), "daemon %ld %ld", (long)getpid(), (long)getppid());
	be_watched(line);
	publish(path, gap, &own);
	say("ready");
	tell("ok\n");
	do {
		look(path, &own);
		number = next_signal(&set, now_ns() + LOOK_NS);
	} while (number != SIGTERM && number != SIGINT && now_ns() < end);
	say("end how=term");
	open_mutex(LOCK_SH);
	say("vanish how=unlink");
	unlink(path);
	say("vanished");
	return 0;
}

int
main(int argc, char *argv[])
{
	char path[4096];

	open_log();
	snprintf(path, sizeof(path), "%s/otelop.json", need("OTELOP_STATE_DIR"));
	if (argc == 2 && strcmp(argv[1], "probe") == 0)
		return probe(path) ? 0 : 3;
	if (argc >= 2 && strcmp(argv[1], "daemon") == 0)
		return be_daemon(path, argc - 2, argv + 2);
	fprintf(stderr, "usage: upstreamd probe | daemon [careful] [gap=MS]\n");
	return 2;
}
