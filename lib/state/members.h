/* The members of a metadata object that upstream and this project define, and which others a user may give. */
#ifndef MEMBERS_H
#define MEMBERS_H

#include "json/json.h"

#include <stddef.h>

enum member_kind { MEMBER_PID, MEMBER_TIME, MEMBER_TEXT, MEMBER_TEXTS, MEMBER_TEXT_OR_TEXTS, MEMBER_NUMBER, MEMBER_TICKS };

/* A member that upstream or this project defines. */
struct known_member {
	const char *key;
	enum member_kind kind;
	const char *zero;	/* upstream's value for "not there"; NULL: left out */
};

#define MEMBERS_KNOWN_MAX 96	/* there are fewer */

/* All of them, in the order of the file. */
const struct known_member *members_known(size_t *count);

/* The known member of this name, or NULL. */
const struct known_member *members_find(const char *key, size_t length);

/* What is wrong with a known member's value, or NULL. */
const char *members_fault(const struct known_member *ours, const struct json_value *value);

/* Is this KEY=VALUE, or a name, one that a user may give?  Our own members are not. */
int members_is_user_key(const char *key, size_t length);

/* Is key a member that this project or upstream defines? */
int members_is_known(const char *key, size_t length);

#endif
