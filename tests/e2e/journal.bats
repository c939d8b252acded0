#!/usr/bin/env bats
# Alerts wait on disk: absent brokers, kill -9, full disks. No id is lost, or used twice with other content.
load ../helpers

setup() {
	set_up
	compile
}
teardown() { clean_up; }

epochs() { find journal -type d -name '[0-9A-Z]*' | wc -l; }

# The ids that the hub's broker holds, with what they say, to the file read.
read_back() {
	alerts follow -b "$broker" --json --from beginning --idle 1 >read 2>read.err
}

@test "no broker at the start: alerts wait, one line says so, the next start delivers them" {
	queries 500 >some.pcap
	publish absent 127.0.0.1:1 -r some.pcap
	wait_for absent.err "alerts wait in"
	until_true 5 journaled 500
	has "refused" "$(cat absent.err)"
	stop "$pid" KILL # ends after half a minute otherwise: the test below
	same 1 "$(grep -c "alerts wait" absent.err)"
	same 1 "$(epochs)"
	local epoch
	epoch=$(basename "$(find journal -type d -name '[0-9A-Z]*')")
	start_hub
	publish later "$broker" -r "$pcaps/icmp.pcap"
	ended "$pid"
	same 0 "$status"
	jq -e '.delivered == 500 and .alerts == 0' later.stats
	read_back
	same "$(seq -f "vn-hn-ix1/$epoch/%g" 500)" "$(jq -r .id read)"
	same "$(seq -f 'n%07g.c2.evil.example' 500)" "$(jq -r .match.value read)"
}

# A sensor whose journal's disk is full when it has taken alerts.
start_full() {
	mkdir small
	mkfifo full.in
	start full unshare -m --propagation "$propagation" bash -c 'mount -t tmpfs -o size=4m none small && exec "$@" <full.in' - \
		"$bin/selat-sensor" -r - -R ruleset -s journal.directory="$T/small" --stats full.stats \
		-s kafka.bootstrap.servers=embedded
	local full=$pid
	exec 9<>full.in
	wait_for full.err "embedded broker is at"
	dd if=/dev/zero of="/proc/$full/root$T/small/filler" bs=64k 2>/dev/null || true
	queries 100 >&9
	exec 9>&-
	wait_for full.err "No space left on device"
	pid=$full
}

# What takes its half minute to give up does it side by side.
@test "to the end without a broker, or on a full disk: a sentence, counts, and nothing that was written is lost" {
	local plain term full='' n
	queries 300 >some.pcap
	publish plain 127.0.0.1:1 -r some.pcap -s journal.directory="$T/other"
	plain=$pid
	publish term 127.0.0.1:1 -w 2 -r -
	term=$pid
	start feeder sh -c "exec python3 '$top/tests/e2e/queries' 0 1 --pace 2 >term.in"
	wait_for term.err "alerts wait in"
	if [ "$(id -u)" -eq 0 ]; then
		start_full
		full=$pid
		kill -TERM "$full"
	fi
	kill -TERM "$term"

	ended "$plain" 40
	same 0 "$status"
	has "300 alerts are not delivered" "$(cat plain.err)"
	same 1 "$(grep -c "alerts wait" plain.err)"
	ended "$term" 40
	same 0 "$status"
	n=$(jq .alerts term.stats)
	has "$n alerts are not delivered" "$(cat term.err)"
	if [ -n "$full" ]; then
		ended "$full" 40
		same 1 "$status"
		has "could not be written" "$(cat full.err)"
		jq -e '.alerts_refused > 0 and .alerts == .alerts_written + .alerts_refused' full.stats
	fi

	start_hub
	publish later "$broker" -r "$pcaps/icmp.pcap"
	ended "$pid"
	same "$n" "$(jq .delivered later.stats)"
	read_back
	same "$n" "$(complete read 1)"
}

@test "kill -9 at any moment: no id is lost, none is used for another alert" {
	local round sensor feeder to
	start_hub
	start raw kcat -q -u -b "$broker" -t selat.alerts -C -o beginning
	for round in 1 2 3 4 5 6; do
		to=$broker
		[ $((round % 3)) -ne 0 ] || to=127.0.0.1:1
		rm -f sensor.in
		publish sensor "$to" -r -
		sensor=$pid
		start feeder sh -c "exec python3 '$top/tests/e2e/queries' 0 $((round * 100000)) --pace 50 >sensor.in"
		feeder=$pid
		until_true 5 segment_there
		sleep "0.$((round * 17 % 10))" # then at no moment of note
		stop "$sensor" KILL
		ended "$feeder"
	done
	rm -f sensor.in
	publish sensor "$broker" -r "$pcaps/dns.pcap"
	ended "$pid"
	same 0 "$status"
	wait_for raw.out '"dga"' # the last there is
	[ "$(complete raw.out "$(jq -r .sensor.epoch raw.out | sort -u | wc -l)")" -gt 100 ]
	# Within a round the alerts that came are the first ones, without a hole.
	jq -s -e 'map(.match.value) | map(select(startswith("n"))[1:8] | tonumber) | unique |
		group_by(. / 100000 | floor) | length > 3 and
		all(.[]; .[0] % 100000 == 0 and . == [range(.[0]; .[0] + length)])' raw.out
}

@test "what was in the journal when it was killed is delivered" {
	queries 2000 >some.pcap
	publish sensor 127.0.0.1:1 -r some.pcap
	wait_for sensor.err "2000 alerts"
	until_true 5 journaled 2000
	stop "$pid" KILL
	start_hub
	publish later "$broker" -r "$pcaps/icmp.pcap"
	ended "$pid"
	read_back
	same 2000 "$(complete read 1)"
}

@test "a full disk: a sentence, a counter, and nothing is missing when there is room again" {
	need_root "mounting"
	start_hub
	start follow alerts follow -b "$broker" --json --from beginning
	mkdir journal
	mkfifo go
	start sensor unshare -m --propagation "$propagation" bash -c 'mount -t tmpfs -o size=4m none journal && exec "$@" <go' - \
		"$bin/selat-sensor" -r - -R ruleset -s sensor.id=vn-hn-ix1 -s journal.directory="$T/journal" --stats stats \
		-s kafka.bootstrap.servers="$broker" -s routes.n.topic=selat.alerts -s routes.n.tlp=TLP:AMBER
	local sensor=$pid disk
	exec 9<>go
	queries 3000 >some.pcap
	head -c $((24 + 100 * (84 + 16))) some.pcap >&9
	until_true 10 lines_are follow.out 50
	disk=/proc/$sensor/root$T/journal
	dd if=/dev/zero of="$disk/filler" bs=64k 2>/dev/null || true
	tail -c +$((25 + 100 * (84 + 16))) some.pcap >&9 & # it waits while the sensor does
	wait_for sensor.err "No space left on device"
	has "make room" "$(cat sensor.err)"
	kill -USR1 "$sensor"
	wait_for sensor.err '"journal_waits"'
	grep '^{' sensor.err | tail -n 1 | jq -e '.journal_waits > 0'
	rm "$disk/filler"
	exec 9>&-
	ended "$sensor" 15
	same 0 "$status"
	has "there is room again" "$(cat sensor.err)"
	jq -e '.alerts == 3000 and .delivered == 3000 and .alerts_refused == 0' stats
	until_true 5 lines_are follow.out 3000
	same 3000 "$(complete follow.out 1)"
}

@test "a broker that hangs: the journal's bound holds files back, nothing is lost" {
	start_hub
	start follow alerts follow -b "$broker" --json --from beginning
	wait_for follow.err following
	queries 12000 >many.pcap
	kill -STOP "$hub"
	publish sensor "$broker" -r many.pcap -s "journal.max=4 MiB"
	local sensor=$pid
	wait_for sensor.err "journal.max" 10
	kill -CONT "$hub"
	ended "$sensor" 30
	same 0 "$status"
	jq -e '.alerts == 12000 and .delivered == 12000' sensor.stats
	until_true 5 lines_are follow.out 12000
	same 12000 "$(complete follow.out 1)"
	[ "$(du -sb journal | cut -f1)" -lt $((6 << 20)) ]
}

@test "a second sensor in the same folder is refused" {
	start_hub
	publish first "$broker" -r -
	exec 9<>first.in
	until_true 5 test -e journal/lock
	cat "$pcaps/dns.pcap" >&9
	run --separate-stderr sensor -r "$pcaps/dns.pcap" -R ruleset -s journal.directory="$T/journal" \
		-s sensor.id=other -s kafka.bootstrap.servers="$broker" -s routes.n.topic=a -s routes.n.tlp=TLP:GREEN
	same 1 "$status"
	has "$T/journal" "$stderr"
	has "sensor" "$stderr"
	exec 9>&-
	ended "$pid"
	same 0 "$status"
	jq -e '.delivered == 3' first.stats
}

@test "a folder that cannot be written to is named" {
	chmod 644 ruleset
	cp "$pcaps/dns.pcap" .
	mkdir -m 555 locked
	fails 1 as_nobody selat-sensor -r dns.pcap -R ruleset -s journal.directory="$T/locked/journal" \
		-s kafka.bootstrap.servers=embedded
	has "$T/locked/journal" "$stderr"
	has "Permission denied" "$stderr"
}

@test "routes: what a label forbids stays at home" {
	cat >mixed.yaml <<-'END'
		selat: 1
		pack: test/labels
		version: 1
		author: cert.example
		tlp: "TLP:GREEN"
		indicators:
		  - { id: green, domain: n0000001.c2.evil.example }
		  - { id: strict, domain: n0000002.c2.evil.example, tlp: "TLP:AMBER+STRICT" }
		  - { id: red, domain: n0000003.c2.evil.example, tlp: "TLP:RED" }
	END
	compile mixed.yaml
	start_hub
	queries 3 >three.pcap
	publish sensor "$broker" -r three.pcap -s routes.region.topic=selat.region -s routes.region.tlp=TLP:GREEN
	ended "$pid"
	same 0 "$status"
	same $'green\nstrict' "$(alerts follow -b "$broker" --json --from beginning --idle 1 | jq -r .indicator.id)"
	same green "$(alerts follow -b "$broker" -t selat.region --json --from beginning --idle 1 | jq -r .indicator.id)"
}
