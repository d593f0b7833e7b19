# shellcheck disable=SC2016 # what stands in single quotes is for another shell
load helper

setup_more() {
	file=$OTELOP_STATE_DIR/otelop.json
	tab=$'\t'
}

# The metadata file is exactly this text (a format of printf).
file_is() {
	[ -d "$OTELOP_STATE_DIR" ] || mkdir -m 700 "$OTELOP_STATE_DIR"
	# shellcheck disable=SC2059 # a format
	printf "$@" >"$file"
}

# Hold the lock on the file as it is, as upstream does, until the test ends; $holder is who does.
hold_file() {
	background flock -F -x "$file" sleep 60
	holder=$!
	eventually 5 is_locked "$file"
}

# Not only locked: whoever holds it has said who he is.
is_published() { otelop-lock -p && otelop-meta get pid >/dev/null 2>&1; }

# The same, of a file with this text, in which %d is the holder's pid.
hold_text() {
	[ -d "$OTELOP_STATE_DIR" ] || mkdir -m 700 "$OTELOP_STATE_DIR"
	hold_as "$file" "$1"
}
hold_as() {
	background sh -c 'printf "$2" "$$" >"$1"; exec flock -F -x "$1" sleep 60' sh "$1" "$2"
	holder=$!
	eventually 5 is_locked "$1"
}
is_locked() { [ -e "$1" ] && ! flock -n -s "$1" true; }

# Publish another text as section 4 of the contract says: locked before it has the name.
publish() {
	local old=$holder
	hold_as "$file.tmp" "$1"
	mv "$file.tmp" "$file"
	end "$old"
}

# The background command ends with this status, having said this (in the file said).
assert_ended() {
	local code=0
	wait "$1" || code=$?
	assert_equal "$code,$(cat said)" "$2"
}

end() { { kill -KILL "$1" && wait "$1"; } 2>/dev/null || true; }
# A limit that cannot be mistaken for the program's own 124.
soon() { timeout -s KILL 20 "$@"; }

let_go() { end "$holder"; }

# Upstream's file for a pid, as Go's MarshalIndent writes it: no final newline, an offset time.
upstream_text() {
	printf '{\n  "pid": %d,\n  "startedAt": "2024-05-06T07:08:09.123456789+02:00",\n' "$1"
	printf '  "httpAddr": "127.0.0.1:4319",\n  "otlpGrpcAddr": "127.0.0.1:4317",\n'
	printf '  "otlpHttpAddr": "127.0.0.1:4318",\n  "proxyUrl": "",\n  "proxyProtocol": "",\n'
	printf '  "version": "v1.2.3"\n}'
}

# Read is refused with 4 and one line that names the file and then says this (a pattern).
assert_corrupt() {
	tool -4 otelop-meta read
	assert_output ""
	assert_stderr_line_count 1
	assert_regex "${stderr_lines[0]}" "^otelop-meta: $file: corrupt metadata: $1"
	refute_controls "$stderr"
}

# Each state directory below a directory is corrupt: free, it is stale, with a warning; read says 4.
assert_all_corrupt() {
	local dir said code
	for dir in "$1"/*; do
		code=0
		said=$(otelop-meta -C "$dir" running 2>&1) || code=$?
		[[ $code,$said == "1,otelop-meta: $PWD/$dir/otelop.json: corrupt metadata: "*$'\nstale' && $said != *$'\n'*$'\n'* ]] ||
			fail "${dir##*/}: running: $code, $said"
		code=0
		said=$(otelop-meta -C "$dir" read 2>&1) || code=$?
		[[ $code,$said == "4,otelop-meta: $PWD/$dir/otelop.json: corrupt metadata: "* && $said != *$'\n'* ]] ||
			fail "${dir##*/}: read: $code, $said"
	done
}

# corrupt_case NAME TEXT
corrupt_case() {
	mkdir -p "cases/$1"
	printf '%s' "$2" >"cases/$1/otelop.json"
}

# --- writing

@test "write: the caller's pid, now, and where it is, in a file of mode 0600 whatever the umask" {
	umask 0
	tool -0 sh -c 'otelop-meta write; code=$?; echo $$; exit $code'
	assert_equal "$stderr" ""
	assert_equal "$(jq .pid "$file")" "$output"
	assert_equal "$(jq -r .cwd "$file")" "$BATS_TEST_TMPDIR"
	assert_equal "$(jq -r .host "$file")" "$(uname -n)"
	assert_equal "$(stat -c %a "$file")" 600
	assert_equal "$(stat -c %a "$OTELOP_STATE_DIR")" 700
	assert_state_files otelop.json
	tool -0 sh -c 'umask 0377; exec otelop-meta write'
	assert_equal "$(stat -c %a "$file")" 600
}

@test "write: startedAt is now, in UTC, with nanoseconds" {
	local before after at
	before=$(date +%s)
	TZ=Asia/Kathmandu tool -0 otelop-meta write
	after=$(date +%s)
	at=$(jq -r .startedAt "$file")
	assert_regex "$at" '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{9}Z$'
	at=$(date -d "$at" +%s)
	[ "$at" -ge "$before" ] && [ "$at" -le "$after" ] || fail "$before <= $at <= $after"
}

@test "write: a strict parser finds upstream's eight members first, in order, then ours, then the user's" {
	tool -0 otelop-meta write colour=blue version=v1 httpAddr=127.0.0.1:1 state=ready exitCode=3 $'text="\\\n\t\e\x7fü日😀'
	run -0 python3 - "$file" <<-'PYTHON'
		import json, sys
		def refuse(what): raise ValueError(what)
		data = open(sys.argv[1], "rb").read()
		text = data.decode("utf-8", "strict")
		pairs = json.loads(text, strict=True, parse_constant=refuse, object_pairs_hook=lambda p: p)
		keys = [k for k, v in pairs]
		assert len(set(keys)) == len(keys), keys
		assert keys[:8] == ["pid", "startedAt", "httpAddr", "otlpGrpcAddr", "otlpHttpAddr", "proxyUrl",
		    "proxyProtocol", "version"], keys
		rest = [k for k in keys[8:] if k not in ("pidNamespace", "bootId")]
		assert rest == ["state", "cwd", "host", "exitCode", "colour", "text"], rest
		members = dict(pairs)
		assert type(members["pid"]) is int and type(members["exitCode"]) is int
		assert all(type(v) is str for k, v in pairs if k not in ("pid", "exitCode"))
		assert members["httpAddr"] == "127.0.0.1:1" and members["otlpGrpcAddr"] == ""
		assert members["text"] == '"\\\n\t\x1b\x7fü日😀', ascii(members["text"])
		assert text == json.dumps(members, indent=2, ensure_ascii=False).replace("\x7f", "\\u007f") + "\n", text
	PYTHON
}

@test "a lock holder's metadata: the command as an array of strings, two-space indent, a final newline" {
	background otelop-lock colour=blue -- sh -c 'sleep "$1"' 'a "b"' 60
	eventually 5 is_published
	run -0 python3 - "$file" <<-'PYTHON'
		import json, sys
		text = open(sys.argv[1], encoding="utf-8", errors="strict").read()
		members = json.loads(text, strict=True)
		assert members["command"] == ["sh", "-c", 'sleep "$1"', 'a "b"', "60"], members
		lines = text.split("\n")
		assert lines[0] == "{" and lines[-2:] == ["}", ""], lines
		assert all(l.startswith("  ") and not l.startswith("   ") for l in lines[1:-2]), lines
	PYTHON
}

@test "write with pid and startedAt: they are written as given" {
	tool -0 otelop-meta write pid=4711 startedAt=2024-02-29T23:59:59.5-11:30
	tool -0 otelop-meta get pid startedAt
	assert_output $'4711\n2024-02-29T23:59:59.5-11:30'
}

@test "write with a time that RFC 3339 allows and Go's time package cannot read: the same moment as both have it" {
	local given written
	while read -r given written; do
		tool -0 otelop-meta write "startedAt=$given" "exitedAt=$given"
		tool -0 otelop-meta get startedAt exitedAt
		assert_output "$written"$'\n'"$written"
	done <<-'TIMES'
		2026-06-30T23:59:60Z 2026-07-01T00:00:00Z
		2026-06-30t23:59:59z 2026-06-30T23:59:59Z
		2026-12-31T23:59:60.25+01:00 2027-01-01T00:00:00.25+01:00
		2024-02-28t23:59:60.5-11:30 2024-02-29T00:00:00.5-11:30
		2026-06-30T23:59:59.1234567891234z 2026-06-30T23:59:59.123456789Z
		0000-01-01T00:00:00Z 0000-01-01T00:00:00Z
		1969-12-31T23:59:60Z 1970-01-01T00:00:00Z
	TIMES
	tool -2 otelop-meta write startedAt=9999-12-31T23:59:60Z # the year after has five digits
	assert_regex "${stderr_lines[0]}" '^otelop-meta: startedAt: '
	# A file of somebody else's that has such a time is no worse than it was.
	file_is '{"pid": 5, "startedAt": "2026-06-30t23:59:60z"}'
	tool -0 otelop-meta get startedAt
	assert_output 2026-06-30t23:59:60z
}

@test "write with a value that is none for its member: usage, and the old file stands" {
	local pair
	file_is '{"pid": 5}'
	for pair in pid=0 pid=-1 pid=1.5 pid=1e3 pid=01 pid=+1 pid= pid=x 'pid= 5' 'pid=5 ' pid=2147483648 \
		pid=99999999999999999999 pid=0x10 pid=null pid='"5"' exitCode=-1 exitCode=x \
		startedAt= startedAt=now startedAt=2024-01-01 startedAt=2024-13-01T00:00:00Z \
		startedAt=2023-02-29T00:00:00Z startedAt=2024-01-01T24:00:00Z startedAt=2024-01-01T00:00:00 \
		startedAt=2024-01-01T00:00:00+2:00 startedAt=2024-01-01T00:00:00.Z 'startedAt=2024-01-01T00:00:00Z ' \
		exitedAt=never command=x listen=x; do
		tool -2 otelop-meta write "$pair"
		assert_output ""
		assert_regex "${stderr_lines[0]}" "^otelop-meta: ${pair%%=*}: "
		assert_equal "$(cat "$file")" '{"pid": 5}'
	done
	assert_state_files otelop.json
}

@test "write with what is not KEY=VALUE: usage, and nothing is made" {
	local pair
	for pair in key '' = =value 1a=b a-b=c a.b=c 'a b=c' ü=c $'a\n=b'; do
		tool -2 otelop-meta write "$pair"
		assert_output ""
		assert_regex "${stderr_lines[0]}" '^otelop-meta: '
		assert_regex "${stderr_lines[1]}" '^usage: otelop-meta '
	done
	assert_not_exists "$OTELOP_STATE_DIR"
}

@test "write with a value that is not UTF-8: usage, and nothing is made" {
	local value
	for value in $'\xff' $'a\xc3' $'\xc0\xaf' $'\xed\xa0\x80' $'\xf4\x90\x80\x80' $'\xe2\x82'; do
		tool -2 otelop-meta write "key=$value"
		assert_output ""
		assert_regex "${stderr_lines[0]}" '^otelop-meta: key: '
	done
	assert_not_exists "$OTELOP_STATE_DIR"
}

@test "write with the same key twice: the last one counts, and it is there once" {
	tool -0 otelop-meta write a=1 b=2 a=3
	tool -0 otelop-meta get a b
	assert_output $'3\n2'
	assert_equal "$(grep -c '"a"' "$file")" 1
}

@test "write with a key of 250 letters: written once, and found again" {
	local key
	key=$(printf '%0250d' 0 | tr 0 k)
	tool -0 otelop-meta write "$key=1" "$key=2"
	assert_equal "$(grep -c kkkk "$file")" 1
	tool -0 otelop-meta get "$key"
	assert_output 2
}

@test "write with a value that makes it just 64 KiB: written and read; one byte more: refused, the old file stands" {
	local room value
	tool -0 otelop-meta write pid=1 startedAt=2024-01-01T00:00:00Z key=
	room=$((65536 - $(wc -c <"$file")))
	value=$(printf '%*s' "$room" '' | tr ' ' v)
	tool -0 otelop-meta write pid=1 startedAt=2024-01-01T00:00:00Z "key=$value"
	assert_equal "$(wc -c <"$file")" 65536
	tool -0 otelop-meta get key
	[ "$output" = "$value" ] || fail "not the same value"
	tool otelop-meta write pid=1 startedAt=2024-01-01T00:00:00Z "key=v$value"
	assert_equal "$status" 2
	assert_regex "${stderr_lines[0]}" '^otelop-meta: key: '
	assert_equal "$(wc -c <"$file")" 65536
}

@test "write over a dead daemon's metadata, over a corrupt and over an empty file: replaced" {
	local text
	for text in '{"pid": 5, "colour": "blue"}' '{' ''; do
		file_is '%s' "$text"
		tool -0 otelop-meta write pid=6
		tool -0 otelop-meta get pid
		assert_output 6
		tool -1 otelop-meta get colour
	done
	assert_state_files otelop.json
}

@test "write while a daemon holds the lock: 75 and one line, and its file stands" {
	local before
	background otelop-lock -- sleep 60
	holder=$!
	eventually 5 is_published
	before=$(cat "$file")
	tool -75 otelop-meta write colour=red
	assert_output ""
	assert_stderr_line_count 1
	assert_regex "${stderr_lines[0]}" "^otelop-meta: $file: .*$holder"
	assert_equal "$(cat "$file")" "$before"
	assert_state_files otelop.json
}

@test "write where nothing can be written: 125, one line, the old file stands, no other is left" {
	tool -0 otelop-meta write pid=5
	# stderr through a pipe: the limit is for files
	tool -125 sh -c 'trap "" XFSZ; ulimit -f 0; exec otelop-meta write pid=6 2>&1'
	assert_equal "${#lines[@]}" 1
	assert_regex "$output" "^otelop-meta: $file"
	tool -0 otelop-meta get pid
	assert_output 5
	assert_state_files otelop.json
	otelop-meta remove
	tool -125 sh -c 'trap "" XFSZ; ulimit -f 0; exec otelop-meta write pid=6 2>&1'
	assert_equal "$(ls -A "$OTELOP_STATE_DIR")" ""
}

@test "a writer without pause and a reader: the reader never sees half a file, or none" {
	local writer long
	long=$(printf '%*s' 20000 '' | tr ' ' x)
	tool -0 otelop-meta write key=1
	background sh -c 'i=0; while [ $i -lt 60 ]; do otelop-meta write "key=$1" && otelop-meta write key=2; i=$((i+1)); done' sh "$long"
	writer=$!
	while kill -0 "$writer" 2>/dev/null; do
		case $(otelop-meta get key) in 1 | 2 | "$long") ;; *) fail "read something else" ;; esac
	done
	wait "$writer"
}

# --- reading

@test "upstream's file, without a final newline and with an offset time: read, and in our form" {
	file_is '%s' "$(upstream_text 4711)"
	tool -0 otelop-meta read
	assert_equal "$stderr" ""
	assert_equal "$output" "$(upstream_text 4711)"
	tool -0 otelop-meta get pid startedAt httpAddr otlpGrpcAddr otlpHttpAddr proxyUrl proxyProtocol version
	assert_equal "$output" "4711
2024-05-06T07:08:09.123456789+02:00
127.0.0.1:4319
127.0.0.1:4317
127.0.0.1:4318


v1.2.3"
	tool -1 otelop-meta running
	assert_output "stale 4711"
	assert_equal "$stderr" ""
}

@test "upstream's file under a lock that another process took by flock: running, and its pid is told" {
	hold_text "$(upstream_text 4711 | sed 's/4711/%d/')"
	tool -0 otelop-meta running
	assert_output "running $holder"
	let_go
	tool -1 otelop-meta running
	assert_output "stale $holder"
}

@test "missing and null upstream members: their zero values" {
	file_is '{"pid": 5, "version": null, "httpAddr": null, "startedAt": null}'
	tool -0 otelop-meta read
	assert_output '{
  "pid": 5,
  "startedAt": "0001-01-01T00:00:00Z",
  "httpAddr": "",
  "otlpGrpcAddr": "",
  "otlpHttpAddr": "",
  "proxyUrl": "",
  "proxyProtocol": "",
  "version": ""
}'
}

@test "members of ours that are null: as if they were not there" {
	file_is '{"pid": 5, "state": null, "command": null, "exitCode": null, "exitedAt": null}'
	tool -1 otelop-meta running
	assert_output "stale 5"
	tool -1 otelop-meta get command
	assert_output ""
	tool -0 otelop-meta read
	refute_output --partial command
}

@test "unknown members of any type: carried along, in their order, behind the known ones" {
	file_is '{"z": {"a": [1, {"b": null}], "c": "}"}, "pid": 5, "n": -1.5e+3, "t": true, "f": false, "s": "\\u00fc", "null": null, "l": [], "o": {}, "": "", "ü": 1}'
	tool -0 otelop-meta read
	run -0 python3 -c '
import json, sys
pairs = json.loads(sys.argv[1], object_pairs_hook=lambda p: p)
assert pairs[8:] == [("z", [("a", [1, [("b", None)]]), ("c", "}")]), ("n", -1500.0), ("t", True), ("f", False),
    ("s", "ü"), ("null", None), ("l", []), ("o", []), ("", ""), ("ü", 1)], pairs' "$output"
	tool -0 otelop-meta get z n t f s l o '' ü
	assert_equal "$output" '{"a": [1, {"b": null}], "c": "}"}
-1.5e+3
true
false
ü

{}

1'
}

@test "members of ours with a wrong type: corrupt, and the position is the value's" {
	local member name
	for member in '"startedAt": 5' '"startedAt": "yesterday"' '"httpAddr": 5' '"otlpGrpcAddr": []' \
		'"otlpHttpAddr": {}' '"proxyUrl": true' '"proxyProtocol": 1' '"version": false' '"state": 1' \
		'"command": "sleep 60"' '"command": [1]' '"command": ["a", null]' '"command": {}' '"cwd": []' \
		'"host": 5' '"pidNamespace": 5' '"listen": "x"' '"exitCode": "3"' '"exitCode": 1.5' '"exitCode": -1' \
		'"exitSignal": 9' '"exitedAt": 5'; do
		file_is '{\n "pid": 5,\n %s\n}\n' "$member"
		name=${member%%:*}
		assert_corrupt "line 3, column $((${#name} + 4)): ${name//\"/}: "
		tool -1 otelop-meta running
		assert_output stale
		assert_stderr_line_count 1
	done
}

@test "a pid that is none: corrupt" {
	local pid
	for pid in 0 -1 -0 1.5 1.0 1e3 2147483648 4294967297 18446744073709551617 99999999999999999999999 \
		'"5"' true false null '[5]' '{}' '""'; do
		corrupt_case "pid $pid" "{\"pid\": $pid}"
	done
	corrupt_case none '{}'
	corrupt_case 'another case' '{"PID": 5}'
	corrupt_case 'the last one' '{"pid": 5, "pid": 0}'
	corrupt_case array '[5]'
	corrupt_case number 5
	corrupt_case string '"pid"'
	corrupt_case null null
	assert_all_corrupt cases
}

@test "the greatest pid: a pid" {
	file_is '{"pid": 2147483647}'
	tool -0 otelop-meta get pid
	assert_output 2147483647
}

@test "text that jsmn takes and RFC 8259 does not: corrupt, all of it" {
	python3 - <<-'PYTHON'
		import os
		bad = {
		    "name alone": b'{"a"}', "two texts": b'{"pid": 5} {}', "two": b'{} {}', "text behind": b'{"pid": 5}x',
		    "comma behind": b'{"pid": 5},', "brace behind": b'{"pid": 5}}', "value": b'{"pid": 5, "a": %s}',
		    "no colon": b'{"pid" 5}', "two colons": b'{"pid":: 5}', "equals": b'{"pid"=5}', "comma": b'{"pid", 5}',
		    "no comma": b'{"pid": 5 "a": 1}', "leading comma": b'{,"pid": 5}', "trailing comma": b'{"pid": 5,}',
		    "two commas": b'{"pid": 5,, "a": 1}', "no value": b'{"pid": 5, "a":}', "no name": b'{"pid": 5, : 1}',
		    "three parts": b'{"pid": 5, "a": 1: 2}', "two values": b'{"pid": 5, "a": 1 2}',
		    "single quotes": b"{'pid': 5}", "no quotes": b'{pid: 5}', "number as name": b'{"pid": 5, 1: 2}',
		    "array as name": b'{"pid": 5, []: 2}', "comment": b'{"pid": 5 /* five */}', "hash": b'{"pid": 5} # five',
		    "brackets": b'{"pid": 5]', "brackets within": b'{"pid": 5, "a": [}]}', "unclosed": b'{"pid": 5',
		    "unopened": b'"pid": 5}', "bom": b'\xef\xbb\xbf{"pid": 5}', "utf-16": '{"pid": 5}'.encode("utf-16"),
		    "utf-16be": '{"pid": 5}'.encode("utf-16-be"), "nul behind": b'{"pid": 5}\0', "nul": b'\0',
		    "nul before": b'\0{"pid": 5}', "nul between": b'{"pid": 5,\0"a": 1}', "text behind nul": b'{"pid": 5}\0{"pid": 6}',
		    "form feed": b'{"pid":\f5}', "vertical tab": b'{"pid":\v5}', "no-break space": b'{"pid":\xc2\xa05}',
		    "delete": b'{"pid": 5}\x7f', "blank": b' ', "newline": b'\n', "unclosed string": b'{"pid": 5, "a": "b}',
		    "unclosed name": b'{"pid": 5, "a}',
		}
		values = [b"01", b"-01", b"00", b"-", b"+1", b"1.", b".5", b"-.5", b"1.e3", b"1e", b"1e+", b"1e1.5", b"1_000", b"0x1f",
		    b"1a", b"1 .5", b"--1", b"nan", b"NaN", b"-NaN", b"inf", b"Infinity", b"-Infinity", b"True", b"TRUE", b"tru", b"truee",
		    b"nul", b"nulll", b"undefined", b"abc", b"n", b"t", b"\xef\xbc\x91", b"[1,]", b"[,1]", b"[1,,2]", b"[1 2]", b"[", b"]",
		    b"{", b"}", b'{"a"}', b'{"a":}', b'{"a" 1}', b'["a": 1]', b'{1:1}', b"'a'", b"a", b"",
		    b'"\x00"', b'"\x01"', b'"\x1f"', b'"a\nb"', b'"a\tb"', b'"a\rb"', b'"\\x41"', b'"\\a"', b'"\\\'"', b'"\\0"', b'"\\U0041"',
		    b'"\\u"', b'"\\u12"', b'"\\u123"', b'"\\u123g"', b'"\\u 123"', b'"\\u+123"', b'"\\ud83d\\u12"', b'"\\"', b'"\\\x00"',
		    b'"\xff"', b'"\xfe"', b'"\x80"', b'"\xbf"', b'"\xc3"', b'"\xc3("', b'"\xc0\xaf"', b'"\xc1\xbf"', b'"\xe0\x80\xaf"',
		    b'"\xe0\x9f\xbf"', b'"\xe2\x82"', b'"\xe2("', b'"\xed\xa0\x80"', b'"\xed\xbf\xbf"', b'"\xed\xa0\xbd\xed\xb8\x80"',
		    b'"\xf0\x80\x80\xaf"', b'"\xf0\x8f\xbf\xbf"', b'"\xf0\x9f\x98"', b'"\xf4\x90\x80\x80"', b'"\xf5\x80\x80\x80"',
		    b'"\xf8\x88\x80\x80\x80"', b'"\xfc\x84\x80\x80\x80\x80"']
		frame = bad.pop("value")
		for i, value in enumerate(values):
		    bad["value %d" % i] = frame.replace(b"%s", value)
		for value in [b'"\xff"', b'"\x01"', b'"\\x"', b'"\\u12"', b'"\xed\xa0\x80"']:
		    bad["name %r" % value] = b'{"pid": 5, ' + value + b': 1}'
		for name, text in bad.items():
		    name = "cases/" + name.replace("\\", "-")
		    os.makedirs(name)
		    open(name + "/otelop.json", "wb").write(text)
	PYTHON
	assert_all_corrupt cases
}

@test "text that is RFC 8259 though it looks odd: read" {
	local text i=0
	while IFS= read -r text; do
		mkdir "case$i"
		printf '%s' "$text" >"case$i/otelop.json"
		otelop-meta -C "case$i" read >"case$i/read" || fail "$text"
		i=$((i + 1))
	done <<-TEXTS
		 ${tab} {${tab}"pid" :${tab}5 } ${tab}
		{"pid":5,"a":-0,"b":0.5,"c":-1.5E-10,"d":1e9,"e":0e0,"f":123456789012345678}
		{"pid":5,"a":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00FC\\uFFFF"}
		{"pid":5,"a":"\\ud83d\\ude00\\uD83D\\uDE00","b":"\\u0000","c":"/"}
		{"pid":5,"\\u0061\\"":{"\\n":[[],{},[{}]]},"":[1,"2",null,true,false]}
		{"pid":5,"a":"߿ࠀ퟿𐀀􏿿"}
		{"p\\u0069d":5,"vers\\u0069on":"v1"}
		{"pid":5,"a":{"pid":"not ours","b":{"c":"}]"}},"d":["{",":",","]}
	TEXTS
	assert_equal "$i" 8
	run -0 python3 - <<-'PYTHON'
		import json
		for i in range(8):
		    want = {"startedAt": "0001-01-01T00:00:00Z", "httpAddr": "", "otlpGrpcAddr": "", "otlpHttpAddr": "",
		        "proxyUrl": "", "proxyProtocol": "", "version": ""}
		    want.update(json.load(open("case%d/otelop.json" % i, encoding="utf-8")))
		    got = json.load(open("case%d/read" % i, encoding="utf-8", errors="strict"))
		    assert got == want, (i, got, want)
	PYTHON
	file_is '{\r\n"pid":5\r\n}\n\n\n'
	tool -0 otelop-meta get pid
	assert_output 5
}

@test "lone surrogate escapes: no error, and no invalid UTF-8 comes out of get" {
	local escape
	for escape in '\ud83d' '\ude00' '\ud83dx' '\ud83d\n' '\ud83d\ud83d' '\ude00\ud83d' '\udbff\u0041'; do
		file_is '{"pid": 5, "a": "%s"}' "$escape"
		tool -0 otelop-meta get a
		iconv -f UTF-8 -t UTF-8 <<<"$output" >/dev/null || fail "$escape"
		assert_regex "$output" $'^\xef\xbf\xbd'
	done
}

@test "the position in the message: line and column of the first byte that cannot be" {
	file_is '{\n  "pid": 05\n}\n'
	assert_corrupt 'line 2, column 11: '
	file_is '{\n  "pid": 5,\n}\n'
	assert_corrupt 'line 3, column 1: '
	file_is '{\n  "pid": 5\n}\n{}\n'
	assert_corrupt 'line 4, column 1: '
	file_is '{"pid": 5, "a": "\xff"}'
	assert_corrupt 'line 1, column 18: '
	file_is '{"pid": 5, "a": "b\tc"}'
	assert_corrupt 'line 1, column 19: '
	file_is '{"pid": 5, "a": nan}'
	assert_corrupt 'line 1, column 17: '
	file_is '{"pid": 5, "a"}'
	assert_corrupt 'line 1, column 15: '
	file_is '{"pid": 5}\0'
	assert_corrupt 'line 1, column 11: '
	file_is '\n\n  {"pid": -1}'
	assert_corrupt 'line 3, column 11: '
	file_is '{"pid": 5'
	assert_corrupt 'line 1, column 10: '
	file_is '\n[5]'
	assert_corrupt 'line [12], column 1: '
}

@test "nesting of 64 levels is read; of 65, and of as many as fit into the file, is corrupt at once" {
	local depth
	for depth in 62 63; do
		file_is '{"pid": 5, "a": %s%s}' "$(printf '%*s' $depth '' | tr ' ' '[')" "$(printf '%*s' $depth '' | tr ' ' ']')"
		tool -0 otelop-meta get pid
		assert_output 5
	done
	file_is '{"pid": 5, "a": %s%s}' "$(printf '%*s' 64 '' | tr ' ' '[')" "$(printf '%*s' 64 '' | tr ' ' ']')"
	assert_corrupt 'line 1, column 80: '
	file_is '%s' "$(printf '%*s' 65536 '' | tr ' ' '[')"
	assert_corrupt 'line 1, column 65: '
	file_is '%s' "$(printf '%*s' 10000 '' | sed 's/ /{"a":/g')"
	assert_corrupt 'line 1, column 321: '
}

@test "64 KiB: read; one byte more, and 10 MB: corrupt, at once and without reading it all" {
	file_is '%-65536s' '{"pid": 5}'
	tool -0 otelop-meta get pid
	assert_output 5
	file_is '%-65537s' '{"pid": 5}'
	assert_corrupt '.*65536'
	tool -1 otelop-meta running
	assert_output stale
	file_is '{"pid": 5}'
	truncate -s 10M "$file"
	tool -4 soon otelop-meta read
	assert_stderr_line_count 1
	tool -1 soon otelop-meta running
	assert_output stale
	assert_stderr_line_count 1
	head -c 10000000 /dev/zero | tr '\0' ' ' >"$file"
	tool -1 soon otelop-meta show
	assert_stderr_line_count 1
}

@test "as many members as fit into 64 KiB: read within a second, the last one found" {
	python3 -c 'import sys
text = "{\"pid\":5"
i = 0
while len(text) + 13 < 65536:
    text += ",\"%x\":%d" % (i, i % 10)
    i += 1
sys.stdout.write(text + "}")' >members
	mkdir -p -m 700 state
	cp members "$file"
	tool -0 soon otelop-meta get 0 1000
	assert_output $'0\n6'
	tool -0 soon otelop-meta read
	assert_equal "$(python3 -c 'import json; print(len(json.load(open("members"))))')" "$((${#lines[@]} - 2 - 7))"
}

@test "a file cut short at any byte: stale with a warning, or stopped where nothing is left" {
	local whole i code said
	whole=$(upstream_text 4711 | tr -d ' \n')
	file_is ''
	tool -3 otelop-meta running
	assert_output stopped
	for ((i = 1; i < ${#whole}; i++)); do
		printf '%s' "${whole:0:i}" >"$file"
		code=0
		said=$(otelop-meta running 2>&1) || code=$?
		[[ $code,$said == "1,otelop-meta: $file: corrupt metadata: line 1, column "*$'\nstale' ]] || fail "$i: $code, $said"
	done
	printf '%s' "$whole" >"$file"
	tool -1 otelop-meta running
	assert_output "stale 4711"
}

@test "random objects: every member is what python makes of it" {
	python3 - <<-'PYTHON'
		import json, os, random
		r = random.Random(8259)
		letters = "aZ0 _-.,:;{}[]\"\\/'\b\f\n\r\t\x00\x1f\x7f\x80\x9f\xa0üß日本\u2028\ud7ff\ue000\ufeff\uffff\U00010000\U0001f600\U0010ffff"
		def word(): return "".join(r.choice(letters) for _ in range(r.randrange(8)))
		def value(depth):
		    kind = r.randrange(8 if depth < 4 else 6)
		    if kind < 2: return word()
		    if kind == 2: return r.choice([0, -1, 1.5, -2.5e-7, 1e300, r.randrange(10 ** 15)])
		    if kind < 6: return r.choice([True, False, None, "", 7])
		    if kind == 6: return [value(depth + 1) for _ in range(r.randrange(4))]
		    return {word(): value(depth + 1) for _ in range(r.randrange(4))}
		for i in range(60):
		    members = {"pid": r.randrange(1, 2 ** 31)}
		    for _ in range(r.randrange(12)): members[word() + "!"] = value(0)
		    order = list(members.items())
		    r.shuffle(order)
		    text = json.dumps(dict(order), ensure_ascii=bool(i % 2), indent=r.choice([None, 1, 2]))
		    os.mkdir("random%d" % i, 0o700)
		    open("random%d/otelop.json" % i, "w", encoding="utf-8").write(text)
	PYTHON
	for i in {0..59}; do otelop-meta -C "random$i" read >"random$i/read"; done
	run -0 python3 - <<-'PYTHON'
		import json
		for i in range(60):
		    want = json.load(open("random%d/otelop.json" % i, encoding="utf-8"))
		    got = json.load(open("random%d/read" % i, encoding="utf-8", errors="strict"))
		    assert {k: got[k] for k in want} == want, (i, want, got)
		    assert [k for k in got if k in want and k != "pid"] == [k for k in want if k != "pid"], i
	PYTHON
}

@test "a key twice: the last one counts, also where one is written with escapes" {
	file_is '{"pid": 5, "a": 1, "pid": 6, "a": 2, "b": 1, "\\u0062": 2}'
	tool -0 otelop-meta get pid a b
	assert_output $'6\n2\n2'
	tool -0 otelop-meta read
	assert_equal "$(grep -c '"a"' <<<"$output")" 1
	assert_equal "$(python3 -c 'import json, sys; print(len(json.loads(sys.argv[1], object_pairs_hook=lambda p: p)))' "$output")" 10
}

@test "escapes in the keys of known members: they are those members" {
	file_is '{"\\u0070\\u0069\\u0064": %d, "st\\u0061te": "starting", "host\\u0000": 7}' "$$"
	tool -0 otelop-meta get pid state
	assert_output "$$"$'\nstarting'
	tool -0 otelop-meta read
	assert_line --index 1 "  \"pid\": $$,"
	hold_file
	tool -0 otelop-meta running
	assert_output "starting $$"
}

# --- get

@test "get: raw values, a line each, in the order asked" {
	file_is '{"pid": 5, "a": "x \\"y\\" z", "n": 1.50, "l": ["a b", "c", ""], "\\u00fc": "\\ud83d\\ude00"}'
	tool -0 otelop-meta get n a pid l ü a
	assert_equal "$stderr" ""
	assert_output $'1.50\nx "y" z\n5\na b c \n😀\nx "y" z'
}

@test "get of a key that is not there: 1 and a line that names it, and the others are printed" {
	file_is '{"pid": 5, "a": "x", "b": null}'
	tool -1 otelop-meta get pid nothing a b
	assert_output $'5\nx'
	assert_stderr_line_count 2
	assert_regex "${stderr_lines[0]}" '^otelop-meta: nothing: '
	assert_regex "${stderr_lines[1]}" '^otelop-meta: b: '
}

@test "get of a key with control characters that is not there: the message is one line without them" {
	file_is '{"pid": 5}'
	tool -1 otelop-meta get $'a\n\e[31m'
	assert_stderr_line_count 1
	refute_controls "$stderr"
}

@test "get -s: what the shell evaluates is the array again, byte by byte" {
	# shellcheck disable=SC1003 # a backslash alone
	local words=("a b" "" "it's" '"q"' $'two\nlines\n' $'\t' '$HOME `id` $(id)' '\' '\\' '*' '-n' "'" "''" 'ü😀' $'\n' '#x' '!x' ';')
	background otelop-lock -- sh -c 'exec sleep 60' "${words[@]}"
	eventually 5 is_published
	tool -0 otelop-meta get -s command
	eval "set -- $output"
	assert_equal "$#" "$((${#words[@]} + 3))"
	shift 3
	for word in "${words[@]}"; do
		[ "$1" = "$word" ] || fail "$(printf '%q became %q' "$word" "$1")"
		shift
	done
}

@test "get -s: the same in dash, of a string, a number and an empty array" {
	file_is '{"pid": 5, "a": "it'"'"'s \\"a\\\\\\" \\n b", "l": [], "o": {"a": 1}}'
	tool -0 dash -c 'eval "set -- $(otelop-meta get --shell a)"; printf "<%s>" "$@"'
	assert_output "<it's \"a\\\" 
 b>"
	tool -0 dash -c 'eval "set -- $(otelop-meta get -s pid)"; printf "<%s>" "$@"'
	assert_output "<5>"
	tool -0 dash -c 'eval "set -- $(otelop-meta get -s l)"; echo $#'
	assert_output 0
	tool -0 dash -c 'eval "set -- $(otelop-meta get -s o)"; printf "<%s>" "$@"'
	assert_output '<{"a": 1}>'
}

@test "get without a key: usage" {
	tool -2 otelop-meta get
	assert_output ""
	assert_regex "${stderr_lines[0]}" '^otelop-meta: '
}

# --- the table of states

# All that ask: the state's word for running, and the status of running and show; then that of read.
assert_state() {
	tool "-$2" otelop-meta running
	assert_output "$1"
	tool "-$2" otelop-meta show
	tool "-$2" otelop-meta show --json
	tool "-$3" otelop-meta read
	tool "-$3" otelop-meta get pid
}

@test "no directory: stopped, 3; nothing is made" {
	assert_state stopped 3 3
	tool -0 otelop-meta remove
	assert_not_exists "$OTELOP_STATE_DIR"
}

@test "no file: stopped, 3; nothing is made" {
	mkdir -m 700 state
	assert_state stopped 3 3
	tool -0 otelop-meta remove
	assert_equal "$(ls -A state)" ""
}

@test "empty and free: stopped, 3, without a warning" {
	file_is ''
	assert_state stopped 3 3
	tool -3 otelop-meta running
	assert_equal "$stderr" ""
	tool -3 otelop-meta show
	assert_equal "$stderr" ""
	assert_regex "$output" '^state +stopped$'
	tool -3 otelop-meta show --json
	assert_equal "$(jq -r .state <<<"$output")" stopped
}

@test "empty and locked: starting, 0, without a warning" {
	file_is ''
	hold_file
	assert_state starting 0 3
	tool -0 otelop-meta running
	assert_equal "$stderr" ""
	tool -0 otelop-meta show
	assert_regex "$output" '^state +starting$'
	tool -75 otelop-meta write
	assert_stderr_line_count 1
	tool -75 otelop-meta remove
	assert_stderr_line_count 1
	assert_exists "$file"
}

@test "corrupt and free: stale, 1, with one warning that names the file" {
	file_is '{"pid": 5'
	assert_state stale 1 4
	local words
	for words in running show "show --json"; do
		# shellcheck disable=SC2086
		tool -1 otelop-meta $words
		assert_stderr_line_count 1
		assert_regex "${stderr_lines[0]}" "^otelop-meta: $file: corrupt metadata: line 1, column 10: "
	done
	assert_equal "$(jq -r .state <<<"$output")" stale
	tool -0 otelop-meta remove
	assert_not_exists "$file"
}

@test "corrupt and locked: cannot tell, 4, and one line that names the file" {
	file_is '{"pid": 5'
	hold_file
	assert_state "" 4 4
	tool -4 otelop-meta running
	assert_output ""
	assert_stderr_line_count 1
	assert_regex "${stderr_lines[0]}" "^otelop-meta: $file: corrupt metadata: line 1, column 10: "
	tool -75 otelop-meta write
	tool -75 otelop-meta remove
	assert_equal "$(cat "$file")" '{"pid": 5'
	tool -4 otelop-stop
	assert_stderr_line_count 1
	kill -0 "$holder"
}

@test "complete and free: stale, 1, with its pid" {
	file_is '{"pid": 4711}'
	assert_state "stale 4711" 1 0
	tool -1 otelop-meta running
	assert_equal "$stderr" ""
}

@test "complete and locked: running, 0, with its pid" {
	background otelop-lock -- sleep 60
	eventually 5 is_published
	assert_state "running $!" 0 0
	tool -0 otelop-meta running
	assert_equal "$stderr" ""
}

@test "complete and locked by another process, and the one that it names is dead: starting, 0; that pid is not told" {
	needs /proc
	sleep 0 &
	wait "$!"
	file_is '{"pid": %d}' "$!"
	hold_file
	assert_state starting 0 0
	tool -0 otelop-lock -p
}

@test "complete and locked by another process, and its pid is somebody else's by now: starting, 0; that pid is not told" {
	needs /proc
	file_is '{"pid": %d}' "$$"
	touch -d 2024-01-01 "$file"
	hold_file
	assert_state starting 0 0
	tool -0 otelop-meta show
	refute_output --partial "$$"
}

@test "complete and claimed for a moment, and it names one that lives but does not hold it: that one is not called running" {
	needs /proc
	local tracer prober state try
	for state in ready starting; do
		file_is '{"pid": %d, "state": "%s"}' "$$" "$state"
		hold_file
		# The prober stops where it first waits to look again.  Where the machine is so slow that its patience, of
		# 100 ms, is over before that, it has nothing to wait for: another time.
		for try in {1..50}; do
			ASAN_OPTIONS=detect_leaks=0 background strace -o trace -e trace=/nanosleep \
				-e inject=/nanosleep:signal=STOP:when=1 otelop-meta running >said
			tracer=$!
			eventually 10 grep -qse 'stopped by SIGSTOP' -e '+++ exited' trace
			! grep -q 'stopped by SIGSTOP' trace || break
			assert_ended "$tracer" "0,${state/ready/running} $$"
			rm trace
		done
		prober=$(pgrep -P "$tracer")
		let_go
		kill -CONT "$prober"
		assert_ended "$tracer" "1,stale $$"
		rm trace
	done
}

@test "complete and locked by the parent of the process that it names: running, 0, whatever the clock was" {
	background sh -c 'mkdir -m 700 "$1" && exec 9>"$2" && flock -x 9 && { sleep 60 9>&- & } &&
		printf "{\"pid\": %d}" $! >"$2" && touch -d 2024-01-01 "$2" && wait' sh "$OTELOP_STATE_DIR" "$file"
	eventually 5 is_old "$file"
	assert_state "running $(jq .pid "$file")" 0 0
}
is_old() { [ -s "$1" ] && [ "$(date -r "$1" +%Y)" = 2024 ]; }

@test "its state is starting, and locked: starting, 0, with its pid; free: stale" {
	hold_text '{"pid": %d, "state": "starting"}'
	assert_state "starting $holder" 0 0
	let_go
	assert_state "stale $holder" 1 0
}

@test "its state is exited: stale, 1, also while its parent still holds the lock; show says how" {
	file_is '{"pid": 4711, "state": "exited", "exitSignal": "SEGV", "exitedAt": "2024-01-01T00:00:00Z"}'
	assert_state "stale 4711" 1 0
	tool -1 otelop-meta show
	assert_line --regexp '^state +dead$'
	assert_line --regexp '^exited +killed by signal SEGV at 2024-01-01T00:00:00Z$'
	hold_file
	assert_state "stale 4711" 1 0
	let_go
	file_is '{"pid": 4711, "state": "exited", "exitCode": 7}'
	tool -1 otelop-meta show
	assert_line --regexp '^exited +with status 7$'
	tool -1 otelop-meta show --json
	assert_equal "$(jq -r '.state, .exitCode' <<<"$output" | tr '\n' ' ')" "exited 7 "
}

@test "a daemon on another host, and its lock is held by somebody who is not seen: cannot tell, 4, and the host is named" {
	local words
	can_hide_holder
	for words in running show "show --json"; do
		# shellcheck disable=SC2086
		tool -4 hidden_from otelop-meta $words
		assert_output ""
		assert_stderr_line_count 1
		assert_regex "${stderr_lines[0]}" '^otelop-meta: .*elsewhere\.example'
	done
	tool -4 hidden_from otelop-stop -t 1
	assert_regex "$stderr" 'elsewhere\.example'
	tool -0 otelop-meta get host
	assert_output elsewhere.example
}
# A lock whose holder is in a pid namespace that the asking ones do not see.
can_hide_holder() {
	unshare -rpf --mount-proc true 2>/dev/null || skip "needs pid namespaces"
	file_is '{"pid": 4711, "host": "elsewhere.example"}'
	hold_file
}
hidden_from() { unshare -rpf --mount-proc "$@"; }

@test "what a daemon of another host left, and nobody holds it: stale, the host is told; start takes it" {
	local id member
	for member in '"host": "elsewhere.example"' '"host": "elsewhere.example", "bootId": "00000000-0000-4000-8000-000000000000"'; do
		file_is "{\"pid\": 4711, $member}"
		tool -1 otelop-meta running
		assert_output "stale 4711"
		assert_equal "$stderr" "otelop-meta: $OTELOP_STATE_DIR: left by host elsewhere.example"
		tool -0 otelop-lock -- true
		file_is "{\"pid\": 4711, $member}"
		tool -0 otelop-stop
		assert_not_exists "$file"
	done
}

@test "this host has got another name: the boot tells that it is the same" {
	[ -r /proc/sys/kernel/random/boot_id ] && ! is_fallback || skip "needs a boot id"
	local boot
	boot=$(cat /proc/sys/kernel/random/boot_id)
	hold_text "{\"pid\": %d, \"host\": \"before.example\", \"bootId\": \"$boot\"}"
	tool -0 otelop-meta running
	assert_output "running $holder"
	assert_equal "$stderr" ""
	tool -75 otelop-lock -- true
	tool -0 otelop-stop
	assert_gone "$holder"
}


@test "an unknown host, or this one: no obstacle" {
	local host
	for host in "" "$(uname -n)"; do
		file_is '{"pid": 5, "host": "%s"}' "$host"
		tool -1 otelop-meta running
		assert_output "stale 5"
	done
}

@test "a host whose name this one's begins with, or that begins with it: another one" {
	local host
	for host in "$(uname -n)x" "$(uname -n | sed 's/.$//')" "$(uname -n)\\u0000"; do
		file_is '{"pid": 5, "host": "%s"}' "$host"
		[ -n "$host" ] || continue
		tool -1 otelop-meta running
		assert_regex "$stderr" ': left by host '
	done
}

@test "a file that cannot be read: 4, one line, and no word about the state" {
	can_be_nobody
	mkdir -m 755 state
	file_is '{"pid": 5}'
	chmod 600 "$file"
	local words
	for words in running show "show --json" read "get pid" remove; do
		# shellcheck disable=SC2086
		tool -4 as_nobody otelop-meta $words
		assert_output ""
		assert_stderr_line_count 1
		assert_regex "${stderr_lines[0]}" "^otelop-meta: $file: "
	done
	assert_exists "$file"
}

# --- running -w, -a, -- CMD

@test "running -w while starting, then ready: waits without polling, and says running, 0" {
	hold_text '{"pid": %d, "state": "starting"}'
	background otelop-meta running -w 20 >said
	local waiter=$!
	eventually 5 waits_for_lock "$waiter"
	assert_equal "$(cat said)" ""
	publish "{\"pid\": %d, \"state\": \"ready\"}"
	assert_ended "$waiter" "0,running $holder"
}

@test "running -w while starting, published once more as starting, then ready: it goes on waiting" {
	file_is ''
	hold_file
	background otelop-meta running --wait=20 >said
	local waiter=$!
	eventually 5 waits_for_lock "$waiter"
	publish "{\"pid\": %d, \"state\": \"starting\"}"
	eventually 5 waits_for_lock "$waiter"
	assert_equal "$(cat said)" ""
	publish '{"pid": %d}'
	assert_ended "$waiter" "0,running $holder"
}

@test "running -w while starting, then dead, exited or gone: 1" {
	local how waiter
	for how in dead exited gone; do
		hold_text '{"pid": %d, "state": "starting"}'
		background otelop-meta running -w 20 >said
		waiter=$!
		eventually 5 waits_for_lock "$waiter"
		case $how in
		dead) let_go && assert_ended "$waiter" "1,stale $holder" ;;
		exited)
			publish "{\"pid\": %d, \"state\": \"exited\", \"exitCode\": 3}"
			let_go
			assert_ended "$waiter" "1,stale $holder"
			;;
		gone) rm "$file" && let_go && assert_ended "$waiter" "1,stopped" ;;
		esac
	done
}

@test "running -w while starting, for longer than that: 124, and still starting" {
	hold_text '{"pid": %d, "state": "starting"}'
	tool -124 soon otelop-meta running -w 200ms
	assert_output "starting $holder"
}

@test "running -w where nothing starts: the answer at once" {
	tool -3 soon otelop-meta running -w 60
	assert_output stopped
	file_is '{"pid": 5}'
	tool -1 soon otelop-meta running -w 60
	assert_output "stale 5"
	hold_text '{"pid": %d}'
	tool -0 soon otelop-meta running -w 0
	assert_output "running $holder"
}

@test "running -a -w: also waits for a daemon that does not exist yet, over a dead one's file too" {
	local waiter
	background otelop-meta running -a -w 20 >said
	waiter=$!
	background otelop-lock -- sleep 60
	assert_ended "$waiter" "0,running $!"
	end "$!"
	tool -1 otelop-meta running
	background otelop-meta running --appear --wait 20 >said
	waiter=$!
	background otelop-lock -- sleep 60
	assert_ended "$waiter" "0,running $!"
}

@test "running -a -w and nobody comes: 124" {
	tool -124 soon otelop-meta running -a -w 100ms
	assert_output stopped
	file_is '{"pid": 5}'
	tool -124 soon otelop-meta running -a -w 100ms
	assert_output "stale 5"
}

@test "a terminal as stdout: get, read, args and otelop-statedir show what a script gets raw, without its controls" {
	local terminal=$BATS_TEST_DIRNAME/e2e/terminal.py words dir=$OTELOP_STATE_DIR/$'d\e[31m'
	mkdir -p "$dir"
	printf '{"pid": 5, "command": ["a\\u001b[31m\\u009b\302\233\177\047"], "evil\302\233": "x\302\233\177"}' >"$dir/otelop.json"
	export OTELOP_STATE_DIR=$dir
	for words in "otelop-meta get command" "otelop-meta get -s command" "otelop-meta read" "otelop-meta args" otelop-statedir; do
		# shellcheck disable=SC2086 # words
		tool -0 python3 "$terminal" 60 $words
		refute_controls "${output//$'\r'/}"
		assert_regex "$output" '\\(x|u00)' # something is shown in their place
	done
	tool -0 otelop-meta get command
	assert_output $'a\e[31m\xc2\x9b\xc2\x9b\x7f\''
	tool -0 otelop-statedir
	assert_output "$dir"
	otelop-meta read | LC_ALL=C grep -qaF $'\xc2\x9b\x7f'
	python3 "$terminal" 60 otelop-meta read | jq -e '.command[0] == "a\u001b[31m\u009b\u009b\u007f\u0027"'
}

@test "running -w with what is no duration: usage" {
	local time
	for time in x '' -1 1d '1 s' 1.s .5 1e3; do
		tool -2 otelop-meta running -w "$time"
		assert_output ""
		assert_regex "${stderr_lines[0]}" '^otelop-meta: '
	done
}

@test "running -- CMD: 0 when this command runs, 75 and one line when another does" {
	background otelop-lock -- sh -c 'sleep 60' 'a b' ''
	eventually 5 is_published
	tool -0 otelop-meta running -- sh -c 'sleep 60' 'a b' ''
	assert_output "running $!"
	assert_equal "$stderr" ""
	local words
	for words in "sh" "sh -c" "sh -c sleep 60 a b" "other" ""; do
		# shellcheck disable=SC2086
		tool -75 otelop-meta running -- $words x
		assert_output "running $!"
		assert_stderr_line_count 1
		assert_regex "${stderr_lines[0]}" '^otelop-meta: '
	done
	tool -75 otelop-meta running -- sh -c 'sleep 60' 'a b'
	tool -75 otelop-meta running -- sh -c 'sleep 60' 'a b' '' ''
	tool -75 otelop-meta running -- sh -c 'sleep 60' a b ''
	tool -75 otelop-meta running -- sh -c 'sleep 60' 'a b' $'\xff'
}

@test "running -- CMD while one with a very long command line runs: 75 and one line" {
	background otelop-lock -- sh -c 'sleep 60' "$(printf '%*s' 20000 '' | tr ' ' x)"
	eventually 5 is_published
	tool -75 otelop-meta running -- sleep 60
	assert_output "running $!"
	assert_stderr_line_count 1
	assert_regex "${stderr_lines[0]}" '^otelop-meta: '
}

@test "running -- CMD while one with control characters runs: the line does not carry them" {
	background otelop-lock -- sh -c 'sleep 60' $'a\n\e[31mred\a\x7f\xc2\x9b'
	eventually 5 is_published
	tool -75 otelop-meta running -- sleep 60
	assert_stderr_line_count 1
	refute_controls "$stderr"
}

@test "running -- CMD where the metadata names no command: 0; where nobody is there: 3; after a start that failed: 1" {
	tool -3 otelop-meta running -- sleep 60
	file_is '{"pid": 4711}'
	tool -3 otelop-meta running -- sleep 60
	assert_output "stale 4711"
	hold_text '{"pid": %d}'
	tool -0 otelop-meta running -- sleep 60
	assert_output "running $holder"
	let_go
	hold_text '{"pid": %d, "state": "starting", "command": ["other"]}'
	background otelop-meta running -w 20 -- sleep 60 >said
	local waiter=$!
	eventually 5 waits_for_lock "$waiter"
	let_go
	assert_ended "$waiter" "1,stale $holder"
}

# --- show

@test "show: aligned lines with state, pid, uptime, command and the user's members" {
	hold_text '{"pid": %d, "startedAt": "'"$(TZ=UTC-2 date -d '-93784 seconds' +%Y-%m-%dT%H:%M:%S+02:00)"'", "command": ["sleep", "60"], "cwd": "/tmp", "listen": ["127.0.0.1:80", "[::1]:80"], "httpAddr": "h", "proxyUrl": "", "colour": "blue"}'
	tool -0 otelop-meta show
	assert_equal "$stderr" ""
	assert_line --index 0 "state         running"
	assert_line --index 1 "pid           $holder"
	assert_line --index 2 --regexp '^uptime        1d 2h 3m [0-9]+s$'
	assert_line "command       sleep 60"
	assert_line "cwd           /tmp"
	assert_line "listen        127.0.0.1:80 [::1]:80"
	assert_line "httpAddr      h"
	assert_line "colour        blue"
	refute_output --partial proxyUrl
}

@test "show --json: what the kernel says now, with the uptime, for a strict parser" {
	hold_text '{"pid": %d, "state": "ready", "startedAt": "'"$(TZ=UTC+5 date -d '-1000 seconds' +%Y-%m-%dT%H:%M:%S-05:00)"'", "colour": "blue"}'
	tool -0 otelop-meta show --json
	assert_equal "$stderr" ""
	assert_equal "$(jq -r '.state, .pid, .colour' <<<"$output" | tr '\n' ' ')" "running $holder blue "
	local up
	up=$(jq .uptimeSeconds <<<"$output")
	[ "$up" -ge 1000 ] && [ "$up" -le 1100 ] || fail "uptimeSeconds is $up"
	let_go
	tool -1 otelop-meta show --json
	assert_equal "$(jq -r '.state, .uptimeSeconds' <<<"$output" | tr '\n' ' ')" "stale null "
}

@test "show of a daemon that has no startedAt, or one in the future: no nonsense for an uptime" {
	local at up
	for at in null '"2999-01-01T00:00:00Z"'; do
		hold_text '{"pid": %d, "startedAt": '"$at}"
		tool -0 otelop-meta show --json
		up=$(jq '.uptimeSeconds // 0' <<<"$output")
		[ "$up" -eq 0 ] || fail "startedAt $at: uptime $up"
		let_go
	done
}

@test "show: no control character and no escape sequence of any value or key reaches the terminal" {
	local evil='x\\u001b[31m\\u0007\\u009b2J\\u0085\\u007f\\u0000\\r\\nstate         running\\b\\f\\t'
	file_is '{"pid": 5, "version": "'"$evil"'", "command": ["'"$evil"'", "b"], "cwd": "'"$evil"'", "listen": ["'"$evil"'"], "host": "", "exitSignal": "'"$evil"'", "'"$evil"'": "'"$evil"'", "o": {"'"$evil"'": ["'"$evil"'"]}, "l": [["'"$evil"'"], {"a": "'"$evil"'"}], "exitedAt": "2024-01-01T00:00:00Z"}'
	tool -1 otelop-meta show
	run -0 python3 - "$output" <<-'PYTHON'
		import sys, unicodedata
		text = sys.argv[1]
		assert [c for c in text if c != "\n" and unicodedata.category(c) == "Cc"] == [], ascii(text)
		lines = text.split("\n")
		assert lines[0].startswith("state ") and "running" not in lines[0]
		assert not any(l.startswith("state ") for l in lines[1:]), lines
		assert len(lines) == 11, lines
		assert "\\x1b[31m" in text
	PYTHON
}

@test "show of a file with raw C1 and DEL characters: they do not reach the terminal, with --json neither" {
	file_is '{"pid": 5, "a": "x\xc2\x9b31m\xc2\x85\x7f", "b\xc2\x9b": {"c\x7f": ["\xc2\x9b"]}}'
	tool -1 otelop-meta show
	refute_controls "$output"
	tool -1 otelop-meta show --json
	refute_controls "$output"
	run -0 python3 -c 'import json, sys; m = json.loads(sys.argv[1]); assert m["a"] == "x\x9b31m\x85\x7f", m' "$output"
}

@test "show of letters of any language: as they are" {
	file_is '{"pid": 5, "a": "ü日😀", "\\u00fc": "\\u65e5\\ud83d\\ude00"}'
	tool -1 otelop-meta show
	assert_line --regexp '^a +ü日😀$'
	assert_line --regexp '^ü +日😀$'
}

@test "a state directory with control characters in its name: warnings are one line without them" {
	local dir=$BATS_TEST_TMPDIR/$'a\n\e[31m\xc2\x9b'
	mkdir -m 700 "$dir"
	printf '{' >"$dir/otelop.json"
	tool -1 otelop-meta -C "$dir" running
	assert_stderr_line_count 1
	refute_controls "$stderr"
}

# --- args

@test "args: what otelop start needs to start it again, quoted for sh" {
	file_is '{"pid": 5, "state": "ready", "command": ["sh", "-c", "a '"'"'b'"'"' \\n c", ""], "readyMode": "fd,check:test -e '"'"'x y'"'"'", "maxLifetime": "1h", "noSweep": "1", "version": "v 1", "colour": "light blue", "number": 5, "not-a-key": "x", "listen": ["y"], "host": "h", "exitSignal": "KILL"}'
	tool -0 otelop-meta args
	eval "set -- $output"
	printf '<%s>' "$@" >said
	assert_equal "$(cat said)" "<--ready><fd,check:test -e 'x y'><--max-lifetime><1h><--no-sweep><version=v 1><colour=light blue><--><sh><-c><a 'b' 
 c><>"
}

@test "args where no command is known: 1 and one line; where there is nothing: 3" {
	file_is '{"pid": 5}'
	tool -1 otelop-meta args
	assert_output ""
	assert_stderr_line_count 1
	rm "$file"
	tool -3 otelop-meta args
	assert_output ""
	assert_stderr_line_count 1
}

# --- remove

@test "remove: the metadata goes, and a forgotten .next; the log stays" {
	file_is '{"pid": 5}'
	printf '{"pid"' >"$file.next"
	: >"$OTELOP_STATE_DIR/otelop.log"
	tool -0 otelop-meta remove
	assert_output ""
	assert_equal "$stderr" ""
	assert_state_files otelop.log
	tool -0 otelop-meta remove
	assert_state_files otelop.log
}

@test "remove of an empty and of a corrupt file: gone" {
	file_is ''
	tool -0 otelop-meta remove
	assert_not_exists "$file"
	file_is '{'
	tool -0 otelop-meta remove
	assert_not_exists "$file"
}

@test "remove while a daemon holds the lock: 75, one line that names the daemon, and all stays" {
	background otelop-lock -- sleep 60
	holder=$!
	eventually 5 is_published
	: >"$file.next"
	tool -75 otelop-meta remove
	assert_output ""
	assert_stderr_line_count 1
	assert_regex "${stderr_lines[0]}" "^otelop-meta: $file: .*$holder"
	assert_state_files otelop.json otelop.json.next
	tool -0 otelop-meta running
	let_go
	tool -0 otelop-meta remove
	assert_equal "$(ls -A "$OTELOP_STATE_DIR")" ""
}

@test "remove while upstream's daemon holds a corrupt file: 75, and the file stays" {
	file_is '{'
	hold_file
	tool -75 otelop-meta remove
	assert_stderr_line_count 1
	assert_equal "$(cat "$file")" '{'
}

@test "a forgotten .next: the next write replaces it" {
	mkdir -m 700 state
	printf 'half a fi' >"$file.next"
	tool -0 otelop-meta write pid=5
	assert_state_files otelop.json
	tool -0 otelop-meta get pid
	assert_output 5
}

# --- stdout

@test "a full or closed stdout: 125 and one line that names it, for all that answer" {
	hold_text '{"pid": %d, "command": ["true"]}'
	local words to
	for words in read "get pid" "get -s command" running "running -w 1" show "show --json" args --help --version; do
		for to in '>/dev/full' '>&-'; do
			tool -125 sh -c "exec otelop-meta $words $to"
			assert_stderr_line_count 1
			assert_regex "${stderr_lines[0]}" '^otelop-meta: stdout: '
		done
	done
}

@test "stdin, stdout and stderr all closed: write and remove do their work, and no file is taken for one of them" {
	tool -0 sh -c 'exec otelop-meta write pid=5 <&- >&- 2>&-'
	tool -0 otelop-meta get pid
	assert_output 5
	printf '{' >"$file"
	tool -1 sh -c 'exec otelop-meta running </dev/null >/dev/null 2>&-'
	assert_equal "$(cat "$file")" '{'
	tool -0 sh -c 'exec otelop-meta remove <&- >&- 2>&-'
	assert_not_exists "$file"
}

@test "the daemon is a zombie while its otelop-run sweeps, asked by a user: stale" {
	can_give
	can_be_nobody
	needs /proc
	mkdir -m 755 there
	chown 65534:65534 there
	as_nobody true
	export OTELOP_STATE_DIR=$PWD/there/state
	tool -0 as_nobody otelop-spawn -- otelop-run --ready fd -- sh -c '
		leave sh -c "trap : TERM; >there/deaf; while :; do sleep 0.02; done"
		until test -e there/deaf; do sleep 0.02; done; otelop-ready; exec sleep 1000'
	local pid=$output
	kill -KILL "$pid"
	assert_gone "$pid"
	tool -1 as_nobody otelop-meta running
	assert_output "stale $pid"
}

@test "the daemon has a file open whose server does not answer: it is called running, at once" {
	[ -w /dev/fuse ] || skip "needs /dev/fuse"
	can unshare -m true
	mkdir mount
	tool -0 timeout -s KILL 60 unshare -m sh -c '
		python3 "$1" mount hang >server 2>&1 &
		server=$!
		until [ -e mount/f ]; do kill -0 "$server" || exit; sleep 0.02; done
		otelop-spawn -- otelop-run --ready fd -- sh -c "exec 4<mount/f; otelop-ready; exec sleep 1000" >/dev/null
		: >hang
		timeout -s KILL 20 otelop-meta running | cut -d" " -f1
		timeout -s KILL 20 otelop-stop -t 1 -k 1
		kill "$server"
		wait "$server"
		otelop-stop
		exit 0' sh "$BATS_TEST_DIRNAME/e2e/hangfs.py"
	assert_output running
}

@test "a stranger has a file of our name open whose server does not answer: who keeps a dead daemon's lock is told, at once" {
	[ -w /dev/fuse ] || skip "needs /dev/fuse"
	needs /proc
	can unshare -m true
	mkdir mount
	tool -0 timeout -s KILL 60 unshare -m sh -c '
		python3 "$1" mount hang >server 2>&1 &
		server=$!
		until [ -e mount/f ]; do kill -0 "$server" || exit; sleep 0.02; done
		sh -c "exec 4<mount/otelop.json; : >open; exec sleep 1000" &
		stranger=$!
		otelop-lock -- sh -c "sleep 1001 & : >locked; exec sleep 1000" &
		until [ -e open ] && [ -e locked ]; do sleep 0.02; done
		: >hang
		kill -KILL "$!"
		timeout -s KILL 20 otelop-meta running 2>&1
		timeout -s KILL 20 otelop-stop -t 5
		kill -KILL "$stranger" "$server"
		wait "$server"
		exit 0' sh "$BATS_TEST_DIRNAME/e2e/hangfs.py"
	assert_output --partial "its lock kept by process"
	assert_output --partial "(sleep)"
}
