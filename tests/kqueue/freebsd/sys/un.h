/* A double for tests alone: what unix(4) and <sys/un.h> of FreeBSD 14 have beside a Unix socket's address. */
#ifndef DOUBLE_SYS_UN_H
#define DOUBLE_SYS_UN_H

#include_next <sys/un.h>

#define SOL_LOCAL	0
#define LOCAL_PEERCRED	1

#endif
