/* The readiness verdict, on the wire of a ready pipe and of sd_notify. */
#include "daemon/verdict.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/message.h"
#include "base/text.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define QUOTE_MAX 120
#define NOTIFY_PATIENCE_S 2

static enum verdict
bad_line(const char *line, size_t length, struct otelop_message *reason)
{
	char text[QUOTE_MAX + 1];
	int is_long = text_clean(line, length, text, sizeof(text)) < length;

	message_set(reason, "unexpected line on the ready pipe: \"%s%s\"", text, is_long ? "..." : "");
	return VERDICT_BAD;
}

static enum verdict
judge_line(struct verdict_reader *reader, struct otelop_message *reason)
{
	const char *line = reader->line;
	size_t length = reader->used;

	if (strlen(line) != length)
		return bad_line(line, length, reason);
	if (length == 0 || strcmp(line, "ok") == 0 || strcmp(line, "READY=1") == 0)
		return VERDICT_OK;
	if (strncmp(line, "err:", 4) == 0) {
		message_set(reason, "%s", line[4] != '\0' ? line + 4 : "failed, and did not say why");
		return VERDICT_FAILED;
	}
	if (strncmp(line, "set:", 4) != 0 || strchr(line, '=') == NULL)
		return bad_line(line, length, reason);
	if (reader->set != NULL && reader->set(reader->argument, line + 4, reason) < 0)
		return VERDICT_BAD;
	return VERDICT_UNKNOWN;
}

/* A line that goes on where there is no more room for it.  What a daemon says of its failure is shown so far. */
static enum verdict
judge_long_line(struct verdict_reader *reader, struct otelop_message *reason)
{
	if (strncmp(reader->line, "err:", 4) == 0) {
		reader->used = text_utf8_whole(reader->line, reader->used);
		reader->line[reader->used] = '\0';
		return judge_line(reader, reason);
	}
	message_set(reason, "a line on the ready pipe is over %d bytes", VERDICT_LINE_MAX);
	return VERDICT_BAD;
}

enum verdict
verdict_feed(struct verdict_reader *reader, const char *bytes, size_t length,
    struct otelop_message *reason)
{
	enum verdict verdict = VERDICT_UNKNOWN;
	size_t i;

	if (length == 0) {
		/* Upstream's child may end without the newline. */
		if (reader->used == 0)
			return VERDICT_CLOSED;
		reader->line[reader->used] = '\0';
		verdict = judge_line(reader, reason);
		return verdict == VERDICT_UNKNOWN ? VERDICT_CLOSED : verdict;
	}
	for (i = 0; i < length && verdict == VERDICT_UNKNOWN; i++) {
		if (bytes[i] == '\n') {
			reader->line[reader->used] = '\0';
			verdict = judge_line(reader, reason);
			reader->used = 0;
		} else if (reader->used == VERDICT_LINE_MAX) {
			verdict = judge_long_line(reader, reason);
		} else {
			reader->line[reader->used++] = bytes[i];
		}
	}
	return verdict;
}

/* Is there something to read?  1; 0. */
static int
has_more(int fd)
{
	struct pollfd in = { fd, POLLIN, 0 };
	int found;

	while ((found = poll(&in, 1, 0)) < 0 && errno == EINTR)
		;
	return found > 0;
}

enum verdict
verdict_read(struct verdict_reader *reader, int fd, struct otelop_message *reason)
{
	enum verdict verdict;
	char bytes[VERDICT_LINE_MAX];
	int rounds;

	/* A child that never ends its set: lines must not keep us from anything else. */
	for (rounds = 0; rounds < 16; rounds++) {
		ssize_t n;

		if (!has_more(fd))
			return VERDICT_UNKNOWN;
		/* Whoever wrote it may have ended since: it must be read in this look. */
		while ((n = read(fd, bytes, sizeof(bytes))) < 0 && errno == EINTR)
			;
		if (n < 0) {
			if (errno == EAGAIN)
				return VERDICT_UNKNOWN;
			message_errno(reason, "cannot read the ready pipe");
			return VERDICT_BAD;
		}
		verdict = verdict_feed(reader, bytes, (size_t)n, reason);
		if (verdict != VERDICT_UNKNOWN)
			return verdict;
	}
	return VERDICT_UNKNOWN;
}

enum verdict
verdict_parse_notify(const char *bytes, size_t length, struct otelop_message *reason)
{
	enum verdict verdict = VERDICT_UNKNOWN;
	const char *status = NULL, *end = bytes + length;
	size_t status_length = 0;
	long error = 0;

	while (bytes < end) {
		const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
		size_t n = (size_t)((newline != NULL ? newline : end) - bytes);

		if (n == 7 && memcmp(bytes, "READY=1", 7) == 0) {
			verdict = VERDICT_OK;
		} else if (n > 7 && memcmp(bytes, "STATUS=", 7) == 0) {
			status = bytes + 7;
			status_length = n - 7;
		} else if (n > 6 && n < 16 && memcmp(bytes, "ERRNO=", 6) == 0) {
			char number[16];

			io_format(number, sizeof(number), "%.*s", (int)(n - 6), bytes + 6);
			error = strtol(number, NULL, 10);
		}
		bytes += n + (newline != NULL);
	}
	if (verdict == VERDICT_UNKNOWN && error > 0) {
		verdict = VERDICT_FAILED;
		if (status != NULL)
			message_set(reason, "%.*s", (int)status_length, status);
		else
			message_set(reason, "%s", strerror((int)error));
	}
	return verdict;
}

int64_t
verdict_extension(const char *bytes, size_t length)
{
	static const char name[] = "EXTEND_TIMEOUT_USEC=";
	const char *end = bytes + length;
	int64_t usec = 0;

	while (bytes < end) {
		const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
		size_t n = (size_t)((newline != NULL ? newline : end) - bytes), at = sizeof(name) - 1;
		char number[24];

		/* "infinity" is systemd's word for no limit, which nobody is given here. */
		if (n > at && n - at < sizeof(number) && memcmp(bytes, name, at) == 0) {
			io_format(number, sizeof(number), "%.*s", (int)(n - at), bytes + at);
			if (!text_number(number, 1, VERDICT_EXTENSION_MAX, &usec))
				usec = 0;
		}
		bytes += n + (newline != NULL);
	}
	return usec;
}

static int
is_fifo(int fd)
{
	struct stat found;

	/* Only what is certainly no pipe is none: somebody may be waiting. */
	return fstat(fd, &found) == 0 ? S_ISFIFO(found.st_mode) : errno != EBADF;
}

int
otelop_is_daemon_child(void)
{
	const char *value = getenv("OTELOP_DAEMONIZED");

	return value != NULL && strcmp(value, "1") == 0;
}

int
otelop_ready_pipe(void)
{
	if (otelop_is_daemon_child() && is_fifo(OTELOP_READY_FD))
		return OTELOP_READY_FD;
	errno = ENOTCONN;
	return -1;
}

enum verdict_channel
verdict_channel(void)
{
	const char *socket_name = getenv("NOTIFY_SOCKET");

	if (otelop_ready_pipe() >= 0)
		return VERDICT_PIPE;
	return socket_name != NULL && *socket_name != '\0' ? VERDICT_NOTIFY : VERDICT_NOWHERE;
}

void
verdict_one_line(const char *prefix, const char *text, char line[VERDICT_LINE_MAX + 1])
{
	/* The line's bytes are counted without its newline. */
	size_t whole = (size_t)snprintf(line, VERDICT_LINE_MAX, "%s%s", prefix, text);
	char *s;

	if (whole >= VERDICT_LINE_MAX)
		line[text_utf8_whole(line, strlen(line))] = '\0';
	for (s = line; *s != '\0'; s++)
		if (*s == '\n' || *s == '\r')
			*s = ' ';
}

int
verdict_say_pipe(int fd, const char *lines)
{
	int result, saved;

	if (fd < 0)
		return 0;
	result = io_write_unsignalled(fd, lines, strlen(lines));
	saved = errno;
	close(fd);
	errno = saved;
	return result;
}

int
otelop_signal_ready(int fd)
{
	return verdict_say_pipe(fd, "ok\n");
}

int
otelop_signal_error(int fd, const char *text)
{
	char line[VERDICT_LINE_MAX + 2];

	if (text == NULL)
		return message_invalid(NULL, "text");
	verdict_one_line("err:", text, line);
	strcat(line, "\n");
	return verdict_say_pipe(fd, line);
}

/* To the supervisor at $NOTIFY_SOCKET. */
static int
send_datagram(const char *datagram)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *name = getenv("NOTIFY_SOCKET");
	struct timeval patience = { .tv_sec = NOTIFY_PATIENCE_S };
	int64_t deadline = clock_deadline(NOTIFY_PATIENCE_S * 1000);
	size_t length;
	int fd, result;

	if (name == NULL || (*name != '/' && *name != '@')) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	if ((length = strlen(name)) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, name, length);
	if (*name == '@')
		address.sun_path[0] = '\0';
	else
		length++;
	if ((fd = socket(AF_UNIX, SOCK_DGRAM, 0)) < 0)
		return -1;
	/* A supervisor that does not take what is sent must not hold us. */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	do
		result = sendto(fd, datagram, strlen(datagram), 0, (struct sockaddr *)&address,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) < 0 ? -1 : 0;
	while (result < 0 && errno == EINTR && clock_left_ms(deadline) > 0);
	io_close(&fd);
	return result;
}

int
verdict_say_notify(const char *error)
{
	char datagram[VERDICT_LINE_MAX + 32], line[VERDICT_LINE_MAX + 1];

	verdict_one_line("", error != NULL ? error : "", line);
	io_format(datagram, sizeof(datagram), error != NULL ? "ERRNO=1\nSTATUS=%s" : "READY=1%s", line);
	return send_datagram(datagram);
}

int
verdict_extend(enum verdict_channel channel, int64_t usec)
{
	char text[64];

	switch (channel) {
	case VERDICT_PIPE:
		io_format(text, sizeof(text), "set:extendTimeout=%lld\n", (long long)usec);
		return io_write_unsignalled(OTELOP_READY_FD, text, strlen(text));
	case VERDICT_NOTIFY:
		io_format(text, sizeof(text), "EXTEND_TIMEOUT_USEC=%lld", (long long)usec);
		return send_datagram(text);
	case VERDICT_LINE:
	case VERDICT_NOWHERE:
		break;
	}
	return 0;
}
