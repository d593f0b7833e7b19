/*
 * Who listens where, by sockstat(1), which FreeBSD and NetBSD have: one line a socket, with the process that has it.
 *
 * A command's name is on the line, and may have blanks and look like anything.  So a line is read from its end, where the
 * foreign and the local address, the protocol, the descriptor and the process stand, and none of those can have a blank.
 * The path of a Unix socket can: those are not read.
 */
#include "platform/platform.h"
#include "platform/command.h"
#include "base/io.h"
#include "base/text.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_SIZE 512

/* Cut the last word off.  NULL: there is none. */
static char *
take_last(char *line)
{
	size_t length = strlen(line);

	while (length > 0 && strchr(" \t\n", line[length - 1]) != NULL)
		line[--length] = '\0';
	while (length > 0 && strchr(" \t", line[length - 1]) == NULL)
		length--;
	if (line[length] == '\0')
		return NULL;
	if (length > 0)
		line[length - 1] = '\0';
	return line + length;
}

/* 127.0.0.1:80, ::1:80, *:80; NetBSD writes a dot where FreeBSD has the last colon.  1 or 0. */
static int
read_address(char *text, int family, unsigned char bytes[16], unsigned *port)
{
	char *end = text + strlen(text), *zone;
	const char *digits;
	unsigned long long number;

	while (end > text && end[-1] >= '0' && end[-1] <= '9')
		end--;
	digits = end;
	if (end == text || (end[-1] != ':' && end[-1] != '.') || !text_take_number(&digits, 10, &number) || number > 65535)
		return 0;
	end[-1] = '\0';
	*port = (unsigned)number;
	if ((zone = strchr(text, '%')) != NULL)
		*zone = '\0';
	memset(bytes, 0, 16);
	return strcmp(text, "*") == 0 || inet_pton(family, text, bytes) == 1;
}

/* One line: 1; 0: it is none of a TCP socket. */
static int
read_line(char *line, struct platform_listener *found, unsigned char bytes[16])
{
	char *foreign = take_last(line), *local = take_last(line), *protocol = take_last(line), *fd = take_last(line);
	char *pid = take_last(line);
	const char *digits = pid;
	unsigned long long number;

	if (foreign == NULL || local == NULL || protocol == NULL || fd == NULL || pid == NULL ||
	    strncmp(protocol, "tcp", 3) != 0 || !text_take_number(&digits, 10, &number) || *digits != '\0')
		return 0;
	memset(found, 0, sizeof(*found));
	found->pid = (pid_t)number;
	found->family = strchr(protocol, '6') != NULL ? AF_INET6 : AF_INET;
	found->ipv6_alone = found->family == AF_INET6 && strcmp(protocol, "tcp46") != 0;
	found->address = bytes;
	return read_address(local, found->family, bytes, &found->port);
}

/* Those of family, or of both where it is 0; with pids, theirs alone. */
static int
each(int family, const pid_t *pids, size_t count, platform_take_listener *take, void *argument)
{
	const char *words[] = { "sockstat", "-46ln", NULL };
	unsigned char bytes[16];
	struct platform_listener found;
	char line[LINE_SIZE];
	int fd, failed = 0;
	FILE *stream;
	pid_t child;
	size_t i;

	if ((fd = command_open(words, &child)) < 0)
		return -1;
	if ((stream = fdopen(fd, "r")) == NULL)
		io_close(&fd);
	while (stream != NULL && !failed && fgets(line, sizeof(line), stream) != NULL) {
		if (!read_line(line, &found, bytes) || (family != 0 && found.family != family))
			continue;
		for (i = 0; pids != NULL && i < count && pids[i] != found.pid; i++)
			;
		if (pids == NULL ? platform_process_user(found.pid, &found.user) == 1 : i < count)
			failed = take(argument, &found) < 0;
	}
	if (stream != NULL)
		fclose(stream);
	if (command_await(child) < 0 && !failed) {
		errno = ENOSYS;
		return -1;
	}
	return failed ? -1 : 0;
}

int
platform_each_listener(int family, platform_take_listener *take, void *argument)
{
	if (family != AF_INET && family != AF_INET6) {
		errno = ENOSYS;
		return -1;
	}
	return each(family, NULL, 0, take, argument);
}

int
platform_each_listener_of(const pid_t *pids, size_t count, platform_take_listener *take, void *argument, pid_t *hidden)
{
	(void)hidden;
	return each(0, pids, count, take, argument);
}
