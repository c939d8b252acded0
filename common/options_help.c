/* --help and the man page's sections, both printed from the table of options.
 *
 * Two columns: what is written, and what it means, wrapped to the terminal's width, 100 at most.
 * Widths count UTF-8 characters. Headings are bold on a terminal. Writes to stdout. */
#include "options_internal.h"

#include <ctype.h>
#include <selat/text.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WIDTH_MOST = 100, WIDTH_LEAST = 40, LABEL_WIDEST = 32, LABEL_MAX = 256 };

struct page {
	size_t width;
	size_t label; /* width of the left column, with its margins */
	bool bold;
};

static struct page page_of_stdout(void)
{
	struct page page = { .width = WIDTH_MOST, .bold = isatty(STDOUT_FILENO) };
	struct winsize size;

	if (page.bold && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 &&
	    size.ws_col < WIDTH_MOST)
		page.width = size.ws_col > WIDTH_LEAST ? size.ws_col : WIDTH_LEAST;
	return page;
}

/* Columns of a text of n bytes: each UTF-8 character is one. */
static size_t columns(const char *text, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += ((unsigned char)text[i] & 0xc0) != 0x80;
	return count;
}

/* Prints one paragraph, `at` columns of whose first line are used, further lines indented. */
static void print_wrapped(const struct page *page, const char *text, size_t n, size_t at,
			  size_t indent)
{
	bool first = true;

	for (size_t i = 0; i < n;) {
		size_t begin = i + strspn(text + i, " ");
		size_t end = begin + strcspn(text + begin, " ");

		if (begin >= n)
			break;
		if (end > n)
			end = n;
		size_t wide = columns(text + begin, end - begin);
		if (!first && at + 1 + wide > page->width) {
			printf("\n%*s", (int)indent, "");
			at = indent;
			first = true;
		}
		printf("%s%.*s", first ? "" : " ", (int)(end - begin), text + begin);
		at += wide + !first;
		first = false;
		i = end;
	}
	putchar('\n');
}

/* Paragraphs, a line each. Lines that begin with a space are examples and stay as they are. */
static void print_text(const struct page *page, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		if (*text == ' ')
			printf("%.*s\n", (int)n, text);
		else
			print_wrapped(page, text, n, 0, 0);
		text += n + (text[n] == '\n');
	}
}

static void print_heading(const struct page *page, const char *text)
{
	printf("\n%s%s%s\n", page->bold ? "\033[1m" : "", text, page->bold ? "\033[0m" : "");
}

static void size_format(char *out, size_t room, uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	size_t unit = 0;

	while (unit < 4 && bytes >= 1024 && bytes % 1024 == 0) {
		bytes /= 1024;
		unit++;
	}
	snprintf(out, room, "%llu %s", (unsigned long long)bytes, units[unit]);
}

static void bound_format(char *out, size_t room, const struct sl_option *row, uint64_t bound)
{
	if (row->type == SL_OPT_BYTES)
		size_format(out, room, bound);
	else
		snprintf(out, room, "%llu", (unsigned long long)bound);
}

/* A unit is what a number's argument is called, unless it is all capitals: "ms", but not "N". */
static const char *row_unit(const struct sl_option *row)
{
	if (row->type != SL_OPT_U64 || !row->arg)
		return NULL;
	for (const char *p = row->arg; *p; p++) {
		if (islower((unsigned char)*p) || *p == '%')
			return row->arg;
	}
	return NULL;
}

void sl_option_range(char out[SL_OPTION_RANGE], const struct sl_option *row)
{
	char least[32], most[32];
	const char *unit = row_unit(row);
	bool number = row->type == SL_OPT_U64 || row->type == SL_OPT_BYTES;
	bool bounded = row->max > 0 && row->max < UINT64_MAX;

	out[0] = '\0';
	if (!number || (!row->min && !bounded))
		return;
	bound_format(least, sizeof least, row, row->min);
	bound_format(most, sizeof most, row, row->max);
	if (bounded)
		snprintf(out, SL_OPTION_RANGE, "%s to %s%s%s", least, most, unit ? " " : "",
			 unit ? unit : "");
	else
		snprintf(out, SL_OPTION_RANGE, "%s%s%s or more", least, unit ? " " : "",
			 unit ? unit : "");
}

/* "a|b|c", or "" where anything goes. */
static void choices_format(char *out, size_t room, const struct sl_option *row)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; row->choices && row->choices[i] && len < room; i++)
		len += (size_t)snprintf(out + len, room - len, "%s%s", i ? "|" : "",
					row->choices[i]);
}

/* What help calls the value. Empty for a flag. */
void sl_option_arg(char out[SL_OPTION_ARG], const struct sl_option *row)
{
	static const char *const words[] = {
		[SL_OPT_FLAG] = "",     [SL_OPT_U64] = "N",     [SL_OPT_BYTES] = "SIZE",
		[SL_OPT_TEXT] = "TEXT", [SL_OPT_LIST] = "TEXT", [SL_OPT_MAP] = "TEXT",
	};

	choices_format(out, SL_OPTION_ARG, row);
	if (row->arg)
		snprintf(out, SL_OPTION_ARG, "%s", row->arg);
	else if (!*out)
		snprintf(out, SL_OPTION_ARG, "%s", words[row->type]);
}

/* The sentence, what values it takes, and the default in brackets. */
void sl_option_notes(char out[SL_OPTION_NOTES], const struct sl_option *row, const char *help)
{
	char range[SL_OPTION_RANGE], choices[LABEL_MAX] = "";
	const char *initial = row->initial ? row->initial : "";

	sl_option_range(range, row);
	if (row->arg)
		choices_format(choices, sizeof choices, row);
	const char *values = *range ? range : choices;
	snprintf(out, SL_OPTION_NOTES, "%s%s%s%s%s%s%s", help, *values ? " (" : "", values,
		 *values ? ")" : "", *initial ? " [" : "", initial, *initial ? "]" : "");
}

static void option_label(char out[LABEL_MAX], const struct sl_option *row)
{
	char arg[SL_OPTION_ARG], letter[8] = "    ";

	sl_option_arg(arg, row);
	if (row->letter)
		snprintf(letter, sizeof letter, "-%c, ", row->letter);
	snprintf(out, LABEL_MAX, "  %s--%s%s%s%s", letter, row->name, *arg ? " " : "", arg,
		 row->greedy || row->type == SL_OPT_LIST ? "…" : "");
}

static void key_label(char out[LABEL_MAX], const struct sl_option *row)
{
	char arg[SL_OPTION_ARG], path[SL_OPTION_ARG];

	sl_option_arg(arg, row);
	if (row->type == SL_OPT_FLAG)
		snprintf(arg, sizeof arg, "true|false");
	snprintf(out, LABEL_MAX, "  %s: %s%s%s", sl_option_path(path, row),
		 row->type == SL_OPT_LIST ? "[" : "", arg, row->type == SL_OPT_LIST ? "…]" : "");
}

static void print_row(const struct page *page, const char *label, const char *notes)
{
	size_t wide = columns(label, strlen(label));

	if (wide + 2 > page->label)
		printf("%s\n%*s", label, (int)page->label, "");
	else
		printf("%s%*s", label, (int)(page->label - wide), "");
	print_wrapped(page, notes, strlen(notes), page->label, page->label);
}

typedef void label_fn(char out[LABEL_MAX], const struct sl_option *row);

/* Makes the left column wide enough for most labels; wider ones take a line of their own. */
static void page_fit(struct page *page, const struct sl_option *row, label_fn *label)
{
	char text[LABEL_MAX];

	label(text, row);
	size_t wide = columns(text, strlen(text)) + 2;
	if (wide <= LABEL_WIDEST && wide <= page->width / 2 && wide > page->label)
		page->label = wide;
}

static void print_option(const struct page *page, const struct sl_option *row)
{
	char label[LABEL_MAX], notes[SL_OPTION_NOTES];

	option_label(label, row);
	sl_option_notes(notes, row, row->help);
	print_row(page, label, notes);
}

static void print_options(struct page *page, const struct sl_options *spec)
{
	page->label = 0;
	for (size_t i = 0; i < spec->n; i++) {
		if (spec->table[i].name)
			page_fit(page, &spec->table[i], option_label);
	}
	for (size_t i = 0; i < SL_OPTION_COMMON; i++)
		page_fit(page, &sl_option_common[i], option_label);

	print_heading(page, "Options");
	for (size_t i = 0; i < spec->n; i++) {
		if (spec->table[i].name)
			print_option(page, &spec->table[i]);
	}
	for (size_t i = 0; i < SL_OPTION_COMMON; i++)
		print_option(page, &sl_option_common[i]);
}

/* A key that an option sets too points to it instead of saying all again. */
static void print_key(const struct page *page, const struct sl_option *row)
{
	char label[LABEL_MAX], notes[SL_OPTION_NOTES], same[LABEL_MAX];

	key_label(label, row);
	snprintf(same, sizeof same, "as --%s", row->name ? row->name : "");
	sl_option_notes(notes, row, row->name ? same : row->help);
	print_row(page, label, notes);
}

static void print_keys(struct page *page, const struct sl_options *spec)
{
	bool any = false;

	page->label = 0;
	for (size_t i = 0; i < spec->n; i++) {
		if (spec->table[i].section) {
			page_fit(page, &spec->table[i], key_label);
			any = true;
		}
	}
	if (!any)
		return;
	print_heading(page, "Configuration keys");
	for (size_t i = 0; i < spec->n; i++) {
		if (spec->table[i].section)
			print_key(page, &spec->table[i]);
	}
}

void sl_options_print_help(const struct sl_options *spec)
{
	struct page page = page_of_stdout();
	const char *synopsis = spec->synopsis ? spec->synopsis : "[OPTION…]";

	printf("%sUsage:%s %s ", page.bold ? "\033[1m" : "", page.bold ? "\033[0m" : "",
	       spec->program);
	size_t at = sizeof "Usage: " + columns(spec->program, strlen(spec->program));
	print_wrapped(&page, synopsis, strlen(synopsis), at, at);
	if (spec->about) {
		putchar('\n');
		print_text(&page, spec->about);
	}
	print_options(&page, spec);
	print_keys(&page, spec);
	if (spec->epilog) {
		putchar('\n');
		print_text(&page, spec->epilog);
	}
}
