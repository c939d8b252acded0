# Shared by e2e/, kafka/ and live/: a folder per test, programs in the background that are ended
# whatever happens, waiting for conditions instead of sleeping.
# shellcheck shell=bash
bats_require_minimum_version 1.5.0

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bin=${SELAT_BIN:-$top/build/bin}
# shellcheck disable=SC2034 # these are for the tests
pcaps=$top/pcaps
# shellcheck disable=SC2034 # for the tests
pack=$top/rules/packs/demo.yaml
export PATH=$PATH:/usr/sbin:/sbin

# For `unshare -m`: where / is no mount of its own (in a chroot) the mounts' propagation cannot be set.
propagation=private
unshare -m --propagation private true 2>/dev/null || propagation=unchanged

# Called by each setup(). T: the test's folder, readable for other users too.
set_up() {
	T=$(mktemp -d "${TMPDIR:-/tmp}/selat-test.XXXXXX")
	chmod 755 "$T"
	export XDG_RUNTIME_DIR=$T/run
	mkdir "$XDG_RUNTIME_DIR"
	pids=()
	cd "$T" || return 1
}

# Called by each teardown().
clean_up() {
	local pid
	exec 9>&-
	for pid in "${pids[@]}"; do
		kill -CONT "$pid" 2>/dev/null && kill "$pid" 2>/dev/null
	done
	for pid in "${pids[@]}"; do
		until_true 3 gone "$pid" || kill -9 "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null || true
	done
	if [ -n "${BATS_TEST_COMPLETED-}" ]; then
		:
	elif compgen -G "$T/*.err" >/dev/null; then
		tail -n 20 "$T"/*.err
	fi
	cd / && rm -rf "$T"
	none_left
}

# What a test started has its folder in its environment, whatever became of its parents.
running_here() {
	(
		unset XDG_RUNTIME_DIR # this pipe's own programs do not count
		grep -lsz "^XDG_RUNTIME_DIR=$T/run\$" /proc/[0-9]*/environ | cut -d/ -f3
	)
}
none_here() { [ -z "$(running_here)" ]; }
none_left() {
	local left
	until_true 2 none_here && return
	for left in $(running_here); do
		echo "was left running: $left $(tr '\0' ' ' <"/proc/$left/cmdline")"
		kill -9 "$left"
	done
	return 1
}

# Nothing may hang.
sensor() { timeout 60 "$bin/selat-sensor" "$@"; }
rules() { timeout 60 "$bin/selat-rules" "$@"; }
alerts() { timeout 60 "$bin/selat-alerts" "$@"; }

# Compiles a pack (the demo's) to a ruleset in the test's folder.
compile() { rules compile "${1-$pack}" -o "${2-$T/ruleset}" >/dev/null; }

# start NAME COMMAND…: in the background; its output goes to NAME.out and NAME.err, its id to $pid.
# Descriptor 9 stays the test's own: it feeds sensors.
start() {
	local name=$1
	shift
	case $1 in # not a shell's function, whose process would not be the program's
	sensor | rules | alerts) set -- "$bin/selat-$1" "${@:2}" ;;
	esac
	"$@" >"$T/$name.out" 2>"$T/$name.err" 3>&- 9>&- &
	pid=$!
	pids+=("$pid")
}

journaled() { grep -rqF "\"seq\":$1}" journal; }
segment_there() { compgen -G 'journal/*/*/*.seg' >/dev/null; }

gone() { ! kill -0 "$1" 2>/dev/null; }

# until_true SECONDS COMMAND…: polls; false after that time.
until_true() {
	local end=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000))
	shift
	until "$@"; do
		[ "${EPOCHREALTIME/[.,]/}" -lt "$end" ] || return 1
		sleep 0.02
	done
}

# wait_for FILE TEXT [SECONDS]
wait_for() {
	until_true "${3-10}" grep -qF -- "$2" "$1" 2>/dev/null && return
	echo "\"$2\" did not come into $1, which holds:"
	cat "$1"
	return 1
}

lines_are() { [ -e "$1" ] && [ "$(wc -l <"$1")" -ge "$2" ]; }

# ended PID [SECONDS]: waits for it; its exit status is in $status.
ended() {
	if ! until_true "${2-10}" gone "$1"; then
		echo "process $1 still runs after ${2-10} s"
		return 1
	fi
	status=0
	wait "$1" || status=$?
}

# stop PID [SIGNAL [SECONDS]]: the same after a signal.
stop() {
	kill -"${2-TERM}" "$1"
	ended "$1" "${3-10}"
}

# has TEXT STRING: the text is in the string.
has() {
	[[ $2 == *"$1"* ]] && return
	printf 'not there: %s\nin: %s\n' "$1" "$2"
	return 1
}

hasnt() {
	[[ $2 != *"$1"* ]] && return
	printf 'there: %s\nin: %s\n' "$1" "$2"
	return 1
}

# same A B: two values are equal.
same() {
	[ "$1" = "$2" ] && return
	printf 'one:   %s\nother: %s\n' "$1" "$2"
	return 1
}

# fails STATUS COMMAND…: ends with that status and says something; stdout stays empty.
fails() {
	local want=$1
	shift
	run --separate-stderr "$@"
	# shellcheck disable=SC2154
	if [ "$status" -ne "$want" ] || [ -z "$stderr" ] || [ -n "$output" ]; then
		printf 'status %s, not %s\nstdout: %.300s\nstderr: %s\n' "$status" "$want" "$output" "$stderr"
		return 1
	fi
}

# As a user without rights; a program is copied to where that user can get at it.
as_nobody() {
	local program=$1
	shift
	install -m 755 "$bin/$program" "$T/$program"
	if [ "$(id -u)" -eq 0 ]; then
		timeout 60 setpriv --reuid=65534 --regid=65534 --clear-groups "$T/$program" "$@"
	else
		timeout 60 "$T/$program" "$@"
	fi
}

need_root() { [ "$(id -u)" -eq 0 ] || skip "needs root: $1"; }

# queries COUNT [FIRST [OPTION…]]: a capture on stdout, a DNS query a packet, for n0000001.c2.evil.example and
# so on: each is one alert with the demo pack.
queries() { python3 "$top/tests/e2e/queries" "$@"; }

ids() { jq -r .id "$@" | sort; }

# --- the chain ---

# A sensor whose embedded broker others use too: it has nothing to say, and stays. Its address: $broker.
start_hub() {
	start hub sensor -r "$pcaps/icmp.pcap" -R ruleset -s sensor.id=hub -s journal.directory="$T/hub-journal" \
		-s kafka.bootstrap.servers=embedded
	# shellcheck disable=SC2034
	hub=$pid
	wait_for hub.err "stays for readers"
	broker=$(cat "$XDG_RUNTIME_DIR/selat/broker")
}

# publish NAME BROKER OPTION…: a sensor in the background that publishes there, over a route; its id is
# vn-hn-ix1 and its journal $T/journal. From a FIFO named NAME.in if an option is `-r -`.
publish() {
	local name=$1 to=$2 input=/dev/null
	shift 2
	[[ " $* " != *" -r - "* ]] || input=$name.in
	[ "$input" = /dev/null ] || mkfifo "$input"
	# shellcheck disable=SC2016
	start "$name" bash -c 'input=$1; shift; exec "$@" <"$input"' - "$input" "$bin/selat-sensor" -R ruleset \
		-s sensor.id=vn-hn-ix1 -s sensor.country=VN -s journal.directory="$T/journal" --stats "$name.stats" \
		-s kafka.bootstrap.servers="$to" -s routes.national.topic=selat.alerts \
		-s "routes.national.tlp=TLP:AMBER+STRICT" "$@"
}

# What a topic holds, repeats too, as another client reads it. raw TOPIC OPTION…
raw() {
	local topic=$1
	shift
	timeout 60 kcat -q -u -b "$broker" -t "$topic" -C -o beginning "$@"
}

# complete FILE EPOCHS: alerts as JSON Lines, repeats allowed: an id has one content, and in each epoch no
# number is missing. Prints how many there are.
complete() {
	jq -c '[.sensor.epoch, .sensor.seq, .id, .match.value, .time]' "$1" | sort -u >complete.all
	jq -s -e --argjson epochs "$2" 'length as $n | (map(.[2]) | unique | length) == $n and
		(group_by(.[0]) | length == $epochs and all(.[]; (map(.[1]) | sort) == [range(1; length + 1)]))' \
		complete.all >/dev/null && wc -l <complete.all && return
	echo "ids with two contents, or numbers that are missing ($2 epochs):"
	jq -s -c 'group_by(.[0])[] | [.[0][0], length, (map(.[1]) | min, max)]' complete.all
	return 1
}
