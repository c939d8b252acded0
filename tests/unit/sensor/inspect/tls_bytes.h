/* What the TLS tests share: messages with known answers, and records around them. */
#ifndef SELAT_TEST_INSPECT_TLS_BYTES_H
#define SELAT_TEST_INSPECT_TLS_BYTES_H

#include "fixture.h"

/* RFC 8448, section 3: ClientHello, ServerHello, and the certificate (there encrypted). */
#define RFC8448_CLIENT_HELLO                                                                       \
	"010000c00303cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7000006130113031302" \
	"010000910000000b0009000006736572766572ff01000100000a00140012001d001700180019010001010102010301" \
	"0400230000003300260024001d002099381de560e4bd43d23d8e435a7dbafeb3c06e51c13cae4d5413691e529aaf2c" \
	"002b0003020304000d0020001e040305030603020308040805080604010501060102010402050206020202002d0002" \
	"0101001c00024001"
#define RFC8448_CLIENT_RECORD                                                                      \
	"tls.version=TLS 1.3\nja3.hash=da4dea34fe6d4ce5f0725df3f2682fa0\n"                         \
	"ja4.hash=t13d030900_55b375c5d22e_59cd3dafc54d\ntls.sni=server\n--\n"
#define RFC8448_SERVER_HELLO                                                                       \
	"020000560303a6af06a4121860dc5e6e60249cd34c95930c8ac5cb1434dac155772ed3e269280013010000 2e003300" \
	"24001d0020c9828876112095fe66762bdbf7c672e156d6cc253b833df1dd69b1b04e751f0f002b00020304"
#define RFC8448_SERVER_RECORD "tls.version=TLS 1.3\nja3s.hash=eb1d94daa7e0344597e756a1fb6e7054\n--\n"
#define RFC8448_CERTIFICATE                                                                        \
	"308201ac30820115a003020102020102300d06092a864886f70d01010b0500300e310c300a06035504031303727361" \
	"301e170d3136303733303031323335395a170d3236303733303031323335395a300e310c300a060355040313037273" \
	"6130819f300d06092a864886f70d010101050003818d0030818902818100b4bb498f8279303d980836399b36c6988c" \
	"0c68de55e1bdb826d3901a2461eafd2de49a91d015abbc9a95137ace6c1af19eaa6af98c7ced43120998e187a80ee0" \
	"ccb0524b1b018c3e0b63264d449a6d38e22a5fda430846748030530ef0461c8ca9d9efbfae8ea6d1d03e2bd193eff0" \
	"ab9a8002c47428a6d35a8d88d79f7f1e3f0203010001a31a301830090603551d1304023000300b0603551d0f040403" \
	"0205a0300d06092a864886f70d01010b05000381810085aad2a0e5b9276b908c65f73a7267170618a54c5f8a7b337d" \
	"2df7a594365417f2eae8f8a58c8f8172f9319cf36b7fd6c55b80f21a03015156726096fd335e5e67f2dbf102702e60" \
	"8ccae6bec1fc63a42a99be5c3eb7107c3c54e9b9eb2bd5203b1c3b84e0a8b2f759409ba3eac9d91d402dcc0cc8f896" \
	"1229ac9187b42b4de1"
#define RFC8448_CERTIFICATE_RECORD                                                                 \
	"tls.cert_fingerprint=23:e0:f7:b6:a9:5d:df:a9:65:58:49:4a:94:94:fe:a0:78:5a:ce:45\n"       \
	"tls.cert_sha256=a7ef15cef43e4b67bdb158fcc13cceef9041c8a6cef762046e825543a92bdc83\n"       \
	"tls.cert_subject=CN=rsa\ntls.cert_issuer=CN=rsa\ntls.cert_serial=02\n--\n"

/* Made by openssl req, with every kind of alternative name, and attributes with and without a name. */
#define OWN_CERTIFICATE \
	"308202a330820249a003020102020900c7d4288b80e01e25300a06082a8648ce3d04030230818e310b300906" \
	"035504061302494431163014060355040a0c0d53656c6174204578616d706c65310c300a060355040b0c0357" \
	"65623118301606035504030c0f7777772e6578616d706c652e6f7267311e301c06092a864886f70d01090116" \
	"0f6f7073406578616d706c652e6f7267310b30090603550405130234323112301006092b0601040183b20301" \
	"0c036f6464301e170d3236313132323139343230385a170d3336313131393139343230385a30818e310b3009" \
	"06035504061302494431163014060355040a0c0d53656c6174204578616d706c65310c300a060355040b0c03" \
	"5765623118301606035504030c0f7777772e6578616d706c652e6f7267311e301c06092a864886f70d010901" \
	"160f6f7073406578616d706c652e6f7267310b30090603550405130234323112301006092b0601040183b203" \
	"010c036f64643059301306072a8648ce3d020106082a8648ce3d0301070342000459d52686475b34cc937065" \
	"02c78af1349dd7f1338765b35cc7de206f9abd50db731d950b82ef218d17cdd94f29723ec4016b751742056e" \
	"72e36575855b3198f0a3818d30818a30690603551d1104623060820f7777772e6578616d706c652e6f726782" \
	"0d2a2e6578616d706c652e6e65748704c0000207871020010db8000000000000000000000007810f6f707340" \
	"6578616d706c652e6f7267861568747470733a2f2f6578616d706c652e6f72672f78301d0603551d0e041604" \
	"142cd522d44a8d87c1abc74bdfd50d38232bc906c5300a06082a8648ce3d0403020348003045022100a88ed6" \
	"d1b9e186178463978e4e9254d8ea5253ffaf1ca1b2fa24d6a5d95ec90c022012f1780937caad5e5e86f04d9a" \
	"df7e90cb3dc1fc6838316a7d75ea3faae95659"
#define OWN_CERTIFICATE_RECORD                                                                     \
	"tls.cert_fingerprint=d0:6c:11:3b:68:83:c4:ab:e4:00:13:74:40:bd:27:39:40:c2:ac:8f\n"       \
	"tls.cert_sha256=d13d483d22ada14773d737c2211b04782bfd352f6dea800f66c02d892cb5a011\n"       \
	"tls.cert_subject=" OWN_NAME "\ntls.cert_issuer=" OWN_NAME "\n"                            \
	"tls.cert_serial=00:C7:D4:28:8B:80:E0:1E:25\n"                                             \
	"tls.subjectaltname=www.example.org\ntls.subjectaltname=*.example.net\n"                   \
	"tls.subjectaltname=192.0.2.7\ntls.subjectaltname=2001:db8::7\n"                           \
	"tls.subjectaltname=ops@example.org\ntls.subjectaltname=https://example.org/x\n--\n"
#define OWN_NAME                                                                                   \
	"C=ID, O=Selat Example, OU=Web, CN=www.example.org, Email=ops@example.org, serialNumber=42, " \
	"1.3.6.1.4.1.55555.1=odd"

/* Records of at most `most` bytes each around handshake bytes. */
static inline void tls_records(struct wire *out, const struct wire *message, size_t most)
{
	for (size_t at = 0; at < message->n;) {
		size_t n = message->n - at < most ? message->n - at : most;
		wire_hex(out, "16 0303");
		wire_u16(out, (unsigned)n);
		wire_put(out, message->at + at, n);
		at += n;
	}
}

/* Text, and behind it RFC 8448's ClientHello in a record: a client that turned to TLS. */
static inline void tls_after(struct wire *out, const char *text)
{
	struct wire message = { .n = 0 };
	wire_hex(&message, RFC8448_CLIENT_HELLO);
	wire_put(out, text, strlen(text));
	tls_records(out, &message, message.n);
}

/* A Certificate message with these certificates (hex, NULL behind the last). */
static inline void tls_certificates(struct wire *out, const char *const *certs)
{
	size_t start = out->n;
	wire_hex(out, "0b 000000 000000");
	for (; *certs; certs++) {
		size_t at = out->n;
		wire_hex(out, "000000");
		wire_hex(out, *certs);
		wire_set16(out, at + 1, (unsigned)(out->n - at - 3));
	}
	wire_set16(out, start + 2, (unsigned)(out->n - start - 4));
	wire_set16(out, start + 5, (unsigned)(out->n - start - 7));
}

#endif
