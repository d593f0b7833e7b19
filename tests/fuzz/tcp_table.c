/* Lines of /proc/net/tcp and tcp6: what is taken has an address that inet_pton reads. */
#include "fuzz.h"
#include "process/socket_line.h"

#include <arpa/inet.h>

#define ADDRESS_SIZE 256

static void
check_address(char *address)
{
	char *colon = strrchr(address, ':');
	unsigned char binary[16];

	must(colon != NULL && colon[1] != '\0' && strspn(colon + 1, "0123456789") == strlen(colon + 1));
	*colon = '\0';
	if (*address == '[') {
		must(colon[-1] == ']');
		colon[-1] = '\0';
		must(inet_pton(AF_INET6, address + 1, binary) == 1);
	} else {
		must(inet_pton(AF_INET, address, binary) == 1);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *line = fuzz_string(bytes, length);
	size_t size = length % 64;
	char *address = malloc(ADDRESS_SIZE), *small = malloc(size > 0 ? size : 1);
	unsigned long inode = 0, same = 0;

	must(address != NULL && small != NULL);
	if (socket_line_tcp(line, &inode, address, ADDRESS_SIZE)) {
		must(memchr(address, '\0', ADDRESS_SIZE) != NULL);
		must(socket_line_tcp(line, &same, small, size) == (strlen(address) < size));
		must(same == inode);
		check_address(address);
	} else {
		must(!socket_line_tcp(line, &inode, small, size));
	}
	free(address);
	free(small);
	free(line);
	return 0;
}
