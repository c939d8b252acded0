#!/usr/bin/env bats
# What TLS and SSH encrypt is no payload: what came before is, whoever looks at it all finds it, and it is counted.
load ../helpers

setup() { set_up; }
teardown() { clean_up; }

# on ID HEX: an indicator on these bytes
on() { printf '  - { id: %s, match: [{ field: payload, hex: "%s" }] }\n' "$1" "$2"; }

every_kind() {
	printf '%s\n' 'selat: 1' 'pack: test/pack' 'version: 1' 'author: cert.example' 'tlp: "TLP:GREEN"' \
		'defaults: { severity: high, confidence: 80, class: malicious-code/c2-server }' indicators:
	on 13-clear '14 03 03 00 01 01 17 03 03 00 45'
	on 13-client 'a8 39 12 05 5a 04 13 f6'
	on 13-server '1b 81 eb 7b 89 b8 e4 b5'
	on 13-across '17 03 03 00 45 a8 39'
	on 12-finished '16 03 03 00 28 cb 65 b8 c7 ee 53 1f eb'
	on 12-data 'cb 65 b8 c7 ee 53 1f ec'
	on starttls-clear '53 54 41 52 54 54 4c 53 0d 0a'
	on starttls-data '81 ec 87 75 09 3d 7f b8'
	on ssh-clear '00 00 00 0c 0a 15'
	on ssh-data '90 3b 52 82 09 c2 69 aa'
}

# found OPTION…: the ids of the alerts, sorted.
found() {
	sensor -r "$pcaps/tls13.pcap" "$pcaps/tls12.pcap" "$pcaps/starttls.pcap" "$pcaps/ssh.pcap" -R ruleset \
		-o alerts.jsonl --stats stats "$@" 2>/dev/null
	jq -r .indicator.id alerts.jsonl | sort -u | tr '\n' ' '
}
left_out() { jq '.encrypted_packets > 0 and .encrypted_bytes > .encrypted_packets' stats; }

clear='12-finished 13-clear ssh-clear starttls-clear '
all='12-data 12-finished 13-across 13-clear 13-client 13-server ssh-clear ssh-data starttls-clear starttls-data '

@test "what is encrypted is left out, unless it is asked for" {
	every_kind >p.yaml
	compile p.yaml
	[ "$(found)" = "$clear" ]
	[ "$(left_out)" = true ]
	[ "$(found -s flow.encrypted=skip-all)" = "$clear" ]
	[ "$(found -s flow.encrypted=skip -w 2)" = "$clear" ]
	[ "$(found -s flow.encrypted=scan)" = "$all" ]
	[ "$(left_out)" = false ]
	fails 2 sensor -r "$pcaps/ssh.pcap" -R ruleset -o - -s flow.encrypted=no
}

@test "one direction alone is believed where the site says so" {
	every_kind >p.yaml
	compile p.yaml
	local server='src port 443 or src port 22'
	[ "$(found -s "capture.filter=$server")" = "12-data 12-finished 13-server ssh-clear ssh-data " ]
	[ "$(found -s "capture.filter=$server" -s flow.encrypted=skip-all)" = "12-finished ssh-clear " ]
}
