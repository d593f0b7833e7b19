/*
 * Answers of who is taken for a daemon of upstream's, and its address: what is taken from an answer lies in it and is of
 * its type, what is not taken has a reason; an address has nothing in it that means more in a URL, and is its own.
 */
#include "../../lib/daemon/live.c"

#include "fuzz.h"

static void
check_string(const struct live *live, const struct json_value *string, size_t length)
{
	must(string->type == JSON_STRING && string->length >= 2);
	must(string->text >= live->answer && string->text + string->length <= live->answer + length);
	must(string->text[0] == '"' && string->text[string->length - 1] == '"');
}

static void
check_count(const struct live_count *count)
{
	must(count->count >= 0 && count->cap >= -1);
}

static void
check_answer(const uint8_t *bytes, size_t length)
{
	static struct otelop_message reason;
	static struct live live;
	int result;

	length = length < sizeof(live.answer) ? length : sizeof(live.answer);
	memset(&live, 0xff, sizeof(live));
	reason.text[0] = '\0';
	memcpy(live.answer, bytes, length);
	result = understand("url", &live, length, &reason);
	must(result == 0 || strncmp(reason.text, "url: ", 5) == 0);
	must(memchr(reason.text, '\0', sizeof(reason.text)) != NULL);
	if (result != 0)
		return;
	must(*reason.text == '\0');
	check_string(&live, &live.version, length);
	check_string(&live, &live.started_at, length);
	check_string(&live, &live.http_addr, length);
	check_string(&live, &live.otlp_grpc_addr, length);
	check_string(&live, &live.otlp_http_addr, length);
	check_string(&live, &live.proxy_url, length);
	check_string(&live, &live.proxy_protocol, length);
	check_count(&live.traces);
	check_count(&live.metrics);
	check_count(&live.logs);
	must(live.uptime_ms >= 0 && (live.is_debugging == 0 || live.is_debugging == 1));
}

static void
check_address(const uint8_t *bytes, size_t length)
{
	char *text = fuzz_string(bytes, length), address[LIVE_ADDRESS_SIZE], again[LIVE_ADDRESS_SIZE];
	size_t i;

	if (live_address(text, address)) {
		must(strrchr(address, ':') > address && *address != '-');
		for (i = 0; address[i] != '\0'; i++)
			must(strchr("/?#@{}\\%^`\"<>|'()*!$&,;=+~", address[i]) == NULL && address[i] > ' ' && address[i] < 0x7f);
		must(live_address(address, again) && strcmp(address, again) == 0);
	}
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	check_answer(bytes, length);
	check_address(bytes, length);
	return 0;
}
