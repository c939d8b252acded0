/* The bench of rulesets: makes large packs, and measures what loading one and missing in it costs.
 *
 *   bench-rules make FOLDER INDICATORS PATTERNS   exact.jsonl, patterns.jsonl, daily.jsonl
 *   bench-rules load RULESET ROUNDS               a line of JSON */
#include "random.h"

#include <selat/address.h>
#include <selat/ruleset.h>
#include <sensor/detect/loaded.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DAILY = 100, MISSES = 1 << 20, NAME_ROOM = 48, EXPRESSIONS_IN = 20 };

/* --- packs --- */

struct packs {
	const char *folder;
	struct random random;
	uint64_t key_bytes; /* of all values in the form that tables keep */
};

static FILE *pack_open(const struct packs *p, const char *name)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s.jsonl", p->folder, name);
	FILE *f = fopen(path, "w");
	if (f)
		fprintf(f,
			"{\"selat\":1,\"pack\":\"bench/"
			"%s\",\"version\":1,\"author\":\"bench.example\","
			"\"tlp\":\"TLP:CLEAR\",\"defaults\":{\"severity\":\"low\"}}\n",
			name);
	else
		fprintf(stderr, "bench-rules: cannot write %s\n", path);
	return f;
}

static void name_make(char out[NAME_ROOM], struct random *r, const char *kind)
{
	uint64_t bits = random_next(r);
	snprintf(out, NAME_ROOM, "%s%llx.%c%c.example", kind, (unsigned long long)(bits >> 32),
		 (char)('a' + bits % 26), (char)('a' + bits / 26 % 26));
}

static void hash_make(char out[65], struct random *r)
{
	for (unsigned i = 0; i < 4; i++)
		sprintf(out + 16 * i, "%016llx", (unsigned long long)random_next(r));
}

/* Of ten: four domains, three addresses, two hashes, a URL. */
static void exact_write(struct packs *p, FILE *f, unsigned i)
{
	struct random *r = &p->random;
	char name[NAME_ROOM], hash[65];
	uint32_t address;
	switch (i % 10) {
	case 0:
	case 1:
	case 2:
	case 3:
		name_make(name, r, "d");
		p->key_bytes += strlen(name);
		fprintf(f, "{\"id\":\"d-%u\",\"domain\":\"%s\"}\n", i, name);
		break;
	case 4:
	case 5:
	case 6:
		address = (uint32_t)random_next(r);
		p->key_bytes += 5;
		fprintf(f, "{\"id\":\"a-%u\",\"address\":\"%u.%u.%u.%u\"}\n", i, address >> 24,
			address >> 16 & 255, address >> 8 & 255, address & 255);
		break;
	case 7:
	case 8:
		hash_make(hash, r);
		p->key_bytes += 65;
		fprintf(f, "{\"id\":\"h-%u\",\"sha256\":\"%s\"}\n", i, hash);
		break;
	default:
		name_make(name, r, "u");
		p->key_bytes += strlen(name) + strlen("http:///p/") + 8;
		fprintf(f, "{\"id\":\"u-%u\",\"url\":\"http://%s/p/%08x\"}\n", i, name, i);
	}
}

static void text_make(char out[NAME_ROOM], struct random *r, unsigned least, unsigned most)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	unsigned n = random_between(r, least, most);
	for (unsigned i = 0; i < n; i++)
		out[i] = letters[random_below(r, 62)];
	out[n] = '\0';
}

/* Literals on five fields; of twenty one is an expression, as in large sets of rules. */
static void pattern_write(struct packs *p, FILE *f, unsigned i)
{
	static const char *const fields[] = { "payload", "http.uri", "http.user_agent",
					      "http.request_body", "http.header" };
	char a[NAME_ROOM], b[NAME_ROOM];
	text_make(a, &p->random, 5, 24);
	text_make(b, &p->random, 3, 6);
	if (i % EXPRESSIONS_IN == 0)
		fprintf(f,
			"{\"id\":\"p-%u\",\"match\":[{\"field\":\"%s\",\"regex\":\"/"
			"%.6s\\\\.php\\\\?[a-z]{2,4}=%s\"}]}\n",
			i, i % (5 * EXPRESSIONS_IN) ? "http.uri" : "payload", a, b);
	else
		fprintf(f, "{\"id\":\"p-%u\",\"match\":[{\"field\":\"%s\",\"contains\":\"%s\"}]}\n",
			i, fields[i % 5], a);
}

static int packs_make(const char *folder, unsigned indicators, unsigned patterns)
{
	struct packs p = { .folder = folder, .random = { 5 } };
	FILE *exact = pack_open(&p, "exact"), *pattern = pack_open(&p, "patterns"),
	     *daily = pack_open(&p, "daily");
	if (!exact || !pattern || !daily)
		return 1;
	for (unsigned i = 0; i < indicators; i++)
		exact_write(&p, exact, i);
	printf("{\"key_bytes\": %llu}\n", (unsigned long long)p.key_bytes);
	for (unsigned i = 0; i < patterns; i++)
		pattern_write(&p, pattern, i);
	for (unsigned i = 0; i < DAILY - 10; i++)
		exact_write(&p, daily, i);
	for (unsigned i = 0; i < 10; i++)
		pattern_write(&p, daily, i);
	int bad = fclose(exact) | fclose(pattern) | fclose(daily);
	return bad ? 1 : 0;
}

/* --- loading and missing --- */

static double ms_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* The file alone: read, digest, every number. And all that a sensor does. */
static int load_once(const char *path, double *file_ms, double *all_ms)
{
	struct sl_err err = { "" };
	struct sl_ruleset *rs;
	struct sl_loaded_ruleset *loaded;
	double start = ms_now();
	int rc = sl_ruleset_open(&rs, path, &err);
	*file_ms = ms_now() - start;
	if (rc == SL_OK) {
		sl_ruleset_free(rs);
		start = ms_now();
		rc = sl_loaded_open(&loaded, path, &err);
		*all_ms = ms_now() - start;
	}
	if (rc < 0) {
		fprintf(stderr, "bench-rules: %s\n", err.text);
		return 1;
	}
	sl_loaded_release(loaded);
	return 0;
}

/* Nanoseconds a look-up of names that are not there; the keys are made before. */
static double miss_ns(const char *path)
{
	struct sl_ruleset *rs;
	char(*key)[NAME_ROOM] = malloc(MISSES * sizeof *key);
	uint8_t *len = malloc(MISSES);
	struct random r = { 99 };
	unsigned hits = 0;
	if (!key || !len || sl_ruleset_open(&rs, path, NULL) < 0)
		exit(1);
	for (size_t i = 0; i < MISSES; i++) {
		name_make(key[i], &r, "x");
		len[i] = (uint8_t)strlen(key[i]);
	}
	double start = ms_now();
	for (size_t i = 0; i < MISSES; i++)
		hits += sl_table_get(&rs->domains, sl_span_of(key[i], len[i])).n;
	double ns = (ms_now() - start) * 1e6 / MISSES;
	if (hits)
		fprintf(stderr, "bench-rules: %u names that nobody listed were found\n", hits);
	sl_ruleset_free(rs);
	free(key);
	free(len);
	return hits ? -1 : ns;
}

static int by_value(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;
	return (a > b) - (a < b);
}

static int load_measure(const char *path, unsigned rounds)
{
	double file[100], all[100], miss[100];
	if (rounds < 1 || rounds > 100)
		return 2;
	for (unsigned i = 0; i < rounds; i++) {
		if (load_once(path, &file[i], &all[i]) != 0)
			return 1;
		if ((miss[i] = miss_ns(path)) < 0)
			return 1;
	}
	qsort(file, rounds, sizeof *file, by_value);
	qsort(all, rounds, sizeof *all, by_value);
	qsort(miss, rounds, sizeof *miss, by_value);
	printf("{\"file_ms\": %.2f, \"load_ms\": %.2f, \"load_best_ms\": %.2f, \"miss_ns\": "
	       "%.1f}\n",
	       file[rounds / 2], all[rounds / 2], all[0], miss[rounds / 2]);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "make") == 0)
		return packs_make(argv[2], (unsigned)atoi(argv[3]), (unsigned)atoi(argv[4]));
	if (argc == 4 && strcmp(argv[1], "load") == 0)
		return load_measure(argv[2], (unsigned)atoi(argv[3]));
	fputs("usage: bench-rules make FOLDER INDICATORS PATTERNS | load RULESET ROUNDS\n", stderr);
	return 2;
}
