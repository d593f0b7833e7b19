/*
 * /proc/PID/stat, whose second field is a name that the process chose.  linux_proc.c reads our own
 * stat line here and gets, in its place, what is fuzzed.
 */
#define io_read_all read_fuzzed
#include "../../lib/platform/linux_proc.c"

#include "fuzz.h"

static const char *stat_line;
static size_t stat_length;

ssize_t
read_fuzzed(int fd, char *bytes, size_t size)
{
	size_t n = stat_length < size ? stat_length : size;

	(void)fd;
	memcpy(bytes, stat_line, n);
	return (ssize_t)n;
}

/* A process can have any name of 15 bytes; its line says the truth about it all the same. */
static void
check_named(const uint8_t *bytes, size_t length)
{
	char line[256], name[16] = "";
	struct platform_process process;

	memcpy(name, bytes, length < 15 ? length : 15);
	snprintf(line, sizeof(line), "%ld (%s) S 4711 4712 4713 0 -1 4194560 0\n", (long)getpid(), name);
	stat_line = line;
	stat_length = strlen(line);
	must(platform_process(getpid(), &process) == 1);
	must(process.pid == getpid() && process.parent == 4711 && process.session == 4713);
	must(process.state == 'S');
}

/* One that is just being reaped has no group and no session any more. */
static void
check_leaving(void)
{
	static const char line[] = "12 (gone) X 0 -1 -1 0 -1 4227084 0 0 0 0 0 0 0 0 20 0 0 0 4711 0 0\n";
	struct platform_process process;

	stat_line = line;
	stat_length = sizeof(line) - 1;
	must(platform_process(getpid(), &process) == 1);
	must(process.state == 'X' && process.parent == 0 && process.group == -1 && process.session == -1);
	must(process.start_ticks == 4711);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct platform_process process;
	int result;

	stat_line = (const char *)bytes;
	stat_length = length;
	result = platform_process(getpid(), &process);
	must(result == 1 || (result == -1 && errno == EPROTO));
	if (result == 1)
		must(process.pid == getpid() && memchr(bytes, ')', length) != NULL);
	check_named(bytes, length);
	check_leaving();
	return 0;
}
