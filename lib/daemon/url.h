/* An http or https URL, and a client that gets it: curl, or wget where there is no curl. */
#ifndef URL_H
#define URL_H

#include <stddef.h>

/*
 * Which host (without the brackets of an IPv6 address; in url, of this length) and port it leads to.  -1: it is none, or
 * has a blank or a control character.
 */
int url_parse(const char *url, const char **host, size_t *length, unsigned *port);

/* Is a client there?  0; -1: errno, as errand_find has it. */
int url_find_client(void);

/*
 * For a child that is to be killed when it lasts too long: get it, without a proxy, the user's settings and redirects.
 * The first final answer's status, 200 or more, of which 400 and more refuse; 0: there is none.
 */
int url_get(const char *url);

#endif
