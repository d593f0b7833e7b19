/* The values of options. */
#include "base/clock.h"
#include "base/text.h"
#include "cli.h"
#include "process/ending.h"

#include <limits.h>

int64_t
cli_duration(const struct cli *cli, const char *option, const char *text)
{
	int64_t ms;

	if (clock_parse_duration(text, &ms) < 0)
		cli_usage_error(cli, "%s: not a duration: %s", option, text);
	return ms;
}

int64_t
cli_limit(const struct cli *cli, const char *option, const char *text)
{
	int64_t ms = cli_duration(cli, option, text);

	return ms == 0 ? OTELOP_FOREVER : ms;
}

long
cli_number(const struct cli *cli, const char *option, const char *text, long low, long high)
{
	int64_t number;

	if (!text_number(text, low, high, &number))
		cli_usage_error(cli, "%s: not a number from %ld to %ld: %s", option, low, high, text);
	return (long)number;
}

int
cli_signal(const struct cli *cli, const char *option, const char *text)
{
	int number = ending_signal_number(text);

	if (number < 0)
		cli_usage_error(cli, "%s: unknown signal: %s", option, text);
	return number;
}

pid_t
cli_pid(const struct cli *cli, const char *text)
{
	int64_t number;

	if (!text_number(text, 1, INT_MAX, &number))
		cli_usage_error(cli, "%s: not a process number", text);
	return (pid_t)number;
}
