/*
 * The JSON reader and writer.  A valid text's members and elements are valid texts inside it;
 * decoding and encoding undo each other.
 */
#include "fuzz.h"
#include "base/text.h"
#include "json/json.h"

#define LOOK_MAX 64	/* members that are looked at one by one */

static int
sign(int number)
{
	return (number > 0) - (number < 0);
}

/* The order of two strings is the order of the bytes that they mean. */
static void
check_order(const struct json_value *a, const struct json_value *b)
{
	size_t n = json_decode(a, NULL, 0), m = json_decode(b, NULL, 0);
	char *x = malloc(n + 1), *y = malloc(m + 1);
	int order;

	must(x != NULL && y != NULL);
	json_decode(a, x, n);
	json_decode(b, y, m);
	if ((order = memcmp(x, y, n < m ? n : m)) == 0)
		order = (n > m) - (n < m);
	must(sign(json_string_compare(a, b)) == sign(order));
	must(sign(json_string_compare(b, a)) == -sign(order));
	free(x);
	free(y);
}

/* Whatever a terminal could take for a command is escaped. */
static int
has_control(const char *text, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x20 || c == 0x7f ||
		    (c == 0xc2 && i + 1 < length && (unsigned char)text[i + 1] < 0xa0))
			return 1;
	}
	return 0;
}

static void
check_string(const struct json_value *string)
{
	size_t n = json_decode(string, NULL, 0), half = n / 2, used;
	char *text = malloc(n + 1), *quoted, *part;
	struct json_value again;
	struct json_fault fault;

	must(text != NULL && n <= string->length - 2);
	must(json_decode(string, text, n) == n && text_is_utf8(text, n));
	text[n] = '\0';
	if (strlen(text) == n)
		must(json_string_is(string, text));
	if (n > 0) {
		text[n - 1] ^= 1;
		must(!json_string_is(string, text));
		text[n - 1] ^= 1;
	}

	part = fuzz_bytes("", 0);
	must((part = realloc(part, half + 1)) != NULL);
	part[half] = '#';
	must(json_decode(string, part, half) == n);
	must(memcmp(part, text, half) == 0 && part[half] == '#');

	used = json_encode(text, n, NULL, 0);
	must((quoted = malloc(used)) != NULL);
	must(json_encode(text, n, quoted, used) == used);
	must(json_is_valid(quoted, used, &fault) && !has_control(quoted, used));
	again = (struct json_value){ JSON_STRING, quoted, used };
	check_order(string, &again);
	must(json_decode(&again, NULL, 0) == n);
	must((part = realloc(part, n + 1)) != NULL);
	json_decode(&again, part, n);
	must(memcmp(part, text, n) == 0);
	free(text);
	free(quoted);
	free(part);
}

/* A value stands in [from, to), is valid by itself, and begins as its type says. */
static void
check_value(const struct json_value *value, const char *from, const char *to)
{
	static const char *const first[] = { "{", "[", "\"", "-0123456789", "t", "f", "n" };
	struct json_fault fault;

	must(value->text >= from && value->length > 0 && value->length <= (size_t)(to - value->text));
	must(json_is_valid(value->text, value->length, &fault));
	must(strchr(first[value->type], *value->text) != NULL);
	if (value->type == JSON_STRING)
		check_string(value);
}

/* Between two children stands one sign and nothing else, so that none was left out. */
static void
check_between(const char *from, const char *to, char sign_there)
{
	int signs = 0;

	for (; from < to; from++) {
		must(strchr(" \t\r\n", *from) != NULL || *from == sign_there);
		signs += *from == sign_there;
	}
	must(signs == 1);
}

static void
check_elements(const struct json_value *array)
{
	const char *from = array->text, *to = array->text + array->length;
	struct json_value *elements;
	size_t count, i;

	must(json_elements(array, &elements, &count) == 0);
	for (i = 0; i < count; from = elements[i].text + elements[i].length, i++) {
		check_between(from, elements[i].text, i == 0 ? '[' : ',');
		if (i < LOOK_MAX)
			check_value(&elements[i], from, to);
	}
	if (count > 0)
		check_between(from, to, ']');
	free(elements);
}

static void
check_members(const char *text, size_t length)
{
	const char *from = text, *to = text + length;
	struct json_member *members;
	size_t count, i;

	must(json_members(text, length, &members, &count) == 0);
	for (i = 0; i < count; from = members[i].value.text + members[i].value.length, i++) {
		check_between(from, members[i].key.text, i == 0 ? '{' : ',');
		check_between(members[i].key.text + members[i].key.length, members[i].value.text, ':');
		if (i >= LOOK_MAX)
			continue;
		check_value(&members[i].key, from, to);
		must(members[i].key.type == JSON_STRING);
		check_value(&members[i].value, members[i].key.text + members[i].key.length, to);
		if (members[i].value.type == JSON_ARRAY)
			check_elements(&members[i].value);
		if (i > 0)
			check_order(&members[i - 1].key, &members[i].key);
	}
	if (count > 0)
		check_between(from, to, '}');
	free(members);
}

static void
check_valid(const char *text, size_t length)
{
	size_t blanks = 0, end = length;
	struct json_member *members;
	struct json_value value;
	size_t count;

	while (strchr(" \t\r\n", text[blanks]) != NULL)
		blanks++;
	while (strchr(" \t\r\n", text[end - 1]) != NULL)
		end--;
	must(text_is_utf8(text, length));
	value = (struct json_value){ JSON_STRING, text + blanks, end - blanks };
	if (text[blanks] == '{') {
		check_members(text, length);
		return;
	}
	must(json_members(text, length, &members, &count) == -1);
	if (text[blanks] == '[') {
		value.type = JSON_ARRAY;
		check_elements(&value);
	} else if (text[blanks] == '"') {
		check_string(&value);
	}
}

static void
check_fault(const char *text, size_t length, const struct json_fault *fault)
{
	size_t line, column;

	must(fault->what != NULL && fault->offset <= length);
	json_position(text, fault->offset, &line, &column);
	must(line >= 1 && column >= 1 && line + column <= fault->offset + 2);
}

/* Any UTF-8 comes through a string unchanged. */
static void
check_text(const char *text, size_t length)
{
	size_t used = json_encode(text, length, NULL, 0);
	char *quoted = malloc(used), *again = malloc(length + 1);
	struct json_fault fault;
	struct json_value value;

	must(quoted != NULL && again != NULL);
	must(json_encode(text, length, quoted, used) == used);
	must(json_is_valid(quoted, used, &fault));
	value = (struct json_value){ JSON_STRING, quoted, used };
	must(json_decode(&value, again, length) == length && memcmp(again, text, length) == 0);
	free(quoted);
	free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *text = fuzz_bytes(bytes, length);
	struct json_fault fault = { NULL, 0 };

	if (json_is_valid(text, length, &fault))
		check_valid(text, length);
	else
		check_fault(text, length, &fault);
	if (text_is_utf8(text, length))
		check_text(text, length);
	free(text);
	return 0;
}
