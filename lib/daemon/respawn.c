/* How often and when a command that has crashed is started again. */
#include "daemon/respawn.h"

#define FIRST_PAUSE_MS 1000
#define LONGEST_PAUSE_MS 60000
#define LONG_RUN_MS 60000

int
respawn_is_due(struct respawn *respawn, int limit, int64_t ran_ms)
{
	if (ran_ms >= LONG_RUN_MS)
		respawn->row = 0;
	if (respawn->row >= limit)
		return 0;
	respawn->row++;
	respawn->total++;
	return 1;
}

int64_t
respawn_pause_ms(const struct respawn *respawn)
{
	int64_t pause = FIRST_PAUSE_MS;
	int i;

	for (i = 1; i < respawn->row && pause < LONGEST_PAUSE_MS; i++)
		pause *= 2;
	return pause < LONGEST_PAUSE_MS ? pause : LONGEST_PAUSE_MS;
}
