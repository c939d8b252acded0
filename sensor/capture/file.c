/* Captures in files, one after the other, in one thread. What precedes a cut is used; a file that
 * cannot be read is said once, counted, and passed over. */
#include <errno.h>
#include <selat/log.h>
#include <sensor/capture/folder.h>
#include <sensor/capture/source.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct file_source {
	struct sl_source base; /* first: a sl_source * is a file_source * */
	struct sl_list files;
	size_t next;     /* the file to open */
	size_t readable; /* files of which at least the header could be read */
	bool partial;
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

static void file_begin(struct file_source *s)
{
	const char *path = s->files.item[s->next++];
	char why[PCAP_ERRBUF_SIZE] = "", text[1024];
	struct stat st;

	if (strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0)
		snprintf(why, sizeof why, "the file is empty");
	else
		s->base.pcap = pcap_open_offline_with_tstamp_precision(
			path, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!s->base.pcap) {
		explain(text, sizeof text, path, why);
		give_up(s, text);
		return;
	}
	s->base.link = pcap_datalink(s->base.pcap);
	if (!s->base.known(s->base.link)) {
		char link[256];
		snprintf(why, sizeof why, "link type %.150s is not supported",
			 sl_link_text(s->base.link, link, sizeof link));
		explain(text, sizeof text, path, why);
		give_up(s, text);
		file_end(s);
		return;
	}
	s->readable++;
	sl_count(s->base.counters, SL_COUNT_FILES);
}

static int file_read(struct sl_source *base, struct sl_frames *batch, struct sl_err *err)
{
	(void)err;
	struct file_source *s = (struct file_source *)base;
	struct sl_take take = { base, batch };

	while (batch->n == 0) {
		if (!base->pcap && s->next == s->files.n)
			return SL_SOURCE_END;
		if (!base->pcap)
			file_begin(s);
		if (!base->pcap)
			continue;
		int rc = pcap_dispatch(base->pcap, SL_BATCH, sl_take_packet, (u_char *)&take);
		if (rc == PCAP_ERROR) {
			char text[1024], why[1024];
			explain(why, sizeof why, s->files.item[s->next - 1], pcap_geterr(base->pcap));
			snprintf(text, sizeof text, "%.900s; what precedes it was used (packet %llu)", why,
				 (unsigned long long)base->number);
			give_up(s, text);
		}
		if (rc == PCAP_ERROR || (rc == 0 && batch->n == 0))
			file_end(s);
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

int sl_source_files(struct sl_source **out, const struct sl_list *paths, bool (*known)(int link),
		    struct sl_counters *counters, struct sl_err *err)
{
	struct file_source *s = calloc(1, sizeof *s);
	if (!s)
		return sl_fail(err, SL_ENOMEM, "capture: out of memory");
	s->base = (struct sl_source){
		.read = file_read, .close = file_close, .known = known, .counters = counters
	};
	int rc = sl_folder_expand(paths, &s->files, err);
	if (rc != SL_OK) {
		file_close(&s->base);
		return rc;
	}
	*out = &s->base;
	return SL_OK;
}
