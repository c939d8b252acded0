/* Options: one table a program reads its command line and its configuration file, prints --help
 * and makes the man page.
 *
 * A row may be reached from the command line (name, letter), from the configuration (section, key)
 * or both. Order of authority: the row's initial value, then the file, then `--set SECTION.KEY=VALUE`,
 * then the option itself. A row with a section and no key, which is no map, stands in the file's root:
 * `allow: FILE`, `--set allow=FILE`. A complaint about a file reads `file:line:column: …`.
 * Not thread-safe: used at start. */
#ifndef SELAT_OPTIONS_H
#define SELAT_OPTIONS_H

#include <selat/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sl_option_type {
	SL_OPT_FLAG,  /* bool */
	SL_OPT_U64,   /* uint64_t within [min, max] */
	SL_OPT_BYTES, /* uint64_t, "64 MiB" */
	SL_OPT_TEXT,  /* char *, owned; NULL if not given */
	SL_OPT_LIST,  /* struct sl_list: repeatable on the command line, a sequence in the file */
	SL_OPT_MAP,   /* struct sl_map: a section with keys of its own; configuration only */
};

struct sl_list {
	char **item;
	size_t n;
};

/* Leaves below a free section, flattened: kafka -> "bootstrap.servers"; routes -> "national.tlp".
 * A sequence of scalars becomes one pair an item, with the same key. */
struct sl_pair {
	char *key, *value;
	char *place; /* "selat.yaml:12:5" or "--set": for complaints */
};

struct sl_map {
	struct sl_pair *pair;
	size_t n;
};

struct sl_option {
	const char *section, *key; /* in the file; NULL: command line alone; maps, and values in the
				      root, have no key */
	char letter;               /* 0: none */
	const char *name;          /* "workers"; NULL: configuration alone */
	enum sl_option_type type;
	bool greedy;               /* a list takes the operands that follow too: -r a b c */
	size_t offset;             /* of the value in the caller's struct */
	const char *arg;           /* what help calls the value: "N", "FILE", "MiB" */
	uint64_t min, max;         /* U64 and BYTES; max 0: no upper limit */
	const char *const *choices; /* TEXT: ended by NULL; NULL: anything */
	const char *initial;       /* as text, a list's items by commas; NULL: zero, NULL, empty */
	const char *help;          /* one sentence without a full stop */
};

struct sl_options {
	const char *program;  /* "selat-rules compile" */
	const char *synopsis; /* "[OPTION…] PACK…" */
	const char *about;    /* a sentence or two */
	const struct sl_option *table;
	size_t n;
	const char *epilog; /* examples, exit status; may be NULL */
	bool operands;      /* operands are allowed */
};

/* What sl_options_read found out beside the values. */
enum sl_options_result {
	SL_OPTIONS_GO = 0,
	SL_OPTIONS_DONE = 1, /* --help or --version was printed */
};

/* Fills `into` from the table, the file that -c names (or `config_default`, if it is not NULL and
 * the file exists), --set and the arguments. Every program gets --help, --version, --verbose, -c and
 * -s without a row of its own. argv[0] is not looked at. Returns SL_OPTIONS_GO or _DONE, or a negative
 * code. `operands` may be NULL if there are none; free it with sl_list_free. */
int sl_options_read(const struct sl_options *spec, const char *config_default, int argc, char **argv,
		    void *into, struct sl_list *operands, struct sl_err *err);

/* Frees what the values own, and zeroes them. Takes a half-read struct. */
void sl_options_free(const struct sl_options *spec, void *into);

/* The rows as a man page section (mdoc(7) list), for the documentation's generator. */
void sl_options_print_man(const struct sl_options *spec);

int sl_list_add(struct sl_list *list, const char *item);
void sl_list_free(struct sl_list *list);

/* "selat-sensor 0.1.0 (libpcap …)" is printed by the program itself: set once in main. */
void sl_options_version(void (*print)(void));

#endif
