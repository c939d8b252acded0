/* A capture file, pcap or pcapng: each frame lies in its batch, and the reading ends. */
#include "fuzz.h"
#include <selat/log.h>
#include <sensor/capture/capture.h>
#include <sensor/decode/decode.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static void require_frames(const struct sl_frames *batch)
{
	REQUIRE(batch->n <= SL_BATCH && batch->used <= sizeof batch->store);
	for (size_t i = 0; i < batch->n; i++) {
		const struct sl_frame *f = &batch->frame[i];
		REQUIRE(f->caplen <= SL_SNAPLEN);
		REQUIRE(f->at >= batch->store &&
			f->at + f->caplen <= batch->store + sizeof batch->store);
		REQUIRE(i == 0 || f->number > batch->frame[i - 1].number);
	}
}

static void read_all(const char *path, size_t size)
{
	static struct sl_frames batch;
	static struct sl_counters counters;
	char *item = (char *)(uintptr_t)path;
	const struct sl_list paths = { &item, 1 };
	const struct sl_file_config config = { .paths = &paths, .wake_fd = -1 };
	struct sl_source *source = NULL;
	struct sl_err err = { "" };
	if (sl_source_files(&source, &config, sl_decode_knows, &counters, &err) != SL_OK)
		return;
	size_t packets = 0;
	for (;;) {
		batch.n = batch.used = 0;
		if (sl_source_read(source, &batch, &err) != SL_OK)
			break;
		require_frames(&batch);
		packets += batch.n;
		REQUIRE(packets <= size); /* a record has a header */
	}
	int rc = sl_source_close(source);
	REQUIRE(rc == SL_OK || rc == SL_EPARTIAL || rc == SL_EFAIL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64];
	sl_log_level((enum sl_level)0);
	int fd = memfd_create("capture", 0);
	REQUIRE(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	read_all(path, size);
	close(fd);
	return 0;
}
