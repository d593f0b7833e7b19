/*
 * refuse ERRNO CALL... -- COMMAND [ARG...]: COMMAND, and all that it starts, on a kernel that answers ERRNO (ENOSYS, EPERM or
 * ENOENT) to these calls, by seccomp(2).  calls[] has them, and two words more: `children` are the lists
 * /proc/PID/task/TID/children, for which the names that are opened are looked at from outside; `list` instead of
 * all of it prints the CALLs.
 */
#define _GNU_SOURCE	/* MSG_CMSG_CLOEXEC */
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANY (-1)

/* A call; where only some uses of it are meant, up to two of its arguments and what they then are. */
static const struct call {
	const char *name;
	int number;
	int argument[2];
	unsigned value[2];
} calls[] = {
	{ "pidfd_open", SYS_pidfd_open, { ANY, ANY }, { 0, 0 } },
	{ "pidfd_send_signal", SYS_pidfd_send_signal, { ANY, ANY }, { 0, 0 } },
	{ "close_range", SYS_close_range, { ANY, ANY }, { 0, 0 } },
	{ "clone3", SYS_clone3, { ANY, ANY }, { 0, 0 } },
	{ "prctl", SYS_prctl, { ANY, ANY }, { 0, 0 } },
	{ "waitid_pidfd", SYS_waitid, { 0, ANY }, { 3 /* P_PIDFD */, 0 } },
	{ "sock_diag", SYS_socket, { 0, 2 }, { AF_NETLINK, 4 /* NETLINK_SOCK_DIAG */ } },
	{ "openat2", SYS_openat2, { ANY, ANY }, { 0, 0 } },
	{ "renameat2", SYS_renameat2, { ANY, ANY }, { 0, 0 } },
	{ "statx", SYS_statx, { ANY, ANY }, { 0, 0 } },
	{ "inotify", SYS_inotify_init1, { ANY, ANY }, { 0, 0 } },
};

/* The calls that take a name, and which argument of theirs it is. */
static const struct call by_name[] = {
#ifdef SYS_open
	{ NULL, SYS_open, { 0, ANY }, { 0, 0 } },
#endif
	{ NULL, SYS_openat, { 1, ANY }, { 0, 0 } },
	{ NULL, SYS_openat2, { 1, ANY }, { 0, 0 } },
	{ NULL, SYS_faccessat, { 1, ANY }, { 0, 0 } },
	{ NULL, SYS_faccessat2, { 1, ANY }, { 0, 0 } },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct sock_filter program[256];
static unsigned short used;

static void
die(const char *what)
{
	fprintf(stderr, "refuse: %s: %s\n", what, strerror(errno));
	exit(125);
}

static void
add(unsigned short code, unsigned k, unsigned char yes, unsigned char no)
{
	program[used++] = (struct sock_filter){ code, yes, no, k };
}

/* The lower half of an argument, which is all that those above have. */
static void
load_argument(int which)
{
	add(BPF_LD | BPF_W | BPF_ABS, (unsigned)(offsetof(struct seccomp_data, args) + sizeof(__u64) * (size_t)which
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	    + sizeof(__u32)
#endif
	    ), 0, 0);
}

static void
add_call(const struct call *call, unsigned answer)
{
	unsigned char conditions = (unsigned char)((call->argument[0] != ANY) + (call->argument[1] != ANY));
	int i;

	add(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	add(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call->number, 0, (unsigned char)(1 + 2 * conditions));
	for (i = 0; i < 2; i++)
		if (call->argument[i] != ANY) {
			load_argument(call->argument[i]);
			conditions--;
			add(BPF_JMP | BPF_JEQ | BPF_K, call->value[i], 0, (unsigned char)(1 + 2 * conditions));
		}
	add(BPF_RET | BPF_K, answer, 0, 0);
}

static int
number_of(const char *name)
{
	return strcmp(name, "ENOSYS") == 0 ? ENOSYS : strcmp(name, "EPERM") == 0 ? EPERM :
	    strcmp(name, "ENOENT") == 0 ? ENOENT : 0;
}

/* Install the filter.  A descriptor on which somebody asks about names; -1: nobody does. */
static int
install(int asks)
{
	struct sock_fprog filter = { used, program };
	long fd;

	/* Without privileges only together with this, which takes those of setuid programs. */
	fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, asks ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0, &filter);
	if (fd < 0 && errno == EACCES) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, asks ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0, &filter);
	}
	if (fd < 0)
		die("seccomp");
	return asks ? (int)fd : -1;
}

/* Pass a descriptor over a socket: send it, or (-1) receive one. */
static int
hand_over(int socket, int fd)
{
	char byte = 0, room[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec bytes = { &byte, 1 };
	struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	if (fd < 0) {
		if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) <= 0 || (header = CMSG_FIRSTHDR(&message)) == NULL)
			die("recvmsg");
		memcpy(&fd, CMSG_DATA(header), sizeof(fd));
		return fd;
	}
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	return sendmsg(socket, &message, 0) < 0 ? -1 : 0;
}

/* Is it the name of a list of children?  A name that ends a page cannot be one: it is read as far as it goes. */
static int
is_children(const struct seccomp_notif *asked)
{
	static const char list[] = "children";
	char path[64], name[4097];
	ssize_t n = -1;
	size_t i, length, argument = 1;
	int fd;

	for (i = 0; i < COUNT(by_name); i++)
		if (asked->data.nr == by_name[i].number)
			argument = (size_t)by_name[i].argument[0];
	snprintf(path, sizeof(path), "/proc/%u/mem", asked->pid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) >= 0) {
		n = pread(fd, name, sizeof(name) - 1, (off_t)asked->data.args[argument]);
		close(fd);
	}
	if (n <= 0)
		return 0;
	name[n] = '\0';
	length = strlen(name);
	return length >= sizeof(list) && name[length - sizeof(list)] == '/' &&
	    strcmp(name + length - (sizeof(list) - 1), list) == 0;
}

static void
answer(int listener, int reason)
{
	struct seccomp_notif asked;
	struct seccomp_notif_resp said;

	memset(&asked, 0, sizeof(asked));
	memset(&said, 0, sizeof(said));
	/* Who has been killed meanwhile asks no more. */
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) < 0)
		return;
	said.id = asked.id;
	if (is_children(&asked))
		said.error = -reason;
	else
		said.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &said);
}

/* Answer all who ask until the command has ended. */
static int
serve(int listener, pid_t child, int reason)
{
	struct pollfd watched[2] = { { .fd = listener, .events = POLLIN }, { .events = POLLIN } };
	int status;

	if ((watched[1].fd = (int)syscall(SYS_pidfd_open, child, 0)) < 0)
		die("pidfd_open");
	while (poll(watched, 2, -1) < 0 ? errno == EINTR : watched[1].revents == 0)
		if (watched[0].revents & POLLIN)
			answer(listener, reason);
	if (waitpid(child, &status, 0) != child)
		die("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int
begin(char **command, int asks, int reason)
{
	int pair[2], listener;
	pid_t child;

	if (!asks) {
		install(0);
		execvp(command[0], command);
		die(command[0]);
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0 || (child = fork()) < 0)
		die("fork");
	if (child == 0) {
		listener = install(1);
		if (hand_over(pair[1], listener) < 0)
			die("sendmsg");
		close(listener);
		execvp(command[0], command);
		die(command[0]);
	}
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	return serve(hand_over(pair[0], -1), child, reason);
}

static int
usage(void)
{
	fprintf(stderr, "usage: refuse ENOSYS | EPERM | ENOENT CALL... -- COMMAND [ARG...]\n       refuse list\n");
	return 2;
}

int
main(int argc, char *argv[])
{
	int reason = argc > 1 ? number_of(argv[1]) : 0, asks = 0;
	size_t i;

	if (argc == 2 && strcmp(argv[1], "list") == 0) {
		for (i = 0; i < COUNT(calls); i++)
			puts(calls[i].name);
		puts("children");
		return 0;
	}
	if (reason == 0)
		return usage();
	for (argv += 2; *argv != NULL && strcmp(*argv, "--") != 0; argv++) {
		for (i = 0; i < COUNT(calls) && strcmp(*argv, calls[i].name) != 0; i++)
			;
		if (i < COUNT(calls))
			add_call(&calls[i], SECCOMP_RET_ERRNO | (unsigned)reason);
		else if (strcmp(*argv, "children") == 0)
			asks = 1;
		else
			return usage();
	}
	if (argv[0] == NULL || argv[1] == NULL || used > COUNT(program) - 64)
		return usage();
	for (i = 0; asks && i < COUNT(by_name); i++) {
		struct call call = by_name[i];

		call.argument[0] = ANY;
		add_call(&call, SECCOMP_RET_USER_NOTIF);
	}
	add(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
	return begin(argv + 1, asks, reason);
}
