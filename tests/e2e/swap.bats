#!/usr/bin/env bats
# Rulesets and exceptions that change while the sensor runs.
load ../helpers

setup() { set_up; }
teardown() { clean_up; }

# words WORD…: a pack with an indicator for each word in the payload; its id is the word.
words() {
	local word
	{
		cat <<-END
			selat: 1
			pack: test/words
			version: 1
			author: test.example
			created: "2026-11-20T00:00:00Z"
			tlp: TLP:GREEN
			defaults: { severity: medium, confidence: 70, class: other, valid_until: "2036-06-30T00:00:00Z" }
			indicators:
		END
		for word in "$@"; do
			echo "  - { id: $word, match: [ { field: payload, contains: \"$word\" } ] }"
		done
	}
}

# ruleset NAME WORD…: the same, compiled, in file NAME.
ruleset() {
	words "${@:2}" >"$1.yaml"
	compile "$1.yaml" "$1"
}

# delta WORD…: beside the ruleset, what of these words it does not have, and what it has no more.
delta() {
	words "$@" >delta.yaml
	rules compile delta.yaml --base ruleset -o ruleset.delta >/dev/null
}

# swap WORD…: the file of the running sensor becomes this ruleset, by a rename.
swap() {
	ruleset next "$@"
	mv next ruleset
}

# A sensor that follows a capture of a connection, which says what is written to descriptor 9.
start_talk() {
	mkfifo words
	start talk bash -c "exec python3 '$top/tests/e2e/talk' ${connections:-1} <words"
	exec 9>words
	until_true 5 test -s talk.out
	start sensor sensor -r talk.out --follow -R ruleset -o alerts --stats stats "$@"
	sensor=$pid
	until_true 10 watches
}
watches() { readlink "/proc/$sensor/fd/"* | grep -q inotify; }
say() { echo "$1" >&9; }
alerted() { grep -qs "\"id\":\"$1\"" alerts; }
heard() { until_true "${2-5}" alerted "$1" || { echo "no alert for $1"; cat sensor.err; return 1; }; }
# wait_live N: so many rulesets were taken into use.
lives() { [ "$(grep -c 'indicators live' sensor.err)" -ge "$1" ]; }
wait_live() { until_true 5 lives "$1" || { echo "not live: $1"; cat sensor.err; return 1; }; }
end_talk() {
	exec 9>&-
	stop "$sensor"
	same 0 "$status"
}

@test "a flow stays open over ten swaps, and the eleventh set's indicator is found in it" {
	ruleset ruleset set-0-word
	start_talk
	say "this is set-0-word."
	heard set-0-word
	local n
	for n in $(seq 10); do
		swap "set-$n-word" other
		say "before set-$n-word"
		wait_live "$n"
		say "behind set-$n-word and set-$((n - 1))-word"
		heard "set-$n-word"
	done
	say "< the server: set-10-word"
	end_talk
	# one flow, and none of the sets that were gone
	jq -e -s '[.[].flow.community_id] | unique | length == 1' alerts
	same "$(seq -f 'set-%g-word' 0 10 | sort)" "$(jq -r .indicator.id alerts | sort -u)"
	same 11 "$(jq -r .ruleset alerts | sort -u | wc -l)"
	jq -e '.flows == 1 and .rulesets_taken == 10 and .rulesets_refused == 0 and .indicators == 2' stats
	same "$(tail -n 1 alerts | jq -r .ruleset)" "$(jq -r .ruleset stats)"
}

@test "what must not be used is refused, and the one before stays" {
	ruleset ruleset one-word second-word third-word fourth-word
	start_talk
	head -c 3000 ruleset >next
	mv next ruleset
	wait_for sensor.err "ruleset: truncated"
	has "the one before stays in use, with 4 indicators" "$(cat sensor.err)"
	: >next
	mv next ruleset
	wait_for sensor.err "the file is empty"
	cp "$pack" next
	mv next ruleset
	wait_for sensor.err "is no ruleset"
	ruleset next lonely-word
	mv next ruleset
	wait_for sensor.err "has 1 indicators, less than half of the 4 before"
	rm ruleset
	wait_for sensor.err "No such file"
	say "still one-word, and no lonely-word"
	heard one-word
	swap one-word new-word
	wait_live 1
	say "now new-word"
	heard new-word
	end_talk
	jq -e '.rulesets_refused == 5 and .rulesets_taken == 1' stats
	same "" "$(grep lonely alerts)"
	# one line each
	same 5 "$(grep -c 'the one before stays in use' sensor.err)"
}

@test "--force takes one with less than half" {
	ruleset ruleset one-word second-word third-word fourth-word
	start_talk --force
	swap lonely-word
	wait_live 1
	say "a lonely-word"
	heard lonely-word
	end_talk
}

@test "a file that is written in place, and one behind a link" {
	ruleset first one-word
	ln -s first ruleset
	start_talk
	ruleset next two-word
	cat next >first
	wait_live 1
	say "two-word"
	heard two-word
	ruleset second three-word
	ln -s second link
	mv -T link ruleset
	wait_live 2
	say "three-word"
	heard three-word
	end_talk
	same 0 "$(jq .rulesets_refused stats)"
}

@test "touching a ruleset changes nothing" {
	ruleset ruleset one-word
	start_talk
	cp ruleset next
	mv next ruleset
	touch ruleset
	sleep 1.5
	swap two-word
	wait_live 1
	end_talk
	jq -e '.rulesets_taken == 1 and .rulesets_refused == 0' stats
}

@test "files that are read once keep their ruleset, but for SIGHUP" {
	ruleset ruleset one-word
	mkfifo words capture
	start talk bash -c "exec python3 '$top/tests/e2e/talk' <words >capture"
	exec 9>words
	start sensor bash -c "exec '$bin/selat-sensor' -r - -R ruleset -o alerts --stats stats <capture"
	sensor=$pid
	say "one-word"
	heard one-word
	swap two-word
	sleep 1.5
	say "no two-word yet"
	say "one-word"
	kill -HUP "$sensor"
	wait_for sensor.err live
	say "now two-word"
	heard two-word
	exec 9>&-
	ended "$sensor"
	same 0 "$status"
	same "one-word two-word" "$(jq -r .indicator.id alerts | xargs)"
}

@test "two workers take a ruleset up" {
	ruleset ruleset one-word
	connections=8 start_talk -w 2
	local n
	for n in 1 2 3 4 5 6 7 8; do say "one-word"; done
	until_true 5 lines_are alerts 8
	swap two-word
	for n in 1 2 3 4 5 6 7 8; do say "nothing"; done
	wait_live 1
	for n in 1 2 3 4 5 6 7 8; do say "two-word"; done
	until_true 5 lines_are alerts 16
	end_talk
	same 8 "$(grep -c two-word alerts)"
}

@test "swaps under load: each packet is matched once" {
	cp "$pack" a.yaml
	sed 's/^version: .*/version: 99/' "$pack" >b.yaml
	compile a.yaml ruleset
	compile a.yaml a
	compile b.yaml b
	mkfifo packets
	start feeder sh -c "exec python3 '$top/tests/e2e/queries' 0 1 --pace 1 >packets"
	local feeder=$pid n
	start sensor bash -c "exec '$bin/selat-sensor' -r - --follow -w 2 -R ruleset -o alerts --stats stats <packets"
	sensor=$pid
	until_true 5 test -s alerts
	for n in $(seq 10); do
		cp b next
		mv next ruleset
		until_true 5 lives $((2 * n - 1))
		cp a next
		mv next ruleset
		until_true 5 lives $((2 * n))
	done
	stop "$feeder"
	stop "$sensor"
	same 0 "$status"
	jq -c '{packets, alerts, matches, rulesets_taken}' stats
	jq -e '.alerts == .packets and .packets > 1000 and .rulesets_taken == 20' stats
	same "$(jq .packets stats)" "$(jq -r .match.value alerts | sort -u | wc -l)"
	same 2 "$(jq -r .ruleset alerts | sort -u | wc -l)"
}

# --- deltas ---

@test "a delta beside the ruleset: added, replaced and withdrawn" {
	ruleset ruleset one-word two-word
	start_talk
	say "one-word two-word three-word"
	heard two-word
	delta two-word three-word
	until_true 5 grep -q "2 indicators, with the delta's, live" sensor.err
	say "again one-word and three-word"
	heard three-word
	rm ruleset.delta # then the base alone
	wait_live 1
	end_talk
	same "one-word three-word two-word" "$(jq -r .indicator.id alerts | sort | xargs)"
	same 2 "$(jq -r .ruleset alerts | sort -u | wc -l)" # with the delta other packs are live
	jq -e '.rulesets_taken == 2 and .rulesets_refused == 0 and .indicators == 2' stats
}

@test "a delta that is there at the start, and one for another ruleset" {
	ruleset ruleset one-word
	delta one-word two-word
	cp ruleset.delta old
	start_talk
	say "two-word"
	heard two-word
	jq -e -s '.[0].flow.dst.port == 9999' alerts
	swap one-word three-word # whose delta is the old one
	wait_for sensor.err "ruleset.delta: was not made for this ruleset"
	wait_live 1
	say "three-word"
	heard three-word
	delta one-word three-word four-word
	until_true 5 grep -q "3 indicators, with the delta's, live" sensor.err
	say "four-word"
	heard four-word
	head -c 500 ruleset.delta >next
	mv next ruleset.delta
	wait_for sensor.err "ruleset.delta: truncated"
	cp old next
	mv next ruleset.delta
	until_true 5 grep -q "not made for this ruleset.*; the one before stays in use, with 3 indicators" sensor.err
	end_talk
	jq -e '.rulesets_taken == 2 and .rulesets_refused == 2 and .indicators == 3 and .deltas_set_aside == 1' stats
}

# --- exceptions ---

@test "exceptions that change while the sensor runs" {
	ruleset ruleset one-word two-word three-word four-word
	echo "id:test/words/one-word" >allow.txt
	start_talk -s allow=allow.txt
	say "one-word two-word"
	heard two-word
	printf 'id:three-word # for a while\n' >next
	mv next allow.txt
	wait_for sensor.err "allow.txt: 1 exceptions in use"
	printf 'what is this\n' >next
	mv next allow.txt
	wait_for sensor.err "allow.txt:1: "
	wait_for sensor.err "the exceptions before stay in use"
	say "three-word four-word"
	heard four-word
	kill -USR1 "$sensor"
	wait_for sensor.err "id:three-word: 1 matches silenced"
	end_talk
	same "four-word two-word" "$(jq -r .indicator.id alerts | sort | xargs)"
	jq -e '.alerts_allowed == 2 and .matches == 4 and .alerts == 2 and .exceptions_refused == 1' stats
}
