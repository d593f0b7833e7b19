/*
 * child [silent] [listen] [family=N]: the smallest daemon.  It says that it is ready on descriptor 3 if that is a pipe,
 * else to NOTIFY_SOCKET, and sleeps until a signal ends it.  With `listen' it listens on a port of 127.0.0.1 before, with
 * `family=N' it has N children that sleep, with `silent' it says nothing.
 */
#define _GNU_SOURCE
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
say_ready(int by_pipe)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *where = getenv("NOTIFY_SOCKET");
	size_t length;
	int fd;

	if (by_pipe)
		return write(3, "ok\n", 3) == 3 ? close(3) : -1;
	if (where == NULL)
		return 0;
	length = strlen(where);
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (fd < 0 || length >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path, where, length);
	if (where[0] == '@')
		address.sun_path[0] = '\0';
	length += offsetof(struct sockaddr_un, sun_path);
	return sendto(fd, "READY=1", 7, 0, (struct sockaddr *)&address, (socklen_t)length) == 7 ? close(fd) : -1;
}

static int
listen_somewhere(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ? -1 : listen(fd, 16);
}

static int
make_family(long count)
{
	pid_t pid;

	while (count-- > 0) {
		pid = fork();
		if (pid < 0)
			return -1;
		if (pid == 0)
			for (close(3);;)
				pause();
	}
	return 0;
}

int
main(int argc, char *argv[])
{
	struct stat third;
	int by_pipe = fstat(3, &third) == 0 && S_ISFIFO(third.st_mode), silent = 0, i;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "silent") == 0)
			silent = 1;
		if (strcmp(argv[i], "listen") == 0 && listen_somewhere() != 0)
			return 1;
		if (strncmp(argv[i], "family=", 7) == 0 && make_family(atol(argv[i] + 7)) != 0)
			return 1;
	}
	if (!silent && say_ready(by_pipe) != 0)
		return 1;
	for (;;)
		pause();
}
