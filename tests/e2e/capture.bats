#!/usr/bin/env bats
# Live capture that cannot begin. What live capture does stands in tests/live.
load ../helpers

setup() {
	set_up
	compile
	chmod 644 ruleset
}
teardown() { clean_up; }

@test "no permission: the capability is named" {
	fails 1 as_nobody selat-sensor -i lo -R ruleset -o -
	has "lo: " "$stderr"
	has "cap_net_raw" "$stderr"
}

@test "no permission with two workers" {
	fails 1 as_nobody selat-sensor -i lo -w 2 -R ruleset --dump packets
	has "cap_net_raw" "$stderr"
}

@test "an unknown interface" {
	need_root "opening an interface"
	fails 1 sensor -i nosuch0 -R ruleset -o -
	has "nosuch0: no such interface" "$stderr"
	fails 1 sensor -i lo nosuch0 -R ruleset -o -
	has "nosuch0: no such interface" "$stderr"
}

@test "an interface named twice is refused: each packet would be two" {
	need_root "opening an interface"
	fails 2 timeout 3 "$bin/selat-sensor" -i lo lo -R ruleset --dump packets
	has lo "$stderr"
}
