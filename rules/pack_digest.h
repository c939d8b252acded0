/* The digest of a pack's content, and a hash of each indicator's, computed beside the reading of
 * it. */
#ifndef SELAT_RULES_PACK_DIGEST_H
#define SELAT_RULES_PACK_DIGEST_H

#include <jansson.h>
#include <pthread.h>
#include <rules/pack.h>
#include <stdbool.h>
#include <stdint.h>

struct sl_pack_digest {
	const json_t *root;
	pthread_t thread;
	bool started;
	struct sl_sha256 *sha; /* of the JSON; the lists are added at the end */
	uint64_t *content; /* of each indicator, with what the pack says of all; NULL: not asked for
			    */
	int rc;
};

/* root must not change until the end. */
void sl_pack_digest_start(struct sl_pack_digest *d, const json_t *root, uint64_t *content);
int sl_pack_digest_end(struct sl_pack_digest *d, const struct sl_lists *lists, uint8_t digest[32]);

/* Adds to the hashes what the conditions' lists hold, which stand in files of their own. */
void sl_pack_contents_finish(struct sl_pack *pack);

#endif
