/* Which addresses a process tree listens on; sockets.h has the invariants. */
#include "process/sockets.h"
#include "base/io.h"
#include "base/text.h"
#include "otelop.h"
#include "platform/platform.h"
#include "process/addresses.h"
#include "process/socket_line.h"
#include "process/socket_path.h"

#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_SIZE 512

struct seen_socket {
	unsigned long inode;
	pid_t pid;	/* who has it */
	int number;	/* as which descriptor */
};

/* The sockets of a tree, and what is found of them. */
struct search {
	struct seen_socket *sockets;
	size_t count;
	size_t room;
	struct addresses *found;
	pid_t pid;	/* who is looked at */
	int is_last;	/* a Unix socket's name is to be the path where it is */
};

static int
take_nothing(void *argument, int directory, const char *number, const char *target)
{
	(void)argument;
	(void)directory;
	(void)number;
	(void)target;
	return 0;
}

static int
take_no_listener(void *argument, const struct platform_listener *listener)
{
	(void)argument;
	(void)listener;
	return 0;
}

int
sockets_are_seen(void)
{
	pid_t self = getpid(), hidden;

	return platform_each_listener_of(&self, 1, take_no_listener, NULL, &hidden) == 0 ||
	    platform_each_descriptor(self, take_nothing, NULL) == 0;
}

static int
by_inode(const void *a, const void *b)
{
	unsigned long x = ((const struct seen_socket *)a)->inode, y = ((const struct seen_socket *)b)->inode;

	return x < y ? -1 : x > y;
}

/* Could not look for want of something: 1.  0: there is nothing to see, or not for us. */
static int
lacks_means(void)
{
	return errno == ENOMEM || errno == EMFILE || errno == ENFILE;
}

static int
take_socket(void *argument, int directory, const char *number, const char *target)
{
	struct search *search = argument;
	struct seen_socket seen = { .pid = search->pid, .number = atoi(number) };
	unsigned long long inode;

	(void)directory;
	if (!text_take_word(&target, "socket:[") || !text_take_number(&target, 10, &inode))
		return 0;
	seen.inode = (unsigned long)inode;
	if (search->count == search->room) {
		size_t more = search->room ? search->room * 2 : 64;
		struct seen_socket *grown = realloc(search->sockets, more * sizeof(*grown));

		if (grown == NULL)
			return -1;
		search->sockets = grown;
		search->room = more;
	}
	search->sockets[search->count++] = seen;
	return 0;
}

/* The sockets that pid has open. */
static int
add_sockets(struct search *search, pid_t pid)
{
	search->pid = pid;
	if (platform_each_descriptor(pid, take_socket, search) == 0)
		return 0;
	if (lacks_means() || errno == ENOSYS)
		return -1;
	search->found->hidden = pid;
	return 0;
}

static const struct seen_socket *
find_socket(const struct search *search, unsigned long inode)
{
	struct seen_socket wanted = { .inode = inode };

	return search->count == 0 ? NULL :
	    bsearch(&wanted, search->sockets, search->count, sizeof(wanted), by_inode);
}

/* A Unix socket's name as the kernel prints it.  One that could not be shown as it is does not count. */
static int
add_name(struct search *search, const struct seen_socket *socket, const char *name, unsigned long file)
{
	char address[ADDRESSES_TEXT_SIZE], path[OTELOP_PATH_SIZE];
	int is_whole = *name == '/' || *name == '@' || strncmp(name, "./", 2) == 0;

	if (*name == '\0' || !text_is_plain(name))
		return 0;
	if (search->is_last && *name != '@')
		return socket_path_find(socket->pid, name, file, path, sizeof(path)) && text_is_plain(path) ?
		    addresses_add(search->found, path) : 0;
	if (io_format(address, sizeof(address), "%s%s", is_whole ? "" : "./", name) < 0)
		return 0;
	return addresses_add(search->found, address);
}

static int
take_inet(void *argument, const struct platform_listener *listener)
{
	char address[ADDRESSES_TEXT_SIZE];

	return addresses_format_inet(listener->family, listener->address, listener->port, address, sizeof(address)) ?
	    addresses_add(argument, address) : 0;
}

/* As the kernel tells it, of a process of the tree. */
static int
add_listener(struct search *search, const struct seen_socket *socket, const struct platform_listener *listener)
{
	char address[ADDRESSES_TEXT_SIZE];
	size_t i;

	if (listener->family != AF_UNIX)
		return take_inet(search->found, listener);
	if (listener->name_length == 0 || listener->name_length >= sizeof(address))
		return 0;
	memcpy(address, listener->name, listener->name_length);
	address[listener->name_length] = '\0';
	for (i = 0; *listener->name == '\0' && i < listener->name_length; i++)
		if (address[i] == '\0')
			address[i] = '@';
	return add_name(search, socket, address, listener->file);
}

static int
take_listener(void *argument, const struct platform_listener *listener)
{
	const struct seen_socket *socket = find_socket(argument, listener->inode);

	return socket == NULL ? 0 : add_listener(argument, socket, listener);
}

static int
take_listener_of(void *argument, const struct platform_listener *listener)
{
	const struct seen_socket socket = { .pid = listener->pid };

	return add_listener(argument, &socket, listener);
}

static FILE *
open_table(pid_t pid, const char *table)
{
	int fd = platform_net_table(pid, table);
	FILE *stream;

	if (fd < 0 && !lacks_means())
		/* A process whose first thread has ended shows none: it is mostly ours. */
		fd = platform_net_table(getpid(), table);
	if (fd >= 0 && (stream = fdopen(fd, "r")) != NULL)
		return stream;
	io_close(&fd);
	return NULL;
}

static int
add_tcp_table(struct search *search, pid_t pid, const char *table)
{
	char line[LINE_SIZE], address[ADDRESSES_TEXT_SIZE];
	unsigned long inode;
	FILE *stream = open_table(pid, table);
	int result = 0;

	if (stream == NULL)
		return lacks_means() ? -1 : 0;
	while (result == 0 && fgets(line, sizeof(line), stream) != NULL)
		if (socket_line_tcp(line, &inode, address, sizeof(address)) &&
		    find_socket(search, inode) != NULL)
			result = addresses_add(search->found, address);
	fclose(stream);
	return result;
}

/* A Unix socket of the tree, and how it stands in the kernel's text. */
struct named {
	const struct seen_socket *socket;
	int lines;
	char address[ADDRESSES_TEXT_SIZE];	/* "": it does not listen, or its line is broken */
};

static struct named *
find_named(struct named *all, size_t *count, const struct seen_socket *socket)
{
	size_t i;

	for (i = 0; i < *count; i++)
		if (all[i].socket == socket)
			return &all[i];
	memset(&all[i], 0, sizeof(all[i]));
	all[i].socket = socket;
	++*count;
	return &all[i];
}

/* sockets.h says which lines of it count. */
static int
add_unix_table(struct search *search, pid_t pid)
{
	FILE *stream = open_table(pid, "unix");
	struct named *all, *last = NULL;
	char line[LINE_SIZE];
	const struct seen_socket *socket;
	unsigned long long flags;
	unsigned long inode;
	size_t count = 0, i;
	int result = 0;

	if (stream == NULL)
		return lacks_means() ? -1 : 0;
	if ((all = calloc(search->count + 1, sizeof(*all))) == NULL)
		result = -1;
	while (result == 0 && fgets(line, sizeof(line), stream) != NULL) {
		const char *at = line;

		if (!socket_line_unix_fields(&at, &flags, &inode)) {
			if (last != NULL)
				*last->address = '\0';
			continue;
		}
		last = NULL;
		if ((socket = find_socket(search, inode)) == NULL)
			continue;
		last = find_named(all, &count, socket);
		last->lines++;
		socket_line_unix(line, &inode, last->address, sizeof(last->address));
	}
	for (i = 0; i < count && result == 0; i++)
		if (all[i].lines == 1 && *all[i].address != '\0' &&
		    platform_is_unix_socket(all[i].socket->pid, all[i].socket->number))
			result = add_name(search, all[i].socket, all[i].address, 0);
	free(all);
	fclose(stream);
	return result;
}

/* Of a family in pid's network namespace, which is_ours or not. */
static int
add_family(struct search *search, pid_t pid, int is_ours, int family)
{
	if (is_ours) {
		if (platform_each_listener(family, take_listener, search) == 0)
			return 0;
		if (lacks_means())
			return -1;
	}
	if (family == AF_UNIX)
		return add_unix_table(search, pid);
	return add_tcp_table(search, pid, family == AF_INET ? "tcp" : "tcp6");
}

/* Each network namespace once, by one of those that are in it. */
static int
add_namespaces(struct search *search, const pid_t *pids, size_t count)
{
	unsigned long *seen = calloc(count, sizeof(*seen)), ours = platform_net_namespace(getpid());
	size_t i, k;
	int result = 0;

	if (seen == NULL)
		return -1;
	for (i = 0; i < count && result == 0; i++) {
		if ((seen[i] = platform_net_namespace(pids[i])) == 0)
			seen[i] = ours;
		for (k = 0; seen[k] != seen[i]; k++)
			;
		if (k == i && (add_family(search, pids[i], seen[i] == ours, AF_INET) < 0 ||
		    add_family(search, pids[i], seen[i] == ours, AF_INET6) < 0 ||
		    add_family(search, pids[i], seen[i] == ours, AF_UNIX) < 0))
			result = -1;
	}
	free(seen);
	return result;
}

/* Where the system tells of sockets by their inodes. */
static int
find_by_inode(struct search *search, const pid_t *pids, size_t count)
{
	int result = 0;
	size_t i;

	for (i = 0; i < count && result == 0; i++)
		result = add_sockets(search, pids[i]);
	if (result == 0 && search->count > 0) {
		qsort(search->sockets, search->count, sizeof(*search->sockets), by_inode);
		result = add_namespaces(search, pids, count);
	}
	free(search->sockets);
	return result;
}

static int
find(const pid_t *pids, size_t count, int is_last, struct addresses *found)
{
	struct search search = { .found = found, .is_last = is_last };
	int result;

	memset(found, 0, sizeof(*found));
	result = platform_each_listener_of(pids, count, take_listener_of, &search, &found->hidden);
	if (result < 0 && errno == ENOSYS)
		result = find_by_inode(&search, pids, count);
	if (result < 0)
		addresses_free(found);
	else
		addresses_tidy(found);
	return result;
}

int
sockets_find(const pid_t *pids, size_t count, struct addresses *found)
{
	return find(pids, count, 0, found);
}

int
sockets_find_last(const pid_t *pids, size_t count, struct addresses *found)
{
	return find(pids, count, 1, found);
}

void
sockets_keep(const struct addresses *before, struct addresses *now)
{
	struct addresses all = { 0 };
	size_t i;

	platform_each_listener(AF_INET, take_inet, &all);
	platform_each_listener(AF_INET6, take_inet, &all);
	for (i = 0; i < before->count; i++)
		if (addresses_have(&all, before->items[i]) && !addresses_have(now, before->items[i]) &&
		    addresses_add(now, before->items[i]) < 0)
			break;
	addresses_free(&all);
	addresses_tidy(now);
}

void
sockets_describe_hidden(pid_t pid, char *text, size_t size)
{
	char name[64];
	uid_t user;

	if (platform_process_name(pid, name, sizeof(name)) == 1 && platform_process_user(pid, &user) == 1)
		io_format(text, size, "process %ld (%s): %s", (long)pid, name, user == geteuid() ?
		    "it is not dumpable" : "it runs as another user");
	else
		io_format(text, size, "process %ld: it is hidden", (long)pid);
}
