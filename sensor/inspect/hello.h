/* TLS handshake messages, for every protocol that carries them: TLS, DTLS, QUIC, OpenVPN. They add
 * values to the message at hand (parse.h); the caller hands it on, but certificates hand themselves on.
 * Private to inspect. */
#ifndef SELAT_SENSOR_INSPECT_HELLO_H
#define SELAT_SENSOR_INSPECT_HELLO_H

#include <sensor/inspect/parse.h>

enum sl_hello_over { SL_OVER_TCP, SL_OVER_DTLS, SL_OVER_QUIC }; /* JA4's t, d, q */

/* Bodies of handshake messages, without their header. A body that is cut gives what it can: tls.sni and
 * tls.alpn, but no fingerprint.
 * ClientHello: tls.sni, tls.alpn, tls.version, ja3.hash, ja4.hash. ServerHello: tls.version, tls.alpn,
 * ja3s.hash. Certificate (TLS 1.2 and before): each of the chain as a transaction of its own. */
void sl_client_hello(struct sl_talk *t, struct sl_span body, enum sl_hello_over over);
void sl_server_hello(struct sl_talk *t, struct sl_span body, enum sl_hello_over over);
void sl_certificates(struct sl_talk *t, struct sl_span body);
void sl_certificate(struct sl_talk *t, struct sl_span der); /* a single one */

#endif
