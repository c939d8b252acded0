/* The sensor's options and configuration, as one table fills them. */
#ifndef SELAT_SENSOR_CONFIG_H
#define SELAT_SENSOR_CONFIG_H

#include <selat/options.h>

struct sl_sensor_config {
	struct sl_list interfaces, read;
	char *ruleset, *output, *dump, *stats, *at;
	char *filter, *pace_text;
	double pace; /* 0: as fast as can be */
	bool follow, duplicates, force;
	struct sl_list cpus;
	bool no_checksums, promiscuous, check_config, list_fields, json;
	uint64_t workers, ring_bytes;
	uint64_t idle_closed, idle_new, idle_tcp_new, idle_established, idle_tcp; /* seconds */
	uint64_t community_seed;
	bool flow_vlan, flow_carriers;
	char *encrypted;
	bool scan_encrypted, skip_alone; /* derived */
	uint64_t depth; /* bytes a direction; 0: all */
	char *urgent;   /* "oob" or "inline" */
	uint64_t flow_max, fragment_bytes, reassembly_bytes, gather_bytes, inspect_bytes, stream_bytes;
	char *depth_text, *id, *country;
	char *allow, *window_text, *rate_text;
	uint64_t window_s, rate; /* derived; 0: off */
	uint64_t windows, thresholds;
	char *journal;
	uint64_t journal_max;
	struct sl_map kafka, routes;
	/* derived */
	uint64_t at_time; /* validity is judged by this; 0: by packets */
	bool live;
};

/* Reads options and file, derives and checks what goes with what. SL_OPTIONS_GO, SL_OPTIONS_DONE, or
 * a failure. */
int sl_sensor_config_read(struct sl_sensor_config *c, int argc, char **argv, struct sl_err *err);
void sl_sensor_config_free(struct sl_sensor_config *c);

/* For the man page's generator. */
void sl_sensor_config_man(void);

#endif
