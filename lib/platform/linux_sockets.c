/*
 * Which sockets listen, asked of the kernel in binary: no name that anybody gives a socket can be taken
 * for another's line.  Where a filter or a kernel without the module refuses it, and for another network
 * namespace, the caller has to do with text, which is opened here too.
 *
 * The messages are declared here, for a libc without the kernel's headers; sock_diag(7) describes them.
 */
#define _GNU_SOURCE	/* struct ucred */

#include "platform/platform.h"
#include "platform/linux_proc.h"
#include "base/io.h"
#include "base/text.h"

#include <sys/socket.h>
#include <sys/xattr.h>

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_SIZE 16384	/* of the kernel's parts none is larger */
#define NETLINK_SOCK_DIAG 4
#define MESSAGE_ERROR 2
#define MESSAGE_DONE 3
#define SOCK_DIAG_BY_FAMILY 20
#define FLAG_REQUEST 0x001
#define FLAG_DUMP 0x300
#define STATE_LISTEN 10
#define UNIX_SHOW_NAME 1
#define UNIX_SHOW_FILE 2
#define UNIX_NAME 0		/* an attribute */
#define UNIX_FILE 1		/* another one, with the file's inode number in front */
#define INET_IPV6_ALONE 11	/* an attribute of one byte */
#define SEQUENCE 1

struct address {
	uint16_t family;
	uint16_t pad;
	uint32_t port;		/* 0: the kernel */
	uint32_t groups;
};

struct header {
	uint32_t length;
	uint16_t type;
	uint16_t flags;
	uint32_t sequence;
	uint32_t port;
};

struct inet_id {
	uint16_t source_port;	/* as on the wire */
	uint16_t other_port;
	uint8_t source[16];
	uint8_t other[16];
	uint32_t interface;
	uint32_t cookie[2];
};

struct inet_request {
	uint8_t family;
	uint8_t protocol;
	uint8_t extensions;
	uint8_t pad;
	uint32_t states;
	struct inet_id id;
};

struct unix_request {
	uint8_t family;
	uint8_t protocol;
	uint16_t pad;
	uint32_t states;
	uint32_t inode;
	uint32_t show;
	uint32_t cookie[2];
};

struct request {
	struct header header;
	union {
		struct inet_request inet;
		struct unix_request local;
	} of;
};

struct inet_answer {
	uint8_t family;
	uint8_t state;
	uint8_t timer;
	uint8_t retransmissions;
	struct inet_id id;
	uint32_t expires;
	uint32_t receive_queue;
	uint32_t send_queue;
	uint32_t uid;
	uint32_t inode;
};

struct unix_answer {
	uint8_t family;
	uint8_t type;
	uint8_t state;
	uint8_t pad;
	uint32_t inode;
	uint32_t cookie[2];
};

struct attribute {
	uint16_t length;
	uint16_t type;
};

static size_t
aligned(size_t length)
{
	return (length + 3) & ~(size_t)3;
}

/* The attribute of this type in an answer whose attributes begin at `at`; or NULL, also where one is broken. */
static const char *
find_attribute(const char *bytes, size_t length, size_t at, unsigned type, size_t *size)
{
	struct attribute attribute;

	for (; at <= length && length - at >= sizeof(attribute); at += aligned(attribute.length)) {
		memcpy(&attribute, bytes + at, sizeof(attribute));
		if (attribute.length < sizeof(attribute) || attribute.length > length - at)
			return NULL;
		if (attribute.type == type) {
			*size = attribute.length - sizeof(attribute);
			return bytes + at + sizeof(attribute);
		}
	}
	return NULL;
}

static int
take_inet(const char *bytes, size_t length, platform_take_listener *take, void *argument)
{
	struct platform_listener listener = { 0 };
	struct inet_answer answer;
	const char *alone;
	size_t size;

	if (length < sizeof(answer))
		return 0;
	memcpy(&answer, bytes, sizeof(answer));
	if ((answer.family != AF_INET && answer.family != AF_INET6) || answer.state != STATE_LISTEN)
		return 0;
	listener.family = answer.family;
	listener.inode = answer.inode;
	listener.user = answer.uid;
	listener.port = ntohs(answer.id.source_port);
	listener.address = answer.id.source;
	alone = find_attribute(bytes, length, sizeof(answer), INET_IPV6_ALONE, &size);
	listener.ipv6_alone = alone != NULL && size > 0 && *alone != 0;
	return take(argument, &listener);
}

static int
take_unix(const char *bytes, size_t length, platform_take_listener *take, void *argument)
{
	struct platform_listener listener = { .family = AF_UNIX };
	struct unix_answer answer;
	const char *number;
	uint32_t file;
	size_t size;

	if (length < sizeof(answer))
		return 0;
	memcpy(&answer, bytes, sizeof(answer));
	if (answer.family != AF_UNIX || answer.state != STATE_LISTEN)
		return 0;
	listener.inode = answer.inode;
	listener.name = find_attribute(bytes, length, sizeof(answer), UNIX_NAME, &listener.name_length);
	number = find_attribute(bytes, length, sizeof(answer), UNIX_FILE, &size);
	if (number != NULL && size >= sizeof(file)) {
		memcpy(&file, number, sizeof(file));
		listener.file = file;
	}
	return listener.name != NULL ? take(argument, &listener) : 0;
}

/* One part of the answer.  1: another one follows; 0: that was the last; -1: errno. */
static int
take_part(const char *bytes, size_t length, platform_take_listener *take, void *argument)
{
	struct header header;
	size_t at;
	int error;

	for (at = 0; at <= length && length - at >= sizeof(header); at += aligned(header.length)) {
		const char *body = bytes + at + sizeof(header);

		memcpy(&header, bytes + at, sizeof(header));
		if (header.length < sizeof(header) || header.length > length - at)
			break;
		if (header.sequence != SEQUENCE)
			continue;
		if (header.type == MESSAGE_DONE)
			return 0;
		if (header.type == MESSAGE_ERROR) {
			error = 0;
			if (header.length >= sizeof(header) + sizeof(error))
				memcpy(&error, body, sizeof(error));
			errno = error < 0 && error > INT_MIN ? -error : EPROTO;
			return -1;
		}
		if (header.type == SOCK_DIAG_BY_FAMILY &&
		    (header.length > sizeof(header) && *body == AF_UNIX ? take_unix : take_inet)(body,
		    header.length - sizeof(header), take, argument) < 0)
			return -1;
	}
	if (at < length) {
		errno = EPROTO;
		return -1;
	}
	return 1;
}

static int
ask(int fd, int family)
{
	struct request request = { .header = { .type = SOCK_DIAG_BY_FAMILY, .sequence = SEQUENCE,
	    .flags = FLAG_REQUEST | FLAG_DUMP } };
	struct address kernel = { .family = AF_NETLINK };
	size_t length = sizeof(request.header);

	if (family == AF_UNIX) {
		request.of.local = (struct unix_request){ .family = AF_UNIX, .states = 1u << STATE_LISTEN,
		    .show = UNIX_SHOW_NAME | UNIX_SHOW_FILE };
		length += sizeof(request.of.local);
	} else {
		request.of.inet = (struct inet_request){ .family = (uint8_t)family,
		    .protocol = IPPROTO_TCP, .states = 1u << STATE_LISTEN };
		length += sizeof(request.of.inet);
	}
	request.header.length = (uint32_t)length;
	return sendto(fd, &request, length, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&kernel,
	    sizeof(kernel)) == (ssize_t)length ? 0 : -1;
}

/* The kernel has the next part ready when it is asked: there is nothing to wait for. */
static int
read_answer(int fd, platform_take_listener *take, void *argument)
{
	char bytes[ANSWER_SIZE];
	struct address from = { 0 };
	socklen_t from_size;
	ssize_t n;
	int result = 1;

	while (result == 1) {
		from_size = sizeof(from);
		n = recvfrom(fd, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_TRUNC,
		    (struct sockaddr *)&from, &from_size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0 || (size_t)n > sizeof(bytes)) {
			errno = EPROTO;
			return -1;
		}
		if (from.port == 0)
			result = take_part(bytes, (size_t)n, take, argument);
	}
	return result;
}

int
platform_each_listener(int family, platform_take_listener *take, void *argument)
{
	int result, fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (fd < 0)
		return -1;
	result = ask(fd, family);
	if (result == 0)
		result = read_answer(fd, take, argument);
	io_close(&fd);
	return result;
}

unsigned long
platform_net_namespace(pid_t pid)
{
	char path[64], target[64];
	const char *at = target;
	unsigned long long number;
	int proc = proc_open();
	ssize_t n = -1;

	if (proc >= 0 && io_format(path, sizeof(path), "%ld/ns/net", (long)pid) == 0)
		n = readlinkat(proc, path, target, sizeof(target) - 1);
	io_close(&proc);
	if (n < 0)
		return 0;
	target[n] = '\0';
	return text_take_word(&at, "net:[") && text_take_number(&at, 10, &number) ? (unsigned long)number : 0;
}

int
platform_net_table(pid_t pid, const char *table)
{
	char path[64];
	int fd = -1, proc = proc_open();

	if (proc >= 0 && io_format(path, sizeof(path), "net/%s", table) == 0)
		fd = proc_open_of(proc, pid, path, 0);
	io_close(&proc);
	return fd;
}

int
platform_is_unix_socket(pid_t pid, int number)
{
	char path[64], protocol[32];
	int proc = proc_open();
	ssize_t n;

	if (proc < 0)
		return 0;
	io_close(&proc);
	/* There is no getxattrat; this is the same /proc as a moment ago. */
	io_format(path, sizeof(path), "/proc/%ld/fd/%d", (long)pid, number);
	n = getxattr(path, "system.sockprotoname", protocol, sizeof(protocol));
	return n >= 4 && memcmp(protocol, "UNIX", 4) == 0;
}

int
platform_peer(int fd, pid_t *pid, uid_t *user)
{
	struct ucred who;
	socklen_t size = sizeof(who);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0 || size != sizeof(who))
		return 0;
	*pid = who.pid;
	*user = who.uid;
	return 1;
}
