/* A double for tests alone: of struct xucred of unix(4) and <sys/ucred.h> of macOS 14 what lib/platform uses. */
#ifndef SYS_UCRED_H
#define SYS_UCRED_H

#include <sys/types.h>

#define XUCRED_VERSION 0

struct xucred {
	u_int cr_version;
	uid_t cr_uid;
	short cr_ngroups;
	gid_t cr_groups[16];
};

#endif
