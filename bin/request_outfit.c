/* What a daemon is to find: -l, -t, -d, -m, -e and -u of otelop-spawn and of `otelop start`. */
#include "request.h"
#include "base/message.h"
#include "base/status.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

void *
request_allocate(size_t count, size_t size)
{
	struct otelop_message message;
	void *memory = calloc(count, size);

	if (memory == NULL) {
		message_errno(&message, "memory: cannot allocate the words of the command");
		cli_fail(&request_cli, STATUS_FAILED, &message);
	}
	return memory;
}

char *
request_join(const char *front, const char *behind)
{
	return strcat(strcpy(request_allocate(strlen(front) + strlen(behind) + 1, 1), front), behind);
}

static mode_t
parse_umask(const struct cli *cli, const char *text)
{
	const char *end = text;
	unsigned long long mask;

	if (*text < '0' || *text > '7' || !text_take_number(&end, 8, &mask) || *end != '\0' || mask > 0777)
		cli_usage_error(cli, "-m: not an octal mask: %s", text);
	return (mode_t)mask;
}

void
request_start_with(struct request *request, const char *option, const char *value, size_t length)
{
	static const char front[] = "--started-with=";
	char *word = request_allocate(sizeof(front) + strlen(option) + length + 1, 1);

	sprintf(word, "%s%s%.*s", front, option, (int)length, value);
	request->started_with[request->started_count++] = word;
}

static void
check_variable(const struct cli *cli, const char *option, const char *text, size_t length)
{
	static const char *const ours[] = { "OTELOP_STATE_DIR", "OTELOP_NAME", "OTELOP_DAEMONIZED", "OTELOP_LOCK_FD",
	    "OTELOP_CHAIN_FD" };
	size_t i;

	if (length == 0)
		cli_usage_error(cli, "%s: not a variable: %s", option, text);
	for (i = 0; cli->kind == CLI_COMMAND && i < sizeof(ours) / sizeof(*ours); i++)
		if (strlen(ours[i]) == length && strncmp(text, ours[i], length) == 0)
			cli_usage_error(cli, "%s: this variable is not yours to set: %s", option, ours[i]);
}

/* Without a value it is the caller's, who must have one: the daemon is not to start without what it needs. */
static void
set_variable(const struct cli *cli, struct request *request, const char *text)
{
	size_t length = strcspn(text, "=");
	const char *value;

	check_variable(cli, "-e", text, length);
	request_start_with(request, "-e", text, length + (text[length] == '='));
	if (text[length] == '\0') {
		if ((value = getenv(text)) == NULL)
			cli_usage_error(cli, "-e: not set in the environment: %s", text);
		run_words_add(cli, &request->words.environment, text, length);
		text = request_join(request_join(text, "="), value);
	} else {
		run_words_add(cli, &request->words.environment, text, length);
	}
	*request->set++ = text;
}

static void
unset_variable(const struct cli *cli, struct request *request, const char *text)
{
	size_t length = strlen(text);

	if (strchr(text, '=') != NULL)
		cli_usage_error(cli, "-u: not a variable: %s", text);
	check_variable(cli, "-u", text, length);
	request_start_with(request, "-u", text, length);
	*request->unset++ = text;
	run_words_add(cli, &request->words.unset, text, length);
}

int
request_take_outfit(const struct cli *cli, struct request *request, int option)
{
	switch (option) {
	case 'l':
		request->log = optarg;
		return 1;
	case 't':
		request->spawn.timeout_ms = cli_limit(cli, "-t", optarg);
		request->has_timeout = 1;
		return 1;
	case 'd':
		request->spawn.cwd = optarg;
		return 1;
	case 'm':
		request->spawn.umask = parse_umask(cli, optarg);
		request->spawn.set_umask = 1;
		return 1;
	case 'e':
		set_variable(cli, request, optarg);
		return 1;
	case 'u':
		unset_variable(cli, request, optarg);
		return 1;
	}
	return 0;
}
