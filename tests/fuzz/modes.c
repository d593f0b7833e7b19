/* otelop-run's --ready: what is accepted has modes, every mode what it needs, and none is left out. */
#include "fuzz.h"
#include "daemon/modes.h"
#include "otelop.h"

#include <errno.h>

static int
is_within(const char *part, size_t length, const char *text)
{
	size_t size = strlen(text);

	return part >= text && (size_t)(part - text) <= size && length <= size - (size_t)(part - text);
}

static void
check_mode(const struct mode *mode, const char *text)
{
	if (mode->host != NULL) {
		must(mode->kind == MODE_CONNECT || mode->kind == MODE_URL);
		must(mode->host_length > 0 && mode->host_length < MODES_HOST_SIZE);
		must(is_within(mode->host, mode->host_length, text));
		must(mode->port > 0);
	}
	must(mode->port < 65536 && mode->up_ms >= 0);
	switch (mode->kind) {
	case MODE_CONNECT:
		must(is_within(mode->target, mode->target_length, text));
		/* Without a host it is a path, and a path has a slash. */
		must(mode->host != NULL || memchr(mode->target, '/', mode->target_length) != NULL);
		break;
	case MODE_URL:
		must(mode->host != NULL);
		/* FALLTHROUGH */
	case MODE_CHECK:
	case MODE_LOG:
		must(mode->target_length > 0 && mode->target_length == strlen(mode->target));
		must(is_within(mode->target, mode->target_length, text));
		break;
	default:
		break;
	}
}

/* Each comma in front of what takes the rest parts two modes, and auto is three. */
static size_t
count_modes(const char *text)
{
	size_t count = 0, length;

	for (;; text += length + 1) {
		length = strcspn(text, ",");
		count += length == 4 && memcmp(text, "auto", 4) == 0 ? 3 : 1;
		if (text[length] == '\0' || strncmp(text, "check:", 6) == 0 || strncmp(text, "log:", 4) == 0 ||
		    strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0)
			return count;
	}
}

/* An expression that repeats repetitions takes the library all the memory that there is; that is its user's to know. */
static int
is_costly(const char *text)
{
	const char *s = strstr(text, "log:");
	int repetitions = 0;

	for (; s != NULL && *s != '\0'; s++)
		repetitions += strchr("*+?{", *s) != NULL;
	return repetitions > 2;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct otelop_message message;
	char *text = fuzz_string(bytes, length);
	struct modes *modes = calloc(1, sizeof(*modes));
	size_t i;

	must(modes != NULL);
	message.text[0] = '\0';
	if (is_costly(text)) {
		/* Not looked at. */
	} else if (modes_add(modes, text, &message) == 0) {
		must(modes->groups == 1 && modes->texts[0] == text && modes->texts[1] == NULL);
		must(modes->count == count_modes(text) && modes->count <= MODES_MAX);
		for (i = 0; i < modes->count; i++)
			check_mode(&modes->items[i], text);
		must(*message.text == '\0');
	} else {
		must(errno == EINVAL && *message.text != '\0');
	}
	free(modes);
	free(text);
	return 0;
}
