#!/usr/bin/env bats
# Live at a rate: what was sent is counted, as read or as lost. SELAT_LIVE_SECONDS (8) and SELAT_LIVE_PPS
# (20000) make it longer and faster.
load ../helpers
# shellcheck source=demo/net.sh
source "$top/demo/net.sh"

seconds=${SELAT_LIVE_SECONDS:-8}
pps=${SELAT_LIVE_PPS:-20000}

setup() {
	set_up
	need_root "network namespaces"
	compile
	net_up
	quiet "$net_client" "$net_client_if"
	quiet "$net_server" "$net_server_if"
}
teardown() {
	clean_up
	[ "$(id -u)" -ne 0 ] || net_down
}

# Neither end says anything by itself that a sensor would count.
quiet() {
	nsenter --net=/run/netns/"$1" sysctl -qw "net.ipv6.conf.all.disable_ipv6=1" "net.ipv4.conf.all.rp_filter=1"
	nsenter --net=/run/netns/"$1" ip addr flush dev "$2"
	nsenter --net=/run/netns/"$1" ip link set "$2" arp off
}

# listen INTERFACE… OPTION…
listen() {
	start sensor nsenter --net=/run/netns/"$net_server" "$bin/selat-sensor" -R ruleset -o alerts --stats stats -i "$@"
	sensor=$pid
	wait_for stats '"packets"'
}

# Conversations from the benchmark's generator where it was built, else DNS queries.
mix() {
	if [ -x "$bin/bench-mix" ]; then
		"$bin/bench-mix" -n 100000 -o mix.pcap >/dev/null
	else
		queries 100000 >mix.pcap
	fi
}

# send INTERFACE COUNT OPTION…: $sent grows by what the kernel took.
sent=0
confined=() # a command that confines it, and its arguments
send() {
	nsenter --net=/run/netns/"$net_client" "${confined[@]}" tcpreplay -q -K --loop=0 --limit="$2" -i "$1" "${@:3}" mix.pcap >replay.log 2>&1
	local n
	n=$(awk '/Successful packets:/ { print $3 }' replay.log)
	[ "$n" -gt 0 ]
	sent=$((sent + n))
}

# What became of packets: each was read, known as a duplicate, or dropped by the kernel.
accounted() { [ "$(jq '.packets + .duplicates + .kernel_drops' stats)" -ge "$sent" ]; }
all_accounted() {
	echo "$sent sent; $(jq -c '{packets, duplicates, kernel_drops, interface_drops, ring_freezes}' stats)"
	jq -e --argjson sent "$sent" '.packets + .duplicates + .kernel_drops == $sent and
		([to_entries[] | select(.key | startswith("decode_")) | .value] | add) == .packets' stats
}

steady() { # WORKERS
	mix
	listen "$net_server_if" -w "$1"
	send "$net_client_if" $((pps * seconds / 2)) --pps="$pps"
	until_true 3 accounted
	stop "$sensor"
	same 0 "$status"
	all_accounted
	jq -e '.kernel_drops == 0 and .ring_freezes == 0' stats
}

@test "at a steady rate nothing is lost, with one worker" { steady 1; }

@test "at a steady rate nothing is lost, with two workers" { steady 2; }

# At top speed, through a ring that is too small, with a sensor that rests: losses are sure, and counted.
flooded() { # WORKERS
	mix
	listen "$net_server_if" -w "$1" -s capture.ring_mib=1
	send "$net_client_if" 30000 --topspeed
	kill -STOP "$sensor"
	send "$net_client_if" 30000 --topspeed
	kill -CONT "$sensor"
	send "$net_client_if" 30000 --topspeed
	until_true 3 accounted
	stop "$sensor"
	same 0 "$status"
	all_accounted
	jq -e '.kernel_drops > 0 and .ring_freezes > 0 and .packets > 0' stats
}

@test "what a ring too small loses is counted, with one worker" { flooded 1; }

@test "what a ring too small loses is counted, with two workers" { flooded 2; }

# A sensor that rests finds more than half of its ring full: it lets the middle of flows go, no DNS and no
# beginning, and says how much. Nothing is lost by the kernel.
pressed() { # WORKERS
	local segments=7000
	python3 "$top/tests/e2e/floods" bulk "$segments" >mix.pcap 2>count
	listen "$net_server_if" -w "$1" -s capture.ring_mib=$((16 / $1)) -s flow.depth=0
	kill -STOP "$sensor"
	send "$net_client_if" "$(cat count)" --topspeed
	kill -CONT "$sensor"
	until_true 3 accounted
	stop "$sensor"
	same 0 "$status"
	all_accounted
	jq -c '{ring_pressure, shed_packets, shed_bytes, stream_bytes, stream_gaps, stream_gap_bytes, dns_messages, flows}' stats
	jq -e --argjson all "$segments" '.kernel_drops == 0 and .ring_pressure > 0 and .shed_packets > 0 and
		.shed_bytes == .shed_packets * 1400 and .stream_bytes + .shed_bytes == $all * 1400 and
		.stream_gap_bytes == .shed_bytes and .stream_bytes >= 4 * 64 * 1024 and
		.dns_messages == $all / 50 + 1 and .flows == 4 + 1' stats
	grep -q "worker [01] falls behind" sensor.err
}

@test "under pressure the middle of flows is shed, with one worker" { pressed 1; }

@test "under pressure the middle of flows is shed, with two workers" { pressed 2; }

# Whoever sends has the processor for himself almost: losses are sure, long, and counted.
starved() { # WORKERS
	local cpu task
	cpu=$(sed -n 's/^Cpus_allowed_list:\t\([0-9]*\).*/\1/p' /proc/self/status)
	python3 "$top/tests/e2e/floods" bulk 20000 >mix.pcap 2>count
	listen "$net_server_if" -w "$1" -s capture.ring_mib=8 -s flow.depth=0
	taskset -a -c -p "$cpu" "$sensor" >/dev/null
	for task in /proc/"$sensor"/task/*; do renice -n 19 "${task##*/}" >/dev/null; done
	confined=(taskset -c "$cpu")
	send "$net_client_if" $((12500 * seconds)) --topspeed
	until_true 10 accounted
	stop "$sensor"
	same 0 "$status"
	all_accounted
	jq -c '{ring_pressure, shed_packets, shed_bytes, dns_messages}' stats
	jq -e '.kernel_drops > 0 and .ring_pressure > 0 and .shed_packets > 0 and .dns_messages > 0' stats
}

@test "at a rate that cannot be held all losses are counted, with one worker" { starved 1; }

@test "at a rate that cannot be held all losses are counted, with two workers" { starved 2; }

# Many tunnels with one flow in all of them, and ICMP errors about it from everywhere.
tunnels() { # WORKERS
	python3 "$top/tests/e2e/floods" tunnels 1000 >mix.pcap 2>count
	listen "$net_server_if" -w "$1"
	send "$net_client_if" "$(cat count)" --pps=4000
	until_true 3 accounted
	stop "$sensor"
	same 0 "$status"
	all_accounted
	jq -c '{tunnel_split_packets, icmp_split, icmp_errors, flows}' stats
}

@test "what tunnels and ICMP errors split over two workers is counted" {
	tunnels 2
	jq -e '.tunnel_split_packets > 300 and .tunnel_split_packets < 700 and .icmp_split == .tunnel_split_packets' stats
}

@test "one worker splits nothing" {
	tunnels 1
	jq -e '.tunnel_split_packets == 0 and .icmp_split == 0 and .icmp_errors == 1000' stats
}

@test "ended while its ring is full: what lies there is read, what was lost is counted" {
	local workers
	mix
	for workers in 1 2; do
		sent=0
		rm -f stats
		listen "$net_server_if" -w "$workers" -s capture.ring_mib=1
		kill -STOP "$sensor"
		send "$net_client_if" 20000 --topspeed
		kill -TERM "$sensor"
		kill -CONT "$sensor"
		ended "$sensor"
		same 0 "$status"
		all_accounted
		jq -e '.kernel_drops > 0 and .packets > 0' stats
	done
}

second_up() {
	ip link add selat-c2 netns "$net_client" type veth peer name selat-s2 netns "$net_server"
	quiet "$net_client" selat-c2
	quiet "$net_server" selat-s2
	nsenter --net=/run/netns/"$net_client" ip link set selat-c2 up
	nsenter --net=/run/netns/"$net_server" ip link set selat-s2 up
}

lost_are() { [ "$(jq .interface_lost stats)" -ge "$1" ]; }
read_are() { [ "$(jq .packets stats)" -ge "$1" ]; }

@test "two interfaces: one goes down and up, is deleted and made anew; the other goes on" {
	queries 1000 >mix.pcap
	second_up
	listen "$net_server_if" selat-s2
	send "$net_client_if" 100 --pps=4000
	send selat-c2 100 --pps=4000
	until_true 3 read_are 200

	nsenter --net=/run/netns/"$net_server" ip link set selat-s2 down
	send "$net_client_if" 100 --pps=4000
	until_true 3 read_are 300
	nsenter --net=/run/netns/"$net_server" ip link set selat-s2 up
	sleep 2 # nothing says when it listens again
	send selat-c2 100 --pps=4000
	until_true 3 read_are 400

	nsenter --net=/run/netns/"$net_server" ip link del selat-s2
	until_true 4 lost_are 1
	send "$net_client_if" 100 --pps=4000
	until_true 3 read_are 500
	second_up
	sleep 2
	send selat-c2 100 --pps=4000
	until_true 3 read_are 600
	stop "$sensor" TERM 5
	same 0 "$status"
	all_accounted
}
