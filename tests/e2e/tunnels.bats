#!/usr/bin/env bats
# where.tunnel, from the pack to the alert: at packets, at the flow's end, and around a tunnel.
load ../helpers

setup() {
	set_up
	python3 - <<-'END'
		import struct
		def ip(proto, data, ends=b"\xc0\0\2\1\xc0\0\2\2"):
		    return struct.pack("!BBHHHBBH", 69, 0, 20 + len(data), 1, 0, 64, proto, 0) + ends + data
		def udp(src, dst, data):
		    return struct.pack("!HHHH", src, dst, 8 + len(data), 0) + data
		inner = lambda n: ip(17, udp(4000 + n, 5000, b"hello"), b"\x0a\0\0\1\x0a\0\0\2")
		gtp = bytes((0x30, 255)) + struct.pack("!HI", len(inner(2)), 7) + inner(2)
		packets = [inner(0), ip(47, struct.pack("!HH", 0, 0x800) + inner(1)), ip(17, udp(2152, 2152, gtp))]
		with open("t.pcap", "wb") as f:
		    f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
		    for n, p in enumerate(packets):
		        f.write(struct.pack("<IIII", 1795320306, n, len(p), len(p)) + p)
	END
}
teardown() { clean_up; }

# senders PACK: the senders' ports of the flows that it alerts in
senders() {
	rules compile "$1" -o r >/dev/null
	sensor -r t.pcap -R r -o - --no-checksums 2>/dev/null | jq -r .flow.src.port | sort | tr '\n' ' '
}

# found TUNNEL MATCH: the senders' ports of the flows in which such an indicator holds
found() {
	cat >p.yaml <<-END
		{ selat: 1, pack: test/tunnels, version: 1, author: a, tlp: "TLP:CLEAR",
		  indicators: [ { id: x, match: $2, scope: flow, where: { tunnel: $1, proto: udp } } ] }
	END
	senders p.yaml
}

@test "kinds of tunnels, at the packet and at the flow's end" {
	local match
	for match in '[{ field: payload, contains: hello }]' '[{ field: dns.query, absent: true }]' '[]'; do
		same "4001 4002 " "$(found true "$match")"
		same "2152 4000 " "$(found false "$match")"
		same "4001 " "$(found gre "$match")"
		same "2152 4000 4001 " "$(found '"!gtp-u"' "$match")"
		same "4001 4002 " "$(found '[gtp-u, gre, "!mpls"]' "$match")"
		same "2152 4000 " "$(found '["!gtp-u", "!gre"]' "$match")"
		same "" "$(found mpls-bare "$match")"
	done
}

@test "an imported Suricata rule sees what Suricata sees, or all" {
	echo 'alert udp any any -> any any (msg:"m"; content:"hello"; sid:1;)' >s.rules
	run -0 rules import --from suricata s.rules -o s.json
	has "--any-tunnel" "$output"
	same "2152 4000 4001 " "$(senders s.json)"
	run -0 rules import --from suricata --any-tunnel s.rules -o s.json
	hasnt "--any-tunnel" "$output"
	same "2152 4000 4001 4002 " "$(senders s.json)"
}
