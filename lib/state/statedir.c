/* The state directory: name, creation, trust. */
#include "state/statedir.h"
#include "base/io.h"
#include "base/message.h"
#include "platform/platform.h"
#include "state/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* An empty variable counts as unset. */
static const char *
environment(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0' ? value : NULL;
}

int
statedir_is_chosen(void)
{
	return environment("OTELOP_STATE_DIR") != NULL;
}

static int
make_absolute(const char *dir, char *path, size_t size, struct otelop_message *message)
{
	char here[OTELOP_PATH_SIZE];

	if (*dir == '/') {
		if (io_format(path, size, "%s", dir) < 0)
			return message_errno(message, "%s: cannot use as state directory", dir);
		return 0;
	}
	if (getcwd(here, sizeof(here)) == NULL)
		return message_errno(message, "%s: cannot make absolute", dir);
	if (io_format(path, size, "%s/%s", strcmp(here, "/") == 0 ? "" : here, dir) < 0)
		return message_errno(message, "%s: cannot make absolute", dir);
	return 0;
}

/* The directory where nobody named one, by XDG_STATE_HOME or HOME. */
static int
default_dir(char *path, size_t size, struct otelop_message *message)
{
	char relative[OTELOP_PATH_SIZE];
	const char *base;

	if ((base = environment("XDG_STATE_HOME")) != NULL && *base == '/') {
		if (io_format(path, size, "%s/otelop", base) < 0)
			return message_errno(message, "XDG_STATE_HOME: cannot use");
		return 0;
	}
	if ((base = environment("HOME")) == NULL) {
		errno = ENOENT;
		return message_set(message,
		    "HOME: not set: give -C DIR, OTELOP_STATE_DIR or XDG_STATE_HOME instead");
	}
	if (io_format(relative, sizeof(relative), "%s/.local/state/otelop", base) < 0)
		return message_errno(message, "HOME: cannot use");
	return make_absolute(relative, path, size, message);
}

int
otelop_state_dir(const char *dir, char *path, size_t size, struct otelop_message *message)
{
	if (path == NULL)
		return message_invalid(message, "path");
	if (dir != NULL || (dir = environment("OTELOP_STATE_DIR")) != NULL)
		return make_absolute(dir, path, size, message);
	return default_dir(path, size, message);
}

int
otelop_log_file(const char *state_dir, char *path, size_t size)
{
	if (state_dir == NULL || path == NULL)
		return message_invalid(NULL, "path");
	return io_format(path, size, "%s/%s", state_dir, STATEDIR_LOG);
}

int
otelop_metadata_file(const char *state_dir, char *path, size_t size)
{
	if (state_dir == NULL || path == NULL)
		return message_invalid(NULL, "path");
	return io_format(path, size, "%s/%s", state_dir, STATEDIR_METADATA);
}

/* Why what was found is not to be trusted, or NULL. */
static const char *
distrust(const struct stat *found)
{
	if (found->st_uid != geteuid() && found->st_uid != 0)
		return "belongs to somebody else";
	if (found->st_mode & S_IWOTH)
		return "everyone may write to it";
	return NULL;
}

static const char *
distrust_file(const struct stat *found)
{
	const char *reason = S_ISREG(found->st_mode) ? distrust(found) : "not a regular file";

	return reason == NULL && (found->st_mode & S_IWGRP) ? "its group may write to it" : reason;
}

/* Open and look at it, whatever is made on the way to it. */
static int
open_trusted(const char *path, enum path_missing missing, struct stat *found,
    struct otelop_message *message)
{
	const char *what = missing == PATH_REFUSE_MISSING ? "open" : "create", *reason;
	int fd;

	if ((fd = path_open_directory(path, missing, what, message)) < 0)
		return -1;
	if (fstat(fd, found) < 0) {
		message_errno(message, "%s: cannot look at the state directory", path);
		io_close(&fd);
		return -1;
	}
	if ((reason = distrust(found)) != NULL) {
		io_close(&fd);
		errno = EPERM;
		return message_set(message, "%s: state directory refused: %s", path, reason);
	}
	return fd;
}

/* fd, which becomes the directory's.  -1: ENOMEM, and it is closed. */
static int
take(struct statedir *dir, int fd, const char *path, struct otelop_message *message)
{
	dir->fd = fd;
	if ((dir->path = strdup(path)) != NULL)
		return 0;
	message_errno(message, "%s: cannot open", path);
	statedir_close(dir);
	return -1;
}

int
statedir_open(struct statedir *dir, const char *path, struct otelop_message *message)
{
	struct stat found;
	int fd;

	*dir = (struct statedir)STATEDIR_INIT;
	fd = open_trusted(path, PATH_REFUSE_MISSING, &found, message);
	return fd < 0 ? -1 : take(dir, fd, path, message);
}

int
statedir_copy(struct statedir *copy, const struct statedir *dir)
{
	int fd = fcntl(dir->fd, F_DUPFD_CLOEXEC, 3);

	*copy = (struct statedir)STATEDIR_INIT;
	return fd < 0 ? -1 : take(copy, fd, dir->path, NULL);
}

void
statedir_close(struct statedir *dir)
{
	int saved = errno;

	io_close(&dir->fd);
	free(dir->path);
	dir->path = NULL;
	errno = saved;
}

/*
 * Was path, or what it is below, given by HOME or XDG_STATE_HOME?  Those may be another user's (sudo
 * keeps HOME on some systems), and what root makes there would keep that user out.
 */
static int
is_default(const char *path)
{
	char dir[OTELOP_PATH_SIZE];
	size_t length;

	if (default_dir(dir, sizeof(dir), NULL) < 0)
		return 0;
	length = strlen(dir);
	return strncmp(path, dir, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

static void
warn_of_group(const char *path, const struct stat *found, struct otelop_message *warning)
{
	if ((found->st_mode & S_IWGRP) && found->st_gid != getegid())
		message_set(warning, "%s: group %ld may write to the state directory, and so remove "
		    "what is in it", path, (long)found->st_gid);
	else
		message_set(warning, "%s", "");
}

int
statedir_ensure(struct statedir *dir, const char *path, struct otelop_message *warning)
{
	enum path_missing missing = is_default(path) ? PATH_MAKE_IN_OURS : PATH_MAKE;
	struct stat found;
	int fd;

	*dir = (struct statedir)STATEDIR_INIT;
	if ((fd = open_trusted(path, missing, &found, warning)) < 0 || take(dir, fd, path, warning) < 0)
		return -1;
	warn_of_group(path, &found, warning);
	return 0;
}

int
otelop_ensure_state_dir(const char *path, struct otelop_message *message)
{
	struct statedir dir;

	if (path == NULL || *path == '\0')
		return message_invalid(message, "path");
	if (statedir_ensure(&dir, path, message) < 0)
		return -1;
	statedir_close(&dir);
	return 0;
}

void
statedir_warn(const char *path, struct otelop_message *warning)
{
	struct stat found;
	int fd;

	if ((fd = open_trusted(path, PATH_REFUSE_MISSING, &found, NULL)) < 0)
		found = (struct stat){ .st_mode = 0 };
	io_close(&fd);
	warn_of_group(path, &found, warning);
}

static int
open_or_make(int dir_fd, const char *name, int flags, int *is_made)
{
	int fd;

	*is_made = 0;
	for (;;) {
		if (!(flags & O_EXCL) &&
		    ((fd = io_openat(dir_fd, name, flags & ~O_CREAT, 0)) >= 0 || errno != ENOENT ||
		    !(flags & O_CREAT)))
			return fd;
		if ((fd = io_openat(dir_fd, name, flags | O_EXCL, 0600)) >= 0) {
			*is_made = 1;
			return fd;
		}
		if (errno != EEXIST || (flags & O_EXCL))
			return -1;
	}
}

/* What we make is 0600, whatever the umask is; what is there keeps its mode. */
static int
look_at_opened(int fd, int is_made, struct stat *found)
{
	if (fstat(fd, found) < 0)
		return -1;
	if (!is_made || (found->st_mode & 07777) == 0600)
		return 0;
	return fchmod(fd, 0600) < 0 || fstat(fd, found) < 0 ? -1 : 0;
}

int
statedir_open_file(const struct statedir *dir, const char *name, int flags, struct otelop_message *message)
{
	const char *reason;
	struct stat found;
	int fd, is_made;

	/* O_NONBLOCK: a planted FIFO must not hold us. */
	fd = open_or_make(dir->fd, name, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, &is_made);
	if (fd < 0 && platform_is_link_error(errno)) {
		errno = EPERM;
		return message_set(message, "%s/%s: refused: it is a link", dir->path, name);
	}
	if (fd < 0 && errno == ENXIO) {
		errno = EPERM;
		return message_set(message, "%s/%s: refused: not a regular file", dir->path, name);
	}
	if (fd < 0 && errno == EWOULDBLOCK)
		errno = EBUSY;		/* a lease of somebody's (fcntl(2)), and not the lock */
	if (fd < 0 || io_move_above(&fd, 3) < 0 || look_at_opened(fd, is_made, &found) < 0) {
		message_errno(message, "%s/%s: cannot open", dir->path, name);
		/* What we have just made and cannot use must not stay. */
		if (fd >= 0 && is_made) {
			int saved = errno;

			unlinkat(dir->fd, name, 0);
			errno = saved;
		}
		io_close(&fd);
		return -1;
	}
	if ((reason = distrust_file(&found)) != NULL) {
		io_close(&fd);
		errno = EPERM;
		return message_set(message, "%s/%s: refused: %s", dir->path, name, reason);
	}
	return fd;
}

int
statedir_names(const struct statedir *dir, const char *name, int fd)
{
	struct stat named, open_file;

	if (fstat(fd, &open_file) < 0)
		return errno == ESTALE ? 0 : -1;	/* another host has removed it */
	if (fstatat(dir->fd, name, &named, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -1;
	return named.st_dev == open_file.st_dev && named.st_ino == open_file.st_ino;
}
