#!/usr/bin/env bats
# Traffic that is meant to cost more than it is worth: no crash, memory stays bounded, what is not looked into is
# counted, and what comes after is inspected as ever. Times are generous: what they are to find is growth without
# bound.
load ../helpers

seconds=5
mib=160 # of memory, for traffic of a third of a megabyte

setup() { set_up; }
teardown() { clean_up; }

# They need more of both.
sanitized() { grep -qa __asan_init "$bin/selat-sensor"; }

# sent CASE [SIZE]: as CASE.pcap
sent() { python3 "$top/tests/e2e/hostile" "$1" "${2-300000}" >"$1.pcap"; }

# measured NAME OPTION…: the sensor over NAME.pcap; its counters are in stats.
measured() {
	local name=$1 rss
	shift
	/usr/bin/time -f %M -o rss timeout $((seconds * 12)) "$bin/selat-sensor" -r "$name.pcap" --no-checksums --stats stats \
		"$@" 2>sensor.err || { echo "$name $*: status $?"; tail -n 5 sensor.err; return 1; }
	rss=$(($(tail -n 1 rss) / 1024))
	sanitized || [ "$rss" -le "$mib" ] || { echo "$name: $rss MiB"; return 1; }
}

# dumped CASE [OPTION…]: to the file fields; the request that comes last must be among them
dumped() {
	local begin=$EPOCHSECONDS
	measured "$1" --dump fields "${@:2}" >fields
	sanitized || [ $((EPOCHSECONDS - begin)) -le "$seconds" ] || { echo "$1 takes more than $seconds s"; return 1; }
	grep -q '"field":"http.host","value":"after.example"' fields || { echo "$1: nothing comes after"; return 1; }
}

# counted CASE COUNTER…: each is more than 0
counted() {
	local name=$1 counter
	shift
	sent "$name"
	dumped "$name"
	for counter; do
		jq -e ".$counter > 0" stats >/dev/null || { echo "$name: no $counter"; jq -c . stats; return 1; }
	done
}

value() { jq -r "select(.field == \"$1\") | .value" fields; }

@test "each case: nothing falls, with fields and with a ruleset" {
	local one
	patterns >patterns.yaml
	compile patterns.yaml
	for one in $(python3 "$top/tests/e2e/hostile"); do
		sent "$one" 100000
		dumped "$one"
		measured "$one" -R ruleset -o alerts
		jq -r .indicator.id alerts | grep -qx after || { echo "$one: no alert for what comes after"; return 1; }
		rm "$one.pcap"
	done
}

# As many ways to look at streams and bodies as there are.
patterns() {
	cat <<-END
		selat: 1
		pack: test/hostile
		version: 1
		author: test.example
		created: "2026-11-20T00:00:00Z"
		tlp: TLP:GREEN
		defaults: { severity: medium, confidence: 70, class: other, valid_until: "2036-06-30T00:00:00Z" }
		indicators:
		  - { id: after, domain: after.example }
		  - { id: literal, match: [ { field: file.data, contains: marker-literal } ] }
		  - { id: regex, match: [ { field: file.data, regex: '(?s)begin[a-f]+x[0-9]{3,}.*end' } ] }
		  - { id: starts, match: [ { field: file.data, starts: marker-start } ] }
		  - { id: ends, match: [ { field: file.data, ends: marker-end } ] }
		  - { id: response, match: [ { field: http.response_body, contains: marker } ] }
		  - { id: request, match: [ { field: http.request_body, contains: marker } ] }
		  - { id: payload, match: [ { field: payload, regex: 'begin[a-f]+x[0-9]{3,}.*end' } ] }
		  - { id: header, match: [ { field: http.request_header, regex: 'X-Marker[0-9]+' } ] }
		  - { id: name, match: [ { field: tls.subjectaltname, ends: marker.example } ] }
		  - { id: link, match: [ { field: email.url, contains: marker.example } ] }
		  - { id: hash, match: [ { field: file.sha256, equals: $(printf '0%.0s' $(seq 64)) } ] }
	END
}

@test "bodies that unpack without end are let go of, and counted" {
	local bomb
	for bomb in bomb_gzip bomb_deflate bomb_nested bombs_brotli bombs_brotli_flows bombs_gzip h2_bombs; do
		counted "$bomb" bodies_not_decoded
	done
}

# 8 MiB of zeros, and no more than is free in all
@test "a body that packs well is still unpacked" {
	counted bomb_brotli files_inspected
	same 2daeb1f36095b44b318410b3f4e8b5d989dcc7bb023d1426c492dab0a3053e74 "$(value file.sha256 | head -n 1)"
	jq -e '.bodies_not_decoded == 0' stats
	counted gzip_bodies files_inspected
	jq -e '.files_inspected == .http_responses and .bodies_not_decoded == 0' stats
}

@test "messages beyond their bound are cut, and counted" {
	local long
	for long in http_long_line http_headers h2_hpack_bomb h2_hpack_bombs h2_hpack_cookies h2_continuations_full \
		tls_empty_records tls_cert_100000_names mime_headers; do
		counted "$long" message_too_long
	done
}

@test "values beyond their number are left out, and counted" {
	local many
	for many in http_headers_many http_headers_joined http_multipart http_multipart_marks h2_small_headers tls_cert_names \
		dns_answers dns_questions mime_messages mime_boundaries mime_links smtp_recipients; do
		counted "$many" values_left_out
	done
}

@test "values that should still come do" {
	counted quic_one_byte_frames quic_messages
	same quic.example "$(value tls.sni)"
	counted tls_hello_bytes tls_hellos
	same 0 "$(jq .parse_errors stats)"
	counted socks_nested socks_requests
	counted http_connects http_requests
	counted http_one_byte_chunks files_inspected
	same 1 "$(value file.sha256 | wc -l)"
	counted bytes_forward smtp_messages tls_hellos
	same a.example "$(value http.host | head -n 1)"
	counted mime_nested files_inspected
	counted ftp_data files_inspected
	counted http_pipelined http_requests
	jq -e '.http_requests > 15000' stats
}

@test "what of QUIC nothing opens is counted" {
	local sealed
	for sealed in quic_random_ids quic_random_flows quic_short_flows quic_coalesced; do
		counted "$sealed" quic_sealed
	done
	# of one datagram one connection is looked for
	jq -e '.quic_sealed == .flows - 1' stats
}

# flows' own states come first: what comes after is inspected while others hold all that bodies may
@test "more parsers' state than flow.inspect" {
	local one
	for one in states states_mail states_streams; do
		sent "$one" 1000000
		dumped "$one" -s flow.inspect=1MiB
		jq -e '.inspect_full > 0' stats
	done
}

@test "announced connections beyond their number are counted" {
	sent ftp_ports 1000000
	dumped ftp_ports
	jq -e '.ftp_data_full > 0' stats
}

# twice the traffic takes about twice the time
@test "no case's time grows faster than its size" {
	sanitized && skip "with sanitizers"
	local one small large
	for one in http_long_line_bytes tls_ciphers bombs_brotli mime_parameters h2_streams bytes_random quic_short_flows; do
		sent "$one" 300000
		small=$(spent "$one")
		sent "$one" 1200000
		large=$(spent "$one")
		echo "$one: $small ms, $large ms"
		[ "$large" -le $((small * 10 + 300)) ]
	done
}
spent() {
	local begin=${EPOCHREALTIME/[.,]/}
	measured "$1" --dump fields >/dev/null
	echo $(((${EPOCHREALTIME/[.,]/} - begin) / 1000))
}
