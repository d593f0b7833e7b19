/* A double for tests alone: of pdfork(2) and <sys/procdesc.h> of FreeBSD 14 what lib/platform uses. */
#ifndef SYS_PROCDESC_H
#define SYS_PROCDESC_H

#include <sys/types.h>
#include <sys/wait.h>

#define PD_CLOEXEC	0x00000002

pid_t pdfork(int *fd, int flags);
int pdkill(int fd, int signal_number);

/* Such a child is one of clone(2) here, which waitpid(2) finds only so. */
#define waitpid(pid, status, options) waitpid(pid, status, (options) | 0x40000000)

#endif
