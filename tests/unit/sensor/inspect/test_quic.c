/* QUIC flows: the samples of the specifications, and connections made here from the same hellos, cut,
 * shuffled, coalesced, retried and renegotiated. */
#include "quic_feed.h"

static void samples(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof quic_vectors / sizeof *quic_vectors; i++) {
		const struct quic_vectors *v = &quic_vectors[i];
		struct fixture *x = fixture_new(17, 0);
		bool draft = v->version >> 24 == 0xff; /* drafts have hellos of their own */
		char first[512];
		snprintf(first, sizeof first, "quic.version=%s\n%s", v->name, draft ? "tls" : CLIENT);
		feed_hex(x, 1, v->client);
		assert_memory_equal(x->record, first, strlen(first));
		assert_non_null(strstr(x->record, v->old_frames ? "tls.sni=server\n" : "tls.sni=example.com\n"));
		x->n = 0;
		x->record[0] = '\0';
		assert_string_equal(sl_app_text(x->flow.app), "quic");
		assert_int_equal(x->flow.client, 1);
		feed_hex(x, 0, v->server);
		assert_record(x, v->old_frames ? "" : SERVER);
		fixture_free(x);
	}
}

/* Without the client's first packet only the version is to be had of the server. */
static void one_side(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(17, 0);
	feed_hex(x, 0, quic_vectors[0].server);
	feed_hex(x, 0, quic_vectors[0].server);
	assert_record(x, "quic.version=1\n--\n");
	assert_int_equal(fixture_count(x, SL_COUNT_QUIC_SEALED), 2);
	fixture_again(x);
	feed_hex(x, 0, quic_vectors[0].client);
	assert_record(x, FIRST);
	fixture_free(x);
}

/* The server's keys come from the id that its Retry gives: it can be read alone. */
static void retries(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(17, 0);
	struct seal c = from_client(), s = from_server();
	feed_client(x, &c);
	assert_record(x, FIRST);
	feed_hex(x, 1, quic_vectors[0].retry);
	c.origin = c.to = s.origin = sl_span_of(server_id, 8);
	c.token = sl_span_str("token");
	s.from = sl_span_str("another");
	feed_client(x, &c); /* the same hello again is told once */
	assert_record(x, "");
	feed_server(x, &s);
	assert_record(x, SERVER);
	assert_int_equal(x->flow.client, 0);

	fixture_again(x);
	feed_hex(x, 1, quic_vectors[0].retry);
	feed_server(x, &s);
	assert_record(x, "quic.version=1\n--\n" SERVER);
	assert_int_equal(x->flow.client, 0);
	fixture_free(x);
}

/* Frames that an Initial may hold, in front of a piece of the hello. */
static void other_frames(struct wire *w, uint64_t *seed)
{
	static const char *const frames[] = { "", "00", "01", "0000000000", "02 05 4064 00 02",
					      "02 4005 00 02 01 00 01 00 01", "03 05 00 00 00 01 02 03" };
	wire_hex(w, frames[wire_random(seed) % 7]);
}

static void in_any_pieces(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(17, 0);
	uint64_t seed = 11;
	for (unsigned round = 0; round < 400; round++) {
		size_t cut[HELLO + 1] = { 0 }, order[HELLO], n = 0;
		for (size_t at = 0; at < HELLO; at = cut[n]) {
			size_t step = 1 + wire_random(&seed) % (1 + HELLO / (1 + round % 40));
			order[n] = n;
			cut[++n] = at + step < HELLO ? at + step : HELLO;
		}
		for (size_t i = n - 1; i > 0; i--) {
			size_t k = wire_random(&seed) % (i + 1), other = order[i];
			order[i] = order[k];
			order[k] = other;
		}
		fixture_again(x);
		struct seal c = from_client();
		for (size_t i = 0; i < n;) {
			struct wire w = { .n = 0 };
			for (unsigned packets = 1 + wire_random(&seed) % 3; packets && i < n; packets--) {
				struct wire frames = { .n = 0 };
				size_t least = i + 1 + wire_random(&seed) % 60;
				for (; i < n && i < least; i++) {
					size_t from = cut[order[i]], to = cut[order[i] + 1];
					other_frames(&frames, &seed);
					from -= wire_random(&seed) % 4 == 0 && from ? 1 : 0;
					wire_crypto(&frames, from, hello.at + from, to - from);
				}
				seal(&w, &c, &frames);
				c.number++;
			}
			feed(x, 0, &w);
		}
		const char *end = strstr(x->record, CLIENT); /* the version comes with the first datagram */
		assert_non_null(end);
		assert_string_equal(end, CLIENT);
		assert_memory_equal(x->record, "quic.version=1\n", 15);
		assert_true(end == x->record + 15 || strncmp(x->record + 15, "--\n" CLIENT, 10) == 0);
	}
	fixture_free(x);
}

static void coalesced(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(17, 0);
	struct seal c = from_client(), s = from_server();
	struct wire w = { .n = 0 }, frames = { .n = 0 };
	feed_client(x, &c);
	assert_record(x, FIRST);
	wire_hex(&w, "e0 00000001 00 08 f067a5502a4262b5 14 00000000 11111111111111111111111111111111");
	for (size_t from = 0; from < ANSWER; from += 30) { /* a Handshake, three Initials, a short one */
		frames.n = 0;
		wire_crypto(&frames, from, answer.at + from, 30);
		seal(&w, &s, &frames);
		s.number++;
	}
	wire_hex(&w, "40 0102030405060708090a0b0c0d0e0f");
	feed(x, 1, &w);
	assert_record(x, SERVER);
	fixture_free(x);
}

/* A client that asks for a version of its own first: RFC 9000, section 6. */
static void negotiated(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(17, 0);
	struct seal c = from_client(), s = from_server();
	struct wire w = { .n = 0 };
	wire_hex(&w, "c0 1a2a3a4a 08 8394c8f03e515708 00 00 44b4");
	w.n += 1204;
	memset(w.at + w.n - 1204, 0x55, 1204);
	feed(x, 0, &w);
	assert_record(x, "quic.version=1a2a3a4a\n--\n");
	feed_hex(x, 1, "80 00000000 00 08 8394c8f03e515708 00000001 6b3343cf");
	feed_client(x, &c);
	assert_record(x, FIRST);
	feed_server(x, &s);
	assert_record(x, SERVER);
	fixture_free(x);
}

/* What it asks with may be sealed as in a true version. */
static void negotiated_from_a_sealed_one(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(17, 0);
	struct seal c = from_client();
	c.version = 0x1a2a3a4a;
	for (c.as = V1; c.as; c.as = c.as == V1 ? 0xff00001d : 0) {
		feed_part(x, 0, &c, &hello, 100, HELLO - 100);
		feed_part(x, 0, &c, &hello, 0, 100);
		assert_record(x, c.as == V1 ? "quic.version=1a2a3a4a\n--\n" CLIENT : CLIENT);
		feed_hex(x, 1, "80 00000000 00 08 8394c8f03e515708 00000001 6b3343cf");
	}
	c.version = V1;
	feed_client(x, &c);
	assert_record(x, FIRST);
	fixture_free(x);
}

/* From a version that is known to another, under the same id. */
static void negotiated_between_known_ones(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(17, 0);
	struct seal c = from_client(), s = from_server();
	c.version = 0xff00001d;
	feed_client(x, &c);
	assert_record(x, "quic.version=ff00001d\n" CLIENT);
	feed_hex(x, 1, "80 00000000 00 08 8394c8f03e515708 00000001");
	c.version = V1;
	feed_client(x, &c);
	assert_record(x, FIRST);
	feed_server(x, &s);
	assert_record(x, SERVER);

	fixture_again(x); /* the server answers in another at once: RFC 9368 */
	feed_client(x, &c);
	s.version = 0x6b3343cf;
	feed_server(x, &s);
	assert_record(x, FIRST "quic.version=6b3343cf\n" SERVER);

	fixture_again(x); /* seen alone it proves who is the server */
	feed_hex(x, 1, "80 00000000 00 08 8394c8f03e515708 00000001");
	assert_string_equal(sl_app_text(x->flow.app), "quic");
	assert_int_equal(x->flow.client, 0);
	assert_record(x, "");
	fixture_free(x);
}

/* RFC 8446, section 4.1.4: the server asks for another hello. */
static void hello_asked_for_again(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(17, 0);
	struct seal c = from_client(), s = from_server();
	struct wire asks = answer, two = hello, both;
	feed_client(x, &c);
	asks.n = 6;
	wire_hex(&asks, "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c");
	asks.n = ANSWER;
	both = asks;
	feed_part(x, 1, &s, &asks, 0, ANSWER);
	assert_record(x, FIRST SERVER);
	wire_put(&two, hello.at, HELLO);
	c.to = sl_span_of(server_id, 8);
	feed_part(x, 0, &c, &two, HELLO, HELLO);
	assert_record(x, CLIENT);
	wire_put(&both, answer.at, ANSWER);
	feed_part(x, 1, &s, &both, ANSWER, ANSWER);
	assert_record(x, SERVER);
	assert_true(sl_inspect_held(x->inspect) < 1024); /* no bytes of hellos any more */
	fixture_free(x);
}

/* Another connection from the same port. */
static void one_after_another(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(17, 0);
	for (unsigned n = 1; n <= 20; n++) {
		uint8_t id[20];
		memset(id, (int)n, sizeof id);
		struct seal c = from_client(), s = from_server();
		c.origin = c.to = s.origin = sl_span_of(id, n); /* of every length */
		s.to = c.from = sl_span_of(id, 20 - n);
		feed_client(x, &c);
		assert_record(x, n == 1 ? FIRST : CLIENT);
		feed_server(x, &s);
		assert_record(x, SERVER);
		feed_client(x, &c); /* again: nothing new */
		feed_server(x, &s);
		for (unsigned k = 0; k < 10; k++)
			feed_hex(x, k & 1, "4f 00010203040506070809101112131415");
		assert_record(x, "");
		char txs[32]; /* each is a transaction, which ends when both hellos are read */
		snprintf(txs, sizeof txs, "%u %u %u. ", n, n, n);
		assert_string_equal(x->txs, txs);
		x->txs_n = 0;
	}
	fixture_free(x);
}

/* Google's: in the clear, sealed with a salt of its own, with TLS. */
static void google(void **state)
{
	(void)state;
	struct fixture *x = fixture_new(17, 0);
	struct wire chlo = { .n = 0 }, frames = { .n = 0 }, w = { .n = 0 };
	wire_text(&chlo, "CHLO");
	wire_hex(&chlo, "0200 0000 50414400 04000000 534e4900 0f000000 2d2d2d2d");
	wire_text(&chlo, "www.example");
	wire_hex(&w, "0d 0102030405060708 51303433 01 000000000000000000000000 a0012700");
	wire_put(&w, chlo.at, chlo.n);
	feed(x, 1, &w);
	assert_record(x, "quic.version=Q043\ntls.sni=www.example\n--\n");
	assert_int_equal(x->flow.client, 1);
	feed(x, 1, &w);
	feed_hex(x, 0, "0c 0102030405060708 01 0102030405060708");
	assert_record(x, "");

	fixture_again(x);
	struct seal c = from_client();
	c.version = 0x51303530;
	wire_hex(&frames, "08 00 27");
	wire_put(&frames, chlo.at, chlo.n);
	w.n = 0;
	seal(&w, &c, &frames);
	feed(x, 0, &w);
	assert_record(x, "quic.version=Q050\ntls.sni=www.example\n--\n");

	for (uint32_t version = 0x54303530; version <= 0x54303531; version++) {
		char want[512];
		fixture_again(x);
		c.version = version;
		frames.n = w.n = 0;
		wire_hex(&frames, "07 08 00 40f1");
		wire_put(&frames, hello.at, HELLO);
		seal(&w, &c, &frames);
		feed(x, 0, &w);
		snprintf(want, sizeof want, "quic.version=T05%u\n%s", version & 1, CLIENT);
		assert_record(x, want);
	}
	fixture_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples), cmocka_unit_test(one_side),
		cmocka_unit_test(retries), cmocka_unit_test(in_any_pieces),
		cmocka_unit_test(coalesced), cmocka_unit_test(negotiated),
		cmocka_unit_test(negotiated_from_a_sealed_one),
		cmocka_unit_test(negotiated_between_known_ones),
		cmocka_unit_test(hello_asked_for_again),
		cmocka_unit_test(one_after_another),
		cmocka_unit_test(google),
	};
	read_samples();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
