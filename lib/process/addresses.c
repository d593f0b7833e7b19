/* A list of the addresses that somebody listens on. */
#include "process/addresses.h"
#include "base/io.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int
addresses_add(struct addresses *found, const char *address)
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

void
addresses_tidy(struct addresses *found)
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

void
addresses_free(struct addresses *addresses)
{
	size_t i;

	for (i = 0; i < addresses->count; i++)
		free(addresses->items[i]);
	free(addresses->items);
	addresses->items = NULL;
	addresses->count = 0;
}

int
addresses_is_same(const struct addresses *a, const struct addresses *b)
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
addresses_have(const struct addresses *addresses, const char *address)
{
	size_t i;

	for (i = 0; i < addresses->count; i++)
		if (strcmp(addresses->items[i], address) == 0)
			return 1;
	return 0;
}

int
addresses_is_local(const char *address)
{
	return strchr(address, '/') != NULL || *address == '@';
}

size_t
addresses_of_port(const struct addresses *addresses, unsigned port)
{
	char ending[16];
	size_t i, length, found = 0, n = (size_t)snprintf(ending, sizeof(ending), ":%u", port);

	for (i = 0; i < addresses->count; i++) {
		const char *item = addresses->items[i];

		length = strlen(item);
		if (!addresses_is_local(item) && length > n && strcmp(item + length - n, ending) == 0)
			found++;
	}
	return found;
}

int
addresses_format_inet(int family, const void *bytes, unsigned port, char *address, size_t size)
{
	char text[INET6_ADDRSTRLEN];

	if (inet_ntop(family, bytes, text, sizeof(text)) == NULL)
		return 0;
	return io_format(address, size, family == AF_INET ? "%s:%u" : "[%s]:%u", text, port) == 0;
}
