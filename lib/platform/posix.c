/* What only Linux has: it saves memory, undoes what a libc keeps for itself, and names a boot and a namespace. */
#include "platform/platform.h"

#include <errno.h>

void
platform_give_back_stack(void)
{
}

void
platform_reset_hidden_signals(void)
{
}

void
platform_ignore_hidden_signals(void)
{
}

pid_t
platform_share(int (*run)(void *), void *argument, char *stack, size_t size)
{
	(void)run;
	(void)argument;
	(void)stack;
	(void)size;
	errno = ENOSYS;
	return -1;
}

int
platform_boot_id(char *name, size_t size)
{
	(void)name;
	(void)size;
	return 0;
}

int
platform_pid_namespace(char *name, size_t size)
{
	(void)name;
	(void)size;
	return 0;
}
