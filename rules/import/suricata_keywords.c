/* The table of Suricata's keywords. What has no row has no counterpart. */
#include <rules/import/suricata.h>

#include <string.h>

/* About Suricata's own work alone: what matches stays the same. */
static void ignored(struct suri_rule *r, const char *name, char *value)
{
	(void)r, (void)name, (void)value;
}

/* What Suricata does beside alerting. */
static void undone(struct suri_rule *r, const char *name, char *value)
{
	(void)value;
	suri_note(r, "%s: the alert is taken over, what else it does is not", name);
}

static const struct {
	const char *name;
	suri_keyword *read;
} keywords[] = {
	{ "content", suri_content },
	{ "uricontent", suri_uricontent },
	{ "pcre", suri_pcre },
	{ "nocase", suri_nocase },
	{ "offset", suri_offset },
	{ "depth", suri_depth },
	{ "distance", suri_distance },
	{ "within", suri_within },
	{ "startswith", suri_startswith },
	{ "endswith", suri_endswith },
	{ "isdataat", suri_isdataat },
	{ "bsize", suri_bsize },
	{ "dsize", suri_dsize },
	{ "urilen", suri_urilen },
	{ "absent", suri_absent },
	{ "dataset", suri_dataset },
	{ "pkt_data", suri_pkt_data },
	{ "frame", suri_frame },
	{ "base64_decode", suri_base64_decode },
	{ "from_base64", suri_base64_decode },
	{ "base64_data", suri_base64_data },
	{ "to_md5", suri_transform },
	{ "to_sha1", suri_transform },
	{ "to_sha256", suri_transform },
	{ "url_decode", suri_transform },
	{ "strip_whitespace", suri_transform },
	{ "compress_whitespace", suri_transform },
	{ "header_lowercase", suri_transform },
	{ "strip_pseudo_headers", suri_transform },
	{ "dotprefix", suri_transform },
	{ "to_lowercase", suri_transform },
	{ "to_uppercase", suri_transform },
	{ "flow", suri_flow },
	{ "flowbits", suri_flowbits },
	{ "noalert", suri_noalert },
	{ "threshold", suri_threshold },
	{ "detection_filter", suri_detection_filter },
	{ "app-layer-protocol", suri_app_protocol },
	{ "ip_proto", suri_ip_proto },
	{ "tcp.flags", suri_flags },
	{ "flags", suri_flags },
	{ "itype", suri_itype },
	{ "icode", suri_icode },
	{ "vxlan_vni", suri_vni },
	{ "tls.fingerprint", suri_fingerprint },
	{ "tls.subject", suri_subject },
	{ "tls.issuerdn", suri_issuer },
	{ "tls.version", suri_tls_version },
	{ "ssl_version", suri_ssl_version },
	{ "dns.rcode", suri_rcode },
	{ "filename", suri_file_name },
	{ "fileext", suri_file_ending },
	{ "filemd5", suri_hash_list },
	{ "filesha1", suri_hash_list },
	{ "filesha256", suri_hash_list },
	{ "sid", suri_sid },
	{ "msg", suri_msg },
	{ "reference", suri_reference },
	{ "classtype", suri_classtype },
	{ "priority", suri_priority },
	{ "metadata", suri_metadata },
	{ "rev", suri_describe },
	{ "gid", suri_describe },
	{ "target", suri_describe },
	{ "requires", suri_requires },
	{ "fast_pattern", ignored },
	{ "prefilter", ignored },
	{ "rawbytes", ignored },
	{ "filestore", undone },
	{ "tls.store", undone },
	{ "tag", undone },
	{ "bypass", undone },
	{ "replace", undone },
};
enum { KEYWORDS = sizeof keywords / sizeof keywords[0] };

/* These stand after a content; other old names are sticky buffers. */
static const char *const modifiers[] = {
	"http_uri",         "http_raw_uri", "http_method",   "http_client_body",
	"http_server_body", "http_header",  "http_cookie",   "http_raw_header",
	"http_user_agent",  "http_host",    "http_raw_host", "http_stat_code",
	"http_stat_msg",
};

static bool is_modifier(const char *name)
{
	for (size_t i = 0; i < sizeof modifiers / sizeof modifiers[0]; i++)
		if (strcmp(modifiers[i], name) == 0)
			return true;
	return false;
}

static suri_keyword *keyword_find(const char *name)
{
	for (size_t i = 0; i < KEYWORDS; i++)
		if (strcmp(keywords[i].name, name) == 0)
			return keywords[i].read;
	return NULL;
}

static const struct suri_field *sticky_find(const char *name)
{
	const struct suri_field *field = suri_field_find(name);
	return field || is_modifier(name) ? field : suri_field_find_old(name);
}

bool suri_keyword_known(const char *name)
{
	return keyword_find(name) || sticky_find(name) || is_modifier(name);
}

void suri_option_read(struct suri_rule *r, const char *name, char *value)
{
	const struct suri_field *field = sticky_find(name);
	suri_keyword *keyword = keyword_find(name);
	if (is_modifier(name))
		suri_old_modifier(r, name, value);
	else if (keyword)
		keyword(r, name, value);
	else if (field)
		suri_buffer_open(r, field);
	else
		suri_refuse(r, "the keyword \"%.64s\" has no counterpart", name);
}
