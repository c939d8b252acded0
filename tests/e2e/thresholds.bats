#!/usr/bin/env bats
# Which matches become alerts: thresholds, windows of repeats, a rate, a site's exceptions.
load ../helpers

setup() { set_up; }
teardown() { clean_up; }

# names ID THRESHOLD…: a pack of indicators for names below evil.example, each with a threshold or none (-).
names() {
	cat <<-END
		selat: 1
		pack: test/names
		version: 1
		author: test.example
		created: "2026-11-20T00:00:00Z"
		tlp: TLP:GREEN
		defaults: { severity: medium, confidence: 70, class: other, valid_until: "2036-06-30T00:00:00Z" }
		indicators:
	END
	while [ $# -gt 0 ]; do
		[ "$2" = - ] && echo "  - { id: $1, domain: evil.example }" ||
			echo "  - { id: $1, domain: evil.example, threshold: { $2 } }"
		shift 2
	done
}

# both_same FILE OPTION…: with one worker and with two the same alerts, but for their ids: in alerts.
both_same() {
	local workers
	for workers in 1 2; do
		sensor -r "$1" -R ruleset -o "alerts.$workers" -w "$workers" --stats stats "${@:2}" 2>"$workers.err"
		jq -c 'del(.id, .sensor.epoch, .observed)' "alerts.$workers" >"plain.$workers"
	done
	cmp plain.1 plain.2
	mv alerts.1 alerts
}
counts() { jq -r --arg id "$1" 'select(.indicator.id == $id) | "\(.match.packet):\(.count)"' alerts | xargs; }

@test "thresholds: each type, across workers" {
	queries 500 >queries.pcap
	names from "type: from, count: 498, seconds: 60, by: indicator" \
		limit "type: limit, count: 3, seconds: 60, by: destination" \
		both "type: both, count: 100, seconds: 60, by: destination" \
		every "type: every, count: 200, seconds: 60, by: indicator" \
		source "type: from, count: 2, seconds: 60, by: source" \
		pair "type: both, count: 1, seconds: 60, by: pair" >pack.yaml
	compile pack.yaml
	both_same queries.pcap
	same "498:498 499:1 500:1" "$(counts from)"
	same "1:1 2:1 3:1" "$(counts limit)"
	same "100:100" "$(counts both)"
	same "200:200 400:200" "$(counts every)"
	same "" "$(counts source)"
	same 500 "$(counts pair | wc -w)"
	jq -e '.matches == 3000 and .alerts == 509 and .alerts_thresholded == 2491 and .thresholds_full == 0' stats
	jq -e -s 'map(select(.indicator.id == "both")) | .[0].first < .[0].last and .[0].last == .[0].time' alerts
}

@test "thresholds: a table that is full forgets the oldest, and counts it" {
	queries 500 >queries.pcap
	names source "type: from, count: 2, seconds: 60, by: source" >pack.yaml
	compile pack.yaml
	cat queries.pcap <(tail -c +25 queries.pcap) >twice.pcap
	both_same twice.pcap
	same 500 "$(wc -l <alerts)"
	both_same twice.pcap -s alerts.thresholds=100
	same 0 "$(wc -l <alerts)"
	jq -e '.thresholds_full == 900' stats
}

# one client that asks for COUNT names
one_client() {
	queries "$1" | python3 -c '
import struct, sys
data = bytearray(sys.stdin.buffer.read())
at = 24
while at < len(data):
    length = struct.unpack_from("<I", data, at + 8)[0]
    ip = at + 16 + 14
    data[ip + 12:ip + 16] = bytes([192, 0, 2, 9])
    data[ip + 10:ip + 12] = b"\0\0"
    total = sum(struct.unpack_from("!10H", data, ip))
    total = (total & 0xFFFF) + (total >> 16)
    struct.pack_into("!H", data, ip + 10, ~(total + (total >> 16)) & 0xFFFF)
    at += 16 + length
sys.stdout.buffer.write(data)'
}

@test "repeats: one alert and one summary" {
	one_client 5000 >queries.pcap
	names name - >pack.yaml
	compile pack.yaml
	both_same queries.pcap
	same 5000 "$(wc -l <alerts)" # of files each match is an alert, unless a window is asked for
	both_same queries.pcap -s alerts.window=60
	same "1:1 5000:4999" "$(counts name)"
	tail -n 1 alerts >summary
	jq -e '.match.distinct == 4999 and (.match.values | length == 16) and (.match | has("value") | not)
		and .match.values[0] == "n0000002.c2.evil.example" and .time == .last and .first < .last
		and .flow.src.ip == "192.0.2.9" and .retro' summary
	jq -e '.alerts == 2 and .alerts_repeated == 4999 and .repeats_full == 0' stats
	if python3 -c 'import jsonschema' 2>/dev/null; then
		python3 -W ignore -m jsonschema -i summary "$top/docs/schema/alert.schema.json"
	fi
}

@test "repeats: many clients, and a table of few windows" {
	queries 3000 >queries.pcap
	cat queries.pcap <(tail -c +25 queries.pcap) >twice.pcap
	names name - >pack.yaml
	compile pack.yaml
	both_same twice.pcap -s alerts.window=60
	jq -e '.alerts == 6000 and .alerts_repeated == 3000' stats # a summary each
	both_same twice.pcap -s alerts.window=60 -s alerts.windows=100
	jq -e '.alerts == 6000 and .alerts_repeated == 0 and .repeats_full > 0' stats
}

@test "a rate: what is beyond it is counted and said" {
	queries 5000 >queries.pcap # half a second
	names name - other "type: every, count: 100, seconds: 60, by: indicator" >pack.yaml
	compile pack.yaml
	both_same queries.pcap -s alerts.rate=200
	same 200 "$(counts name | wc -w)"
	same 50 "$(counts other | wc -w)"
	jq -e '.alerts_over_rate == 4800' stats
	same 1 "$(grep -c "test/names/name: more than 200 alerts a second" 2.err)"
}

@test "a site's exceptions silence matches and are counted" {
	queries 10 >queries.pcap
	names one - two - >pack.yaml
	compile pack.yaml
	cat >allow.txt <<-END
		# our own scanner
		10.0.0.3
		10.0.0.8/31          # two of them
		n0000005.c2.evil.example
		id:test/names/two
	END
	both_same queries.pcap -s allow=allow.txt
	same "1:1 2:1 4:1 6:1 7:1 10:1" "$(counts one)"
	same "" "$(counts two)"
	jq -e '.alerts_allowed == 14 and .alerts == 6 and .matches == 20' stats
}

@test "an exception that is none is an error with file and line" {
	names one - >pack.yaml
	compile pack.yaml
	printf 'good.example\n192.0.2.1/24\n' >allow.txt
	fails 2 sensor -r "$pcaps/dns.pcap" -R ruleset -o - -s allow=allow.txt
	has "allow.txt:2: " "$stderr"
	has "192.0.2.0/24" "$stderr"
	fails 2 sensor --check-config -s allow=allow.txt
	has "allow.txt:2: " "$stderr"
	fails 1 sensor --check-config -s allow=nowhere
	has "nowhere: No such file" "$stderr"
	printf 'allow: allow.txt\nalerts: { window: 5, windows: 100, rate: 0, thresholds: 100 }\n' >sensor.yaml
	: >allow.txt
	run -0 sensor --check-config -c sensor.yaml
	printf 'allow: [a, b]\n' >sensor.yaml
	fails 2 sensor --check-config -c sensor.yaml
	has "sensor.yaml:1:8: allow: wants one value" "$stderr"
	fails 2 sensor --check-config -s alerts.window=soon
	has "alerts.window" "$stderr"
}
