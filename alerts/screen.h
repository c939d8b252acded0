/* Alerts as rows of a table, for a terminal's width or for a pipe. Everything from an alert is
 * escaped: nothing in it can move the cursor, change colours or turn the direction of the text. */
#ifndef SELAT_ALERTS_SCREEN_H
#define SELAT_ALERTS_SCREEN_H

#include "alerts/alert.h"

enum sl_colours { SL_COLOURS_NONE, SL_COLOURS_256, SL_COLOURS_ALL };

struct sl_screen_look {
	enum sl_colours colours;
	unsigned width; /* columns on the screen; 0: rows may be as long as they are */
};

/* What stdout is: a terminal's width now (COLUMNS, else 80, if it does not tell), and its colours
 * unless NO_COLOR or TERM=dumb says otherwise; plain and of any length for the rest. */
struct sl_screen_look sl_screen_look_of_stdout(void);

void sl_screen_header(FILE *out, const struct sl_screen_look *look);
void sl_screen_row(FILE *out, const struct sl_screen_look *look, const struct sl_alert *a);

#endif
