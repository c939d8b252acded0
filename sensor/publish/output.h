/* Output: lines to a file, a pipe or stdout, with one buffer. Publisher's thread alone. */
#ifndef SELAT_SENSOR_PUBLISH_OUTPUT_H
#define SELAT_SENSOR_PUBLISH_OUTPUT_H

#include <selat/err.h>
#include <selat/span.h>

struct sl_output;

/* "-" is stdout. `append` keeps what the file has; else it begins empty. `what` names the lines in
 * messages: "alerts", "lines". */
int sl_output_new(struct sl_output **out, const char *path, bool append, const char *what,
		  struct sl_err *err);

/* Adds a line and its newline. After a failure lines are counted and thrown away. */
void sl_output_line(struct sl_output *o, struct sl_span line);

void sl_output_flush(struct sl_output *o);

/* From this moment (monotonic clock) a pipe whose reader does not read is given up. Any thread. */
void sl_output_give_up(struct sl_output *o, uint64_t when_ms);

/* Opens the path anew, after a rotation; stdout stays. If that fails, the old file stays in use. */
int sl_output_reopen(struct sl_output *o, struct sl_err *err);

/* Lines that the file has, lines that it has not because of an error. A reader who left (EPIPE on
 * stdout) is no error. */
uint64_t sl_output_written(const struct sl_output *o);
uint64_t sl_output_refused(const struct sl_output *o);

/* No line can be written any more, by an error or because the reader left. */
bool sl_output_ended(const struct sl_output *o);

/* Flushes, closes and says what was lost. */
int sl_output_finish(struct sl_output *o, struct sl_err *err);
void sl_output_free(struct sl_output *o); /* NULL is fine */

#endif
