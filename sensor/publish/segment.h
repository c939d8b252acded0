/* Segment: the format of one journal file. A head, then records, each at a multiple of eight bytes.
 * Numbers are in the machine's order: a journal is read where it was written. */
#ifndef SELAT_SENSOR_PUBLISH_SEGMENT_H
#define SELAT_SENSOR_PUBLISH_SEGMENT_H

#include <selat/err.h>
#include <selat/span.h>
#include <sensor/publish/epoch.h>

#define SL_SEGMENT_MAGIC "SELATJ1\n"
enum { SL_SEGMENT_SENSOR = 128, SL_SEGMENT_COUNTRY = 16 };
enum { SL_RECORD_MAGIC = 0x314a5253 }; /* "SRJ1" */
enum { SL_RECORD_JSON_MAX = 1000000 }; /* bytes: what a Kafka broker takes unless told otherwise */

struct sl_segment_head { /* 256 bytes */
	char magic[8];
	char sensor[SL_SEGMENT_SENSOR], country[SL_SEGMENT_COUNTRY];
	char epoch[32];
	uint64_t first; /* the seq of the first record */
	uint8_t unused[56];
	uint64_t check; /* XXH3 of what precedes */
};

/* What routes decide by, so that nobody has to read the JSON. */
struct sl_record_head { /* 40 bytes, then the JSON, then zeros to a multiple of eight */
	uint32_t magic;
	uint32_t len; /* of the JSON */
	uint64_t seq, time;
	uint64_t check; /* XXH3 of the JSON */
	uint8_t tlp, severity, unused[2];
	uint32_t head_check; /* XXH3 of the head up to here, its lower half */
};

void sl_segment_head_seal(struct sl_segment_head *h);
bool sl_segment_head_valid(const struct sl_segment_head *h);

/* Fills magic, length and checks. */
void sl_record_seal(struct sl_record_head *h, struct sl_span json);
bool sl_record_head_valid(const struct sl_record_head *h);
bool sl_record_valid(const struct sl_record_head *h, const uint8_t *json);

/* Bytes that a record takes in the file. */
static inline uint64_t sl_record_size(uint64_t json_len)
{
	return sizeof(struct sl_record_head) + ((json_len + 7) & ~(uint64_t)7);
}

/* One record of a file: where it is and what its head says. */
struct sl_segment_find {
	uint64_t offset;  /* of the record's head */
	uint64_t skipped; /* damaged bytes before it */
	struct sl_record_head head;
};

/* A window into a segment file, for reading it from front to back. */
struct sl_window {
	int fd;
	uint8_t *bytes;
	uint64_t offset; /* in the file, of the first byte here */
	size_t len;
};

int sl_window_init(struct sl_window *w, int fd, struct sl_err *err);
void sl_window_fini(struct sl_window *w);        /* closes fd */
void sl_window_use(struct sl_window *w, int fd); /* another file; closes the old one */

/* The first whole record at or after offset and before end, stepping over what is damaged:
 * 1 and *json (borrowed until the next call), 0 if there is none (find->skipped says how many bytes
 * were left), negative if the file cannot be read. */
int sl_segment_find(struct sl_window *w, uint64_t offset, uint64_t end,
		    struct sl_segment_find *find, struct sl_span *json, struct sl_err *err);

#endif
