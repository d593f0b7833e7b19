/* How a process ended, in words; the names of signals. */
#include "process/ending.h"
#include "base/io.h"
#include "base/message.h"
#include "base/text.h"
#include "platform/platform.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *name;
	int number;
} signals[] = {
	{ "HUP", SIGHUP }, { "INT", SIGINT }, { "QUIT", SIGQUIT }, { "ILL", SIGILL },
	{ "TRAP", SIGTRAP }, { "ABRT", SIGABRT }, { "BUS", SIGBUS }, { "FPE", SIGFPE },
	{ "KILL", SIGKILL }, { "USR1", SIGUSR1 }, { "SEGV", SIGSEGV }, { "USR2", SIGUSR2 },
	{ "PIPE", SIGPIPE }, { "ALRM", SIGALRM }, { "TERM", SIGTERM }, { "CHLD", SIGCHLD },
	{ "CONT", SIGCONT }, { "STOP", SIGSTOP }, { "TSTP", SIGTSTP }, { "TTIN", SIGTTIN },
	{ "TTOU", SIGTTOU }, { "URG", SIGURG }, { "XCPU", SIGXCPU }, { "XFSZ", SIGXFSZ },
	{ "VTALRM", SIGVTALRM }, { "PROF", SIGPROF }, { "SYS", SIGSYS }, { "WINCH", SIGWINCH },
};
#define SIGNAL_COUNT (sizeof(signals) / sizeof(signals[0]))

#define STAY_IN_FRONT "a command that puts itself into the background must be told to stay in the foreground"

const char ending_gone_behind[] = "exited with status 0 before it was ready; " STAY_IN_FRONT;
const char ending_stay_in_front[] = STAY_IN_FRONT;

void
ending_describe(int code, int status, struct otelop_message *text)
{
	char name[16];

	if (code == CLD_EXITED) {
		message_set(text, "exited with status %d", status);
		return;
	}
	ending_signal_name(status, name, sizeof(name));
	message_set(text, "killed by signal %s%s", name, code == CLD_DUMPED ? " (core dumped)" : "");
}

void
ending_signal_name(int number, char *name, size_t size)
{
	size_t i;

	for (i = 0; i < SIGNAL_COUNT; i++)
		if (signals[i].number == number) {
			io_format(name, size, "%s", signals[i].name);
			return;
		}
	for (i = 0; platform_signals[i].name != NULL; i++)
		if (platform_signals[i].number == number) {
			io_format(name, size, "%s", platform_signals[i].name);
			return;
		}
	io_format(name, size, "%d", number);
}

int
ending_signal_number(const char *name)
{
	int64_t number;
	size_t i;

	if (*name >= '0' && *name <= '9')
		return text_number(name, 1, platform_last_signal(), &number) ? (int)number : -1;
	if (strncasecmp(name, "SIG", 3) == 0)
		name += 3;
	for (i = 0; i < SIGNAL_COUNT; i++)
		if (strcasecmp(signals[i].name, name) == 0)
			return signals[i].number;
	for (i = 0; platform_signals[i].name != NULL; i++)
		if (strcasecmp(platform_signals[i].name, name) == 0)
			return platform_signals[i].number;
	return -1;
}
