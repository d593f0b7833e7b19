/*
 * Where one connects to a daemon: computed from the addresses that it was seen to listen on.
 *
 * Of its TCP ports that one counts which its readiness was bound to (listen:PORT), else the lowest.  Of the addresses
 * with this port the one that most clients can reach: 127.0.0.1 before [::1] before any other.
 */
#ifndef ENDPOINT_H
#define ENDPOINT_H

#include "otelop.h"

#include <stddef.h>

#define ENDPOINT_SIZE 64	/* bytes of the longest, with its NUL */

/* Its port.  1; 0: it is not known to listen on one. */
int endpoint_port(const struct otelop_metadata *metadata, unsigned *port);

/*
 * 127.0.0.1:80 or [::1]:80, never 0.0.0.0 or [::]: these are 127.0.0.1, or [::1] where the kernel says that the socket
 * takes IPv6 alone.  1; 0 as above.
 */
int endpoint_address(const struct otelop_metadata *metadata, char address[ENDPOINT_SIZE]);

#endif
