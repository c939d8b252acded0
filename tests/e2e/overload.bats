#!/usr/bin/env bats
# More traffic than each bound allows: it is counted, memory stays within the bound, and inspection goes on.
load ../helpers

setup() { set_up; }
teardown() { clean_up; }

# Every bound at its least.
least=(-s flow.max=1024 -s flow.fragments=1MiB -s flow.reassembly=1MiB -s flow.gather=1MiB -s flow.streams=1MiB)
beyond=$((24 * 1024)) # KiB over a run of almost nothing: the five bounds, and the batches in use

# peak FILE OPTION…: KiB of the sensor at its most; alerts, stats
peak() {
	timeout 60 /usr/bin/time -f %M -o rss "$bin/selat-sensor" -r "$1" -R ruleset -o alerts --stats stats "${least[@]}" \
		"${@:2}" 2>sensor.err
	tail -n 1 rss
}

# Each packet that was sent has its verdict.
all_counted() {
	jq -e --argjson n "$(cat sent)" '.packets == $n and
		([to_entries[] | select(.key | startswith("decode_")) | .value] | add) == .packets' stats
}

# flood COUNTER PACK KIND COUNT [OPTION…]
flood() {
	local counter=$1 most least_kib
	compile "$2"
	python3 "$top/tests/e2e/floods" "$3" "$4" >flood.pcap 2>sent
	least_kib=$(peak "$pcaps/icmp.pcap" "${@:5}")
	most=$(peak flood.pcap "${@:5}")
	echo "$3: $least_kib KiB, $most KiB; $counter $(jq ".$counter" stats)"
	[ "$most" -le $((least_kib + beyond)) ]
	all_counted
	jq -e ".$counter > 0" stats
	same n0000001.c2.evil.example "$(jq -r 'select(.match.field == "dns.query") | .match.value' alerts | sort -u)"
}

@test "more flows than flow.max" {
	flood flows_evicted "$pack" flows 50000
	# each that did not fit any more, and none of the others
	jq -e '.flows == 50001 and .flows_evicted == 50001 - 1024' stats
}

@test "more fragments than flow.fragments" {
	flood fragment_full "$pack" fragments 4000
	jq -e '.decode_fragment == 4000 and .fragments_joined == 0' stats
}

@test "more behind holes than flow.reassembly" {
	flood stream_held_full "$pack" holes 200
	# every byte is delivered, or dropped and counted
	jq -e '.stream_bytes + .stream_held_dropped_bytes == 200 * 20 * 1400' stats
}

@test "more unfinished messages than flow.gather" {
	flood gather_full "$pack" heads 1000
	jq -e '.stream_bytes == 1000 * (1424 + 1400) and .stream_gaps == 0' stats
}

@test "more streams than flow.streams" {
	stateful_pack >stateful.yaml
	flood streams_full stateful.yaml streams 20000 -s flow.max=100000
	jq -e '.streams_full < 20000' stats
}

# the reader waits for the one whose queue is full
@test "one worker of two has it all: nothing is lost" {
	flood stream_bytes "$pack" bulk 40000 -w 2
	jq -e '.stream_bytes == 40000 * 1400 and .stream_gaps == 0 and .dns_messages == 40000 / 50 + 1 and .shed_packets == 0' stats
}

@test "each flood through two workers" {
	local kind counter count max
	stateful_pack >stateful.yaml
	while read -r kind counter count max; do
		flood "$counter" stateful.yaml "$kind" "$count" -w 2 -s flow.max="$max"
	done <<-END
		flows flows_evicted 20000 1024
		fragments fragment_full 3000 1024
		holes stream_held_full 200 1024
		heads gather_full 1000 4096
		streams streams_full 20000 100000
	END
}

# A pack whose expressions need a state for each direction of a stream.
stateful_pack() {
	local i
	cat <<-END
		selat: 1
		pack: test/stateful
		version: 1
		author: test.example
		created: "2026-11-20T00:00:00Z"
		tlp: TLP:GREEN
		defaults: { severity: medium, confidence: 70, class: other, valid_until: "2036-06-30T00:00:00Z" }
		indicators:
		  - { id: domain, domain: evil.example }
	END
	for i in $(seq 100 139); do
		echo "  - { id: e$i, match: [ { field: payload, regex: 'begin$i[a-f]+x[0-9]{3,}.*end$i' } ] }"
	done
}

# the same flows with one worker and with two
same_flows() {
	local file workers
	for file in "$@"; do
		for workers in 1 2; do
			sensor -r "$file" --dump flows -w $workers 2>"$workers.err" | sort >"flows.$workers"
		done
		cmp flows.1 flows.2 || { echo "of $file"; diff flows.1 flows.2 | head -n 10; return 1; }
	done
	echo "$# captures"
}

@test "--dump flows: two workers see the flows that one sees" {
	same_flows "$pcaps"/*.pcap "$pcaps"/*.pcapng
}

@test "--dump flows: the same over captures from elsewhere" {
	local shared=${SELAT_SHARED:-$top/../shared} all
	[ -d "$shared/corpora" ] || skip "no captures at $shared/corpora"
	mapfile -t all < <(find "$shared/corpora" \( -name '*.pcap' -o -name '*.pcapng' -o -name '*.cap' \) -size -2000k | LC_ALL=C sort)
	[ ${#all[@]} -gt 0 ] || skip "no captures at $shared/corpora"
	local step=$(((${#all[@]} + 59) / 60)) some=() i
	for ((i = 0; i < ${#all[@]}; i += step)); do some+=("${all[i]}"); done
	same_flows "${some[@]}"
}
