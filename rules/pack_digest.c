/* SHA-256 of the canonical JSON: sorted keys and no spaces, so that the same content has one digest, in
 * JSON, JSON Lines or YAML. What is in the lists counts, in the order in which they are first named.
 * Writing a large pack out takes as long as checking it: hence a thread. */
#include <rules/pack_digest.h>
#include <rules/reader.h>

#include <selat/digest.h>
#include <selat/err.h>
#include <string.h>

struct buffer { /* pieces are of a few bytes */
	struct sl_sha256 *sha;
	size_t n;
	uint8_t bytes[16384];
};

static int buffer_add(const char *bytes, size_t len, void *buffer)
{
	struct buffer *b = buffer;
	if (len > sizeof b->bytes - b->n) {
		sl_sha256_add(b->sha, sl_span_of(b->bytes, b->n));
		b->n = 0;
	}
	if (len > sizeof b->bytes) {
		sl_sha256_add(b->sha, sl_span_of(bytes, len));
		return 0;
	}
	memcpy(b->bytes + b->n, bytes, len);
	b->n += len;
	return 0;
}

static void *digest_run(void *digest)
{
	struct sl_pack_digest *d = digest;
	struct buffer b = { .sha = sl_sha256_new(), .n = 0 };
	d->rc = SL_ENOMEM;
	if (b.sha && json_dump_callback(d->root, buffer_add, &b, JSON_SORT_KEYS | JSON_COMPACT) == 0)
		d->rc = SL_OK;
	if (d->rc < 0) {
		sl_sha256_free(b.sha);
		return NULL;
	}
	sl_sha256_add(b.sha, sl_span_of(b.bytes, b.n));
	d->sha = b.sha;
	return NULL;
}

void sl_pack_digest_start(struct sl_pack_digest *d, const json_t *root)
{
	*d = (struct sl_pack_digest){ .root = root };
	d->started = pthread_create(&d->thread, NULL, digest_run, d) == 0;
}

int sl_pack_digest_end(struct sl_pack_digest *d, const struct sl_lists *lists, uint8_t digest[32])
{
	if (d->started)
		pthread_join(d->thread, NULL);
	else
		digest_run(d);
	if (d->rc < 0)
		return d->rc;
	sl_lists_digest(lists, d->sha);
	sl_sha256_end(d->sha, digest);
	return SL_OK;
}
