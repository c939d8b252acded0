#!/usr/bin/env bats
# Command lines and configurations: what is wrong with them is said with its place, status 2.
load ../helpers

setup() { set_up; }
teardown() { clean_up; }

# config TEXT: --check-config of it.
config() {
	printf '%s\n' "$1" >sensor.yaml
	fails 2 sensor --check-config -c sensor.yaml
}

@test "no arguments" {
	fails 2 sensor
	has "--help" "$stderr"
	fails 2 rules
	has "--help" "$stderr"
	fails 2 alerts
	has "--help" "$stderr"
}

@test "an unknown option names the nearest" {
	fails 2 sensor --wrokers 2
	has '"--wrokers", did you mean "--workers"' "$stderr"
	fails 2 rules lint --strickt x
	has '"--strict"' "$stderr"
	fails 2 alerts follow --sumary
	has '"--summary"' "$stderr"
	fails 2 sensor -Z
	has '-Z' "$stderr"
}

@test "an unknown command names the nearest" {
	fails 2 rules compil
	has '"compile"' "$stderr"
	fails 2 alerts folow
	has '"follow"' "$stderr"
}

@test "an option without its value" {
	fails 2 sensor -r
	has 'r' "$stderr"
	fails 2 sensor --ruleset
	has '--ruleset' "$stderr"
}

@test "reading with nowhere for alerts to go" {
	fails 2 sensor -r "$pcaps/dns.pcap"
	compile
	fails 2 sensor -r "$pcaps/dns.pcap" -R ruleset
	has "nowhere to go" "$stderr"
	has "--output" "$stderr"
}

@test "reading without a ruleset" {
	fails 2 sensor -r "$pcaps/dns.pcap" -o -
	has "--ruleset" "$stderr"
}

@test "options that exclude each other" {
	compile
	fails 2 sensor -r "$pcaps/dns.pcap" -R ruleset --dump packets -o -
	has "--dump" "$stderr"
}

@test "what is read is not written over" {
	compile
	cp "$pcaps/dns.pcap" read.pcap
	cp ruleset kept
	fails 2 sensor -r read.pcap -R ruleset -o ./read.pcap
	has "is read" "$stderr"
	fails 2 sensor -r read.pcap -R ruleset -o ruleset
	fails 2 sensor -r read.pcap -R ruleset -o - --stats ruleset
	cmp read.pcap "$pcaps/dns.pcap"
	cmp ruleset kept
}

@test "values out of range, and no values at all" {
	fails 2 sensor -r "$pcaps/dns.pcap" --dump packets -w 0
	has "1 to 64" "$stderr"
	fails 2 sensor -r "$pcaps/dns.pcap" --dump packets -w two
	has '"two"' "$stderr"
	fails 2 sensor -r "$pcaps/dns.pcap" --dump everything
	has "packets, flows, fields" "$stderr"
	fails 2 alerts follow --from middle
	has "beginning" "$stderr"
	fails 2 alerts follow --idle long
	has '"long"' "$stderr"
}

@test "a bad time names its option" {
	compile
	fails 2 sensor -r "$pcaps/dns.pcap" -R ruleset -o - --at yesterday
	has '"yesterday"' "$stderr"
	has "--at" "$stderr"
	fails 2 sensor -r "$pcaps/dns.pcap" -R ruleset -o - --at 2026-02-30T00:00:00Z
	has "2026-02-30" "$stderr"
}

@test "--help of every program and command, on stdout" {
	local command
	for command in sensor rules "rules lint" "rules compile" "rules cost" "rules show" "rules diff" "rules test" alerts "alerts follow"; do
		# shellcheck disable=SC2086 # two words
		run --separate-stderr -0 $command --help
		has "Usage: selat-$command" "$output"
		has "xit" "$output"
		same "" "$stderr"
		same "" "$(awk 'length > 110' <<<"$output")"
	done
	for option in --interface --read --ruleset --workers --output --dump --stats --at --no-checksums --set --config \
		--check-config --list-fields kafka. routes. journal.directory; do
		has "$option" "$(sensor --help)"
	done
}

@test "--version names the libraries" {
	run --separate-stderr -0 sensor --version
	has "Hyperscan 5." "$output"
	has "libpcap" "$output"
	has "librdkafka" "$output"
	run --separate-stderr -0 rules --version
	has "Hyperscan 5." "$output"
	run --separate-stderr -0 alerts --version
	has "librdkafka" "$output"
	for command in lint compile show test; do
		run --separate-stderr -0 rules $command --version
		has "selat-rules" "$output"
	done
	run --separate-stderr -0 alerts follow --version
	has "selat-alerts" "$output"
}

@test "config: an unknown key has file, line, column and the nearest" {
	config $'sensor:\n  id: vn-1\n  countri: VN'
	has 'sensor.yaml:3:3: unknown key "countri", did you mean "country"?' "$stderr"
	config 'senser: { id: vn-1 }'
	has 'sensor.yaml:1:1: ' "$stderr"
	has '"sensor"' "$stderr"
}

@test "config: a key twice" {
	config $'sensor:\n  id: vn-1\n  id: vn-2'
	has 'sensor.yaml:3:3: ' "$stderr"
}

@test "config: a wrong unit" {
	config 'journal: { max: 10 Gigs }'
	has 'sensor.yaml:1:17: ' "$stderr"
	has '"10 Gigs"' "$stderr"
	has MiB "$stderr"
	config 'capture: { workers: many }'
	has 'sensor.yaml:1:21: ' "$stderr"
}

@test "config: no YAML" {
	config 'capture: { workers: 2'
	has 'sensor.yaml:2:1: invalid YAML' "$stderr"
}

@test "config: a file that is not there" {
	fails 2 sensor --check-config -c nowhere.yaml
	has "nowhere.yaml" "$stderr"
	has "No such file" "$stderr"
}

@test "config: a route without tlp, and with RED" {
	config $'kafka: { bootstrap.servers: "127.0.0.1:1" }\nroutes:\n  region: { topic: selat.region.alerts }'
	has 'routes.region has no tlp' "$stderr"
	config $'kafka: { bootstrap.servers: "127.0.0.1:1" }\nroutes:\n  region: { topic: a, tlp: "TLP:RED" }'
	has 'sensor.yaml:3:' "$stderr"
	has 'TLP:RED' "$stderr"
	config $'kafka: { bootstrap.servers: "127.0.0.1:1" }\nroutes:\n  region: { topic: a, tlp: TLP:PINK }'
	has '"TLP:PINK"' "$stderr"
	config 'kafka: { bootstrap.servers: "127.0.0.1:1" }'
	has "no routes" "$stderr"
}

@test "config: a setting that librdkafka does not know" {
	config $'routes: { n: { topic: a, tlp: "TLP:GREEN" } }\nkafka: { bootstrap.servers: "127.0.0.1:1", client.idd: 5 }'
	has 'sensor.yaml:2:' "$stderr"
	has '"client.id"' "$stderr"
}

@test "config: a country and a name that cannot be" {
	config 'sensor: { country: Vietnam }'
	has 'sensor.country' "$stderr"
	config 'sensor: { id: "a b" }'
	has 'sensor.id' "$stderr"
}

@test "--set says what is wrong with it" {
	fails 2 sensor --check-config -s sensor.idd=x
	has '"id"' "$stderr"
	fails 2 sensor --check-config -s nothing
	has 'nothing' "$stderr"
}

@test "--check-config needs no privileges, and no journal" {
	compile
	cat >sensor.yaml <<-'END'
		sensor: { id: vn-hn-ix1, country: VN, ruleset: ruleset }
		capture: { interfaces: [nosuch0], workers: 4 }
		journal: { directory: /nonexistent, max: 1 GiB }
		kafka: { bootstrap.servers: "127.0.0.1:1" }
		routes: { national: { topic: selat.alerts, tlp: "TLP:AMBER+STRICT" } }
	END
	chmod 644 ruleset sensor.yaml
	run --separate-stderr as_nobody selat-sensor --check-config -c sensor.yaml
	same 0 "$status"
}

@test "--check-config looks at the ruleset" {
	echo text >ruleset
	run --separate-stderr sensor --check-config -R ruleset
	[ "$status" -ne 0 ]
	has "ruleset: is no ruleset" "$stderr"
}

@test "--list-fields, and as JSON" {
	run --separate-stderr -0 sensor --list-fields
	has "dns.query" "$output"
	has "payload" "$output"
	run --separate-stderr -0 sensor --list-fields --json
	jq -e 'length > 10 and all(.[]; .field and .kind and .protocol and .direction and .help and has("stream"))' <<<"$output"
	same $(($(sensor --list-fields | wc -l) - 1)) "$(jq length <<<"$output")"
}
