/*
 * The words of otelop-with: [-C DIR] {[-n NAME] [start options] -s SERVER}... -- CMD [ARG...].  otelop-spawn takes them
 * in two ways, for it is the one who knows the options of a start:
 *
 *   --servers N	look at all of them, and become the N words in front of them with, behind these, the state directory
 *			(empty: none was named), the servers' names in one word, and all the words once more
 *   --server N		start the first one and, when it is ready, become the N words with what is behind it; where only
 *			-- CMD is left, become that
 */
#ifndef SERVERS_H
#define SERVERS_H

#include "request.h"

/* argv, from optind on, are the N words and those; a mistake ends the program, and with --servers so does all else. */
void servers_parse(struct request *request, int argc, char *argv[]);

#endif
