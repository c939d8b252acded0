/* bench-floor: what reading a capture costs at least. Per run, with libpcap: mode "libpcap" does
 * nothing with a packet; mode "hs_scan" finds its payload with the shortest parse and calls one
 * bare hs_scan over the literals of a file (hex, one a line). It trusts the capture to be Ethernet,
 * but no length in it. One thread; JSON on stdout. */
#include <errno.h>
#include <getopt.h>
#include <hs.h>
#include <pcap.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LITERALS_MAX = 100000, LITERAL_MAX = 512, RUNS_MAX = 99 };

struct floor {
	const char *path;
	hs_database_t *database; /* NULL in mode "libpcap" */
	hs_scratch_t *scratch;
	uint64_t packets, bytes, payloads, matches;
	int failed; /* of hs_scan */
};

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
		    void *context)
{
	struct floor *f = context;

	(void)id, (void)from, (void)to, (void)flags;
	f->matches++;
	return 0;
}

static void on_nothing(uint8_t *context, const struct pcap_pkthdr *h, const uint8_t *bytes)
{
	struct floor *f = (struct floor *)context;

	(void)bytes;
	f->packets++;
	f->bytes += h->len;
}

/* Where the TCP or UDP payload starts, and its length; 0 if there is none. */
static uint32_t find_payload(const uint8_t *bytes, uint32_t len, const uint8_t **payload)
{
	uint32_t at = 14, proto, header, end;
	uint16_t type;

	if (len < at + 4)
		return 0;
	type = (uint16_t)(bytes[12] << 8 | bytes[13]);
	if (type == 0x8100) {
		type = (uint16_t)(bytes[16] << 8 | bytes[17]);
		at += 4;
	}
	if (type == 0x0800 && len >= at + 20) {
		proto = bytes[at + 9];
		end = at + (uint32_t)(bytes[at + 2] << 8 | bytes[at + 3]);
		at += (bytes[at] & 15) * 4u;
	} else if (type == 0x86dd && len >= at + 40) {
		proto = bytes[at + 6];
		end = at + 40 + (uint32_t)(bytes[at + 4] << 8 | bytes[at + 5]);
		at += 40;
	} else {
		return 0;
	}
	if (end > len)
		end = len;
	if (proto == 6 && end >= at + 20)
		header = (bytes[at + 12] >> 4) * 4u;
	else if (proto == 17)
		header = 8;
	else
		return 0;
	if (end <= at + header)
		return 0;
	*payload = bytes + at + header;
	return end - at - header;
}

static void on_scan(uint8_t *context, const struct pcap_pkthdr *h, const uint8_t *bytes)
{
	struct floor *f = (struct floor *)context;
	const uint8_t *payload;
	uint32_t len = find_payload(bytes, h->caplen, &payload);

	f->packets++;
	f->bytes += h->len;
	if (!len)
		return;
	f->payloads++;
	if (hs_scan(f->database, (const char *)payload, len, 0, f->scratch, on_match, f))
		f->failed = 1;
}

/* Seconds from the first packet to the last; negative and a sentence on stderr on failure. */
static double run_once(struct floor *f)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_open_offline(f->path, error);
	struct timespec from, to;
	int rc;

	if (!p) {
		fprintf(stderr, "bench-floor: %s\n", error);
		return -1;
	}
	f->packets = f->bytes = f->payloads = f->matches = 0;
	clock_gettime(CLOCK_MONOTONIC, &from);
	rc = pcap_loop(p, -1, f->database ? on_scan : on_nothing, (uint8_t *)f);
	clock_gettime(CLOCK_MONOTONIC, &to);
	if (rc)
		fprintf(stderr, "bench-floor: %s: %s\n", f->path, pcap_geterr(p));
	if (f->failed)
		fprintf(stderr, "bench-floor: hs_scan failed\n");
	pcap_close(p);
	if (rc || f->failed || !f->packets)
		return -1;
	return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int measure(struct floor *f, const char *mode, int runs)
{
	double seconds[RUNS_MAX], median, packets;

	for (int i = 0; i < runs; i++) {
		seconds[i] = run_once(f);
		if (seconds[i] < 0)
			return -1;
	}
	qsort(seconds, (size_t)runs, sizeof *seconds, compare);
	median = (seconds[(runs - 1) / 2] + seconds[runs / 2]) / 2;
	packets = (double)f->packets;
	printf("{\"mode\": \"%s\", \"packets\": %llu, \"bytes\": %llu, \"payloads\": %llu, "
	       "\"matches\": %llu, \"runs\": %d, \"best_seconds\": %.6f, \"seconds\": %.6f, "
	       "\"ns_per_packet\": %.1f, \"mpps\": %.3f, \"gbit_per_s\": %.3f}\n",
	       mode, (unsigned long long)f->packets, (unsigned long long)f->bytes,
	       (unsigned long long)f->payloads, (unsigned long long)f->matches, runs, seconds[0],
	       median, median * 1e9 / packets, packets / median / 1e6,
	       (double)f->bytes * 8 / median / 1e9);
	return 0;
}

/* One hex line becomes an escaped literal. hs_compile_lit_multi has a defect in 5.4.0 that can make
 * a scan fail, so literals are compiled as expressions. */
static char *escape(const char *hex)
{
	size_t digits = strspn(hex, "0123456789abcdefABCDEF");
	char *out;

	if (!digits || digits % 2 || hex[digits])
		return NULL;
	out = malloc(digits * 2 + 1);
	for (size_t i = 0; out && i < digits / 2; i++)
		snprintf(out + i * 4, 5, "\\x%.2s", hex + i * 2);
	return out;
}

struct literals {
	char *text[LITERALS_MAX];
	unsigned ids[LITERALS_MAX], flags[LITERALS_MAX], n;
};

static int read_literals(struct literals *l, const char *path)
{
	char line[2 * LITERAL_MAX + 2];
	FILE *file = fopen(path, "r");

	if (!file) {
		fprintf(stderr, "bench-floor: %s: %s\n", path, strerror(errno));
		return -1;
	}
	while (l->n < LITERALS_MAX && fgets(line, sizeof line, file)) {
		line[strcspn(line, "\n")] = 0;
		l->text[l->n] = escape(line);
		if (!l->text[l->n])
			break;
		l->ids[l->n] = l->n;
		l->flags[l->n] = HS_FLAG_DOTALL;
		l->n++;
	}
	if (!feof(file) || !l->n) {
		fprintf(stderr, "bench-floor: %s:%u: a literal in hex is needed\n", path, l->n + 1);
		fclose(file);
		return -1;
	}
	fclose(file);
	return 0;
}

static int compile(struct floor *f, const char *path)
{
	struct literals *l = calloc(1, sizeof *l);
	hs_compile_error_t *error = NULL;
	int rc;

	if (!l)
		return -1;
	rc = read_literals(l, path);
	if (!rc && hs_compile_multi((const char *const *)l->text, l->flags, l->ids, l->n,
				    HS_MODE_BLOCK, NULL, &f->database, &error)) {
		fprintf(stderr, "bench-floor: %s: %s\n", path, error->message);
		hs_free_compile_error(error);
		rc = -1;
	}
	if (!rc && hs_alloc_scratch(f->database, &f->scratch))
		rc = -1;
	for (unsigned i = 0; i < l->n; i++)
		free(l->text[i]);
	free(l);
	return rc;
}

int main(int argc, char **argv)
{
	struct floor f = { .path = NULL };
	bool skip_plain = false;
	int runs = 1, c, rc = 0;

	while ((c = getopt(argc, argv, "n:s")) != -1) {
		if (c == 'n')
			runs = atoi(optarg);
		else if (c == 's')
			skip_plain = true;
		else
			optind = argc;
	}
	if (argc - optind < 1 || argc - optind > 2 || runs < 1 || runs > RUNS_MAX) {
		fprintf(stderr, "usage: bench-floor [-n RUNS] [-s] CAPTURE [LITERALS]\n"
				"  -n RUNS  1 to 99; seconds are the median (1)\n"
				"  -s       only the scan, not libpcap alone\n");
		return 2;
	}
	f.path = argv[optind];
	if (!skip_plain)
		rc = measure(&f, "libpcap", runs);
	if (!rc && optind + 1 < argc) {
		rc = compile(&f, argv[optind + 1]);
		if (!rc)
			rc = measure(&f, "hs_scan", runs);
	}
	hs_free_scratch(f.scratch);
	hs_free_database(f.database);
	return rc ? 1 : 0;
}
