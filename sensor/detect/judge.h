/* Judging, in two files: judge.c and ending.c. Private to detect. */
#ifndef SELAT_SENSOR_DETECT_JUDGE_H
#define SELAT_SENSOR_DETECT_JUDGE_H

#include <sensor/detect/detect_internal.h>

/* The events of one packet and one flow. */
struct sl_run {
	struct sl_detect *d;
	struct sl_flow *flow;
	struct sl_detect_slot *slot;
	const struct sl_hit *event; /* the one at hand */
	struct sl_ledger packet;    /* of it; `all`: the datagram's own fields */
};

/* judge.c */
struct sl_ledger *sl_run_oldest(const struct sl_run *r); /* of the transactions that are open; or NULL */

/* ending.c */
void sl_memo_make(struct sl_detect *d, struct sl_partial *p, const struct sl_hit *hit);
void sl_scope_decide(struct sl_run *r, struct sl_ledger *s);
void sl_transaction_end(struct sl_run *r, struct sl_ledger *s); /* lets go of it when all is settled */
void sl_transactions_end(struct sl_run *r);
void sl_flow_end(struct sl_run *r);

#endif
