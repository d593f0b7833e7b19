/* What meta.c and meta_form.c know of the members; everybody else has meta.h. */
#ifndef META_FORM_H
#define META_FORM_H

#include "json.h"

#include <stddef.h>
#include <stdint.h>

enum meta_kind { META_PID, META_TIME, META_TEXT, META_TEXTS, META_NUMBER, META_TICKS };

/* A member that upstream or this project defines. */
struct meta_known {
	const char *key;
	enum meta_kind kind;
	const char *zero;	/* upstream's value for "not there"; NULL: left out */
};

/* The known member of this name, or NULL. */
const struct meta_known *meta_find_known(const char *key, size_t length);

/* What is wrong with a known member's value, or NULL. */
const char *meta_wrong_value(const struct meta_known *ours, const struct json_value *value);

/* An array of strings and of nothing else?  1 or 0. */
int meta_is_strings(const struct json_value *value);

/* A whole number within the bounds, or -1. */
int64_t meta_whole_number(const struct json_value *value, int64_t low, int64_t high);

#endif
