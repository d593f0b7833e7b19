/* Put in front of libc by LD_PRELOAD: by the wall clock it is the second CLOCK_SECONDS of the epoch, and stays so. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* What the kernel's call with 64 bits takes, whatever libc's own time is. */
struct wide {
	long long seconds, nanoseconds;
};

#ifdef SYS_clock_gettime64
#define CALL SYS_clock_gettime64
#else
#define CALL SYS_clock_gettime
#endif

static long long wall;

/* What the program starts is not ours. */
__attribute__((constructor)) static void
begin(void)
{
	const char *seconds = getenv("CLOCK_SECONDS");

	wall = seconds != NULL ? atoll(seconds) : 0;
	unsetenv("CLOCK_SECONDS");
	unsetenv("LD_PRELOAD");
}

static int
look(clockid_t clock, struct wide *now)
{
	int result = (int)syscall(CALL, clock, now);

	if (result == 0 && clock == CLOCK_REALTIME)
		now->seconds = wall;
	return result;
}

int
clock_gettime(clockid_t clock, struct timespec *time)
{
	struct wide now;
	int result = look(clock, &now);

	time->tv_sec = (time_t)now.seconds;
	time->tv_nsec = (long)now.nanoseconds;
	return result;
}

#ifdef SYS_clock_gettime64
int __clock_gettime64(clockid_t clock, struct wide *now);

int
__clock_gettime64(clockid_t clock, struct wide *now)
{
	int result = look(clock, now);

	now->nanoseconds &= 0xffffffff;
	return result;
}
#endif
