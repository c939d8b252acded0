/* URLs as they are compared (RFC 3986, 6.2.2 and 6.2.3): scheme and host in lower case, the
 * default port and the fragment gone, an empty path is "/", dot segments resolved, percent-escapes
 * of unreserved characters decoded and the others in upper case. The query is kept. A user name and
 * the host's final dots go too, and bytes that may not stand in a URL become escapes. */
#ifndef SELAT_URL_H
#define SELAT_URL_H

#include <selat/err.h>
#include <selat/span.h>

enum { SL_URL_MAX = 8192 };

/* A URL an author wrote: absolute, http or https or ftp or rtsp, with a host. Returns 0 or fails. */
int sl_url_parse(const char *text, char *out, size_t room, struct sl_err *err);

/* The normal form of what a request asked for: host as in the Host header (a port may follow), or
 * the server's address; target as in the request line (origin or absolute form); port is the one
 * the connection used and counts where neither names one (an absolute target names its scheme's).
 * Returns the length, and out is NUL-terminated; 0: it has no such form, or no room. */
size_t sl_url_request(char *out, size_t room, const char *scheme, struct sl_span host, uint16_t port,
		      struct sl_span target);

/* Percent-decodes a URI as http.uri shows it: every valid %HH decoded once, "//" and dot segments
 * of the path resolved; an absolute form without its scheme and host. Returns the length, at most
 * target.len; out must have that room, and may be target's own bytes. */
size_t sl_uri_normal(uint8_t *out, struct sl_span target);

#endif
