/* Lines of /proc/net/unix: what is taken is the line's end, whatever a path may hold. */
#include "fuzz.h"
#include "process/socket_line.h"

#define ADDRESS_SIZE 256

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *line = fuzz_string(bytes, length), *row, *name;
	size_t size = length % 64, n;
	char *address = malloc(ADDRESS_SIZE), *small = malloc(size > 0 ? size : 1);
	unsigned long inode = 0, same = 0;

	must(address != NULL && small != NULL);
	if (socket_line_unix(line, &inode, address, ADDRESS_SIZE)) {
		must((n = strlen(address)) > 0 && n < ADDRESS_SIZE && strchr(address, '\n') == NULL);
		must(strstr(line, address) != NULL);
		must(socket_line_unix(line, &same, small, size) == (n < size));
		must(same == inode);
	} else {
		must(!socket_line_unix(line, &inode, small, size));
	}

	/* Any name in a row as the kernel writes it comes out, but for blanks around it. */
	n = strcspn(line, "\n") < 108 ? strcspn(line, "\n") : 108;
	row = malloc(n + 128);
	name = malloc(n + 2);
	must(row != NULL && name != NULL);
	snprintf(name, n + 2, "@%.*s", (int)n, line);
	snprintf(row, n + 128, "0000000000000000: 00000002 00000000 00010000 0001 01 4711 %s\n", name);
	must(socket_line_unix(row, &inode, address, ADDRESS_SIZE) == 1);
	must(inode == 4711 && strcmp(address, name) == 0);
	free(row);
	free(name);
	free(address);
	free(small);
	free(line);
	return 0;
}
