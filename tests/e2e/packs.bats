#!/usr/bin/env bats
# The shipped packs find what they are for, in captures made for them, and nothing in ordinary traffic.
load ../helpers

setup() { set_up; }
teardown() { clean_up; }

# Every indicator of the pack is expected somewhere.
all_expected() { # PACK EXPECTATION
	local id
	while read -r id; do
		grep -qE "id: $id," "$2" || { echo "$id is expected nowhere in $2"; return 1; }
	done < <(rules show --json "$1" | jq -r '.indicators[].id')
}

@test "amplification and weak-crypto find what they are for" {
	"$top/tests/packs/captures" .
	for name in amplification weak-crypto; do
		cp "$top/tests/packs/$name.yaml" "$name/expected.yaml"
		[ "$(du -sb "$name" | cut -f1)" -lt 60000 ]
		run --separate-stderr -0 rules test "$top/rules/packs/$name.yaml" --expect "$name/expected.yaml"
		has "ordinary.pcap: as expected" "$output"
		same "$(grep -c as.expected <<<"$output")" "$(find "$name" -name '*.pcap' | wc -l)"
		all_expected "$top/rules/packs/$name.yaml" "$name/expected.yaml"
	done
}

@test "the captures are the same each time they are made" {
	"$top/tests/packs/captures" one
	"$top/tests/packs/captures" two
	diff -r one two
}

@test "the demo pack finds what it is for in pcaps/" {
	run --separate-stderr -0 rules test "$pack" --expect "$top/tests/packs/demo.yaml"
	has "ssh.pcap: as expected" "$output"
}

@test "the shipped packs are without findings, even --strict" {
	run -0 rules lint --strict --allow documentation "$top"/rules/packs/*.yaml
	has "errors 0, warnings 0" "$output"
}
