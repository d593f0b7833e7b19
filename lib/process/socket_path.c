/* Where the file of a Unix socket is. */
#include "process/socket_path.h"
#include "base/io.h"
#include "otelop.h"
#include "platform/platform.h"

#include <sys/stat.h>

#include <dirent.h>
#include <string.h>
#include <unistd.h>

#define FILE_BITS 0xffffffffUL	/* what the kernel tells of an inode number */

static int
is_file(const char *path, unsigned long file)
{
	struct stat found;

	return lstat(path, &found) == 0 && S_ISSOCK(found.st_mode) &&
	    (file == 0 || ((unsigned long)found.st_ino & FILE_BITS) == file);
}

/* It was renamed: supervisord and haproxy bind to one name, and then give it the one that clients know. */
static int
find_renamed(const char *at, unsigned long file, char *path, size_t size)
{
	char directory[OTELOP_PATH_SIZE];
	struct dirent *entry;
	int found = 0;
	DIR *list;

	if (file == 0 || io_format(directory, sizeof(directory), "%.*s", (int)(strrchr(at, '/') - at + 1), at) < 0 ||
	    (list = opendir(directory)) == NULL)
		return 0;
	while (!found && (entry = readdir(list)) != NULL)
		found = ((unsigned long)entry->d_ino & FILE_BITS) == file &&
		    io_format(path, size, "%s%s", directory, entry->d_name) == 0 && is_file(path, file);
	closedir(list);
	return found;
}

/* A file system of layers may show another inode number than the kernel tells: then any socket of that name will do. */
static int
find_at(const char *at, unsigned long file, char *path, size_t size)
{
	if (!is_file(at, file) && find_renamed(at, file, path, size))
		return 1;
	return is_file(at, 0) && io_format(path, size, "%s", at) == 0;
}

/* directory is where it may have been when it bound the name. */
static int
find_below(const char *directory, const char *name, unsigned long file, char *path, size_t size)
{
	char at[OTELOP_PATH_SIZE];

	while (strncmp(name, "./", 2) == 0)
		name += 2;
	return io_format(at, sizeof(at), "%s/%s", strcmp(directory, "/") == 0 ? "" : directory, name) == 0 &&
	    find_at(at, file, path, size);
}

int
socket_path_find(pid_t pid, const char *name, unsigned long file, char *path, size_t size)
{
	char directory[OTELOP_PATH_SIZE];

	if (*name == '/')
		return find_at(name, file, path, size);
	if (platform_process_cwd(pid, directory, sizeof(directory)) &&
	    find_below(directory, name, file, path, size))
		return 1;
	/* A daemon that has gone elsewhere began here. */
	return getcwd(directory, sizeof(directory)) != NULL && find_below(directory, name, file, path, size);
}
