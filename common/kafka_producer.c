/* The producer: sends records, tells which of them the brokers have, remembers what is wrong.
 *
 * Invariants: every record taken (SL_OK) comes back once through `delivered`, unless the producer
 * is freed before; nothing is dropped because a queue is full; librdkafka's fatal error makes the
 * producer dead and it stays so. Threads: all calls from one thread; librdkafka's callbacks run
 * inside sl_producer_poll. */
#include "common/kafka_settings.h"

#include <assert.h>
#include <selat/time.h>
#include <stdio.h>
#include <stdlib.h>

enum { PROBE_EVERY_MS = 1000, PROBE_MS = 100, MEET_MS = 200, TOPICS = 16 };

struct sl_producer {
	rd_kafka_t *rk;
	sl_delivered_fn *delivered;
	void *ctx;
	int reports; /* that came in this poll */
	struct sl_kafka_trouble trouble;
	uint64_t probe_at_ms;
	rd_kafka_topic_t *topic[TOPICS]; /* met so far */
	size_t topics_n;
};

static_assert(sizeof(void *) >= sizeof(uint64_t), "a tag travels through librdkafka as a pointer");

static void topic_trouble(struct sl_producer *p, const char *topic, const char *reason)
{
	p->trouble.on = true;
	snprintf(p->trouble.text, sizeof p->trouble.text, "topic %s: %s", topic, reason);
}

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	struct sl_producer *p = opaque;
	(void)rk;
	p->reports++;
	if (m->err)
		topic_trouble(p, rd_kafka_topic_name(m->rkt), rd_kafka_err2str(m->err));
	else
		p->trouble.on = false;
	p->delivered(p->ctx, (uint64_t)(uintptr_t)m->_private,
		     m->err ? rd_kafka_err2str(m->err) : NULL);
}

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
	struct sl_producer *p = opaque;
	sl_kafka_trouble_note(&p->trouble, rk, code, reason);
}

int sl_producer_new(struct sl_producer **out, const struct sl_map *settings, const char *servers,
		    sl_delivered_fn *delivered, void *ctx, struct sl_err *err)
{
	char *brokers = NULL;
	rd_kafka_conf_t *conf;
	struct sl_producer *p = calloc(1, sizeof *p);
	if (!p)
		return sl_fail(err, SL_ENOMEM, "kafka: out of memory");
	p->delivered = delivered;
	p->ctx = ctx;
	int rc = sl_kafka_servers(&brokers, settings, servers, err);
	if (!rc)
		rc = sl_kafka_conf(&conf, settings, brokers, SL_KAFKA_PRODUCER, err);
	free(brokers);
	if (!rc) {
		rd_kafka_conf_set_opaque(conf, p);
		rd_kafka_conf_set_dr_msg_cb(conf, on_report);
		rd_kafka_conf_set_error_cb(conf, on_error);
		rc = sl_kafka_open(&p->rk, conf, SL_KAFKA_PRODUCER, err);
	}
	if (rc) {
		sl_producer_free(p);
		return rc;
	}
	*out = p;
	return SL_OK;
}

static rd_kafka_headers_t *make_headers(const struct sl_record *record)
{
	rd_kafka_headers_t *list = rd_kafka_headers_new(record->headers_n);
	for (size_t i = 0; i < record->headers_n; i++) {
		const struct sl_header *h = &record->header[i];
		rd_kafka_header_add(list, h->name, -1, h->value.at, (ssize_t)h->value.len);
	}
	return list;
}

/* Whether to try again. A topic that is not there yet, or brokers that are not, may come; a record
 * that is too large stays so. */
static int refused(struct sl_producer *p, const struct sl_record *record, rd_kafka_resp_err_t code,
		   const char *reason, struct sl_err *err)
{
	switch (code) {
	case RD_KAFKA_RESP_ERR__QUEUE_FULL:
		return SL_EAGAIN;
	case RD_KAFKA_RESP_ERR__FATAL:
		p->trouble.fatal = true;
		break;
	case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
		return sl_fail(err, SL_EFAIL,
			       "topic %s: a record of %zu bytes is larger than "
			       "kafka.message.max.bytes allows",
			       record->topic, record->value.len);
	case RD_KAFKA_RESP_ERR__INVALID_ARG:
	case RD_KAFKA_RESP_ERR__CONFLICT:
		break;
	default:
		topic_trouble(p, record->topic, reason);
		return SL_EAGAIN;
	}
	return sl_fail(err, SL_EFAIL, "topic %s: %s", record->topic, reason);
}

/* librdkafka looks a new topic's partitions up only once a second; its first records would wait for
 * that. Asked for here, once a topic, they leave at once. If nobody answers, librdkafka goes on. */
static void meet_topic(struct sl_producer *p, const char *name)
{
	const struct rd_kafka_metadata *answer = NULL;
	for (size_t i = 0; i < p->topics_n; i++)
		if (strcmp(rd_kafka_topic_name(p->topic[i]), name) == 0)
			return;
	rd_kafka_topic_t *topic =
		p->topics_n < TOPICS ? rd_kafka_topic_new(p->rk, name, NULL) : NULL;
	if (!topic)
		return;
	p->topic[p->topics_n++] = topic;
	if (rd_kafka_metadata(p->rk, 0, topic, &answer, MEET_MS) == RD_KAFKA_RESP_ERR_NO_ERROR)
		rd_kafka_metadata_destroy(answer);
}

int sl_producer_send(struct sl_producer *p, const struct sl_record *record, struct sl_err *err)
{
	if (p->trouble.fatal)
		return sl_fail(err, SL_EFAIL, "topic %s: %s", record->topic, p->trouble.text);
	meet_topic(p, record->topic);
	rd_kafka_headers_t *headers = make_headers(record);
	rd_kafka_vu_t vu[] = {
		{ .vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = record->topic },
		{ .vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY },
		{ .vtype = RD_KAFKA_VTYPE_KEY,
		  .u.mem = { .ptr = (void *)(uintptr_t)record->key.at, .size = record->key.len } },
		{ .vtype = RD_KAFKA_VTYPE_VALUE,
		  .u.mem = { .ptr = (void *)(uintptr_t)record->value.at,
			     .size = record->value.len } },
		{ .vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = (int64_t)record->time_ms },
		{ .vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = (void *)(uintptr_t)record->tag },
		{ .vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers },
	};
	rd_kafka_error_t *error = rd_kafka_produceva(p->rk, vu, sizeof vu / sizeof vu[0]);
	if (!error)
		return SL_OK;
	int rc = refused(p, record, rd_kafka_error_code(error), rd_kafka_error_string(error), err);
	rd_kafka_headers_destroy(headers); /* taken only on success */
	rd_kafka_error_destroy(error);
	return rc;
}

/* With nothing on its way no report can tell that the brokers are back: ask them. */
static void probe(struct sl_producer *p, int timeout_ms)
{
	const struct rd_kafka_metadata *answer = NULL;
	uint64_t now_ms = sl_time_mono_ms();
	if (now_ms < p->probe_at_ms)
		return;
	p->probe_at_ms = now_ms + PROBE_EVERY_MS;
	if (rd_kafka_metadata(p->rk, 0, NULL, &answer,
			      timeout_ms < PROBE_MS ? timeout_ms : PROBE_MS))
		return;
	rd_kafka_metadata_destroy(answer);
	p->trouble.on = false;
}

int sl_producer_poll(struct sl_producer *p, int timeout_ms)
{
	p->reports = 0;
	if (p->trouble.on && !p->trouble.fatal && timeout_ms > 0 && sl_producer_queued(p) == 0)
		probe(p, timeout_ms);
	rd_kafka_poll(p->rk, timeout_ms);
	return p->reports;
}

size_t sl_producer_queued(const struct sl_producer *p)
{
	int n = rd_kafka_outq_len(p->rk);
	return n > 0 ? (size_t)n : 0;
}

const char *sl_producer_trouble(const struct sl_producer *p)
{
	return p->trouble.on ? p->trouble.text : NULL;
}

bool sl_producer_dead(const struct sl_producer *p)
{
	return p->trouble.fatal;
}

void sl_producer_free(struct sl_producer *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->topics_n; i++)
		rd_kafka_topic_destroy(p->topic[i]);
	if (p->rk) {
		rd_kafka_purge(p->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
					      RD_KAFKA_PURGE_F_NON_BLOCKING);
		rd_kafka_destroy(p->rk);
	}
	free(p);
}
