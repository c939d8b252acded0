/* What the files around librdkafka share; nobody else includes it. */
#ifndef SELAT_KAFKA_SETTINGS_H
#define SELAT_KAFKA_SETTINGS_H

#include <librdkafka/rdkafka.h>
#include <selat/kafka.h>

enum sl_kafka_role { SL_KAFKA_PRODUCER, SL_KAFKA_CONSUMER };

/* This project's defaults, then the settings, each checked by librdkafka; log lines go to the log
 * at debug level. servers replaces bootstrap.servers and must not be NULL; "" leaves none, so that
 * nothing is connected to. The caller owns *out until rd_kafka_new takes it. */
int sl_kafka_conf(rd_kafka_conf_t **out, const struct sl_map *settings, const char *servers,
		  enum sl_kafka_role role, struct sl_err *err);

/* The brokers to talk to, malloc'd: servers if given, the settings' own, or the embedded broker's
 * address from its file. */
int sl_kafka_servers(char **out, const struct sl_map *settings, const char *servers,
		     struct sl_err *err);

/* What librdkafka last complained of. "All brokers are down" is kept together with the cause that
 * was reported before it. Zero-initialise; used by one thread. */
struct sl_kafka_trouble {
	bool on, fatal;
	char cause[256];
	char text[512];
};
void sl_kafka_trouble_note(struct sl_kafka_trouble *t, rd_kafka_t *rk, int code,
			   const char *reason);

/* Hands conf to librdkafka; frees it if that fails. */
int sl_kafka_open(rd_kafka_t **out, rd_kafka_conf_t *conf, enum sl_kafka_role role,
		  struct sl_err *err);

#endif
