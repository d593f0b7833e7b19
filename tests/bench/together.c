/*
 * together N CMD [ARG...]: N of them at the same time, a % in a word being the number of each; ends when the last one has
 * ended, with the first status that is not 0.
 */
#define _GNU_SOURCE
#include <sys/wait.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
number_words(char *words[], long number)
{
	char *mark, *word;

	for (; *words != NULL; words++) {
		mark = strchr(*words, '%');
		if (mark == NULL)
			continue;
		if (asprintf(&word, "%.*s%ld%s", (int)(mark - *words), *words, number, mark + 1) < 0)
			_exit(125);
		*words = word;
	}
}

int
main(int argc, char *argv[])
{
	long count, i;
	int status, first = 0;
	pid_t pid;

	if (argc < 3) {
		fprintf(stderr, "usage: together N CMD [ARG...]\n");
		return 2;
	}
	count = atol(argv[1]);
	for (i = 0; i < count; i++) {
		pid = fork();
		if (pid < 0)
			return 125;
		if (pid == 0) {
			number_words(argv + 2, i);
			execvp(argv[2], argv + 2);
			_exit(127);
		}
	}
	while (wait(&status) > 0)
		if (first == 0 && status != 0)
			first = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
	return first;
}
