/* Renders alerts as rows: fill a cell a column, share the width out, print.
 *
 * Invariants: a cell holds text that is safe to show and bounded; a TLP label is never cut, because
 * AMBER+STRICT cut short says AMBER; on a narrow screen flow and sensor take a second line.
 * wcwidth needs a UTF-8 LC_CTYPE; without one every character counts as one column. */
#include "alerts/screen.h"

#include <selat/text.h>
#include <selat/time.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

enum {
	PIECE_MAX = 1024, /* bytes of one value that are shown; each may become four */
	CELL_MAX = 2 * (4 * PIECE_MAX + 8),
	GAP = 2,        /* spaces between columns */
	INDENT = 10,    /* of a second line: under what stands behind the time */
	ONE_LINE = 150, /* columns from which on a row is one line */
};

enum { COL_TIME, COL_SEVERITY, COL_TLP, COL_INDICATOR, COL_MATCH, COL_FLOW, COL_SENSOR, COLS };

/* Columns share what their line has beyond `min`, up to `ideal`; `keep_end` ones lose their front.
 */
static const struct column {
	const char *title;
	unsigned min, ideal;
	bool keep_end;
} columns[COLS] = {
	[COL_TIME] = { "TIME UTC", 8, 8, false },  [COL_SEVERITY] = { "SEVERITY", 8, 8, false },
	[COL_TLP] = { "TLP", 16, 16, false },      [COL_INDICATOR] = { "INDICATOR", 10, 28, true },
	[COL_MATCH] = { "MATCH", 12, 40, false },  [COL_FLOW] = { "FLOW", 16, 45, false },
	[COL_SENSOR] = { "SENSOR", 8, 16, false },
};

struct cell {
	char text[CELL_MAX];
	size_t len;
	const char *colour; /* an SGR sequence; NULL: none */
};

struct layout {
	unsigned width[COLS];
	int second; /* the column that begins a second line; COLS: one line is enough */
	bool cut;   /* to these widths; else they are only what is padded to */
};

/* The colours of TLP 2.0, on black as it asks. */
static const char *const tlp_colour[][2] = {
	[SL_TLP_NONE] = { "\033[7m", "\033[7m" },
	[SL_TLP_CLEAR] = { "\033[48;5;16;38;5;231m", "\033[48;2;0;0;0;38;2;255;255;255m" },
	[SL_TLP_GREEN] = { "\033[48;5;16;38;5;82m", "\033[48;2;0;0;0;38;2;51;255;0m" },
	[SL_TLP_AMBER] = { "\033[48;5;16;38;5;214m", "\033[48;2;0;0;0;38;2;255;192;0m" },
	[SL_TLP_AMBER_STRICT] = { "\033[48;5;16;38;5;214m", "\033[48;2;0;0;0;38;2;255;192;0m" },
	[SL_TLP_RED] = { "\033[48;5;16;38;5;196m", "\033[48;2;0;0;0;38;2;255;43;43m" },
};

static const char *const severity_colour[] = {
	[SL_SEVERITY_NONE] = NULL, [SL_LOW] = "\033[36m",           [SL_MEDIUM] = "\033[33m",
	[SL_HIGH] = "\033[1;31m",  [SL_CRITICAL] = "\033[1;37;41m",
};

struct sl_screen_look sl_screen_look_of_stdout(void)
{
	struct winsize size = { 0 };
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	const char *depth = getenv("COLORTERM"), *columns_text = getenv("COLUMNS");
	struct sl_screen_look look = { SL_COLOURS_NONE, 0 };
	if (!isatty(STDOUT_FILENO))
		return look;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
		look.width = size.ws_col;
	else if (columns_text && atoi(columns_text) > 0)
		look.width = (unsigned)atoi(columns_text);
	else
		look.width = 80;
	if ((no_color && *no_color) || !term || strcmp(term, "dumb") == 0)
		return look;
	bool all = depth && (strcmp(depth, "truecolor") == 0 || strcmp(depth, "24bit") == 0);
	look.colours = all ? SL_COLOURS_ALL : SL_COLOURS_256;
	return look;
}

/* Characters that show nothing and turn the direction of what follows, or break the line. */
static bool is_unseen(uint32_t cp)
{
	return cp == 0x61c || (cp >= 0x200b && cp <= 0x200f) || (cp >= 0x2028 && cp <= 0x202e) ||
	       (cp >= 0x2060 && cp <= 0x206f) || cp == 0xfeff || (cp >= 0xe0000 && cp <= 0xe0fff);
}

/* s is UTF-8 and not empty; *len gets the length of its first character. */
static uint32_t code_point(const char *s, size_t *len)
{
	static const uint8_t lead_bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	struct sl_span rest = sl_span_str(s);
	*len = sl_utf8_len(rest);
	if (*len == 0)
		*len = 1; /* cannot be in escaped text; shown as one column */
	uint32_t cp = rest.at[0] & lead_bits[*len];
	for (size_t i = 1; i < *len; i++)
		cp = cp << 6 | (rest.at[i] & 0x3f);
	return cp;
}

static void cell_add(struct cell *c, const char *text)
{
	size_t n = strlen(text);
	if (n >= sizeof c->text - c->len)
		return;
	memcpy(c->text + c->len, text, n + 1);
	c->len += n;
}

/* A value from the alert, escaped; its end cut off (and said so) where it is very long. */
static void cell_add_value(struct cell *c, struct sl_span value)
{
	char text[4 * PIECE_MAX + 1];
	size_t n = value.len, len;
	if (n > PIECE_MAX)
		for (n = PIECE_MAX; n > PIECE_MAX - 4 && (value.at[n] & 0xc0) == 0x80;)
			n--;
	sl_text_escape(text, sizeof text, sl_span_of(value.at, n), true);
	for (char *p = text; *p; p += len) {
		char one[5] = "?";
		if (!is_unseen(code_point(p, &len))) {
			memcpy(one, p, len);
			one[len] = '\0';
		}
		cell_add(c, one);
	}
	if (n < value.len)
		cell_add(c, "…");
}

static void cell_add_or(struct cell *c, struct sl_span value, const char *otherwise)
{
	if (value.len)
		cell_add_value(c, value);
	else
		cell_add(c, otherwise);
}

static void fill_time(struct cell *c, uint64_t ns)
{
	char text[SL_TIME_TEXT];
	sl_time_format(text, ns); /* 2026-11-22T04:05:06.123456Z */
	text[19] = '\0';
	cell_add(c, ns ? text + 11 : "-");
}

static void fill_indicator(struct cell *c, const struct sl_alert *a)
{
	if (a->drill.len) {
		cell_add(c, "[drill ");
		cell_add_value(c, a->drill);
		cell_add(c, "] ");
	}
	cell_add_or(c, a->pack, "-");
	cell_add(c, "/");
	cell_add_or(c, a->indicator, "-");
}

/* What was seen, where that is text; what was looked for otherwise. */
static void fill_match(struct cell *c, const struct sl_alert *a)
{
	char times[32];
	bool seen = a->field.len && a->seen.len;
	cell_add_or(c, seen ? a->field : a->type, "-");
	if (seen || a->value.len) {
		cell_add(c, "=");
		cell_add_value(c, seen ? a->seen : a->value);
	}
	snprintf(times, sizeof times, " ×%llu", (unsigned long long)a->count);
	if (a->count > 1)
		cell_add(c, times);
}

static void add_end(struct cell *c, const struct sl_alert_end *end)
{
	char port[16];
	bool six = end->ip.len && memchr(end->ip.at, ':', end->ip.len);
	snprintf(port, sizeof port, ":%d", end->port);
	cell_add(c, six && end->port >= 0 ? "[" : "");
	cell_add_or(c, end->ip, "-");
	cell_add(c, six && end->port >= 0 ? "]" : "");
	cell_add(c, end->port >= 0 ? port : "");
}

static void fill_row(struct cell row[COLS], const struct sl_alert *a, enum sl_colours colours)
{
	for (int i = 0; i < COLS; i++) {
		row[i].text[0] = '\0';
		row[i].len = 0;
		row[i].colour = NULL;
	}
	fill_time(&row[COL_TIME], a->time_ns);
	cell_add_or(&row[COL_SEVERITY], a->severity_text, "-");
	cell_add_or(&row[COL_TLP], a->tlp_text, "-");
	fill_indicator(&row[COL_INDICATOR], a);
	fill_match(&row[COL_MATCH], a);
	add_end(&row[COL_FLOW], &a->src);
	cell_add(&row[COL_FLOW], " -> ");
	add_end(&row[COL_FLOW], &a->dst);
	cell_add_or(&row[COL_SENSOR], a->sensor, "-");
	cell_add(&row[COL_SENSOR], "/");
	cell_add_or(&row[COL_SENSOR], a->country, "-");
	if (colours) {
		row[COL_SEVERITY].colour = severity_colour[a->severity];
		row[COL_TLP].colour = tlp_colour[a->tlp][colours == SL_COLOURS_ALL];
	}
}

/* Shares the width of one line among its columns; 0 is as much as they wish. */
static void share_line(struct layout *l, int first, int end, unsigned width)
{
	unsigned wish = 0, needed = 0;
	for (int i = first; i < end; i++) {
		needed += columns[i].min + (i > first ? GAP : 0);
		wish += columns[i].ideal - columns[i].min;
	}
	unsigned extra = !width ? wish : width > needed ? width - needed : 0;
	for (int i = first; i < end; i++) {
		unsigned want = columns[i].ideal - columns[i].min;
		l->width[i] = columns[i].min + (extra >= wish ? want : want * extra / wish);
	}
	if (width && extra > wish && first <= COL_MATCH)
		l->width[COL_MATCH] += extra - wish;
}

static struct layout share_width(unsigned width)
{
	struct layout l = { .cut = width > 0, .second = COLS };
	if (width && width < ONE_LINE) {
		l.second = COL_FLOW;
		share_line(&l, 0, COL_FLOW, width);
		share_line(&l, COL_FLOW, COLS, width > INDENT ? width - INDENT : 1);
	} else {
		share_line(&l, 0, COLS, width);
	}
	return l;
}

static unsigned columns_of(uint32_t cp)
{
	int n = wcwidth((wchar_t)cp);
	return n < 0 ? 1 : (unsigned)n;
}

static unsigned text_columns(const char *text)
{
	unsigned sum = 0;
	size_t len;
	for (; *text; text += len)
		sum += columns_of(code_point(text, &len));
	return sum;
}

/* Prints the text, cut with an ellipsis if it is wider; returns the columns it took. */
static unsigned print_cut(FILE *out, const char *text, unsigned width, bool keep_end)
{
	unsigned all = text_columns(text), used = 0;
	size_t len;
	if (all <= width) {
		fputs(text, out);
		return all;
	}
	if (keep_end) {
		for (; all + 1 > width && *text; text += len)
			all -= columns_of(code_point(text, &len));
		fprintf(out, "…%s", text);
		return all + 1;
	}
	for (; *text; text += len) {
		unsigned n = columns_of(code_point(text, &len));
		if (used + n + 1 > width)
			break;
		fwrite(text, 1, len, out);
		used += n;
	}
	fputs("…", out);
	return used + 1;
}

static void print_cell(FILE *out, const struct layout *l, int i, const char *text,
		       const char *colour, bool whole)
{
	unsigned width = l->width[i];
	if (i == l->second)
		fprintf(out, "\n%*s", INDENT, "");
	if (colour)
		fputs(colour, out);
	unsigned used =
		print_cut(out, text, l->cut && !whole ? width : UINT32_MAX, columns[i].keep_end);
	if (colour)
		fputs("\033[0m", out);
	if (i + 1 == COLS)
		putc('\n', out);
	else if (i + 1 != l->second)
		fprintf(out, "%*s", GAP + (int)(used < width ? width - used : 0), "");
}

void sl_screen_header(FILE *out, const struct sl_screen_look *look)
{
	struct layout l = share_width(look->width);
	for (int i = 0; i < COLS; i++)
		print_cell(out, &l, i, columns[i].title, look->colours ? "\033[1m" : NULL, false);
}

void sl_screen_row(FILE *out, const struct sl_screen_look *look, const struct sl_alert *a)
{
	struct cell row[COLS];
	struct layout l = share_width(look->width);
	fill_row(row, a, look->colours);
	for (int i = 0; i < COLS; i++)
		print_cell(out, &l, i, row[i].text, row[i].colour,
			   i == COL_TLP && a->tlp != SL_TLP_NONE);
}
