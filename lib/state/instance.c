/* Which instance is meant; instance.h has the rule. */
#include "state/instance.h"
#include "base/io.h"
#include "base/message.h"
#include "state/statedir.h"

#include <stdlib.h>
#include <string.h>

int
instance_is_name(const char *name)
{
	static const char letters[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	/* Our own files are called otelop.something. */
	return *name != '\0' && *name != '.' && name[strspn(name, letters)] == '\0' &&
	    strncmp(name, "otelop.", 7) != 0;
}

/* Of path the last component, if that is the NAME of the daemon that we are below; or NULL. */
static const char *
own_name(const char *path)
{
	const char *name = getenv("OTELOP_NAME"), *last = strrchr(path, '/');

	return name != NULL && last != NULL && last > path && instance_is_name(name) && strcmp(last + 1, name) == 0 ?
	    last + 1 : NULL;
}

int
instance_is_chosen(const char *dir, const char *name)
{
	return dir != NULL || name != NULL || statedir_is_chosen();
}

int
instance_find(struct instance *instance, const char *dir, const char *name, struct otelop_message *message)
{
	char base[OTELOP_PATH_SIZE];

	if (otelop_state_dir(dir, instance->path, sizeof(instance->path), message) < 0)
		return -1;
	instance->name = dir == NULL && statedir_is_chosen() ? own_name(instance->path) : NULL;
	if (name == NULL)
		return 0;
	instance_siblings(instance, base);
	if (io_format(instance->path, sizeof(instance->path), "%s/%s", base, name) < 0)
		return message_errno(message, "%s: cannot use as state directory", base);
	instance->name = strrchr(instance->path, '/') + 1;
	return 0;
}

void
instance_siblings(const struct instance *instance, char *path)
{
	size_t length = instance->name != NULL ? (size_t)(instance->name - instance->path) - 1 : strlen(instance->path);

	memmove(path, instance->path, length);
	path[length] = '\0';
}

int
instance_export(const struct instance *instance)
{
	if (setenv("OTELOP_STATE_DIR", instance->path, 1) < 0)
		return -1;
	return instance->name != NULL ? setenv("OTELOP_NAME", instance->name, 1) : unsetenv("OTELOP_NAME");
}
