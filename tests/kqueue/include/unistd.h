/* A double for tests alone: what FreeBSD, NetBSD and OpenBSD declare in <unistd.h> (closefrom(2)) and a libc here may not. */
#ifndef DOUBLE_UNISTD_H
#define DOUBLE_UNISTD_H

#include_next <unistd.h>

void closefrom(int lowest);

#endif
