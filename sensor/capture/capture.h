/* capture: where packets come from. Files (pcap, pcapng, folders, standard input) or a live
 * interface, by libpcap; the only folder that knows it.
 *
 * A source is used by one thread. Frames are copied into the caller's batch, because libpcap's bytes
 * are valid only inside its callback. */
#ifndef SELAT_SENSOR_CAPTURE_CAPTURE_H
#define SELAT_SENSOR_CAPTURE_CAPTURE_H

#include <selat/counter.h>
#include <selat/err.h>
#include <selat/options.h>
#include <sensor/capture/frame.h>

struct sl_source;

struct sl_live_config {
	const char *interface;
	unsigned workers, worker; /* how many share the interface, and which one this is */
	uint16_t *group; /* fanout group: the first worker to open sets it, the others join it */
	uint64_t ring_bytes;
	bool promiscuous;
	bool duplicates;     /* recognise packets that a two-way mirror brings twice */
	const char *filter;  /* as tcpdump takes it; NULL: none */
	int wake_fd; /* readable when the source should return at once; -1: none */
};

struct sl_file_config {
	const struct sl_list *paths; /* files and folders; "-" is standard input */
	const char *filter;          /* as tcpdump takes it; NULL: none */
	bool follow;                 /* wait for more at the last file's end */
	double pace;                 /* 1.0: as fast as it was captured; 0: as fast as can be */
	int wake_fd;                 /* readable when waiting should end; -1: none */
};

/* Results of sl_source_read beside SL_OK. */
enum { SL_SOURCE_END = 1 };

/* Files and folders in the order given; a folder's captures in the order of time. `known` says whether a
 * link type can be decoded. What cannot be read is logged, counted and passed over; sl_source_close
 * tells. */
int sl_source_files(struct sl_source **out, const struct sl_file_config *config,
		    bool (*known)(int link), struct sl_counters *counters, struct sl_err *err);

/* Opens the interface, sets and reads back the ring, joins the fanout group. No permission is an
 * error that names the capability. */
int sl_source_live(struct sl_source **out, const struct sl_live_config *config,
		   bool (*known)(int link), struct sl_counters *counters, struct sl_err *err);

/* Fills the batch with 0 to SL_BATCH frames. SL_OK, SL_SOURCE_END, or a failure. Live it waits for at
 * most 100 ms. */
int sl_source_read(struct sl_source *s, struct sl_frames *batch, struct sl_err *err);

/* The monotonic clock (milliseconds) when the first packet came; 0: none yet. Any thread. */
uint64_t sl_source_begun_ms(const struct sl_source *s);

/* No more will be read: brings the counters up to date, so that what was lost is told. */
void sl_source_settle(struct sl_source *s);

/* How the reading went: SL_OK; SL_EPARTIAL if part was unreadable; SL_EFAIL if nothing was readable. */
int sl_source_close(struct sl_source *s); /* frees; NULL is fine */

/* Is the expression a filter at all? For Ethernet; without opening anything. */
int sl_capture_check_filter(const char *filter, struct sl_err *err);

/* "libpcap version 1.10.3 …": borrowed. */
const char *sl_capture_library(void);

#endif
