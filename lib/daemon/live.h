/*
 * The live counters of a daemon of upstream's: asked of itself, by curl, for its metadata has none.
 *
 * Whoever answers at that address is a stranger: the answer has a size and a time that it cannot exceed, must be valid
 * JSON of upstream's form, and leads nowhere else.  Its strings may have any character: to be cleaned before they are
 * shown.
 */
#ifndef LIVE_H
#define LIVE_H

#include "json/json.h"
#include "otelop.h"

#include <stdint.h>

#define LIVE_MS 3000		/* until there is an answer, in all */
#define LIVE_ADDRESS_SIZE 512	/* none is longer */
#define LIVE_ANSWER_SIZE 16384	/* upstream's has about 400 bytes */

/* Things that it keeps: how many, and how many at most (-1: it does not say). */
struct live_count {
	int64_t count;
	int64_t cap;
};

struct live {
	char answer[LIVE_ANSWER_SIZE];	/* where the strings are */
	struct json_value version;
	struct json_value started_at;	/* an RFC 3339 time */
	struct json_value http_addr;
	struct json_value otlp_grpc_addr;
	struct json_value otlp_http_addr;
	struct json_value proxy_url;
	struct json_value proxy_protocol;
	int is_debugging;
	int64_t uptime_ms;
	struct live_count traces;
	struct live_count metrics;
	struct live_count logs;
};

/* Ask the daemon that has this httpAddr.  0; -1 and why there is no such answer. */
int live_ask(const char *http_addr, struct live *live, struct otelop_message *reason);

/*
 * Where one connects to HOST:PORT as upstream gives it, whose HOST may be empty or any address of this machine: HOST is
 * localhost then.  1; 0: it is nothing of that form, or has what no host's name has.
 */
int live_address(const char *http_addr, char address[LIVE_ADDRESS_SIZE]);

#endif
