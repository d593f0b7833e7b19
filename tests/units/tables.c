/*
 * What small functions of the library make of given texts, in tables: tables GROUP.  Each row is an
 * input and the answer in words; a row that is answered otherwise is printed.
 */
#include <sys/file.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/pids.h"
#include "daemon/modes.h"
#include "daemon/respawn.h"
#include "daemon/run_again.h"
#include "daemon/run_state.h"
#include "daemon/verdict.h"
#include "otelop.h"
#include "platform/platform.h"
#include "process/jobserver.h"
#include "process/socket_line.h"
#include "state/form.h"

#define ANSWER_SIZE 16384

struct row {
	const char *input;
	const char *answer;
};

static struct otelop_message message;

static int
take_pair(void *answer, const char *pair, struct otelop_message *reason)
{
	if (strncmp(pair, "no=", 3) == 0) {
		snprintf(reason->text, sizeof(reason->text), "not this");
		return -1;
	}
	strcat(strcat(answer, pair), "; ");
	return 0;
}

static void
say_verdict(enum verdict verdict, char *answer)
{
	static const char *const words[] = { "nothing", "ready", "failed", "bad", "closed" };

	strcat(answer, words[verdict]);
	if (*message.text != '\0')
		strcat(strcat(answer, ": "), message.text);
}

static void
answer_ready(const char *input, char *answer)
{
	static struct verdict_reader reader;
	enum verdict verdict;

	memset(&reader, 0, sizeof(reader));
	reader.set = take_pair;
	reader.argument = answer;
	verdict = *input != '\0' ? verdict_feed(&reader, input, strlen(input), &message) : VERDICT_UNKNOWN;
	if (verdict == VERDICT_UNKNOWN)
		verdict = verdict_feed(&reader, "", 0, &message);
	say_verdict(verdict, answer);
}

static const struct row ready_rows[] = {
	{ "ok\n", "ready" }, { "\n", "ready" }, { "READY=1\n", "ready" }, { "ok", "ready" },
	{ "ok\nerr:late\n", "ready" },
	{ "err:port 80 is taken\n", "failed: port 80 is taken" },
	{ "err:\n", "failed: failed, and did not say why" },
	{ "err:no newline", "failed: no newline" },
	{ "", "closed" }, { "set:a=1\n", "a=1; closed" }, { "set:a=1", "a=1; closed" },
	{ "set:a=1\nset:b=x=y\nok\n", "a=1; b=x=y; ready" },
	{ "set:no=1\nok\n", "bad: not this" },
	{ "set:a\nok\n", "bad: unexpected line on the ready pipe: \"set:a\"" },
	{ "OK\n", "bad: unexpected line on the ready pipe: \"OK\"" },
	{ "ok \n", "bad: unexpected line on the ready pipe: \"ok \"" },
	{ "ok\r\n", "bad: unexpected line on the ready pipe: \"ok\\x0d\"" },
	{ "\033[31mred\n", "bad: unexpected line on the ready pipe: \"\\x1b[31mred\"" },
	{ "\303\244\177\n", "bad: unexpected line on the ready pipe: \"\303\244\\x7f\"" },
	{ "READY=0\n", "bad: unexpected line on the ready pipe: \"READY=0\"" },
	{ NULL, NULL }
};

static void
answer_notify(const char *input, char *answer)
{
	say_verdict(verdict_parse_notify(input, strlen(input), &message), answer);
}

static const struct row notify_rows[] = {
	{ "READY=1", "ready" }, { "READY=1\n", "ready" }, { "STATUS=up\nREADY=1\nMAINPID=1", "ready" },
	{ "ERRNO=5\nREADY=1", "ready" },
	{ "STATUS=no database\nERRNO=2", "failed: no database" },
	{ "ERRNO=2\nSTATUS=no database\n", "failed: no database" },
	{ "STATUS=starting", "nothing" }, { "ERRNO=0", "nothing" }, { "ERRNO=-1", "nothing" },
	{ "ERRNO=", "nothing" }, { "", "nothing" }, { "\n\n", "nothing" }, { "READY=0", "nothing" },
	{ "READY=11", "nothing" }, { "XREADY=1", "nothing" }, { "ready=1", "nothing" },
	{ "RELOADING=1", "nothing" }, { "STOPPING=1", "nothing" }, { "WATCHDOG=1", "nothing" },
	{ NULL, NULL }
};

static void
answer_jobserver(const char *input, char *answer)
{
	jobserver_strip(input, answer);
}

static const struct row jobserver_rows[] = {
	{ "", "" }, { "k", "k" }, { "kw -- CC=gcc", "kw -- CC=gcc" },
	/* GNU make */
	{ " -j8 --jobserver-auth=3,4", "" },
	{ "ks -j8 --jobserver-auth=3,4 -- CC=gcc", "ks -- CC=gcc" },
	{ " -j2 --jobserver-auth=fifo:/tmp/GMfifo1 -l2.5", " -l2.5" },
	{ " --jobserver-fds=3,4 -j", "" }, { "k -j", "k" },
	{ "-- X=--jobserver-auth=3,4 -j9", "-- X=--jobserver-auth=3,4 -j9" },
	{ "k -- A=1\\ -j2 -- B=--jobserver", "k -- A=1\\ -j2 -- B=--jobserver" },
	{ " --eval=a\\ -j2 -j2", " --eval=a\\ -j2" },
	/* BSD make: the number and the descriptors are words of their own */
	{ " -j 3 -k -J 15,16 .MAKE.LEVEL.ENV=MAKELEVEL X=1", " -k .MAKE.LEVEL.ENV=MAKELEVEL X=1" },
	{ " -k -J 15,16", " -k" }, { " -J 15,16 -j 3", "" },
	{ NULL, NULL }
};

/* A mode each, as KIND:GROUP, and what it points to. */
static void
answer_modes(const char *input, char *answer)
{
	static const char *const kinds[MODE_KINDS] = { "fd", "notify", "listen", "connect", "url", "check", "log", "up",
	    "exec" };
	struct modes modes = { .count = 0 };
	char texts[512], *text, *rest = texts;
	size_t i;

	/* Several --ready, with a | between them. */
	strcpy(texts, input);
	while (rest != NULL) {
		text = rest;
		if ((rest = strchr(text, '|')) != NULL)
			*rest++ = '\0';
		if (modes_add(&modes, text, &message) < 0) {
			strcpy(answer, "refused");
			return;
		}
	}
	for (i = 0; i < modes.count; i++) {
		const struct mode *mode = &modes.items[i];

		answer += sprintf(answer, "%s%u", kinds[mode->kind], mode->group);
		if (mode->host != NULL)
			answer += sprintf(answer, " <%.*s>", (int)mode->host_length, mode->host);
		else if (mode->target_length > 0)
			answer += sprintf(answer, " <%.*s>", (int)mode->target_length, mode->target);
		if (mode->port > 0)
			answer += sprintf(answer, " %u", mode->port);
		if (mode->up_ms > 0)
			answer += sprintf(answer, " %lld", (long long)mode->up_ms);
		answer += sprintf(answer, "; ");
	}
}

static const struct row modes_rows[] = {
	{ "auto", "fd0; notify0; listen0; " }, { "fd", "fd0; " }, { "notify,exec", "notify0; exec0; " },
	{ "auto,exec", "fd0; notify0; listen0; exec0; " },
	{ "listen:1,listen:2,listen", "listen0 <1> 1; listen0 <2> 2; listen0; " },
	{ "listen:65535", "listen0 <65535> 65535; " },
	{ "fd|exec,notify|fd", "fd0; exec1; notify1; fd2; " },
	{ "connect:localhost:80", "connect0 <localhost> 80; " },
	{ "connect:a:1,connect:/b,exec", "connect0 <a> 1; connect0 </b>; exec0; " },
	{ "connect:[::1]:8080", "connect0 <::1> 8080; " },
	{ "connect:::1:8080", "connect0 <::1> 8080; " },
	{ "connect:/run/x.sock", "connect0 </run/x.sock>; " },
	{ "connect:./a:80", "connect0 <./a:80>; " },
	{ "fd,check:test -e a,b && listen", "fd0; check0 <test -e a,b && listen>; " },
	{ "fd,log:^(up|on), or", "refused" },	/* the | is ours: half of it is left */
	{ "fd,log:^up, (at )?[0-9]+$", "fd0; log0 <^up, (at )?[0-9]+$>; " },
	{ "up:500ms,up:1m30s", "up0 <500ms> 500; up0 <1m30s> 90000; " }, { "up:2", "up0 <2> 2000; " },
	{ "exec,http://a", "exec0; url0 <a> 80; " }, { "https://a?x,y", "url0 <a> 443; " },
	{ "http://me:pw@a:8080/b?c#d", "url0 <a> 8080; " }, { "http://a@b@c:1", "url0 <c> 1; " },
	{ "http://[::1]:9/a", "url0 <::1> 9; " }, { "http://a:/", "url0 <a> 80; " },
	{ "http://a/@b:1", "url0 <a> 80; " }, { "https://[::1]", "url0 <::1> 443; " },
	{ "", "refused" }, { "fd,", "refused" }, { ",fd", "refused" }, { "fd,,exec", "refused" },
	{ "fd, notify", "refused" }, { "FD", "refused" }, { "tcp", "refused" }, { "check:", "refused" },
	{ "fd|", "refused" }, { "|fd", "refused" },
	{ "listen:", "refused" }, { "listen:0", "refused" }, { "listen:65536", "refused" },
	{ "listen:80a", "refused" }, { "listen:-1", "refused" }, { "listen: 80", "refused" },
	{ "listen:18446744073709551697", "refused" },
	{ "connect:", "refused" }, { "connect:localhost", "refused" }, { "connect::80", "refused" },
	{ "connect:[]:80", "refused" }, { "connect:localhost:", "refused" },
	{ "connect:localhost:http", "refused" }, { "connect:fd,listen:", "refused" },
	{ "log:", "refused" }, { "log:(", "refused" }, { "log:[a", "refused" }, { "log:a{2", "refused" },
	{ "log", "refused" }, { "up", "refused" }, { "up:", "refused" }, { "up:x", "refused" }, { "up:-1", "refused" },
	{ "http:", "refused" }, { "http://", "refused" }, { "http:///a", "refused" }, { "http://:80", "refused" },
	{ "http://a:x", "refused" }, { "http://a:0", "refused" }, { "http://a:65536/", "refused" },
	{ "http://a b", "refused" }, { "http://a/\n", "refused" }, { "http://[::1", "refused" },
	{ "http://[::1]80", "refused" }, { "http://[]:1", "refused" }, { "ftp://a", "refused" },
	{ NULL, NULL }
};

static void
answer_duration(const char *input, char *answer)
{
	int64_t ms;

	if (clock_parse_duration(input, &ms) < 0)
		strcat(answer, "refused");
	else
		sprintf(answer, "%lld", (long long)ms);
}

static const struct row duration_rows[] = {
	{ "10", "10000" }, { "2.5", "2500" }, { "500ms", "500" }, { "10s", "10000" }, { "2m", "120000" },
	{ "1h", "3600000" }, { "0", "0" }, { "0.000h", "0" }, { "0ms", "0" }, { "007", "7000" },
	{ "0.0001", "1" }, { "0.4ms", "1" }, { "0.00000000001h", "1" }, { "1.5m", "90000" },
	{ "1m30s", "90000" }, { "1h2m3.5s", "3723500" }, { "300ms", "300" }, { "1s500ms", "1500" },
	{ "1m1m", "120000" }, { "30s1h", "3630000" }, { "0h0m0s", "0" }, { "0h0.0001ms", "1" },
	{ "1m30", "refused" }, { "30 1m", "refused" }, { "1m-1s", "refused" }, { "1m s", "refused" },
	{ "1m.5s", "refused" }, { "1h9223372036854775807ms", "refused" }, { "1msms", "refused" },
	{ "604800000ms", "604800000" }, { "8760h", "31536000000" },
	{ "", "refused" }, { "s", "refused" }, { ".5", "refused" }, { "1.", "refused" },
	{ "-1", "refused" }, { "+1", "refused" }, { " 1", "refused" }, { "1 s", "refused" }, { "1d", "refused" },
	{ "1S", "refused" }, { "1.2.3", "refused" }, { "1e3", "refused" }, { "0x1", "refused" },
	{ "99999999999999999999", "refused" }, { "9223372036854775807h", "refused" },
	{ NULL, NULL }
};

static void
answer_tables(int (*parse)(const char *, unsigned long *, char *, size_t), const char *input,
    char *answer)
{
	char address[256];
	unsigned long inode;

	if (parse(input, &inode, address, sizeof(address)))
		sprintf(answer, "%lu %s", inode, address);
}

static void
answer_tcp(const char *input, char *answer)
{
	answer_tables(socket_line_tcp, input, answer);
}

/* Addresses are words as they lie in memory: these rows are a little-endian machine's. */
#define TAIL " 00000000:00000000 00:00000000 00000000  1000        0 21340 1 0000000000000000 100 0\n"
static const struct row tcp_rows[] = {
	{ "   0: 0100007F:1F90 00000000:0000 0A" TAIL, "21340 127.0.0.1:8080" },
	{ "  12: 00000000:0050 00000000:0000 0A" TAIL, "21340 0.0.0.0:80" },
	{ "   0: 00000000000000000000000001000000:01BB 00000000000000000000000000000000:0000 0A" TAIL,
	    "21340 [::1]:443" },
	{ "   0: 00000000000000000000000000000000:FFFF 00000000000000000000000000000000:0000 0A" TAIL,
	    "21340 [::]:65535" },
	{ "   0: 0100007F:1F90 0100007F:C350 01" TAIL, "" },
	{ "   0: 0100007F:1F90 00000000:0000 07" TAIL, "" },
	{ "   0: 010000:1F90 00000000:0000 0A" TAIL, "" },
	{ "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n", "" },
	{ "   0: 0100007F:1F90 0000", "" }, { "", "" },
	{ NULL, NULL }
};

static void
answer_unix(const char *input, char *answer)
{
	answer_tables(socket_line_unix, input, answer);
}

static const struct row unix_rows[] = {
	{ "0000000000000000: 00000002 00000000 00010000 0001 01 21010 /run/x.sock\n", "21010 /run/x.sock" },
	{ "ffff8881025f7000: 00000002 00000000 00010000 0001 01 21011 @name\n", "21011 @name" },
	{ "0000000000000000: 00000002 00000000 00010000 0001 01 21012 /a b\tc\n", "21012 /a b\tc" },
	{ "0000000000000000: 00000003 00000000 00000000 0001 03 21013 /run/x.sock\n", "" },
	{ "0000000000000000: 00000002 00000000 00010000 0001 01 21014\n", "" },
	{ "Num       RefCount Protocol Flags    Type St Inode Path\n", "" }, { "", "" },
	{ NULL, NULL }
};

static void
answer_fault(const char *input, char *answer)
{
	static struct otelop_metadata metadata;

	if (form_parse(&metadata, input, strlen(input), "FILE", &message) < 0)
		strcat(answer, message.text);
	else
		strcat(answer, metadata.json);
}

#define AT "FILE: corrupt metadata: line "
static const struct row fault_rows[] = {
	{ "{\"pid\":1}", "{\n  \"pid\": 1,\n  \"startedAt\": \"0001-01-01T00:00:00Z\",\n  \"httpAddr\": \"\",\n"
	    "  \"otlpGrpcAddr\": \"\",\n  \"otlpHttpAddr\": \"\",\n  \"proxyUrl\": \"\",\n"
	    "  \"proxyProtocol\": \"\",\n  \"version\": \"\"\n}\n" },
	{ "", "FILE: empty" },
	{ "nan", AT "1, column 1: neither a value nor an end" },
	{ "{\n\t\"pid\": 01\n}", AT "2, column 10: expected ',' or '}'" },
	{ "{\"pid\":1,}", AT "1, column 10: expected a member's name" },
	{ "{\"pid\":1} {}", AT "1, column 11: text after the end" },
	{ "{\"a\"}", AT "1, column 5: expected ':'" },
	{ "{\"pid\":1,\n\"a\":[1,\n2}", AT "3, column 2: expected ',' or ']'" },
	{ "{\"a\":\"\\x\"}", AT "1, column 8: bad escape in a string" },
	{ "{\"a\":\"\\u12\"}", AT "1, column 11: \\u needs four hexadecimal digits" },
	{ "{\"a\":\"\t\"}", AT "1, column 7: control character in a string" },
	{ "{\"a\":\"\xff\"}", AT "1, column 7: invalid UTF-8" },
	{ "{\"a\":\"", AT "1, column 7: string without an end" },
	{ "{\"a\":", AT "1, column 6: unexpected end" },
	{ "{\"a\":-}", AT "1, column 7: bad number" },
	{ "[1]", AT "1, column 1: not an object" },
	{ "1", AT "1, column 1: not an object" },
	{ "{}", AT "1, column 1: it names no pid" },
	{ "{\"pid\":null}", AT "1, column 1: it names no pid" },
	{ "{\n\"pid\":0}", AT "2, column 7: pid is not a process number" },
	{ "{\"pid\":\"1\"}", AT "1, column 8: pid is not a process number" },
	{ "{\"pid\":1,\"version\":2}", AT "1, column 20: version: not a string" },
	{ "{\"pid\":1,\n \"command\":[\"a\",1]}", AT "2, column 12: command: not an array of strings" },
	{ "{\"pid\":1,\"exitCode\":-1}", AT "1, column 21: exitCode: not a whole number" },
	{ "{\"pid\":1,\"startedAt\":\"now\"}", AT "1, column 22: startedAt: not an RFC 3339 time" },
	{ NULL, NULL }
};

static void
say_holders(const struct stat *file, const char *name, char *answer)
{
	struct platform_holder *holders;
	size_t count, i;
	int hidden, ours;

	if (platform_lock_holders(file, name, &holders, &count, &hidden) < 0) {
		strcat(answer, strerror(errno));
		return;
	}
	for (ours = 1; ours >= 0; ours--)
		for (i = 0; i < count; i++)
			if ((holders[i].pid == getpid()) == ours)
				sprintf(answer + strlen(answer), "%s took it by %s;", ours ? "we" :
				    holders[i].name, holders[i].taker == getpid() ? "us" : "another");
	free(holders);
}

/* Words of which each is done in turn with one file: o opens it once more, s, x and u are flock's, f is a child's. */
static void
answer_holders(const char *input, char *answer)
{
	char name[] = "holders-XXXXXX";
	int fd = mkstemp(name), first = fd, to_child[2], child = 0;
	struct stat file;
	const char *s;

	if (fstat(fd, &file) < 0 || pipe(to_child) < 0)
		return;
	for (s = input; *s != '\0'; s++)
		if (*s == 'o')
			fd = open(name, O_RDONLY);
		else if (*s == 'f' && (child = fork()) == 0) {
			close(to_child[1]);
			if (read(to_child[0], answer, 1) == 0)	/* the parent closes its end */
				_exit(0);
		} else if (*s != 'f')
			flock(fd, *s == 's' ? LOCK_SH : *s == 'x' ? LOCK_EX : LOCK_UN);
	unlink(name);
	say_holders(&file, "holders-", answer);
	say_holders(&file, "another", answer);
	close(to_child[1]);
	close(first);
	if (fd != first)
		close(fd);
	if (child > 0)
		waitpid(child, NULL, 0);
	close(to_child[0]);
}

static const struct row holders_rows[] = {
	{ "", "" }, { "s", "we took it by us;" }, { "xu", "" }, { "x", "we took it by us;" }, { "ox", "we took it by us;" },
	{ "xo", "we took it by us;" }, { "xf", "we took it by us;tables took it by us;" },
	{ NULL, NULL }
};

/* A count, and of so many numbers every one twice, in strides that share slots: how many were new, and are there; in order? */
static void
answer_pids(const char *input, char *answer)
{
	long wanted = atol(input), i, added = 0, known = 0, strangers = 0, in_order = 0;
	struct pids pids = { 0 };

	for (i = 0; i < 2 * wanted; i++)
		added += pids_add(&pids, (pid_t)(1 + i % wanted * 64));
	for (i = 0; i < wanted; i++) {
		known += pids_has(&pids, (pid_t)(1 + i * 64));
		strangers += pids_has(&pids, (pid_t)(2 + i * 64));
		in_order += (size_t)i < pids.count && pids.items[i] == (pid_t)(1 + i * 64);
	}
	sprintf(answer, "%ld added, %ld known, %ld strangers, %ld in order", added, known, strangers, in_order);
	pids_free(&pids);
	if (pids_has(&pids, 1))
		strcat(answer, ", and there when freed");
}

static const struct row pids_rows[] = {
	{ "0", "0 added, 0 known, 0 strangers, 0 in order" },
	{ "1", "1 added, 1 known, 0 strangers, 1 in order" },
	{ "17", "17 added, 17 known, 0 strangers, 17 in order" },
	{ "5000", "5000 added, 5000 known, 0 strangers, 5000 in order" },
	{ NULL, NULL }
};

static void
answer_began(const char *input, char *answer)
{
	unsigned long long ticks = 0;
	char boot[64];

	switch (platform_process_start_ticks((pid_t)atol(input), &ticks)) {
	case 1:
		strcat(answer, ticks > 0 ? "then" : "never");
		break;
	case 0:
		strcat(answer, "gone");
	}
	if (platform_boot_id(boot, sizeof(boot)))
		strcat(answer, strlen(boot) == 36 ? ", in a boot with a name" : boot);
}

static const struct row began_rows[] = {
	{ "1", "then, in a boot with a name" }, { "2147483646", "gone, in a boot with a name" },
	{ "0", "gone, in a boot with a name" }, { "-1", "gone, in a boot with a name" },
	{ NULL, NULL }
};

/* A limit, and for each crash how many seconds the run before it had lasted: the pauses in seconds, until there is none. */
static void
answer_respawn(const char *input, char *answer)
{
	struct respawn respawn = { .row = 0 };
	int limit, ran, length;

	sscanf(input, "%d%n", &limit, &length);
	for (input += length; sscanf(input, "%d%n", &ran, &length) == 1; input += length) {
		if (!respawn_is_due(&respawn, limit, ran * INT64_C(1000))) {
			strcat(answer, "enough ");
			break;
		}
		sprintf(answer + strlen(answer), "%d ", (int)(respawn_pause_ms(&respawn) / 1000));
	}
	sprintf(answer + strlen(answer), "of %ld", respawn.total);
}

static const struct row respawn_rows[] = {
	{ "1 5", "1 of 1" }, { "1 5 5", "1 enough of 1" },
	{ "10 0 0 0 0 0 0 0 0 0 0 0", "1 2 4 8 16 32 60 60 60 60 enough of 10" },
	{ "3 59 59 59 59", "1 2 4 enough of 3" }, { "3 60 59 60 59 60", "1 2 1 2 1 of 5" },
	{ "1 60 60 60", "1 1 1 of 3" }, { "1000000 0 0", "1 2 of 2" },
	{ NULL, NULL }
};

/* Is it being started again, paused or ready; and how many milliseconds are left until the deadline (-1: there is none)? */
static void
answer_late(const char *input, char *answer)
{
	struct run_report report = { .said = 0 };
	struct run run = { .report = &report };

	run.outcome = *input == 'a' ? RUN_AGAIN : *input == 'p' ? RUN_PAUSED : RUN_READY;
	run.respawn.due = clock_deadline(atol(input + 1));
	strcpy(answer, run_is_late(&run) ? report.reason.text : "no");
}

static const struct row late_rows[] = {
	{ "a 0", "not ready within 60 s" }, { "a 100000", "no" }, { "p 0", "no" }, { "r -1", "no" },
	{ NULL, NULL }
};

static const struct group {
	const char *name;
	void (*answer)(const char *, char *);
	const struct row *rows;
} groups[] = {
	{ "ready", answer_ready, ready_rows },
	{ "notify", answer_notify, notify_rows },
	{ "jobserver", answer_jobserver, jobserver_rows },
	{ "modes", answer_modes, modes_rows },
	{ "duration", answer_duration, duration_rows },
	{ "tcp", answer_tcp, tcp_rows },
	{ "unix", answer_unix, unix_rows },
	{ "fault", answer_fault, fault_rows },
	{ "holders", answer_holders, holders_rows },
	{ "pids", answer_pids, pids_rows },
	{ "began", answer_began, began_rows },
	{ "respawn", answer_respawn, respawn_rows },
	{ "late", answer_late, late_rows },
};

static int
check(const struct group *group)
{
	static char answer[ANSWER_SIZE];
	const struct row *row;
	int wrong = 0;

	for (row = group->rows; row->input != NULL; row++) {
		*answer = '\0';
		*message.text = '\0';
		group->answer(row->input, answer);
		if (strcmp(answer, row->answer) != 0) {
			printf("%s: \"%s\": \"%s\" instead of \"%s\"\n", group->name, row->input, answer,
			    row->answer);
			wrong = 1;
		}
	}
	return wrong;
}

int
main(int argc, char **argv)
{
	size_t i;

	for (i = 0; argc == 2 && i < sizeof(groups) / sizeof(groups[0]); i++)
		if (strcmp(argv[1], groups[i].name) == 0)
			return check(&groups[i]);
	fprintf(stderr, "usage: tables GROUP\n");
	return 2;
}
