/*
 * The children of a valid object or array, by jsmn's tokens.
 *
 * There are at most WINDOW tokens at a time, so that neither memory nor a large stack is needed, however long the text
 * is.  When they are used up, those that are closed have been looked at and are forgotten, and jsmn goes on where it
 * stopped.  What stays is a chain, each the parent of the next: the containers that are open, in an object with the
 * name of what is open or comes next.  That is at most two for each of JSON_DEPTH_MAX levels.
 */
#include "json/json.h"

#include <errno.h>
#include <stdlib.h>

#define JSMN_STATIC
#define JSMN_STRICT
#define JSMN_PARENT_LINKS	/* without them jsmn is quadratic in the nesting */
#include <jsmn.h>

#define WINDOW (3 * JSON_DEPTH_MAX)

struct walk {
	const char *text;
	size_t length;
	jsmn_parser parser;
	jsmntok_t tokens[WINDOW];
	int at;			/* the next token to look at */
	int has_more;		/* than the window holds */
};

static void
fill(struct walk *walk)
{
	walk->at = 0;
	walk->has_more = walk->parser.toknext < WINDOW && jsmn_parse(&walk->parser, walk->text, walk->length,
	    walk->tokens, WINDOW) == JSMN_ERROR_NOMEM;
}

static void
begin(struct walk *walk, const char *text, size_t length)
{
	walk->text = text;
	walk->length = length;
	jsmn_init(&walk->parser);
	fill(walk);
}

static int
is_open(const jsmntok_t *token)
{
	return token->end == -1;
}

/* Is token i one that jsmn needs to go on? */
static int
is_needed(const struct walk *walk, int i)
{
	const jsmntok_t *next = &walk->tokens[i + 1];

	return is_open(&walk->tokens[i]) || i == walk->parser.toksuper ||
	    (i + 1 < (int)walk->parser.toknext && is_open(next) && next->parent == i);
}

static void
forget_closed(struct walk *walk)
{
	int i, kept = 0;

	for (i = 0; i < (int)walk->parser.toknext; i++)
		if (is_needed(walk, i)) {
			walk->tokens[kept] = walk->tokens[i];
			walk->tokens[kept].parent = kept - 1;
			kept++;
		}
	walk->parser.toknext = (unsigned)kept;
	walk->parser.toksuper = kept - 1;
}

static struct json_value
value_of(const char *text, const jsmntok_t *token)
{
	struct json_value value = { JSON_NULL, text + token->start,
	    (size_t)(token->end - token->start) };

	switch (token->type) {
	case JSMN_OBJECT:
		value.type = JSON_OBJECT;
		break;
	case JSMN_ARRAY:
		value.type = JSON_ARRAY;
		break;
	case JSMN_STRING:
		value.type = JSON_STRING;
		value.text--;
		value.length += 2;
		break;
	default:
		if (*value.text == 't')
			value.type = JSON_TRUE;
		else if (*value.text == 'f')
			value.type = JSON_FALSE;
		else if (*value.text != 'n')
			value.type = JSON_NUMBER;
	}
	return value;
}

static int
is_object(const struct walk *walk)
{
	return walk->parser.toknext > 0 && walk->tokens[0].type == JSMN_OBJECT;
}

/* Is this token a child of the outermost container, read to its end?  A name is none by itself. */
static int
is_child(const struct walk *walk, const jsmntok_t *token)
{
	int parent = token->parent;

	if (is_open(token) || parent < 0)
		return 0;
	return is_object(walk) ? walk->tokens[parent].parent == 0 : parent == 0;
}

/* The next child; key is set in an object.  1; 0: there is none. */
static int
next_child(struct walk *walk, struct json_member *child)
{
	for (;;) {
		for (; walk->at < (int)walk->parser.toknext; walk->at++) {
			const jsmntok_t *token = &walk->tokens[walk->at];

			if (!is_child(walk, token))
				continue;
			child->value = value_of(walk->text, token);
			if (is_object(walk))
				child->key = value_of(walk->text, &walk->tokens[token->parent]);
			walk->at++;
			return 1;
		}
		if (!walk->has_more)
			return 0;
		forget_closed(walk);
		fill(walk);
	}
}

/* Room for one more of size bytes in an array that has count.  -1: ENOMEM, and it is freed. */
static int
make_room(void **items, size_t count, size_t size)
{
	void *more;

	/* It grows where count is 0 or a power of two from 32 on. */
	if (count > 0 && (count < 32 || (count & (count - 1)) != 0))
		return 0;
	if ((more = realloc(*items, (count < 32 ? 32 : 2 * count) * size)) == NULL)
		free(*items);
	*items = more;
	return more == NULL ? -1 : 0;
}

int
json_members(const char *text, size_t length, struct json_member **members, size_t *count)
{
	struct json_member child;
	void *items = NULL;
	struct walk walk;

	begin(&walk, text, length);
	if (!is_object(&walk)) {
		errno = EINVAL;
		return -1;
	}
	for (*count = 0; make_room(&items, *count, sizeof(child)) == 0; ++*count) {
		*members = items;
		if (!next_child(&walk, &child))
			return 0;
		(*members)[*count] = child;
	}
	return -1;
}

int
json_elements(const struct json_value *array, struct json_value **elements, size_t *count)
{
	struct json_member child;
	void *items = NULL;
	struct walk walk;

	begin(&walk, array->text, array->length);
	for (*count = 0; make_room(&items, *count, sizeof(child.value)) == 0; ++*count) {
		*elements = items;
		if (!next_child(&walk, &child))
			return 0;
		(*elements)[*count] = child.value;
	}
	return -1;
}

int
json_is_strings(const struct json_value *value)
{
	struct json_member child;
	struct walk walk;

	if (value->type != JSON_ARRAY)
		return 0;
	begin(&walk, value->text, value->length);
	while (next_child(&walk, &child))
		if (child.value.type != JSON_STRING)
			return 0;
	return 1;
}

int
json_find(const char *text, size_t length, const char *key, struct json_value *value)
{
	struct json_member child;
	struct walk walk;

	begin(&walk, text, length);
	if (!is_object(&walk))
		return 0;
	while (next_child(&walk, &child))
		if (json_string_is(&child.key, key)) {
			*value = child.value;
			return 1;
		}
	return 0;
}
