/*
 * world [net] [processes=N] [tcp=N] -- CMD [ARG...]: run CMD in a larger world, and take it down when CMD has ended.
 *
 * `net' is a network namespace of its own, of which only 127.0.0.0/8 is up; without privileges in a user namespace that
 * changes nobody's name. `processes' are that many others, that sleep; `tcp' are that many connections, which have two
 * ends each. A status of 77 says that this world cannot be had here.
 */
#define _GNU_SOURCE
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOT_TO_BE_HAD 77

static void
give_up(const char *what)
{
	fprintf(stderr, "world: %s: %s\n", what, strerror(errno));
	_exit(NOT_TO_BE_HAD);
}

static void
write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		give_up(path);
	close(fd);
}

static void
make_net(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	unsigned int uid = geteuid(), gid = getegid();
	char map[64];
	int fd;

	if (unshare(CLONE_NEWNET) != 0) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
			give_up("a network namespace");
		write_file("/proc/self/setgroups", "deny");
		snprintf(map, sizeof(map), "%u %u 1", uid, uid);
		write_file("/proc/self/uid_map", map);
		snprintf(map, sizeof(map), "%u %u 1", gid, gid);
		write_file("/proc/self/gid_map", map);
	}
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) != 0)
		give_up("lo");
	close(fd);
}

/* Both ends of each connection are ours, and live as long as this process. */
static void
connect_to_self(long count)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd;

	if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 128) != 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &length) != 0)
		give_up("a listener");
	while (count-- > 0) {
		fd = socket(AF_INET, SOCK_STREAM, 0);
		if (fd < 0 || connect(fd, (struct sockaddr *)&address, length) != 0 || accept(listener, NULL, NULL) < 0)
			give_up("a connection");
	}
	close(listener);
}

/* A member of the crowd, that has what it is there for when this returns. */
static void
add_member(pid_t *group, long connections)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) != 0)
		give_up("a pipe");
	pid = fork();
	if (pid < 0)
		give_up("a process");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setpgid(0, *group);
		connect_to_self(connections);
		if (write(ready[1], "", 1) == 1)
			for (close(ready[0]), close(ready[1]);;)
				pause();
		_exit(1);
	}
	if (*group == 0)
		*group = pid;
	setpgid(pid, *group);
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1) {
		kill(-*group, SIGKILL);
		errno = ECHILD;
		give_up("the crowd");
	}
	close(ready[0]);
}

static void
make_processes(pid_t *group, long count)
{
	while (count-- > 0)
		add_member(group, 0);
}

/* Each member takes what its limit of descriptors allows. */
static void
make_connections(pid_t *group, long count)
{
	struct rlimit limit;
	long most;

	getrlimit(RLIMIT_NOFILE, &limit);
	most = limit.rlim_max == RLIM_INFINITY ? count : (long)(limit.rlim_max - 64) / 2;
	for (; count > 0; count -= most) {
		struct rlimit own = { .rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max };

		setrlimit(RLIMIT_NOFILE, &own);
		add_member(group, count < most ? count : most);
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int
main(int argc, char *argv[])
{
	pid_t group = 0, pid;
	int status = 0, i;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "net") == 0)
			make_net();
		else if (strncmp(argv[i], "processes=", 10) == 0)
			make_processes(&group, atol(argv[i] + 10));
		else if (strncmp(argv[i], "tcp=", 4) == 0)
			make_connections(&group, atol(argv[i] + 4));
		else {
			fprintf(stderr, "world: %s: no such thing\n", argv[i]);
			return 2;
		}
	}
	if (i + 1 >= argc) {
		fprintf(stderr, "usage: world [net] [processes=N] [tcp=N] -- CMD [ARG...]\n");
		return 2;
	}
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execvp(argv[i + 1], argv + i + 1);
		give_up(argv[i + 1]);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		give_up("a process");
	if (group != 0)
		kill(-group, SIGKILL);
	while (wait(NULL) > 0)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
