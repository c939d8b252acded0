/* The table of options as sections of a man page, in mdoc(7), on stdout. */
#include "options_internal.h"

#include <stdio.h>

/* Text that roff must not read as its own: backslashes, hyphens, leading dots and quotes. */
static void print_roff(const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", stdout);
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", stdout);
		else if (*text == '-')
			fputs("\\-", stdout);
		else
			putchar(*text);
	}
}

/* One argument of a macro: quoted, and not taken for a macro's name. */
static void print_macro(const char *macro, const char *text)
{
	printf(" %s \"\\&", macro);
	for (; *text; text++) {
		if (*text == '"')
			fputs("\"\"", stdout);
		else if (*text == '\\')
			fputs("\\e", stdout);
		else if (*text == '-')
			fputs("\\-", stdout);
		else
			putchar(*text);
	}
	putchar('"');
}

static void print_arg(const struct sl_option *row)
{
	char arg[SL_OPTION_ARG];

	sl_option_arg(arg, row);
	if (*arg)
		print_macro("Ar", arg);
	if (row->type == SL_OPT_LIST)
		fputs(" ...", stdout);
}

static void print_notes(const struct sl_option *row)
{
	char notes[SL_OPTION_NOTES];

	sl_option_notes(notes, row, row->help);
	putchar('\n');
	print_roff(notes);
	fputs(".\n", stdout);
}

static void print_option(const struct sl_option *row)
{
	fputs(".It", stdout);
	if (row->letter)
		printf(" Fl %c ,", row->letter);
	print_macro("Fl", "-");
	fputs(" Ns", stdout);
	print_macro("Cm", row->name);
	print_arg(row);
	print_notes(row);
}

static void print_key(const struct sl_option *row)
{
	char key[SL_OPTION_ARG];

	fputs(".It", stdout);
	print_macro("Cm", sl_option_path(key, row));
	if (row->type == SL_OPT_FLAG)
		print_macro("Ar", "true|false");
	print_arg(row);
	print_notes(row);
}

void sl_options_print_man(const struct sl_options *spec)
{
	bool keys = false;

	puts(".Sh OPTIONS\n.Bl -tag -width Ds");
	for (size_t i = 0; i < spec->n; i++) {
		if (spec->table[i].name)
			print_option(&spec->table[i]);
		keys = keys || spec->table[i].section;
	}
	for (size_t i = 0; i < SL_OPTION_COMMON; i++)
		print_option(&sl_option_common[i]);
	puts(".El");
	if (!keys)
		return;
	puts(".Sh CONFIGURATION KEYS\n.Bl -tag -width Ds");
	for (size_t i = 0; i < spec->n; i++) {
		if (spec->table[i].section)
			print_key(&spec->table[i]);
	}
	puts(".El");
}
