/* Subject: keyed digests of 128 bits; that two subjects share one is not to be expected in the life of
 * a sensor. Publisher's thread. */
#include "subject.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <xxhash.h>

static_assert(sizeof((struct sl_subjects *)0)->secret >= XXH3_SECRET_SIZE_MIN, "XXH3 wants so many");

enum { BYTES_MAX = 64 };

int sl_subjects_init(struct sl_subjects *s, struct sl_err *err)
{
	if (getrandom(s->secret, sizeof s->secret, 0) != (ssize_t)sizeof s->secret)
		return sl_fail(err, SL_EFAIL, "no random bytes: %s", strerror(errno));
	return SL_OK;
}

struct sl_tally_key sl_subject_digest(const struct sl_subjects *s, struct sl_span bytes)
{
	XXH128_hash_t h = XXH3_128bits_withSecret(bytes.at, bytes.len, s->secret, sizeof s->secret);
	return (struct sl_tally_key){ { h.low64, h.high64 } };
}

struct sl_tally_key sl_subject_key(const struct sl_subjects *s, const struct sl_match *m,
				   struct sl_span bytes)
{
	const struct sl_ruleset_indicator *ind = &m->ruleset->indicators[m->indicator];
	const struct sl_ruleset_pack *pack = &m->ruleset->packs[ind->pack];
	struct {
		struct sl_tally_key pack, id;
		uint8_t bytes[BYTES_MAX];
	} all = {
		.pack = sl_subject_digest(s, sl_span_str(sl_ruleset_string(m->ruleset, pack->name))),
		.id = sl_subject_digest(s, sl_span_str(sl_ruleset_string(m->ruleset, ind->id))),
	};

	assert(bytes.len <= sizeof all.bytes);
	if (bytes.len)
		memcpy(all.bytes, bytes.at, bytes.len);
	return sl_subject_digest(s, sl_span_of(&all, sizeof all - sizeof all.bytes + bytes.len));
}
