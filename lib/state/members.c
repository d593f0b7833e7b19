/* The members that upstream and this project define: their order, and what each may hold. */
#include "state/members.h"
#include "base/clock.h"

#include <limits.h>
#include <string.h>

/* In the order of the file: upstream's eight, always present; then ours, where known. */
static const struct known_member known[] = {
	{ "pid", MEMBER_PID, "0" },
	{ "startedAt", MEMBER_TIME, "\"0001-01-01T00:00:00Z\"" },
	{ "httpAddr", MEMBER_TEXT, "\"\"" },
	{ "otlpGrpcAddr", MEMBER_TEXT, "\"\"" },
	{ "otlpHttpAddr", MEMBER_TEXT, "\"\"" },
	{ "proxyUrl", MEMBER_TEXT, "\"\"" },
	{ "proxyProtocol", MEMBER_TEXT, "\"\"" },
	{ "version", MEMBER_TEXT, "\"\"" },
	{ "state", MEMBER_TEXT, NULL },
	{ "command", MEMBER_TEXTS, NULL },
	{ "cwd", MEMBER_TEXT, NULL },
	{ "host", MEMBER_TEXT, NULL },
	{ "pidNamespace", MEMBER_TEXT, NULL },
	{ "bootId", MEMBER_TEXT, NULL },
	{ "startTicks", MEMBER_TICKS, NULL },
	{ "session", MEMBER_NUMBER, NULL },
	{ "unrecorded", MEMBER_TEXTS, NULL },
	{ "listen", MEMBER_TEXTS, NULL },
	{ "exitCode", MEMBER_NUMBER, NULL },
	{ "exitSignal", MEMBER_TEXT, NULL },
	{ "exitedAt", MEMBER_TIME, NULL },
	{ "readyMode", MEMBER_TEXT_OR_TEXTS, NULL },
	{ "try", MEMBER_TEXT, NULL },
	{ "maxLifetime", MEMBER_TEXT, NULL },
	{ "noSweep", MEMBER_TEXT, NULL },
	{ "runner", MEMBER_NUMBER, NULL },
	{ "withParent", MEMBER_TEXT, NULL },
	{ "grace", MEMBER_TEXT, NULL },
	{ "stopSignal", MEMBER_TEXT, NULL },
	{ "stopAll", MEMBER_TEXT, NULL },
	{ "left", MEMBER_TEXT, NULL },
	{ "logMax", MEMBER_TEXT, NULL },
	{ "logKeep", MEMBER_TEXT, NULL },
	{ "respawn", MEMBER_TEXT, NULL },
	{ "stdin", MEMBER_TEXT, NULL },
	{ "logStart", MEMBER_TICKS, NULL },
	{ "logInode", MEMBER_TICKS, NULL },
	{ "restarts", MEMBER_NUMBER, NULL },
	{ "lastEnd", MEMBER_TEXT, NULL },
	{ "lastEndAt", MEMBER_TIME, NULL },
	{ "given", MEMBER_TEXTS, NULL },
	{ "environment", MEMBER_TEXTS, NULL },
	{ "unset", MEMBER_TEXTS, NULL },
	{ "umask", MEMBER_TEXT, NULL },
	{ "log", MEMBER_TEXT, NULL },
	{ "summary", MEMBER_TEXT, NULL },	/* this and the others from here on are said on the ready pipe alone */
	{ "notRun", MEMBER_NUMBER, NULL },
	{ "extendTimeout", MEMBER_TICKS, NULL },
	{ "uptimeSeconds", MEMBER_TICKS, NULL },	/* this is shown alone */
};
#define KNOWN_COUNT (sizeof(known) / sizeof(known[0]))
struct members_fit { char all_known[KNOWN_COUNT <= MEMBERS_KNOWN_MAX ? 1 : -1]; };

const struct known_member *
members_known(size_t *count)
{
	*count = KNOWN_COUNT;
	return known;
}

const struct known_member *
members_find(const char *key, size_t length)
{
	size_t i;

	for (i = 0; length > 0 && i < KNOWN_COUNT; i++)
		if (known[i].key[0] == key[0] && strlen(known[i].key) == length && memcmp(known[i].key, key, length) == 0)
			return &known[i];
	return NULL;
}

int
members_is_known(const char *key, size_t length)
{
	return members_find(key, length) != NULL;
}

int
members_is_user_key(const char *key, size_t length)
{
	const struct known_member *ours = members_find(key, length);
	size_t i;

	if (ours != NULL)
		return ours->kind == MEMBER_TEXT && ours->zero != NULL;
	for (i = 0; i < length; i++)
		if (!((key[i] >= 'A' && key[i] <= 'Z') || (key[i] >= 'a' && key[i] <= 'z') ||
		    key[i] == '_' || (i > 0 && key[i] >= '0' && key[i] <= '9')))
			return 0;
	return length > 0;
}

static int
is_time(const struct json_value *value)
{
	char text[CLOCK_RFC3339_SIZE];
	size_t length = json_decode(value, text, sizeof(text));
	int64_t seconds;

	return length <= sizeof(text) && clock_parse_rfc3339(text, length, &seconds) == 0;
}

const char *
members_fault(const struct known_member *ours, const struct json_value *value)
{
	if (value->type == JSON_NULL)
		return NULL;
	switch (ours->kind) {
	case MEMBER_PID:
		return json_whole_number(value, 1, INT_MAX) < 0 ? "pid is not a process number" : NULL;
	case MEMBER_TICKS:
		return json_whole_number(value, 0, INT64_MAX) < 0 ? "not a whole number" : NULL;
	case MEMBER_NUMBER:
		return json_whole_number(value, 0, INT_MAX) < 0 ? "not a whole number" : NULL;
	case MEMBER_TEXT:
		return value->type != JSON_STRING ? "not a string" : NULL;
	case MEMBER_TIME:
		return value->type != JSON_STRING || !is_time(value) ? "not an RFC 3339 time" : NULL;
	case MEMBER_TEXT_OR_TEXTS:
		return value->type != JSON_STRING && !json_is_strings(value) ? "not a string or an array of strings" : NULL;
	case MEMBER_TEXTS:
		return !json_is_strings(value) ? "not an array of strings" : NULL;
	}
	return NULL;
}
