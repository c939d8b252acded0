/* A capture file's bytes on their way to libpcap: what it would refuse is put right, and a file that
 * grows is waited for. Private to capture. */
#ifndef SELAT_SENSOR_CAPTURE_FEED_H
#define SELAT_SENSOR_CAPTURE_FEED_H

#include <stdbool.h>
#include <stdio.h>

struct sl_feed_config {
	const char *path; /* "-" is standard input */
	bool follow;      /* at the end wait for more, until wake_fd is readable */
	int wake_fd;      /* -1: none */
};

/* A stream over the file; NULL with errno set. Close it with fclose (pcap_close does). `waiting` is kept
 * up to date while the stream lives: there are no more bytes now. `slow` is set if there may be more
 * later: the file grows, or is none. */
FILE *sl_feed_open(const struct sl_feed_config *config, bool *waiting, bool *slow);

#endif
