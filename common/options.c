/* Reading a command line by a table of options.
 *
 * The arguments are gathered first (getopt_long, built from the table) and applied last, because
 * they name the file that stands below them: initial values, file, --set, options. A list that a
 * higher level gives replaces the lower one's; within a level it grows.
 * Used at start by one thread: getopt's state and the version printer are global. */
#include "options_internal.h"

#include <assert.h>
#include <getopt.h>
#include <selat/log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPERAND = 1, FIRST_ROW = 256 }; /* getopt's values: an operand; row i is FIRST_ROW + i */

enum { WHERE_MAX = 256 };

enum { ROW_HELP, ROW_VERSION, ROW_VERBOSE, ROW_CONFIG, ROW_SET };
const struct sl_option sl_option_common[SL_OPTION_COMMON] = {
	[ROW_HELP] = { .letter = 'h',
		       .name = "help",
		       .type = SL_OPT_FLAG,
		       .help = "print this text and exit" },
	[ROW_VERSION] = { .letter = 'V',
			  .name = "version",
			  .type = SL_OPT_FLAG,
			  .help = "print the version and exit" },
	[ROW_VERBOSE] = { .letter = 'v',
			  .name = "verbose",
			  .type = SL_OPT_FLAG,
			  .help = "log more, librdkafka's own lines among it" },
	[ROW_CONFIG] = { .letter = 'c',
			 .name = "config",
			 .type = SL_OPT_TEXT,
			 .arg = "FILE",
			 .help = "read the configuration from FILE (YAML)" },
	[ROW_SET] = { .letter = 's',
		      .name = "set",
		      .type = SL_OPT_LIST,
		      .arg = "SECTION.KEY=VALUE",
		      .help = "set a configuration key, over the file; commas separate a list's "
			      "items" },
};

struct given {
	const struct sl_option *row;
	const char *value;
};

struct arguments {
	const struct sl_options *spec;
	struct sl_list *operands;
	const char *config;
	struct given *given; /* room for one a character: -qqq is three */
	size_t n_given;
	const char **set;
	size_t n_set;
	bool *begun;          /* by row: a list that the level at hand has begun */
	struct option *longs; /* getopt's view of the table */
	char *letters;
};

static void (*version_printer)(void);

void sl_options_version(void (*print)(void))
{
	version_printer = print;
}

static void print_version(const struct sl_options *spec)
{
	if (version_printer)
		version_printer();
	else
		printf("%.*s " SELAT_VERSION "\n", (int)strcspn(spec->program, " "), spec->program);
}

static const struct sl_option *row_at(const struct sl_options *spec, size_t i)
{
	return i < spec->n ? &spec->table[i] : &sl_option_common[i - spec->n];
}

static bool row_takes_value(const struct sl_option *row)
{
	return row->type != SL_OPT_FLAG;
}

static int arguments_init(struct arguments *a, const struct sl_options *spec,
			  struct sl_list *operands, int argc, char **argv)
{
	size_t rows = spec->n + SL_OPTION_COMMON, room = 1, n = 0;

	for (int i = 1; i < argc; i++)
		room += strlen(argv[i]) + 1;
	*a = (struct arguments){ .spec = spec, .operands = operands };
	a->given = calloc(room, sizeof *a->given);
	a->set = calloc(room, sizeof *a->set);
	a->begun = calloc(rows, sizeof *a->begun);
	a->longs = calloc(rows + 1, sizeof *a->longs);
	a->letters = calloc(2 * rows + 3, 1);
	if (!a->given || !a->set || !a->begun || !a->longs || !a->letters)
		return SL_ENOMEM;

	char *letter =
		stpcpy(a->letters, "-:"); /* operands in their place; ':' for a missing value */
	for (size_t i = 0; i < rows; i++) {
		const struct sl_option *row = row_at(spec, i);

		assert(row->name || !row->letter);
		if (!row->name)
			continue;
		a->longs[n++] = (struct option){ row->name, row_takes_value(row), NULL,
						 FIRST_ROW + (int)i };
		if (!row->letter)
			continue;
		*letter++ = row->letter;
		if (row_takes_value(row))
			*letter++ = ':';
	}
	return SL_OK;
}

static void arguments_fini(struct arguments *a)
{
	free(a->given);
	free(a->set);
	free(a->begun);
	free(a->longs);
	free(a->letters);
}

/* The row behind what getopt returned: a letter or FIRST_ROW + i. */
static const struct sl_option *row_of(const struct sl_options *spec, int c)
{
	if (c >= FIRST_ROW)
		return row_at(spec, (size_t)(c - FIRST_ROW));
	for (size_t i = 0; i < spec->n + SL_OPTION_COMMON; i++) {
		if (row_at(spec, i)->letter == c)
			return row_at(spec, i);
	}
	return NULL;
}

/* A long option that is none, or the beginning of several. `word` begins with "--". */
static int fail_long(const struct arguments *a, const char *word, struct sl_err *err)
{
	size_t rows = a->spec->n + SL_OPTION_COMMON, n = 0, len = strcspn(word, "=");
	const char **names = calloc(rows + 1, sizeof *names);
	char *name = strndup(word + 2, len - 2);
	char shown[SL_OPTION_SHOWN], hint[SL_OPTION_SHOWN] = "";
	const char *first = NULL, *second = NULL;

	for (const struct option *o = a->longs; names && name && o->name; o++) {
		names[n++] = o->name;
		if (strncmp(o->name, name, len - 2) == 0) {
			second = first ? o->name : NULL;
			first = first ? first : o->name;
		}
	}
	if (names && name && !second)
		sl_option_hint(hint, name, "--", names);
	sl_option_shown(shown, name ? name : "");
	free(names);
	free(name);
	if (second)
		return sl_fail(err, SL_EUSAGE, "option \"--%s\" could be --%s or --%s", shown,
			       first, second);
	return sl_fail(err, SL_EUSAGE, "unknown option \"--%s\"%s (%s --help lists all)", shown,
		       *hint ? hint : "", a->spec->program);
}

/* What getopt_long did not take; c is '?' or ':'. */
static int fail_option(const struct arguments *a, int c, char **argv, struct sl_err *err)
{
	const struct sl_option *row = optopt ? row_of(a->spec, optopt) : NULL;

	if (c == ':' && row)
		return sl_fail(err, SL_EUSAGE, "option --%s needs a value: --%s %s", row->name,
			       row->name, row->arg ? row->arg : "VALUE");
	if (row)
		return sl_fail(err, SL_EUSAGE, "option --%s takes no value", row->name);
	if (!optopt)
		return fail_long(a, argv[optind - 1], err);

	char letter[2] = { (char)optopt, '\0' }, shown[SL_OPTION_SHOWN];
	return sl_fail(err, SL_EUSAGE, "unknown option \"-%s\" (%s --help lists all)",
		       sl_option_shown(shown, letter), a->spec->program);
}

static int take_operand(struct arguments *a, const char *text, struct sl_err *err)
{
	char shown[SL_OPTION_SHOWN];

	if (!a->spec->operands)
		return sl_fail(err, SL_EUSAGE, "unexpected \"%s\": %s takes options alone",
			       sl_option_shown(shown, text), a->spec->program);
	assert(a->operands);
	if (sl_list_add(a->operands, text) < 0)
		return sl_fail(err, SL_ENOMEM, "out of memory");
	return SL_OK;
}

static int take_option(struct arguments *a, const struct sl_option *row)
{
	if (row == &sl_option_common[ROW_HELP]) {
		sl_options_print_help(a->spec);
		return SL_OPTIONS_DONE;
	}
	if (row == &sl_option_common[ROW_VERSION]) {
		print_version(a->spec);
		return SL_OPTIONS_DONE;
	}
	if (row == &sl_option_common[ROW_VERBOSE]) {
		sl_log_level(SL_DEBUG);
		return SL_OPTIONS_GO;
	}
	if (row == &sl_option_common[ROW_CONFIG])
		a->config = optarg;
	else if (row == &sl_option_common[ROW_SET])
		a->set[a->n_set++] = optarg;
	else
		a->given[a->n_given++] = (struct given){ row, optarg ? optarg : "true" };
	return SL_OPTIONS_GO;
}

static int arguments_read(struct arguments *a, int argc, char **argv, struct sl_err *err)
{
	const struct sl_option *greedy = NULL;
	int rc = SL_OPTIONS_GO, c;

	optind = 0; /* glibc: begin anew, and look at the first character of the letters */
	opterr = 0;
	while (rc == SL_OPTIONS_GO &&
	       (c = getopt_long(argc, argv, a->letters, a->longs, NULL)) != -1) {
		if (c == OPERAND && greedy) {
			rc = take_option(a, greedy);
		} else if (c == OPERAND) {
			rc = take_operand(a, optarg, err);
		} else if (c == '?' || c == ':') {
			rc = fail_option(a, c, argv, err);
		} else {
			const struct sl_option *row = row_of(a->spec, c);

			greedy = row->greedy ? row : NULL;
			rc = take_option(a, row);
		}
	}
	for (; rc == SL_OPTIONS_GO && optind < argc; optind++)
		rc = take_operand(a, argv[optind], err);
	return rc;
}

/* Empties a list that a lower level filled, the first time this level names it. */
static void begin_value(struct arguments *a, const struct sl_option *row, void *into)
{
	bool *begun = &a->begun[row - a->spec->table];

	if (row->type == SL_OPT_LIST && !*begun)
		sl_option_clear(row, into);
	*begun = true;
}

static int apply_set_key(struct arguments *a, const char *section, const char *key,
			 const char *value, void *into, struct sl_err *err)
{
	char where[WHERE_MAX], shown[2][SL_OPTION_SHOWN];

	snprintf(where, sizeof where, "--set %s.%s", sl_option_shown(shown[0], section),
		 sl_option_shown(shown[1], key));
	const struct sl_option *row = sl_option_by_key(a->spec, section, key, where, err);
	if (!row)
		return SL_EUSAGE;
	if (row->type != SL_OPT_MAP) {
		begin_value(a, row, into);
		return sl_option_set_commas(row, into, value, where, err);
	}

	struct sl_map *map = sl_option_at(row, into);
	sl_map_drop(map, key, "--set");
	if (sl_map_add(map, key, value, "--set") < 0)
		return sl_fail(err, SL_ENOMEM, "%s: out of memory", where);
	return SL_OK;
}

/* The row of "NAME=…" where NAME stands in the file's root, or NULL. */
static const struct sl_option *row_in_root(const struct arguments *a, const char *text, size_t name)
{
	char copy[SL_OPTION_ARG];

	if (name >= sizeof copy)
		return NULL;
	snprintf(copy, sizeof copy, "%.*s", (int)name, text);
	return sl_option_in_root(a->spec, copy);
}

/* One SECTION.KEY=VALUE. The section is what stands before the first dot. */
static int apply_set(struct arguments *a, const char *text, void *into, struct sl_err *err)
{
	size_t path = strcspn(text, "="), section = strcspn(text, ".=");
	char shown[SL_OPTION_SHOWN], where[WHERE_MAX];
	const struct sl_option *row = text[path] == '=' ? row_in_root(a, text, path) : NULL;

	if (row) {
		snprintf(where, sizeof where, "--set %s", row->section);
		begin_value(a, row, into);
		return sl_option_set_commas(row, into, text + path + 1, where, err);
	}
	if (text[path] != '=' || section == 0 || section + 1 >= path)
		return sl_fail(err, SL_EUSAGE, "--set \"%s\": write --set SECTION.KEY=VALUE",
			       sl_option_shown(shown, text));

	char *copy = strdup(text);
	if (!copy)
		return sl_fail(err, SL_ENOMEM, "--set: out of memory");
	copy[path] = copy[section] = '\0';
	int rc = apply_set_key(a, copy, copy + section + 1, copy + path + 1, into, err);
	free(copy);
	return rc;
}

static int apply_given(struct arguments *a, const struct given *given, void *into,
		       struct sl_err *err)
{
	char where[WHERE_MAX];

	snprintf(where, sizeof where, "--%s", given->row->name);
	begin_value(a, given->row, into);
	return sl_option_set(given->row, into, given->value, where, err);
}

static int apply_all(struct arguments *a, void *into, struct sl_err *err)
{
	int rc = SL_OK;

	for (size_t i = 0; rc == SL_OK && i < a->n_set; i++)
		rc = apply_set(a, a->set[i], into, err);
	memset(a->begun, 0, a->spec->n * sizeof *a->begun);
	for (size_t i = 0; rc == SL_OK && i < a->n_given; i++)
		rc = apply_given(a, &a->given[i], into, err);
	return rc;
}

/* Zeroes the values as they lie there, without freeing: the caller's struct may be fresh. */
static void zero_values(const struct sl_options *spec, void *into)
{
	static const size_t size[] = {
		[SL_OPT_FLAG] = sizeof(bool),           [SL_OPT_U64] = sizeof(uint64_t),
		[SL_OPT_BYTES] = sizeof(uint64_t),      [SL_OPT_TEXT] = sizeof(char *),
		[SL_OPT_LIST] = sizeof(struct sl_list), [SL_OPT_MAP] = sizeof(struct sl_map),
	};

	for (size_t i = 0; i < spec->n; i++)
		memset(sl_option_at(&spec->table[i], into), 0, size[spec->table[i].type]);
}

static int set_initial(const struct sl_options *spec, void *into, struct sl_err *err)
{
	int rc = SL_OK;

	for (size_t i = 0; rc == SL_OK && i < spec->n; i++) {
		const struct sl_option *row = &spec->table[i];

		if (row->initial)
			rc = sl_option_set_commas(row, into, row->initial, "built-in value", err);
	}
	return rc;
}

int sl_options_read(const struct sl_options *spec, const char *config_default, int argc,
		    char **argv, void *into, struct sl_list *operands, struct sl_err *err)
{
	struct arguments a;

	if (operands)
		*operands = (struct sl_list){ 0 };
	zero_values(spec, into);

	int rc = arguments_init(&a, spec, operands, argc, argv);
	if (rc < 0)
		sl_fail(err, rc, "out of memory");
	if (rc == SL_OK)
		rc = arguments_read(&a, argc, argv, err);
	if (rc == SL_OPTIONS_GO)
		rc = set_initial(spec, into, err);
	if (rc == SL_OK && (a.config || config_default))
		rc = sl_options_read_file(spec, a.config ? a.config : config_default, a.config,
					  into, err);
	if (rc == SL_OK)
		rc = apply_all(&a, into, err);
	arguments_fini(&a);
	if (rc < 0 && operands)
		sl_list_free(operands);
	return rc;
}
