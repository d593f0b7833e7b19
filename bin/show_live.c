/* What a daemon of upstream's says of itself, in upstream's rows. */
#include "show_live.h"
#include "base/text.h"
#include "cli.h"
#include "json/json.h"
#include "state/meta.h"
#include "values.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* A string's characters; none, which is no address, where they are too many or have a NUL. */
static void
decode(const struct json_value *string, char text[LIVE_ADDRESS_SIZE])
{
	size_t length = json_decode(string, text, LIVE_ADDRESS_SIZE - 1);

	text[length < LIVE_ADDRESS_SIZE ? length : 0] = '\0';
	if (strlen(text) != length)
		*text = '\0';
}

int
show_live_ask(const struct otelop_metadata *metadata, struct live *live, struct otelop_message *reason)
{
	char address[LIVE_ADDRESS_SIZE];
	struct json_value value;

	if (!meta_find(metadata, "httpAddr", &value) || value.length == 2)
		return 0;
	decode(&value, address);
	return live_ask(address, live, reason) == 0 ? 1 : -1;
}

/* As upstream has it: 12s, 5m3s, 2h5m. */
static void
put_uptime(int64_t ms)
{
	long long seconds = (long long)((ms + 500) / 1000);

	if (seconds < 60)
		printf("%llds", seconds);
	else if (seconds < 3600)
		printf("%lldm%llds", seconds / 60, seconds % 60);
	else
		printf("%lldh%lldm", seconds / 3600, seconds / 60 % 60);
}

static void
put_started(const struct live *live)
{
	values_label("Started");
	values_put(&live->started_at, VALUES_CLEAN);
	fputs(" (up ", stdout);
	put_uptime(live->uptime_ms);
	puts(")");
}

/* Where a browser finds it, whatever addresses it listens on. */
static void
put_web(const struct json_value *http_addr)
{
	char text[LIVE_ADDRESS_SIZE], address[LIVE_ADDRESS_SIZE];

	decode(http_addr, text);
	values_label("Web UI");
	fputs("http://", stdout);
	if (live_address(text, address))
		fputs(address, stdout);
	else
		values_put(http_addr, VALUES_CLEAN);
	putchar('\n');
}

static void
put_proxy(const struct live *live)
{
	char protocol[16];
	size_t length = json_decode(&live->proxy_protocol, protocol, sizeof(protocol)), i;

	values_label("Proxy");
	if (length == 0 || live->proxy_url.length == 2) {
		puts("disabled");
		return;
	}
	if (length > sizeof(protocol))
		length = text_utf8_whole(protocol, sizeof(protocol));
	for (i = 0; i < length; i++)
		if (protocol[i] >= 'a' && protocol[i] <= 'z')
			protocol[i] = (char)(protocol[i] - 'a' + 'A');
	cli_put_clean(protocol, length, stdout);
	putchar(' ');
	values_put(&live->proxy_url, VALUES_CLEAN);
	putchar('\n');
}

static void
put_count(const char *name, const struct live_count *count)
{
	printf("%s=%lld", name, (long long)count->count);
	if (count->cap >= 0)
		printf("/%lld", (long long)count->cap);
}

static void
put_buffered(const struct live *live)
{
	values_label("Buffered");
	put_count("traces", &live->traces);
	put_count(" metrics", &live->metrics);
	put_count(" logs", &live->logs);
	putchar('\n');
}

void
show_live_rows(const struct otelop_metadata *metadata, const struct live *live, const char *log)
{
	values_label("PID");
	printf("%ld\n", (long)meta_pid(metadata));
	if (live->version.length > 2)
		values_row("Version", &live->version);
	put_started(live);
	put_web(&live->http_addr);
	values_row("OTLP gRPC", &live->otlp_grpc_addr);
	values_row("OTLP HTTP", &live->otlp_http_addr);
	put_proxy(live);
	put_buffered(live);
	if (log != NULL) {
		values_label("Log");
		cli_put_clean(log, strlen(log), stdout);
		putchar('\n');
	}
}
