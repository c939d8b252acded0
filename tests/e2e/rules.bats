#!/usr/bin/env bats
# selat-rules: what it says of packs, and what it makes of them.
load ../helpers

setup() { set_up; }
teardown() { clean_up; }

# indicator YAML…: a pack with these indicators, each a line in flow style from line 7 on.
indicators() {
	cat >p.yaml <<-'END'
		selat: 1
		pack: test/pack
		version: 3
		author: cert.example
		tlp: "TLP:GREEN"
		indicators:
	END
	printf '  - %s\n' "$@" >>p.yaml
}

# wrong LINE:COLUMN TEXT INDICATOR…: lint and compile say so and name the indicator's line.
wrong() {
	local place=$1 text=$2
	shift 2
	indicators "$@"
	run --separate-stderr rules lint p.yaml
	same 1 "$status"
	has "p.yaml:$place" "$output$stderr"
	has "$text" "$output$stderr"
	fails 1 rules compile p.yaml -o out
	has "p.yaml:$place" "$stderr"
	has "$text" "$stderr"
	[ ! -e out ]
}

@test "the shipped packs are without findings" {
	run -0 rules lint --allow documentation "$top"/rules/packs/*.yaml
	has "errors 0, warnings 0" "$output"
}

@test "an unknown key, with the nearest" {
	wrong 7:16 'indicator "a": unknown key "domian", did you mean "domain"?' '{ id: "a", domian: x.example }'
	wrong 7:35 'unknown key "severty", did you mean "severity"?' '{ id: "a", domain: x.example, severty: high }'
}

@test "an unknown key in the pack's head" {
	indicators '{ id: a, domain: x.example }'
	sed -i 's/^author:/autor:/' p.yaml
	fails 1 rules compile p.yaml -o out
	has 'p.yaml:4:1: ' "$stderr"
	has '"autor", did you mean "author"?' "$stderr"
}

@test "an id twice, and none" {
	wrong 8: 'id: indicator 1 of this pack has the same id' '{ id: a, domain: x.example }' '{ id: a, domain: y.example }'
	wrong 7: 'id' '{ domain: x.example }'
}

@test "an empty value" {
	wrong 7: 'domain: is empty' '{ id: a, domain: "" }'
	wrong 7: 'contains: is empty' '{ id: a, match: [ { field: http.uri, contains: "" } ] }'
	wrong 7: '' '{ id: a, match: [] }'
}

@test "impossible addresses and ports" {
	wrong 7: '"300.1.1.1" is no IP address' '{ id: a, address: 300.1.1.1 }'
	wrong 7: '192.0.2.0/33' '{ id: a, address: 192.0.2.0/33 }'
	wrong 7: '2001:db8::/129' '{ id: a, address: "2001:db8::/129" }'
	wrong 7: '70000' '{ id: a, address: 192.0.2.1, port: [70000] }'
	wrong 7: '1 to 65535' '{ id: a, address: 192.0.2.1, port: [0] }'
	wrong 7: 'proto' '{ id: a, address: 192.0.2.1, proto: tpc }'
}

@test "impossible domains and URLs" {
	wrong 7: 'an empty label' '{ id: a, domain: a..b.example }'
	wrong 7: 'domain' "{ id: a, domain: $(printf 'x%.0s' {1..64}).example }"
	wrong 7: 'domain' '{ id: a, domain: "http://x.example/" }'
	wrong 7: '"not a url"' '{ id: a, url: "not a url" }'
	wrong 7: 'url' '{ id: a, url: "http:///path" }'
}

@test "labels, severities and times that are none" {
	wrong 7: 'TLP:PINK' '{ id: a, domain: x.example, tlp: "TLP:PINK" }'
	wrong 7: '"severe"' '{ id: a, domain: x.example, severity: severe }'
	wrong 7: '101' '{ id: a, domain: x.example, confidence: 101 }'
	wrong 7: '"tomorrow"' '{ id: a, domain: x.example, valid_until: tomorrow }'
}

@test "an expression Hyperscan rejects: file, line, indicator, reason" {
	wrong 8: 'indicator "b": regex: Hyperscan: Missing close parenthesis' '{ id: a, domain: x.example }' \
		'{ id: b, match: [ { field: http.uri, regex: "a(b" } ] }'
	wrong 7: 'indicator "b": regex: ' '{ id: b, match: [ { field: http.uri, regex: "(?<=a+)b" } ] }'
	wrong 7: 'indicator "b": regex: ' '{ id: b, match: [ { field: http.uri, regex: "a*" } ] }'
}

@test "unknown fields, bad hex, two operators" {
	wrong 7: '"http.uris", did you mean "http.uri"?' '{ id: a, match: [ { field: http.uris, contains: abc } ] }'
	wrong 7: '"5g"' '{ id: a, match: [ { field: payload, hex: "41 5g" } ] }'
	wrong 7: 'a' '{ id: a, match: [ { field: payload, hex: "41", contains: b } ] }'
	wrong 7: 'a' '{ id: a, domain: x.example, address: 192.0.2.1 }'
}

@test "every mistake of a pack is said in one go" {
	indicators '{ id: a, domain: "" }' '{ id: b, address: x }' '{ id: c, url: y }'
	run --separate-stderr rules lint p.yaml
	same 1 "$status"
	has p.yaml:7: "$output$stderr"
	has p.yaml:8: "$output$stderr"
	has p.yaml:9: "$output$stderr"
	has "errors 3" "$output$stderr"
}

@test "a pack without a label is refused" {
	indicators '{ id: a, domain: x.example }'
	sed -i '/^tlp/d' p.yaml
	fails 1 rules compile p.yaml -o out
	has tlp "$stderr"
}

@test "no pack at all: missing, empty, text, broken YAML, binary" {
	fails 1 rules compile nowhere.yaml -o out
	has "nowhere.yaml" "$stderr"
	has "No such file" "$stderr"
	: >empty.yaml
	fails 1 rules compile empty.yaml -o out
	has "empty.yaml" "$stderr"
	echo "just text" >text.yaml
	fails 1 rules compile text.yaml -o out
	has "text.yaml" "$stderr"
	printf 'selat: 1\npack: [\n' >broken.yaml
	fails 1 rules compile broken.yaml -o out
	has "broken.yaml:3:" "$stderr"
	fails 1 rules compile "$pcaps/dns.pcap" -o out
	has "dns.pcap" "$stderr"
	[ ! -e out ]
}

@test "JSON, JSON Lines and YAML of the same give the same matches" {
	local kind
	python3 - "$pack" <<-'END'
		import json, sys, yaml
		pack = yaml.load(open(sys.argv[1]), yaml.BaseLoader)
		pack["selat"], pack["version"] = 1, int(pack["version"])
		pack["defaults"]["confidence"] = int(pack["defaults"]["confidence"])
		for i in pack["indicators"]:
		    if "port" in i:
		        i["port"] = [int(p) for p in i["port"]]
		    for m in i.get("match", []):
		        if "nocase" in m:
		            m["nocase"] = m["nocase"] == "true"
		json.dump(pack, open("pack.json", "w"), indent=1)
		with open("pack.jsonl", "w") as out:
		    head = {k: v for k, v in pack.items() if k != "indicators"}
		    print(json.dumps(head), file=out)
		    for i in pack["indicators"]:
		        print(json.dumps(i), file=out)
	END
	compile "$pack" rs.yaml
	sensor -r "$pcaps" -R rs.yaml -o - 2>/dev/null | jq -r .indicator.id >yaml
	[ -s yaml ]
	for kind in json jsonl; do
		run -0 rules lint "pack.$kind"
		compile "pack.$kind" "rs.$kind"
		sensor -r "$pcaps" -R "rs.$kind" -o - 2>/dev/null | jq -r .indicator.id >$kind
		cmp yaml $kind
	done
}

@test "mistakes in JSON and JSON Lines have their line" {
	printf '%s\n' '{ "selat": 1, "pack": "a/b", "version": 1, "author": "x", "tlp": "TLP:GREEN",' '"indicators": [' \
		'{ "id": "a", "domian": "x.example" } ] }' >p.json
	fails 1 rules compile p.json -o out
	has 'p.json:3:' "$stderr"
	printf '%s\n' '{ "selat": 1, "pack": "a/b", "version": 1, "author": "x", "tlp": "TLP:GREEN" }' \
		'{ "id": "a", "domain": "x.example" }' '{ "id": "b", "domain": "" }' >p.jsonl
	fails 1 rules compile p.jsonl -o out
	has 'p.jsonl:3:' "$stderr"
	has '"b"' "$stderr"
	printf '%s\n' '{ "selat": 1, "selat": 1, "pack": "a/b" }' >twice.json
	fails 1 rules compile twice.json -o out
	has 'twice.json:1:' "$stderr"
}

@test "the same packs give the same bytes, in any order" {
	indicators '{ id: a, domain: x.example }' '{ id: b, match: [ { field: http.uri, regex: "a[bc]+d" } ] }'
	rules compile "$pack" p.yaml -o one >/dev/null
	rules compile "$pack" p.yaml -o two >/dev/null
	rules compile p.yaml "$pack" -o three >/dev/null
	cmp one two
	cmp one three
}

@test "compile --json" {
	run --separate-stderr -0 rules compile --json "$pack" -o out
	jq -e . <<<"$output"
	same "" "$(compgen -G 'out.*')"
}

@test "an output folder that is not there" {
	fails 1 rules compile "$pack" -o nowhere/out
	has "nowhere" "$stderr"
}

@test "a full device" {
	need_root "mounting"
	mkdir disk
	unshare -m --propagation "$propagation" sh -c "mount -t tmpfs -o size=16k none disk && '$bin/selat-rules' compile '$pack' -o disk/out; echo \$? >rc; ls disk >left" 2>err || true
	same 1 "$(cat rc)"
	has "No space left on device" "$(cat err)"
	same "" "$(cat left)"
}

@test "lint warns with a code: short patterns, expired, suffixes; --strict, --allow, --deny; --json" {
	indicators '{ id: a, match: [ { field: http.uri, contains: ab } ] }' \
		'{ id: b, domain: evil-c2.net, valid_until: "2001-01-01T00:00:00Z" }' '{ id: c, domain: com.vn }'
	run -0 rules lint p.yaml
	has "warnings 3" "$output"
	has 'p.yaml:7:42: warning[too-short]: ' "$output"
	has 'p.yaml:8:35: warning[expired]: ' "$output"
	has 'p.yaml:9:14: warning[public-suffix]: ' "$output"
	run -1 rules lint --strict p.yaml
	has "error[no-expiry]" "$output"
	run -1 rules lint --deny expired p.yaml
	has "errors 1, warnings 2" "$output"
	run -0 rules lint --allow expired --allow too-short --allow public-suffix p.yaml
	has "warnings 0" "$output"
	fails 2 rules lint --allow expird p.yaml
	has 'did you mean "expired"?' "$stderr"
	run --separate-stderr -0 rules lint --json p.yaml
	jq -e '.problems[0].code == "too-short"' <<<"$output"
}

@test "a list beside a pack: its mistakes have its file and line" {
	mkdir packs packs/lists
	indicators '{ id: a, match: [ { field: ip.dst, in: lists/a.txt } ] }'
	mv p.yaml packs/
	printf '198.51.100.0/24\n# two\nnowhere\n' >packs/lists/a.txt
	run --separate-stderr -1 rules lint packs/p.yaml
	has 'packs/lists/a.txt:3:1: indicator "a": "nowhere" is no IP address' "$output"
	printf '198.51.100.0/24\n' >packs/lists/a.txt
	run -0 rules compile packs/p.yaml -o one
	printf '198.51.100.0/24\n192.0.2.1\n' >packs/lists/a.txt
	run -0 rules compile packs/p.yaml -o two
	if cmp one two; then false; fi
}

@test "show a pack and a ruleset, plain and as JSON" {
	compile
	run --separate-stderr -0 rules show "$pack"
	has "demo/first-steps version 1" "$output"
	has "c2-check-in" "$output"
	run --separate-stderr -0 rules show ruleset
	has "sha256:" "$output"
	has "Hyperscan" "$output"
	run --separate-stderr -0 rules show --json "$pack"
	jq -e . <<<"$output"
	has "c2-check-in" "$output"
	run --separate-stderr -0 rules show --json ruleset
	jq -e . <<<"$output"
	has "demo/first-steps" "$output"
	fails 1 rules show "$pcaps/dns.pcap"
	has dns.pcap "$stderr"
}

@test "test prints what matched, where, and what did not" {
	run --separate-stderr -0 rules test "$pack" "$pcaps/dns.pcap"
	has "c2-domain: 2 alerts" "$output"
	has "dns.query" "$output"
	has ">>c2.evil.example<<" "$output"
	has "no match: beacon" "$output"
	run --separate-stderr -0 rules test --json "$pack" "$pcaps/dns.pcap"
	jq -e . <<<"$output"
	has '"c2-domain"' "$output"
	run --separate-stderr -0 rules test "$pack" "$pcaps/http.pcap" "$pcaps/dns.pcap"
	has "trial" "$output"
	hasnt "no match: trial" "$output"
}

@test "test: nothing matches, a cut capture, a missing one, a bad pack" {
	run --separate-stderr -0 rules test "$pack" "$pcaps/ssh.pcap"
	has "0 of " "$output"
	head -c 2500 "$pcaps/dns.pcap" >cut.pcap
	run --separate-stderr rules test "$pack" cut.pcap
	same 3 "$status"
	has "cut.pcap: truncated" "$stderr"
	has "c2-domain" "$output"
	run --separate-stderr rules test "$pack" nowhere.pcap
	same 1 "$status"
	has "nowhere.pcap" "$stderr"
	indicators '{ id: a, domain: "" }'
	fails 1 rules test p.yaml "$pcaps/dns.pcap"
	has p.yaml:7: "$stderr"
	same "" "$(find /tmp -maxdepth 1 -name 'selat-rules*' -newer p.yaml)"
}

@test "diff says in words what changed; 0 the same, 1 different, 2 trouble" {
	mkdir old new
	indicators '{ id: a, domain: x.example }' '{ id: b, domain: y.example, severity: low }' \
		'{ id: c, match: [ { field: dns.query, in: l.txt } ] }'
	mv p.yaml old/
	printf 'a.example\nb.example\n' >old/l.txt
	indicators '{ id: b, domain: y.example, severity: high }' '{ id: c, match: [ { field: dns.query, in: l.txt } ] }' \
		'{ id: d, sha1: da39a3ee5e6b4b0d3255bfef95601890afd80709 }'
	sed -i 's/version: 3/version: 4/' p.yaml
	mv p.yaml new/
	printf 'b.example\nc.example\n' >new/l.txt
	run -1 rules diff old/p.yaml new/p.yaml
	cat >want <<-'END'
		pack: version from 3 to 4
		added d: sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709
		withdrawn a: domain x.example
		changed b: severity from "low" to "high"
		list l.txt: 1 values added, 1 withdrawn:  - a.example  + c.example
		indicators: 1 added, 1 withdrawn, 1 changed
	END
	same "$(cat want)" "$output"
	run -1 --separate-stderr rules diff --json old/p.yaml new/p.yaml
	jq -e '.changed == [{id: "b", keys: [{key: "severity", from: "low", to: "high"}]}] and (.same | not)' <<<"$output"
	sed -i 's/version: 4/version: 3/' new/p.yaml
	run -1 rules diff old/p.yaml new/p.yaml
	has "version 3 is no higher than 3" "$output"
	run -0 rules diff old/p.yaml old/p.yaml
	same "no difference" "$output"
	run -0 rules diff "$pack" "$pack"
	fails 2 rules diff old/p.yaml nowhere.yaml
	has nowhere.yaml "$stderr"
	fails 2 rules diff old/p.yaml
}

@test "test --expect: as expected, not as expected, --update, mistakes in the expectation" {
	mkdir t
	run -0 rules test "$pack" "$pcaps/dns.pcap" "$pcaps/ssh.pcap" --expect t/e.yaml --update
	has '"c2-domain", alerts: 2, packets: [12, 15]' "$(cat t/e.yaml)"
	has 'ssh.pcap": []' "$(cat t/e.yaml)"
	run --separate-stderr -0 rules test "$pack" --expect t/e.yaml
	has "dns.pcap: as expected" "$output"
	has "ssh.pcap: as expected" "$output"
	cp t/e.yaml t/was
	run -0 rules test "$pack" --expect t/e.yaml --update
	cmp t/e.yaml t/was
	echo '{ "dns.pcap": [ { "id": "c2-domain", "alerts": 3, "packets": [12, 17] }, "trial" ] }' >t/e.json
	run --separate-stderr -1 rules test "$pack" "$pcaps/dns.pcap" --expect t/e.json
	has "dns.pcap: not as expected" "$output"
	has "c2-domain: 2 alerts, not 3" "$output"
	has "c2-domain: no match in packet 17" "$output"
	has "c2-domain: a match in packet 15, which is not expected" "$output"
	has "trial: no match" "$output"
	has "dga: 1 alert, none expected" "$output"
	run --separate-stderr -1 rules test --json "$pack" "$pcaps/dns.pcap" --expect t/e.json
	jq -e '(.expected | not) and (.captures[0].differences | length) == 5' <<<"$output"
	run --separate-stderr -1 rules test "$pack" "$pcaps/http.pcap" --expect t/e.json
	has "t/e.json does not name this capture" "$output"
	echo 'dns.pcap: [nobody, {id: dga, alert: 1}]' >t/bad.yaml
	fails 1 rules test "$pack" "$pcaps/dns.pcap" --expect t/bad.yaml
	has 't/bad.yaml:1:12: "nobody" is no indicator of' "$stderr"
	has 't/bad.yaml:1:30: unknown key "alert", did you mean "alerts"?' "$stderr"
	fails 1 rules test "$pack" "$pcaps/dns.pcap" --expect t/nowhere.yaml
	has 't/nowhere.yaml: cannot open the expectation: No such file or directory; --update writes one' "$stderr"
	fails 2 rules test "$pack" --update "$pcaps/dns.pcap"
	fails 2 rules test "$pack"
}
