/* The metadata object: read, asked and changed; form.c has its form, state.c asks who lives. */
#include "state/meta.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/message.h"
#include "base/text.h"
#include "json/json.h"
#include "platform/platform.h"
#include "process/process.h"
#include "state/form.h"
#include "state/statedir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
meta_read_fd(struct otelop_metadata *metadata, const struct statedir *dir, int fd,
    struct otelop_message *message)
{
	char *text, path[OTELOP_PATH_SIZE + sizeof(STATEDIR_METADATA) + 1];
	ssize_t length = -1;
	int result;

	metadata->length = 0;
	io_format(path, sizeof(path), "%s/%s", dir->path, STATEDIR_METADATA);
	if ((text = malloc(OTELOP_METADATA_MAX + 1)) == NULL || lseek(fd, 0, SEEK_SET) < 0 ||
	    (length = io_read_all(fd, text, OTELOP_METADATA_MAX + 1)) < 0)
		result = message_errno(message, "%s: cannot read", path);
	else
		result = form_parse(metadata, text, (size_t)length, path, message);
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

static int
set_string(struct otelop_metadata *metadata, const char *key, const char *value)
{
	size_t length = strlen(value), quoted_length;
	char *quoted;
	int result;

	if (!text_is_utf8(value, length)) {
		errno = EILSEQ;
		return -1;
	}
	if ((quoted_length = json_encode(value, length, NULL, 0)) > OTELOP_METADATA_MAX) {
		errno = EMSGSIZE;
		return -1;
	}
	if ((quoted = malloc(quoted_length)) == NULL)
		return -1;
	json_encode(value, length, quoted, quoted_length);
	result = form_set(metadata, key, quoted, quoted_length);
	free(quoted);
	return result;
}

/* The strings as a JSON array in json, which has room for OTELOP_METADATA_MAX bytes.  Its length, or -1. */
static long
encode_strings(const char *const *strings, char *json)
{
	size_t used = 0, length;

	json[used++] = '[';
	for (; *strings != NULL; strings++) {
		length = strlen(*strings);
		if (!text_is_utf8(*strings, length)) {
			errno = EILSEQ;
			return -1;
		}
		if (used > 1) {
			json[used++] = ',';
			json[used++] = ' ';
		}
		length = json_encode(*strings, length, json + used, OTELOP_METADATA_MAX - used);
		if ((used += length) > OTELOP_METADATA_MAX - 4) {
			errno = EMSGSIZE;
			return -1;
		}
	}
	json[used++] = ']';
	return (long)used;
}

int
meta_set_strings(struct otelop_metadata *metadata, const char *key, const char *const *strings)
{
	char *json = malloc(OTELOP_METADATA_MAX);
	long length;
	int result = -1;

	if (json != NULL && (length = encode_strings(strings, json)) >= 0)
		result = form_set(metadata, key, json, (size_t)length);
	free(json);
	return result;
}

/*
 * A number is one process's only together with the time of its beginning; and what outlives it is known by
 * its session.
 */
static int
set_process(struct otelop_metadata *metadata)
{
	pid_t pid = meta_pid(metadata), session = getsid(pid);
	unsigned long long ticks;
	char text[32] = "";

	if (platform_process_start_ticks(pid, &ticks) == 1)
		io_format(text, sizeof(text), "%llu", ticks);
	if (form_set(metadata, "startTicks", *text != '\0' ? text : NULL, strlen(text)) < 0)
		return -1;
	io_format(text, sizeof(text), "%ld", (long)session);
	return form_set(metadata, "session", session > 1 ? text : NULL, strlen(text));
}

int
meta_forget_process(struct otelop_metadata *metadata)
{
	return form_set(metadata, "startTicks", NULL, 0) < 0 ||
	    form_set(metadata, "session", NULL, 0) < 0 ? -1 : 0;
}

pid_t
meta_session(const struct otelop_metadata *metadata)
{
	struct json_value value;

	return meta_find(metadata, "session", &value) ? (pid_t)form_whole_number(&value, 0, INT_MAX) : 0;
}

int
otelop_metadata_set(struct otelop_metadata *metadata, const char *key, const char *value,
    struct otelop_message *message)
{
	const struct form_member *ours;
	struct json_value number = { JSON_NUMBER, value, 0 };
	char time[CLOCK_RFC3339_SIZE];
	int result;

	if (metadata == NULL || key == NULL || value == NULL)
		return message_invalid(message, metadata == NULL ? "metadata" : key == NULL ? "key" : "value");
	ours = form_find(key, strlen(key));
	number.length = strlen(value);
	errno = EINVAL;
	if (ours == NULL && !form_is_user_key(key, strlen(key)))
		return message_set(message, "%s: not a member's name", key);
	if (ours != NULL && ours->kind == FORM_TEXTS)
		return message_set(message, "%s: cannot be set to a string", key);
	if (ours != NULL && (ours->kind == FORM_PID || ours->kind == FORM_NUMBER || ours->kind == FORM_TICKS)) {
		struct json_fault fault;

		if (!json_is_valid(value, strlen(value), &fault) || form_fault(ours, &number)) {
			errno = EINVAL;
			return message_set(message, "%s: not a valid number: %s", key, value);
		}
		result = form_set(metadata, key, value, strlen(value));
		if (result == 0 && ours->kind == FORM_PID)
			result = set_process(metadata);
	} else if (ours != NULL && ours->kind == FORM_TIME) {
		if (strlen(value) > sizeof(time) || clock_normalise_rfc3339(value, time) < 0)
			return message_set(message, "%s: not an RFC 3339 time: %s", key, value);
		result = set_string(metadata, key, time);
	} else {
		result = set_string(metadata, key, value);
	}
	if (result == 0)
		return 0;
	if (errno == EILSEQ)
		return message_set(message, "%s: the value is not UTF-8", key);
	if (errno == EMSGSIZE)
		return message_set(message, "%s: the metadata would be over %d bytes", key,
		    OTELOP_METADATA_MAX);
	return message_errno(message, "%s: cannot set", key);
}

int
meta_set_pair(struct otelop_metadata *metadata, const char *pair, int all,
    struct otelop_message *message)
{
	const char *equals = strchr(pair, '=');
	size_t length = equals != NULL ? (size_t)(equals - pair) : 0;
	char key[256];

	errno = EINVAL;
	if (equals == NULL || !(form_is_user_key(pair, length) ||
	    (all && form_is_known_key(pair, length))))
		return message_set(message, equals != NULL && form_is_known_key(pair, length) ?
		    "%s: this member is not yours to set" : "%s: not KEY=VALUE", pair);
	if (io_format(key, sizeof(key), "%.*s", (int)length, pair) < 0) {
		errno = EINVAL;
		return message_set(message, "%s: the name is too long", pair);
	}
	return otelop_metadata_set(metadata, key, equals + 1, message);
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
otelop_metadata_init(struct otelop_metadata *metadata, pid_t pid)
{
	char text[OTELOP_PATH_SIZE], now[CLOCK_RFC3339_SIZE];

	if (metadata == NULL || pid < 1)
		return message_invalid(NULL, "pid");
	metadata->length = 0;
	io_format(text, sizeof(text), "%ld", (long)pid);
	clock_format_now(now);
	if (otelop_metadata_set(metadata, "pid", text, NULL) < 0 ||
	    otelop_metadata_set(metadata, "startedAt", now, NULL) < 0)
		return -1;
	if ((getcwd(text, sizeof(text)) == NULL || otelop_metadata_set(metadata, "cwd", text, NULL) < 0) &&
	    meta_set_unrecorded(metadata, "cwd") < 0)
		return -1;
	if ((gethostname(text, sizeof(text)) == 0 &&
	    otelop_metadata_set(metadata, "host", text, NULL) < 0 && errno == ENOMEM) ||
	    (platform_pid_namespace(text, sizeof(text)) &&
	    otelop_metadata_set(metadata, "pidNamespace", text, NULL) < 0) ||
	    (platform_boot_id(text, sizeof(text)) && otelop_metadata_set(metadata, "bootId", text, NULL) < 0))
		return -1;
	return 0;
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
	else if (value.type == JSON_ARRAY && form_is_strings(&value))
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

	return meta_find(metadata, "pid", &value) ? (pid_t)form_whole_number(&value, 1, INT_MAX) : 0;
}

int
meta_state_is(const struct otelop_metadata *metadata, const char *state)
{
	struct json_value value;

	return meta_find(metadata, "state", &value) && value.type == JSON_STRING &&
	    json_string_is(&value, state);
}

/* A member that is there and differs from what we are; both are then in the buffers. */
static int
differs(const struct otelop_metadata *metadata, const char *key, const char *ours)
{
	struct json_value value;

	return meta_find(metadata, key, &value) && value.type == JSON_STRING && value.length > 2 &&
	    (json_decode(&value, NULL, 0) != strlen(ours) || !json_string_is(&value, ours));
}

/* A host may get another name while it runs, and two may have the same: what tells them is their boot. */
static int
is_of_other_boot(const struct otelop_metadata *metadata, const char *our_name)
{
	struct json_value value;
	char ours[256];

	if (meta_find(metadata, "bootId", &value) && platform_boot_id(ours, sizeof(ours)))
		return differs(metadata, "bootId", ours);
	return differs(metadata, "host", our_name);
}

int
meta_is_other_host(const struct otelop_metadata *metadata, struct otelop_message *message)
{
	char ours[256] = "", theirs[1024] = "";

	if (gethostname(ours, sizeof(ours)) < 0 || !is_of_other_boot(metadata, ours))
		return 0;
	otelop_metadata_get(metadata, "host", theirs, sizeof(theirs));
	message_set(message, "process %ld runs on host %s, and this is %s%s", (long)meta_pid(metadata), theirs,
	    ours, strcmp(theirs, ours) == 0 ? " after another boot" : "");
	return 1;
}

/* Is its pid namespace ours?  1; 0; -1: ours has no name that can be read, so that one that has a name may be another. */
static int
is_in_our_namespace(const struct otelop_metadata *metadata)
{
	char ours[256];
	int is_known = platform_pid_namespace(ours, sizeof(ours));

	if (!is_known)
		ours[0] = '\0';
	return !differs(metadata, "pidNamespace", ours) ? 1 : is_known ? 0 : -1;
}

int
meta_is_here(const struct otelop_metadata *metadata, struct otelop_message *message)
{
	if (meta_is_other_host(metadata, message))
		return 0;
	if (is_in_our_namespace(metadata) != 1) {
		message_set(message, "process %ld is in another pid namespace",
		    (long)meta_pid(metadata));
		return 0;
	}
	return 1;
}

int
meta_process_lives(const struct otelop_metadata *metadata)
{
	pid_t pid = meta_pid(metadata);
	struct json_value recorded;
	unsigned long long ticks;
	int is_ours = is_in_our_namespace(metadata);

	if (pid < 1 || is_ours == 0 || meta_is_other_host(metadata, NULL) || !process_is_alive(pid))
		return 0;
	if (is_ours < 0 || !meta_find(metadata, "startTicks", &recorded))
		return -1;
	switch (platform_process_start_ticks(pid, &ticks)) {
	case 1:
		return form_whole_number(&recorded, 0, INT64_MAX) == (int64_t)ticks;
	case 0:
		return 0;
	}
	return -1;
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
meta_set_unrecorded(struct otelop_metadata *metadata, const char *key)
{
	const char *names[] = { "cwd", "command" }, *unrecorded[sizeof(names) / sizeof(names[0]) + 1];
	size_t i, count = 0;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(key, names[i]) == 0 || meta_is_unrecorded(metadata, names[i]))
			unrecorded[count++] = names[i];
	unrecorded[count] = NULL;
	return meta_set_strings(metadata, "unrecorded", unrecorded);
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
