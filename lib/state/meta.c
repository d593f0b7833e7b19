/* The metadata object: read and asked; meta_change.c changes it, form.c has its form, identity.c whose it is. */
#include "state/meta.h"
#include "base/io.h"
#include "base/message.h"
#include "json/json.h"
#include "state/form.h"
#include "state/statedir.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * What the file has, and no more than tells that it is too much, in memory that the caller frees.  The file may grow
 * between the look at its size and the reading.  NULL: errno.
 */
static char *
read_text(int fd, size_t *length)
{
	struct stat file;
	size_t size;
	char *text;
	ssize_t n;

	if (fstat(fd, &file) < 0)
		return NULL;
	for (size = file.st_size < OTELOP_METADATA_MAX ? (size_t)file.st_size + 1 : OTELOP_METADATA_MAX + 1;;
	    size = OTELOP_METADATA_MAX + 1) {
		if ((text = malloc(size)) == NULL)
			return NULL;
		if ((n = io_read_file(fd, text, size)) < 0) {
			free(text);
			return NULL;
		}
		*length = (size_t)n;
		if (*length < size || size > OTELOP_METADATA_MAX)
			return text;
		free(text);
	}
}

int
meta_read_fd(struct otelop_metadata *metadata, const struct statedir *dir, int fd,
    struct otelop_message *message)
{
	char *text, path[OTELOP_PATH_SIZE + sizeof(STATEDIR_METADATA) + 1];
	size_t length;
	int result;

	metadata->length = 0;
	io_format(path, sizeof(path), "%s/%s", dir->path, STATEDIR_METADATA);
	if ((text = read_text(fd, &length)) == NULL)
		return message_errno(message, "%s: cannot read", path);
	result = form_parse(metadata, text, length, path, message);
	free(text);
	return result;
}

int
otelop_read_metadata(const char *state_dir, struct otelop_metadata *metadata,
    struct otelop_message *message)
{
	struct statedir dir;
	int fd, result = -1;

	if (state_dir == NULL || metadata == NULL)
		return message_invalid(message, state_dir == NULL ? "state_dir" : "metadata");
	if (statedir_open(&dir, state_dir, message) < 0)
		return -1;
	fd = statedir_open_file(&dir, STATEDIR_METADATA, O_RDONLY, message);
	if (fd >= 0)
		result = meta_read_fd(metadata, &dir, fd, message);
	io_close(&fd);
	statedir_close(&dir);
	return result;
}

int
meta_copy(struct otelop_metadata *to, const struct otelop_metadata *from)
{
	char *json = malloc(from->length + 1);

	if (json == NULL)
		return -1;
	if (from->length > 0)
		memcpy(json, from->json, from->length);
	json[from->length] = '\0';
	free(to->json);
	to->json = json;
	to->length = from->length;
	return 0;
}

void
otelop_metadata_free(struct otelop_metadata *metadata)
{
	if (metadata == NULL)
		return;
	free(metadata->json);
	metadata->json = NULL;
	metadata->length = 0;
}

int
meta_find(const struct otelop_metadata *metadata, const char *key, struct json_value *value)
{
	return metadata->length > 0 && json_find(metadata->json, metadata->length, key, value) &&
	    value->type != JSON_NULL;
}

static size_t
join_strings(const struct json_value *array, char *text, size_t size)
{
	struct json_value *elements;
	size_t count, i, used = 0;

	if (json_elements(array, &elements, &count) < 0)
		return 0;
	for (i = 0; i < count; i++) {
		if (i > 0 && used++ < size)
			text[used - 1] = ' ';
		used += json_decode(&elements[i], text + (used < size ? used : size),
		    used < size ? size - used : 0);
	}
	free(elements);
	return used;
}

int
otelop_metadata_get(const struct otelop_metadata *metadata, const char *key, char *text,
    size_t size)
{
	struct json_value value;
	size_t length;

	if (metadata == NULL || key == NULL || text == NULL)
		return message_invalid(NULL, "value");
	if (!meta_find(metadata, key, &value))
		return 0;
	if (value.type == JSON_STRING)
		length = json_decode(&value, text, size);
	else if (json_is_strings(&value))
		length = join_strings(&value, text, size);
	else if ((length = value.length) < size)
		memcpy(text, value.text, length);
	if (length >= size) {
		errno = ERANGE;
		return -1;
	}
	text[length] = '\0';
	return 1;
}

pid_t
meta_pid(const struct otelop_metadata *metadata)
{
	struct json_value value;

	return meta_find(metadata, "pid", &value) ? (pid_t)json_whole_number(&value, 1, INT_MAX) : 0;
}

int
meta_state_is(const struct otelop_metadata *metadata, const char *state)
{
	struct json_value value;

	return meta_find(metadata, "state", &value) && value.type == JSON_STRING &&
	    json_string_is(&value, state);
}

int
meta_is_unrecorded(const struct otelop_metadata *metadata, const char *key)
{
	struct json_value array, *elements;
	size_t count, i;
	int found = 0;

	if (!meta_find(metadata, "unrecorded", &array) || json_elements(&array, &elements, &count) < 0)
		return 0;
	for (i = 0; i < count && !found; i++)
		found = json_string_is(&elements[i], key);
	free(elements);
	return found;
}

int
meta_is_upstreams(const struct otelop_metadata *metadata)
{
	static const char *const ours[] = { "state", "command", "host", "bootId", "cwd", "startTicks" };
	struct json_value value;
	size_t i;

	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (meta_find(metadata, ours[i], &value))
			return 0;
	return metadata->length > 0;
}
