/* The instances of a state directory: the unnamed one is the directory itself, the others are below it. */
#include "list.h"
#include "base/io.h"
#include "base/message.h"
#include "base/status.h"
#include "cli.h"
#include "otelop.h"
#include "show.h"
#include "state/instance.h"
#include "state/state.h"
#include "state/statedir.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_SIZE 256		/* of what can be in a directory, on the systems that there are */
#define PATH_SIZE (NAME_SIZE + 32)

static void cannot_list(const struct cli *cli, const char *base) __attribute__((noreturn));

static void
cannot_list(const struct cli *cli, const char *base)
{
	struct otelop_message message;

	message_errno(&message, "%s: cannot list", base);
	cli_fail(cli, STATUS_UNKNOWN, &message);
}

/* Has the directory metadata?  What cannot be looked into may have some. */
static int
has_metadata(int base_fd, const char *name)
{
	char path[PATH_SIZE];
	struct stat found;

	if (io_format(path, sizeof(path), "%s/%s", name, STATEDIR_METADATA) < 0)
		return 0;
	return fstatat(base_fd, path, &found, AT_SYMLINK_NOFOLLOW) == 0 ||
	    (errno != ENOENT && errno != ENOTDIR);
}

struct name {
	char text[NAME_SIZE];
};

static int
compare_names(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

/* The names of the instances below, sorted. */
static size_t
find_names(const struct cli *cli, const struct statedir *base, struct name **names)
{
	int fd = fcntl(base->fd, F_DUPFD_CLOEXEC, 3);
	DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
	struct name *more;
	struct dirent *entry;
	size_t count = 0;

	*names = NULL;
	if (directory == NULL)
		cannot_list(cli, base->path);
	for (;;) {
		errno = 0;
		if ((entry = readdir(directory)) == NULL)
			break;
		if (!instance_is_name(entry->d_name) || !has_metadata(base->fd, entry->d_name))
			continue;
		if ((more = realloc(*names, (count + 1) * sizeof(*more))) == NULL)
			cannot_list(cli, base->path);
		*names = more;
		if (io_format(more[count].text, sizeof(more->text), "%s", entry->d_name) < 0)
			cannot_list(cli, base->path);
		count++;
	}
	if (errno != 0)
		cannot_list(cli, base->path);
	closedir(directory);
	if (count > 0)
		qsort(*names, count, sizeof(**names), compare_names);
	return count;
}

/* Its line.  0, or 4. */
static int
print_instance(const struct cli *cli, const char *label, const char *dir)
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	struct otelop_message warning;
	enum state state;
	int result = state_look(dir, &state, &metadata, &warning);

	if (*warning.text != '\0')
		cli_say(cli, "%s", warning.text);
	printf("%s ", label);
	if (result < 0)
		puts("unknown");
	else
		show_state(state, &metadata, 1);
	otelop_metadata_free(&metadata);
	return result < 0 ? STATUS_UNKNOWN : STATUS_DONE;
}

int
list_instances(const struct cli *cli, const char *path)
{
	struct otelop_message message;
	struct statedir base;
	char dir[OTELOP_PATH_SIZE];
	struct name *names;
	size_t count, i;
	int status = STATUS_DONE;

	if (statedir_open(&base, path, &message) < 0)
		return errno == ENOENT ? STATUS_DONE : cli_fail(cli, STATUS_UNKNOWN, &message);
	count = find_names(cli, &base, &names);
	if (has_metadata(base.fd, "."))
		status |= print_instance(cli, ".", path);
	for (i = 0; i < count; i++) {
		if (io_format(dir, sizeof(dir), "%s/%s", path, names[i].text) < 0)
			cannot_list(cli, path);
		status |= print_instance(cli, names[i].text, dir);
	}
	free(names);
	statedir_close(&base);
	return status;
}
