/* A double for tests alone: of the states of tcp(4), <netinet/tcp_fsm.h> of OpenBSD 7, what lib/platform uses. */
#define TCPS_LISTEN 1
