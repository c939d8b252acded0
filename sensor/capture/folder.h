/* The captures that a command line names: folders opened up. Private to capture. */
#ifndef SELAT_SENSOR_CAPTURE_FOLDER_H
#define SELAT_SENSOR_CAPTURE_FOLDER_H

#include <selat/err.h>
#include <selat/options.h>
#include <stdint.h>

/* Appends to files each path that is no folder, and for a folder, recursively, the files that end in
 * .pcap, .pcapng or .cap: in the order of time, as `time_of` gives it, and of names where that is the
 * same. What cannot be read below a folder is logged and passed over, and *partial set; a folder with
 * nothing in it is an error. */
int sl_folder_expand(const struct sl_list *paths, uint64_t (*time_of)(const char *path),
		     struct sl_list *files, bool *partial, struct sl_err *err);

#endif
