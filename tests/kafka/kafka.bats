#!/usr/bin/env bats
# The chain against a real Apache Kafka, one broker for the whole file.
load ../helpers

setup_file() {
	broker_dir=$(mktemp -d "${TMPDIR:-/tmp}/selat-kafka.XXXXXX")
	export broker_dir
	broker=$("$BATS_TEST_DIRNAME/kafka" start "$broker_dir" 3>&-)
	export broker
}

teardown_file() {
	"$BATS_TEST_DIRNAME/kafka" kill "$broker_dir" || true
	rm -rf "$broker_dir"
}

# The broker outlives a test: it is not one of what the test leaves behind.
kafka() { env -u XDG_RUNTIME_DIR "$BATS_TEST_DIRNAME/kafka" "$1" "$broker_dir" 3>&-; }
topic_there() { kcat -b "$broker" -L 2>/dev/null | grep -qF "topic \"$topic\""; }

setup() {
	set_up
	compile
	topic=selat.test.$BATS_TEST_NUMBER.$$
	kafka start >/dev/null 2>&1 || true # should a test before have left it down
}
teardown() { clean_up; }

# As publish does, to this test's own topic.
publish_here() {
	local name=$1 to=$2
	shift 2
	publish "$name" "$to" "$@" -s routes.national.topic="$topic"
}

read_back() {
	alerts follow -b "$broker" -t "$topic" --json --from beginning --idle 2 >read 2>read.err
}

@test "sensor, topic, follow: the same alerts as in a file" {
	sensor -r "$pcaps" -R ruleset -o file 2>/dev/null
	publish_here sensor "$broker" -r "$pcaps"
	ended "$pid" 20
	same 0 "$status"
	jq -e --argjson n "$(wc -l <file)" '.delivered == $n and .alerts == $n and .delivery_retries == 0' sensor.stats
	read_back
	same "$(wc -l <file)" "$(complete read 1)"
	local plain='del(.id, .sensor, .observed)'
	same "$(jq -c "$plain" file)" "$(jq -c "$plain" read)"
}

@test "an independent client reads key, headers, value and stamp" {
	publish_here sensor "$broker" -r "$pcaps/dns.pcap"
	ended "$pid" 20
	timeout 20 kcat -q -b "$broker" -t "$topic" -C -o beginning -e -f '%k\t%h\t%T\t%s\n' >read
	same 3 "$(wc -l <read)"
	local key headers stamp value
	while IFS=$'\t' read -r key headers stamp value; do
		same vn-hn-ix1 "$key"
		has "ce_specversion=1.0" "$headers"
		has "ce_id=$(jq -r .id <<<"$value")" "$headers"
		has "ce_type=org.selat.alert.v1" "$headers"
		has "ce_source=" "$headers"
		has "ce_time=$(jq -r .time <<<"$value")" "$headers"
		has "content-type=application/json" "$headers"
		has "tlp=$(jq -r .tlp <<<"$value")" "$headers"
		has "severity=$(jq -r .severity <<<"$value")" "$headers"
		has "country=VN" "$headers"
		[ $((stamp / 1000)) -ge $((EPOCHSECONDS - 60)) ]
	done <read
}

@test "follow sees alerts as they come" {
	publish_here sensor "$broker" -r -
	local sensor=$pid
	start feeder sh -c "exec python3 '$top/tests/e2e/queries' 0 1 --pace 5 >sensor.in"
	until_true 10 topic_there
	start follow alerts follow -b "$broker" -t "$topic" --json --from beginning --count 300
	ended "$pid" 20
	same 0 "$status"
	same 300 "$(complete follow.out 1)"
	stop "$sensor" TERM 20
	same 0 "$status"
	jq -e '.alerts == .delivered' sensor.stats
}

@test "the broker is killed and comes again while alerts are published: nothing lost, nothing twice" {
	publish_here sensor "$broker" -r -
	local sensor=$pid n
	start feeder sh -c "exec python3 '$top/tests/e2e/queries' 20000 1 --pace 15 >sensor.in"
	until_true 10 topic_there
	start follow alerts follow -b "$broker" -t "$topic" --json --from beginning
	until_true 15 lines_are follow.out 2000
	kafka kill
	wait_for sensor.err "alerts wait in" 20
	same "$broker" "$(kafka start)"
	ended "$sensor" 60
	same 0 "$status"
	jq -e '.alerts == 20000 and .delivered == 20000' sensor.stats
	until_true 20 lines_are follow.out 20000
	same 20000 "$(wc -l <follow.out)"
	same 20000 "$(complete follow.out 1)"
	# Not even the log itself has repeats: the producer is idempotent.
	n=$(raw "$topic" -e -f '%h\n' | grep -o 'ce_id=[^,]*' | sort | uniq -d | wc -l)
	same 0 "$n"
}

@test "absent at first, then there: alerts come from the journal, in order" {
	kafka stop
	queries 2000 >some.pcap
	publish_here sensor "$broker" -r some.pcap
	wait_for sensor.err "alerts wait in"
	until_true 5 journaled 2000
	same "$broker" "$(kafka start)"
	ended "$pid" 30
	same 0 "$status"
	read_back
	same 2000 "$(complete read 1)"
	same "$(seq -f 'n%07g.c2.evil.example' 2000)" "$(jq -r .match.value read)"
}

@test "kill -9 of the sensor: the next start goes on where the broker's log ends" {
	publish_here sensor "$broker" -r -
	local sensor=$pid
	start feeder sh -c "exec python3 '$top/tests/e2e/queries' 0 1 --pace 20 >sensor.in"
	until_true 10 topic_there
	start follow alerts follow -b "$broker" -t "$topic" --json --from beginning
	until_true 15 lines_are follow.out 1000
	stop "$sensor" KILL
	publish_here later "$broker" -r "$pcaps/dns.pcap"
	ended "$pid" 20
	same 0 "$status"
	raw "$topic" -e >read
	[ "$(complete read 2)" -gt 1000 ]
}
