/* The consumer: reads every partition of one topic from a place chosen at start, without a group.
 *
 * Invariants: the place is fixed before sl_consumer_new returns, so what is published afterwards is
 * never missed; brokers that restart or move are waited for; only an embedded broker can go for
 * good, because its next life has another address. Threads: all calls from one thread. */
#include "common/kafka_settings.h"

#include <selat/log.h>
#include <selat/time.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	START_MS = 10000,
	EMBEDDED_START_MS =
		3000, /* it is on this machine: it answers at once, or its file is stale */
	EMBEDDED_GONE_MS = 5000, /* of silence */
	PROBE_EVERY_MS = 500,
	PROBE_MS = 200,
	SAY_EVERY_MS = 60000,
	REFRESH_EVERY_MS = 60000,
};

struct sl_consumer {
	rd_kafka_t *rk;
	rd_kafka_topic_t *topic;
	rd_kafka_queue_t *queue;     /* all partitions' */
	rd_kafka_message_t *message; /* the one last handed out */
	char *servers;
	bool embedded;
	int32_t partitions; /* 0 to here are being read */
	struct sl_kafka_trouble trouble;
	uint64_t down_since_ms; /* 0: brokers answer */
	uint64_t probe_at_ms, refresh_at_ms;
	struct sl_pace pace;
	bool said; /* that they are down */
};

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
	struct sl_consumer *c = opaque;
	sl_kafka_trouble_note(&c->trouble, rk, code, reason);
}

/* How many partitions the topic has; what is wrong with the brokers or the topic otherwise. */
static rd_kafka_resp_err_t ask_partitions(struct sl_consumer *c, int timeout_ms, int32_t *n)
{
	const struct rd_kafka_metadata *answer = NULL;
	rd_kafka_resp_err_t why = rd_kafka_metadata(c->rk, 0, c->topic, &answer, timeout_ms);
	if (why)
		return why;
	if (answer->topic_cnt == 1) {
		why = answer->topics[0].err;
		*n = answer->topics[0].partition_cnt;
	}
	if (answer->topic_cnt != 1 || (!why && *n < 1))
		why = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
	rd_kafka_metadata_destroy(answer);
	return why;
}

static bool is_silence(rd_kafka_resp_err_t why)
{
	return why == RD_KAFKA_RESP_ERR__TRANSPORT || why == RD_KAFKA_RESP_ERR__TIMED_OUT ||
	       why == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
}

static int fail_start(const struct sl_consumer *c, rd_kafka_resp_err_t why, struct sl_err *err)
{
	const char *text = rd_kafka_err2str(why);
	if (why == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
		return sl_fail(err, SL_EFAIL,
			       "topic %s at %s does not exist: create it, or start what publishes "
			       "to it first",
			       rd_kafka_topic_name(c->topic), c->servers);
	if (!is_silence(why))
		return sl_fail(err, SL_EFAIL, "topic %s at %s: %s", rd_kafka_topic_name(c->topic),
			       c->servers, text);
	return sl_fail(err, SL_EFAIL, "no Kafka broker answers at %s: %s%s", c->servers,
		       c->trouble.on ? c->trouble.text : text,
		       c->embedded ? "; the program that ran this embedded broker has ended" : "");
}

static int await_topic(struct sl_consumer *c, uint64_t deadline_ms, int32_t *n, struct sl_err *err)
{
	rd_kafka_resp_err_t why;
	while ((why = ask_partitions(c, PROBE_EVERY_MS, n)) != RD_KAFKA_RESP_ERR_NO_ERROR) {
		rd_kafka_poll(c->rk, 100);
		if (why == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
		    why == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION || sl_time_mono_ms() >= deadline_ms)
			return fail_start(c, why, err);
	}
	c->trouble.on = false;
	return SL_OK;
}

/* Asks for both ends rather than saying "the end": librdkafka would look that up later, and what is
 * published in between would be missed. */
static int begin_partition(struct sl_consumer *c, int32_t partition, enum sl_from from,
			   uint64_t deadline_ms, struct sl_err *err)
{
	int64_t low = 0, high = 0;
	const char *topic = rd_kafka_topic_name(c->topic);
	rd_kafka_resp_err_t why;
	while ((why = rd_kafka_query_watermark_offsets(c->rk, topic, partition, &low, &high,
						       PROBE_EVERY_MS)) !=
	       RD_KAFKA_RESP_ERR_NO_ERROR) {
		rd_kafka_poll(c->rk, 100);
		if (sl_time_mono_ms() >= deadline_ms)
			return fail_start(c, why, err);
	}
	if (rd_kafka_consume_start_queue(c->topic, partition, from == SL_FROM_END ? high : low,
					 c->queue) != 0)
		return fail_start(c, rd_kafka_last_error(), err);
	c->partitions = partition + 1;
	return SL_OK;
}

static bool is_embedded(const char *servers)
{
	char found[128];
	return sl_broker_find(found, sizeof found, NULL) == SL_OK && strcmp(found, servers) == 0;
}

/* The embedded broker answers a fetch only when its wait is over, whatever arrives meanwhile. */
static int hurry_embedded(rd_kafka_conf_t *conf, struct sl_err *err)
{
	char reason[256];
	if (rd_kafka_conf_set(conf, "fetch.wait.max.ms", "20", reason, sizeof reason))
		return sl_fail(err, SL_EFAIL, "kafka.fetch.wait.max.ms: %s", reason);
	return SL_OK;
}

static int open_client(struct sl_consumer *c, const struct sl_map *settings, const char *servers,
		       const char *topic, struct sl_err *err)
{
	rd_kafka_conf_t *conf = NULL;
	int rc = sl_kafka_servers(&c->servers, settings, servers, err);
	if (rc)
		return rc;
	c->embedded = is_embedded(c->servers);
	rc = sl_kafka_conf(&conf, settings, c->servers, SL_KAFKA_CONSUMER, err);
	if (rc)
		return rc;
	if (c->embedded && (rc = hurry_embedded(conf, err)) != SL_OK) {
		rd_kafka_conf_destroy(conf);
		return rc;
	}
	rd_kafka_conf_set_opaque(conf, c);
	rd_kafka_conf_set_error_cb(conf, on_error);
	rc = sl_kafka_open(&c->rk, conf, SL_KAFKA_CONSUMER, err);
	if (rc)
		return rc;
	c->topic = rd_kafka_topic_new(c->rk, topic, NULL);
	c->queue = rd_kafka_queue_new(c->rk);
	if (!c->topic || !c->queue)
		return sl_fail(err, SL_EUSAGE, "topic \"%s\": %s", topic,
			       rd_kafka_err2str(rd_kafka_last_error()));
	return SL_OK;
}

int sl_consumer_new(struct sl_consumer **out, const struct sl_map *settings, const char *servers,
		    const char *topic, enum sl_from from, struct sl_err *err)
{
	int32_t n = 0;
	struct sl_consumer *c = calloc(1, sizeof *c);
	if (!c)
		return sl_fail(err, SL_ENOMEM, "kafka: out of memory");
	int rc = open_client(c, settings, servers, topic, err);
	uint64_t now_ms = sl_time_mono_ms();
	uint64_t deadline_ms = now_ms + (c->embedded ? EMBEDDED_START_MS : START_MS);
	if (!rc)
		rc = await_topic(c, deadline_ms, &n, err);
	for (int32_t i = 0; !rc && i < n; i++)
		rc = begin_partition(c, i, from, deadline_ms, err);
	if (rc) {
		sl_consumer_free(c);
		return rc;
	}
	c->refresh_at_ms = now_ms + REFRESH_EVERY_MS;
	*out = c;
	return SL_OK;
}

/* Partitions that were added since are read from their first message. */
static void refresh_partitions(struct sl_consumer *c, uint64_t now_ms)
{
	int32_t n = 0;
	if (now_ms < c->refresh_at_ms)
		return;
	c->refresh_at_ms = now_ms + REFRESH_EVERY_MS;
	rd_kafka_resp_err_t why = ask_partitions(c, PROBE_MS, &n);
	if (why && !is_silence(why))
		sl_log(SL_WARN, "kafka", "topic %s at %s: %s; still reading",
		       rd_kafka_topic_name(c->topic), c->servers, rd_kafka_err2str(why));
	for (; !why && c->partitions < n; c->partitions++)
		if (rd_kafka_consume_start_queue(c->topic, c->partitions, RD_KAFKA_OFFSET_BEGINNING,
						 c->queue) != 0)
			break;
}

static int still_down(struct sl_consumer *c, uint64_t now_ms, struct sl_err *err)
{
	uint64_t held;
	if (now_ms - c->down_since_ms < EMBEDDED_GONE_MS)
		return 0;
	if (c->embedded)
		return sl_fail(
			err, SL_EFAIL,
			"the embedded broker at %s is gone, with the program that ran it (%s)",
			c->servers, c->trouble.text);
	if (sl_pace_pass(&c->pace, SAY_EVERY_MS, &held)) {
		c->said = true;
		sl_log(SL_WARN, "kafka", "no broker answers at %s (%s); still trying", c->servers,
		       c->trouble.text);
	}
	return 0;
}

/* Any complaint makes us ask: librdkafka says when a broker goes, but not when it comes back. */
static int look_after(struct sl_consumer *c, struct sl_err *err)
{
	int32_t n;
	uint64_t now_ms = sl_time_mono_ms();
	if (!c->trouble.on) {
		refresh_partitions(c, now_ms);
		return 0;
	}
	if (now_ms < c->probe_at_ms)
		return 0;
	c->probe_at_ms = now_ms + PROBE_EVERY_MS;
	if (!c->down_since_ms)
		c->down_since_ms = now_ms;
	if (is_silence(ask_partitions(c, PROBE_MS, &n)))
		return still_down(c, now_ms, err);
	if (c->said)
		sl_log(SL_INFO, "kafka", "%s answers again", c->servers);
	c->trouble.on = c->said = false;
	c->down_since_ms = 0;
	return 0;
}

static void fill(const rd_kafka_message_t *from, struct sl_message *m)
{
	rd_kafka_timestamp_type_t type;
	int64_t time_ms = rd_kafka_message_timestamp(from, &type);
	*m = (struct sl_message){
		.key = sl_span_of(from->key, from->key ? from->key_len : 0),
		.value = sl_span_of(from->payload, from->payload ? from->len : 0),
		.topic = rd_kafka_topic_name(from->rkt),
		.partition = from->partition,
		.offset = from->offset,
		.time_ms = type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? -1 : time_ms,
	};
}

static void drop_message(struct sl_consumer *c)
{
	if (c->message)
		rd_kafka_message_destroy(c->message);
	c->message = NULL;
}

int sl_consumer_poll(struct sl_consumer *c, int timeout_ms, struct sl_message *m,
		     struct sl_err *err)
{
	drop_message(c);
	rd_kafka_poll(c->rk, 0);
	c->message = rd_kafka_consume_queue(c->queue, timeout_ms);
	if (c->message && !c->message->err) {
		fill(c->message, m);
		return 1;
	}
	if (c->message) {
		sl_kafka_trouble_note(&c->trouble, c->rk, (int)c->message->err,
				      rd_kafka_message_errstr(c->message));
		drop_message(c);
	}
	if (c->trouble.fatal)
		return sl_fail(err, SL_EFAIL, "topic %s at %s: %s", rd_kafka_topic_name(c->topic),
			       c->servers, c->trouble.text);
	return look_after(c, err);
}

const char *sl_consumer_servers(const struct sl_consumer *c)
{
	return c->servers;
}

bool sl_consumer_header(const struct sl_consumer *c, const char *name, struct sl_span *value)
{
	rd_kafka_headers_t *list;
	const void *at;
	size_t len;
	if (!c->message || rd_kafka_message_headers(c->message, &list) ||
	    rd_kafka_header_get_last(list, name, &at, &len))
		return false;
	*value = sl_span_of(at, at ? len : 0);
	return true;
}

void sl_consumer_free(struct sl_consumer *c)
{
	if (!c)
		return;
	drop_message(c);
	for (int32_t i = 0; i < c->partitions; i++)
		rd_kafka_consume_stop(c->topic, i);
	if (c->queue)
		rd_kafka_queue_destroy(c->queue);
	if (c->topic)
		rd_kafka_topic_destroy(c->topic);
	if (c->rk)
		rd_kafka_destroy(c->rk);
	free(c->servers);
	free(c);
}
