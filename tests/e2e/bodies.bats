#!/usr/bin/env bats
# Patterns on bodies and files, from the capture to the alert: chunked, gzipped, over many packets, bound to a
# body's own start and end; and not on what stands beside a body.
load ../helpers

setup() { set_up; }
teardown() { clean_up; }

# matches CAPTURE INDICATOR…: the ids of the alerts, each once a flow it was seen in, sorted.
matches() {
	local capture=$1
	shift
	{
		printf '%s\n' 'selat: 1' 'pack: test/pack' 'version: 1' 'author: cert.example' 'tlp: "TLP:GREEN"' \
			'defaults: { severity: high, confidence: 80, class: malicious-code/c2-server }' indicators:
		printf '  - %s\n' "$@"
	} >p.yaml
	compile p.yaml
	sensor -r "$capture" -R ruleset -o alerts.jsonl --stats stats 2>/dev/null
	jq -r .indicator.id alerts.jsonl | sort | uniq -c | awk '{ printf "%s*%d ", $2, $1 }'
}

# on FIELD OPERATOR VALUE ID
on() { printf '{ id: %s, match: [{ field: %s, %s: %s }] }' "$4" "$1" "$2" "$3"; }

every_kind=(
	"$(on file.data contains '"Line 33 of a page"' literal)"             # chunked and gzipped: two flows
	"$(on file.data contains '"</p>\n<p>Line 33 of a page that is sent in pieces.</p>"' long)"
	"$(on file.data regex '"(?s)Line 3[0-9] of.{30,40}Line 34"' regex)"
	"$(on file.data starts '"<p>Line 1 of"' starts)"
	"$(on file.data ends '"sleep 60\n"' ends)"
	"$(on http.response_body equals '"body { color: black }\n"' equals)"
	"$(on http.request_body starts '"X-Selat-Demo-Exfil: "' request)"
	"$(on http.request_body hex '"61 63 63 6f 75 6e 74 20 64 61 74 61"' hex)"
	"$(on http.response_body contains '"X-Selat-Demo-Exfil"' other-side)"
	"$(on file.data contains '"Content-Type"' header)"
	"$(on file.data starts '"Line"' not-start)"
	"$(on file.data ends '"<p>Line 33"' not-end)"
	"$(on file.data equals '"sleep"' not-all)"
	'{ id: both, match: [{ field: http.uri, contains: gate.php }, { field: http.request_body, contains: Exfil }] }'
	'{ id: not-both, match: [{ field: http.uri, contains: beacon }, { field: http.request_body, contains: Exfil }] }'
)
found='both*1 ends*1 equals*1 hex*1 literal*2 long*2 regex*2 request*1 starts*2 '

@test "bodies of HTTP/1" {
	same "$found" "$(matches "$pcaps/http.pcap" "${every_kind[@]}")"
	same "$found" "$(matches "$pcaps/http-ipv6.pcap" "${every_kind[@]}")"
}

@test "two workers find the same" {
	matches "$pcaps/http.pcap" "${every_kind[@]}" >/dev/null
	jq -c 'del(.sensor, .id, .observed)' alerts.jsonl | sort >one
	sensor -r "$pcaps/http.pcap" -R ruleset -w 2 -o two.jsonl 2>/dev/null
	same "$(cat one)" "$(jq -c 'del(.sensor, .id, .observed)' two.jsonl | sort)"
}

@test "an alert says where in the body it was" {
	matches "$pcaps/http.pcap" "$(on file.data contains '"ep 60"' sleep)" >/dev/null
	same '["file.data",3,"ep 60","to_client"]' \
		"$(jq -c '[.match.field, .match.offset, .match.value, .flow.direction]' alerts.jsonl)"
}
