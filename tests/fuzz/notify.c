/* sd_notify datagrams: ready means that a line says READY=1, failed that an ERRNO does. */
#include "fuzz.h"
#include "daemon/verdict.h"
#include "otelop.h"

/* Is there a line that begins like this (exact: and ends there)? */
static int
has_line(const char *bytes, size_t length, const char *wanted, int exact)
{
	size_t n = strlen(wanted), line;

	for (; length > 0; bytes += line, length -= line) {
		const char *newline = memchr(bytes, '\n', length);

		line = newline != NULL ? (size_t)(newline - bytes) : length;
		if (line >= n && (!exact || line == n) && memcmp(bytes, wanted, n) == 0)
			return 1;
		line += newline != NULL;
	}
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct otelop_message reason;
	char *datagram = fuzz_bytes(bytes, length);
	enum verdict verdict;

	reason.text[0] = '\0';
	verdict = verdict_parse_notify(datagram, length, &reason);
	must((verdict == VERDICT_OK) == has_line(datagram, length, "READY=1", 1));
	must(verdict == VERDICT_OK || verdict == VERDICT_UNKNOWN || verdict == VERDICT_FAILED);
	if (verdict == VERDICT_FAILED) {
		must(has_line(datagram, length, "ERRNO=", 0));
		must(*reason.text != '\0' || has_line(datagram, length, "STATUS=", 0));
	} else {
		must(*reason.text == '\0');
	}
	must(memchr(reason.text, '\0', sizeof(reason.text)) != NULL &&
	    strchr(reason.text, '\n') == NULL);
	free(datagram);
	return 0;
}
