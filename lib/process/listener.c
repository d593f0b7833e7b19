/* Who listens at an address of this machine, where the kernel tells. */
#include "process/listener.h"
#include "base/io.h"
#include "base/text.h"
#include "platform/platform.h"
#include "process/process.h"

#include <sys/socket.h>

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* An address as IPv6 has it, where those of IPv4 are ::ffff:a.b.c.d. */
struct place {
	unsigned char bytes[16];
	unsigned port;
};

static const unsigned char mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

static void
set_bytes(struct place *place, int family, const void *bytes)
{
	if (family == AF_INET6) {
		memcpy(place->bytes, bytes, 16);
		return;
	}
	memcpy(place->bytes, mapped, sizeof(mapped));
	memcpy(place->bytes + sizeof(mapped), bytes, 4);
}

/* 1; 0: it is of another family. */
static int
read_place(const struct sockaddr *address, struct place *place)
{
	struct sockaddr_in four;
	struct sockaddr_in6 six;

	if (address->sa_family == AF_INET) {
		memcpy(&four, address, sizeof(four));
		set_bytes(place, AF_INET, &four.sin_addr);
		place->port = ntohs(four.sin_port);
	} else if (address->sa_family == AF_INET6) {
		memcpy(&six, address, sizeof(six));
		set_bytes(place, AF_INET6, &six.sin6_addr);
		place->port = ntohs(six.sin6_port);
	} else {
		return 0;
	}
	return 1;
}

static int
is_mapped(const struct place *place)
{
	return memcmp(place->bytes, mapped, sizeof(mapped)) == 0;
}

/* Is it ours?  Then what we would send there comes from itself; nothing is sent to find that out. */
static int
is_local(const struct sockaddr *address, const struct place *place)
{
	struct sockaddr_storage own;
	socklen_t size = sizeof(own);
	struct place from;
	int fd, result;

	if (is_mapped(place) && place->bytes[12] == 127)
		return 1;
	if ((fd = socket(address->sa_family, SOCK_DGRAM, 0)) < 0)
		return 0;
	result = connect(fd, address, address->sa_family == AF_INET ? sizeof(struct sockaddr_in) :
	    sizeof(struct sockaddr_in6)) == 0 && getsockname(fd, (struct sockaddr *)&own, &size) == 0 &&
	    read_place((struct sockaddr *)&own, &from) && memcmp(from.bytes, place->bytes, 16) == 0;
	io_close(&fd);
	return result;
}

/* What is looked for, and the best that was found: an address of its own goes before all of a family's. */
struct search {
	struct place place;
	int rank;
	struct listener *found;
};

enum { ELSEWHERE, ALL_OF_BOTH, ALL_OF_FAMILY, THIS_ONE };

static int
rank_of(const struct search *search, const struct platform_listener *listener)
{
	static const unsigned char any[16];
	struct place place;

	if (listener->port != search->place.port)
		return ELSEWHERE;
	set_bytes(&place, listener->family, listener->address);
	if (memcmp(place.bytes, search->place.bytes, 16) == 0)
		return THIS_ONE;
	if (memcmp(listener->address, any, listener->family == AF_INET ? 4 : 16) != 0)
		return ELSEWHERE;
	if (is_mapped(&search->place))
		return listener->family == AF_INET ? ALL_OF_FAMILY : listener->ipv6_alone ? ELSEWHERE : ALL_OF_BOTH;
	return listener->family == AF_INET6 ? ALL_OF_FAMILY : ELSEWHERE;
}

static int
take_listener(void *argument, const struct platform_listener *listener)
{
	struct search *search = argument;
	int rank = rank_of(search, listener);

	if (rank > search->rank) {
		search->rank = rank;
		*search->found = (struct listener){ .is_known = 1, .user = listener->user, .pid = listener->pid,
		    .inode = listener->inode };
	}
	return 0;
}

void
listener_find(const struct sockaddr *address, struct listener *found)
{
	struct search search = { .found = found };

	*found = (struct listener){ 0 };
	if (!read_place(address, &search.place) || !is_local(address, &search.place))
		return;
	if (is_mapped(&search.place))
		platform_each_listener(AF_INET, take_listener, &search);
	if (search.rank < ALL_OF_FAMILY)
		platform_each_listener(AF_INET6, take_listener, &search);
}

void
listener_find_peer(int fd, struct listener *found)
{
	*found = (struct listener){ 0 };
	found->is_known = platform_peer(fd, &found->pid, &found->user);
}

static int
is_socket(void *argument, int directory, const char *number, const char *target)
{
	const unsigned long *wanted = argument;
	unsigned long long inode;

	(void)directory;
	(void)number;
	return text_take_word(&target, "socket:[") && text_take_number(&target, 10, &inode) && inode == *wanted;
}

/* The oldest, for it is mostly the parent of the rest.  0: nobody who can be seen. */
static pid_t
find_holder(unsigned long inode)
{
	struct platform_process *all;
	unsigned long long oldest = 0;
	pid_t pid = 0;
	size_t count, i;

	if (inode == 0 || platform_processes(&all, &count) < 0)
		return 0;
	for (i = 0; i < count; i++)
		if ((pid == 0 || all[i].start_ticks < oldest) &&
		    platform_each_descriptor(all[i].pid, is_socket, &inode) == 1) {
			pid = all[i].pid;
			oldest = all[i].start_ticks;
		}
	free(all);
	return pid;
}

void
listener_describe(const struct listener *listener, char *text, size_t size)
{
	pid_t pid = listener->pid > 0 ? listener->pid : find_holder(listener->inode);
	struct process_name name;

	if (!listener->is_known) {
		io_format(text, size, "somebody");
	} else if (pid > 0) {
		process_name(&name, pid);
		io_format(text, size, "process %ld (%s)", (long)pid, name.name);
	} else {
		io_format(text, size, "a process of user %lu", (unsigned long)listener->user);
	}
}
