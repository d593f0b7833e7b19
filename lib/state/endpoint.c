/* Where one connects to a daemon, by its metadata. */
#include "state/endpoint.h"
#include "base/io.h"
#include "base/text.h"
#include "json/json.h"
#include "platform/platform.h"
#include "state/meta.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LISTEN_MODE "listen:"
#define MODES_SIZE 4096		/* of one readyMode; a port behind that does not count */

/* How well clients can reach it: the lower, the better. */
enum reach { REACH_IPV4, REACH_ANY_IPV6, REACH_IPV6, REACH_OTHER_IPV4, REACH_OTHER_IPV6 };

struct endpoint {
	int family;
	unsigned char bytes[16];
	unsigned port;
	enum reach reach;
};

static const unsigned char any_ipv6[16];
static const unsigned char loopback_ipv6[16] = { [15] = 1 };
static const unsigned char mapped_ipv4[12] = { [10] = 0xff, [11] = 0xff };

/* What listens for IPv4 by a socket of IPv6, as Java's do, is reached by IPv4. */
static void
unmap(struct endpoint *endpoint)
{
	if (endpoint->family != AF_INET6 || memcmp(endpoint->bytes, mapped_ipv4, sizeof(mapped_ipv4)) != 0)
		return;
	memmove(endpoint->bytes, endpoint->bytes + sizeof(mapped_ipv4), 4);
	endpoint->family = AF_INET;
}

static enum reach
reach_of(const struct endpoint *endpoint)
{
	static const unsigned char any[4], loopback[4] = { 127, 0, 0, 1 };

	if (endpoint->family == AF_INET)
		return memcmp(endpoint->bytes, any, 4) == 0 || memcmp(endpoint->bytes, loopback, 4) == 0 ?
		    REACH_IPV4 : REACH_OTHER_IPV4;
	if (memcmp(endpoint->bytes, any_ipv6, 16) == 0)
		return REACH_ANY_IPV6;
	return memcmp(endpoint->bytes, loopback_ipv6, 16) == 0 ? REACH_IPV6 : REACH_OTHER_IPV6;
}

/* An element of listen.  1; 0: it is no TCP address. */
static int
parse(const struct json_value *element, struct endpoint *endpoint)
{
	char text[ENDPOINT_SIZE], *host = text, *colon;
	size_t length = json_decode(element, text, sizeof(text) - 1);
	int64_t port;

	if (length >= sizeof(text))
		return 0;
	text[length] = '\0';
	if (strlen(text) != length || (colon = strrchr(text, ':')) == NULL || colon == text ||
	    !text_number(colon + 1, 1, 65535, &port))
		return 0;
	*colon = '\0';
	endpoint->family = *text == '[' ? AF_INET6 : AF_INET;
	if (*text == '[' && colon[-1] == ']') {
		host++;
		colon[-1] = '\0';
	}
	if (inet_pton(endpoint->family, host, endpoint->bytes) != 1)
		return 0;
	endpoint->port = (unsigned)port;
	unmap(endpoint);
	endpoint->reach = reach_of(endpoint);
	return 1;
}

/* The best of those with this port; where it is 0, of those with the lowest. */
static int
find_port(const struct otelop_metadata *metadata, unsigned port, struct endpoint *best)
{
	struct json_value listen, *elements;
	struct endpoint one;
	size_t count, i;
	int found = 0;

	if (!meta_find(metadata, "listen", &listen) || json_elements(&listen, &elements, &count) < 0)
		return 0;
	for (i = 0; i < count; i++) {
		if (!parse(&elements[i], &one) || (port != 0 && one.port != port))
			continue;
		if (!found || one.port < best->port || (one.port == best->port && one.reach < best->reach))
			*best = one;
		found = 1;
	}
	free(elements);
	return found;
}

/* Of modes that are joined by commas; these take the rest of their text. */
static int
takes_the_rest(const char *mode)
{
	return strncmp(mode, "check:", 6) == 0 || strncmp(mode, "log:", 4) == 0 || strncmp(mode, "http://", 7) == 0 ||
	    strncmp(mode, "https://", 8) == 0;
}

/* The first port that one of these modes names and the daemon listens on. */
static int
find_named(const struct otelop_metadata *metadata, const struct json_value *modes, struct endpoint *best)
{
	char text[MODES_SIZE], *mode = text, *end;
	size_t length;
	int64_t port;

	if (modes->type != JSON_STRING)
		return 0;
	length = json_decode(modes, text, sizeof(text) - 1);
	text[length < sizeof(text) ? length : sizeof(text) - 1] = '\0';
	for (; mode != NULL && !takes_the_rest(mode); mode = end) {
		if ((end = strchr(mode, ',')) != NULL)
			*end++ = '\0';
		if (strncmp(mode, LISTEN_MODE, strlen(LISTEN_MODE)) == 0 &&
		    text_number(mode + strlen(LISTEN_MODE), 1, 65535, &port) &&
		    find_port(metadata, (unsigned)port, best))
			return 1;
	}
	return 0;
}

static int
find(const struct otelop_metadata *metadata, struct endpoint *best)
{
	struct json_value modes, *options;
	size_t count, i;
	int found = 0;

	if (metadata->length == 0)
		return 0;
	if (!meta_find(metadata, "readyMode", &modes))
		return find_port(metadata, 0, best);
	if (modes.type == JSON_STRING) {
		found = find_named(metadata, &modes, best);
	} else if (modes.type == JSON_ARRAY && json_elements(&modes, &options, &count) == 0) {
		for (i = 0; i < count && !found; i++)
			found = find_named(metadata, &options[i], best);
		free(options);
	}
	return found || find_port(metadata, 0, best);
}

int
endpoint_port(const struct otelop_metadata *metadata, unsigned *port)
{
	struct endpoint found;

	if (!find(metadata, &found))
		return 0;
	*port = found.port;
	return 1;
}

/* Sockets at [::] and one port: with SO_REUSEPORT there may be several. */
struct question {
	unsigned port;
	int takes_ipv4;
	int takes_ipv6_alone;
};

static int
take_listener(void *argument, const struct platform_listener *listener)
{
	struct question *question = argument;

	if (listener->family != AF_INET6 || listener->port != question->port ||
	    memcmp(listener->address, any_ipv6, sizeof(any_ipv6)) != 0)
		return 0;
	if (listener->ipv6_alone)
		question->takes_ipv6_alone = 1;
	else
		question->takes_ipv4 = 1;
	return 0;
}

/* In another network namespace, or where the kernel does not tell, it is as most systems have it by default. */
static int
takes_ipv6_alone(pid_t pid, unsigned port)
{
	unsigned long theirs = platform_net_namespace(pid), ours = platform_net_namespace(getpid());
	struct question question = { .port = port };

	if ((theirs != 0 && theirs != ours) || platform_each_listener(AF_INET6, take_listener, &question) < 0)
		return 0;
	return question.takes_ipv6_alone && !question.takes_ipv4;
}

int
endpoint_address(const struct otelop_metadata *metadata, char address[ENDPOINT_SIZE])
{
	char host[INET6_ADDRSTRLEN];
	struct endpoint found;

	if (!find(metadata, &found))
		return 0;
	if (found.reach == REACH_IPV4 ||
	    (found.reach == REACH_ANY_IPV6 && !takes_ipv6_alone(meta_pid(metadata), found.port)))
		return io_format(address, ENDPOINT_SIZE, "127.0.0.1:%u", found.port) == 0;
	if (found.reach == REACH_ANY_IPV6)
		memcpy(found.bytes, loopback_ipv6, sizeof(loopback_ipv6));
	return inet_ntop(found.family, found.bytes, host, sizeof(host)) != NULL &&
	    io_format(address, ENDPOINT_SIZE, found.family == AF_INET ? "%s:%u" : "[%s]:%u", host, found.port) == 0;
}
