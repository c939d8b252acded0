/* Lists of values, plain or CSV: what a value is, and its indicator. For import_list.c, list_*.c.
 */
#ifndef SELAT_RULES_IMPORT_LIST_H
#define SELAT_RULES_IMPORT_LIST_H

#include <rules/import/import.h>

enum { LIST_VALUE_MAX = 8192 };

/* What stands around a value: a row's other cells. NULL: nothing. */
struct list_value {
	const char *text;
	const char *kind; /* NULL: guessed */
	json_t *more;     /* keys of the indicator, "id" among them; borrowed */
};

/* Adds the value's indicator, or tells why not. The same value again is passed over. */
void list_value_add(struct sl_import *im, struct sl_place *at, const struct list_value *value);

/* Is it a kind of an indicator with one value? Case does not matter; "ip" and "host" are known too.
 * Returns the kind's name, or NULL. */
const char *list_kind(const char *text);

/* Is the text a CSV whose header names a kind or "value" (or what --column says)? */
bool list_is_csv(const struct sl_import *im, const char *text);
int list_csv_read(struct sl_import *im, const char *path, char *text, struct sl_err *err);

#endif
