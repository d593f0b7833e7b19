/* A double for tests alone: <sys/proc.h> of macOS 14, of which lib/platform uses what its comments say of p_stat. */
