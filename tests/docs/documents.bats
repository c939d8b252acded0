#!/usr/bin/env bats
# What the documents show works: marked examples (see blocks), tables, man pages, links.

setup() {
    top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    bin=$(cd "${SELAT_BIN:-$top/build/bin}" && pwd)
    PATH=$bin:$PATH:/usr/sbin:/sbin
    tmp=$(mktemp -d)
    cd "$tmp"
    ln -s "$top/rules" "$top/pcaps" .
    documents=("$top"/*.md "$top"/docs/*.md)
}

teardown() {
    cd /
    rm -rf "$tmp"
}

# The examples of all documents with that ending; DO is called with each. Fails if there are none.
each_example() { # ENDING DO
    local document file n=0
    for document in "${documents[@]}"; do
        rm -rf example
        mkdir example
        "$top/tests/docs/blocks" "$document" example >/dev/null
        for file in example/*."$1"; do
            [ -e "$file" ] || continue
            n=$((n + 1))
            "$2" "$file" || { echo "$document: example ${file#example/} fails"; cat "$file"; return 1; }
        done
    done
    [ "$n" -gt 0 ]
}

# The examples of one document run in one folder, in their order. 20 seconds are ten times enough.
run_examples() { # DOCUMENT
    local file n=0
    mkdir example
    "$top/tests/docs/blocks" "$1" example >/dev/null
    for file in example/*.run.sh; do
        [ -e "$file" ] || continue
        n=$((n + 1))
        timeout 20 bash -euo pipefail "$file" 3>&- || { echo "${1##*/}: ${file#example/} fails"; cat "$file"; return 1; }
    done
    [ "$n" -gt 0 ]
}

@test "the examples of README.md run" { run_examples "$top/README.md"; }
@test "the examples of alerts.md run" { run_examples "$top/docs/alerts.md"; }
@test "the examples of configuration.md run" { run_examples "$top/docs/configuration.md"; }
@test "the examples of counters.md run" { run_examples "$top/docs/counters.md"; }
@test "the examples of dump.md run" { run_examples "$top/docs/dump.md"; }
@test "the examples of export.md run" { run_examples "$top/docs/export.md"; }
@test "the examples of rules.md run" { run_examples "$top/docs/rules.md"; }

@test "no other document has examples that nobody runs" {
    run grep -lE '^```sh run' "${documents[@]}"
    [ "${#lines[@]}" -eq 7 ]
}

@test "example packs pass selat-rules lint without a warning" {
    lint() { selat-rules lint --allow documentation "$1" 2>&1 | tee said && grep -q 'errors 0, warnings 0' said; }
    each_example pack.yaml lint
    each_example pack.jsonl lint
}

@test "example packs find what they say in the captures" {
    find() { selat-rules test "${1%.expect}" --expect "$1"; }
    each_example pack.yaml.expect find
    [ "$(grep -cE '^```yaml pack .+:' "$top/docs/rules.md")" -ge 8 ]
}

@test "example packs fit the schema, and what the reader refuses does not" {
    fits() {
        python3 - "$1" "$top/docs/schema/pack.schema.json" <<-'END'
			import json, sys, yaml
			from jsonschema import Draft202012Validator
			schema = Draft202012Validator(json.load(open(sys.argv[2])))
			pack = yaml.safe_load(open(sys.argv[1]))
			schema.validate(pack)
			for wrong in ({"domain": "a.example", "sha1": 40 * "0"}, {"md5": "0"}, {"match": [{"field": "payload"}]},
			              {"domain": "a.example", "where": {}}, {"domain": "a.example", "where": {"tunnel": "gtpu"}},
			              {"match": [{"field": "dns.query", "in": ""}]},
			              {"domain": "a.example", "threshold": {"type": "limit", "count": 1, "by": "flow"}}):
			    broken = dict(pack, indicators=[dict(wrong, id="x")])
			    assert list(schema.iter_errors(broken)), wrong
		END
    }
    each_example pack.yaml fits
}

@test "docs/rules.md has every warning of lint, every key of an indicator, of a condition and of where" {
    selat-rules lint --help | sed -n 's/^  \([a-z-]*\): .*/\1/p' >codes
    [ "$(wc -l <codes)" -ge 10 ]
    jq -r '."$defs" | (.indicator, .condition, .where, .threshold) | .properties | keys[]' \
        "$top/docs/schema/pack.schema.json" >keys
    [ "$(wc -l <keys)" -ge 60 ]
    sort -u codes keys | while read -r word; do
        grep -qF "\`$word\`" "$top/docs/rules.md" || { echo "$word is missing"; return 1; }
    done
}

@test "the pack schema names every field" {
    selat-sensor --list-fields --json | jq -r '.[].field' | sort >fields
    jq -r '."$defs".condition.properties.field.enum[]' "$top/docs/schema/pack.schema.json" | sort >schema
    diff fields schema
}

@test "example configurations pass selat-sensor --check-config" {
    check() { selat-sensor -c "$1" --check-config; }
    each_example config.yaml check
    selat-rules compile rules/packs/demo.yaml -o demo.ruleset
    selat-sensor -c "$top/docs/selat.yaml" -R demo.ruleset --check-config
}

# "section.key default" a line: what --help says in [brackets] at an entry's end, or "-".
keys() {
    selat-sensor --help | awk '
        function put() { if (key) { d = "-"; if (match(text, /\[[^][]*\]$/)) d = substr(text, RSTART + 1, RLENGTH - 2); print key, d } }
        /^Configuration keys/ { on = 1; next }
        on && /^$/ { exit }
        on && /^  [a-z]+(\.[A-Za-z_]+)?:/ { put(); key = $1; sub(/:$/, "", key); text = $0; next }
        on { text = text " " $0 }
        END { put() }'
}

@test "docs/configuration.md has every key with its default" {
    keys >keys
    [ "$(wc -l <keys)" -ge 15 ]
    while read -r key initial; do
        case $key in routes.KEY) key=routes.NAME ;; esac
        grep -F "| \`$key\` |" "$top/docs/configuration.md" >row || { echo "$key is missing"; return 1; }
        case $initial in -) continue ;; esac
        grep -qF "| \`$initial\` |" row || { echo "$key: the default is $initial"; cat row; return 1; }
    done <keys
}

@test "docs/selat.yaml has every key" {
    keys >keys
    while read -r key _; do
        grep -qE "^(# )?${key%%.*}:" "$top/docs/selat.yaml" || { echo "$key: no such section"; return 1; }
        case $key in *.KEY | allow) continue ;; esac
        sed -n "/^${key%%.*}:/,/^[a-z]*:\$/p" "$top/docs/selat.yaml" | grep -q "^  ${key#*.}:" ||
            { echo "$key is missing"; return 1; }
    done <keys
}

@test "the tables of counters and fields are those of the sensor" {
    "$top/docs/make-tables" "$bin/.." --check
    selat-sensor --list-fields --json | jq -r '.[].field' >fields
    [ "$(wc -l <fields)" -ge 11 ]
    while read -r field; do
        grep -qF "| \`$field\` |" "$top/docs/rules.md" || { echo "$field is missing"; return 1; }
    done <fields
}

page() { groff -mdoc -Tutf8 -P-cbou "$bin/../man/$1"; }

# A subcommand's part of a page.
part() { page "$1" | awk -v c="   $2" '$0 == c { on = 1; next } /^(   )?[A-Za-z]/ { on = 0 } on'; }

# Every option that COMMAND --help prints, but for the common ones, begins an entry of the text in FILE.
has_options() { # FILE COMMAND…
    local option n=0 file=$1
    shift
    while read -r option; do
        n=$((n + 1))
        grep -qE -- "^ +(-[A-Za-z], )?$option( |\$)" "$file" || { echo "$*: $option is missing"; return 1; }
    done < <("$@" --help | grep -oE '^ +(-[A-Za-z], )?--[a-z-]+' | grep -oE -- '--[a-z-]+' |
        grep -vxE -- '--(help|version|config|set)')
    [ "$n" -ge 1 ]
}

commands() { "$1" --help | sed -n '/^Commands/,/^$/s/^  \([a-z]*\) .*/\1/p'; }

@test "the man pages have every command and every option that --help prints" {
    page selat-sensor.8 >page
    has_options page selat-sensor
    n=0
    for program in selat-rules selat-alerts; do
        for command in $(commands "$program"); do
            n=$((n + 1))
            part "$program.1" "$command" >part
            has_options part "$program" "$command"
        done
    done
    [ "$n" -ge 5 ]
}

@test "the sensor's man page has every key" {
    page selat-sensor.8 >page
    keys >keys
    while read -r key _; do
        grep -qE "^ +$key( |\$)" page || { echo "$key is missing"; return 1; }
    done <keys
}

@test "the man pages are clean" {
    for name in selat-sensor.8 selat-rules.1 selat-alerts.1; do
        run groff -mdoc -Tutf8 -ww -z "$bin/../man/$name"
        [ "$status" -eq 0 ]
        [ -z "$output" ]
    done
}

@test "links between documents lead somewhere" {
    for document in "${documents[@]}"; do
        while read -r link; do
            [ -e "$(dirname "$document")/$link" ] || { echo "$document: no $link"; return 1; }
        done < <(grep -oE '\]\([^)#:]+\)' "$document" | sed 's/^](//; s/)$//')
    done
    for document in "$top"/docs/*.md; do
        name=docs/${document##*/}
        grep -q "($name)" "$top/README.md" || { echo "README.md does not lead to $name"; return 1; }
    done
}

@test "docs/dependencies.md has every package that ./run installs" {
    sed -n '/^packages() {/,/^}/p' "$top/run" >packages
    grep -q 'build) echo gcc' packages
    sed -E 's/^ *[a-z*]+\) (echo|die)//; s/;;|\\$//g; /no such list/d' packages | grep -oE '[a-z][a-z0-9.+-]+' |
        grep -vxE 'packages|case|in|esac' | sort -u >wanted
    [ "$(wc -l <wanted)" -gt 25 ]
    while read -r package; do
        grep -qE "(\||,) $package[ ,]" "$top/docs/dependencies.md" || { echo "$package is missing"; return 1; }
    done <wanted
}
