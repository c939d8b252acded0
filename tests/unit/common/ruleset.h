/* A ruleset with something in every section, as bytes to be changed, and opening what became of them. */
#ifndef SELAT_TEST_RULESET_H
#define SELAT_TEST_RULESET_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <rules/image.h>
#include <tests/fuzz/ruleset_walk.h>
#include <selat/digest.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char pack[] =
	"{\"selat\":1,\"pack\":\"t/a\",\"version\":3,\"author\":\"a.example\","
	"\"tlp\":\"TLP:CLEAR\",\"indicators\":["
	"{\"id\":\"d\",\"domain\":\"evil.example\"},"
	"{\"id\":\"u\",\"url\":\"http://evil.example/x\"},"
	"{\"id\":\"a4\",\"address\":\"198.51.100.0/24\",\"port\":53},"
	"{\"id\":\"a6\",\"address\":\"2001:db8::/32\"},"
	"{\"id\":\"m\",\"match\":[{\"field\":\"http.method\",\"equals\":\"POST\"},"
	"{\"field\":\"http.uri\",\"equals\":\"/X\",\"nocase\":true},"
	"{\"field\":\"payload\",\"contains\":\"needle\"}]}]}";

/* Something in every section. */
static const char whole[] =
	"{\"selat\":1,\"pack\":\"t/w\",\"version\":1,\"author\":\"a\",\"tlp\":\"TLP:CLEAR\",\"indicators\":["
	"{\"id\":\"h\",\"md5\":\"d41d8cd98f00b204e9800998ecf8427e\"},"
	"{\"id\":\"group\",\"mark\":[\"seen\"],\"threshold\":{\"type\":\"from\",\"count\":3,\"seconds\":60,"
	"\"by\":\"source\"},\"where\":{\"port\":\"80-90\",\"client\":[\"192.0.2.0/24\",\"!192.0.2.1\"]},\"match\":["
	"{\"field\":\"http.uri\",\"contains\":\"abc\",\"offset\":1},"
	"{\"field\":\"http.uri\",\"contains\":\"defg\",\"distance\":2,\"within\":9},"
	"{\"field\":\"http.uri\",\"contains\":\"no\",\"same\":true,\"not\":true},"
	"{\"field\":\"http.user_agent\",\"regex\":\"foo(?!bar)\"},"
	"{\"field\":\"http.request_body\",\"contains\":\"x\",\"transform\":[\"to_lowercase\"]}]},"
	"{\"id\":\"end\",\"match\":[{\"field\":\"http.cookie\",\"absent\":true},"
	"{\"field\":\"http.host\",\"contains\":\"x\",\"not\":true}]},"
	"{\"id\":\"len\",\"match\":[{\"field\":\"http.uri\",\"length\":{\"min\":3}},"
	"{\"field\":\"payload\",\"hex\":\"00 01\",\"depth\":8}]},"
	"{\"id\":\"flow\",\"where\":{\"marked\":[\"seen\"]},\"match\":[]}]}";

struct file {
	uint8_t *bytes;
	size_t size;
	int fd; /* a file in memory, to open by path */
	char path[64];
};

static struct file file;

static inline void file_set(const uint8_t *bytes, size_t size)
{
	assert_int_equal(ftruncate(file.fd, (off_t)size), 0);
	assert_int_equal(pwrite(file.fd, bytes, size, 0), size);
}

static inline int file_open(struct sl_ruleset **rs, struct sl_err *err)
{
	*rs = NULL;
	err->text[0] = '\0';
	return sl_ruleset_open(rs, file.path, err);
}

/* Compiles a pack; returns the ruleset's bytes. */
static inline uint8_t *pack_compile(const char *text, size_t *size)
{
	char from[] = "/tmp/selat-unit.XXXXXX", to[] = "/tmp/selat-unit.XXXXXX";
	struct sl_problems problems = { 0 };
	struct sl_packs packs;
	struct sl_image image;
	struct sl_err err;
	char *paths[] = { from };
	int in = mkstemp(from), out = mkstemp(to);
	assert_int_equal(write(in, text, strlen(text)), strlen(text));
	assert_int_equal(sl_packs_read(&packs, paths, 1, &problems, &err), 0);
	assert_int_equal(problems.errors, 0);
	assert_int_equal(sl_image_compile(&image, &packs, &problems, &err), 0);
	assert_int_equal(sl_image_write(&image, to, &err), 0);
	FILE *f = fopen(to, "rb");
	uint8_t *bytes = malloc(1 << 20);
	*size = fread(bytes, 1, 1 << 20, f);
	fclose(f);
	sl_image_fini(&image);
	sl_packs_fini(&packs);
	sl_problems_fini(&problems);
	close(in);
	close(out);
	unlink(from);
	unlink(to);
	return bytes;
}

static inline int file_make(void **state)
{
	(void)state;
	file.bytes = pack_compile(pack, &file.size);
	file.fd = memfd_create("ruleset", 0);
	snprintf(file.path, sizeof file.path, "/proc/self/fd/%d", file.fd);
	return 0;
}

static inline int file_free(void **state)
{
	(void)state;
	free(file.bytes);
	close(file.fd);
	return 0;
}

static inline void digest_renew(uint8_t *bytes)
{
	struct sl_ruleset_header *header = (void *)bytes;
	uint8_t digest[32];
	assert_int_equal(sl_ruleset_digest(bytes, file.size, -1, digest, NULL), SL_OK);
	memcpy(header->digest, digest, sizeof digest);
}

static inline struct sl_ruleset_section *section_of(uint8_t *bytes, uint32_t type)
{
	struct sl_ruleset_header *header = (void *)bytes;
	struct sl_ruleset_section *s = (void *)(bytes + sizeof *header);
	for (uint32_t i = 0; i < header->sections; i++)
		if (s[i].type == type)
			return &s[i];
	fail_msg("no section of type %u", type);
	return NULL;
}

#endif
