/* An alert as a reader sees it: the JSON of the contract taken apart, as far as it is shown.
 *
 * Whoever can write to the topic may have written it: a missing key or one of the wrong type is an
 * empty span, and nothing here is fit for a terminal before sl_text_escape. */
#ifndef SELAT_ALERTS_ALERT_H
#define SELAT_ALERTS_ALERT_H

#include <selat/err.h>
#include <selat/span.h>
#include <selat/tlp.h>
#include <stdio.h>

enum { SL_ALERT_MAX_BYTES = 256 << 10 }; /* what is longer is no alert */

struct sl_alert_end {
	struct sl_span ip;
	int port; /* -1: none */
};

/* Spans borrow from `json`, which the alert owns. */
struct sl_alert {
	void *json;
	struct sl_span id, sensor, country, pack, indicator, type, value, field, seen, drill;
	struct sl_span tlp_text, severity_text; /* as sent; the label may be unknown */
	enum sl_tlp tlp;
	enum sl_severity severity;
	struct sl_alert_end src, dst;
	uint64_t time_ns, observed_ns; /* 0: none */
	uint64_t count;
};

/* Fails (SL_EFORMAT) if the bytes are no JSON object with "selat": 1 and an "id". */
int sl_alert_parse(struct sl_alert *a, struct sl_span bytes, struct sl_err *err);
void sl_alert_fini(struct sl_alert *a); /* zeroed or half-built is fine */

/* Writes parsed JSON as one line: the same JSON, without line breaks between its parts, and with
 * what could drive a terminal (DEL, C1) as \u escapes. */
void sl_alert_print_json(FILE *out, struct sl_span bytes);

#endif
