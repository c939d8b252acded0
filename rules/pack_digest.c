/* SHA-256 of the canonical JSON: sorted keys and no spaces, so that the same content has one
 * digest, in JSON, JSON Lines or YAML. What is in the lists counts, in the order in which they are
 * first named. The indicators are written one by one, since each has a hash of its own: of its
 * text, and of what its pack gives it. Writing a large pack out takes as long as checking it: hence
 * a thread. */
#include <rules/pack_digest.h>
#include <rules/reader.h>

#include <selat/digest.h>
#include <selat/err.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { FLAGS = JSON_SORT_KEYS | JSON_COMPACT | JSON_ENCODE_ANY };

struct buffer { /* pieces are of a few bytes */
	struct sl_sha256 *sha;
	XXH3_state_t *hash;
	size_t n;
	uint8_t bytes[16384];
};

static void buffer_flush(struct buffer *b)
{
	sl_sha256_add(b->sha, sl_span_of(b->bytes, b->n));
	XXH3_64bits_update(b->hash, b->bytes, b->n);
	b->n = 0;
}

static int buffer_add(const char *bytes, size_t len, void *buffer)
{
	struct buffer *b = buffer;
	while (len) {
		if (b->n == sizeof b->bytes)
			buffer_flush(b);
		size_t n = len < sizeof b->bytes - b->n ? len : sizeof b->bytes - b->n;
		memcpy(b->bytes + b->n, bytes, n);
		b->n += n;
		bytes += n;
		len -= n;
	}
	return 0;
}

static bool value_add(struct buffer *b, const json_t *value)
{
	return json_dump_callback(value, buffer_add, b, FLAGS) == 0;
}

static bool indicators_add(struct buffer *b, const json_t *list, uint64_t seed, uint64_t *content)
{
	buffer_add("[", 1, b);
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (i)
			buffer_add(",", 1, b);
		buffer_flush(b);
		XXH3_64bits_reset_withSeed(b->hash, seed);
		if (!value_add(b, json_array_get(list, i)))
			return false;
		buffer_flush(b);
		content[i] = XXH3_64bits_digest(b->hash);
	}
	buffer_add("]", 1, b);
	return true;
}

static int key_compare(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* What a pack says that its indicators mean something else by. */
static uint64_t pack_seed(const json_t *root)
{
	static const char *const keys[] = { "pack", "author", "tlp", "defaults" };
	uint64_t seed = 0;
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		const json_t *value = json_object_get(root, keys[i]);
		char *text = value ? json_dumps(value, FLAGS) : NULL;
		seed = XXH3_64bits_withSeed(text ? text : "", text ? strlen(text) : 0, seed);
		free(text);
	}
	return seed;
}

static bool member_add(struct buffer *b, const struct sl_pack_digest *d, const char *key)
{
	const json_t *value = json_object_get(d->root, key);
	json_t *name = json_string(key);
	bool ok = name && value_add(b, name);
	json_decref(name);
	buffer_add(":", 1, b);
	if (ok && d->content && strcmp(key, "indicators") == 0 && json_is_array(value))
		return indicators_add(b, value, pack_seed(d->root), d->content);
	return ok && value_add(b, value);
}

static bool root_add(struct buffer *b, const struct sl_pack_digest *d)
{
	size_t n = json_object_size(d->root), i = 0;
	const char **keys = calloc(n + 1, sizeof *keys);
	bool ok = keys;
	json_t *root = (json_t *)(uintptr_t)d->root;
	for (void *at = json_object_iter(root); ok && at && i < n;
	     at = json_object_iter_next(root, at))
		keys[i++] = json_object_iter_key(at);
	if (ok)
		qsort(keys, i, sizeof *keys, key_compare);
	buffer_add("{", 1, b);
	for (size_t k = 0; ok && k < i; k++) {
		if (k)
			buffer_add(",", 1, b);
		ok = member_add(b, d, keys[k]);
	}
	buffer_add("}", 1, b);
	free(keys);
	return ok;
}

static void *digest_run(void *digest)
{
	struct sl_pack_digest *d = digest;
	struct buffer b = { .sha = sl_sha256_new(), .hash = XXH3_createState(), .n = 0 };
	bool ok = b.sha && b.hash && XXH3_64bits_reset(b.hash) == XXH_OK && root_add(&b, d);
	d->rc = ok ? SL_OK : SL_ENOMEM;
	if (ok)
		buffer_flush(&b);
	XXH3_freeState(b.hash);
	if (!ok) {
		sl_sha256_free(b.sha);
		return NULL;
	}
	d->sha = b.sha;
	return NULL;
}

static uint64_t list_hash(const struct sl_values *list, uint64_t seed)
{
	uint64_t hash = XXH3_64bits_withSeed(list->bytes, list->n ? list->at[list->n] : 0, seed);
	if (list->n)
		hash = XXH3_64bits_withSeed(list->at, (list->n + 1) * sizeof *list->at, hash);
	for (size_t i = 0; i < list->prefixes; i++) {
		const struct sl_prefix *p = &list->prefix[i];
		const uint8_t head[] = { p->bits, p->address.family };
		hash = XXH3_64bits_withSeed(head, sizeof head, hash);
		hash = XXH3_64bits_withSeed(p->address.bytes, sizeof p->address.bytes, hash);
	}
	return hash;
}

void sl_pack_digest_start(struct sl_pack_digest *d, const json_t *root, uint64_t *content)
{
	*d = (struct sl_pack_digest){ .root = root, .content = content };
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

void sl_pack_contents_finish(struct sl_pack *pack)
{
	for (size_t i = 0; i < pack->n; i++)
		for (size_t k = 0; k < pack->indicator[i].conditions; k++) {
			const struct sl_values *list = pack->indicator[i].condition[k].list;
			if (list)
				pack->content[i] = list_hash(list, pack->content[i]);
		}
}
