#!/usr/bin/env bats
# Ruleset files that a sensor must not use. The header's layout: include/selat/ruleset.h.
load ../helpers

setup() {
	set_up
	compile
}
teardown() { clean_up; }

# refused FILE TEXT: by the sensor with that sentence, by --check-config and `selat-rules show` as well.
refused() {
	fails 1 sensor -r "$pcaps/dns.pcap" -R "$1" -o -
	has "$1: " "$stderr"
	has "$2" "$stderr"
	run --separate-stderr sensor --check-config -R "$1"
	[ "$status" -ne 0 ]
	has "$2" "$stderr"
}

# patch OFFSET HEX…: changes bytes and makes the digest right again.
patch() {
	python3 - ruleset "$@" <<-'END'
		import hashlib, sys
		data = bytearray(open(sys.argv[1], "rb").read())
		for offset, new in zip(sys.argv[2::2], sys.argv[3::2]):
		    new = bytes.fromhex(new)
		    data[int(offset):int(offset) + len(new)] = new
		data[24:56] = bytes(32)
		pieces = [data[at:at + 2**20] for at in range(0, len(data), 2**20)]
		data[24:56] = hashlib.sha256(b"".join(hashlib.sha256(p).digest() for p in pieces)).digest()
		open("patched", "wb").write(data)
	END
}

@test "a digest that is computed here is the file's" {
	patch 0 53
	cmp ruleset patched
}

@test "truncated, at several lengths" {
	local size n
	size=$(stat -c %s ruleset)
	for n in 1 7 100 255 256 300 $((size / 2)) $((size - 64)) $((size - 1)); do
		head -c "$n" ruleset >cut
		fails 1 sensor -r "$pcaps/dns.pcap" -R cut -o -
		has "cut: " "$stderr"
		has "trunca" "$stderr"
	done
}

@test "bytes behind the end" {
	cat ruleset ruleset >twice
	fails 1 sensor -r "$pcaps/dns.pcap" -R twice -o -
	has "twice: " "$stderr"
}

@test "one bit is another, anywhere" {
	local at size
	size=$(stat -c %s ruleset)
	for at in 24 60 90 140 200 256 300 $((size / 2)) $((size - 1)); do
		python3 -c "d = bytearray(open('ruleset', 'rb').read()); d[$at] ^= 4; open('flipped', 'wb').write(d)"
		refused flipped "flipped: "
	done
	has "digest does not match" "$stderr"
}

@test "an empty file" {
	: >empty
	refused empty "the file is empty"
	run --separate-stderr rules show empty
	same 1 "$status"
	has empty "$stderr"
}

@test "a text file" {
	head -c 5000 "$pack" >text
	refused text "is no ruleset"
	cp "$pcaps/http.pcap" capture
	refused capture "is no ruleset"
}

@test "a missing one, a folder, one without rights" {
	refused nowhere "No such file"
	mkdir folder
	refused folder "folder: "
	chmod 000 ruleset
	fails 1 as_nobody selat-sensor -r "$pcaps/dns.pcap" -R ruleset -o -
	has "ruleset: " "$stderr"
	has "Permission denied" "$stderr"
}

@test "another Hyperscan" {
	patch 88 "$(printf '4.7.0 2018-01-01' | od -An -tx1 | tr -d ' \n')$(printf '00%.0s' {1..20})"
	refused patched "Hyperscan 4.7.0"
	has "compile" "$stderr"
}

@test "another kind of processor" {
	local at
	at=$(python3 -c 'import struct; d = open("ruleset", "rb").read(); n = struct.unpack_from("<I", d, 12)[0]
sections = [struct.unpack_from("<IIQQ", d, 256 + i * 24) for i in range(n)]
databases = max(s[0] for s in sections)
print(max(s[2] for s in sections if s[0] == databases) + 12)')
	patch "$at" ffffffffffffffff
	run --separate-stderr sensor -r "$pcaps/dns.pcap" -R patched -o -
	same "" "$output"
	same 1 "$status"
	has "patched: " "$stderr"
	has "processor" "$stderr"
}

@test "another format" {
	patch 8 63000000
	refused patched "format"
}

@test "numbers that point outside, under a right digest" {
	local type
	patch 12 ffffffff
	refused patched "patched: "
	# The first sections' offsets and sizes: behind the end, and just before 2^64.
	for type in 0 1 2 3 4; do
		patch $((256 + type * 24 + 8)) 00000000000000ff
		refused patched "patched: "
		patch $((256 + type * 24 + 16)) f8ffffffffffffff
		refused patched "patched: "
	done
}

@test "a failed compile leaves the old ruleset alone" {
	cp ruleset before
	printf 'selat: 1\n' >bad.yaml
	fails 1 rules compile bad.yaml -o ruleset
	cmp before ruleset
}
