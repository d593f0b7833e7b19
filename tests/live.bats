# What status asks a daemon of upstream's: its live counters, by curl, from whoever answers there.
# shellcheck disable=SC2016 # what stands in single quotes is for another shell
load helper

setup_more() {
	# None but what a test puts there.
	unset http_proxy HTTP_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY CURL_HOME
}

need_curl() { can curl --version; }

# answers HOW: a daemon runs that answers so; $pid, $port.
answers() {
	tool -0 otelop start --ready fd -- python3 "$BATS_TEST_DIRNAME/tools/graphql.py" "$1"
	pid=$output
	port=$(otelop-meta get httpAddr)
	port=${port##*:}
}

# unknown REASON: status has no counters, the metadata instead, and this reason (a regular expression) in one line.
unknown() {
	tool -0 soon otelop status
	assert_equal "$stderr" ""
	assert_line --regexp "^pid +$pid\$"
	assert_line --regexp "^uptime +[0-9]+s\$"
	assert_line --regexp "^httpAddr +127\.0\.0\.1:$port\$"
	refute_line --regexp "^Buffered"
	assert_regex "${lines[-1]}" "^counters +unknown: $1\$"
	refute_controls "$output"
	no_curl_runs
}
curl_runs() {
	local one
	for one in $(marked_processes); do
		if is_now "$one" curl; then return; fi
	done
	return 1
}
no_curl_runs() { ! curl_runs; }

# fake_curl SCRIPT: found before the real one.
fake_curl() {
	mkdir -p fake
	printf '#!/bin/sh\n%s\n' "$1" >fake/curl
	chmod +x fake/curl
	PATH=$PWD/fake:$PATH
}

# hold_address HTTPADDR: upstream's daemon, as far as can be seen, which says that it can be asked there.
hold_address() { hold_text '{"pid": %d, "startedAt": "2026-01-01T00:00:00Z", "httpAddr": "'"$1"'"}'; }

@test "status of a daemon that answers as upstream's does: its rows, with uptime and counters" {
	need_curl
	answers right
	tool -0 otelop status
	assert_equal "$stderr" ""
	run printf '%s\n' "${lines[@]:0:13}"
	assert_output "state         running
PID           $pid
Version       v9.9.9
Started       2026-04-29T01:55:42.123456+09:00 (up 5m3s)
Web UI        http://localhost:4319
OTLP gRPC     0.0.0.0:4317
OTLP HTTP     0.0.0.0:4318
Proxy         GRPC http://elsewhere:4317
Buffered      traces=3/1000 metrics=20/3000 logs=100/5000
Log           $OTELOP_STATE_DIR/otelop.log
command       python3 $BATS_TEST_DIRNAME/tools/graphql.py right
cwd           $PWD
listen        127.0.0.1:$port"
	assert_equal "$(cat asked)" "/graphql application/json 127.0.0.1:$port {\"query\":\"{status{version startedAt uptimeMs httpAddr otlpGrpcAddr otlpHttpAddr proxyUrl proxyProtocol debug config{traceCount metricCount logCount traceCap metricCap logCap}}}\"}"
}

@test "it answers as upstream's later versions, which have no caps: the counters alone" {
	need_curl
	answers later
	tool -0 otelop status
	assert_line "Buffered      traces=3 metrics=20 logs=100"
}

@test "status -q, status --json and otelop-meta show: the daemon is not asked" {
	need_curl
	answers right
	tool -0 otelop status -q
	assert_output ""
	tool -0 otelop status --json
	assert_equal "$(jq -r .httpAddr <<<"$output")" "127.0.0.1:$port"
	tool -0 otelop-meta show
	assert_line --regexp "^pid +$pid\$"
	assert_not_exists asked
}

# shown ANSWER LINE...: what it answers (a change by jq of the right answer), and lines that status has then.
shown() {
	local line
	jq -c "$1" <right >answer
	shift
	tool -0 otelop status
	refute_controls "$output"
	for line in "$@"; do assert_line "$line"; done
}
right='{"data": {"status": {"version": "v1", "startedAt": "2026-04-29T01:55:42Z", "uptimeMs": 12499, "httpAddr": "127.0.0.1:1",
	"otlpGrpcAddr": "a", "otlpHttpAddr": "b", "proxyUrl": "", "proxyProtocol": "", "debug": false, "config": {"traceCount": 0,
	"metricCount": 0, "logCount": 0, "traceCap": 1, "metricCap": 1, "logCap": 1}}}}'

@test "right answers of all kinds: what they say is shown, and no control character of theirs" {
	need_curl
	echo "$right" >right
	answers file:answer
	shown . "Started       2026-04-29T01:55:42Z (up 12s)" "Web UI        http://127.0.0.1:1" "Proxy         disabled" \
		"state         running"
	shown '.data.status.debug = true' "state         running (debug)"
	shown '.data.status.uptimeMs = 0.25' "Started       2026-04-29T01:55:42Z (up 0s)"
	shown '.data.status.uptimeMs = 3600000' "Started       2026-04-29T01:55:42Z (up 1h0m)"
	shown '.data.status.uptimeMs = 1e12' "Started       2026-04-29T01:55:42Z (up 277777h46m)"
	shown '.data.status.version = ""' "Proxy         disabled"
	refute_line --partial Version
	shown '.data.status.httpAddr = "[::]:80"' "Web UI        http://localhost:80"
	shown '.data.status.httpAddr = "\u001b[31m"' 'Web UI        http://\x1b[31m'
	shown '.data.status.proxyProtocol = "ht\u001btp" | .data.status.proxyUrl = "a\u009bb"' 'Proxy         HT\x1bTP a\xc2\x9bb'
	shown '.data.status.proxyProtocol = "grpc"' "Proxy         disabled"
	shown '.data.status.otlpGrpcAddr = "\u0000\n\u001b]0;x\u0007"' 'OTLP gRPC     \x00\x0a\x1b]0;x\x07'
	shown '.data.status.config.logCount = 9007199254740991' "Buffered      traces=0/1 metrics=0/1 logs=9007199254740991/1"
	shown '.data.status.more = [[{}]] | .extensions = {}' "Proxy         disabled"
}

@test "other answers of all kinds: the metadata, and in one line that it is no otelop daemon's" {
	need_curl
	local change
	echo "$right" >right
	answers file:answer
	for change in '.data = null' '.data = []' 'del(.data.status)' '.data.status = "x"' '.data.status.config = []' '[.]' '1' 'null' \
		'"data"' '{}' '.data.status.version = 1' 'del(.data.status.debug)' '.data.status.startedAt = "now"' \
		'.data.status.uptimeMs = -1' '.data.status.uptimeMs = "1"' '.data.status.uptimeMs = 1e30' \
		'.data.status.config.traceCount = 1.5' '.data.status.config.logCount = null' '.data.status.config.traceCap = -1' \
		'.data.status.config.metricCap = "1"' '.errors = 5 | .data = 5' '.errors = [] | del(.data)' '.errors = [1] | del(.data)'; do
		jq -c "$change" <right >answer
		unknown "http://127\.0\.0\.1:$port/graphql: the answer is not that of an otelop daemon"
	done
}

@test "answers that are not JSON: that, and what is wrong" {
	need_curl
	local answer
	answers file:answer
	for answer in '' ' ' 'hello' '<html>' '{"data": ' '{} {}' '{"a"}' '"\xff"' '\0' "$(printf '[%.0s' {1..100})" '{"a": "\x1b[31m"}'; do
		# shellcheck disable=SC2059 # a format
		printf "$answer" >answer
		unknown "http://127\.0\.0\.1:$port/graphql: the answer is not JSON: .*"
	done
}

@test "it answers with an error: its message, without its control characters" {
	need_curl
	answers refuses
	unknown 'http://127\.0\.0\.1:[0-9]+/graphql: it answers: not \\x1b\[31m\\xc2\\x9b today\\x0a'
}

@test "it answers with another status: which; a redirect is not followed" {
	need_curl
	answers status:404
	unknown "http://127\.0\.0\.1:$port/graphql: it answers with status 404"
	otelop stop
	background python3 -m http.server 0 --bind 127.0.0.1 >served 2>&1
	background python3 -u -m http.server 0 --bind 127.0.0.1 >listening 2>visited
	eventually 10 grep -q port listening
	answers "redirect:http://127.0.0.1:$(sed 's/.*port \([0-9]*\).*/\1/' listening)/there"
	unknown "http://127\.0\.0\.1:$port/graphql: it answers with status 302"
	assert_equal "$(cat visited)" ""
}

@test "what answers is no HTTP, closes, breaks off, says 64 MiB or never ends: the reason, and nothing is left" {
	need_curl
	local how reason
	while read -r how reason; do
		answers "$how"
		unknown "http://127\.0\.0\.1:$port/graphql: $reason"
		otelop stop
	done <<-'END'
		garbage what answers there is no HTTP server
		closes it closed without an answer
		cuts the answer broke off
		huge the answer is too long
		endless the answer is too long
	END
}

@test "no answer, one that comes too late or byte by byte: 3 seconds in all, and nothing is left" {
	need_curl
	local how began
	for how in silent slow dribbles; do
		answers "$how"
		began=${EPOCHREALTIME/./}
		unknown "http://127\.0\.0\.1:$port/graphql: no answer within 3 seconds"
		began=$((${EPOCHREALTIME/./} - began))
		# A machine may stall; 3 seconds for each of two questions would be above that.
		[ "$began" -ge 2900000 ] && [ "$began" -lt 5500000 ] || fail "it took $began us"
		otelop stop
	done
}

@test "nobody listens there, or there is no such host: the reason" {
	need_curl
	hold_address "127.0.0.1:$(free_port)"
	tool -0 otelop status
	assert_regex "${lines[-1]}" '^counters +unknown: http://127\.0\.0\.1:[0-9]+/graphql: nobody answers$'
	let_go
	fake_curl 'exit 6'
	hold_address a.invalid:80
	tool -0 otelop status
	assert_regex "${lines[-1]}" '^counters +unknown: http://a\.invalid:80/graphql: there is no such host$'
}

@test "there is no curl, or one that cannot be run: the reason" {
	hold_address 127.0.0.1:1
	mkdir fake
	ln -s "$(command -v sh)" "$BUILD"/otelop* fake
	tool -0 env PATH="$PWD/fake" otelop status
	assert_regex "${lines[-1]}" '^counters +unknown: curl: No such file or directory$'
	: >fake/curl
	tool -0 env PATH="$PWD/fake" otelop status
	assert_regex "${lines[-1]}" '^counters +unknown: curl: Permission denied$'
}

@test "curl ends otherwise: how, in one line" {
	hold_address 127.0.0.1:1
	fake_curl 'exit 99'
	tool -0 otelop status
	assert_regex "${lines[-1]}" '^counters +unknown: http://127\.0\.0\.1:1/graphql: curl exited with status 99$'
	fake_curl 'printf 20'
	tool -0 otelop status
	assert_regex "${lines[-1]}" '^counters +unknown: http://127\.0\.0\.1:1/graphql: curl does not say with which status it answers$'
	fake_curl 'kill -9 $$'
	tool -0 otelop status
	assert_regex "${lines[-1]}" '^counters +unknown: http://127\.0\.0\.1:1/graphql: curl was killed by signal 9$'
}

@test "curl hangs, with children, and hears no TERM: all of it is gone after 3 seconds" {
	hold_address 127.0.0.1:1
	fake_curl 'trap "" TERM; sleep 1000 & sleep 1000; :'
	tool -0 soon otelop status
	assert_regex "${lines[-1]}" 'no answer within 3 seconds$'
	let_go
	assert_nothing_runs
}

@test "another child of the caller's ends while curl is found: the daemon is asked all the same" {
	echo "$right" >right
	hold_address 127.0.0.1:1
	fake_curl 'cat right; printf 200'
	# Each process is held up at its first exec: sleep ends while curl is, which is later by one exec.
	can strace -f -qq -o trial -e inject=execve:delay_enter=1:when=1 true
	tool -0 soon strace -f -qq -o trace -e trace=execve -e inject=execve:delay_enter=700000:when=1 \
		sh -c 'sleep 0.3 & exec otelop-meta --as=otelop status'
	assert_line "Buffered      traces=0/1 metrics=0/1 logs=0/1"
}

@test "curl ends, but a child of its has the pipe: what it said counts, and the child is gone" {
	echo "$right" >right
	hold_address 127.0.0.1:1
	fake_curl 'cat right; printf 200; sleep 1000 & exit 0'
	tool -0 soon otelop status
	assert_line "Buffered      traces=0/1 metrics=0/1 logs=0/1"
	let_go
	assert_nothing_runs
}

@test "status is ended by a signal while it asks: it dies of it, and nothing is left" {
	local signal number asker
	hold_address 127.0.0.1:1
	fake_curl 'sleep 1000 & echo there >there; sleep 1000; :'
	for signal in TERM:143 INT:130 HUP:129 QUIT:131; do
		rm -f there
		background env --default-signal otelop status
		asker=$!
		eventually 10 test -s there
		kill -"${signal%:*}" "$asker"
		assert_ended "$asker" "${signal#*:}"
		eventually 10 only_runs "$holder"
	done
}

@test "status is killed while it asks: curl ends by its own limit" {
	need_curl
	answers silent
	background otelop status
	asker=$!
	eventually 10 curl_runs
	kill -KILL "$asker"
	eventually 10 no_curl_runs
}

@test "Ctrl-C on a terminal while it asks: 130, and nothing is left" {
	hold_address 127.0.0.1:1
	fake_curl 'sleep 1000 & : >typing; sleep 1000; :'
	run -130 on_terminal otelop status
	let_go
	assert_nothing_runs
}

@test "curl finds nothing of the caller's: no .curlrc, no proxy, no descriptor, and nobody's stdin" {
	need_curl
	printf 'output = taken\nuser-agent = x\nlocation\n' >.curlrc
	answers right
	HOME=$PWD http_proxy=http://127.0.0.1:1 all_proxy=http://127.0.0.1:1 tool -0 otelop status
	assert_line --regexp '^Buffered'
	assert_not_exists taken
	fake_curl 'ls -l /proc/self/fd >open; cat >read; exit 7'
	echo typed | without_bats otelop status 5<.curlrc
	assert_equal "$(cat read)" ""
	assert_equal "$(sed -n 's/.* \([0-9]*\) -> .*/\1/p' open | tr '\n' ' ')" "0 1 2 3 " # 3 is what ls itself has
}

@test "an httpAddr that is not HOST:PORT: nothing is called, and the line says so" {
	local address
	fake_curl ': >called'
	for address in x : :0 :99999 127.0.0.1 '127.0.0.1:80/x' 'user@host:80' '-o:80' 'a b:80' 'a/b:80' '{a,b}:80' '[a]:80' '[]:80' '[::1:80' \
		'::1:80' '[::1%%lo]:80' 'a:80?' 'a#:80' 'ü:80' '\u001b:80' '\u0000:80' "$(printf 'a%.0s' {1..1000}):80"; do
		hold_address "$address"
		tool -0 otelop status
		assert_regex "${lines[-1]}" '^counters +unknown: httpAddr: it is not HOST:PORT$'
		refute_controls "$output"
		let_go
	done
	assert_not_exists called
}

@test "an httpAddr of all addresses: localhost is asked, as upstream does" {
	local address
	fake_curl 'for word; do :; done; echo "$word" >asked; exit 7'
	for address in :80 0.0.0.0:80 '[::]:80' :::80; do
		hold_address "$address"
		tool -0 otelop status
		assert_equal "$(cat asked)" http://localhost:80/graphql
		let_go
	done
	for address in '[::1]:80' localhost:80 a-b.c_d:80; do
		hold_address "$address"
		tool -0 otelop status
		assert_equal "$(cat asked)" "http://$address/graphql"
		let_go
	done
}

@test "a daemon without httpAddr, one that starts or is dead: curl is not called" {
	fake_curl ': >called'
	start_sleep
	tool -0 otelop status
	refute_output --partial counters
	otelop stop
	start_in_background one --ready fd httpAddr=127.0.0.1:1 -- sh -c "$waiting" sh otelop-ready
	eventually 20 state_is starting
	tool -0 otelop status
	refute_output --partial counters
	: >go
	wait "$!"
	kill -KILL "$(otelop-meta get pid)"
	eventually 10 has_left_a_word
	tool -1 otelop status
	refute_output --partial counters
	assert_not_exists called
}

@test "status of a daemon without httpAddr: two programs and no fork" {
	needs "way to look at a process without ps(1)"
	can strace -qq -o trial true
	start_sleep
	strace -f -qq -o traced -e trace=execve,fork,vfork,clone,clone3 otelop status
	assert_equal "$(grep -c 'execve(.* = 0' traced)" 2
	refute grep -E 'fork|clone' traced
}

@test "stdout is closed by its reader, or full, while it asks: as ever" {
	need_curl
	answers right
	tool -0 unread otelop status
	assert_equal "$stderr" ""
	can dd if=/dev/zero of=/dev/full count=0
	run -125 --separate-stderr without_bats sh -c 'otelop status >/dev/full'
}
