/* IEEE 802.11 data frames, as access points tunnel them to their controllers, or from the air. */
#include <sensor/decode/layers.h>

enum {
	TYPE_DATA = 2,
	SUBTYPE_NULL = 4, /* no data */
	SUBTYPE_QOS = 8,
	FLAG_TO_DS = 0x01,
	FLAG_FROM_DS = 0x02,
	FLAG_PROTECTED = 0x40,
	FLAG_ORDER = 0x80,
	QOS_AMSDU = 0x80,
};

/* Radiotap: version (1), pad (1), length (2, little endian). */
enum sl_layer sl_decode_radiotap(struct sl_decoding *d)
{
	sl_cur_take(&d->cur, 2);
	uint16_t len = __builtin_bswap16(sl_cur_be16(&d->cur));
	if (!d->cur.failed && len < 4)
		return sl_stop(d, SL_VERDICT_MALFORMED, "radiotap length is impossible");
	sl_cur_take(&d->cur, len - 4u);
	return d->cur.failed ? sl_stop(d, SL_VERDICT_TRUNCATED, "cut in the radiotap header")
			     : SL_LAYER_WLAN;
}

/* IEEE 802.11, section 9.3.2.2.2: an A-MSDU is a row of subframes: destination (6), source (6), length
 * (2), data, padding to four bytes. Each holds a packet. The frame's own is the last one's, as it is the
 * one that other readers report. */
static enum sl_layer subframes(struct sl_decoding *d)
{
	enum { HEADER = 14 };
	struct sl_cur rest = d->cur;
	bool found = false;
	size_t len = 0, cut = d->cut;
	while (sl_cur_left(&rest) >= HEADER) {
		if (found)
			sl_fork(d, d->cur, len, SL_LAYER_LLC);
		found = true;
		sl_cur_take(&rest, HEADER - 2);
		len = sl_cur_be16(&rest);
		size_t left = sl_cur_left(&rest);
		d->cur = rest;
		d->cut = cut;
		sl_limit(d, len);
		sl_cur_take(&rest, len);
		size_t pad = (4 - (HEADER + len) % 4) % 4;
		left = sl_cur_left(&rest);
		sl_cur_take(&rest, pad < left ? pad : left);
	}
	return SL_LAYER_LLC;
}

/* The length of a data frame's header: frame control (2), duration (2), three addresses (18), sequence
 * (2), a fourth address if the frame goes from one distribution system to another, QoS control (2), HT
 * control (4). Section 9.3.2.1. 0: no data frame. */
static size_t header_len(uint8_t control, uint8_t flags)
{
	enum { PLAIN = 24, ADDRESS = 6, QOS = 2, HT = 4 };
	unsigned type = control >> 2 & 3, subtype = control >> 4;
	bool four = (flags & (FLAG_TO_DS | FLAG_FROM_DS)) == (FLAG_TO_DS | FLAG_FROM_DS);
	if (control & 3 || type != TYPE_DATA || subtype & SUBTYPE_NULL)
		return 0;
	size_t len = PLAIN + (four ? (size_t)ADDRESS : 0);
	if (subtype & SUBTYPE_QOS)
		len += QOS + (flags & FLAG_ORDER ? (size_t)HT : 0);
	return len;
}

/* Some controllers swap the two bytes of the frame control: told by where LLC's SNAP begins. */
static bool is_swapped(const struct sl_decoding *d)
{
	static const uint8_t snap[] = { 0xaa, 0xaa, 0x03 };
	const uint8_t *p = d->cur.p;
	if (sl_cur_left(&d->cur) < 2)
		return false;
	size_t plain = header_len(p[0], p[1]), swapped = header_len(p[1], p[0]);
	size_t left = sl_cur_left(&d->cur);
	if (plain && left >= plain + 3 && memcmp(p + plain, snap, 3) == 0)
		return false;
	return swapped && left >= swapped + 3 && memcmp(p + swapped, snap, 3) == 0;
}

enum sl_layer sl_decode_wlan(struct sl_decoding *d)
{
	bool swapped = is_swapped(d);
	uint8_t first = sl_cur_u8(&d->cur), second = sl_cur_u8(&d->cur);
	uint8_t control = swapped ? second : first, flags = swapped ? first : second;
	size_t len = header_len(control, flags);
	if (d->cur.failed)
		return sl_stop(d, SL_VERDICT_TRUNCATED, "cut in the 802.11 header");
	if (!len)
		return sl_stop(d, SL_VERDICT_UNSUPPORTED, "802.11 frame without data");
	const uint8_t *rest = sl_cur_take(&d->cur, len - 2);
	if (!rest)
		return sl_stop(d, SL_VERDICT_TRUNCATED, "cut in the 802.11 header");
	if (flags & FLAG_PROTECTED)
		return sl_stop(d, SL_VERDICT_UNSUPPORTED, "802.11 frame is encrypted");
	sl_tunnel_mark(d, SL_TUNNEL_WLAN);
	bool ht = control >> 4 & SUBTYPE_QOS && flags & FLAG_ORDER;
	uint8_t qos = control >> 4 & SUBTYPE_QOS ? rest[len - 2 - (ht ? 6 : 2)] : 0;
	return qos & QOS_AMSDU ? subframes(d) : SL_LAYER_LLC;
}
