/* Captures in files, one after the other, in one thread. What precedes a cut is used; a file that
 * cannot be read is said once, counted, and passed over. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <selat/log.h>
#include <selat/time.h>
#include <sensor/capture/feed.h>
#include <sensor/capture/folder.h>
#include <sensor/capture/source.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_BYTES = 64 << 10 }; /* at a time; by stdio's own 4 KiB system calls take 3 % of the time */

struct file_source {
	struct sl_source base; /* first: a sl_source * is a file_source * */
	struct sl_list files;
	size_t next;     /* the file to open */
	size_t readable; /* files of which at least the header could be read */
	bool partial;
	struct sl_file_config config;
	bool waiting;        /* the file at hand has no more bytes now */
	bool slow;           /* but may have some later */
	uint64_t pace_from;  /* the first packet's time */
	uint64_t pace_mono;  /* and the clock then, milliseconds */
	char buffer[READ_BYTES]; /* of the file at hand */
};

static void give_up(struct file_source *s, const char *why)
{
	sl_log(SL_ERROR, "capture", "%s", why);
	sl_count(s->base.counters, SL_COUNT_FILES_CUT);
	s->partial = true;
}

static void file_end(struct file_source *s)
{
	pcap_close(s->base.pcap);
	s->base.pcap = NULL;
}

/* libpcap's own sentence does not always name the file. */
static void explain(char *out, size_t size, const char *path, const char *why)
{
	bool named = strncmp(why, path, strlen(path)) == 0;
	bool input = strcmp(path, "-") == 0;
	snprintf(out, size, "%s%s%s", named ? "" : input ? "standard input" : path, named ? "" : ": ",
		 why);
}

/* pcapng goes through the feed, which puts right what libpcap refuses; so does what grows and what has
 * no name or is no file. Everything else is read by libpcap alone, which is faster. */
static bool wants_feed(const struct file_source *s, const char *path, bool last)
{
	static const uint8_t section[] = { 0x0a, 0x0d, 0x0d, 0x0a };
	uint8_t magic[4] = { 0 };
	struct stat st;
	if (strcmp(path, "-") == 0 || (s->config.follow && last))
		return true;
	if (stat(path, &st) != 0)
		return false;
	if (!S_ISREG(st.st_mode))
		return true; /* a pipe: looking here would eat its bytes */
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool read_all = fd >= 0 && read(fd, magic, sizeof magic) == sizeof magic;
	if (fd >= 0)
		close(fd);
	return read_all && memcmp(magic, section, sizeof section) == 0;
}

static pcap_t *file_open(struct file_source *s, const char *path, char *why)
{
	bool last = s->next == s->files.n;
	struct stat st;
	if (!s->config.follow && strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size == 0) {
		snprintf(why, PCAP_ERRBUF_SIZE, "the file is empty");
		return NULL;
	}
	struct sl_feed_config feed = { path, s->config.follow && last, s->config.wake_fd };
	bool plain = !wants_feed(s, path, last);
	FILE *stream = plain ? fopen(path, "rbe") : sl_feed_open(&feed, &s->waiting, &s->slow);
	if (!stream) {
		snprintf(why, PCAP_ERRBUF_SIZE, "%s", strerror(errno));
		return NULL;
	}
	if (plain)
		setvbuf(stream, s->buffer, _IOFBF, sizeof s->buffer);
	pcap_t *p = pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!p)
		fclose(stream);
	return p;
}

static void file_begin(struct file_source *s)
{
	const char *path = s->files.item[s->next++];
	char why[PCAP_ERRBUF_SIZE] = "", text[1024], link[256];
	struct sl_err err = { "" };

	s->slow = s->waiting = false;
	s->base.pcap = file_open(s, path, why);
	if (!s->base.pcap) {
		explain(text, sizeof text, path, why);
		give_up(s, text);
		return;
	}
	s->base.link = pcap_datalink(s->base.pcap);
	if (!s->base.known(s->base.link))
		snprintf(why, sizeof why, "link type %.150s is not supported",
			 sl_link_text(s->base.link, link, sizeof link));
	else if (sl_filter_set(s->base.pcap, s->config.filter, &err) != SL_OK)
		snprintf(why, sizeof why, "%.200s", err.text);
	if (*why) {
		explain(text, sizeof text, path, why);
		give_up(s, text);
		file_end(s);
		return;
	}
	s->readable++;
	sl_count(s->base.counters, SL_COUNT_FILES);
}

/* One dispatch; the file ends or is given up when nothing more comes of it. */
static void file_dispatch(struct file_source *s, struct sl_frames *batch, int most)
{
	struct sl_take take = { &s->base, batch };
	size_t before = batch->n;
	int rc = pcap_dispatch(s->base.pcap, most, sl_take_packet, (u_char *)&take);
	if (rc == PCAP_ERROR) {
		char text[1024], why[1024];
		explain(why, sizeof why, s->files.item[s->next - 1], pcap_geterr(s->base.pcap));
		snprintf(text, sizeof text, "%.900s; what precedes it was used (packet %llu)", why,
			 (unsigned long long)s->base.number);
		give_up(s, text);
	}
	if (rc == PCAP_ERROR || (rc == 0 && batch->n == before))
		file_end(s);
}

/* At the capture's own pace: milliseconds until the packet is due; 0: now. */
static uint64_t due_in_ms(struct file_source *s, uint64_t time)
{
	uint64_t now = sl_time_mono_ms();
	if (!s->pace_mono) {
		s->pace_mono = now;
		s->pace_from = time;
	}
	double since_ms = time > s->pace_from ? (double)(time - s->pace_from) / 1e6 / s->config.pace : 0;
	uint64_t due = s->pace_mono + (uint64_t)since_ms;
	return due > now ? due - now : 0;
}

/* A packet at a time: with a pace each is handed on when it is due, and a file that grows is handed on
 * as far as it is there. */
static void file_read_slowly(struct file_source *s, struct sl_frames *batch)
{
	while (s->base.pcap && batch->n < SL_BATCH && batch->used + SL_SNAPLEN <= sizeof batch->store) {
		file_dispatch(s, batch, 1);
		uint64_t wait = batch->n && s->config.pace > 0
					? due_in_ms(s, batch->frame[batch->n - 1].time)
					: 0;
		if (wait) {
			struct pollfd fd = { .fd = s->config.wake_fd, .events = POLLIN };
			poll(&fd, 1, wait < INT32_MAX ? (int)wait : INT32_MAX);
			return;
		}
		if (s->waiting && batch->n)
			return;
	}
}

static int file_read(struct sl_source *base, struct sl_frames *batch, struct sl_err *err)
{
	(void)err;
	struct file_source *s = (struct file_source *)base;

	while (batch->n == 0) {
		if (!base->pcap && s->next == s->files.n)
			return SL_SOURCE_END;
		if (!base->pcap)
			file_begin(s);
		if (!base->pcap)
			continue;
		if (s->slow || s->config.pace > 0)
			file_read_slowly(s, batch);
		else
			file_dispatch(s, batch, SL_BATCH);
	}
	return SL_OK;
}

static int file_close(struct sl_source *base)
{
	struct file_source *s = (struct file_source *)base;
	int rc = !s->partial ? SL_OK : s->readable ? SL_EPARTIAL : SL_EFAIL;
	if (base->pcap)
		file_end(s);
	sl_list_free(&s->files);
	free(s);
	return rc;
}

/* The time of a capture's first packet; a capture that has none comes last. */
static uint64_t first_time(const char *path)
{
	char why[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *h;
	const u_char *bytes;
	uint64_t time = UINT64_MAX;
	bool waiting, slow;
	FILE *stream = sl_feed_open(&(struct sl_feed_config){ path, false, -1 }, &waiting, &slow);
	pcap_t *p = stream ? pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO,
								      why)
			   : NULL;
	if (stream && !p)
		fclose(stream);
	if (p && pcap_next_ex(p, &h, &bytes) == 1)
		time = (uint64_t)h->ts.tv_sec * 1000000000u + (uint64_t)h->ts.tv_usec;
	if (p)
		pcap_close(p);
	return time;
}

int sl_source_files(struct sl_source **out, const struct sl_file_config *config, bool (*known)(int link),
		    struct sl_counters *counters, struct sl_err *err)
{
	struct file_source *s = calloc(1, sizeof *s);
	if (!s)
		return sl_fail(err, SL_ENOMEM, "capture: out of memory");
	s->base = (struct sl_source){
		.read = file_read, .close = file_close, .known = known, .counters = counters
	};
	s->config = *config;
	int rc = sl_folder_expand(config->paths, first_time, &s->files, &s->partial, err);
	if (rc != SL_OK) {
		file_close(&s->base);
		return rc;
	}
	*out = &s->base;
	return SL_OK;
}
