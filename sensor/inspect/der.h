/* DER (X.690), as far as certificates and names need it. Private to inspect. */
#ifndef SELAT_SENSOR_INSPECT_DER_H
#define SELAT_SENSOR_INSPECT_DER_H

#include <selat/cursor.h>

enum {
	SL_DER_INTEGER = 0x02,
	SL_DER_OCTETS = 0x04,
	SL_DER_OID = 0x06,
	SL_DER_SEQUENCE = 0x30,
	SL_DER_SET = 0x31,
};

/* The next element: its tag and what it holds. Steps over it. Tag 0 and a failed cursor: there is none,
 * it is cut, has no definite length, or a tag beyond one byte. */
static inline unsigned sl_der_next(struct sl_cur *c, struct sl_cur *value)
{
	unsigned tag = sl_cur_u8(c);
	size_t len = sl_cur_u8(c);
	if (len & 0x80) {
		size_t digits = len & 0x7f;
		c->failed = c->failed || digits == 0 || digits > 4;
		for (len = 0; digits && !c->failed; digits--)
			len = len << 8 | sl_cur_u8(c);
	}
	c->failed = c->failed || (tag & 0x1f) == 0x1f;
	*value = sl_cur_sub(c, len);
	return value->failed ? 0 : tag;
}

/* The next element, which must have this tag; a failed cursor otherwise. */
static inline struct sl_cur sl_der_expect(struct sl_cur *c, unsigned tag)
{
	struct sl_cur value;
	if (sl_der_next(c, &value) != tag)
		value.failed = c->failed = true;
	return value;
}

#endif
