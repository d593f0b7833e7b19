/* The modes of otelop-run's --ready: what is to say that a command is ready. */
#ifndef MODES_H
#define MODES_H

#include "otelop.h"

#define MODES_AUTO "fd,notify,listen"

struct modes {
	int fd;
	int notify;
	int listen;
	unsigned listen_port;			/* 0: any */
	int exec;
	int connect;
	char connect_host[256];			/* "": connect_target is a Unix socket's path */
	char connect_target[OTELOP_PATH_SIZE];	/* or the port */
	const char *check;			/* NULL, or a command for sh; the caller's text */
};

/* Parse MODE[,MODE...]; check:COMMAND takes the rest.  -1: EINVAL. */
int modes_parse(const char *text, struct modes *modes, struct otelop_message *message);

/* Is one of them asked about from outside as soon as the command runs: connect, check, exec? */
int modes_look_at_once(const struct modes *modes);

/* Is one of them to be looked for from time to time: those, and listen? */
int modes_look(const struct modes *modes);

int modes_have_more_than_notify(const struct modes *modes);
int modes_are_listen_alone(const struct modes *modes);

#endif
