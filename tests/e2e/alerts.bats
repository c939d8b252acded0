#!/usr/bin/env bats
# The chain over the embedded broker: sensor, Kafka's protocol, `selat-alerts follow`.
load ../helpers

setup() {
	set_up
	compile
}
teardown() { clean_up; }

# A sensor with the embedded broker that waits for what is written to descriptor 9.
start_chain() {
	mkfifo go
	start sensor bash -c 'exec "$@" <go' - "$bin/selat-sensor" -r - -R ruleset -s sensor.id=vn-hn-ix1 \
		-s sensor.country=VN -s journal.directory="$T/journal" -s kafka.bootstrap.servers=embedded --stats stats "$@"
	sensor=$pid
	exec 9<>go
	wait_for sensor.err "embedded broker is at"
}
feed() {
	cat "$@" >&9
	exec 9>&-
}

@test "what is published is read back: --json --count" {
	start_chain
	start follow alerts follow --json --count 500 --from beginning
	queries 500 >some.pcap
	feed some.pcap
	ended "$pid"
	same 0 "$status"
	same 500 "$(complete follow.out 1)"
	same "$(seq -f 'n%07g.c2.evil.example' 500)" "$(jq -r .match.value follow.out)"
	stop "$sensor"
	same 0 "$status"
	jq -e '.delivered == 500 and .alerts == 500 and .packets == 500 and .alerts_written == 500' stats
}

@test "two workers publish the same" {
	start_chain -w 2
	start follow alerts follow --json --count 500 --from beginning
	queries 500 >some.pcap
	feed some.pcap
	ended "$pid"
	same 500 "$(complete follow.out 1)"
	same "$(seq -f 'n%07g.c2.evil.example' 500)" "$(jq -r .match.value follow.out)"
	stop "$sensor"
	same 0 "$status"
}

@test "follow from the end sees only what comes next" {
	start_chain
	start follow alerts follow --json --count 3
	wait_for follow.err following
	feed "$pcaps/dns.pcap"
	ended "$pid"
	lines_are follow.out 3
	run --separate-stderr -0 alerts follow --json --idle 1
	same "" "$output"
}

@test "--idle ends it; plain output is a table" {
	start_chain
	feed "$pcaps/dns.pcap"
	run --separate-stderr -0 alerts follow --from beginning --idle 1
	has "c2-domain" "$output"
	has "high" "$output"
	has "c2.evil.example" "$output"
	hasnt $'\e' "$output"
	same 3 "$(grep -c 'evil.example\|dga.example' <<<"$output")"
}

@test "--summary counts, plain and as JSON" {
	start_chain
	feed "$pcaps/dns.pcap"
	run --separate-stderr -0 alerts follow --from beginning --count 3 --summary
	[[ $stderr =~ alerts\ read\ +3 ]]
	[[ $stderr =~ distinct\ indicators\ +2 ]]
	has "observed to read" "$stderr"
	run --separate-stderr -0 alerts follow --from beginning --count 3 --summary --json
	tail -n 1 <<<"$stderr" | jq -e '.alerts == 3 and .indicators == 2 and .repeats == 0 and .unreadable == 0'
}

@test "an independent client reads key, headers and value" {
	start_chain
	feed "$pcaps/dns.pcap"
	wait_for sensor.err "stays for readers"
	local address
	address=$(cat "$XDG_RUNTIME_DIR/selat/broker")
	timeout 10 kcat -q -b "$address" -t selat.alerts -C -o beginning -c 3 -f '%k\t%h\t%T\t%s\n' >read
	lines_are read 3
	local key headers stamp value
	while IFS=$'\t' read -r key headers stamp value; do
		same vn-hn-ix1 "$key"
		jq -e . <<<"$value" >/dev/null
		has "ce_specversion=1.0" "$headers"
		has "ce_id=$(jq -r .id <<<"$value")" "$headers"
		has "ce_type=org.selat.alert.v1" "$headers"
		has "ce_source=" "$headers"
		has "ce_time=$(jq -r .time <<<"$value")" "$headers"
		has "content-type=application/json" "$headers"
		has "tlp=TLP:CLEAR" "$headers"
		has "severity=$(jq -r .severity <<<"$value")" "$headers"
		has "country=VN" "$headers"
		[ $((stamp / 1000)) -ge $((EPOCHSECONDS - 60)) ]
	done <read
}

@test "records that are no alerts are counted and skipped; repeats are dropped" {
	start_chain
	feed "$pcaps/dns.pcap"
	wait_for sensor.err "stays for readers"
	local address
	address=$(cat "$XDG_RUNTIME_DIR/selat/broker")
	timeout 10 kcat -q -b "$address" -t selat.alerts -C -o beginning -c 3 >read
	{
		cat read
		printf '%s\n' garbage '{"selat":1}' '[]'
	} | timeout 10 kcat -b "$address" -t selat.alerts -P
	run --separate-stderr alerts follow --from beginning --idle 1 --json --summary
	same 3 "$status"
	same 3 "${#lines[@]}"
	grep '^{' <<<"$stderr" | jq -e '.alerts == 3 and .repeats == 3 and .unreadable == 3'
	has "is no alert" "$stderr"
}

@test "a reader of follow that leaves ends it quietly" {
	start_chain
	feed "$pcaps/dns.pcap"
	(
		set +e
		timeout 10 "$bin/selat-alerts" follow --json --from beginning 2>err | head -n 1 >line
		echo "${PIPESTATUS[0]}" >rc
	)
	same 0 "$(cat rc)"
	jq -e .id line
}

@test "follow: SIGINT and SIGTERM end it with 0" {
	start_chain
	local signal
	for signal in INT TERM; do
		start $signal env --default-signal=INT "$bin/selat-alerts" follow --summary
		wait_for $signal.err following
		stop "$pid" $signal 3
		same 0 "$status"
		has "alerts read" "$(cat $signal.err)"
	done
}

@test "follow into a full device" {
	start_chain
	feed "$pcaps/dns.pcap"
	run timeout 10 bash -c "'$bin/selat-alerts' follow --json --from beginning --count 3 >/dev/full"
	same 1 "$status"
	has "No space left" "$output"
}

@test "follow without a broker" {
	fails 1 alerts follow
	has "no embedded broker" "$stderr"
	has "kafka.bootstrap.servers=embedded" "$stderr"
}

@test "follow says that no broker answers: a named one, and one whose sensor was killed" {
	start_chain
	stop "$sensor" KILL
	[ -e "$XDG_RUNTIME_DIR/selat/broker" ]
	start killed alerts follow
	local killed=$pid
	start named alerts follow -b 127.0.0.1:1
	ended "$pid" 20
	same 1 "$status"
	has "127.0.0.1:1" "$(cat named.err)"
	has "refused" "$(cat named.err)"
	ended "$killed" 20
	same 1 "$status"
	has "refused" "$(cat killed.err)"
}

@test "the broker's address file is there, and gone afterwards" {
	start_chain
	local file=$XDG_RUNTIME_DIR/selat/broker
	has 127.0.0.1: "$(cat "$file")"
	has "$(cat "$file")" "$(cat sensor.err)"
	feed "$pcaps/dns.pcap"
	wait_for sensor.err "stays for readers"
	stop "$sensor"
	same 0 "$status"
	[ ! -e "$file" ]
}

@test "an address file that a killed sensor left does not stop a new one" {
	start_chain
	stop "$sensor" KILL
	exec 9>&-
	rm go
	start_chain
	start follow alerts follow --json --count 3 --from beginning
	feed "$pcaps/dns.pcap"
	ended "$pid"
	same 0 "$status"
}

@test "SIGTERM drains: what was alerted is delivered, none twice" {
	start_hub
	publish sensor "$broker" -r -
	local sensor=$pid
	start follow alerts follow --json
	local follow=$pid
	wait_for follow.err following
	start feeder sh -c "exec python3 '$top/tests/e2e/queries' 0 1 --pace 2 >sensor.in"
	until_true 10 lines_are follow.out 300
	stop "$sensor" TERM 15
	same 0 "$status"
	local alerts
	alerts=$(jq .alerts sensor.stats)
	jq -e '.alerts == .delivered and .alerts == .packets' sensor.stats
	until_true 5 lines_are follow.out "$alerts"
	stop "$follow"
	same "$alerts" "$(wc -l <follow.out)"
	same "$alerts" "$(complete follow.out 1)"
}

@test "SIGTERM with the embedded broker and an endless input" {
	start_chain
	start follow alerts follow --json --from beginning
	start feeder sh -c "exec python3 '$top/tests/e2e/queries' 0 1 --pace 2 >go"
	until_true 10 lines_are follow.out 200
	exec 9>&-
	stop "$sensor" TERM 15
	same 0 "$status"
	jq -e '.alerts == .delivered and .alerts >= 200' stats
	[ ! -e "$XDG_RUNTIME_DIR/selat/broker" ]
}
