/* Counters: what a sensor saw, did and lost, by cause. One table, SL_COUNTERS, names them for
 * `--stats`, for SIGUSR1 and for the documentation.
 *
 * Each set has one writing thread; any thread may read (relaxed). Values only grow. Every packet is
 * accounted for: received = processed + the drops, each under its cause. */
#ifndef SELAT_COUNTER_H
#define SELAT_COUNTER_H

#include <stdatomic.h>
#include <stdint.h>

/*        id                 name in the JSON           what it counts */
#define SL_COUNTERS(X)                                                                                \
	X(PACKETS, "packets", "packets read from the capture")                                        \
	X(BYTES, "bytes", "bytes of these packets, as they were on the wire")                         \
	X(BATCHES, "batches", "batches they came in")                                                 \
	X(FILES, "files", "capture files read")                                                       \
	X(FILES_CUT, "files_cut", "capture files that ended in the middle of a packet or were unreadable") \
	X(KERNEL_DROPS, "kernel_drops", "packets the kernel dropped because the ring was full")       \
	X(INTERFACE_DROPS, "interface_drops", "packets the network card or its driver dropped")       \
	X(RING_FREEZES, "ring_freezes", "times a ring was full and the kernel dropped until there was room") \
	X(RING_UNREAD, "ring_unread", "packets left in the ring when the sensor ended or lost the interface") \
	X(RING_PRESSURE, "ring_pressure", "times a worker's ring got half full; shed until it is a quarter full") \
	X(SHED_PACKETS, "shed_packets", "packets past a flow's beginning not inspected, because the ring was filling") \
	X(SHED_BYTES, "shed_bytes", "bytes these packets carried; a TCP stream has a gap there")       \
	X(TUNNEL_SPLIT, "tunnel_split_packets", "packets in tunnels whose inner addresses belong to another worker: at most so many are apart from their flow (live)") \
	X(ICMP_SPLIT, "icmp_split", "ICMP errors that came to another worker than the addresses they quote belong to (live)") \
	X(INTERFACE_LOST, "interface_lost", "times an interface went away and was waited for")        \
	X(DUPLICATES, "duplicates", "packets that a two-way mirror brought twice; taken once")        \
	X(DECODE_OK, "decode_ok", "packets decoded to a transport header")                            \
	X(DECODE_TRUNCATED, "decode_truncated", "packets that end before their headers do")           \
	X(DECODE_MALFORMED, "decode_malformed", "packets whose headers contradict themselves")        \
	X(DECODE_UNSUPPORTED, "decode_unsupported", "packets of a kind that is not decoded")          \
	X(DECODE_FRAGMENT, "decode_fragment", "fragments of IP datagrams")                            \
	X(FRAGMENTS_JOINED, "fragments_joined", "datagrams put together from fragments")              \
	X(FRAGMENT_OVERLAPS, "fragment_overlaps", "fragments that came over others: possible evasion") \
	X(FRAGMENT_TINY, "fragment_tiny", "first fragments too small for a transport header: possible evasion") \
	X(FRAGMENT_BAD, "fragment_bad", "fragments that can belong to no datagram")                   \
	X(FRAGMENT_TIMEOUTS, "fragment_timeouts", "datagrams given up because parts did not come")    \
	X(FRAGMENT_FULL, "fragment_full", "datagrams given up because the buffers were full")         \
	X(CAPWAP_FRAGMENTS, "capwap_fragments", "packets with a part of a frame in CAPWAP; put together like fragments") \
	X(FURTHER_PACKETS, "further_packets", "packets beyond one a frame, in 802.11 aggregates; inspected too") \
	X(CARRIER_PACKETS, "carrier_packets", "UDP datagrams that carry a tunnel, looked at beside what is in it") \
	X(FURTHER_LOST, "further_lost", "packets of aggregates and tunnels not looked at because one batch had too many") \
	X(BAD_CHECKSUM, "bad_checksum", "packets whose IP, TCP or UDP checksum is wrong; not inspected") \
	X(FLOWS, "flows", "flows begun")                                                              \
	X(FLOWS_ENDED, "flows_ended", "flows ended: closed, timed out or replaced")                   \
	X(FLOWS_TIMED_OUT, "flows_timed_out", "of these, ended because nothing came any more")        \
	X(FLOWS_EVICTED, "flows_evicted", "of these, ended early because the table was full")         \
	X(ICMP_ERRORS, "icmp_errors", "ICMP errors about a flow that is followed")                     \
	X(STREAM_BYTES, "stream_bytes", "TCP bytes delivered in order")                               \
	X(STREAM_REPEATED, "stream_repeated_bytes", "TCP bytes that came again")                      \
	X(STREAM_CONFLICTS, "stream_conflicts", "TCP bytes that came again and differed: possible evasion") \
	X(STREAM_OLD_STAMPS, "stream_old_stamps", "TCP segments with an outdated timestamp (RFC 7323): not taken") \
	X(STREAM_URGENT, "stream_urgent", "TCP segments with urgent data, or that announce some") \
	X(STREAM_URGENT_BYTES, "stream_urgent_bytes", "urgent bytes that were taken out of their streams (flow.urgent)") \
	X(STREAM_BEYOND, "stream_beyond_bytes", "TCP bytes past the inspection depth: counted only")  \
	X(STREAM_GAPS, "stream_gaps", "holes in TCP streams that were skipped")                       \
	X(STREAM_GAP_BYTES, "stream_gap_bytes", "bytes missing in these holes")                       \
	X(STREAM_HELD_FULL, "stream_held_full", "TCP segments let go because the buffers were full")  \
	X(STREAM_HELD_DROPPED, "stream_held_dropped_bytes", "bytes of held TCP segments that made room for others") \
	X(GATHER_FULL, "gather_full", "messages not inspected because the buffers were full")         \
	X(INSPECT_FULL, "inspect_full", "flows and bodies not inspected because the memory for them was used up") \
	X(MESSAGE_TOO_LONG, "message_too_long", "messages cut because they were longer than the bound") \
	X(VALUES_LEFT_OUT, "values_left_out", "values of messages that had too many of them; not inspected") \
	X(DNS_MESSAGES, "dns_messages", "DNS messages inspected")                                     \
	X(HTTP_REQUESTS, "http_requests", "HTTP requests inspected")                                  \
	X(HTTP_RESPONSES, "http_responses", "HTTP responses inspected")                               \
	X(HTTP2_MESSAGES, "http2_messages", "HTTP/2 requests and responses inspected")                \
	X(HTTP2_LOST, "http2_lost", "directions of HTTP/2 given up because bytes of compressed headers are missing") \
	X(TLS_HELLOS, "tls_hellos", "TLS hellos and certificates inspected, of TLS, DTLS and OpenVPN")   \
	X(QUIC_MESSAGES, "quic_messages", "QUIC versions and hellos inspected")                       \
	X(QUIC_SEALED, "quic_sealed", "QUIC Initials that could not be opened: their connection's beginning was not seen") \
	X(SMTP_MESSAGES, "smtp_messages", "SMTP greetings, envelopes and mail headers inspected")      \
	X(SSH_MESSAGES, "ssh_messages", "SSH version lines and key exchanges inspected")              \
	X(FTP_COMMANDS, "ftp_commands", "FTP commands inspected")                                     \
	X(FTP_DATA_FULL, "ftp_data_full", "FTP data connections not looked for any more: others came in their place") \
	X(SOCKS_REQUESTS, "socks_requests", "SOCKS requests inspected")                               \
	X(RTSP_REQUESTS, "rtsp_requests", "RTSP requests inspected")                                  \
	X(RTSP_RESPONSES, "rtsp_responses", "RTSP responses inspected")                               \
	X(FILES_SEEN, "files_inspected", "bodies, attachments and transfers inspected")                \
	X(BODIES_NOT_DECODED, "bodies_not_decoded", "bodies whose content codings could not be undone: broken, or a bomb") \
	X(PARSE_ERRORS, "parse_errors", "flows whose protocol turned out to be nonsense")             \
	X(SCANNED_BYTES, "scanned_bytes", "bytes scanned by Hyperscan")                               \
	X(ENCRYPTED_PACKETS, "encrypted_packets", "packets with encrypted bytes of TLS or SSH, which were not scanned for payload") \
	X(ENCRYPTED_BYTES, "encrypted_bytes", "these bytes")                                          \
	X(SCAN_ERRORS, "scan_errors", "scans that Hyperscan refused; alarmed")                        \
	X(STREAMS_FULL, "streams_full", "flow directions not scanned as streams: the budget was used up") \
	X(WINDOWS_FULL, "windows_full", "flow directions and bodies whose last bytes were not kept for expressions: the budget for streams was used up") \
	X(TRANSFORMS_FAILED, "transforms_failed", "derived values not looked at because libcrypto refused the digest") \
	X(VERIFY_LIMITED, "verify_limited", "conditions given up on a value because judging them took too many steps") \
	X(PARTIALS_FULL, "partials_full", "conditions forgotten because a flow had too many half-held indicators, transactions or marks") \
	X(MEMOS_FULL, "memos_full", "half-held indicators whose alert will show no value, because too many wait for their scope's end") \
	X(PARTIALS_DROPPED, "partials_dropped", "half-held indicators forgotten because a new ruleset does not have them") \
	X(DUMP_LOST, "dump_lost", "lines of --dump that were too long to be written")               \
	X(RULESETS_TAKEN, "rulesets_taken", "rulesets taken into use while the sensor ran")           \
	X(RULESETS_REFUSED, "rulesets_refused", "rulesets that could not be used; the one before stayed in use") \
	X(DELTAS_SET_ASIDE, "deltas_set_aside", "deltas that do not fit a new base, which is used without them") \
	X(EXCEPTIONS_REFUSED, "exceptions_refused", "files of exceptions that could not be used; those before stayed in use") \
	X(MATCHES, "matches", "indicators that held")                                                 \
	X(MATCHES_SHADOW, "matches_shadow", "of these, indicators in shadow: counted, not published") \
	X(MATCHES_SILENT, "matches_silent", "of these, indicators that only set marks or let pass: not published") \
	X(MATCHES_PASSED, "matches_passed", "of these, in flows that an indicator lets pass: not published") \
	X(MATCHES_EXPIRED, "matches_expired", "of these, indicators out of their validity: not published") \
	X(MATCHES_LIMITED, "matches_limited", "conditions that held and were not examined, because one batch had too many") \
	X(MATCHES_LOST, "matches_lost", "matches lost because the publisher was too slow (live only)") \
	X(ALERTS_ALLOWED, "alerts_allowed", "matches that an exception of the site silenced")          \
	X(ALERTS_THRESHOLDED, "alerts_thresholded", "matches that an indicator's threshold held back")  \
	X(THRESHOLDS_FULL, "thresholds_full", "counts of thresholds forgotten because there were too many") \
	X(ALERTS_REPEATED, "alerts_repeated", "matches held back as repeats, for a summary")           \
	X(REPEATS_FULL, "repeats_full", "windows of repeats that ended early because there were too many") \
	X(REPEAT_VALUES_FULL, "repeat_values_full", "values of repeats forgotten because there were too many: they may count twice") \
	X(ALERTS_OVER_RATE, "alerts_over_rate", "matches held back because their indicator made too many alerts a second") \
	X(ALERTS, "alerts", "alerts made")                                                            \
	X(ALERTS_WRITTEN, "alerts_written", "alerts written to the output or the journal")            \
	X(ALERTS_REFUSED, "alerts_refused", "alerts lost because the output failed")                  \
	X(JOURNAL_WAITS, "journal_waits", "times the journal could not be written and was tried again") \
	X(ROUTED, "routed", "alerts handed to Kafka, over all routes")                                \
	X(DELIVERED, "delivered", "alerts that Kafka has, over all routes")                           \
	X(WITHHELD, "withheld", "alerts that a route's policy did not let pass")                      \
	X(DELIVERY_RETRIES, "delivery_retries", "alerts that Kafka refused and that were sent again")

enum sl_counter {
#define X(id, name, help) SL_COUNT_##id,
	SL_COUNTERS(X)
#undef X
		SL_COUNTER_COUNT
};

struct sl_counters {
	_Atomic uint64_t value[SL_COUNTER_COUNT];
};

/* The writer's side: no locked instruction, because there is one writer. */
static inline void sl_count_add(struct sl_counters *c, enum sl_counter which, uint64_t n)
{
	uint64_t now = atomic_load_explicit(&c->value[which], memory_order_relaxed);
	atomic_store_explicit(&c->value[which], now + n, memory_order_relaxed);
}

static inline void sl_count(struct sl_counters *c, enum sl_counter which)
{
	sl_count_add(c, which, 1);
}

static inline uint64_t sl_counter_get(const struct sl_counters *c, enum sl_counter which)
{
	return atomic_load_explicit(&c->value[which], memory_order_relaxed);
}

const char *sl_counter_name(enum sl_counter which);
const char *sl_counter_help(enum sl_counter which);

#endif
