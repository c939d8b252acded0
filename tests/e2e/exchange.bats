#!/usr/bin/env bats
# Packs to STIX, MISP, Zeek and CSV, and back; and what others write in those formats.
load ../helpers

setup() {
	set_up
	given=$top/tests/golden/import
	everything=$given/everything.yaml
}
teardown() { clean_up; }

# The same pack: its digest is in the ruleset.
same_pack() {
	rules compile "$1" -o one >/dev/null
	rules compile "$2" -o two >/dev/null
	cmp one two
}

# golden FORMAT FILE: what is taken over, what is left, and why. To be read before it is renewed:
# (cd tests/golden/import; selat-rules import … 2>FORMAT.left; jq -c .indicators[] …)
golden() {
	cd "$given"
	run --separate-stderr rules import --from "$1" "$2" --keep-going -o "$T/p.json"
	same 3 "$status"
	cd "$T"
	diff "$given/$1.left" - <<<"$stderr"
	jq -c '.indicators[]' p.json | diff "$given/$1.indicators" -
	rules compile p.json -o ruleset >/dev/null
	cd "$given"
	rm "$T/p.json"
	run --separate-stderr rules import --from "$1" "$2" -o "$T/p.json"
	same 1 "$status"
	has "nothing was written" "$stderr"
	[ ! -e "$T/p.json" ]
}

@test "STIX bundles: every operator, metadata, what has no place" { golden stix stix.json; }
@test "MISP events: types, tags, deleted, not for detection, warning lists" { golden misp misp.json; }
@test "Zeek intel files: types, escapes, what has no place" { golden zeek zeek.intel; }

@test "a pack is the same pack after STIX" {
	rules export --to stix "$everything" -o e.json
	rules import --from stix e.json -o back.json
	same_pack "$everything" back.json
	rules export --to stix "$pack" -o e.json
	rules import --from stix e.json -o back.json
	same_pack "$pack" back.json
}

@test "a pack is the same pack after MISP: an event, a feed" {
	rules export --to misp "$everything" -o e.json
	rules import --from misp e.json -o back.json
	same_pack "$everything" back.json
	rules export --to misp "$everything" "$pack" -o feed/
	same "hashes.csv manifest.json" "$(cd feed && echo ha* ma*)"
	same 2 "$(jq length feed/manifest.json)"
	rm -r feed
	rules export --to misp "$everything" -o feed/
	rules import --from misp feed -o back.json
	same_pack "$everything" back.json
}

@test "lists beside a pack come with it, and are written over nothing" {
	local kind
	cp "$given/lists/names.txt" .
	cp "$given/lists/pack.yaml" p.yaml
	mkdir lists back
	cp names.txt lists
	for kind in stix misp; do
		rules export --to $kind p.yaml -o e.$kind
		rm -f back/*
		rules import --from $kind e.$kind -o back/p.json
		cmp names.txt back/names.txt
		same_pack p.yaml back/p.json
		echo mine >back/names.txt
		fails 1 rules import --from $kind e.$kind -o back/p.json
		has '"names.txt" cannot be written' "$stderr"
		same mine "$(cat back/names.txt)"
	done
	sed -i 's/in: names.txt/in: lists\/names.txt/' p.yaml
	run --separate-stderr -0 rules export --to stix p.yaml -o e.stix
	has "note: names and 1 more: its list is not carried" "$stderr"
	fails 1 rules import --from stix e.stix -o back/p.json
	has "in a list beside the pack" "$stderr"
	jq -c '.objects[] |= (if .x_selat_pack then .x_selat_pack.lists = {"../names.txt": "evil.example"} else . end)' e.stix >up.json
	fails 1 rules import --from stix up.json -o back/p.json
	has '"../names.txt" cannot be written' "$stderr"
}

@test "the same packs give the same bytes" {
	local to
	for to in stix misp zeek csv; do
		rules export --to $to "$everything" -k >one || same 3 $?
		rules export --to $to "$everything" -k -o two || same 3 $?
		cmp one two
	done
}

@test "several packs in one bundle keep their labels" {
	rules export --to stix "$everything" "$pack" -o e.json
	rules import --from stix e.json -o back.json
	same test/everything,demo/first-steps "$(jq -r '[.objects[] | .x_selat_pack.pack? | values] | sort | reverse | join(",")' e.json)"
	same import/back "$(jq -r .pack back.json)"
	same TLP:CLEAR "$(jq -r '.indicators[] | select(.id == "demo/first-steps:c2-domain").tlp' back.json)"
	same TLP:AMBER "$(jq -r '.indicators[] | select(.id == "test/everything:domain").tlp' back.json)"
	same TLP:RED "$(jq -r '.indicators[] | select(.id == "test/everything:idn").tlp' back.json)"
	same high "$(jq -r '.indicators[] | select(.id == "test/everything:domain").severity' back.json)"
	same 2036-01-01T00:00:00Z "$(jq -r '.indicators[] | select(.id == "test/everything:domain").valid_until' back.json)"
	rules export --to misp "$everything" "$pack" -o feed/
	rules import --from misp feed -o events.json
	same TLP:RED "$(jq -r '.indicators[] | select(.id == "test/everything:idn").tlp' events.json)"
	same TLP:CLEAR "$(jq -r '.indicators[] | select(.id == "demo/first-steps:beacon").tlp' events.json)"
	same high "$(jq -r '.indicators[] | select(.id == "test/everything:bytes").severity' events.json)"
	rules compile events.json -o out >/dev/null
}

@test "an export that somebody changed is not taken for the author's word" {
	rules export --to stix "$pack" -o e.json
	sed -i "s/'c2.evil.example'/'c3.evil.example'/" e.json
	run --separate-stderr rules import -k --from stix e.json -o back.json
	same 3 "$status"
	has "do not say the same" "$stderr"
	same 0 "$(jq '[.indicators[] | select(.id == "c2-domain")] | length' back.json)"
	rules export --to misp "$pack" -o e.json
	jq '(.Event.Object[].Attribute[] | select(.type == "domain")).value = "c3.evil.example"' e.json >changed.json
	run --separate-stderr rules import -k --from misp changed.json -o back.json
	same 3 "$status"
	has "do not say the same" "$stderr"
	jq '(.Event.Object[].Attribute[] | select(.type == "domain")).to_ids = false' e.json >changed.json
	run --separate-stderr -0 rules import --from misp changed.json -o back.json
	has "not for detection" "$stderr"
	same 0 "$(jq '[.indicators[] | select(.id == "c2-domain")] | length' back.json)"
}

@test "MISP: --all takes what is not for detection too" {
	run --separate-stderr rules import -k --all --from misp "$given/misp.json" -o p.json
	same 3 "$status"
	same 3 "$(jq '[.indicators[] | select(.domain == ("quiet.example", "popular.example", "old.example"))] | length' p.json)"
	has 'the type "link"' "$stderr"
	same 0 "$(jq '[.indicators[] | select(.domain == "deleted.example")] | length' p.json)"
}

@test "a feed's manifest names events, not other files" {
	mkdir feed
	echo '{ "../../etc/passwd": {} }' >feed/manifest.json
	fails 1 rules import --from misp feed -o p.json
	has 'is no event' "$stderr"
	echo '{ "5f3a5c1e-0000-4000-8000-000000000100": {} }' >feed/manifest.json
	fails 1 rules import --from misp feed -o p.json
	has 5f3a5c1e-0000-4000-8000-000000000100.json "$stderr"
}

@test "what the format cannot say is named, and written with --keep-going alone" {
	fails 1 rules export --to zeek "$everything" -o out
	has "Zeek's intel framework has no type for it" "$stderr"
	has "17 cannot be written in this format" "$stderr"
	[ ! -e out ]
	run --separate-stderr rules export --to zeek -k "$everything" -o out
	same 3 "$status"
	same 13 "$(wc -l <out)"
	rules import --from zeek out -o back.json
	same xn--bcher-kva.example "$(jq -r '.indicators[] | select(.name == "idn").domain' back.json)"
	run --separate-stderr rules export --to csv -k "$everything"
	same 3 "$status"
	has 'ports,address,198.51.100.8,80 443,tcp,' "$output"
	printf '%s\n' "$output" >out.csv
	rules import --from list out.csv -o csv.json
	jq -r '.indicators[] | select(.address or .domain or .url) | [.id, .address, .domain, .url, .port, .proto, .tlp] | tostring' csv.json >one
	rules export --to stix "$everything" | jq -r '.objects[].x_selat_indicator | values | select((.address or .domain or .url) and (.where | not)) |
		[.id, .address, .domain, .url, .port, .proto, .tlp // "TLP:AMBER"] | tostring' >two
	diff one two
	has '"Tên có dấu, ""quoted"""' "$output"
}

@test "wrong usage, and files that are not what they should be" {
	fails 2 rules export "$pack"
	fails 2 rules export --to pdf "$pack"
	fails 2 rules export --to stix
	fails 1 rules export --to stix nowhere.yaml
	echo 'selat: 1' >bad.yaml
	fails 1 rules export --to stix bad.yaml
	has "nothing was written" "$stderr"
	fails 1 rules export --to stix "$pack" -o nowhere/out
	fails 1 rules import --from stix "$everything" -o p.json
	has "everything.yaml:1:" "$stderr"
	echo '{}' >empty.json
	fails 1 rules import --from stix empty.json -o p.json
	fails 1 rules import --from misp empty.json -o p.json
	echo 'evil.example' >plain
	fails 1 rules import --from zeek plain -o p.json
	has "plain:1: no line #fields" "$stderr"
	[ ! -e p.json ]
}

# SELAT_EXCHANGE_PYTHON names a Python that has stix2 and pymisp; otherwise they are fetched once.
readers() {
	python=${SELAT_EXCHANGE_PYTHON-$top/build/exchange/bin/python}
	"$python" -c 'import stix2, pymisp, stix2patterns' 2>/dev/null && return
	[ -z "${SELAT_EXCHANGE_PYTHON-}" ] || return 1
	mkdir -p "$top/build"
	python3 -m venv "$top/build/exchange" &&
		timeout 300 "$top/build/exchange/bin/pip" install -q stix2 pymisp >pip.out 2>&1 &&
		"$python" -c 'import stix2, pymisp, stix2patterns' || skip "stix2 and pymisp are not to be had"
}

@test "stix2 reads the bundles" {
	readers
	rules export --to stix "$everything" -o e.json
	rules import --from stix e.json -o back.json
	"$python" "$top/tests/e2e/exchanged" stix e.json back.json
	rules export --to stix "$pack" "$everything" -o e.json
	"$python" "$top/tests/e2e/exchanged" stix e.json back.json
}

@test "pymisp reads the events and feeds" {
	readers
	rules export --to misp "$everything" -o e.json
	rules import --from misp e.json -o back.json
	"$python" "$top/tests/e2e/exchanged" misp e.json back.json
	rules export --to misp "$everything" "$pack" -o feed/
	"$python" "$top/tests/e2e/exchanged" feed feed back.json
}
