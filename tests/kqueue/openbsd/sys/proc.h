/* A double for tests alone: <sys/proc.h> of OpenBSD 7, of which lib/platform uses what its comments say of p_stat. */
