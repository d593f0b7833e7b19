/* otelop-run's --ready: what is accepted has a mode, and every mode what it needs. */
#include "fuzz.h"
#include "daemon/modes.h"
#include "otelop.h"

#include <errno.h>

static void
check_connect(const struct modes *modes)
{
	const char *target = modes->connect_target;

	must(memchr(modes->connect_host, '\0', sizeof(modes->connect_host)) != NULL);
	must(memchr(target, '\0', sizeof(modes->connect_target)) != NULL && *target != '\0');
	/* Without a host it is a path, and a path has a slash. */
	if (*modes->connect_host == '\0')
		must(strchr(target, '/') != NULL);
	else
		must(strspn(target, "0123456789") == strlen(target) && strtol(target, NULL, 10) > 0 &&
		    strtol(target, NULL, 10) < 65536);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct otelop_message message;
	char *text = fuzz_string(bytes, length);
	struct modes *modes = malloc(sizeof(*modes));

	must(modes != NULL);
	message.text[0] = '\0';
	if (modes_parse(text, modes, &message) == 0) {
		must(modes->fd || modes->notify || modes->listen || modes->exec || modes->connect ||
		    modes->check != NULL);
		must(modes->listen_port < 65536 && (modes->listen_port == 0 || modes->listen));
		if (modes->connect)
			check_connect(modes);
		if (modes->check != NULL)
			must(modes->check > text && strncmp(modes->check - 6, "check:", 6) == 0 &&
			    *modes->check != '\0');
		must(*message.text == '\0');
	} else {
		must(errno == EINVAL && *message.text != '\0');
	}
	free(modes);
	free(text);
	return 0;
}
