/* What the publish tests share: a ruleset made by hand, matches of it, folders that go away. */
#ifndef SELAT_TEST_PUBLISH_FIXTURE_H
#define SELAT_TEST_PUBLISH_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ftw.h>
#include <selat/options.h>
#include <selat/tlp.h>
#include <sensor/detect/match.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture_rules {
	char strings[4096];
	size_t used;
	struct sl_ruleset_header header;
	struct sl_ruleset_pack pack;
	struct sl_ruleset_indicator indicator[2];
	struct sl_ruleset_meta meta[2];
	struct sl_ruleset rs;
};

static inline uint32_t fixture_string(struct fixture_rules *r, const char *text)
{
	size_t len = strlen(text) + 1, at = r->used;
	assert_true(at + len <= sizeof r->strings);
	memcpy(r->strings + at, text, len);
	r->used += len;
	return (uint32_t)at;
}

/* Indicator 0 is a domain under TLP:GREEN, indicator 1 a bare match under TLP:AMBER. */
static inline void fixture_rules_init(struct fixture_rules *r)
{
	memset(r, 0, sizeof *r);
	r->used = 1;
	r->pack = (struct sl_ruleset_pack){ .name = fixture_string(r, "vn.cert/c2-botnets"),
					    .author = fixture_string(r, "cert.example.vn"),
					    .version = 7,
					    .indicators = 2 };
	r->indicator[0] = (struct sl_ruleset_indicator){
		.id = fixture_string(r, "c2-1"),
		.value = fixture_string(r, "evil.example"),
		.kind = SL_IND_DOMAIN,
	};
	r->meta[0] = (struct sl_ruleset_meta){
		.name = fixture_string(r, "A \"quoted\" name\\x41"),
		.class_ = fixture_string(r, "malicious-code/c2-server"),
		.drill = fixture_string(r, "ACID-2026"),
		.references = fixture_string(r, "https://a.example/1\nhttps://b.example/2"),
		.tlp = SL_TLP_GREEN,
		.severity = SL_HIGH,
		.confidence = 80,
	};
	r->indicator[1] = (struct sl_ruleset_indicator){ .id = fixture_string(r, "m-1"),
							 .kind = SL_IND_MATCH,
							 .meta = 1 };
	r->meta[1] = (struct sl_ruleset_meta){ .tlp = SL_TLP_AMBER, .severity = SL_LOW };
	memset(r->header.identity, 0xab, sizeof r->header.identity);
	r->rs = (struct sl_ruleset){ .header = &r->header,
				     .strings = r->strings,
				     .strings_size = r->used,
				     .packs = &r->pack,
				     .packs_n = 1,
				     .indicators = r->indicator,
				     .indicators_n = 2,
				     .metas = r->meta,
				     .metas_n = 2 };
}

static inline struct sl_match fixture_match(const struct fixture_rules *r, uint64_t packet)
{
	struct sl_match m = { .packet = packet,
			      .time = UINT64_C(1795320306123456789) + packet,
			      .observed = UINT64_C(1795320307000000000),
			      .ruleset = &r->rs,
			      .field = SL_FIELD_TLS_SNI };
	m.flow.src = (struct sl_address){ { 192, 0, 2, 1 }, 4 };
	m.flow.dst = (struct sl_address){ { 198, 51, 100, 7 }, 4 };
	m.flow.sport = 51234;
	m.flow.dport = 443;
	m.flow.proto = 6;
	m.flow.seen = SL_SEEN_TO_SERVER;
	m.flow.app = "tls";
	m.flow.start = UINT64_C(1795320306000000000);
	m.flow.packets[0] = 4;
	m.flow.packets[1] = 2;
	m.flow.bytes[0] = 2000;
	m.flow.bytes[1] = 146;
	return m;
}

static inline int fixture_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

/* A new folder; fixture_folder_end removes it with what is in it. */
static inline char *fixture_folder(char path[64])
{
	strcpy(path, "/tmp/selat-test-XXXXXX");
	assert_non_null(mkdtemp(path));
	return path;
}

static inline void fixture_folder_end(const char *path)
{
	nftw(path, fixture_remove, 16, FTW_DEPTH | FTW_PHYS);
}

/* The whole file, NUL-terminated; free it. */
static inline char *fixture_read(const char *path, size_t *len)
{
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	size_t room = 1 << 16, n = 0;
	char *text = malloc(room + 1);
	assert_non_null(text);
	for (size_t got; (got = fread(text + n, 1, room - n, f)) > 0;) {
		n += got;
		if (n == room)
			assert_non_null(text = realloc(text, (room *= 2) + 1));
	}
	fclose(f);
	text[n] = '\0';
	if (len)
		*len = n;
	return text;
}

#endif
