/* Which addresses a process tree listens on, from /proc; without it, nothing is known. */
#include "listen.h"
#include "io.h"
#include "json.h"
#include "platform.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TCP_LISTEN 0x0a
#define UNIX_ACCEPTS 0x10000	/* the kernel's __SO_ACCEPTCON */

struct inodes {
	unsigned long *items;
	size_t count;
	size_t room;
};

int
listen_is_supported(void)
{
	return access("/proc/self/net/tcp", R_OK) == 0;
}

static int
by_number(const void *a, const void *b)
{
	unsigned long x = *(const unsigned long *)a, y = *(const unsigned long *)b;

	return x < y ? -1 : x > y;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
add_inode(struct inodes *inodes, unsigned long inode)
{
	if (inodes->count == inodes->room) {
		size_t more = inodes->room ? inodes->room * 2 : 64;
		unsigned long *grown = realloc(inodes->items, more * sizeof(*grown));

		if (grown == NULL)
			return -1;
		inodes->items = grown;
		inodes->room = more;
	}
	inodes->items[inodes->count++] = inode;
	return 0;
}

/* Could not look for want of something: 1.  0: there is nothing to see, or not for us. */
static int
lacks_means(void)
{
	return errno == ENOMEM || errno == EMFILE || errno == ENFILE;
}

static int
take_socket(void *inodes, int directory, const char *number, const char *target)
{
	unsigned long inode;

	(void)directory;
	(void)number;
	return sscanf(target, "socket:[%lu]", &inode) == 1 ? add_inode(inodes, inode) : 0;
}

/* The sockets that pid has open.  A process that is gone, or hidden from us, has none. */
static int
add_sockets(struct inodes *inodes, pid_t pid)
{
	return platform_each_descriptor(pid, take_socket, inodes) < 0 && lacks_means() ? -1 : 0;
}

/* The kernel prints an address as the words that lie in memory. */
static int
parse_address(const char *hex, unsigned port, char *address, size_t size)
{
	uint32_t words[4];
	char text[INET6_ADDRSTRLEN], word[9] = "";
	size_t count = strlen(hex) / 8, i;

	if (strlen(hex) != count * 8 || (count != 1 && count != 4))
		return 0;
	for (i = 0; i < count; i++) {
		memcpy(word, hex + i * 8, 8);
		words[i] = (uint32_t)strtoul(word, NULL, 16);
	}
	if (inet_ntop(count == 1 ? AF_INET : AF_INET6, words, text, sizeof(text)) == NULL)
		return 0;
	return io_format(address, size, count == 1 ? "%s:%u" : "[%s]:%u", text, port) == 0;
}

int
listen_parse_tcp(const char *line, unsigned long *inode, char *address, size_t size)
{
	unsigned port, state;
	char hex[33];

	if (sscanf(line, " %*d: %32[0-9A-Fa-f]:%4x %*32[0-9A-Fa-f]:%*4x %2x %*s %*s %*s %*s %*s %lu",
	    hex, &port, &state, inode) != 4 || state != TCP_LISTEN)
		return 0;
	return parse_address(hex, port, address, size);
}

int
listen_parse_unix(const char *line, unsigned long *inode, char *address, size_t size)
{
	unsigned long flags;
	int at = 0;

	if (sscanf(line, "%*[0-9A-Fa-f]: %*x %*x %lx %*x %*x %lu %n", &flags, inode, &at) != 2 ||
	    !(flags & UNIX_ACCEPTS) || at == 0 || line[at] == '\0' || line[at] == '\n')
		return 0;
	return io_format(address, size, "%.*s", (int)strcspn(line + at, "\n"), line + at) == 0;
}

static int
add_address(struct listen_addresses *found, const char *address)
{
	char **grown = realloc(found->items, (found->count + 2) * sizeof(*grown));
	char *copy;

	if (grown == NULL)
		return -1;
	found->items = grown;
	if ((copy = strdup(address)) == NULL)
		return -1;
	grown[found->count] = copy;
	grown[++found->count] = NULL;
	return 0;
}

static int
add_table(struct listen_addresses *found, const struct inodes *inodes, pid_t pid, const char *table,
    int (*parse)(const char *, unsigned long *, char *, size_t))
{
	char path[64], line[512], address[256];
	unsigned long inode;
	FILE *stream;
	int result = 0;

	snprintf(path, sizeof(path), "/proc/%ld/net/%s", (long)pid, table);
	stream = fopen(path, "re");
	if (stream == NULL && !lacks_means()) {
		/* A process whose first thread has ended shows none: it is mostly ours. */
		snprintf(path, sizeof(path), "/proc/self/net/%s", table);
		stream = fopen(path, "re");
	}
	if (stream == NULL)
		return lacks_means() ? -1 : 0;
	while (result == 0 && fgets(line, sizeof(line), stream) != NULL)
		/* A name that is not UTF-8 cannot be told in JSON; the others can. */
		if (parse(line, &inode, address, sizeof(address)) &&
		    json_is_utf8(address, strlen(address)) &&
		    bsearch(&inode, inodes->items, inodes->count, sizeof(inode), by_number) != NULL)
			result = add_address(found, address);
	fclose(stream);
	return result;
}

/* Is pid the first of the list in its network namespace? */
static int
is_first_in_namespace(const pid_t *pids, size_t i)
{
	char path[64], ours[64], other[64];
	ssize_t length, n;
	size_t k;

	snprintf(path, sizeof(path), "/proc/%ld/ns/net", (long)pids[i]);
	if ((length = readlink(path, ours, sizeof(ours))) <= 0)
		return i == 0;
	for (k = 0; k < i; k++) {
		snprintf(path, sizeof(path), "/proc/%ld/ns/net", (long)pids[k]);
		n = readlink(path, other, sizeof(other));
		if (n == length && memcmp(ours, other, (size_t)n) == 0)
			return 0;
	}
	return 1;
}

/* In order, each once: many sockets may share an address (SO_REUSEPORT). */
static void
tidy(struct listen_addresses *found)
{
	size_t i, kept = 0;

	if (found->count == 0)
		return;
	qsort(found->items, found->count, sizeof(*found->items), by_text);
	for (i = 0; i < found->count; i++)
		if (kept > 0 && strcmp(found->items[kept - 1], found->items[i]) == 0)
			free(found->items[i]);
		else
			found->items[kept++] = found->items[i];
	found->items[kept] = NULL;
	found->count = kept;
}

int
listen_find(const pid_t *pids, size_t count, struct listen_addresses *found)
{
	struct inodes inodes = { NULL, 0, 0 };
	int result = 0;
	size_t i;

	found->items = NULL;
	found->count = 0;
	if (!listen_is_supported()) {
		errno = ENOSYS;
		return -1;
	}
	for (i = 0; i < count && result == 0; i++)
		result = add_sockets(&inodes, pids[i]);
	if (inodes.count > 0)
		qsort(inodes.items, inodes.count, sizeof(*inodes.items), by_number);
	for (i = 0; i < count && result == 0 && inodes.count > 0; i++)
		if (is_first_in_namespace(pids, i) &&
		    (add_table(found, &inodes, pids[i], "tcp", listen_parse_tcp) < 0 ||
		    add_table(found, &inodes, pids[i], "tcp6", listen_parse_tcp) < 0 ||
		    add_table(found, &inodes, pids[i], "unix", listen_parse_unix) < 0))
			result = -1;
	free(inodes.items);
	if (result < 0)
		listen_free(found);
	else
		tidy(found);
	return result;
}

void
listen_free(struct listen_addresses *addresses)
{
	size_t i;

	for (i = 0; i < addresses->count; i++)
		free(addresses->items[i]);
	free(addresses->items);
	addresses->items = NULL;
	addresses->count = 0;
}

int
listen_is_same(const struct listen_addresses *a, const struct listen_addresses *b)
{
	size_t i;

	if (a->count != b->count)
		return 0;
	for (i = 0; i < a->count; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return 0;
	return 1;
}

int
listen_has_port(const struct listen_addresses *addresses, unsigned port)
{
	char ending[16];
	size_t i, length, n = (size_t)snprintf(ending, sizeof(ending), ":%u", port);

	for (i = 0; i < addresses->count; i++) {
		const char *item = addresses->items[i];

		length = strlen(item);
		if (*item != '/' && *item != '@' && length > n &&
		    strcmp(item + length - n, ending) == 0)
			return 1;
	}
	return 0;
}
