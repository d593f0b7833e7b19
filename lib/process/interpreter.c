/* What a file needs to be run. */
#include "process/interpreter.h"
#include "base/io.h"

#include <sys/types.h>

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define HEADERS_MAX 64		/* of a program; the one that is looked for comes first or second */
#define HEADER_SIZE 56
#define TYPE_INTERPRETER 3

/* Where in an ELF file, and in its program headers, a number stands: in one of 32 bits and in one of 64. */
struct layout {
	size_t word;		/* bytes of an address */
	size_t table;		/* offset of the program headers */
	size_t entry_size;
	size_t entry_count;
	size_t offset;		/* in a program header */
	size_t length;
};
static const struct layout layouts[] = { { 4, 28, 42, 44, 4, 16 }, { 8, 32, 54, 56, 8, 32 } };

static uint64_t
number(const unsigned char *at, size_t size, int is_big)
{
	uint64_t value = 0;
	size_t i;

	for (i = 0; i < size; i++)
		value = value << 8 | at[is_big ? i : size - 1 - i];
	return value;
}

static int
read_at(int fd, void *bytes, size_t size, uint64_t offset)
{
	return offset <= INT32_MAX && pread(fd, bytes, size, (off_t)offset) == (ssize_t)size ? 0 : -1;
}

/* The loader of a dynamic program, an ELF file that begins with head. */
static int
loader_of(int fd, const unsigned char *head, char name[INTERPRETER_MAX + 1])
{
	const struct layout *layout = &layouts[head[4] == 2];
	unsigned char header[HEADER_SIZE];
	int is_big = head[5] == 2;
	uint64_t table = number(head + layout->table, layout->word, is_big), length;
	uint64_t size = number(head + layout->entry_size, 2, is_big), count = number(head + layout->entry_count, 2, is_big), i;

	for (i = 0; i < count && i < HEADERS_MAX; i++) {
		if (read_at(fd, header, layout->length + layout->word, table + i * size) < 0)
			return 0;
		if (number(header, 4, is_big) != TYPE_INTERPRETER)
			continue;
		length = number(header + layout->length, layout->word, is_big);
		if (length == 0 || length > INTERPRETER_MAX ||
		    read_at(fd, name, (size_t)length, number(header + layout->offset, layout->word, is_big)) < 0)
			return 0;
		name[length] = '\0';
		return *name != '\0';
	}
	return 0;
}

/* Of a script that begins with line. */
static int
word_behind_mark(char *line, char name[INTERPRETER_MAX + 1])
{
	const char *word;
	size_t length;

	line[strcspn(line, "\n")] = '\0';
	word = line + 2 + strspn(line + 2, " \t");
	length = strcspn(word, " \t");
	memcpy(name, word, length);
	name[length] = '\0';
	/* Nothing there: no #! to the kernel, a comment to sh. */
	return length > 0;
}

enum interpreter
interpreter_of(const char *path, char name[INTERPRETER_MAX + 1])
{
	char head[INTERPRETER_MAX + 1];
	int fd = io_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0), is_found = 0;
	ssize_t n = fd < 0 ? 0 : io_read_all(fd, head, INTERPRETER_MAX);
	enum interpreter kind = INTERPRETER_OF_SCRIPT;

	if (n >= 2 && head[0] == '#' && head[1] == '!') {
		head[n] = '\0';
		is_found = word_behind_mark(head, name);
	} else if (n >= 64 && memcmp(head, "\177ELF", 4) == 0) {
		kind = INTERPRETER_OF_PROGRAM;
		is_found = loader_of(fd, (const unsigned char *)head, name);
	}
	io_close(&fd);
	return is_found ? kind : INTERPRETER_NONE;
}
