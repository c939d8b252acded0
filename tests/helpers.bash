# Shared by e2e/, kafka/ and live/: a folder per test, programs in the background that are ended
# whatever happens, waiting for conditions instead of sleeping.
# shellcheck shell=bash
bats_require_minimum_version 1.5.0

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bin=${SELAT_BIN:-$top/build/bin}
pcaps=$top/pcaps
# shellcheck disable=SC2034 # for the tests
pack=$top/rules/packs/demo.yaml
export PATH=$PATH:/usr/sbin:/sbin

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
}

sensor() { "$bin/selat-sensor" "$@"; }
rules() { "$bin/selat-rules" "$@"; }
alerts() { "$bin/selat-alerts" "$@"; }

# Compiles a pack (the demo's) to a ruleset in the test's folder.
compile() { rules compile "${1-$pack}" -o "${2-$T/ruleset}" >/dev/null; }

# start NAME COMMAND…: in the background; its output goes to NAME.out and NAME.err, its id to $pid.
start() {
	local name=$1
	shift
	"$@" >"$T/$name.out" 2>"$T/$name.err" 3>&- &
	pid=$!
	pids+=("$pid")
}

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

lines_are() { [ "$(wc -l <"$1")" -ge "$2" ]; }

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
		printf 'status %s, not %s\nstdout: %s\nstderr: %s\n' "$status" "$want" "$output" "$stderr"
		return 1
	fi
}

# As a user without rights; a program is copied to where that user can get at it.
as_nobody() {
	local program=$1
	shift
	install -m 755 "$bin/$program" "$T/$program"
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid=65534 --regid=65534 --clear-groups "$T/$program" "$@"
	else
		"$T/$program" "$@"
	fi
}

need_root() { [ "$(id -u)" -eq 0 ] || skip "needs root: $1"; }

# queries COUNT [FIRST [OPTION…]]: a capture on stdout, a DNS query a packet, for n0000001.c2.evil.example and
# so on: each is one alert with the demo pack.
queries() { python3 "$top/tests/queries" "$@"; }

ids() { jq -r .id "$@" | sort; }
