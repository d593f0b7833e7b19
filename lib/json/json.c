/* Is it RFC 8259?  json_tokens.c reads what is, and json_text.c has what is in a string. */
#include "json/json.h"
#include "base/text.h"

#include <ctype.h>
#include <string.h>

struct reader {
	const char *text;
	size_t length;
	size_t at;
	const char *fault;
};

static int
refuse(struct reader *r, const char *what)
{
	r->fault = what;
	return 0;
}

static int
peek(const struct reader *r)
{
	return r->at < r->length ? (unsigned char)r->text[r->at] : -1;
}

static void
skip_space(struct reader *r)
{
	int c;

	while ((c = peek(r)) == ' ' || c == '\t' || c == '\n' || c == '\r')
		r->at++;
}

static int
read_escape(struct reader *r)
{
	int c = peek(r), i;

	if (c != 'u') {
		if (c <= 0 || strchr("\"\\/bfnrt", c) == NULL)
			return refuse(r, "bad escape in a string");
		r->at++;
		return 1;
	}
	for (i = 0, r->at++; i < 4; i++, r->at++)
		if (!isxdigit(peek(r)))
			return refuse(r, "\\u needs four hexadecimal digits");
	return 1;
}

static int
read_string(struct reader *r)
{
	r->at++;
	for (;;) {
		int c = peek(r);
		size_t n;

		if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
			r->at++;
			continue;
		}
		if (c < 0)
			return refuse(r, "string without an end");
		if (c == '"') {
			r->at++;
			return 1;
		}
		if (c < 0x20)
			return refuse(r, "control character in a string");
		if (c == '\\') {
			r->at++;
			if (!read_escape(r))
				return 0;
			continue;
		}
		if ((n = text_utf8_length(r->text + r->at, r->length - r->at)) == 0)
			return refuse(r, "invalid UTF-8");
		r->at += n;
	}
}

static int
read_digits(struct reader *r)
{
	if (peek(r) < '0' || peek(r) > '9')
		return refuse(r, "bad number");
	while (peek(r) >= '0' && peek(r) <= '9')
		r->at++;
	return 1;
}

static int
read_number(struct reader *r)
{
	if (peek(r) == '-')
		r->at++;
	if (peek(r) == '0')
		r->at++;
	else if (!read_digits(r))
		return 0;
	if (peek(r) == '.') {
		r->at++;
		if (!read_digits(r))
			return 0;
	}
	if (peek(r) == 'e' || peek(r) == 'E') {
		r->at++;
		if (peek(r) == '+' || peek(r) == '-')
			r->at++;
		if (!read_digits(r))
			return 0;
	}
	return 1;
}

static int
read_word(struct reader *r, const char *word)
{
	size_t n = strlen(word);

	if (r->length - r->at < n || memcmp(r->text + r->at, word, n) != 0)
		return refuse(r, "neither a value nor an end");
	r->at += n;
	return 1;
}

static int
read_scalar(struct reader *r)
{
	switch (peek(r)) {
	case -1:
		return refuse(r, "unexpected end");
	case '"':
		return read_string(r);
	case 't':
		return read_word(r, "true");
	case 'f':
		return read_word(r, "false");
	case 'n':
		return read_word(r, "null");
	case '-': case '0': case '1': case '2': case '3': case '4':
	case '5': case '6': case '7': case '8': case '9':
		return read_number(r);
	default:
		return refuse(r, "neither a value nor an end");
	}
}

static int
read_key(struct reader *r)
{
	skip_space(r);
	if (peek(r) != '"')
		return refuse(r, "expected a member's name");
	if (!read_string(r))
		return 0;
	skip_space(r);
	if (peek(r) != ':')
		return refuse(r, "expected ':'");
	r->at++;
	return 1;
}

/* After a value: close what ends here, or go on behind a comma.  1: all is closed, 2: a value follows. */
static int
read_after_value(struct reader *r, const char *open, size_t *depth)
{
	while (*depth > 0) {
		char close = open[*depth - 1] == '{' ? '}' : ']';

		skip_space(r);
		if (peek(r) == ',') {
			r->at++;
			if (close == '}' && !read_key(r))
				return 0;
			return 2;
		}
		if (peek(r) != close)
			return refuse(r, close == '}' ? "expected ',' or '}'" : "expected ',' or ']'");
		r->at++;
		--*depth;
	}
	return 1;
}

/* Iterative, with a bounded stack of what is open: no input can exhaust ours. */
static int
read_value(struct reader *r)
{
	char open[JSON_DEPTH_MAX];
	size_t depth = 0;
	int more = 2;

	while (more == 2) {
		int c;

		skip_space(r);
		if ((c = peek(r)) == '{' || c == '[') {
			if (depth == JSON_DEPTH_MAX)
				return refuse(r, "nested too deeply");
			open[depth++] = (char)c;
			r->at++;
			skip_space(r);
			if (peek(r) == (c == '{' ? '}' : ']')) {
				r->at++;
				depth--;
			} else {
				if (c == '{' && !read_key(r))
					return 0;
				continue;
			}
		} else if (!read_scalar(r)) {
			return 0;
		}
		more = read_after_value(r, open, &depth);
	}
	return more;
}

int
json_is_valid(const char *text, size_t length, struct json_fault *fault)
{
	struct reader r = { text, length, 0, NULL };

	if (read_value(&r)) {
		skip_space(&r);
		if (r.at == length)
			return 1;
		r.fault = "text after the end";
	}
	fault->what = r.fault;
	fault->offset = r.at;
	return 0;
}

void
json_position(const char *text, size_t offset, size_t *line, size_t *column)
{
	size_t i;

	*line = *column = 1;
	for (i = 0; i < offset; i++)
		if (text[i] == '\n') {
			++*line;
			*column = 1;
		} else {
			++*column;
		}
}
