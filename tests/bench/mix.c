/* bench-mix: makes a capture of many interleaved conversations, and packs of indicators of which a
 * known few occur in it. The same options give the same bytes. */
#include "talk.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct options {
	uint64_t seed, packets;
	uint32_t conversations, mean, plant_ppm, late_ppm;
	uint32_t weight[TALK_KINDS];
	const char *output, *rules;
};

static const char usage[] =
	"usage: bench-mix -o FILE [options]\n"
	"  -o, --output FILE       the capture (classic pcap)\n"
	"  -n, --packets N         how many packets (1000000)\n"
	"  -c, --conversations N   how many at a time (4000)\n"
	"  -m, --mean BYTES        mean size of a frame, 100 to 800 (500)\n"
	"  -l, --late N            of a million segments, how many come out of order (20000)\n"
	"  -k, --kinds D:U:H:T:B:M  of a hundred conversations, how many are DNS, datagrams, HTTP, "
	"TLS,\n"
	"                          other streams and mails (50:12:15:16:7:0)\n"
	"  -s, --seed N            another seed is another capture (1)\n"
	"  -r, --rules DIR         also write packs, patterns.hex and planted.tsv there\n"
	"  -p, --plant N           of a million conversations, how many carry an indicator (5000;\n"
	"                          0 without --rules)\n";

/* A whole number within bounds, or the end of the program. */
static uint64_t number(const char *name, const char *text, uint64_t low, uint64_t high)
{
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno || *end || end == text || *text == '-' || n < low || n > high) {
		fprintf(stderr, "bench-mix: --%s %s: a number from %llu to %llu is needed\n", name,
			text, (unsigned long long)low, (unsigned long long)high);
		exit(2);
	}
	return n;
}

static void read_kinds(struct options *o, const char *text)
{
	uint32_t *w = o->weight, sum = 0;
	int used = 0;

	int n = sscanf(text,
		       "%3" SCNu32 ":%3" SCNu32 ":%3" SCNu32 ":%3" SCNu32 ":%3" SCNu32 ":%3" SCNu32 "%n",
		       &w[0], &w[1], &w[2], &w[3], &w[4], &w[5], &used);
	for (unsigned i = 0; i < TALK_KINDS; i++)
		sum += w[i];
	if (n != TALK_KINDS || text[used] || sum != 100) {
		fprintf(stderr, "bench-mix: --kinds %s: six numbers that add up to 100 are needed\n",
			text);
		exit(2);
	}
}

/* Says how it is used, and ends. */
static void usage_end(FILE *out, int status)
{
	fputs(usage, out);
	exit(status);
}

static void read_option(struct options *o, int c)
{
	switch (c) {
	case 'o':
		o->output = optarg;
		break;
	case 'n':
		o->packets = number("packets", optarg, 1, 1000000000);
		break;
	case 'c':
		o->conversations = (uint32_t)number("conversations", optarg, 1, 2000000);
		break;
	case 'm':
		o->mean = (uint32_t)number("mean", optarg, 100, 800);
		break;
	case 's':
		o->seed = number("seed", optarg, 0, UINT64_MAX);
		break;
	case 'l':
		o->late_ppm = (uint32_t)number("late", optarg, 0, 900000);
		break;
	case 'k':
		read_kinds(o, optarg);
		break;
	case 'r':
		o->rules = optarg;
		break;
	case 'p':
		o->plant_ppm = (uint32_t)number("plant", optarg, 0, 1000000);
		break;
	case 'h':
		usage_end(stdout, 0);
		break;
	default:
		usage_end(stderr, 2);
	}
}

static void read_options(struct options *o, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "packets", required_argument, NULL, 'n' },
		{ "conversations", required_argument, NULL, 'c' },
		{ "mean", required_argument, NULL, 'm' },
		{ "seed", required_argument, NULL, 's' },
		{ "late", required_argument, NULL, 'l' },
		{ "kinds", required_argument, NULL, 'k' },
		{ "rules", required_argument, NULL, 'r' },
		{ "plant", required_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "o:n:c:m:s:l:k:r:p:h", longs, NULL)) != -1)
		read_option(o, c);
	if (!o->output || optind != argc)
		usage_end(stderr, 2);
}

static FILE *open_planted(const char *folder)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof path, "%s/planted.tsv", folder);
	f = fopen(path, "w");
	if (!f)
		fprintf(stderr, "bench-mix: %s: %s\n", path, strerror(errno));
	else
		fputs("indicator\tsrc\tsport\tdst\tdport\tproto\tplace\tpacket\n", f);
	return f;
}

/* Segments that are still owed at the end are sent too: no plant is left half on the wire. */
static void talk_all(struct mix *mix, struct talk *talks, const struct options *o)
{
	for (uint32_t i = 0; i < o->conversations; i++)
		talk_start(mix, &talks[i]);
	while (writer_packets(mix->out) + mix->pending_n < mix->limit) {
		struct talk *t = &talks[random_below(&mix->random, o->conversations)];

		if (!talk_step(mix, t))
			talk_start(mix, t);
	}
	for (uint32_t i = 0; i < o->conversations; i++)
		if (talks[i].pending)
			talk_step(mix, &talks[i]);
}

static int make(struct mix *mix, const struct options *o)
{
	struct talk *talks = calloc(o->conversations, sizeof *talks);
	int rc;

	if (!talks) {
		fprintf(stderr, "bench-mix: out of memory\n");
		return -1;
	}
	patterns_make(mix->patterns, o->seed);
	pools_make(mix->pools, o->seed);
	if (o->rules &&
	    (packs_write(o->rules, mix->patterns) || !(mix->planted = open_planted(o->rules)))) {
		free(talks);
		return -1;
	}
	mix->out = writer_open(o->output);
	if (!mix->out) {
		free(talks);
		return -1;
	}
	talk_all(mix, talks, o);
	free(talks);
	fprintf(stderr,
		"bench-mix: %llu packets, mean %.1f bytes, %llu conversations, %llu segments late, "
		"%llu again, %llu planted\n",
		(unsigned long long)writer_packets(mix->out),
		(double)writer_bytes(mix->out) / (double)writer_packets(mix->out),
		(unsigned long long)mix->started, (unsigned long long)mix->late,
		(unsigned long long)mix->again, (unsigned long long)mix->planted_n);
	rc = writer_close(mix->out);
	if (mix->planted && fclose(mix->planted)) {
		fprintf(stderr, "bench-mix: planted.tsv: could not be written\n");
		rc = -1;
	}
	return rc;
}

int main(int argc, char **argv)
{
	struct options o = {
		.seed = 1, .packets = 1000000, .conversations = 4000, .mean = 500, .plant_ppm = 5000,
		.late_ppm = 20000, .weight = { 50, 12, 15, 16, 7 }
	};
	struct mix *mix = calloc(1, sizeof *mix);
	int rc = -1;

	read_options(&o, argc, argv);
	if (mix) {
		mix->random.state = random_mix(o.seed);
		mix->time_us = 1767225600ULL * 1000000; /* 2026-01-01 */
		mix->mean = o.mean;
		mix->limit = o.packets;
		mix->late_ppm = o.late_ppm;
		memcpy(mix->weight, o.weight, sizeof mix->weight);
		mix->plant_ppm = o.rules ? o.plant_ppm : 0;
		mix->pools = malloc(sizeof *mix->pools);
		mix->patterns = malloc(sizeof *mix->patterns);
		if (mix->pools && mix->patterns)
			rc = make(mix, &o);
		free(mix->pools);
		free(mix->patterns);
	}
	free(mix);
	return rc ? 1 : 0;
}
