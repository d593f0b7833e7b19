/*
 * The storm's daemon, and the watcher of its daemons.  Neither uses anything of otelop's library:
 * what they see, they see by themselves.
 *
 * A daemon, in the event log (event.h),
 *
 *   - takes a lock of its own (F_SETLK, outside of the state directory) when it is born, and a
 *     second one when it is published.  The kernel lets go of them before it lets go of the flock
 *     that otelop holds, so a refusal (`overlap`) says that another daemon lives;
 *   - finds out by itself that it is published: otelop.json is the file that it holds the lock on;
 *   - from then on until its end looks, again and again, whether the file is still there, complete,
 *     locked and its own (`broken`), or another one that names it (`moved`): then it was published
 *     again, and its own copy of the lock holds nothing;
 *   - if it is told to, lets go of its lock (`letgo`), or asks for a restart from inside (`inside`);
 *   - logs every look, so that the log shows it alive and published in between.
 *
 * The watcher holds a pidfd of every daemon and of its parent and logs their end, whatever it was.
 *
 * Signals are blocked and taken by sigtimedwait: nothing happens behind the program's back.
 */
#define _GNU_SOURCE	/* pidfd, SO_PEERCRED */

#include "event.h"

#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#define LOOK_UNPUBLISHED_NS (2 * MS)
#define LOOK_PUBLISHED_NS (20 * MS)
#define LOG_NOT_YET_NS (20 * MS)

enum arena_byte { LIFE, PUBLISHED };

static int arena_fd = -1;

/* A daemon. */

struct daemon {
	const char *name;
	const char *mode;
	const char *path;	/* of otelop.json */
	int lock_fd;
	struct stat own;	/* the file that is its own */
	int has_let_go;		/* the file may be unlocked */
	int has_closed;		/* nothing keeps the number of its file from another one */
	pid_t asker;		/* otelop restart, from inside; or 0 */
	pid_t parent;
	int is_ours;		/* otelop-run is the parent: the file has a state */
	int has[2];		/* bytes of the arena */
	int is_published;
	int64_t not_yet_at;	/* the last look that did not find it published */
	int64_t not_yet_logged;
	int64_t delay, crash, linger, keep, life;
	int64_t unlock, share, close, restart;	/* -1: never */
	int workers;
};

/* Once for each byte: a refusal is logged, then tried again at every look. */
static void
take(struct daemon *daemon, enum arena_byte byte)
{
	static const char *const names[] = { "life", "published" };
	static int said[2];
	struct flock want = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };
	struct flock other = want;

	if (daemon->has[byte])
		return;
	if (fcntl(arena_fd, F_SETLK, &want) == 0) {
		daemon->has[byte] = 1;
		return;
	}
	if (said[byte])
		return;
	said[byte] = 1;
	fcntl(arena_fd, F_GETLK, &other);
	say("overlap of=%s holder=%ld", names[byte], other.l_type == F_UNLCK ? 0L : (long)other.l_pid);
}

/* otelop.json as it must be while a published daemon lives; what is wrong, or NULL. */
static const char *
look_at_file(const struct daemon *daemon, struct stat *found)
{
	char text[65537], pid[64];
	const char *wrong = NULL;
	ssize_t length = 0;
	int fd;

	if ((fd = open(daemon->path, O_RDONLY | O_CLOEXEC)) < 0)
		return "gone";
	if (fstat(fd, found) < 0)
		wrong = "unknown";
	else if (!daemon->has_let_go && flock(fd, LOCK_SH | LOCK_NB) == 0)
		wrong = is_same(&daemon->own, found) ? "unlocked" : "replaced";
	else if ((length = read(fd, text, sizeof(text) - 1)) < 2 || text[0] != '{' ||
	    strncmp(text + length - 2, "}\n", 2) != 0)
		wrong = "incomplete";
	close(fd);
	if (wrong != NULL)
		return wrong;
	text[length] = '\0';
	snprintf(pid, sizeof(pid), "\"pid\": %ld,", (long)getpid());
	if (strstr(text, pid) == NULL)
		return "not-mine";
	if (daemon->is_ours && strstr(text, "\"state\": \"ready\"") == NULL)
		return "not-ready";
	return NULL;
}

/* At its file, which is published; or at another one that has the name. */
static void
look_at_own(struct daemon *daemon)
{
	struct stat found;
	int64_t began = now_ns();
	const char *wrong = look_at_file(daemon, &found);

	if (wrong != NULL) {
		say("broken file=%s", wrong);
		return;
	}
	if (!is_same(&daemon->own, &found)) {
		daemon->own = found;
		daemon->has_let_go = 1;
		say("moved");
	}
	say("holds at=%lld", (long long)began);
}

static int
names_my_file(const struct daemon *daemon)
{
	struct stat found;

	if (stat(daemon->path, &found) < 0)
		return 0;
	if (is_same(&daemon->own, &found) && !daemon->has_closed)
		return 1;
	return (daemon->is_ours || daemon->has_closed) && look_at_file(daemon, &found) == NULL;
}

static void
look(struct daemon *daemon)
{
	int64_t began = now_ns();

	take(daemon, LIFE);
	if (daemon->is_published) {
		take(daemon, PUBLISHED);
		look_at_own(daemon);
	} else if (names_my_file(daemon)) {
		daemon->is_published = 1;
		take(daemon, PUBLISHED);
		say("published since=%lld", (long long)daemon->not_yet_at);
		look_at_own(daemon);
	} else {
		daemon->not_yet_at = began;
		if (began - daemon->not_yet_logged >= LOG_NOT_YET_NS) {
			daemon->not_yet_logged = began;
			say("waits");
		}
	}
}

/* What a shell daemon does: call otelop-ready. */
static void
call_ready(const char *option, const char *word)
{
	sigset_t none;
	pid_t pid = fork();

	if (pid == 0) {
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		execlp("otelop-ready", "otelop-ready", option, word, (char *)NULL);
		_exit(99);
	}
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static void
begin_to_listen(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, 1) < 0)
		say("trouble what=listen errno=%d", errno);
}

static void
become_ready(const struct daemon *daemon)
{
	say("ready");
	if (strcmp(daemon->mode, "fd") == 0) {
		call_ready("storm=yes", NULL);
	} else if (strcmp(daemon->mode, "listen") == 0) {
		begin_to_listen();
	} else if (strcmp(daemon->mode, "err") == 0) {
		call_ready("-e", "the storm says no");
		say("end how=err");
		_exit(1);
	} else if (strcmp(daemon->mode, "die") == 0) {
		say("end how=die");
		_exit(3);
	}
}

/*
 * A worker holds what its daemon held, the lock too; when the daemon is gone it ends, but not at
 * once.
 */
static void
work(const struct daemon *daemon, pid_t parent)
{
	int64_t end = FOREVER;
	char line[64];
	sigset_t set;

	block_signals(&set);
	snprintf(line, sizeof(line), "worker %ld %ld", (long)getpid(), (long)parent);
	be_watched(line);
	while (now_ns() < end && next_signal(&set, now_ns() + 20 * MS) != SIGTERM)
		if (end == FOREVER && getppid() != parent)
			end = now_ns() + daemon->keep;
	_exit(0);
}

static void
start_workers(const struct daemon *daemon)
{
	pid_t self = getpid();
	int i;

	for (i = 0; i < daemon->workers; i++)
		if (fork() == 0)
			work(daemon, self);
}

static void
crash(struct daemon *daemon)
{
	struct rlimit none = { 0, 0 };

	look(daemon);
	say("end how=crash");
	setrlimit(RLIMIT_CORE, &none);
	if (getpid() % 2)
		_exit(7);
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
}

/* What any child can do to the lock: its copy is of the same description. */
static void
change_lock(struct daemon *daemon, int operation)
{
	pid_t pid;

	say("letgo how=%s", operation == LOCK_UN ? "unlock" : "share");
	daemon->has_let_go = 1;
	if ((pid = fork()) == 0)
		_exit(flock(daemon->lock_fd, operation) < 0);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* What daemons do that mean well. */
static void
close_all(struct daemon *daemon)
{
	int fd;

	say("letgo how=close");
	daemon->has_let_go = daemon->has_closed = 1;
	for (fd = 3; fd < 256; fd++)
		if (fd != log_fd && fd != arena_fd)
			close(fd);
}

static void
ask_for_restart(struct daemon *daemon)
{
	sigset_t none;

	if ((daemon->asker = fork()) != 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execlp("otelop", "otelop", "restart", (char *)NULL);
	_exit(99);
}

static void
hear_answer(struct daemon *daemon)
{
	int status;

	if (daemon->asker <= 0 || waitpid(daemon->asker, &status, WNOHANG) != daemon->asker)
		return;
	daemon->asker = 0;
	say("inside status=%d published=%d",
	    WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), daemon->is_published);
}

/* What is done once, when its time has come; the time of what is left. */
static int64_t
do_once(struct daemon *daemon, int64_t born)
{
	int64_t *times[] = { &daemon->unlock, &daemon->share, &daemon->close, &daemon->restart };
	int64_t next = FOREVER;
	size_t i;

	for (i = 0; i < 4; i++) {
		if (*times[i] < 0)
			continue;
		if (now_ns() < born + *times[i]) {
			if (born + *times[i] < next)
				next = born + *times[i];
			continue;
		}
		*times[i] = -1;
		if (i < 2)
			change_lock(daemon, i == 0 ? LOCK_UN : LOCK_SH);
		else if (i == 2)
			close_all(daemon);
		else
			ask_for_restart(daemon);
	}
	return next;
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void
live(struct daemon *daemon, const sigset_t *set)
{
	int64_t born = now_ns(), at_ready = born + daemon->delay;
	int64_t at_crash = daemon->crash < 0 ? FOREVER : born + daemon->crash;
	int64_t at_end = born + daemon->life;	/* whatever goes wrong, nothing stays for long */

	if (strcmp(daemon->mode, "exec") == 0 || strcmp(daemon->mode, "mute") == 0)
		at_ready = FOREVER;
	for (;;) {
		int64_t now, next, once = do_once(daemon, born);

		look(daemon);
		hear_answer(daemon);
		now = now_ns();
		if (now >= at_end)
			break;
		if (now >= at_crash)
			crash(daemon);
		if (now >= at_ready) {
			become_ready(daemon);
			at_ready = FOREVER;
			continue;
		}
		next = now + (daemon->is_published ? LOOK_PUBLISHED_NS : LOOK_UNPUBLISHED_NS);
		next = earlier(earlier(next, at_end), earlier(once, earlier(at_crash, at_ready)));
		switch (next_signal(set, next)) {
		case SIGTERM:
		case SIGINT:
		case SIGHUP:
		case SIGQUIT:
			say("term");
			at_end = earlier(at_end, now_ns() + daemon->linger);
		}
	}
	say("end how=term");
	_exit(0);
}

static int
be_daemon(int argc, char *argv[])
{
	struct daemon daemon = { .name = argv[1], .mode = argv[2], .lock_fd = -1, .crash = -1,
	    .life = 20000 * MS, .unlock = -1, .share = -1, .close = -1, .restart = -1 };
	const char *lock = getenv("OTELOP_LOCK_FD");
	char path[4096], line[64], parent[32];
	sigset_t set;

	block_signals(&set);
	open_log();
	for (argv += 3; argc > 3; argv++, argc--) {
		daemon.delay = option_ms(*argv, "delay", daemon.delay);
		daemon.crash = option_ms(*argv, "crash", daemon.crash);
		daemon.linger = option_ms(*argv, "linger", daemon.linger);
		daemon.keep = option_ms(*argv, "keep", daemon.keep);
		daemon.life = option_ms(*argv, "life", daemon.life);
		daemon.workers = option_ms(*argv, "workers", daemon.workers * MS) / MS;
		daemon.unlock = option_ms(*argv, "unlock", daemon.unlock);
		daemon.share = option_ms(*argv, "share", daemon.share);
		daemon.close = option_ms(*argv, "close", daemon.close);
		daemon.restart = option_ms(*argv, "restart", daemon.restart);
	}
	snprintf(path, sizeof(path), "%s/otelop.json", need("OTELOP_STATE_DIR"));
	daemon.path = path;
	daemon.parent = getppid();
	parent_name(daemon.parent, parent, sizeof(parent));
	daemon.is_ours = strcmp(parent, "otelop-run") == 0;
	daemon.not_yet_at = now_ns();
	say("born name=%s mode=%s op=%s parent=%ld under=%s workers=%d", daemon.name, daemon.mode,
	    need("STORM_OP"), (long)daemon.parent, parent, daemon.workers);
	snprintf(line, sizeof(line), "daemon %ld %ld", (long)getpid(), (long)daemon.parent);
	be_watched(line);
	if (lock == NULL || fstat(daemon.lock_fd = atoi(lock), &daemon.own) < 0) {
		say("broken file=no-descriptor");
		return 1;
	}
	if ((arena_fd = open(need("STORM_ARENA"), O_RDWR | O_CLOEXEC)) < 0)
		return 99;
	look(&daemon);
	start_workers(&daemon);
	live(&daemon, &set);
	return 0;
}

/* Somebody whose number stands in old metadata: no signal may ever reach it. */
static int
be_bystander(void)
{
	sigset_t set;

	block_signals(&set);
	open_log();
	be_watched("bystander");
	say("stands");
	for (;;) {
		int number = next_signal(&set, now_ns() + 1000 * MS);

		if (number != 0)
			say("hit signal=%d", number);
		if (getppid() != (pid_t)atol(need("STORM_DRIVER")))
			return 0;
	}
}

/* The watcher. */

struct watched {
	int pidfd;
	pid_t pid;
	const char *as;
	pid_t of;
};

static void
watch(int poll_fd, pid_t pid, const char *as, pid_t of)
{
	struct watched *watched = calloc(1, sizeof(*watched));
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = watched };

	if (watched == NULL)
		_exit(99);
	watched->pid = pid;
	watched->as = as;
	watched->of = of;
	watched->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (watched->pidfd < 0 ||
	    epoll_ctl(poll_fd, EPOLL_CTL_ADD, watched->pidfd, &event) < 0) {
		say("gone pid=%ld as=%s of=%ld", (long)pid, as, (long)of);
		free(watched);
	}
}

static void
take_caller(int listener, int poll_fd)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	struct ucred caller;
	socklen_t size = sizeof(caller);
	long parent, self;
	char line[128];
	ssize_t n;

	if (fd < 0)
		return;
	n = recv(fd, line, sizeof(line) - 1, 0);
	line[n < 0 ? 0 : n] = '\0';
	if (n > 0 && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &caller, &size) == 0) {
		if (sscanf(line, "daemon %ld %ld", &self, &parent) == 2) {
			watch(poll_fd, caller.pid, "daemon", caller.pid);
			watch(poll_fd, (pid_t)parent, "parent", caller.pid);
		} else if (sscanf(line, "worker %ld %ld", &self, &parent) == 2) {
			watch(poll_fd, caller.pid, "worker", (pid_t)parent);
		} else {
			watch(poll_fd, caller.pid, "bystander", caller.pid);
		}
	}
	close(fd);
}

/* Until standard input ends. */
static int
be_watcher(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct epoll_event events[16];
	int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	int poll_fd = epoll_create1(EPOLL_CLOEXEC), i, count;
	struct watched driver = { 0 }, socket_itself = { 0 };

	open_log();
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", need("STORM_WATCHER"));
	events[0] = (struct epoll_event){ .events = EPOLLIN, .data.ptr = &socket_itself };
	events[1] = (struct epoll_event){ .events = EPOLLIN, .data.ptr = &driver };
	if (listener < 0 || poll_fd < 0 ||
	    bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(listener, 1024) < 0 ||
	    epoll_ctl(poll_fd, EPOLL_CTL_ADD, listener, &events[0]) < 0 ||
	    epoll_ctl(poll_fd, EPOLL_CTL_ADD, STDIN_FILENO, &events[1]) < 0) {
		fprintf(stderr, "stormd: cannot watch\n");
		return 99;
	}
	say("watches");
	while ((count = epoll_wait(poll_fd, events, 16, -1)) >= 0 || errno == EINTR)
		for (i = 0; i < count; i++) {
			struct watched *watched = events[i].data.ptr;

			if (watched == &driver)
				return 0;
			if (watched == &socket_itself) {
				take_caller(listener, poll_fd);
				continue;
			}
			say("gone pid=%ld as=%s of=%ld", (long)watched->pid, watched->as,
			    (long)watched->of);
			close(watched->pidfd);
			free(watched);
		}
	return 99;
}

int
main(int argc, char *argv[])
{
	if (argc == 2 && strcmp(argv[1], "watch") == 0)
		return be_watcher();
	if (argc == 2 && strcmp(argv[1], "bystander") == 0)
		return be_bystander();
	if (argc >= 3)
		return be_daemon(argc, argv);
	fprintf(stderr, "usage: stormd watch | bystander | NAME MODE [KEY=MS...]\n");
	return 2;
}
