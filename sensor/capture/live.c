/* A live interface: one libpcap handle a worker, TPACKET_V3 (never immediate mode, which means V2),
 * non-blocking with a poll of our own, because a blocking read can sleep for ever without traffic.
 *
 * Workers share an interface by PACKET_FANOUT with a classic BPF program over the outer address pair,
 * so that fragments and both directions of a flow meet in one worker; libpcap has no call for it.
 * Frames from before the join are thrown away: each worker would have a copy of them. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <selat/log.h>
#include <selat/time.h>
#include <sensor/capture/ring.h>
#include <sensor/capture/source.h>
#include <sensor/capture/spread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	POLL_MS = 100,
	BLOCK_MS = 20,
	TRY_MS = 1000,
	RING_EVERY = 4, /* reads after which the ring is looked at */
	CARD_EVERY = 256,
	FRAME_EXTRA = 96, /* bytes of a frame's head in the ring */
	TELL_MS = 60000,
};

struct live_source {
	struct sl_source base;
	struct sl_live_config config;
	uint64_t seen_drops;   /* the interface's own counter, last time */
	uint64_t next_try_ms;  /* while the interface is away */
	uint64_t received;     /* by this handle's ring, without those it dropped */
	uint64_t ring_bytes;   /* as the kernel has it */
	uint64_t frame_bytes;  /* what a frame takes of it, lately */
	uint64_t next_tell_ms;
	bool pressed;
	unsigned reads;
};

static int fanout_join(int fd, const struct sl_live_config *c, struct sl_err *err)
{
	struct sock_filter program[SL_SPREAD_MOST];
	struct sock_fprog prog = { sl_spread_program(program), program };
	bool first = c->worker == 0 && *c->group == 0;
	int how = *c->group | PACKET_FANOUT_CBPF << 16 | (first ? PACKET_FANOUT_FLAG_UNIQUEID << 16 : 0);
	socklen_t len = sizeof how;
	if (setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &how, sizeof how) != 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_FANOUT_DATA, &prog, sizeof prog) != 0)
		return sl_fail(err, SL_EFAIL,
			       "%s: cannot join the fanout group (%s); each worker would see every "
			       "packet: use one worker, or a kernel with PACKET_FANOUT_CBPF",
			       c->interface, strerror(errno));
	if (first && getsockopt(fd, SOL_PACKET, PACKET_FANOUT, &how, &len) == 0)
		*c->group = (uint16_t)how;
	return SL_OK;
}

static int explain(const char *interface, int status, pcap_t *p, struct sl_err *err)
{
	const char *why = *pcap_geterr(p) ? pcap_geterr(p) : pcap_statustostr(status);
	if (status == PCAP_ERROR_PERM_DENIED || status == PCAP_ERROR_PROMISC_PERM_DENIED)
		return sl_fail(err, SL_EFAIL,
			       "%s: no permission to capture: run as root, or give the program the "
			       "capability: setcap cap_net_raw,cap_net_admin=ep selat-sensor",
			       interface);
	if (status == PCAP_ERROR_NO_SUCH_DEVICE)
		return sl_fail(err, SL_EFAIL, "%s: no such interface (%s); `ip link` lists them",
			       interface, why);
	return sl_fail(err, SL_EFAIL, "%s: %s", interface, why);
}

static bool is_up(const char *interface)
{
	struct ifreq request = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	snprintf(request.ifr_name, sizeof request.ifr_name, "%s", interface);
	bool up = fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &request) == 0 && request.ifr_flags & IFF_UP;
	if (fd >= 0)
		close(fd);
	return up;
}

static int set_up(pcap_t *p, const struct sl_live_config *c, struct sl_err *err)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	pcap_set_snaplen(p, SL_SNAPLEN);
	pcap_set_promisc(p, c->promiscuous);
	pcap_set_timeout(p, BLOCK_MS);
	pcap_set_buffer_size(p, (int)(c->ring_bytes < INT32_MAX ? c->ring_bytes : INT32_MAX));
	pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_NANO);
	int status = pcap_activate(p);
	if (status < 0)
		return explain(c->interface, status, p, err);
	if (pcap_get_tstamp_precision(p) != PCAP_TSTAMP_PRECISION_NANO)
		return sl_fail(err, SL_EFAIL, "%s: no nanosecond stamps", c->interface);
	if (pcap_setnonblock(p, 1, why) != 0)
		return sl_fail(err, SL_EFAIL, "%s: %s", c->interface, why);
	return sl_filter_set(p, c->filter, err);
}

static void check_ring(struct live_source *s)
{
	uint64_t got = sl_ring_bytes(pcap_fileno(s->base.pcap)), wanted = s->config.ring_bytes;
	s->ring_bytes = got ? got : wanted;
	s->pressed = false;
	if (got && got < wanted - wanted / 8)
		sl_log(SL_WARN, "capture",
		       "%s: the ring is %llu MiB, %llu were asked for; lower capture.ring_mib or the "
		       "number of workers", s->config.interface, (unsigned long long)(got >> 20),
		       (unsigned long long)(wanted >> 20));
}

static int live_open(struct live_source *s, struct sl_err *err)
{
	const struct sl_live_config *c = &s->config;
	char why[PCAP_ERRBUF_SIZE] = "", link[256];
	s->base.pcap = pcap_create(c->interface, why);
	if (!s->base.pcap)
		return sl_fail(err, SL_EFAIL, "%s: %s", c->interface, why);
	int rc = set_up(s->base.pcap, c, err);
	if (rc != SL_OK)
		return rc;
	s->base.link = pcap_datalink(s->base.pcap);
	if (!s->base.known(s->base.link))
		return sl_fail(err, SL_EFAIL, "%s: link type %s is not supported", c->interface,
			       sl_link_text(s->base.link, link, sizeof link));
	if (c->workers > 1)
		rc = fanout_join(pcap_fileno(s->base.pcap), c, err);
	s->base.not_before = c->workers > 1 ? sl_time_now() : 0;
	check_ring(s);
	return rc;
}

static void read_ring(struct live_source *s)
{
	struct sl_ring_loss loss = sl_ring_loss(pcap_fileno(s->base.pcap));
	s->received += loss.packets - loss.drops;
	sl_count_add(s->base.counters, SL_COUNT_KERNEL_DROPS, loss.drops);
	sl_count_add(s->base.counters, SL_COUNT_RING_FREEZES, loss.freezes);
}

static void read_card(struct live_source *s)
{
	if (s->config.worker != 0) /* the interface is shared: one worker counts for it */
		return;
	uint64_t drops = sl_interface_drops(s->config.interface);
	if (drops > s->seen_drops)
		sl_count_add(s->base.counters, SL_COUNT_INTERFACE_DROPS, drops - s->seen_drops);
	s->seen_drops = drops;
}

static void tell_pressure(struct live_source *s)
{
	sl_count(s->base.counters, SL_COUNT_RING_PRESSURE);
	if (sl_time_mono_ms() < s->next_tell_ms)
		return;
	s->next_tell_ms = sl_time_mono_ms() + TELL_MS;
	sl_log(SL_WARN, "capture",
	       "%s: worker %u falls behind: its ring is half full; what flows say past their beginning "
	       "is only counted (shed_packets); more workers, or a lower flow.depth, would help",
	       s->config.interface, s->config.worker);
}

/* Half full is pressure, until it is a quarter full. By packets, because clocks step. */
static void feel_pressure(struct live_source *s, const struct sl_frames *batch)
{
	uint64_t waiting = s->received > s->base.handed ? s->received - s->base.handed : 0;
	uint64_t mean = batch->n ? batch->used / batch->n + FRAME_EXTRA : s->frame_bytes;
	s->frame_bytes = s->frame_bytes ? (7 * s->frame_bytes + mean) / 8 : mean;
	bool now = waiting * s->frame_bytes > s->ring_bytes / (s->pressed ? 4 : 2);
	if (now && !s->pressed)
		tell_pressure(s);
	s->pressed = now;
}

static void wait_for_packets(struct live_source *s, int fd)
{
	struct pollfd list[2] = { { .fd = fd, .events = POLLIN },
				  { .fd = s->config.wake_fd, .events = POLLIN } };
	poll(list, 2, POLL_MS);
}

/* What is in the ring and will not be read is lost, and counted. */
static void live_settle(struct sl_source *base)
{
	struct live_source *s = (struct live_source *)base;
	if (!base->pcap)
		return;
	read_ring(s);
	read_card(s);
	if (s->received > base->handed)
		sl_count_add(base->counters, SL_COUNT_RING_UNREAD, s->received - base->handed);
	s->received = base->handed = 0;
}

/* The interface went down or away: it is waited for, and the others go on. */
static void lose_interface(struct live_source *s)
{
	sl_log(SL_WARN, "capture", "%s: %s; waiting for it to come back", s->config.interface,
	       pcap_geterr(s->base.pcap));
	sl_count(s->base.counters, SL_COUNT_INTERFACE_LOST);
	live_settle(&s->base);
	pcap_close(s->base.pcap);
	s->base.pcap = NULL;
	s->next_try_ms = sl_time_mono_ms() + TRY_MS;
}

static void try_again(struct live_source *s)
{
	struct sl_err err = { "" };
	wait_for_packets(s, -1);
	if (sl_time_mono_ms() < s->next_try_ms)
		return;
	s->next_try_ms = sl_time_mono_ms() + TRY_MS;
	if (is_up(s->config.interface) && live_open(s, &err) == SL_OK) {
		sl_log(SL_INFO, "capture", "%s: is back", s->config.interface);
	} else if (s->base.pcap) {
		pcap_close(s->base.pcap);
		s->base.pcap = NULL;
	}
}

static int live_read(struct sl_source *base, struct sl_frames *batch, struct sl_err *err)
{
	(void)err;
	struct live_source *s = (struct live_source *)base;
	struct sl_take take = { base, batch };

	batch->interface = s->config.interface;
	if (!base->pcap) {
		try_again(s);
		return SL_OK;
	}
	int rc = pcap_dispatch(base->pcap, SL_BATCH, sl_take_packet, (u_char *)&take);
	if (rc == PCAP_ERROR) {
		lose_interface(s);
		return SL_OK;
	}
	if (batch->n == 0 && rc != PCAP_ERROR_BREAK)
		wait_for_packets(s, pcap_get_selectable_fd(base->pcap));
	bool quiet = batch->n == 0; /* then too losses are told */
	s->reads++;
	if (quiet || s->reads % RING_EVERY == 0) {
		read_ring(s);
		feel_pressure(s, batch);
	}
	if (quiet || s->reads % CARD_EVERY == 0)
		read_card(s);
	batch->pressed = s->pressed;
	return SL_OK;
}

static int live_close(struct sl_source *base)
{
	struct live_source *s = (struct live_source *)base;
	if (base->pcap)
		pcap_close(base->pcap);
	sl_twice_free(base->twice);
	free(s);
	return SL_OK;
}

int sl_source_live(struct sl_source **out, const struct sl_live_config *c, bool (*known)(int link),
		   struct sl_counters *counters, struct sl_err *err)
{
	struct live_source *s = calloc(1, sizeof *s);
	if (!s)
		return sl_fail(err, SL_ENOMEM, "capture: out of memory");
	s->base = (struct sl_source){
		.read = live_read, .settle = live_settle, .close = live_close, .known = known,
		.counters = counters
	};
	s->config = *c;
	s->seen_drops = sl_interface_drops(c->interface);
	int rc = live_open(s, err);
	if (rc == SL_OK && c->duplicates && s->base.link == DLT_EN10MB &&
	    !(s->base.twice = sl_twice_new()))
		rc = sl_fail(err, SL_ENOMEM, "capture: out of memory");
	if (rc != SL_OK) {
		live_close(&s->base);
		return rc;
	}
	*out = &s->base;
	return SL_OK;
}
