/*
 * The reader of ready lines.  Input: what a child writes; its first byte seeds how it is cut into
 * pieces.  Pieces give the same verdict, reason and set: lines as the whole, and both the same as
 * the protocol in the plainest words.
 */
#include "fuzz.h"
#include "base/text.h"
#include "daemon/verdict.h"
#include "otelop.h"

#define LOG_SIZE 65536

struct outcome {
	enum verdict verdict;
	struct otelop_message reason;
	size_t used;	/* of log: the pairs, each with its NUL */
	char log[LOG_SIZE];
};

static struct outcome whole, pieces, plain;

static int
record(void *argument, const char *pair, struct otelop_message *reason)
{
	struct outcome *outcome = argument;
	size_t n = strlen(pair) + 1;

	if (strstr(pair, "refuse") != NULL) {
		snprintf(reason->text, sizeof(reason->text), "refused");
		return -1;
	}
	must(n <= VERDICT_LINE_MAX);
	if (n <= LOG_SIZE - outcome->used) {
		memcpy(outcome->log + outcome->used, pair, n);
		outcome->used += n;
	}
	return 0;
}

static void
clear(struct outcome *outcome)
{
	outcome->verdict = VERDICT_UNKNOWN;
	outcome->reason.text[0] = '\0';
	outcome->used = 0;
}

/* The whole in pieces of at most longest bytes, then the end of file. */
static void
feed(struct outcome *outcome, const char *bytes, size_t length, size_t longest, unsigned random)
{
	struct verdict_reader *reader = calloc(1, sizeof(*reader));
	size_t n;

	must(reader != NULL);
	clear(outcome);
	reader->set = record;
	reader->argument = outcome;
	for (; length > 0 && outcome->verdict == VERDICT_UNKNOWN; bytes += n, length -= n) {
		char *piece;

		random = random * 1103515245 + 12345;
		n = 1 + (random >> 8) % longest;
		if (longest > length || n > length)
			n = length;
		piece = fuzz_bytes(bytes, n);
		outcome->verdict = verdict_feed(reader, piece, n, &outcome->reason);
		free(piece);
	}
	if (outcome->verdict == VERDICT_UNKNOWN)
		outcome->verdict = verdict_feed(reader, "", 0, &outcome->reason);
	free(reader);
}

static enum verdict
judge(struct outcome *outcome, const char *line, size_t length)
{
	char text[VERDICT_LINE_MAX + 1];

	/* Only of words about a failure the beginning is enough. */
	if (length > VERDICT_LINE_MAX && memcmp(line, "err:", 4) == 0)
		length = text_utf8_whole(line, VERDICT_LINE_MAX);
	if (length > VERDICT_LINE_MAX || memchr(line, '\0', length) != NULL)
		return VERDICT_BAD;
	memcpy(text, line, length);
	text[length] = '\0';
	if (strcmp(text, "") == 0 || strcmp(text, "ok") == 0 || strcmp(text, "READY=1") == 0)
		return VERDICT_OK;
	if (strncmp(text, "err:", 4) == 0) {
		strcpy(outcome->reason.text, text + 4);
		return VERDICT_FAILED;
	}
	if (strncmp(text, "set:", 4) != 0 || strchr(text, '=') == NULL)
		return VERDICT_BAD;
	return record(outcome, text + 4, &outcome->reason) < 0 ? VERDICT_BAD : VERDICT_UNKNOWN;
}

static void
judge_plainly(struct outcome *outcome, const char *bytes, size_t length)
{
	clear(outcome);
	while (length > 0 && outcome->verdict == VERDICT_UNKNOWN) {
		const char *newline = memchr(bytes, '\n', length);
		size_t n = newline != NULL ? (size_t)(newline - bytes) : length;

		outcome->verdict = judge(outcome, bytes, n);
		bytes += n + (newline != NULL);
		length -= n + (newline != NULL);
	}
	if (outcome->verdict == VERDICT_UNKNOWN)
		outcome->verdict = VERDICT_CLOSED;
}

static void
must_be_same(const struct outcome *a, const struct outcome *b)
{
	must(a->verdict == b->verdict);
	must(a->used == b->used && memcmp(a->log, b->log, a->used) == 0);
}

/* A failure's reason is the child's words; if it has none, there are some all the same. */
static int
is_reason(const char *reason, const char *words)
{
	return *words != '\0' ? strcmp(reason, words) == 0 : *reason != '\0';
}

/* Nothing, or a character that was begun there: what is left out where a long line is cut. */
static int
is_one_character(const char *bytes, size_t length)
{
	size_t i;

	for (i = 1; i < length; i++)
		if (((unsigned char)bytes[i] & 0xc0) != 0x80)
			return 0;
	return length == 0 || (length <= 4 && (unsigned char)bytes[0] >= 0xc0);
}

/* Whatever message a child has, its line comes out as one line with the message's beginning. */
static void
check_one_line(const char *text)
{
	static struct verdict_reader reader;
	char line[VERDICT_LINE_MAX + 1];
	size_t i, n;

	verdict_one_line("err:", text, line);
	n = strlen(line);
	must(strncmp(line, "err:", 4) == 0 && n <= VERDICT_LINE_MAX);
	if (strlen(text) + 4 < VERDICT_LINE_MAX)
		must(n == strlen(text) + 4);
	else
		must(n < VERDICT_LINE_MAX && is_one_character(text + n - 4, VERDICT_LINE_MAX - 1 - n));
	for (i = 4; i < n; i++)
		must(line[i] == (text[i - 4] == '\n' || text[i - 4] == '\r' ? ' ' : text[i - 4]));
	memset(&reader, 0, sizeof(reader));
	must(verdict_feed(&reader, line, n, &whole.reason) == VERDICT_UNKNOWN);
	must(verdict_feed(&reader, "\n", 1, &whole.reason) == VERDICT_FAILED);
	must(is_reason(whole.reason.text, line + 4));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	unsigned random = length > 0 ? *bytes : 0;
	const char *text = length > 0 ? (const char *)bytes + 1 : "";
	char *message;
	const char *c;

	if (length > 0)
		length--;
	feed(&whole, text, length, length + 1, random);
	feed(&pieces, text, length, 1 + random % 9, random);
	judge_plainly(&plain, text, length);
	must_be_same(&whole, &pieces);
	must(strcmp(whole.reason.text, pieces.reason.text) == 0);
	must_be_same(&whole, &plain);
	must(whole.verdict != VERDICT_UNKNOWN);
	must((whole.verdict == VERDICT_OK || whole.verdict == VERDICT_CLOSED) ==
	    (*whole.reason.text == '\0'));
	if (whole.verdict == VERDICT_FAILED)
		must(is_reason(whole.reason.text, plain.reason.text));
	/* What is quoted of an unexpected line is for a terminal. */
	for (c = whole.reason.text; whole.verdict == VERDICT_BAD && *c != '\0'; c++)
		must((unsigned char)*c >= 0x20 && *c != 0x7f);

	message = fuzz_string(text, length);
	check_one_line(message);
	free(message);
	return 0;
}
