/* The log: lines on stderr, for people. A line names its object and the next step.
 *
 * Any thread may log; a line is written with one write(2). On a terminal levels are coloured;
 * under systemd (JOURNAL_STREAM) lines carry the <N> prefix. Control characters in the text are
 * escaped, so that what came from the wire cannot drive a terminal. */
#ifndef SELAT_LOG_H
#define SELAT_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum sl_level { SL_ERROR = 3, SL_WARN = 4, SL_INFO = 6, SL_DEBUG = 7 }; /* syslog's numbers */

void sl_log(enum sl_level level, const char *module, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Lines above this level are dropped. Set once at start, before threads. Default SL_INFO. */
void sl_log_level(enum sl_level most);

/* The program's name, put before every line. Set once at start; borrowed for the process's life. */
void sl_log_name(const char *program);

/* True at most once per interval; counts what it held back in *held (reset when it passes). */
struct sl_pace {
	uint64_t next_ms; /* zero-initialise */
	uint64_t held;
};
bool sl_pace_pass(struct sl_pace *pace, uint64_t interval_ms, uint64_t *held);

#endif
