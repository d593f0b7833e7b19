/*
 * Answers questions about texts, for the differential checks.  Questions on stdin: a letter, the
 * text's length in four bytes (the highest first), the text.  Answers on stdout: a letter for v,
 * else the length and the text; a refusal is an empty text.
 *
 *	v	is this JSON?  1, 0, or d: nested too deeply
 *	s	what does this JSON string say?
 *	m	what is the canonical form of this metadata file?
 *	t	which second is this RFC 3339 time?
 *	d	how many milliseconds is this duration?
 */
#include "fuzz.h"
#include "base/clock.h"
#include "json/json.h"
#include "otelop.h"
#include "state/form.h"

static void
reply(const char *text, size_t length)
{
	unsigned char size[4] = { (unsigned char)(length >> 24), (unsigned char)(length >> 16),
	    (unsigned char)(length >> 8), (unsigned char)length };

	fwrite(size, 1, sizeof(size), stdout);
	if (length > 0)		/* nothing may be at no address */
		fwrite(text, 1, length, stdout);
}

static void
reply_number(int64_t number)
{
	char text[32];

	reply(text, (size_t)snprintf(text, sizeof(text), "%lld", (long long)number));
}

static void
answer(int question, const char *text, size_t length)
{
	static struct otelop_metadata metadata;
	struct json_value value = { JSON_STRING, text, length };
	struct json_fault fault;
	char *decoded;
	int64_t number;

	switch (question) {
	case 'v':
		if (json_is_valid(text, length, &fault))
			putchar('1');
		else
			putchar(strcmp(fault.what, "nested too deeply") == 0 ? 'd' : '0');
		return;
	case 's':
		decoded = fuzz_bytes(text, length);
		reply(decoded, json_decode(&value, decoded, length));
		free(decoded);
		return;
	case 'm':
		if (form_parse(&metadata, text, length, "-", NULL) < 0)
			metadata.length = 0;
		reply(metadata.json, metadata.length);
		return;
	case 't':
		if (clock_parse_rfc3339(text, length, &number) == 0)
			reply_number(number);
		else
			reply("", 0);
		return;
	case 'd':
		decoded = fuzz_string(text, length);
		if (clock_parse_duration(decoded, &number) == 0)
			reply_number(number);
		else
			reply("", 0);
		free(decoded);
		return;
	}
	must(question == 'v');
}

int
main(void)
{
	static char text[1 << 20];
	unsigned char head[5];

	while (fread(head, 1, sizeof(head), stdin) == sizeof(head)) {
		size_t length = (size_t)head[1] << 24 | (size_t)head[2] << 16 | (size_t)head[3] << 8 | head[4];
		char *exact;

		must(length <= sizeof(text) && fread(text, 1, length, stdin) == length);
		exact = fuzz_bytes(text, length);
		answer(head[0], exact, length);
		free(exact);
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
