/* Ask a daemon of upstream's for its live counters. */
#include "daemon/live.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/message.h"
#include "base/text.h"
#include "process/output.h"
#include "state/members.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CODE_LENGTH 3		/* of an HTTP status, which curl puts behind the answer */
#define MEMBERS "version startedAt uptimeMs httpAddr otlpGrpcAddr otlpHttpAddr proxyUrl proxyProtocol debug"
#define COUNTS "traceCount metricCount logCount"

/* Upstream's own, and what its later versions take, which keep what they get in a file and have no caps. */
static const char *const queries[] = {
	"{\"query\":\"{status{" MEMBERS " config{" COUNTS " traceCap metricCap logCap}}}\"}",
	"{\"query\":\"{status{" MEMBERS " config{" COUNTS "}}}\"}",
};
#define QUERY_COUNT (sizeof(queries) / sizeof(queries[0]))

static int
is_any_address(const char *host, size_t length)
{
	static const char *const names[] = { "", "0.0.0.0", "[::]", "::" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == length && memcmp(names[i], host, length) == 0)
			return 1;
	return 0;
}

/* A name, an IPv4 address, or an IPv6 address in brackets: nothing that means more in a URL, or to curl. */
static int
is_host(const char *host, size_t length)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_";
	unsigned char bytes[16];
	char address[INET6_ADDRSTRLEN];

	if (*host != '[')
		return *host != '-' && strspn(host, letters) == length;
	return host[length - 1] == ']' && io_format(address, sizeof(address), "%.*s", (int)length - 2, host + 1) == 0 &&
	    inet_pton(AF_INET6, address, bytes) == 1;
}

int
live_address(const char *http_addr, char address[LIVE_ADDRESS_SIZE])
{
	const char *colon = strrchr(http_addr, ':');
	size_t length;
	int64_t port;

	if (colon == NULL || !text_number(colon + 1, 1, 65535, &port))
		return 0;
	length = (size_t)(colon - http_addr);
	if (is_any_address(http_addr, length))
		return io_format(address, LIVE_ADDRESS_SIZE, "localhost:%d", (int)port) == 0;
	if (!is_host(http_addr, length))
		return 0;
	return io_format(address, LIVE_ADDRESS_SIZE, "%.*s:%d", (int)length, http_addr, (int)port) == 0;
}

static const char *
words_of_curl(int status)
{
	static const struct { int status; const char *words; } table[] = {
		{ 1, "what answers there is no HTTP server" }, { 6, "there is no such host" },
		{ 7, "nobody answers" }, { 8, "what answers there is no HTTP server" },
		{ 18, "the answer broke off" }, { 28, "no answer within 3 seconds" }, { 52, "it closed without an answer" },
		{ 55, "the connection broke off" }, { 56, "the connection broke off" }, { 63, "the answer is too long" },
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].status == status)
			return table[i].words;
	return NULL;
}

/* curl has ended, but not well; or it could not be asked: then status is -1 and errno says why. */
static int
explain(const char *url, int status, struct otelop_message *reason)
{
	const char *words = NULL;

	if (status < 0 && (errno == ENOENT || errno == EACCES))
		return message_errno(reason, "curl");
	if (status < 0 && errno == ETIMEDOUT)
		words = words_of_curl(28);
	else if (status < 0 && errno == EMSGSIZE)
		words = words_of_curl(63);
	else if (status < 0)
		return message_errno(reason, "curl: cannot run");
	else if (WIFEXITED(status))
		words = words_of_curl(WEXITSTATUS(status));
	if (words != NULL)
		return message_set(reason, "%s: %s", url, words);
	return message_set(reason, "%s: curl %s %d", url, WIFEXITED(status) ? "exited with status" :
	    "was killed by signal", WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

/* Its limit ends curl also when we are gone, and can no longer. */
static int
ask(const char *url, const char *query, struct live *live, int64_t deadline, struct otelop_message *reason)
{
	char limit[32];
	char *argv[] = {
		(char *)"curl", (char *)"-q", (char *)"--noproxy", (char *)"*", (char *)"--proto", (char *)"=http",
		(char *)"--globoff", (char *)"--silent", (char *)"--max-time", limit, (char *)"--header",
		(char *)"Content-Type: application/json",
		(char *)"--data", (char *)(uintptr_t)query, (char *)"--write-out", (char *)"%{http_code}",
		(char *)(uintptr_t)url, NULL,
	};
	int64_t left = clock_left_ms(deadline);
	int status = -1;
	ssize_t n;

	io_format(limit, sizeof(limit), "%d.%03d", (int)(left / 1000), (int)(left % 1000) + (left == 0));
	n = output_of(argv, live->answer, sizeof(live->answer), deadline, &status);
	if (n < 0)
		return explain(url, -1, reason);
	if (status != 0)
		return explain(url, status, reason);
	if ((n -= CODE_LENGTH) < 0)
		return message_set(reason, "%s: curl does not say with which status it answers", url);
	if (memcmp(live->answer + n, "200", CODE_LENGTH) != 0)
		return message_set(reason, "%s: it answers with status %.*s", url, CODE_LENGTH, live->answer + n);
	return (int)n;
}

static int
find(const struct json_value *object, const char *key, enum json_type type, struct json_value *value)
{
	return json_find(object->text, object->length, key, value) && value->type == type;
}

static int
take_strings(const struct json_value *status, struct live *live)
{
	const struct { const char *key; struct json_value *value; } table[] = {
		{ "version", &live->version }, { "startedAt", &live->started_at }, { "httpAddr", &live->http_addr },
		{ "otlpGrpcAddr", &live->otlp_grpc_addr }, { "otlpHttpAddr", &live->otlp_http_addr },
		{ "proxyUrl", &live->proxy_url }, { "proxyProtocol", &live->proxy_protocol },
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (!find(status, table[i].key, JSON_STRING, table[i].value))
			return 0;
	return 1;
}

/* A number of milliseconds, whose fraction does not matter. */
static int
take_uptime(const struct json_value *status, struct live *live)
{
	struct json_value value;
	const char *point;

	if (!find(status, "uptimeMs", JSON_NUMBER, &value))
		return 0;
	if ((point = memchr(value.text, '.', value.length)) != NULL)
		value.length = (size_t)(point - value.text);
	return (live->uptime_ms = json_whole_number(&value, 0, INT64_MAX)) >= 0;
}

static int
take_count(const struct json_value *config, const char *count_key, const char *cap_key, struct live_count *count)
{
	struct json_value value;

	count->cap = -1;
	if (!find(config, count_key, JSON_NUMBER, &value) ||
	    (count->count = json_whole_number(&value, 0, INT64_MAX)) < 0)
		return 0;
	if (!json_find(config->text, config->length, cap_key, &value))
		return 1;
	return (count->cap = json_whole_number(&value, 0, INT64_MAX)) >= 0;
}

/* Could the metadata's member of this name have it? */
static int
is_sound(const char *key, const struct json_value *value)
{
	return members_fault(members_find(key, strlen(key)), value) == NULL;
}

static int
take_status(const struct json_value *answer, struct live *live)
{
	struct json_value data, status, config, debug;

	if (!find(answer, "data", JSON_OBJECT, &data) || !find(&data, "status", JSON_OBJECT, &status) ||
	    !find(&status, "config", JSON_OBJECT, &config) ||
	    !json_find(status.text, status.length, "debug", &debug))
		return 0;
	live->is_debugging = debug.type == JSON_TRUE;
	return take_strings(&status, live) && is_sound("startedAt", &live->started_at) && take_uptime(&status, live) &&
	    take_count(&config, "traceCount", "traceCap", &live->traces) &&
	    take_count(&config, "metricCount", "metricCap", &live->metrics) &&
	    take_count(&config, "logCount", "logCap", &live->logs);
}

/* 0; 1: it does not take this query, or has another reason to refuse it; -1: this is no answer. */
static int
understand(const char *url, struct live *live, size_t length, struct otelop_message *reason)
{
	struct json_value answer = { JSON_OBJECT, live->answer, length }, errors, *list, message;
	struct json_fault fault;
	char words[256];
	size_t count;
	int refused = 0;

	if (!json_is_valid(live->answer, length, &fault))
		return message_set(reason, "%s: the answer is not JSON: %s", url, fault.what);
	if (find(&answer, "errors", JSON_ARRAY, &errors) && json_elements(&errors, &list, &count) == 0) {
		if (count > 0 && find(&list[0], "message", JSON_STRING, &message)) {
			count = json_decode(&message, words, sizeof(words));
			count = text_utf8_whole(words, count < sizeof(words) ? count : sizeof(words));
			message_set(reason, "%s: it answers: %.*s", url, (int)count, words);
			refused = 1;
		}
		free(list);
		if (refused)
			return 1;
	}
	if (take_status(&answer, live))
		return 0;
	return message_set(reason, "%s: the answer is not that of an otelop daemon", url);
}

int
live_ask(const char *http_addr, struct live *live, struct otelop_message *reason)
{
	int64_t deadline = clock_deadline(LIVE_MS);
	char address[LIVE_ADDRESS_SIZE], url[LIVE_ADDRESS_SIZE + 32];
	int length, result = 1;
	size_t i;

	if (!live_address(http_addr, address))
		return message_set(reason, "httpAddr: it is not HOST:PORT");
	io_format(url, sizeof(url), "http://%s/graphql", address);
	for (i = 0; i < QUERY_COUNT && result == 1; i++) {
		if ((length = ask(url, queries[i], live, deadline, reason)) < 0)
			return -1;
		result = understand(url, live, (size_t)length, reason);
	}
	return result == 0 ? 0 : -1;
}
