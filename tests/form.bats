# Which text is metadata, and what is made of it.
# shellcheck disable=SC2016 # what stands in single quotes is for another shell
load helper

setup_more() {
	file=$OTELOP_STATE_DIR/otelop.json
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

@test "as many members as fit into 64 KiB: read, and the last one found" {
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
	hold_file "$file"
	tool -0 otelop-meta running
	assert_output "starting $$"
}
