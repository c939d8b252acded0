/* Kafka, by librdkafka: a producer that loses nothing silently, a consumer, an in-process broker
 * for trials. Settings under `kafka:` in the configuration go to librdkafka as they are, over this
 * project's own defaults (idempotence, zstd, murmur2_random, …).
 *
 * `bootstrap.servers: embedded` means the in-process broker: the program that owns it starts it with
 * sl_broker_start; the others find its address in $XDG_RUNTIME_DIR/selat/broker, else
 * /run/selat/broker. It keeps 5 MiB a partition and forgets the oldest without a word. */
#ifndef SELAT_KAFKA_H
#define SELAT_KAFKA_H

#include <selat/err.h>
#include <selat/options.h>
#include <selat/span.h>

/* --- the in-process broker --- */
struct sl_broker;

/* Starts it on a loopback port with these topics (a partition each), ended by NULL, and writes its
 * address file (by rename). */
int sl_broker_start(struct sl_broker **out, const char *const *topics, struct sl_err *err);
const char *sl_broker_address(const struct sl_broker *b);   /* "127.0.0.1:34567" */
const char *sl_broker_file(const struct sl_broker *b);      /* where the address was left */
/* Removes the file if it still holds this address; NULL is fine. */
void sl_broker_free(struct sl_broker *b);

/* True if the settings ask for the in-process broker (or name none, if `absent_too`). */
bool sl_kafka_embedded(const struct sl_map *settings, bool absent_too);

/* Checks every setting with librdkafka, connects to nothing. */
int sl_kafka_check(const struct sl_map *settings, struct sl_err *err);

const char *sl_kafka_version(void); /* librdkafka's, for --version */

/* --- the producer: used by one thread --- */
struct sl_producer;

/* Called from sl_producer_poll: the record with that tag is on the broker (error NULL), or will
 * never be, with the reason. */
typedef void sl_delivered_fn(void *ctx, uint64_t tag, const char *error);

struct sl_header {
	const char *name;
	struct sl_span value;
};

struct sl_record {
	const char *topic;
	struct sl_span key, value; /* copied */
	const struct sl_header *header;
	size_t headers_n;
	uint64_t time_ms; /* when it is published */
	uint64_t tag;     /* comes back in the delivery report */
};

/* servers: an address that replaces bootstrap.servers (the embedded broker's); NULL: the settings'. */
int sl_producer_new(struct sl_producer **out, const struct sl_map *settings, const char *servers,
		    sl_delivered_fn *delivered, void *ctx, struct sl_err *err);

/* SL_OK, SL_EAGAIN (its queue is full: poll, try again), or a failure that will not go away. */
int sl_producer_send(struct sl_producer *p, const struct sl_record *record, struct sl_err *err);

/* Serves delivery reports for at most that long; returns how many came. */
int sl_producer_poll(struct sl_producer *p, int timeout_ms);
size_t sl_producer_queued(const struct sl_producer *p); /* sent, no report yet */

/* The sentence of the last trouble with the brokers ("3 of 3 brokers are down: …"), or NULL while
 * all is well. Borrowed until the next poll. */
const char *sl_producer_trouble(const struct sl_producer *p);

/* True after an error that librdkafka calls fatal: free this producer, make a new one, send again. */
bool sl_producer_dead(const struct sl_producer *p);
void sl_producer_free(struct sl_producer *p); /* what has no report is dropped: drain first */

/* --- the consumer: used by one thread, without a group --- */
struct sl_consumer;

struct sl_message { /* borrowed until the next poll */
	struct sl_span key, value;
	const char *topic;
	int32_t partition;
	int64_t offset;
	int64_t time_ms; /* the broker's timestamp; -1: none */
};

enum sl_from { SL_FROM_END, SL_FROM_BEGINNING };

/* Waits at most 10 s for the topic's partitions; an absent broker or topic is an error that says
 * which. servers as above. */
int sl_consumer_new(struct sl_consumer **out, const struct sl_map *settings, const char *servers,
		    const char *topic, enum sl_from from, struct sl_err *err);

/* 1: a message; 0: none within timeout_ms; negative: the broker is gone for good. */
int sl_consumer_poll(struct sl_consumer *c, int timeout_ms, struct sl_message *m, struct sl_err *err);
const char *sl_consumer_servers(const struct sl_consumer *c); /* the addresses it began with */
bool sl_consumer_header(const struct sl_consumer *c, const char *name, struct sl_span *value);
void sl_consumer_free(struct sl_consumer *c);

/* Reads the embedded broker's address file into servers; fails with how to start one. */
int sl_broker_find(char *servers, size_t room, struct sl_err *err);

#endif
