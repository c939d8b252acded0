/* A YAML file as a row of events, for the options module alone. */
#ifndef SELAT_COMMON_OPTIONS_YAML_H
#define SELAT_COMMON_OPTIONS_YAML_H

#include <selat/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yaml.h>

enum { SL_YAML_PLACE = 1024 };

struct sl_yaml {
	const char *path;
	uint8_t *bytes;
	size_t len;
	yaml_parser_t parser;
	bool parsing;       /* the parser is initialised */
	yaml_event_t event; /* the one at hand */
	struct sl_err *err;
};

/* Opens and reads the file. *absent, if it is not NULL: a missing file is no error, and told there.
 */
int sl_yaml_init(struct sl_yaml *y, const char *path, bool *absent, struct sl_err *err);
void sl_yaml_fini(struct sl_yaml *y); /* takes a half-built one */

/* Moves to the next event. Anchors, aliases and tags are errors. */
int sl_yaml_next(struct sl_yaml *y);

/* Nothing stands at the event at hand: `workers:`. An empty text is written "". */
bool sl_yaml_is_nothing(const struct sl_yaml *y);

/* The scalar at hand as a C string, valid until the next event. */
int sl_yaml_text(struct sl_yaml *y, const char **text);

/* "selat.yaml:12:5" of the event at hand. */
void sl_yaml_place(char out[SL_YAML_PLACE], const struct sl_yaml *y);
int sl_yaml_fail(struct sl_yaml *y, const char *what); /* complains about the event at hand */
int sl_yaml_fail_memory(struct sl_yaml *y);

#endif
