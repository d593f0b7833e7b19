/* An http or https URL, and a client that gets it. */
#include "daemon/url.h"
#include "base/io.h"
#include "base/status.h"
#include "base/text.h"
#include "process/child.h"
#include "process/errand.h"
#include "process/exec.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_FINAL 200	/* what is below announces another one */

static int
parse_port(const char *s, size_t length, unsigned *port)
{
	char digits[8];
	int64_t number;

	if (length == 0)
		return 0;	/* the scheme's own: RFC 3986 lets it be empty */
	if (*s != ':')
		return -1;
	if (length == 1)
		return 0;
	if (io_format(digits, sizeof(digits), "%.*s", (int)(length - 1), s + 1) < 0 ||
	    !text_number(digits, 1, 65535, &number))
		return -1;
	*port = (unsigned)number;
	return 0;
}

int
url_parse(const char *url, const char **host, size_t *length, unsigned *port)
{
	int is_secure = strncmp(url, "https://", 8) == 0;
	const char *s = url + (is_secure ? 8 : 7), *end, *at;

	if (!is_secure && strncmp(url, "http://", 7) != 0)
		return -1;
	*port = is_secure ? 443 : 80;
	if (!text_is_plain(url) || strpbrk(url, " \\\"<>^`{|}") != NULL)
		return -1;
	end = s + strcspn(s, "/?#");
	/* Whoever is to be asked stands behind the user's name. */
	for (at = s; at < end; at++)
		if (*at == '@')
			s = at + 1;
	if (*s == '[') {
		*host = s + 1;
		*length = strcspn(*host, "]/?#");
		if ((*host)[*length] != ']')
			return -1;
		s = *host + *length + 1;
	} else {
		*host = s;
		*length = strcspn(s, ":/?#");
		s += *length;
	}
	return *length > 0 ? parse_port(s, (size_t)(end - s), port) : -1;
}

int
url_find_client(void)
{
	return errand_find("curl") == 0 ? 0 : errand_find("wget");
}

struct client {
	const char *const *argv;
	int words;	/* where it shows the answers' first lines */
	int words_at;	/* which of its descriptors that is */
};

static int
become_client(void *argument)
{
	/* No wget can be told to leave these alone, or the file in the home directory. */
	static const char *const settings[] = { "http_proxy", "https_proxy", "all_proxy", "WGETRC" };
	const struct client *client = argument;
	size_t i;

	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		unsetenv(settings[i]);
	if (setenv("HOME", "/nonexistent", 1) == 0 && io_dup2(client->words, client->words_at) >= 0)
		exec_command((char *const *)(uintptr_t)client->argv);
	return STATUS_NOT_FOUND;
}

/* The number in a line that begins as "  HTTP/1.1 200"; 0: it is another line. */
static int
answer_in(const char *line)
{
	unsigned long long number;

	line += strspn(line, " ");
	if (!text_take_word(&line, "HTTP/"))
		return 0;
	line += strcspn(line, " \n");
	return text_take_number(&line, 10, &number) && number < 1000 ? (int)number : 0;
}

/* The first final answer among the lines that fd has, which is closed; 0: there is none. */
static int
read_answer(int fd)
{
	FILE *stream = fdopen(fd, "r");
	char line[512];
	int answer = 0;

	if (stream == NULL) {
		io_close(&fd);
		return 0;
	}
	while (answer < ANSWER_FINAL && fgets(line, sizeof(line), stream) != NULL)
		answer = answer_in(line);
	fclose(stream);
	return answer;
}

/*
 * Both show each answer's headers as they come, and nothing more is waited for: what is behind them may never end.  wget
 * follows redirects, and not every wget can be told not to; but the first answer is what counts.
 */
int
url_get(const char *url)
{
	const char *const curl[] = { "curl", "-q", "-s", "-g", "-o", "/dev/null", "-D", "-", "--noproxy", "*", url, NULL };
	const char *const wget[] = { "wget", "-S", "-O", "/dev/null", url, NULL };
	int is_curl = exec_find("curl") == 0, words[2], answer;
	struct client client = { is_curl ? curl : wget, -1, is_curl ? STDOUT_FILENO : STDERR_FILENO };
	pid_t pid;

	if (io_pipe(words) < 0)
		return 0;
	client.words = words[1];
	pid = child_fork(become_client, &client);
	io_close(&words[1]);
	answer = read_answer(words[0]);
	if (pid > 0) {
		kill(pid, SIGKILL);
		child_reap_killed(pid);
	}
	return answer >= ANSWER_FINAL ? answer : 0;
}
