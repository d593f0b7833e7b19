/*
 * The kernel's answer about its sockets: whatever the bytes are, what is taken lies in them and is a
 * listening socket; and any name comes out of a well-formed answer as it went in.
 */
#include "../../lib/platform/linux_sockets.c"

#include "fuzz.h"

struct expected {
	const char *name;
	size_t length;
	size_t taken;
};

static int
take_checked(void *argument, const struct platform_listener *listener)
{
	struct expected *expected = argument;
	unsigned long sum = 0;
	size_t i;

	must(listener->family == AF_INET || listener->family == AF_INET6 || listener->family == AF_UNIX);
	if (listener->family == AF_UNIX) {
		must(listener->name != NULL && listener->address == NULL && listener->port == 0);
		for (i = 0; i < listener->name_length; i++)
			sum += (unsigned char)listener->name[i];
		must(sum <= 255ul * listener->name_length);
	} else {
		must(listener->name == NULL && listener->address != NULL && listener->port <= 65535);
		for (i = 0; i < 16; i++)
			sum += listener->address[i];
		must(listener->ipv6_alone == 0 || listener->ipv6_alone == 1);
		must(sum <= 255ul * 16);
	}
	if (expected != NULL) {
		must(listener->family == AF_UNIX && listener->inode == 4711);
		must(listener->name_length == expected->length);
		must(memcmp(listener->name, expected->name, expected->length) == 0);
		expected->taken++;
	}
	return 0;
}

static size_t
put(char *bytes, size_t at, const void *item, size_t size)
{
	memcpy(bytes + at, item, size);
	return at + aligned(size);
}

static void
check_name(const char *name, size_t length)
{
	struct unix_answer answer = { .family = AF_UNIX, .state = STATE_LISTEN, .inode = 4711 };
	struct attribute other = { sizeof(other), 3 }, attribute = { 0, UNIX_NAME };
	struct header header = { .type = SOCK_DIAG_BY_FAMILY, .sequence = SEQUENCE };
	struct header done = { .length = sizeof(done), .type = MESSAGE_DONE, .sequence = SEQUENCE };
	struct expected expected = { name, length, 0 };
	char bytes[512] = { 0 };
	size_t at = 0;

	attribute.length = (uint16_t)(sizeof(attribute) + length);
	header.length = (uint32_t)(sizeof(header) + sizeof(answer) + sizeof(other) + attribute.length);
	at = put(bytes, at, &header, sizeof(header));
	at = put(bytes, at, &answer, sizeof(answer));
	at = put(bytes, at, &other, sizeof(other));
	at = put(bytes, at, &attribute, sizeof(attribute));
	at = put(bytes, at, name, length);
	must(take_part(bytes, at, take_checked, &expected) == 1 && expected.taken == 1);
	at = put(bytes, at, &done, sizeof(done));
	must(take_part(bytes, at, take_checked, &expected) == 0 && expected.taken == 2);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *copy = fuzz_bytes(bytes, length);
	int result = take_part(copy, length, take_checked, NULL);

	must(result == 1 || result == 0 || (result == -1 && errno != 0));
	check_name(copy, length < 108 ? length : 108);
	free(copy);
	return 0;
}
