/* The embedded broker, in a folder of its own, and records sent to it and read back; a door to it that
 * opens late. */
#ifndef SELAT_TEST_KAFKA_H
#define SELAT_TEST_KAFKA_H

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <selat/kafka.h>
#include <selat/time.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { RECORDS = 200 };

static const char *const topics[] = { "selat.alerts", "selat.sensors", NULL };

struct seen {
	unsigned reports, failures;
	unsigned by_tag[RECORDS];
};

static inline void count_report(void *ctx, uint64_t tag, const char *error)
{
	struct seen *seen = ctx;
	assert_true(tag < RECORDS);
	seen->by_tag[tag]++;
	seen->reports++;
	seen->failures += error != NULL;
}

static inline struct sl_pair pair_of(const char *key, const char *value)
{
	static char place[] = "selat.yaml:12:5";
	return (struct sl_pair){ (char *)(uintptr_t)key, (char *)(uintptr_t)value, place };
}

static inline void make_runtime_dir(char *out, size_t room)
{
	snprintf(out, room, "/tmp/selat-test-XXXXXX");
	assert_non_null(mkdtemp(out));
	setenv("XDG_RUNTIME_DIR", out, 1);
}

static inline int set_up(void **state)
{
	static char folder[64];
	make_runtime_dir(folder, sizeof folder);
	*state = folder;
	return 0;
}

static inline int tear_down(void **state)
{
	char path[128];
	snprintf(path, sizeof path, "%s/selat/broker", (char *)*state);
	unlink(path);
	snprintf(path, sizeof path, "%s/selat", (char *)*state);
	rmdir(path);
	return rmdir(*state);
}

static inline struct sl_broker *start_broker(void)
{
	struct sl_broker *b = NULL;
	struct sl_err err = { "" };
	if (sl_broker_start(&b, topics, &err))
		fail_msg("%s", err.text);
	return b;
}

static inline struct sl_record record_of(uint64_t tag, char text[32])
{
	snprintf(text, 32, "{\"n\":%u}", (unsigned)tag);
	return (struct sl_record){
		.topic = topics[0],
		.key = sl_span_str("vn-hn-ix1"),
		.value = sl_span_str(text),
		.time_ms = 1795000000000 + tag,
		.tag = tag,
	};
}

static inline void send_all(struct sl_producer *p, unsigned first, unsigned n, unsigned *full)
{
	char text[32];
	for (unsigned i = first; i < first + n; i++) {
		struct sl_record r = record_of(i, text);
		struct sl_header headers[] = { { "tlp", sl_span_str("TLP:GREEN") },
					       { "empty", sl_span_of("", 0) } };
		r.header = headers;
		r.headers_n = 2;
		int rc;
		while ((rc = sl_producer_send(p, &r, NULL)) == SL_EAGAIN) {
			(*full)++;
			sl_producer_poll(p, 5);
		}
		assert_int_equal(rc, SL_OK);
	}
}

static inline void drain(struct sl_producer *p, const struct seen *seen, unsigned n)
{
	uint64_t end_ms = sl_time_mono_ms() + 10000;
	while (seen->reports < n && sl_time_mono_ms() < end_ms)
		sl_producer_poll(p, 50);
	assert_int_equal(seen->reports, n);
	assert_int_equal(seen->failures, 0);
	assert_int_equal(sl_producer_queued(p), 0);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(seen->by_tag[i], 1);
}

/* Reads n messages, first to first + n - 1 in order, and checks that nothing follows. */
static inline void read_all(struct sl_consumer *c, unsigned first, unsigned n)
{
	char text[32];
	struct sl_message m;
	struct sl_span value;
	uint64_t end_ms = sl_time_mono_ms() + 10000;
	for (unsigned i = first; i < first + n;) {
		assert_true(sl_time_mono_ms() < end_ms);
		int rc = sl_consumer_poll(c, 100, &m, NULL);
		assert_true(rc >= 0);
		if (rc == 0)
			continue;
		struct sl_record r = record_of(i++, text);
		assert_true(sl_span_eq(m.value, r.value));
		assert_true(sl_span_eq(m.key, r.key));
		assert_string_equal(m.topic, r.topic);
		assert_int_equal(m.time_ms, r.time_ms);
		assert_true(sl_consumer_header(c, "tlp", &value));
		assert_true(sl_span_eq(value, sl_span_str("TLP:GREEN")));
		assert_true(sl_consumer_header(c, "empty", &value));
		assert_int_equal(value.len, 0);
		assert_false(sl_consumer_header(c, "absent", &value));
	}
	assert_int_equal(sl_consumer_poll(c, 300, &m, NULL), 0);
	assert_false(sl_consumer_header(c, "tlp", &value));
}

/* A door to the broker on a port that is shut at first: connections are refused until it opens. */
struct door {
	int listener, stop[2];
	struct sockaddr_in at, broker;
	char address[32];
	pthread_t thread;
};

static inline void door_make(struct door *d, const char *broker)
{
	socklen_t len = sizeof d->at;
	*d = (struct door){ .listener = socket(AF_INET, SOCK_STREAM, 0) };
	d->at = (struct sockaddr_in){ .sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	assert_int_equal(bind(d->listener, (struct sockaddr *)&d->at, len), 0);
	assert_int_equal(getsockname(d->listener, (struct sockaddr *)&d->at, &len), 0);
	snprintf(d->address, sizeof d->address, "127.0.0.1:%u", ntohs(d->at.sin_port));
	d->broker = d->at;
	d->broker.sin_port = htons((uint16_t)atoi(strrchr(broker, ':') + 1));
	assert_int_equal(pipe(d->stop), 0);
}

/* Forwards one pair of connections at a time; only the first question, "who are you?", needs it. */
static inline void forward(struct door *d, int client)
{
	char bytes[4096];
	int server = socket(AF_INET, SOCK_STREAM, 0);
	struct pollfd fds[] = { { client, POLLIN, 0 },
				{ server, POLLIN, 0 },
				{ d->stop[0], POLLIN, 0 } };
	bool open = connect(server, (struct sockaddr *)&d->broker, sizeof d->broker) == 0;
	while (open && poll(fds, 3, -1) > 0 && !fds[2].revents)
		for (int i = 0; i < 2 && open; i++) {
			if (!fds[i].revents)
				continue;
			ssize_t n = read(fds[i].fd, bytes, sizeof bytes);
			open = n > 0 && write(fds[1 - i].fd, bytes, (size_t)n) == n;
		}
	close(server);
	close(client);
}

static inline void *door_run(void *arg)
{
	struct door *d = arg;
	struct pollfd fds[] = { { d->listener, POLLIN, 0 }, { d->stop[0], POLLIN, 0 } };
	while (poll(fds, 2, -1) > 0 && !fds[1].revents)
		forward(d, accept(d->listener, NULL, NULL));
	return NULL;
}

static inline void door_open(struct door *d)
{
	assert_int_equal(listen(d->listener, 8), 0);
	assert_int_equal(pthread_create(&d->thread, NULL, door_run, d), 0);
}

static inline void door_free(struct door *d)
{
	assert_int_equal(write(d->stop[1], "x", 1), 1);
	pthread_join(d->thread, NULL);
	close(d->listener);
	close(d->stop[0]);
	close(d->stop[1]);
}

#endif
