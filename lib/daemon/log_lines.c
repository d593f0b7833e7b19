/* Lines that a command writes, and whether they match. */
#include "daemon/log_lines.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/message.h"
#include "platform/platform.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
/* In glibc's header a parameter is an array as long as another one says, which tcc does not take. */
#define _REGEX_NELTS(n)
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READS_AT_ONCE 256	/* of a command that never stops: it must not keep us from anything else */
#define LOOK_MS 20	/* nor lines that are hard to match, where each costs the square of its length */

struct log_pattern {
	regex_t regex;
	int has_matched;
};

/* In the C locale, which is this process's: no program of ours sets another one. */
static int
compile(const char *ere, regex_t *regex)
{
	return regcomp(regex, ere, REG_EXTENDED | REG_NOSUB);
}

/* The ] that ends what is in brackets, which begins at s; or NULL. */
static const char *
end_of_bracket(const char *s)
{
	char kind[3] = "?]";
	const char *end;

	if (*s == ']')
		s++;
	for (; *s != '\0' && *s != ']'; s++)
		if (*s == '[' && s[1] != '\0' && strchr(":.=", s[1]) != NULL) {
			kind[0] = s[1];
			if ((end = strstr(s + 2, kind)) != NULL)
				s = end + 1;
		}
	return *s == ']' ? s : NULL;
}

/*
 * A back-reference, which POSIX has not in these: where the library takes it all the same, a line can be made that it never
 * comes to an end with.
 */
static int
has_back_reference(const char *ere)
{
	const char *s;

	for (s = ere; *s != '\0'; s++) {
		if (*s == '\\' && s[1] >= '1' && s[1] <= '9')
			return 1;
		if (*s == '\\' && s[1] != '\0') {
			s++;
		} else if (*s == '[') {
			s += s[1] == '^' ? 2 : 1;
			/* A ] that is the first is one of those that are meant, and so is a \ everywhere. */
			if (*s == '\0' || (s = end_of_bracket(s)) == NULL)
				return 0;
		}
	}
	return 0;
}

int
log_lines_check(const char *ere, struct otelop_message *message)
{
	char why[256];
	regex_t regex;
	int error;

	if (*ere == '\0')
		return message_set(message, "log:: needs an extended regular expression");
	if (has_back_reference(ere))
		return message_set(message, "log:%s: an extended regular expression has no back-references", ere);
	if ((error = compile(ere, &regex)) == 0) {
		regfree(&regex);
		return 0;
	}
	regerror(error, &regex, why, sizeof(why));
	return message_set(message, "log:%s: not an extended regular expression: %s", ere, why);
}

int
log_lines_add(struct log_lines *lines, const char *ere)
{
	struct log_pattern *more = realloc(lines->patterns, (lines->count + 1) * sizeof(*more));

	if (more == NULL)
		return -1;
	lines->patterns = more;
	more[lines->count].has_matched = 0;
	if (compile(ere, &more[lines->count].regex) != 0) {
		errno = ENOMEM;
		return -1;
	}
	lines->count++;
	return 0;
}

static int
make_room(struct log_lines *lines)
{
	lines->used = 0;
	return lines->line != NULL || (lines->line = malloc(LOG_LINES_SIZE)) != NULL ? 0 : -1;
}

int
log_lines_open(struct log_lines *lines)
{
	struct stat found;

	if (fstat(STDOUT_FILENO, &found) < 0 || !S_ISREG(found.st_mode)) {
		errno = ENOTSUP;
		return -1;
	}
	lines->offset = (int64_t)found.st_size;
	lines->fd = platform_open_again(STDOUT_FILENO, O_RDONLY);
	return lines->fd < 0 ? -1 : make_room(lines);
}

static void
forget(struct log_lines *lines)
{
	size_t i;

	for (i = 0; i < lines->count; i++)
		regfree(&lines->patterns[i].regex);
	free(lines->patterns);
	free(lines->line);
	lines->patterns = NULL;
	lines->line = NULL;
	lines->count = 0;
}

void
log_lines_settle(struct log_lines *lines)
{
	forget(lines);
	if (!lines->is_pipe)
		io_close(&lines->fd);
}

void
log_lines_close(struct log_lines *lines)
{
	log_lines_settle(lines);
	*lines = (struct log_lines)LOG_LINES_INIT;
}

static void
end_line(struct log_lines *lines)
{
	size_t i;

	if (lines->used > 0 && lines->line[lines->used - 1] == '\r')
		lines->used--;
	lines->line[lines->used] = '\0';
	for (i = 0; i < lines->count; i++)
		if (!lines->patterns[i].has_matched &&
		    regexec(&lines->patterns[i].regex, lines->line, 0, NULL, 0) == 0)
			lines->patterns[i].has_matched = 1;
	lines->used = 0;
}

static void
take(struct log_lines *lines, const char *bytes, size_t length)
{
	size_t i;

	for (i = 0; lines->line != NULL && i < length; i++)
		if (bytes[i] == '\n')
			end_line(lines);
		else if (lines->used < LOG_LINES_SIZE - 1)
			lines->line[lines->used++] = bytes[i] != '\0' ? bytes[i] : ' ';
}

/* What is there next.  0: nothing. */
static size_t
read_next(struct log_lines *lines, char *bytes, size_t size)
{
	struct stat found;
	ssize_t n;

	if (lines->is_pipe)
		return (n = read(lines->fd, bytes, size)) > 0 ? (size_t)n : 0;
	n = pread(lines->fd, bytes, size, (off_t)lines->offset);
	if (n == 0 && fstat(lines->fd, &found) == 0 && (int64_t)found.st_size < lines->offset) {
		/* Somebody has emptied it: what comes from here on is all new. */
		lines->offset = lines->used = 0;
		n = pread(lines->fd, bytes, size, 0);
	}
	if (n > 0)
		lines->offset += n;
	return n > 0 ? (size_t)n : 0;
}

void
log_lines_read(struct log_lines *lines)
{
	int64_t deadline = clock_deadline(LOOK_MS);
	char bytes[4096];
	size_t n;
	int rounds;

	for (rounds = 0; lines->fd >= 0 && rounds < READS_AT_ONCE; rounds++) {
		if (rounds > 0 && lines->line != NULL && clock_left_ms(deadline) == 0)
			return;		/* what is left is there at the next look */
		if ((n = read_next(lines, bytes, sizeof(bytes))) == 0)
			return;
		take(lines, bytes, n);
	}
}

int
log_lines_have(const struct log_lines *lines, size_t number)
{
	return number < lines->count && lines->patterns[number].has_matched;
}

int
log_lines_open_pipe(struct log_lines *lines, int fd)
{
	lines->fd = fd;
	lines->is_pipe = 1;
	if (io_nonblock(fd, 1) < 0)
		return -1;
	/* Of a run before this one. */
	log_lines_read(lines);
	return make_room(lines);
}
