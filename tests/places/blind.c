/*
 * Becomes the program of its own name in the directory REAL, which sees an empty directory where /proc is: so a test looks
 * at the processes of a program that cannot.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

int
main(int argc, char *argv[])
{
	const char *name = argc > 0 && strrchr(argv[0], '/') != NULL ? strrchr(argv[0], '/') + 1 : argv[0];
	char path[PATH_MAX];

	/* Who may not do so sees what he sees: nobody, in a test that is about him. */
	if (unshare(CLONE_NEWNS) == 0 && (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(REAL "/empty", "/proc", NULL, MS_BIND, NULL) < 0)) {
		perror("blind: /proc");
		return 125;
	}
	snprintf(path, sizeof(path), REAL "/%s", name);
	execv(path, argv);
	perror(path);
	return 125;
}
