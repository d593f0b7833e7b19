/* Descriptors are closed one by one, with POSIX alone. */
#include "platform/platform.h"
#include "platform/portable.h"

void
platform_close_all_but(const int *keep, size_t count)
{
	portable_close_all_but(keep, count);
}
