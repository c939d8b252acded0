/* The part of a source that does not care where packets come from. */
#include <selat/time.h>
#include <sensor/capture/source.h>
#include <stdio.h>
#include <string.h>

void sl_take_packet(u_char *arg, const struct pcap_pkthdr *h, const u_char *bytes)
{
	struct sl_take *take = (struct sl_take *)(void *)arg;
	struct sl_frames *b = take->batch;
	uint32_t caplen = h->caplen < SL_SNAPLEN ? h->caplen : SL_SNAPLEN;
	uint64_t time =
		(uint64_t)h->ts.tv_sec * 1000000000u + (uint64_t)h->ts.tv_usec; /* nanosecond handles */
	take->source->handed++;
	if (time < take->source->not_before)
		return;
	take->source->not_before = 0; /* a clock that is set back later must not cost packets */
	if (take->source->twice && sl_twice_seen(take->source->twice, bytes, caplen, time)) {
		sl_count(take->source->counters, SL_COUNT_DUPLICATES);
		return;
	}

	struct sl_frame *f = &b->frame[b->n++];
	memcpy(b->store + b->used, bytes, caplen);
	f->at = b->store + b->used;
	f->caplen = caplen;
	f->len = h->len > caplen ? h->len : caplen;
	f->time = time;
	f->number = ++take->source->number;
	f->link = take->source->link;
	b->used += (caplen + 7u) & ~7u;
	if (b->used + SL_SNAPLEN > sizeof b->store)
		pcap_breakloop(take->source->pcap);
}

int sl_source_read(struct sl_source *s, struct sl_frames *batch, struct sl_err *err)
{
	batch->n = 0;
	batch->used = 0;
	batch->interface = NULL;
	batch->pressed = false;
	int rc = s->read(s, batch, err);
	if (batch->n > 0) {
		if (atomic_load_explicit(&s->begun_ms, memory_order_relaxed) == 0)
			atomic_store_explicit(&s->begun_ms, sl_time_mono_ms(), memory_order_relaxed);
		uint64_t bytes = 0;
		for (size_t i = 0; i < batch->n; i++)
			bytes += batch->frame[i].len;
		batch->observed = sl_time_now();
		sl_count_add(s->counters, SL_COUNT_PACKETS, batch->n);
		sl_count_add(s->counters, SL_COUNT_BYTES, bytes);
		sl_count(s->counters, SL_COUNT_BATCHES);
	}
	return rc;
}

uint64_t sl_source_begun_ms(const struct sl_source *s)
{
	return atomic_load_explicit(&s->begun_ms, memory_order_relaxed);
}

void sl_source_settle(struct sl_source *s)
{
	if (s->settle)
		s->settle(s);
}

int sl_source_close(struct sl_source *s)
{
	return s ? s->close(s) : SL_OK;
}

int sl_filter_set(pcap_t *pcap, const char *filter, struct sl_err *err)
{
	struct bpf_program program;
	if (!filter || !*filter)
		return SL_OK;
	int rc = pcap_compile(pcap, &program, filter, 1, PCAP_NETMASK_UNKNOWN);
	if (rc == 0) {
		rc = pcap_setfilter(pcap, &program);
		pcap_freecode(&program);
	}
	return rc == 0 ? SL_OK : sl_fail(err, SL_EUSAGE, "capture.filter: %s", pcap_geterr(pcap));
}

int sl_capture_check_filter(const char *filter, struct sl_err *err)
{
	struct bpf_program program;
	if (!filter || !*filter)
		return SL_OK;
	pcap_t *p = pcap_open_dead(DLT_EN10MB, SL_SNAPLEN);
	if (!p)
		return sl_fail(err, SL_ENOMEM, "out of memory");
	int rc = pcap_compile(p, &program, filter, 1, PCAP_NETMASK_UNKNOWN);
	if (rc == 0)
		pcap_freecode(&program);
	else
		rc = sl_fail(err, SL_EUSAGE, "capture.filter: %s", pcap_geterr(p));
	pcap_close(p);
	return rc;
}

const char *sl_link_text(int link, char *room, size_t size)
{
	const char *name = pcap_datalink_val_to_name(link);
	const char *what = pcap_datalink_val_to_description(link);
	if (name)
		snprintf(room, size, "%s (%s)", name, what ? what : "?");
	else
		snprintf(room, size, "number %d", link);
	return room;
}

const char *sl_capture_library(void)
{
	return pcap_lib_version();
}
