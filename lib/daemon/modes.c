/* The modes of otelop-run's --ready. */
#include "daemon/modes.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/message.h"
#include "base/text.h"
#include "daemon/log_lines.h"
#include "daemon/url.h"

#include <errno.h>
#include <string.h>

#define PORT_MAX 65535

static int
parse_port(const char *text, size_t length, unsigned *port)
{
	char digits[8];
	int64_t number;

	if (io_format(digits, sizeof(digits), "%.*s", (int)length, text) < 0 ||
	    !text_number(digits, 1, PORT_MAX, &number))
		return -1;
	*port = (unsigned)number;
	return 0;
}

/* HOST:PORT, [HOST]:PORT or a path. */
static int
parse_connect(struct mode *mode)
{
	const char *colon = NULL, *s = mode->target, *end = s + mode->target_length;

	if (memchr(s, '/', mode->target_length) != NULL)
		return mode->target_length < OTELOP_PATH_SIZE ? 0 : -1;
	for (; s < end; s++)
		if (*s == ':')
			colon = s;
	if (colon == NULL || parse_port(colon + 1, (size_t)(end - colon - 1), &mode->port) < 0)
		return -1;
	mode->host = mode->target;
	mode->host_length = (size_t)(colon - mode->target);
	if (*mode->host == '[' && colon[-1] == ']') {
		mode->host++;
		mode->host_length -= 2;
	}
	return mode->host_length > 0 && mode->host_length < MODES_HOST_SIZE ? 0 : -1;
}

static int
parse_up(struct mode *mode)
{
	char time[64];

	return io_format(time, sizeof(time), "%.*s", (int)mode->target_length, mode->target) < 0 ? -1 :
	    clock_parse_duration(time, &mode->up_ms);
}

static int
parse_listen(struct mode *mode)
{
	return parse_port(mode->target, mode->target_length, &mode->port);
}

static int
parse_check(struct mode *mode)
{
	return mode->target_length > 0 ? 0 : -1;
}

static int
parse_url(struct mode *mode)
{
	return url_parse(mode->text, &mode->host, &mode->host_length, &mode->port) == 0 &&
	    mode->host_length < MODES_HOST_SIZE ? 0 : -1;
}

/* How each begins, and what has to stand behind that. */
static const struct word {
	const char *text;
	enum mode_kind kind;
	enum { ALONE, TO_COMMA, TO_END } extent;
	int (*parse)(struct mode *mode);
	const char *wants;
} words[] = {
	{ "fd", MODE_FD, ALONE, NULL, NULL },
	{ "notify", MODE_NOTIFY, ALONE, NULL, NULL },
	{ "listen", MODE_LISTEN, ALONE, NULL, NULL },
	{ "exec", MODE_EXEC, ALONE, NULL, NULL },
	{ "listen:", MODE_LISTEN, TO_COMMA, parse_listen, "not listen:PORT, with a number from 1 to 65535" },
	{ "connect:", MODE_CONNECT, TO_COMMA, parse_connect, "not connect:HOST:PORT or connect:PATH, which has a slash" },
	{ "up:", MODE_UP, TO_COMMA, parse_up, "not up:TIME, such as up:500ms" },
	{ "check:", MODE_CHECK, TO_END, parse_check, "needs a command" },
	{ "log:", MODE_LOG, TO_END, NULL, NULL },
	{ "http://", MODE_URL, TO_END, parse_url, "not a URL such as http://localhost:8080/health" },
	{ "https://", MODE_URL, TO_END, parse_url, "not a URL such as https://localhost:8443/health" },
};

static const struct word *
find_word(const char *text, size_t length)
{
	size_t i, size;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size = strlen(words[i].text);
		if (words[i].extent == ALONE ? length == size && memcmp(text, words[i].text, size) == 0 :
		    strncmp(text, words[i].text, size) == 0)
			return &words[i];
	}
	return NULL;
}

/* The word's mode at mode->text.  -1, and the message. */
static int
parse_word(const struct word *word, struct mode *mode, struct otelop_message *message)
{
	size_t before = strlen(word->text);

	if (word->extent == TO_END)
		mode->length = strlen(mode->text);
	mode->kind = word->kind;
	mode->target = word->kind == MODE_URL ? mode->text : mode->text + before;
	mode->target_length = (size_t)(mode->text + mode->length - mode->target);
	if (word->kind == MODE_LOG)
		return log_lines_check(mode->target, message);
	if (word->parse != NULL && word->parse(mode) < 0)
		return message_set(message, "%.*s: %s", (int)mode->length, mode->text, word->wants);
	return 0;
}

/* fd,notify,listen is what it means, in the words that were given. */
static int
parse(struct modes *modes, const char *text, size_t length, struct otelop_message *message)
{
	struct mode *mode = &modes->items[modes->count];
	const struct word *word = find_word(text, length);
	const char *s;

	if (length == 4 && memcmp(text, "auto", 4) == 0) {
		for (s = MODES_AUTO; s != NULL; s = strchr(s, ',') != NULL ? strchr(s, ',') + 1 : NULL)
			if (parse(modes, s, strcspn(s, ","), message) < 0)
				return -1;
		return 0;
	}
	if (word == NULL)
		return message_set(message, "%.*s: not a readiness mode: auto, fd, notify, listen[:PORT], "
		    "connect:HOST:PORT, connect:PATH, check:COMMAND, log:ERE, http://..., https://..., up:TIME, exec",
		    (int)length, text);
	if (modes->count == MODES_MAX)
		return message_set(message, "%.*s: more than %d modes", (int)length, text, MODES_MAX);
	*mode = (struct mode){ .group = modes->groups, .text = text, .length = length };
	if (parse_word(word, mode, message) < 0)
		return -1;
	modes->count++;
	return 0;
}

int
modes_add(struct modes *modes, const char *text, struct otelop_message *message)
{
	const char *s = text;
	const struct mode *last;
	size_t length;

	for (;;) {
		length = strcspn(s, ",");
		if (parse(modes, s, length, message) < 0) {
			errno = EINVAL;
			return -1;
		}
		/* It may have taken the rest. */
		last = &modes->items[modes->count - 1];
		if (last->text == s)
			length = last->length;
		if (s[length] == '\0')
			break;
		s += length + 1;
	}
	modes->texts[modes->groups++] = text;
	return 0;
}

void
modes_describe(const struct modes *modes, char *text, size_t size)
{
	unsigned group;
	size_t used = 0;

	for (group = 0; group < modes->groups; group++) {
		io_format(text + used, size - used, "%s%s", group > 0 ? " and " : "", modes->texts[group]);
		used = strlen(text);
	}
}

int
modes_have(const struct modes *modes, enum mode_kind kind)
{
	size_t i;

	for (i = 0; i < modes->count; i++)
		if (modes->items[i].kind == kind)
			return 1;
	return 0;
}

static int
group_has(const struct modes *modes, unsigned group, enum mode_kind kind, int wanted)
{
	size_t i;

	for (i = 0; i < modes->count; i++)
		if (modes->items[i].group == group && (modes->items[i].kind == kind) == wanted)
			return 1;
	return 0;
}

int
modes_need(const struct modes *modes, enum mode_kind kind)
{
	unsigned group;

	for (group = 0; group < modes->groups; group++)
		if (!group_has(modes, group, kind, 0))
			return 1;
	return 0;
}

int
modes_suffice(const struct modes *modes, enum mode_kind kind)
{
	unsigned group;

	for (group = 0; group < modes->groups; group++)
		if (!group_has(modes, group, kind, 1))
			return 0;
	return 1;
}
