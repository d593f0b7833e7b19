# otelop-meta: write, read and remove the metadata.
# shellcheck disable=SC2016 # what stands in single quotes is for another shell
load helper

setup_more() {
	file=$OTELOP_STATE_DIR/otelop.json
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

# connects_at LISTEN ADDRESS [MODE]: of what it listens on (JSON), this is where one connects to it; "": nowhere.
connects_at() {
	file_is '{"pid": 2147483647'"${3:+, \"readyMode\": \"$3\"}"', "listen": '"$1"'}'
	if [ -z "$2" ]; then
		tool -1 otelop-meta get address port
		assert_output ""
		assert_stderr_line_count 2
		assert_regex "$stderr" 'address: .*port: '
		return
	fi
	tool -0 otelop-meta get address port
	assert_output "$2"$'\n'"${2##*:}"
}

@test "get address and port: of the lowest TCP port, at the address that most can reach, as one connects to it" {
	connects_at '["127.0.0.1:8080"]' 127.0.0.1:8080
	connects_at '["0.0.0.0:8080"]' 127.0.0.1:8080
	connects_at '["10.1.2.3:80"]' 10.1.2.3:80
	connects_at '["127.0.0.1:10000", "127.0.0.1:9000"]' 127.0.0.1:9000
	connects_at '["[::1]:8080"]' '[::1]:8080'
	connects_at '["[::1]:8080", "0.0.0.0:8080"]' 127.0.0.1:8080
	connects_at '["10.1.2.3:8080", "[::1]:8080", "[fe80::1]:8080"]' '[::1]:8080'
	connects_at '["[fe80::1]:8080", "127.0.0.2:8080"]' 127.0.0.2:8080
	connects_at '["[::ffff:127.0.0.1]:8080"]' 127.0.0.1:8080
	connects_at '["[::ffff:0.0.0.0]:8080", "10.1.2.3:8080"]' 127.0.0.1:8080
	connects_at '["/run/a:1", "./b:2", "@c:3", "127.0.0.1:65535"]' 127.0.0.1:65535
	# The kernel says nothing of a socket that there is not.
	connects_at '["[::]:1"]' 127.0.0.1:1
}

@test "get address and port of a daemon that listens on no TCP port: status 1, named" {
	connects_at '[]' ""
	connects_at '["/run/socket", "./a:1", "@127.0.0.1:80", "127.0.0.1:80x", "127.0.0.1:0", "127.0.0.1:65536", "[::1:80", "::1:80", ":80", "[:80", "a:80"]' ""
	connects_at '["127.0.0.1:80\\u0000", "'"$(printf '1%.0s' {1..3000})"':80"]' ""
	file_is '{"pid": 2147483647}'
	tool -1 otelop-meta get port
	assert_equal "$stderr" "otelop-meta: port: no such member, and no TCP port that it is known to listen on"
}

@test "get address and port, it is ready by listen:PORT: that port is meant, where it listens on it" {
	local both='["127.0.0.1:80", "127.0.0.1:8080", "[::1]:9090"]'
	connects_at "$both" 127.0.0.1:8080 listen:8080
	connects_at "$both" '[::1]:9090' fd,notify,listen:9090
	connects_at "$both" 127.0.0.1:8080 listen:1,listen:8080,listen:80
	connects_at "$both" 127.0.0.1:80 listen
	connects_at "$both" 127.0.0.1:80 listen:1
	connects_at "$both" 127.0.0.1:80 listen:8080x
	connects_at "$both" 127.0.0.1:80 'check:true,listen:8080'
	connects_at "$both" 127.0.0.1:80 'fd,log:a,listen:8080'
	connects_at "$both" 127.0.0.1:80 'http://a/,listen:8080'
	connects_at "$both" 127.0.0.1:80 'https://a/,listen:8080'
}

@test "get address and port, the user has given members of these names: they win" {
	file_is '{"pid": 5, "listen": ["127.0.0.1:80"], "port": "mine", "address": ""}'
	tool -0 otelop-meta get address port
	assert_output $'\nmine'
}

@test "get -s address: quoted, for an IPv6 address is a pattern" {
	file_is '{"pid": 5, "listen": ["[::1]:80"]}'
	tool -0 otelop-meta get -s address port
	assert_output "'[::1]:80'"$'\n'"'80'"
}

@test "get address, it listens on [::]: where its socket takes IPv6 alone that is [::1], else 127.0.0.1" {
	needs_proc
	needs "a kernel's word on sockets"
	python3 -c 'import socket; socket.socket(socket.AF_INET6).bind(("::1", 0))' || skip "no IPv6"
	cat >any.py <<-'PYTHON'
		import http.server, socket, sys
		class Server(http.server.HTTPServer):
		    address_family = socket.AF_INET6
		    def server_bind(self):
		        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(sys.argv[1]))
		        super().server_bind()
		Server(("::", 0), http.server.SimpleHTTPRequestHandler).serve_forever()
	PYTHON
	local alone wanted=(127.0.0.1 '[::1]')
	for alone in 0 1; do
		tool -0 otelop start --ready listen -- python3 any.py "$alone"
		tool -0 otelop-meta get port address listen
		assert_equal "${lines[1]}" "${wanted[alone]}:${lines[0]}"
		assert_equal "${lines[2]}" "[::]:${lines[0]}"
		ask "${lines[1]}" 'HEAD / HTTP/1.0\r\n\r\n' | grep -q "200 OK"
		otelop stop
	done
}

@test "a terminal as stdout: get, read, args and otelop-statedir show what a script gets raw, without its controls" {
	local words dir=$OTELOP_STATE_DIR/$'d\e[31m'
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
	hold_file "$file"
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
