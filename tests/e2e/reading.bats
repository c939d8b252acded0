#!/usr/bin/env bats
# What the sensor reads: files of each kind, folders, pipes; and what it says of those it cannot read.
load ../helpers

setup() {
	set_up
	compile
}
teardown() { clean_up; }

read_all() { run --separate-stderr sensor -R ruleset -o - "$@"; }

# The number of alerts that reading these gives.
alerts_of() { sensor -R ruleset -o - "$@" 2>/dev/null | wc -l; }

@test "a file" {
	read_all -r "$pcaps/dns.pcap"
	same 0 "$status"
	same 3 "${#lines[@]}"
	has "20 packets" "$stderr"
	has "3 alerts" "$stderr"
}

@test "a folder: every capture in it, others are passed over" {
	mkdir -p folder/below
	cp "$pcaps/dns.pcap" folder/a.pcap
	cp "$pcaps/dns-nano.pcap" folder/below/b.pcapng
	echo text >folder/README.md
	read_all -r folder
	same 0 "$status"
	same $((3 + 2)) "${#lines[@]}"
}

@test "several files, by one option and by several" {
	same 5 "$(alerts_of -r "$pcaps/dns.pcap" "$pcaps/dns-nano.pcap")"
	same 5 "$(alerts_of -r "$pcaps/dns.pcap" -r "$pcaps/dns-nano.pcap")"
}

@test "standard input, from a file and from a pipe" {
	same 3 "$(alerts_of -r - <"$pcaps/dns.pcap")"
	# shellcheck disable=SC2002 # a pipe is what is tried
	same 3 "$(cat "$pcaps/dns.pcap" | alerts_of -r -)"
}

@test "pcapng, from a file and from a pipe" {
	read_all -r "$pcaps/http.pcapng"
	same 0 "$status"
	has '"c2-check-in"' "$output"
	same "${#lines[@]}" "$(alerts_of -r - <"$pcaps/http.pcapng")"
}

@test "nanosecond stamps are read as such" {
	read_all -r "$pcaps/dns-nano.pcap"
	same 0 "$status"
	same 2 "${#lines[@]}"
	local shown wanted
	shown=$(sensor -r "$pcaps/dns-nano.pcap" --dump packets | jq -s -r '.[0].time | .[20:26]')
	wanted=$(tcpdump -tt --nano -r "$pcaps/dns-nano.pcap" 2>/dev/null | sed -n '1s/^[0-9]*\.\([0-9]\{6\}\).*/\1/p')
	same "$wanted" "$shown"
}

@test "a big-endian capture" {
	python3 - "$pcaps/dns.pcap" >big.pcap <<-'END'
		import struct, sys
		d = open(sys.argv[1], "rb").read()
		out = struct.pack(">IHHiIII", *struct.unpack("<IHHiIII", d[:24]))
		at = 24
		while at < len(d):
		    head = struct.unpack("<4I", d[at:at + 16])
		    out += struct.pack(">4I", *head) + d[at + 16:at + 16 + head[2]]
		    at += 16 + head[2]
		sys.stdout.buffer.write(out)
	END
	same 3 "$(alerts_of -r big.pcap)"
}

@test "a missing file is named" {
	fails 1 sensor -r nowhere.pcap -R ruleset -o -
	has "nowhere.pcap: No such file" "$stderr"
}

@test "an unreadable file is named" {
	cp "$pcaps/dns.pcap" secret.pcap
	chmod 000 secret.pcap
	fails 1 as_nobody selat-sensor -r secret.pcap -R ruleset -o -
	has "secret.pcap: Permission denied" "$stderr"
}

@test "an empty file" {
	: >empty.pcap
	fails 1 sensor -r empty.pcap -R ruleset -o -
	has "empty.pcap: the file is empty" "$stderr"
}

@test "an empty folder" {
	mkdir hollow
	fails 1 sensor -r hollow -R ruleset -o -
	has hollow "$stderr"
}

@test "no capture at all" {
	echo "this is a letter and not a capture" >letter.pcap
	fails 1 sensor -r letter.pcap -R ruleset -o -
	has "letter.pcap: unknown file format" "$stderr"
}

@test "one of several is missing: the rest is used" {
	read_all -r "$pcaps/dns.pcap" nowhere.pcap "$pcaps/dns-nano.pcap"
	same 3 "$status"
	same 5 "${#lines[@]}"
	has "nowhere.pcap: No such file" "$stderr"
}

@test "cut in the middle of a packet: what precedes is used" {
	local at
	# In a packet's head, in its first byte, in its middle, before its last byte.
	sensor -r "$pcaps/dns.pcap" --dump packets >whole
	local first=$((24 + 16 + $(jq -s '.[0].caplen' whole)))
	for at in 7 16 17 60 $((16 + $(jq -s '.[1].caplen' whole) - 1)); do
		head -c $((first + at)) "$pcaps/dns.pcap" >cut.pcap
		run --separate-stderr sensor -r cut.pcap --dump packets
		same 3 "$status"
		same 1 "${#lines[@]}"
		same "$(head -n 1 whole)" "$output"
		has "cut.pcap: truncated" "$stderr"
	done
}

@test "cut in the first packet: nothing could be read" {
	head -c 45 "$pcaps/dns.pcap" >cut.pcap
	run --separate-stderr sensor -r cut.pcap --dump packets
	same "" "$output"
	[ "$status" -eq 1 ] || [ "$status" -eq 3 ]
	has "cut.pcap: truncated" "$stderr"
}

@test "cut in the file's head" {
	head -c 13 "$pcaps/dns.pcap" >cut.pcap
	fails 1 sensor -r cut.pcap --dump packets
	has "cut.pcap: " "$stderr"
}

@test "cut on standard input, and with two workers" {
	head -c 2500 "$pcaps/dns.pcap" >cut.pcap
	sensor -r cut.pcap --dump packets >one 2>/dev/null || same 3 $?
	sensor -r - --dump packets <cut.pcap >piped 2>/dev/null || same 3 $?
	sensor -w 2 -r cut.pcap --dump packets >two 2>/dev/null || same 3 $?
	[ -s one ]
	cmp one piped
	cmp one two
}

@test "a cut pcapng" {
	head -c 3000 "$pcaps/http.pcapng" >cut.pcapng
	sensor -r "$pcaps/http.pcapng" --dump packets >whole
	run --separate-stderr sensor -r cut.pcapng --dump packets
	same 3 "$status"
	[ "${#lines[@]}" -gt 0 ]
	same "$(head -n "${#lines[@]}" whole)" "$output"
	has "cut.pcapng: " "$stderr"
}

@test "an unknown link type is named" {
	cp "$pcaps/dns.pcap" odd.pcap
	printf '\xbd\0\0\0' | dd of=odd.pcap bs=1 seek=20 conv=notrunc status=none # 189: USB
	fails 1 sensor -r odd.pcap -R ruleset -o -
	has "odd.pcap: link type" "$stderr"
	has USB_LINUX "$stderr"
	printf '\x93\0\0\0' | dd of=odd.pcap bs=1 seek=20 conv=notrunc status=none # 147: nobody's
	fails 1 sensor -r odd.pcap -R ruleset -o -
	has "odd.pcap: link type" "$stderr"
	has 147 "$stderr"
}

@test "an unknown link type between others: they are used" {
	cp "$pcaps/dns.pcap" odd.pcap
	printf '\xbd\0\0\0' | dd of=odd.pcap bs=1 seek=20 conv=notrunc status=none
	read_all -r odd.pcap "$pcaps/dns.pcap"
	same 3 "$status"
	same 3 "${#lines[@]}"
}

@test "--dump packets, flows and fields are JSON Lines" {
	local what
	for what in packets flows fields; do
		sensor -r "$pcaps" --dump "$what" >"$what"
		[ -s "$what" ]
		same "$(wc -l <"$what")" "$(jq -c 'select(type == "object")' "$what" | wc -l)"
		same "" "$(jq -c 'select(any(.. ; . == null))' "$what")"
	done
	same "$(jq -s length packets)" "$(jq -s '[.[].n] | max' packets)"
	jq -e -s 'all(.[]; has("time") and has("len") and has("caplen") and has("layers") and has("verdict"))' packets
	jq -e -s 'all(.[]; has("community_id") and has("proto") and has("to_server") and has("start"))' flows
	jq -e -s 'any(.[]; .field == "dns.query" and .value == "c2.evil.example")' fields
	jq -e -s 'any(.[]; .field == "tls.sni" and .value == "login.evil.example")' fields
}

@test "flows hold every packet that belongs to one" {
	sensor -r "$pcaps/http.pcap" --dump packets >packets
	sensor -r "$pcaps/http.pcap" --dump flows >flows
	same "$(jq -s '[.[] | select(.community_id)] | length' packets)" \
		"$(jq -s '[.[] | (.to_server.packets // 0) + (.to_client.packets // 0)] | add' flows)"
}

# Epoch and observed are of the run; the rest is of the packets.
plain() { jq -c 'del(.observed, .sensor.epoch) | .id |= sub("/[^/]*/"; "/")' "$@"; }

@test "one, two and three workers give the same alerts in the same order" {
	local n
	queries 3000 >many.pcap
	sensor -r "$pcaps" many.pcap -R ruleset -o one 2>/dev/null
	lines_are one 3030
	for n in 2 3; do
		sensor -w $n -r "$pcaps" many.pcap -R ruleset -o more 2>/dev/null
		same "$(plain one | sha256sum)" "$(plain more | sha256sum)"
	done
}

@test "one and two workers give the same dumps" {
	local what
	for what in packets fields flows; do
		sensor -r "$pcaps" --dump $what | sort >one
		sensor -w 2 -r "$pcaps" --dump $what | sort >two
		cmp one two
	done
}

@test "a reader that leaves early ends the sensor quietly" {
	queries 30000 >many.pcap
	(
		set +e
		sensor -r many.pcap -R ruleset -o - 2>err | head -n 1 >line
		echo "${PIPESTATUS[0]}" >rc
	)
	same 0 "$(cat rc)"
	jq -e .id line
	hasnt "roken pipe" "$(cat err)"
	(
		set +e
		sensor -r many.pcap --dump packets 2>err | head -n 1 >line
		echo "${PIPESTATUS[0]}" >rc
	)
	same 0 "$(cat rc)"
	same "" "$(cat err)"
}

@test "a reader that leaves an endless input ends the sensor" {
	mkfifo fifo
	start feed sh -c "exec python3 '$top/tests/e2e/queries' 0 1 --pace 5 >fifo"
	(
		set +e
		timeout 10 "$bin/selat-sensor" -r fifo -R ruleset -o - 2>err | head -n 1 >line
		echo "${PIPESTATUS[0]}" >rc
	)
	same 0 "$(cat rc)"
	jq -e .id line
}

@test "a full device: a sentence, counts, status 1" {
	fails 1 sensor -r "$pcaps/dns.pcap" -R ruleset -o /dev/full
	has "/dev/full: No space left on device: 0 alerts written, 3 not" "$stderr"
	sensor -r "$pcaps" --dump packets >/dev/full 2>err && return 1
	has "No space left on device" "$(cat err)"
}

@test "a folder for the output that is not there" {
	fails 1 sensor -r "$pcaps" -R ruleset -o nowhere/alerts
	has "nowhere/alerts: No such file" "$stderr"
}

@test "--stats at the end: a file, and standard error" {
	sensor -r "$pcaps/dns.pcap" -R ruleset -o alerts --stats stats 2>/dev/null
	jq -e '.packets == 20 and .alerts == 3 and .alerts_written == 3 and .alerts_refused == 0' stats
	sensor -r "$pcaps/dns.pcap" -R ruleset -o alerts --stats - 2>err
	grep '^{' err | jq -e '.packets == 20'
	same "" "$(compgen -G '*.new')"
}

@test "--stats into a folder that is not there: a sentence and a status" {
	fails 1 sensor -r "$pcaps/dns.pcap" -R ruleset -o alerts --stats nowhere/stats
	has "nowhere/stats: " "$stderr"
	lines_are alerts 2
}

@test "--at judges validity by another time" {
	same 3 "$(alerts_of -r "$pcaps/dns.pcap" --at 2026-11-22T00:00:00Z)"
	same 0 "$(alerts_of -r "$pcaps/dns.pcap" --at 2036-01-02T00:00:00Z)"
}

@test "wrong checksums are passed over, unless told otherwise" {
	cp "$pcaps/dns.pcap" bad.pcap
	local at
	at=$(grep -abo c2 bad.pcap | head -n 1 | cut -d: -f1)
	printf 'C3' | dd of=bad.pcap bs=1 seek="$at" conv=notrunc status=none
	same 20 "$(sensor -r bad.pcap --dump packets --no-checksums | jq -c 'select(.verdict == "ok")' | wc -l)"
	same 19 "$(sensor -r bad.pcap --dump packets | jq -c 'select(.verdict == "ok")' | wc -l)"
}

@test "a pipe that brings little: its packets are looked at when they come" {
	mkfifo fifo
	start sensor bash -c 'exec "$@" <fifo' - "$bin/selat-sensor" -r - -R ruleset -o alerts
	exec 9<>fifo
	cat "$pcaps/dns.pcap" >&9
	until_true 3 lines_are alerts 2
}

@test "SIGTERM ends a sensor whose pipe brings nothing" {
	mkfifo fifo
	start sensor bash -c 'exec "$@" <fifo' - "$bin/selat-sensor" -r - -R ruleset -o alerts
	exec 9<>fifo
	cat "$pcaps/dns.pcap" >&9
	until_true 1 test -s alerts || true
	stop "$pid" TERM 3
	same 0 "$status"
	same 3 "$(wc -l <alerts)"
}
