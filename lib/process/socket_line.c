/* A line of the kernel's text of the sockets: /proc/net/tcp, tcp6 and unix. */
#include "process/socket_line.h"
#include "base/io.h"
#include "base/text.h"
#include "process/addresses.h"

#include <sys/socket.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define TCP_LISTEN 0x0a
#define UNIX_ACCEPTS 0x10000	/* the kernel's __SO_ACCEPTCON */
#define HEX_DIGITS "0123456789abcdefABCDEF"

/* The kernel prints an address as the words that lie in memory. */
static int
parse_address(const char *hex, unsigned port, char *address, size_t size)
{
	uint32_t words[4];
	char word[9] = "";
	size_t count = strlen(hex) / 8, i;

	if (strlen(hex) != count * 8 || (count != 1 && count != 4))
		return 0;
	for (i = 0; i < count; i++) {
		memcpy(word, hex + i * 8, 8);
		words[i] = (uint32_t)strtoul(word, NULL, 16);
	}
	return addresses_format_inet(count == 1 ? AF_INET : AF_INET6, words, port, address, size);
}

int
socket_line_tcp(const char *line, unsigned long *inode, char *address, size_t size)
{
	unsigned long long port, state, number;
	char hex[33];
	size_t length;

	/* "  0: 0100007F:1F90 00000000:0000 0A …": its own end, the other end, the state, and five fields on the inode. */
	if (!text_skip_fields(&line, 1))
		return 0;
	line += strspn(line, " ");
	if ((length = strspn(line, HEX_DIGITS)) >= sizeof(hex))
		return 0;
	memcpy(hex, line, length);
	hex[length] = '\0';
	line += length;
	if (!text_take_word(&line, ":") || !text_take_number(&line, 16, &port) || !text_skip_fields(&line, 1) ||
	    !text_take_number(&line, 16, &state) || !text_skip_fields(&line, 5) ||
	    !text_take_number(&line, 10, &number) || port > 0xffff || state != TCP_LISTEN)
		return 0;
	*inode = (unsigned long)number;
	return parse_address(hex, (unsigned)port, address, size);
}

/* As in "0000000000000000: 00000002 00000000 00010000 0001 01 12345 /name". */
int
socket_line_unix_fields(const char **line, unsigned long long *flags, unsigned long *inode)
{
	unsigned long long number;

	if (!text_take_number(line, 16, NULL) || !text_take_word(line, ":") || !text_take_number(line, 16, NULL) ||
	    !text_take_number(line, 16, NULL) || !text_take_number(line, 16, flags) ||
	    !text_take_number(line, 16, NULL) || !text_take_number(line, 16, NULL) ||
	    !text_take_number(line, 10, &number))
		return 0;
	*inode = (unsigned long)number;
	return 1;
}

int
socket_line_unix(const char *line, unsigned long *inode, char *address, size_t size)
{
	unsigned long long flags;

	if (!socket_line_unix_fields(&line, &flags, inode))
		return 0;
	line += strspn(line, " ");
	if (!(flags & UNIX_ACCEPTS) || *line == '\0' || *line == '\n')
		return 0;
	return io_format(address, size, "%.*s", (int)strcspn(line, "\n"), line) == 0;
}
