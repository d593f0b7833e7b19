/* Values of the metadata on stdout. */
#include "values.h"
#include "base/message.h"
#include "base/status.h"
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
values_no_memory(void)
{
	struct otelop_message message = { "memory: cannot allocate what shows the metadata" };

	cli_fail(&(struct cli){ .name = "otelop-meta" }, STATUS_FAILED, &message);
}

/* A string's characters in memory of their own. */
static char *
decoded(const struct json_value *string, size_t *length)
{
	char *text;

	*length = json_decode(string, NULL, 0);
	if ((text = malloc(*length + 1)) == NULL)
		values_no_memory();
	json_decode(string, text, *length);
	text[*length] = '\0';
	return text;
}

/* In single quotes, where only a single quote means anything. */
static void
put_shell(const char *text, size_t length)
{
	size_t i, n;

	putchar('\'');
	for (i = 0; i < length; i += n) {
		for (n = 0; i + n < length && text[i + n] != '\''; n++)
			;
		cli_put_answer(text + i, n);
		if (i + n < length) {
			fputs("'\\''", stdout);
			n++;
		}
	}
	putchar('\'');
}

static void
put_text(const char *text, size_t length, enum values_form form)
{
	switch (form) {
	case VALUES_RAW:
		cli_put_answer(text, length);
		break;
	case VALUES_SHELL:
		put_shell(text, length);
		break;
	case VALUES_CLEAN:
		cli_put_clean(text, length, stdout);
		break;
	}
}

void
values_put(const struct json_value *value, enum values_form form)
{
	struct json_value *elements;
	size_t count, i, length;
	char *text;

	if (value->type == JSON_STRING) {
		text = decoded(value, &length);
		put_text(text, length, form);
		free(text);
	} else if (value->type == JSON_ARRAY) {
		if (json_elements(value, &elements, &count) < 0)
			values_no_memory();
		for (i = 0; i < count; i++) {
			if (i > 0)
				putchar(' ');
			values_put(&elements[i], form);
		}
		free(elements);
	} else {
		put_text(value->text, value->length, form);
	}
}

void
values_put_words(const char *const words[])
{
	for (; *words != NULL; words++) {
		put_shell(*words, strlen(*words));
		putchar(words[1] != NULL ? ' ' : '\n');
	}
}

void
values_label(const char *label)
{
	printf("%-14s", label);
}

void
values_row(const char *label, const struct json_value *value)
{
	values_label(label);
	values_put(value, VALUES_CLEAN);
	putchar('\n');
}
