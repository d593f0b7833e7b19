/* Whose the metadata is: the process, its session, its pid namespace, its host; identity.h says what tells them. */
#include "state/identity.h"
#include "base/io.h"
#include "base/message.h"
#include "json/json.h"
#include "platform/platform.h"
#include "process/process.h"
#include "state/form.h"
#include "state/meta.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

int
identity_set_process(struct otelop_metadata *metadata)
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

/* What has no text of ours to say, as a name that is not UTF-8, is left out.  -1: ENOMEM. */
static int
set_name(struct otelop_metadata *metadata, const char *key, const char *name)
{
	return form_set_text(metadata, key, name) < 0 && errno == ENOMEM ? -1 : 0;
}

int
identity_set_place(struct otelop_metadata *metadata)
{
	char name[OTELOP_PATH_SIZE];

	if ((gethostname(name, sizeof(name)) == 0 && set_name(metadata, "host", name) < 0) ||
	    (platform_pid_namespace(name, sizeof(name)) && set_name(metadata, "pidNamespace", name) < 0) ||
	    (platform_boot_id(name, sizeof(name)) && set_name(metadata, "bootId", name) < 0))
		return -1;
	return 0;
}

int
identity_forget_process(struct otelop_metadata *metadata)
{
	return form_set(metadata, "startTicks", NULL, 0) < 0 ||
	    form_set(metadata, "session", NULL, 0) < 0 ? -1 : 0;
}

pid_t
identity_session(const struct otelop_metadata *metadata)
{
	struct json_value value;

	return meta_find(metadata, "session", &value) ? (pid_t)json_whole_number(&value, 0, INT_MAX) : 0;
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

static int
is_of_other_host(const struct otelop_metadata *metadata, struct otelop_message *message)
{
	char ours[256] = "", theirs[1024] = "";

	if (gethostname(ours, sizeof(ours)) < 0 || !is_of_other_boot(metadata, ours))
		return 0;
	otelop_metadata_get(metadata, "host", theirs, sizeof(theirs));
	message_set(message, "process %ld runs on host %s, and this is %s%s", (long)meta_pid(metadata), theirs,
	    ours, strcmp(theirs, ours) == 0 ? " after another boot" : "");
	return 1;
}

enum identity_place
identity_place(const struct otelop_metadata *metadata, struct otelop_message *message)
{
	char ours[256] = "";
	int is_known;

	if (is_of_other_host(metadata, message))
		return IDENTITY_OTHER_HOST;
	is_known = platform_pid_namespace(ours, sizeof(ours));
	if (!differs(metadata, "pidNamespace", is_known ? ours : ""))
		return IDENTITY_HERE;
	message_set(message, "process %ld is in another pid namespace", (long)meta_pid(metadata));
	return is_known ? IDENTITY_OTHER_NAMESPACE : IDENTITY_PERHAPS_HERE;
}

int
identity_is_here(const struct otelop_metadata *metadata, struct otelop_message *message)
{
	return identity_place(metadata, message) == IDENTITY_HERE;
}

int
identity_lives_at(const struct otelop_metadata *metadata, enum identity_place place)
{
	pid_t pid = meta_pid(metadata);
	struct json_value recorded;
	unsigned long long ticks;

	if (pid < 1 || place == IDENTITY_OTHER_NAMESPACE || place == IDENTITY_OTHER_HOST || !process_is_alive(pid))
		return 0;
	if (place == IDENTITY_PERHAPS_HERE || !meta_find(metadata, "startTicks", &recorded))
		return -1;
	switch (platform_process_start_ticks(pid, &ticks)) {
	case 1:
		return json_whole_number(&recorded, 0, INT64_MAX) == (int64_t)ticks;
	case 0:
		return 0;
	}
	return -1;
}

int
identity_process_lives(const struct otelop_metadata *metadata)
{
	return identity_lives_at(metadata, identity_place(metadata, NULL));
}
