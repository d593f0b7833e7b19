/*
 * least CMD: what a start needs at least, and no more: a process of its own session that runs CMD with a pipe on descriptor
 * 3, hands its word on and stays as its parent, and one that waits for the word.  Nothing is looked at, locked, written,
 * logged or cleaned up.  What otelop needs above this is the price of its promises.
 */
#define _GNU_SOURCE
#include <sys/wait.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define UP 9	/* where the one that stays tells the one that waits */

static int
wait_for_word(int fd)
{
	char word[16];
	ssize_t length = read(fd, word, sizeof(word));

	return length == 3 && memcmp(word, "ok\n", 3) == 0 ? 0 : -1;
}

static int
stay(char *command[])
{
	int ready[2];
	pid_t pid;

	if (pipe(ready) != 0)
		return 1;
	pid = vfork();
	if (pid == 0) {
		dup2(ready[1], 3);
		execv(command[0], command);
		_exit(127);
	}
	close(ready[1]);
	if (pid < 0 || wait_for_word(ready[0]) != 0 || write(UP, "ok\n", 3) != 3)
		return 1;
	close(UP);
	return waitpid(pid, NULL, 0) == pid ? 0 : 1;
}

int
main(int argc, char *argv[])
{
	int up[2], null;
	pid_t pid;

	if (argc > 2 && strcmp(argv[1], "--stay") == 0)
		return stay(argv + 2);
	if (argc < 2 || pipe2(up, O_CLOEXEC) != 0)
		return 2;
	pid = fork();
	if (pid == 0) {
		setsid();
		null = open("/dev/null", O_RDWR);
		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		dup2(up[1], UP);
		execv("/proc/self/exe", (char *[]){ "least", "--stay", argv[1], NULL });
		_exit(127);
	}
	close(up[1]);
	return pid > 0 && wait_for_word(up[0]) == 0 ? 0 : 1;
}
