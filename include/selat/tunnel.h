/* What a packet may have travelled in, and what it is called in rules. The tunnels are as in alerts'
 * `flow.tunnel`; a packet in several has a bit of each. */
#ifndef SELAT_TUNNEL_H
#define SELAT_TUNNEL_H

#define SL_TUNNEL_KINDS(X)                                                                           \
	X(IPV4, "ipv4") /* right behind an IPv4 header: IP in IP */                                 \
	X(IPV6, "ipv6")                                                                              \
	X(GRE, "gre")                                                                                \
	X(ERSPAN, "erspan")                                                                          \
	X(ETHERIP, "etherip")                                                                        \
	X(L2TPV3, "l2tpv3")                                                                          \
	X(L2TP, "l2tp")                                                                              \
	X(VXLAN, "vxlan")                                                                            \
	X(GENEVE, "geneve")                                                                          \
	X(GTP_U, "gtp-u")                                                                            \
	X(TEREDO, "teredo")                                                                          \
	X(CAPWAP, "capwap")                                                                          \
	X(NSH, "nsh") /* this and the following need no outer IP packet */                          \
	X(MPLS, "mpls")                                                                              \
	X(MPLS_BARE, "mpls-bare") /* in no frame: behind PPP, GRE, IP */                            \
	X(WLAN, "wlan")

enum sl_tunnel_kind {
#define X(id, name) SL_TUNNEL_##id,
	SL_TUNNEL_KINDS(X)
#undef X
		SL_TUNNEL_KIND_COUNT
};

/* The bits of those that have an outer IP packet: one of them is set if there is one, and only then. */
enum { SL_TUNNEL_INSIDE = (1 << SL_TUNNEL_NSH) - 1 };

_Static_assert(SL_TUNNEL_KIND_COUNT <= 16, "a bit each, of 16");

#endif
