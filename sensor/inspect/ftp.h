/* What stands in FTP's lines about data connections (RFC 959, RFC 2428). Private to inspect. */
#ifndef SELAT_SENSOR_INSPECT_FTP_H
#define SELAT_SENSOR_INSPECT_FTP_H

#include <selat/span.h>

/* "h1,h2,h3,h4,p1,p2" anywhere in a text, as PORT and the reply 227 have it. Returns the port; 0: none. */
uint16_t sl_ftp_port_of_six(struct sl_span text);
/* "|1|address|port|" of EPRT, "(|||port|)" of the reply 229; any printable sign may stand for the bar. */
uint16_t sl_ftp_port_extended(struct sl_span text);

#endif
