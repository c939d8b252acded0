/* What files and live interfaces have in common: private to capture. */
#ifndef SELAT_SENSOR_CAPTURE_SOURCE_H
#define SELAT_SENSOR_CAPTURE_SOURCE_H

#include <pcap.h>
#include <sensor/capture/capture.h>
#include <sensor/capture/twice.h>

struct sl_source {
	int (*read)(struct sl_source *s, struct sl_frames *batch, struct sl_err *err);
	void (*settle)(struct sl_source *s); /* NULL: nothing to settle */
	int (*close)(struct sl_source *s);
	bool (*known)(int link);
	struct sl_counters *counters;
	pcap_t *pcap;
	int link;
	uint64_t number;     /* of the last packet */
	uint64_t handed;     /* packets libpcap handed over, also those not taken */
	struct sl_twice *twice; /* NULL: packets that come twice are taken twice */
	_Atomic uint64_t begun_ms;
	uint64_t not_before; /* packets with an older stamp are not ours */
};

/* The sink of one pcap_dispatch call. */
struct sl_take {
	struct sl_source *source;
	struct sl_frames *batch;
};

/* libpcap's callback: copies one packet into the batch and stops the loop when the next one might
 * not fit. */
void sl_take_packet(u_char *take, const struct pcap_pkthdr *h, const u_char *bytes);

/* Compiles and sets a filter; NULL is none. A wrong one is SL_EUSAGE with libpcap's reason. */
int sl_filter_set(pcap_t *pcap, const char *filter, struct sl_err *err);

/* "EN10MB (Ethernet)" or "link type 147". */
const char *sl_link_text(int link, char *room, size_t size);

#endif
