/*
 * JSON as the metadata file needs it: is it RFC 8259, where is which member, what does a string
 * say, and how is one written.  Only this module knows jsmn.
 */
#ifndef JSON_H
#define JSON_H

#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH_MAX 64

enum json_type { JSON_OBJECT, JSON_ARRAY, JSON_STRING, JSON_NUMBER, JSON_TRUE, JSON_FALSE, JSON_NULL };

/* A value in somebody else's text; a string's span has its quotes. */
struct json_value {
	enum json_type type;
	const char *text;
	size_t length;
};

struct json_member {
	struct json_value key;
	struct json_value value;
};

struct json_fault {
	const char *what;	/* a constant */
	size_t offset;		/* bytes from the beginning */
};

/*
 * Is text one JSON value, RFC 8259, in UTF-8, nested no deeper than JSON_DEPTH_MAX?  1; or 0 and
 * the first fault.  jsmn cannot answer this: it is a tokenizer and takes much that is not JSON.
 */
int json_is_valid(const char *text, size_t length, struct json_fault *fault);

/* Line and column, both from 1, of an offset. */
void json_position(const char *text, size_t offset, size_t *line, size_t *column);

/*
 * The members of the valid object text, in order, into an array that the caller frees; duplicates
 * are kept, and there is room for one more.  -1: ENOMEM; EINVAL it is not an object.
 */
int json_members(const char *text, size_t length, struct json_member **members, size_t *count);

/*
 * The value of the first member named key of the valid object text.  1 or 0; no memory is needed,
 * so what is asked about a daemon has an answer when there is none.
 */
int json_find(const char *text, size_t length, const char *key, struct json_value *value);

/*
 * Is it an array of strings and of nothing else?  No memory is needed: the want of it must not make a file look
 * corrupt.
 */
int json_is_strings(const struct json_value *value);

/* As json_members, the elements of a valid array. */
int json_elements(const struct json_value *array, struct json_value **elements, size_t *count);

/* A whole number from low (0 or more) to high, in digits alone; else -1. */
int64_t json_whole_number(const struct json_value *value, int64_t low, int64_t high);

/* Is this string the C string s, escapes resolved? */
int json_string_is(const struct json_value *string, const char *s);

/* Order of two strings, escapes resolved: below 0, 0, above 0. */
int json_string_compare(const struct json_value *a, const struct json_value *b);

/*
 * A string's characters as UTF-8, a lone surrogate as U+FFFD.  Never longer than the span; what
 * is over size is left out and not terminated.  Returns the bytes it has.
 */
size_t json_decode(const struct json_value *string, char *buffer, size_t size);

/*
 * Write text, which is UTF-8, as a string with quotes and without raw control characters.  Returns
 * the bytes it needs, as snprintf does.
 */
size_t json_encode(const char *text, size_t length, char *buffer, size_t size);

#endif
