/*
 * A path, walked by descriptors.
 *
 * Between two looks at a path, whoever owns one of its directories can put a link in its place.  So
 * each component is opened once, by its name in the directory that is open already, and never
 * through a link; what is learnt of it and done to it goes through the descriptor that this gave.
 * A link is read, and what it says is walked in the same way.  Where there is none, and all is there, the
 * kernel may walk alone.
 */
#include "state/path.h"
#include "base/io.h"
#include "base/message.h"
#include "platform/platform.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define LINKS_MAX 40	/* as many as Linux follows */
#define LINK (-2)	/* no descriptor */

struct walk {
	const char *path;		/* as it was given */
	const char *thing;		/* what it names, for messages */
	enum path_missing missing;
	int fd;				/* the directory that has been reached */
	char reached[OTELOP_PATH_SIZE];	/* its name, for messages */
	char ahead[OTELOP_PATH_SIZE];	/* what is still to be walked, from at on */
	size_t at;
	size_t link_end;		/* up to there, ahead is what a link said */
	int links;			/* that have been followed */
	int refused;			/* the message says why */
};

static int
is_trusted(const struct stat *found)
{
	return found->st_uid == geteuid() || found->st_uid == 0;
}

static int
refuse(struct walk *walk, const char *name, const char *reason, struct otelop_message *message)
{
	const char *slash = *name != '\0' || *walk->reached == '\0' ? "/" : "";

	walk->refused = 1;
	errno = EPERM;
	return message_set(message, "%s: %s refused: %s%s%s: %s", walk->path, walk->thing,
	    walk->reached, slash, name, reason);
}

/* A directory of mode 0700 with this name, which was not there. */
static int
make(struct walk *walk, const char *name, struct otelop_message *message)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	struct stat found;
	int fd;

	if (fstat(walk->fd, &found) < 0)
		return -1;
	if (walk->missing == PATH_MAKE_IN_OURS && !is_trusted(&found))
		return refuse(walk, "",
		    "belongs to somebody else: give another place with -C or OTELOP_STATE_DIR", message);
	if (mkdirat(walk->fd, name, 0700) < 0)
		return errno == EEXIST ? platform_open_to_search(walk->fd, name, O_NOFOLLOW) : -1;
	/* A umask that takes the owner's bits keeps us out of what we have made. */
	if ((fd = io_openat(walk->fd, name, flags, 0)) < 0 && errno == EACCES &&
	    fchmodat(walk->fd, name, 0700, AT_SYMLINK_NOFOLLOW) == 0)
		fd = io_openat(walk->fd, name, flags, 0);
	if (fd < 0 || fstat(fd, &found) < 0) {
		io_close(&fd);
		return -1;
	}
	/* Its parent's owner may have put another directory there. */
	if (found.st_uid != geteuid() || (found.st_mode & 077) != 0) {
		io_close(&fd);
		return refuse(walk, name, "just created, and not private", message);
	}
	if ((found.st_mode & 07777) != 0700 && fchmod(fd, 0700) < 0)
		io_close(&fd);
	return fd;
}

/* Put what a link says in front of what is still ahead. */
static int
prepend(struct walk *walk, const char *text, size_t length)
{
	size_t left = strlen(walk->ahead + walk->at) + 1;

	if (length + 1 + left > sizeof(walk->ahead)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memmove(walk->ahead + length + 1, walk->ahead + walk->at, left);
	memcpy(walk->ahead, text, length);
	walk->ahead[length] = '/';
	walk->link_end = walk->link_end > walk->at ? length + 1 + walk->link_end - walk->at : length;
	walk->at = 0;
	return 0;
}

static int
reach(struct walk *walk, int fd, const char *reached)
{
	int length = io_format(walk->reached, sizeof(walk->reached), "%s", reached);

	io_close(&walk->fd);
	walk->fd = fd;
	return length < 0 ? -1 : 0;
}

/* From the root, or from where we are, as path says. */
static int
begin(struct walk *walk, const char *path)
{
	const char *first = *path == '/' ? "/" : ".";
	int fd = platform_open_to_search(AT_FDCWD, first, 0);

	return fd < 0 ? -1 : reach(walk, fd, *path == '/' ? "" : first);
}

static int
enter(struct walk *walk, int fd, const char *name)
{
	char reached[OTELOP_PATH_SIZE];

	if (io_format(reached, sizeof(reached), "%s/%s", walk->reached, name) < 0) {
		io_close(&fd);
		return -1;
	}
	return reach(walk, fd, reached);
}

/* What the link says, if it is to be followed: its length; 0: it is one of /proc's. */
static ssize_t
read_trusted_link(struct walk *walk, const char *name, char text[OTELOP_PATH_SIZE], struct otelop_message *message)
{
	struct stat link;
	ssize_t length;

	if ((length = platform_read_link(walk->fd, name, &link, text, OTELOP_PATH_SIZE)) < 0) {
		if (errno == EINVAL)
			errno = ENOTDIR;	/* no link, and no directory either */
		return -1;
	}
	if (!is_trusted(&link))
		return refuse(walk, name, "a link that belongs to somebody else", message);
	if (walk->links++ >= LINKS_MAX) {
		errno = ELOOP;
		return -1;
	}
	return length;
}

static int
follow(struct walk *walk, const char *name, struct otelop_message *message)
{
	char text[OTELOP_PATH_SIZE];
	ssize_t length;
	int fd;

	if ((length = read_trusted_link(walk, name, text, message)) < 0)
		return -1;
	if (length == 0) {
		/* Nobody else gives names in /proc. */
		fd = platform_open_to_search(walk->fd, name, 0);
		return fd < 0 ? -1 : enter(walk, fd, name);
	}
	if (prepend(walk, text, (size_t)length) < 0)
		return -1;
	return *text == '/' ? begin(walk, text) : 0;
}

/* One component further, or back to where a link leads. */
static int
step(struct walk *walk, struct otelop_message *message)
{
	const char *component = walk->ahead + walk->at;
	size_t length = strcspn(component, "/");
	int is_given = walk->at >= walk->link_end, fd;
	char name[OTELOP_PATH_SIZE];

	memcpy(name, component, length);
	name[length] = '\0';
	walk->at += length + strspn(component + length, "/");
	if (length == 0 || strcmp(name, ".") == 0)
		return 0;
	fd = platform_open_to_search(walk->fd, name, O_NOFOLLOW);
	/* What a link leads to is not ours to make, as mkdir(2) has it. */
	if (fd < 0 && errno == ENOENT && walk->missing != PATH_REFUSE_MISSING && is_given)
		fd = make(walk, name, message);
	if (fd >= 0)
		return enter(walk, fd, name);
	if (!walk->refused && (errno == ENOTDIR || platform_is_link_error(errno)))
		return follow(walk, name, message);
	return -1;
}

static int
set_out(struct walk *walk)
{
	if (io_format(walk->ahead, sizeof(walk->ahead), "%s", walk->path) < 0)
		return -1;
	if (*walk->path == '\0') {
		errno = ENOENT;
		return -1;
	}
	return begin(walk, walk->path);
}

static int
walk_all(struct walk *walk, struct otelop_message *message)
{
	int fd;

	if (set_out(walk) < 0)
		return -1;
	while (walk->ahead[walk->at] != '\0')
		if (step(walk, message) < 0)
			return -1;
	if ((fd = io_openat(walk->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)) < 0 ||
	    io_move_above(&fd, 3) < 0)
		io_close(&fd);
	return fd;
}

static int
walk_path(const char *path, enum path_missing missing, const char *what, struct otelop_message *message)
{
	struct walk walk = { .path = path, .thing = "state directory", .missing = missing, .fd = -1 };
	int fd = walk_all(&walk, message);

	io_close(&walk.fd);
	if (fd < 0 && !walk.refused)
		message_errno(message, "%s: cannot %s the state directory", path, what);
	return fd;
}

int
path_open_directory(const char *path, enum path_missing missing, const char *what,
    struct otelop_message *message)
{
	int fd = platform_open_linkless(path);

	if (fd < 0 || io_move_above(&fd, 3) < 0) {
		io_close(&fd);
		fd = walk_path(path, missing, what, message);
	}
	return fd;
}

/* The last component, which may be a link to a file.  A descriptor; -1; LINK: it was one, and what it says is ahead. */
static int
open_last(struct walk *walk, const char *name, int flags, mode_t mode, struct otelop_message *message)
{
	char text[OTELOP_PATH_SIZE];
	int fd = io_openat(walk->fd, name, flags | O_NOFOLLOW, mode);
	ssize_t length;

	if (fd >= 0 || (errno != ELOOP && errno != EMLINK))
		return fd;
	if ((length = read_trusted_link(walk, name, text, message)) < 0)
		return -1;
	if (length == 0)
		return io_openat(walk->fd, name, flags, mode);
	if (io_format(walk->ahead, sizeof(walk->ahead), "%.*s", (int)length, text) < 0)
		return -1;
	walk->at = 0;
	walk->link_end = (size_t)length;
	return *text == '/' && begin(walk, text) < 0 ? -1 : LINK;
}

int
path_open_file(const char *path, int flags, mode_t mode, struct otelop_message *message)
{
	struct walk walk = { .path = path, .thing = "log", .missing = PATH_REFUSE_MISSING, .fd = -1 };
	char name[OTELOP_PATH_SIZE];
	int fd = set_out(&walk) < 0 ? -1 : LINK, saved;

	while (fd == LINK)
		if (strchr(walk.ahead + walk.at, '/') != NULL) {
			if (step(&walk, message) < 0)
				fd = -1;
		} else {
			io_format(name, sizeof(name), "%s", walk.ahead + walk.at);
			fd = open_last(&walk, *name != '\0' ? name : ".", flags, mode, message);
		}
	saved = errno;
	io_close(&walk.fd);
	if (fd < 0 && !walk.refused)
		message_set(message, "%s", "");
	errno = saved;
	return fd;
}
