/* The protocols that a flow may be found to speak, and what they are called in rules, dumps and alerts. */
#ifndef SELAT_APP_H
#define SELAT_APP_H

#define SL_APPS(X)                                                                                   \
	X(HTTP, "http")                                                                              \
	X(HTTP2, "http2")                                                                            \
	X(TLS, "tls")                                                                                \
	X(DNS, "dns")                                                                                \
	X(QUIC, "quic")                                                                              \
	X(SMTP, "smtp")                                                                              \
	X(FTP, "ftp")                                                                                \
	X(FTP_DATA, "ftp-data")                                                                      \
	X(SSH, "ssh")                                                                                \
	X(SOCKS, "socks")                                                                            \
	X(OPENVPN, "openvpn")                                                                        \
	X(RTSP, "rtsp")

enum sl_app {
	SL_APP_NONE,
#define X(id, name) SL_APP_##id,
	SL_APPS(X)
#undef X
		SL_APP_COUNT
};

/* A constant; NULL for SL_APP_NONE. */
const char *sl_app_text(enum sl_app app);

#endif
