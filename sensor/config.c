/* The one table of the sensor's options, and what goes with what. */
#include <ctype.h>
#include <selat/spare.h>
#include <selat/text.h>
#include <selat/time.h>
#include <sensor/config.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const dumps[] = { "packets", "flows", "fields", NULL };
static const char *const urgent_ways[] = { "oob", "inline", NULL };
static const char *const encrypted[] = { "skip", "skip-all", "scan", NULL };

#define AT(member) offsetof(struct sl_sensor_config, member)

static const struct sl_option table[] = {
	{ "capture", "interfaces", 'i', "interface", SL_OPT_LIST, true, AT(interfaces), "IF", 0, 0, NULL, NULL,
	  "capture live from these interfaces" },
	{ NULL, NULL, 'r', "read", SL_OPT_LIST, true, AT(read), "FILE-OR-FOLDER", 0, 0, NULL, NULL,
	  "read captures (pcap, pcapng) from files and folders; - is standard input" },
	{ "sensor", "ruleset", 'R', "ruleset", SL_OPT_TEXT, false, AT(ruleset), "FILE", 0, 0, NULL, NULL,
	  "what to look for, as `selat-rules compile` wrote it" },
	{ "sensor", "force", 0, "force", SL_OPT_FLAG, false, AT(force), NULL, 0, 0, NULL, "false",
	  "while running, take a new ruleset also if it has less than half of the indicators of the one before" },
	{ "capture", "workers", 'w', "workers", SL_OPT_U64, false, AT(workers), "N", 1, 64, NULL, "1",
	  "threads that inspect: for all files together, or for each interface" },
	{ NULL, NULL, 'o', "output", SL_OPT_TEXT, false, AT(output), "FILE", 0, 0, NULL, NULL,
	  "write alerts to FILE as JSON Lines instead of publishing them; - is standard output" },
	{ NULL, NULL, 0, "dump", SL_OPT_TEXT, false, AT(dump), "WHAT", 0, 0, dumps, NULL,
	  "print what the sensor sees as JSON Lines: packets, flows or fields; needs no ruleset" },
	{ NULL, NULL, 0, "stats", SL_OPT_TEXT, false, AT(stats), "FILE", 0, 0, NULL, NULL,
	  "write the counters to FILE as JSON, at the end or, live, every second; - is standard error" },
	{ NULL, NULL, 0, "at", SL_OPT_TEXT, false, AT(at), "TIME", 0, 0, NULL, NULL,
	  "judge indicators' validity by this time (RFC 3339); else live by packets, for files by the clock" },
	{ NULL, NULL, 0, "pace", SL_OPT_TEXT, false, AT(pace_text), "X", 0, 0, NULL, NULL,
	  "read files at X times the pace they were captured at; 1.0 is their own" },
	{ NULL, NULL, 0, "follow", SL_OPT_FLAG, false, AT(follow), NULL, 0, 0, NULL, NULL,
	  "wait for more at the end of the last file, which another program writes" },
	{ NULL, NULL, 0, "no-checksums", SL_OPT_FLAG, false, AT(no_checksums), NULL, 0, 0, NULL, NULL,
	  "take packets with wrong checksums too" },
	{ NULL, NULL, 0, "list-fields", SL_OPT_FLAG, false, AT(list_fields), NULL, 0, 0, NULL, NULL,
	  "print the fields that conditions can look at, and exit" },
	{ NULL, NULL, 0, "json", SL_OPT_FLAG, false, AT(json), NULL, 0, 0, NULL, NULL,
	  "with --list-fields: as JSON" },
	{ NULL, NULL, 0, "check-config", SL_OPT_FLAG, false, AT(check_config), NULL, 0, 0, NULL, NULL,
	  "check the configuration and the ruleset, and exit; needs no privileges" },
	{ "capture", "promiscuous", 0, NULL, SL_OPT_FLAG, false, AT(promiscuous), NULL, 0, 0, NULL, "true",
	  "take packets for other machines too" },
	{ "capture", "filter", 0, NULL, SL_OPT_TEXT, false, AT(filter), "EXPRESSION", 0, 0, NULL, NULL,
	  "take only packets that this expression holds for (pcap-filter(7))" },
	{ "capture", "duplicates", 0, NULL, SL_OPT_FLAG, false, AT(duplicates), NULL, 0, 0, NULL, "true",
	  "live: recognise packets that a two-way mirror brings twice, and take them once" },
	{ "capture", "cpus", 0, NULL, SL_OPT_LIST, false, AT(cpus), "N", 0, 0, NULL, NULL,
	  "processors that workers are bound to, in turn" },
	{ "capture", "ring_mib", 0, NULL, SL_OPT_U64, false, AT(ring_bytes), "MiB", 1, 2047, NULL, "64",
	  "each worker's buffer in the kernel" },
	{ "flow", "max", 0, NULL, SL_OPT_U64, false, AT(flow_max), "N", 1024, 100000000, NULL, "1000000",
	  "flows followed at a time, over all workers; beyond, the oldest end early" },
	{ "flow", "vlan", 0, NULL, SL_OPT_FLAG, false, AT(flow_vlan), NULL, 0, 0, NULL, "false",
	  "the same addresses and ports in two VLANs are two flows" },
	{ "flow", "carriers", 0, NULL, SL_OPT_FLAG, false, AT(flow_carriers), NULL, 0, 0, NULL, "true",
	  "look at UDP datagrams that carry tunnels too, but for VXLAN, Geneve and Teredo on their ports" },
	{ "flow", "encrypted", 0, NULL, SL_OPT_TEXT, false, AT(encrypted), "WHAT", 0, 0, encrypted, "skip",
	  "what TLS and SSH carry after the handshake, where payload is looked for: leave it out if both ends "
	  "were seen to agree, leave it out in any case, or scan it" },
	{ "flow", "community_seed", 0, NULL, SL_OPT_U64, false, AT(community_seed), "N", 0, 65535, NULL, "0",
	  "the seed of community-id, the same wherever ids are compared" },
	{ "flow", "timeout_closed", 0, NULL, SL_OPT_U64, false, AT(idle_closed), "SECONDS", 1, 1000000, NULL, "30",
	  "a closed TCP flow ends after so long without a packet" },
	{ "flow", "timeout_new", 0, NULL, SL_OPT_U64, false, AT(idle_new), "SECONDS", 1, 1000000, NULL, "60",
	  "the same, neither TCP nor answered" },
	{ "flow", "timeout_established", 0, NULL, SL_OPT_U64, false, AT(idle_established), "SECONDS", 1, 1000000, NULL, "300",
	  "the same, not TCP, answered" },
	{ "flow", "timeout_tcp_new", 0, NULL, SL_OPT_U64, false, AT(idle_tcp_new), "SECONDS", 1, 1000000, NULL, "120",
	  "the same, TCP, one direction seen" },
	{ "flow", "timeout_tcp", 0, NULL, SL_OPT_U64, false, AT(idle_tcp), "SECONDS", 1, 1000000, NULL, "3600",
	  "the same, TCP, both directions seen" },
	{ "flow", "depth", 0, NULL, SL_OPT_TEXT, false, AT(depth_text), "BYTES", 0, 0, NULL, NULL,
	  "bytes a direction that are inspected, 0 is all; live 1 MiB if not given, for files all" },
	{ "flow", "urgent", 0, NULL, SL_OPT_TEXT, false, AT(urgent), "HOW", 0, 0, urgent_ways, "oob",
	  "an urgent byte of TCP: taken out of the stream (oob) or left in it (inline)" },
	{ "flow", "fragments", 0, NULL, SL_OPT_BYTES, false, AT(fragment_bytes), "BYTES", 1 << 20,
	  (uint64_t)1 << 37, NULL, "32 MiB", "IP fragments kept until their datagram is whole, over all workers" },
	{ "flow", "reassembly", 0, NULL, SL_OPT_BYTES, false, AT(reassembly_bytes), "BYTES", 1 << 20,
	  (uint64_t)1 << 37, NULL, "128 MiB", "TCP segments kept until a hole is filled, over all workers" },
	{ "flow", "gather", 0, NULL, SL_OPT_BYTES, false, AT(gather_bytes), "BYTES", 1 << 20,
	  (uint64_t)1 << 37, NULL, "128 MiB", "messages kept until they are whole, over all workers" },
	{ "flow", "inspect", 0, NULL, SL_OPT_BYTES, false, AT(inspect_bytes), "BYTES", 1 << 20,
	  (uint64_t)1 << 37, NULL, "256 MiB",
	  "what parsers keep of a flow, and bodies being unpacked or hashed, over all workers" },
	{ "flow", "streams", 0, NULL, SL_OPT_BYTES, false, AT(stream_bytes), "BYTES", 1 << 20,
	  (uint64_t)1 << 40, NULL, "512 MiB",
	  "Hyperscan's streams, for rulesets with expressions on payload, over all workers" },
	{ "sensor", "id", 0, NULL, SL_OPT_TEXT, false, AT(id), "NAME", 0, 0, NULL, NULL,
	  "this sensor's name in alerts; else the host's name" },
	{ "sensor", "country", 0, NULL, SL_OPT_TEXT, false, AT(country), "CC", 0, 0, NULL, "ZZ",
	  "the country it stands in (ISO 3166-1, two letters); ZZ is none" },
	{ "allow", NULL, 0, NULL, SL_OPT_TEXT, false, AT(allow), "FILE", 0, 0, NULL, NULL,
	  "this site's own exceptions: addresses, networks, domains and indicators that make no alerts" },
	{ "alerts", "window", 0, NULL, SL_OPT_TEXT, false, AT(window_text), "SECONDS", 0, 0, NULL, NULL,
	  "repeats of an alert within so long are one summary, 0 is off; live and published 60 if not given, "
	  "else off" },
	{ "alerts", "windows", 0, NULL, SL_OPT_U64, false, AT(windows), "N", 16, 100000, NULL, "16384",
	  "such windows open at a time; beyond, the oldest ends early" },
	{ "alerts", "rate", 0, NULL, SL_OPT_TEXT, false, AT(rate_text), "N", 0, 0, NULL, NULL,
	  "alerts a second that one indicator may make, 0 is no limit; live and published 5000 if not given, "
	  "else no limit" },
	{ "alerts", "thresholds", 0, NULL, SL_OPT_U64, false, AT(thresholds), "N", 16, 100000000, NULL, "65536",
	  "what indicators with thresholds are counted by, at a time; beyond, the oldest count goes" },
	{ "journal", "directory", 0, NULL, SL_OPT_TEXT, false, AT(journal), "FOLDER", 0, 0, NULL,
	  "/var/lib/selat", "where alerts wait on disk until Kafka has them" },
	{ "journal", "max", 0, NULL, SL_OPT_BYTES, false, AT(journal_max), "BYTES", 1 << 20,
	  (uint64_t)1 << 44, NULL, "10 GiB", "the journal's greatest size" },
	{ "kafka", NULL, 0, NULL, SL_OPT_MAP, false, AT(kafka), NULL, 0, 0, NULL, NULL,
	  "settings for librdkafka, as it names them; bootstrap.servers: embedded starts a broker inside" },
	{ "routes", NULL, 0, NULL, SL_OPT_MAP, false, AT(routes), NULL, 0, 0, NULL, NULL,
	  "NAME: { topic: TOPIC, tlp: LABEL }: where alerts go, and the highest TLP label that may" },
};

static const struct sl_options options = {
	.program = "selat-sensor",
	.synopsis = "[OPTION…] -i IF… | -r FILE-OR-FOLDER…",
	.about = "Matches live traffic or captures against a ruleset and publishes alerts.",
	.table = table,
	.n = sizeof table / sizeof *table,
	.epilog = "Examples:\n"
		  "  selat-sensor -r traffic.pcap -R base -o -        alerts of a capture on standard output\n"
		  "  selat-sensor -r captures/ --dump fields          what a folder of captures holds\n"
		  "  selat-sensor -c /etc/selat/sensor.yaml           live, as the configuration says\n"
		  "\n"
		  "The embedded broker keeps 5 MiB a topic in memory and is gone when the sensor ends.\n"
		  "SIGUSR1 prints the counters, SIGHUP reopens the outputs and reads the\n"
		  "ruleset and the exceptions again if they changed, SIGTERM drains and ends.\n"
		  "Exit status: 0 fine; 1 failed; 2 wrong usage or configuration; 3 done, but part of the\n"
		  "input was unreadable.",
};

static int wrong(struct sl_err *err, const char *text)
{
	return sl_fail(err, SL_EUSAGE, "%s; see selat-sensor --help", text);
}

static int derive(struct sl_sensor_config *c, struct sl_err *err)
{
	c->live = c->interfaces.n > 0 && c->read.n == 0; /* --read wins over configured interfaces */
	c->ring_bytes <<= 20;
	c->scan_encrypted = strcmp(c->encrypted, "scan") == 0;
	c->skip_alone = strcmp(c->encrypted, "skip-all") == 0;
	c->depth = c->live ? 1 << 20 : 0;
	if (c->depth_text && !sl_bytes_parse(c->depth_text, &c->depth))
		return sl_fail(err, SL_EUSAGE, "flow.depth: \"%s\" is no size (1 MiB, 64 KiB, 0)", c->depth_text);
	if (!c->id) {
		char name[256] = "sensor";
		gethostname(name, sizeof name - 1);
		c->id = strdup(name);
		if (!c->id)
			return sl_fail(err, SL_ENOMEM, "out of memory");
	}
	struct sl_err why = { "" };
	if (c->at && sl_time_parse(c->at, &c->at_time, &why) != SL_OK)
		return sl_fail(err, SL_EUSAGE, "--at: %s", why.text);
	if (c->at)
		return SL_OK;
	if (!c->live)
		c->at_time = sl_time_now();
	return SL_OK;
}

/* A whole number up to `most`, or `initial` if there is no text. */
static int read_number(const char *text, const char *key, uint64_t initial, uint64_t most, uint64_t *out,
		       struct sl_err *err)
{
	char *end = NULL;
	*out = initial;
	if (!text)
		return SL_OK;
	*out = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end || strlen(text) > 18 || *out > most)
		return sl_fail(err, SL_EUSAGE, "%s: \"%s\" is no number from 0 to %llu", key, text,
			       (unsigned long long)most);
	return SL_OK;
}

/* What is published live is bounded; what is written to a file is all of it. */
static int derive_alerts(struct sl_sensor_config *c, struct sl_err *err)
{
	bool bounded = c->live && !c->output;
	int rc = read_number(c->window_text, "alerts.window", bounded ? 60 : 0, 86400, &c->window_s, err);
	if (rc == SL_OK)
		rc = read_number(c->rate_text, "alerts.rate", bounded ? 5000 : 0, 1000000, &c->rate, err);
	return rc;
}

static int read_pace(struct sl_sensor_config *c, struct sl_err *err)
{
	char *end = NULL;
	if (!c->pace_text)
		return SL_OK;
	c->pace = strtod(c->pace_text, &end);
	if (end == c->pace_text || *end || !(c->pace >= 0.001 && c->pace <= 1e6))
		return sl_fail(err, SL_EUSAGE, "--pace: \"%s\" is no number from 0.001 to 1000000",
			       c->pace_text);
	return SL_OK;
}

/* What is written is nothing that is read. */
static int outputs_check(const struct sl_sensor_config *c, struct sl_err *err)
{
	const char *const written[] = { c->output, c->stats };
	int rc = SL_OK;
	for (size_t i = 0; i < sizeof written / sizeof written[0] && rc == SL_OK; i++) {
		rc = sl_spare_all(written[i], c->read.item, c->read.n, err);
		if (rc == SL_OK)
			rc = sl_spare(written[i], c->ruleset, err);
	}
	return rc;
}

static int check(const struct sl_sensor_config *c, struct sl_err *err)
{
	for (size_t i = 0; i < c->cpus.n; i++)
		if (!c->cpus.item[i][0] || strspn(c->cpus.item[i], "0123456789") != strlen(c->cpus.item[i]))
			return sl_fail(err, SL_EUSAGE, "capture.cpus: \"%s\" is no processor's number",
				       c->cpus.item[i]);
	if (strlen(c->country) != 2 || !isupper((unsigned char)c->country[0]) ||
	    !isupper((unsigned char)c->country[1]))
		return sl_fail(err, SL_EUSAGE, "sensor.country: \"%s\" is no code of two capital letters",
			       c->country);
	if (!*c->id || strlen(c->id) > 128 || strpbrk(c->id, "/ \t\n"))
		return sl_fail(err, SL_EUSAGE,
			       "sensor.id: must be 1 to 128 characters without spaces and slashes");
	for (size_t i = 0; i < c->interfaces.n; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(c->interfaces.item[i], c->interfaces.item[k]) == 0)
				return sl_fail(err, SL_EUSAGE, "interface %s is named twice",
					       c->interfaces.item[i]);
	if (c->live && c->flow_max / (c->workers * c->interfaces.n) < 1024)
		return wrong(err, "flow.max is too small for so many workers: at least 1024 each");
	if (c->dump && c->output)
		return wrong(err, "--dump and --output exclude each other");
	if (c->check_config)
		return SL_OK;
	if (!c->live && !c->read.n)
		return wrong(err, "nothing to read: name captures with --read or interfaces with --interface");
	if (!c->dump && !c->ruleset)
		return wrong(err, "no ruleset: name one with --ruleset, or look with --dump");
	if (!c->dump && !c->output && !c->kafka.n)
		return wrong(err, "alerts have nowhere to go: write them with --output, or configure kafka");
	return outputs_check(c, err);
}

int sl_sensor_config_read(struct sl_sensor_config *c, int argc, char **argv, struct sl_err *err)
{
	int rc = sl_options_read(&options, NULL, argc, argv, c, NULL, err);
	if (rc != SL_OPTIONS_GO || c->list_fields)
		return rc;
	rc = read_pace(c, err);
	if (rc == SL_OK)
		rc = derive(c, err);
	if (rc == SL_OK)
		rc = derive_alerts(c, err);
	return rc == SL_OK ? check(c, err) : rc;
}

void sl_sensor_config_free(struct sl_sensor_config *c)
{
	sl_options_free(&options, c);
}

void sl_sensor_config_man(void)
{
	sl_options_print_man(&options);
}
