/* The packs of the bench: random literals, names and addresses, all from the seed or an index. */
#include "indicators.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

void patterns_make(struct patterns *ps, uint64_t seed)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	struct random r = { random_mix(seed ^ 0x7061747465726e73ULL) };

	for (int i = 0; i < PATTERNS; i++) {
		struct pattern *p = &ps->at[i];

		p->len = (uint8_t)random_between(&r, PATTERN_MIN, PATTERN_MAX);
		p->text = i % 2;
		for (int k = 0; k < p->len; k++)
			p->bytes[k] = p->text ? (uint8_t)letters[random_below(&r, 62)]
					      : (uint8_t)random_next(&r);
		/* Ordinary text has no capital inside a word: no literal is found by accident. */
		if (p->text)
			p->bytes[random_between(&r, 1, p->len - 2u)] = 'Q';
	}
}

static void name_make(char out[NAME_MAX_BYTES], uint32_t number)
{
	static const char syllables[16][4] = { "ba",  "cor", "del", "fin", "go",  "har",
					       "kil", "lo",  "mar", "nu",  "pol", "ra",
					       "sen", "tor", "vi",  "zen" };
	uint64_t bits = random_mix(number + 1);

	snprintf(out, NAME_MAX_BYTES, "%s%s%s%u.example", syllables[bits & 15],
		 syllables[bits >> 4 & 15], syllables[bits >> 8 & 15], number);
}

void name_listed(char out[NAME_MAX_BYTES], uint32_t index)
{
	name_make(out, 2 * index + 1);
}

void name_ordinary(char out[NAME_MAX_BYTES], uint32_t index)
{
	name_make(out, 2 * index);
}

/* 198.18.0.0/15 is set aside for measurements: clients have its lower half, ordinary servers the
 * third quarter, indicators the last. 2001:db8::/32 is split by its third group. */
static struct address address_v4(uint8_t second, unsigned rest)
{
	return (struct address){ .bytes = { 198, second, (uint8_t)(rest >> 8), (uint8_t)rest } };
}

static struct address address_v6(uint8_t group, uint32_t index)
{
	struct address a = { .bytes = { 0x20, 0x01, 0x0d, 0xb8, 0, group }, .v6 = true };
	uint64_t rest = random_mix(index + 1);

	memcpy(a.bytes + 8, &rest, sizeof rest);
	return a;
}

struct address address_listed(uint32_t index)
{
	if (index >= ADDRESSES - ADDRESSES_V6)
		return address_v6(3, index);
	return address_v4(19, 0x8000 | (index * 12347u & 0x7fff));
}

struct address address_server(uint32_t index, bool v6)
{
	return v6 ? address_v6(2, index & 0x7fff) : address_v4(19, index & 0x7fff);
}

struct address address_client(uint32_t index, bool v6)
{
	return v6 ? address_v6(1, index & 0xffff) : address_v4(18, index & 0xffff);
}

static FILE *file_open(const char *folder, const char *name)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	f = fopen(path, "w");
	if (!f)
		fprintf(stderr, "bench-mix: %s: %s\n", path, strerror(errno));
	return f;
}

static int file_close(FILE *f, const char *folder, const char *name)
{
	int bad = ferror(f);

	if (fclose(f) || bad) {
		fprintf(stderr, "bench-mix: %s/%s: could not be written\n", folder, name);
		return -1;
	}
	return 0;
}

static FILE *pack_open(const char *folder, const char *file, const char *name)
{
	FILE *f = file_open(folder, file);

	if (f)
		fprintf(f,
			"{\"selat\": 1, \"pack\": \"bench/%s\", \"version\": 1, "
			"\"author\": \"bench.example\", \"created\": \"2026-01-01T00:00:00Z\", "
			"\"tlp\": \"TLP:CLEAR\", \"defaults\": {\"severity\": \"low\"}}\n",
			name);
	return f;
}

static void print_hex(FILE *f, const struct pattern *p)
{
	for (int i = 0; i < p->len; i++)
		fprintf(f, "%02x", p->bytes[i]);
}

static int write_patterns(const char *folder, const struct patterns *ps)
{
	FILE *f = pack_open(folder, "patterns.jsonl", "patterns");

	if (!f)
		return -1;
	for (int i = 0; i < PATTERNS; i++) {
		const struct pattern *p = &ps->at[i];

		fprintf(f, "{\"id\": \"p-%d\", \"match\": [{\"field\": \"payload\", \"%s\": \"", i,
			p->text ? "contains" : "hex");
		if (p->text)
			fwrite(p->bytes, 1, p->len, f);
		else
			print_hex(f, p);
		fputs("\"}]}\n", f);
	}
	return file_close(f, folder, "patterns.jsonl");
}

static int write_hex(const char *folder, const struct patterns *ps)
{
	FILE *f = file_open(folder, "patterns.hex");

	if (!f)
		return -1;
	for (int i = 0; i < PATTERNS; i++) {
		print_hex(f, &ps->at[i]);
		fputc('\n', f);
	}
	return file_close(f, folder, "patterns.hex");
}

static int write_domains(const char *folder)
{
	FILE *f = pack_open(folder, "domains.jsonl", "domains");
	char name[NAME_MAX_BYTES];

	if (!f)
		return -1;
	for (uint32_t i = 0; i < DOMAINS; i++) {
		name_listed(name, i);
		fprintf(f, "{\"id\": \"d-%u\", \"domain\": \"%s\"}\n", i, name);
	}
	return file_close(f, folder, "domains.jsonl");
}

static int write_addresses(const char *folder)
{
	FILE *f = pack_open(folder, "addresses.jsonl", "addresses");
	char text[INET6_ADDRSTRLEN];

	if (!f)
		return -1;
	for (uint32_t i = 0; i < ADDRESSES; i++) {
		struct address a = address_listed(i);

		inet_ntop(a.v6 ? AF_INET6 : AF_INET, a.bytes, text, sizeof text);
		fprintf(f, "{\"id\": \"a-%u\", \"address\": \"%s\"}\n", i, text);
	}
	return file_close(f, folder, "addresses.jsonl");
}

int packs_write(const char *folder, const struct patterns *ps)
{
	if (mkdir(folder, 0755) && errno != EEXIST) {
		fprintf(stderr, "bench-mix: %s: %s\n", folder, strerror(errno));
		return -1;
	}
	if (write_patterns(folder, ps) || write_hex(folder, ps) || write_domains(folder))
		return -1;
	return write_addresses(folder);
}
