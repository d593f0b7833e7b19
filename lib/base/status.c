/* The exit statuses: which of them mean the same from one program to the next. */
#include "base/status.h"

#include <errno.h>

int
status_is_passed_on(int status)
{
	return status == STATUS_BUSY || (status >= STATUS_FAILED && status <= STATUS_NOT_FOUND);
}

int
status_may_be_said(int status)
{
	return status == STATUS_USAGE || status == STATUS_UNKNOWN || status_is_passed_on(status);
}

int
status_of_exec(int error)
{
	return error == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
}
