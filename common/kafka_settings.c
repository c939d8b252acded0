/* Settings for librdkafka: this project's defaults under the operator's `kafka:` section.
 *
 * Invariants: a setting librdkafka does not know is an error with its place; the operator's value
 * always wins over a default; librdkafka never writes to stderr itself. Threads: no state here;
 * log_line is called from librdkafka's threads. */
#include "common/kafka_settings.h"

#include <selat/log.h>
#include <selat/text.h>
#include <stdio.h>
#include <stdlib.h>

struct setting {
	const char *key, *value;
};

static const struct setting for_all[] = {
	{ "client.id", "selat" },
	{ "log.connection.close", "false" },
	{ "socket.keepalive.enable", "true" },
	{ "reconnect.backoff.max.ms", "2000" },
};

static const struct setting for_producer[] = {
	{ "enable.idempotence", "true" },
	{ "compression.type", "zstd" },
	{ "partitioner", "murmur2_random" }, /* as Java clients place keys */
	{ "message.timeout.ms", "0" },       /* the journal behind tries for ever; so does this */
};

static const struct setting for_consumer[] = {
	{ "enable.auto.commit", "false" },
	{ "auto.offset.reset",
	  "earliest" }, /* what was deleted while we read: go on at the oldest */
	{ "fetch.error.backoff.ms", "100" },
};

static bool names_servers(const char *key)
{
	return strcmp(key, "bootstrap.servers") == 0 || strcmp(key, "metadata.broker.list") == 0;
}

static const char *configured_servers(const struct sl_map *settings)
{
	const char *found = NULL;
	for (size_t i = 0; settings && i < settings->n; i++)
		if (names_servers(settings->pair[i].key))
			found = settings->pair[i].value;
	return found && *found ? found : NULL;
}

bool sl_kafka_embedded(const struct sl_map *settings, bool absent_too)
{
	const char *servers = configured_servers(settings);
	return servers ? strcmp(servers, "embedded") == 0 : absent_too;
}

const char *sl_kafka_version(void)
{
	return rd_kafka_version_str();
}

static void log_line(const rd_kafka_t *rk, int level, const char *facility, const char *line)
{
	(void)rk;
	(void)level; /* what matters comes back as an error, once; this is for looking closer */
	sl_log(SL_DEBUG, "kafka", "%s: %s", facility, line);
}

static int set_defaults(rd_kafka_conf_t *conf, const struct setting *table, size_t n,
			struct sl_err *err)
{
	char reason[512];
	for (size_t i = 0; i < n; i++)
		if (rd_kafka_conf_set(conf, table[i].key, table[i].value, reason, sizeof reason) !=
		    RD_KAFKA_CONF_OK)
			return sl_fail(err, SL_EFAIL, "librdkafka %s: default %s=%s: %s",
				       rd_kafka_version_str(), table[i].key, table[i].value,
				       reason);
	return SL_OK;
}

static const char *place_of(const struct sl_pair *pair)
{
	return pair->place ? pair->place : "settings";
}

/* conf_dump lists names and values in turn; the names alone are what a typo is compared with. */
static int fail_unknown(const struct sl_pair *pair, rd_kafka_conf_t *conf, struct sl_err *err)
{
	size_t n = 0, names_n = 0;
	const char **dump = rd_kafka_conf_dump(conf, &n);
	const char **names = (const char **)calloc(n / 2 + 1, sizeof *names);
	for (size_t i = 0; names && i + 1 < n; i += 2)
		names[names_n++] = dump[i];
	const char *near = names ? sl_text_nearest(pair->key, names) : NULL;
	int rc = sl_fail(err, SL_EUSAGE, "%s: kafka.%s: librdkafka %s has no such setting%s%s%s",
			 place_of(pair), pair->key, rd_kafka_version_str(),
			 near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	free(names);
	rd_kafka_conf_dump_free(dump, n);
	return rc;
}

static int set_pair(rd_kafka_conf_t *conf, const struct sl_pair *pair, const char *value,
		    struct sl_err *err)
{
	char reason[512];
	rd_kafka_conf_res_t res = rd_kafka_conf_set(conf, pair->key, value, reason, sizeof reason);
	if (res == RD_KAFKA_CONF_UNKNOWN)
		return fail_unknown(pair, conf, err);
	if (res != RD_KAFKA_CONF_OK)
		return sl_fail(err, SL_EUSAGE, "%s: kafka.%s: %s", place_of(pair), pair->key,
			       reason);
	return SL_OK;
}

/* True if pair[i] goes on with the sequence that pair[i - 1] is of: the same key, and no later
 * `--set` that replaces it. */
static bool goes_on(const struct sl_map *settings, size_t i)
{
	return i < settings->n && strcmp(settings->pair[i].key, settings->pair[i - 1].key) == 0 &&
	       strncmp(place_of(&settings->pair[i]), "--", 2) != 0;
}

/* The values of a sequence, with commas between them, as librdkafka takes lists. */
static char *join_run(const struct sl_map *settings, size_t first, size_t *next)
{
	size_t room = strlen(settings->pair[first].value) + 1, end = first + 1;
	for (; goes_on(settings, end); end++)
		room += strlen(settings->pair[end].value) + 1;
	*next = end;
	char *joined = malloc(room), *at = joined;
	for (size_t i = first; joined && i < end; i++)
		at += sprintf(at, "%s%s", i > first ? "," : "", settings->pair[i].value);
	return joined;
}

static int set_settings(rd_kafka_conf_t *conf, const struct sl_map *settings, struct sl_err *err)
{
	for (size_t i = 0, next; settings && i < settings->n; i = next) {
		char *value = join_run(settings, i, &next);
		if (!value)
			return sl_fail(err, SL_ENOMEM, "kafka: out of memory");
		int rc = SL_OK;
		if (!names_servers(settings->pair[i].key))
			rc = set_pair(conf, &settings->pair[i], value, err);
		free(value);
		if (rc)
			return rc;
	}
	return SL_OK;
}

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static int set_all(rd_kafka_conf_t *conf, const struct sl_map *settings, const char *servers,
		   enum sl_kafka_role role, struct sl_err *err)
{
	const struct setting where = { "bootstrap.servers", servers };
	rd_kafka_conf_set_log_cb(conf, log_line);
	int rc = set_defaults(conf, for_all, COUNT(for_all), err);
	if (!rc && role == SL_KAFKA_PRODUCER)
		rc = set_defaults(conf, for_producer, COUNT(for_producer), err);
	if (!rc && role == SL_KAFKA_CONSUMER)
		rc = set_defaults(conf, for_consumer, COUNT(for_consumer), err);
	if (!rc)
		rc = set_settings(conf, settings, err);
	if (!rc && *servers)
		rc = set_defaults(conf, &where, 1, err);
	return rc;
}

int sl_kafka_conf(rd_kafka_conf_t **out, const struct sl_map *settings, const char *servers,
		  enum sl_kafka_role role, struct sl_err *err)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	int rc = set_all(conf, settings, servers, role, err);
	if (rc) {
		rd_kafka_conf_destroy(conf);
		return rc;
	}
	*out = conf;
	return SL_OK;
}

int sl_kafka_servers(char **out, const struct sl_map *settings, const char *servers,
		     struct sl_err *err)
{
	char found[128];
	*out = NULL;
	if (!servers && sl_kafka_embedded(settings, true)) {
		int rc = sl_broker_find(found, sizeof found, err);
		if (rc)
			return rc;
		servers = found;
	}
	for (size_t i = 0, next; !servers && i < settings->n; i = next) {
		char *value = join_run(settings, i, &next);
		if (!value)
			break;
		if (!names_servers(settings->pair[i].key)) {
			free(value);
			continue;
		}
		free(*out); /* a later one replaces an earlier one */
		*out = value;
	}
	if (servers)
		*out = strdup(servers);
	return *out ? SL_OK : sl_fail(err, SL_ENOMEM, "kafka: out of memory");
}

int sl_kafka_open(rd_kafka_t **out, rd_kafka_conf_t *conf, enum sl_kafka_role role,
		  struct sl_err *err)
{
	char reason[512] = "";
	*out = rd_kafka_new(role == SL_KAFKA_PRODUCER ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER, conf,
			    reason, sizeof reason);
	if (*out)
		return SL_OK;
	rd_kafka_conf_destroy(conf);
	return sl_fail(err, SL_EUSAGE, "kafka: librdkafka refuses these settings: %s", reason);
}

void sl_kafka_trouble_note(struct sl_kafka_trouble *t, rd_kafka_t *rk, int code, const char *reason)
{
	char fatal[sizeof t->cause] = "";
	if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
		snprintf(t->text, sizeof t->text, "%s%s%s", reason, *t->cause ? ": " : "",
			 t->cause);
	} else {
		if (code == RD_KAFKA_RESP_ERR__FATAL) {
			t->fatal = true;
			rd_kafka_fatal_error(rk, fatal, sizeof fatal);
		}
		snprintf(t->cause, sizeof t->cause, "%s", *fatal ? fatal : reason);
		snprintf(t->text, sizeof t->text, "%s", t->cause);
	}
	t->on = true;
}

/* Settings that contradict each other and files of keys that cannot be read only come to light when
 * a client is made; without servers it connects to nothing. */
int sl_kafka_check(const struct sl_map *settings, struct sl_err *err)
{
	static const enum sl_kafka_role roles[] = { SL_KAFKA_PRODUCER, SL_KAFKA_CONSUMER };
	for (size_t i = 0; i < COUNT(roles); i++) {
		rd_kafka_conf_t *conf;
		rd_kafka_t *rk;
		int rc = sl_kafka_conf(&conf, settings, "", roles[i], err);
		if (!rc)
			rc = sl_kafka_open(&rk, conf, roles[i], err);
		if (rc)
			return rc;
		rd_kafka_destroy(rk);
	}
	return SL_OK;
}
