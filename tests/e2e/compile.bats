#!/usr/bin/env bats
# selat-rules compile and cost: the cache of patterns, deltas, what patterns cost.
load ../helpers

setup() {
	set_up
	export XDG_CACHE_HOME=$PWD/cache
}
teardown() { clean_up; }

# pack NAME INDICATOR…: in flow style
pack() {
	local name=$1
	shift
	printf 'selat: 1\npack: test/%s\nversion: 1\nauthor: cert.example\ntlp: "TLP:GREEN"\nindicators:\n' "$name" >"$name.yaml"
	printf '  - %s\n' "$@" >>"$name.yaml"
}

regex='{ id: r, match: [{ field: http.uri, regex: "/gate[0-9]+" }] }'

@test "patterns are kept, and give the same bytes" {
	pack a "$regex"
	run -0 rules compile --json a.yaml -o first
	same 0 "$(jq .cached <<<"$output")"
	run -0 rules compile --json a.yaml -o second
	same 1 "$(jq .cached <<<"$output")"
	run -0 rules compile --json --no-cache a.yaml -o third
	same 0 "$(jq .cached <<<"$output")"
	cmp first second
	cmp first third
	[ "$(find cache/selat -type f | wc -l)" -eq 1 ]
	same 0 "$(find cache -perm /077 | wc -l)"
}

@test "a cache that is broken, read-only or no folder does no harm" {
	local entry
	pack a "$regex"
	run -0 rules compile a.yaml -o first
	entry=$(find cache/selat -type f)
	printf 'nonsense' | dd of="$entry" bs=1 seek=200 conv=notrunc status=none
	run -0 rules compile --json a.yaml -o second
	same 0 "$(jq .cached <<<"$output")"
	cmp first second
	rm -r cache
	: >cache
	run -0 rules compile a.yaml -o third
	cmp first third
	fails 1 rules compile --cache cache a.yaml -o fourth
	has "cache: cannot be the cache" "$stderr"
	[ ! -e fourth ]
}

@test "a delta" {
	pack a '{ id: same, domain: same.example }' '{ id: changed, domain: old.example }' '{ id: gone, address: 192.0.2.1 }'
	pack b '{ id: other, domain: other.example }'
	run -0 rules compile a.yaml b.yaml -o base
	pack a '{ id: same, domain: same.example }' '{ id: changed, domain: new.example }' "$regex"
	run -0 rules compile --json --base base a.yaml -o base.delta
	same '{"unchanged":1,"withdrawn":2}' "$(jq -c .delta <<<"$output")"
	run -0 rules show --json base.delta
	same 2 "$(jq .indicators <<<"$output")"
	fails 1 rules compile --base nowhere a.yaml -o x
	has "nowhere: " "$stderr"
	fails 2 rules compile --base base.delta a.yaml -o x
	has "is a delta itself" "$stderr"
	cp base kept
	fails 2 rules compile --base base a.yaml -o base
	has "base is read: name another file to write" "$stderr"
	fails 2 rules compile a.yaml b.yaml -o b.yaml
	cmp base kept
	[ ! -e x ]
}

@test "cost" {
	pack a "$regex" '{ id: l, match: [{ field: payload, contains: needle }] }' \
		'{ id: s, match: [{ field: payload, regex: "a[0-9]{3}b" }] }' '{ id: n, match: [{ field: http.uri, length: 4 }] }'
	run -0 rules cost a.yaml
	has "needle" "$output"
	has "/gate[0-9]+" "$output"
	has "http.uri (block), 1 patterns" "$output"
	has "1 conditions or groups have no pattern" "$output"
	run -0 rules cost --json --sample "$pcaps/http.pcap" a.yaml
	jq -e '(.patterns | length) == 4 and all(.patterns[]; .bytes > 0 and .ns_per_kb > 0) and
		any(.patterns[]; .stream_bytes > 0) and (.databases | length) == 4 and .always_judged == 1' <<<"$output"
	jq -e '[.patterns[].ns_per_kb] | . == (sort | reverse)' <<<"$output"
	fails 1 rules cost --sample nowhere a.yaml
	has "nowhere: " "$stderr"
	printf 'selat: 1\n' >bad.yaml
	fails 1 rules cost bad.yaml
	has "bad.yaml" "$stderr"
}
