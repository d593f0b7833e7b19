/* The commands of otelop, as its help shows them. */
#include "commands.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	const char *does;
	const char *words;	/* behind the name, in lines */
} commands[] = {
	{ "start", "start a command as a daemon, and return when it is ready",
	    "[--ready MODE]... [--try TIME] [-t TIME] [--native] [--strict] [-f]\n"
	    "[--with-parent PID]... [--parent-grace TIME] [--max-lifetime TIME] [--grace TIME]\n"
	    "[--stop-signal SIG] [--stop-all] [--no-sweep] [--log-max SIZE] [--log-keep N]\n"
	    "[--respawn[=N]] [--stdin open]\n"
	    "[-l LOG] [-d DIR] [-m UMASK] [-e VAR[=VALUE]]... [-u VAR]...\n"
	    "[KEY=VALUE...] -- CMD [ARG...]" },
	{ "stop", "end the daemon, and return when it is gone", "[-t TIME] [-k TIME]" },
	{ "restart", "stop it, and start the same again, or another command",
	    "[-t TIME] [-k TIME] [start options and members -- CMD [ARG...]]" },
	{ "status", "say how it is: 0 it runs, 1 it died, 3 it is stopped", "[--json | -q]" },
	{ "logs", "show the end of what it wrote", "[-f] [-N LINES]" },
	{ "list", "show every instance, a line each", "" },
	{ "wait", "return when it is ready, or gone", "[--ready | --stopped] [-t TIME]" },
	{ "with", "run one command with servers that are there as long as it is",
	    "{[-n NAME] [start options] -s SERVER}... -- CMD [ARG...]" },
	{ "version", "print the version", "" },
	{ "help", "print this, or how one command is called", "[COMMAND]" },
};
#define COMMANDS (sizeof(commands) / sizeof(*commands))

static const char examples[] =
    "\n"
    "  otelop start -- python3 -m http.server 0\n"
    "  otelop -n db start --ready listen:5432 -- postgres -D data\n"
    "  otelop with -s 'python3 -m http.server 0' -- sh -c 'curl -s \"http://$OTELOP_ADDRESS/\"'\n"
    "\n"
    "-n NAME is one of several instances, -C DIR another state directory.  More: otelop help COMMAND, man otelop\n";

void
commands_print(void)
{
	size_t i;

	printf("usage: %s\n\n", COMMANDS_USAGE);
	for (i = 0; i < COMMANDS; i++)
		printf("  %-8s  %s\n", commands[i].name, commands[i].does);
	fputs(examples, stdout);
}

int
commands_print_one(const char *name)
{
	const char *words;
	size_t i;

	for (i = 0; i < COMMANDS && strcmp(commands[i].name, name) != 0; i++)
		;
	if (i == COMMANDS)
		return 0;
	printf("usage: otelop [-C DIR] [-n NAME] %s%s", name, *commands[i].words != '\0' ? " " : "");
	for (words = commands[i].words; *words != '\0'; words++)
		if (*words == '\n')
			printf("\n    ");
		else
			putchar(*words);
	printf("\n%s: %s\n", name, commands[i].does);
	return 1;
}
