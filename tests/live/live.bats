#!/usr/bin/env bats
# Live capture between two network namespaces, as root: dig, curl and tcpreplay talk, the sensor listens.
load ../helpers
# shellcheck source=demo/net.sh
source "$top/demo/net.sh"

setup() {
	set_up
	need_root "network namespaces"
	compile
	net_up
	export XDG_RUNTIME_DIR=$T/run
}
teardown() {
	clean_up
	[ "$(id -u)" -ne 0 ] || net_down
}

# A sensor on the server's interface; alerts go to the file alerts, counters to stats.
listen() {
	start sensor nsenter --net=/run/netns/"$net_server" "$bin/selat-sensor" -i "$net_server_if" -R ruleset -o alerts \
		--stats stats "$@"
	sensor=$pid
	wait_for stats '"packets"'
}

packets_are() { [ "$(jq .packets stats)" -ge "$1" ]; }

# replay COUNT CAPTURE: from the client's side, at 4000 packets a second.
replay() {
	nsenter --net=/run/netns/"$net_client" tcpreplay -q --pps=4000 -i "$net_client_if" "$2" >replay.log 2>&1
	grep -qE "Successful packets: +$1\$" replay.log
}

# Neither side says anything by itself that a sensor would count.
hush() {
	nsenter --net=/run/netns/"$net_client" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	nsenter --net=/run/netns/"$net_server" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	nsenter --net=/run/netns/"$net_server" ip link set "$net_server_if" arp off
	nsenter --net=/run/netns/"$net_client" ip link set "$net_client_if" arp off
	nsenter --net=/run/netns/"$net_server" sysctl -qw net.ipv4.conf.all.rp_filter=1
	nsenter --net=/run/netns/"$net_server" ip addr flush dev "$net_server_if"
}

talk_with() {
	net_serve "$T"
	listen -w "$1"
	net_talk
	# Each request and each answer once. The last to come are of the second POST.
	until_true 5 grep -q exfiltration alerts
	stop "$sensor"
	same 0 "$status"
	jq -c '[.indicator.id, .match.field, .match.value, .flow.community_id, .flow.direction, .match.packet]' alerts >all
	same "$(sort all | wc -l)" "$(sort -u all | wc -l)"
	jq -r '[.indicator.id, .match.field, .flow.direction] | @tsv' alerts | sort | uniq -c | awk '{$1 = $1} 1' >counts
	same 1 "$(grep -c '^1 exfiltration payload to_server$' counts)"
	same 1 "$(grep -c '^1 agent http.user_agent to_server$' counts)"
	same 1 "$(grep -c '^1 c2-domain dns.query to_server$' counts)"
	same 1 "$(grep -c '^1 c2-domain http.host to_server$' counts)"
	same 1 "$(grep -c '^1 dga dns.query to_server$' counts)"
	same 1 "$(grep -c '^1 c2-check-in ' counts)"
	jq -e -s 'all(.[]; has("retro") | not)' alerts
	jq -e -s --arg name "$net_server_if" 'all(.[]; .link.interface == $name)' alerts
	jq -e '.alerts == .alerts_written and .alerts_refused == 0' stats
}

@test "dig and curl through one worker: each alert is there once" { talk_with 1; }

@test "dig and curl through two workers: each alert is there once" { talk_with 2; }

@test "alerts that nobody takes: matches are lost and counted, packets are not" {
	hush
	queries 60000 >many.pcap
	mkfifo alerts
	exec 9<>alerts # somebody has it open, and reads nothing
	listen -w 1
	nsenter --net=/run/netns/"$net_client" tcpreplay -q -K --pps=20000 -i "$net_client_if" many.pcap >replay.log 2>&1
	until_true 5 packets_are 60000
	start taker cat alerts
	stop "$sensor"
	same 0 "$status"
	jq -c '{packets, kernel_drops, matches, matches_lost, alerts, alerts_written, alerts_refused}' stats
	jq -e '.packets == 60000 and .matches == 60000 and .matches_lost > 0 and .alerts_refused == 0 and
		.matches == .matches_lost + .alerts and .alerts == .alerts_written' stats
}

@test "packets counted are packets sent, with one worker" {
	hush
	queries 4000 >many.pcap
	listen
	replay 4000 many.pcap
	until_true 3 packets_are 4000
	stop "$sensor"
	same 0 "$status"
	jq -e '.packets == 4000 and .alerts == 4000 and .bytes == 4000 * 84' stats
	same 4000 "$(jq -r .match.value alerts | sort -u | wc -l)"
}

@test "packets counted are packets sent, with two workers: their sum too" {
	hush
	queries 4000 >many.pcap
	listen -w 2
	replay 4000 many.pcap
	until_true 3 packets_are 4000
	stop "$sensor"
	same 0 "$status"
	jq -e '.packets == 4000 and .alerts == 4000 and .workers == 2' stats
	same 4000 "$(jq -r .match.value alerts | sort -u | wc -l)"
}

@test "recorded conversations give live what they give from a file" {
	local file workers n
	hush
	for workers in 1 2; do
		rm -f stats alerts want
		listen -w $workers
		n=0
		for file in dns http http-ipv6 smtp tls12 tls13 vlan; do
			sensor -r "$pcaps/$file.pcap" -R ruleset -o - 2>/dev/null >>want
			n=$((n + $(sensor -r "$pcaps/$file.pcap" --dump packets | wc -l)))
			nsenter --net=/run/netns/"$net_client" tcpreplay -q --pps=4000 -i "$net_client_if" "$pcaps/$file.pcap" >replay.log 2>&1
		done
		until_true 3 packets_are "$n"
		stop "$sensor"
		same 0 "$status"
		same "$n" "$(jq .packets stats)"
		local what='[.indicator.id, .match.field, .match.value, .flow.community_id] | @tsv'
		same "$(jq -r "$what" want | sort)" "$(jq -r "$what" alerts | sort)"
	done
}

@test "--dump packets live" {
	hush
	queries 50 >some.pcap
	start sensor nsenter --net=/run/netns/"$net_server" "$bin/selat-sensor" -i "$net_server_if" --dump packets --stats stats
	sensor=$pid
	wait_for stats '"packets"'
	replay 50 some.pcap
	until_true 3 lines_are sensor.out 50
	stop "$sensor"
	same 0 "$status"
	same 50 "$(jq -r 'select(.verdict == "ok") | .src' sensor.out | sort -u | wc -l)"
}

stats_newer_than() { [ "$(jq -r .time stats)" != "$1" ]; }

@test "SIGUSR1 prints the counters; --stats is rewritten every second and is whole each time" {
	listen
	kill -USR1 "$sensor"
	wait_for sensor.err '"packets"'
	grep '^{' sensor.err | jq -e 'has("packets") and has("bytes") and has("alerts") and .workers == 1'
	local round time begin=${EPOCHREALTIME/[.,]/}
	for round in 1 2; do
		time=$(jq -r .time stats)
		until_true 2 stats_newer_than "$time"
	done
	[ $((${EPOCHREALTIME/[.,]/} - begin)) -gt 700000 ]
	for round in $(seq 50); do
		jq -e .packets stats >/dev/null
	done
	stop "$sensor"
	same 0 "$status"
	same "" "$(compgen -G 'stats.*')"
}

@test "SIGHUP opens the output anew" {
	hush
	queries 20 >some.pcap
	queries 20 100 >more.pcap
	listen
	replay 20 some.pcap
	until_true 3 lines_are alerts 20
	mv alerts rotated
	kill -HUP "$sensor"
	until_true 3 test -e alerts
	replay 20 more.pcap
	until_true 3 lines_are alerts 20
	same 20 "$(wc -l <rotated)"
	stop "$sensor"
	same 0 "$status"
}

@test "SIGTERM drains: what came is published" {
	hush
	queries 2000 >many.pcap
	start sensor nsenter --net=/run/netns/"$net_server" env XDG_RUNTIME_DIR="$XDG_RUNTIME_DIR" "$bin/selat-sensor" \
		-i "$net_server_if" -w 2 -R ruleset --stats stats -s kafka.bootstrap.servers=embedded -s journal.directory="$T/journal"
	sensor=$pid
	wait_for stats '"packets"'
	replay 2000 many.pcap
	until_true 3 packets_are 2000
	stop "$sensor"
	same 0 "$status"
	jq -e '.packets == 2000 and .alerts == 2000 and .delivered == 2000' stats
}

@test "an interface that goes away is said, and taken up again when it is back" {
	hush
	queries 50 >some.pcap
	listen
	nsenter --net=/run/netns/"$net_server" ip link del "$net_server_if"
	wait_for sensor.err "$net_server_if: The interface disappeared" 5
	ip link add "$net_client_if" netns "$net_client" type veth peer name "$net_server_if" netns "$net_server"
	nsenter --net=/run/netns/"$net_client" ip link set "$net_client_if" arp off up
	nsenter --net=/run/netns/"$net_server" ip link set "$net_server_if" arp off up
	sleep 2 # nothing says when it listens again
	replay 50 some.pcap
	until_true 3 lines_are alerts 50
	stop "$sensor" TERM 5
	same 0 "$status"
}

@test "the demo, live: status 0, and nothing is left" {
	local before
	before=$(ip netns list | sort)
	run --separate-stderr env "DEMO_OF=$T" timeout 60 "$top/demo/demo" --live
	same 0 "$status"
	has "c2-domain" "$output"
	has "exfiltration" "$output"
	has "alerts published" "$stderr"
	same "$before" "$(ip netns list | sort)"
	same "" "$(grep -lsz "^DEMO_OF=$T\$" /proc/[0-9]*/environ)"
}

@test "repeats: the summary comes when the window ends, without more traffic" {
	hush
	queries 1 >one.pcap
	listen -s alerts.window=2
	local n
	for n in 1 2 3 4 5; do replay 1 one.pcap; done
	until_true 3 lines_are alerts 1
	until_true 6 lines_are alerts 2
	jq -e -s '.[0].count == 1 and .[1].count == 4 and .[1].match.distinct == 1 and .[1].first < .[1].last' alerts
	stop "$sensor"
	same 0 "$status"
	same 2 "$(wc -l <alerts)"
}

@test "repeats: on by itself where alerts are published" {
	hush
	queries 1 >one.pcap
	start sensor nsenter --net=/run/netns/"$net_server" env XDG_RUNTIME_DIR="$XDG_RUNTIME_DIR" "$bin/selat-sensor" \
		-i "$net_server_if" -R ruleset --stats stats -s kafka.bootstrap.servers=embedded -s journal.directory="$T/journal"
	sensor=$pid
	wait_for stats '"packets"'
	local n
	for n in 1 2 3 4 5; do replay 1 one.pcap; done
	until_true 3 packets_are 5
	stop "$sensor"
	same 0 "$status"
	jq -e '.matches == 5 and .alerts == 2 and .alerts_repeated == 4 and .delivered == 2' stats
}

@test "a ruleset that changes is live within a second" {
	hush
	queries 1 >one.pcap
	sed 's/evil.example/good.example/' "$pack" >other.yaml
	compile other.yaml other
	mv ruleset first
	mv other ruleset
	listen -w 2 --force
	replay 1 one.pcap
	until_true 3 packets_are 1
	same 0 "$(wc -l <alerts)"
	mv first ruleset
	sleep 1
	replay 1 one.pcap
	until_true 3 lines_are alerts 1
	has "live after" "$(cat sensor.err)"
	stop "$sensor"
	same 0 "$status"
	jq -e '.packets == 2 and .alerts == 1 and .rulesets_taken == 1' stats
}
