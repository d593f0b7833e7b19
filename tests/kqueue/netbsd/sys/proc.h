/* A double for tests alone: <sys/proc.h> of NetBSD 10, of which lib/platform uses what its comments say of p_realstat. */
