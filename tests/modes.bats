# What can say that a command is ready, beyond its own words and its sockets; and several --ready.
# shellcheck disable=SC2016 # what stands in single quotes is for the shell inside
load helper

BATS_TEST_TIMEOUT=180

setup_more() {
	cp "$BATS_TEST_DIRNAME/tools/server.py" .
}

ok='HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok'

# --- several --ready: all of them

@test "several --ready: ready when each has held, in whatever order, and not before" {
	local port
	port=$(free_port)
	background otelop start --ready "listen:$port" --ready 'check:test -e go' --ready fd,notify -- \
		python3 server.py "127.0.0.1:$port" 0.3 until:say say=ok
	eventually 10 metadata_says starting
	: >go
	sleep 0.3
	metadata_says starting
	: >say
	eventually 10 metadata_says ready
	# The other way round.
	tool -0 otelop stop
	rm go
	background otelop start --ready 'check:test -e go' --ready fd -- python3 server.py say=ok
	eventually 10 test -e serving
	sleep 0.3
	metadata_says starting
	: >go
	eventually 10 metadata_says ready
}

@test "several --ready, what has held once has held: it need not hold at the end" {
	tool -0 otelop start --ready 'check:mkdir once' --ready 'check:test -e go' --ready 'check:test -d once && : >go' -- sleep 600
	tool -0 otelop stop
	local port
	port=$(free_port)
	tool -0 otelop start --ready "connect:127.0.0.1:$port" --ready fd -- \
		python3 server.py "127.0.0.1:$port" 1 close say=ok
}

@test "several --ready, one of them exec: it alone is not enough" {
	tool -1 otelop start --ready exec --ready fd -- sh -c 'exec 3>&-; sleep 0.5'
	tool -0 otelop start --ready exec --ready fd -- sh -c 'otelop-ready; exec sleep 600'
}

@test "several --ready, the ready pipe is closed without a verdict, and nothing else can satisfy that one: 1" {
	tool -1 timeout 20 otelop-run --ready fd --ready 'check:false' -- sh -c 'exec 3>&-; exec sleep 600'
	assert_equal "$stderr" "otelop-run: sh: closed the ready pipe without a verdict"
	tool -0 otelop start --ready fd,exec --ready up:300ms -- sh -c 'exec 3>&-; exec sleep 600'
}

@test "several --ready, the command says that it has failed after it said that it is ready: 1" {
	tool -1 otelop-run --ready fd,notify --ready 'check:false' -- \
		sh -c 'otelop-ready; sleep 0.3; exec 3>&-; otelop-ready -e "no disk after all"; exec sleep 600'
	assert_equal "$stderr" "otelop-run: sh: no disk after all"
}

@test "several --ready, not in time: those that have not held are named" {
	tool -124 otelop start -t 2 --ready exec --ready 'log:up, at last' --ready 'check:test -e never' -- sleep 600
	[[ $stderr == *"; waited for log:up, at last and check:test -e never"$'\n'* ]]
	[[ $stderr == *$'\n'"otelop: waited for exec and log:up, at last and check:test -e never; --ready says "* ]]
	assert_nothing_runs
}

@test "several --ready: recorded, and a restart waits for all of them again" {
	tool -0 otelop start --ready exec --ready 'log:^up,' --try 3s -- sh -c 'echo "up, now"; exec sleep 600'
	assert_equal "$(jq -c '[.readyMode, .try]' state/otelop.json)" '[["exec","log:^up,"],"3s"]'
	tool -0 otelop restart
	assert_equal "$(jq -c '[.readyMode, .try]' state/otelop.json)" '[["exec","log:^up,"],"3s"]'
}

@test "more modes than there can be: 2, and nothing is dropped" {
	local many
	many=$(printf 'exec,%.0s' {1..40})
	tool -2 otelop start --ready "${many%,}" -- sh -c ': >ran'
	[[ ${stderr_lines[0]} == "otelop: start: --ready: exec: more than 32 modes" ]]
	assert_not_exists ran
	assert_not_exists state
}

# --- log:

@test "log:ERE: ready when a line that it writes matches, also on stderr, and not before" {
	background otelop start --ready 'log:^(up|ready) [0-9]+$' -- sh -c 'echo "is up 80"; echo "up 8a"
		until [ -e go ]; do sleep 0.02; done; printf "up " >&2; sleep 0.2; echo 80 >&2; exec sleep 600'
	eventually 10 metadata_says starting
	sleep 0.3
	metadata_says starting
	: >go
	eventually 10 metadata_says ready
}

@test "log:ERE: what a start before this one has written does not count" {
	tool -0 otelop start --ready log:up -- sh -c 'echo up; exec sleep 600'
	tool -0 otelop stop
	tool -124 otelop start -t 1 --ready log:up -- sleep 600
	# Not even as the end of a line that had no newline.
	printf up >>state/otelop.log
	tool -124 otelop start -t 1 --ready 'log:up.*there' -- sh -c 'echo there; exec sleep 600'
	tool -0 otelop start --ready 'log:^there$' -- sh -c 'echo there; exec sleep 600'
}

@test "log:ERE: a line without its newline is no line yet" {
	tool -124 otelop start -t 1 --ready log:up -- sh -c 'printf up; exec sleep 600'
	tool -0 otelop start --ready 'log:up$' -- sh -c 'printf "up\r\n"; exec sleep 600'
}

@test "log:ERE: a very long line, one with a NUL and one that is not UTF-8: looked at all the same" {
	tool -0 otelop start --ready 'log:^x{50}' --ready 'log:^a b$' --ready "log:^$(printf '\351')t.\$" -- \
		sh -c 'head -c 100000 /dev/zero | tr "\0" x; echo; printf "a\0b\n\351t\351\n"; exec sleep 600'
}

@test "log:ERE that costs the square of a line's length, and many such lines: otelop-run hears a signal all the same" {
	python3 -c 'print(("x" * 8000 + "\n") * 250, end="")' >lines
	touch log
	background env --default-signal otelop-run --ready 'log:[^ ]+ ready' --ready 'log:[^ ]+ up' -- sh -c 'cat lines; exec sleep 600' >>log 2>err
	runner=$!
	eventually 10 grep -q x log
	sleep 0.1
	kill -TERM "$runner"
	assert_gone "$runner"
	assert_runner_status 143
}

@test "log:ERE with a back-reference, which an extended regular expression has not: a usage error" {
	tool -2 otelop start --ready 'log:(.*)\1x' -- true
	assert_regex "${stderr_lines[0]}" '^otelop: start: --ready: log:\(\.\*\)\\1x: '
	assert_not_exists state
	tool -0 otelop start --ready 'log:^[\1]\.[[:digit:]]$' -- sh -c 'echo 1.1; exec sleep 600'
}

@test "log:ERE with --log-max: no line is missed, however often the log is renamed meanwhile" {
	tool -0 otelop start --log-max 1k --ready 'log:^line 777$' -- \
		sh -c 'i=0; while [ $i -lt 1500 ]; do echo "line $i"; i=$((i + 1)); done; exec sleep 600'
	tool -0 otelop stop
	tool -124 otelop start -t 2 --log-max 1k --ready 'log:^line 1777$' -- \
		sh -c 'i=0; while [ $i -lt 1500 ]; do echo "line $i"; i=$((i + 1)); done; exec sleep 600'
	assert_nothing_runs
}

@test "log:ERE with --log-max, ready by something else: what is written later arrives all the same" {
	tool -0 otelop start --log-max 1M --ready exec,log:never -- \
		sh -c 'until [ -e go ]; do sleep 0.02; done; head -c 300000 /dev/zero | tr "\0" x; echo; echo last; exec sleep 600'
	: >go
	eventually 20 grep -q '^last$' state/otelop.log
}

@test "log:ERE where there is no log: said before anything runs" {
	tool -2 otelop start -f --ready log:up -- sh -c ': >ran'
	[[ ${stderr_lines[0]} == "otelop: start: --ready: log:up: needs the log, and -f writes none" ]]
	assert_not_exists state
	tool -125 otelop-run --ready fd,log:up -- sh -c ': >ran'
	assert_equal "$stderr" "otelop-run: log:up: needs the log, and standard output is no file"
	assert_not_exists ran
}

@test "log:ERE with -f and --log-max: there is a log" {
	background otelop start -f --log-max 1M --ready log:up -- sh -c 'echo up; exec sleep 600'
	eventually 10 metadata_says ready
}

@test "log:ERE in a log that its writer may not read: said before anything runs" {
	can_be_nobody
	can_give
	mkdir -m 700 state
	: >log
	chmod 200 log
	chown 65534 state log .
	tool -125 as_nobody otelop-spawn -l log -- otelop-run --ready log:up -- sh -c ': >ran'
	assert_regex "$stderr" 'log:up: cannot read the log: '
	assert_not_exists ran
}

# --- a URL

@test "URL: ready when the answer is below 400, and not before" {
	local port
	port=$(free_port)
	background otelop start --ready "http://127.0.0.1:$port/a,b" -- python3 server.py until:go "127.0.0.1:$port" "answer=$ok"
	eventually 10 metadata_says starting
	sleep 0.3
	metadata_says starting
	: >go
	eventually 10 metadata_says ready
}

@test "URL: 404 and 500 are no; a redirect is a yes, and is not followed" {
	local port
	port=$(free_port)
	tool -124 otelop start -t 2 --ready "http://127.0.0.1:$port/" -- \
		python3 server.py "127.0.0.1:$port" 'answer=HTTP/1.0 404 Not Found\r\n\r\n'
	assert_regex "$stderr" "; the answer was 404 at http://127\.0\.0\.1:$port/"
	tool -124 otelop start -t 2 --ready "http://127.0.0.1:$port/" -- \
		python3 server.py "127.0.0.1:$port" 'answer=HTTP/1.0 500 Oh\r\n\r\n'
	tool -0 otelop start --ready "http://127.0.0.1:$port/" -- \
		python3 server.py "127.0.0.1:$port" "answer=HTTP/1.0 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n"
}

@test "URL: neither a proxy of the environment nor the user's settings are in the way" {
	local port
	port=$(free_port)
	echo 'proxy = http://127.0.0.1:1' >.curlrc
	HOME=$PWD http_proxy=http://127.0.0.1:1 ALL_PROXY=http://127.0.0.1:1 tool -0 otelop start \
		--ready "http://127.0.0.1:$port" -- python3 server.py "127.0.0.1:$port" "answer=$ok"
}

# with_clients CLIENT... -- -STATUS COMMAND...: as tool, with only these of curl and wget to be found.
with_clients() {
	local program
	rm -rf clients
	mkdir clients
	for program in sh sleep env ps; do ln -s "$(command -v "$program")" "clients/$program"; done
	ln -s "$(python3 -c 'import sys; print(sys.executable)')" clients/python3
	while [ "$1" != -- ]; do
		ln -s "$(command -v "$1")" "clients/$1"
		shift
	done
	shift
	tool "$1" env PATH="$BUILD:$PWD/clients" "${@:2}"
}

@test "URL by wget, where there is no curl" {
	command -v wget >/dev/null || skip "needs wget"
	local port
	port=$(free_port)
	http_proxy=http://127.0.0.1:1 with_clients wget -- -0 otelop start --ready "http://127.0.0.1:$port" -- \
		python3 server.py "127.0.0.1:$port" "answer=$ok"
	tool -0 otelop stop
	with_clients wget -- -124 otelop start -t 2 --ready "http://127.0.0.1:$port" -- \
		python3 server.py "127.0.0.1:$port" 'answer=HTTP/1.0 404 Not Found\r\n\r\n'
	with_clients wget -- -0 otelop start --ready "http://127.0.0.1:$port" -- \
		python3 server.py "127.0.0.1:$port" "answer=HTTP/1.0 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n"
}

@test "URL whose answer goes on and on, as of events: ready by its first line, with curl and with wget" {
	local port client
	cat >events.py <<-'PYTHON'
		import socket, sys, time
		with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
		    while True:
		        connection = server.accept()[0]
		        connection.recv(4096)
		        connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
		        globals().setdefault("all", []).append(connection)
	PYTHON
	for client in curl wget; do
		command -v "$client" >/dev/null || continue
		port=$(free_port)
		with_clients "$client" -- -0 otelop start -t 20 --try 2s --ready "http://127.0.0.1:$port/" -- python3 events.py "$port"
		tool -0 otelop stop
	done
}

@test "URL with neither curl nor wget: said at once, and nothing runs" {
	with_clients -- -125 otelop start --ready exec,http://localhost:1 -- sh -c ': >ran'
	[[ ${stderr_lines[0]} == "otelop: http://localhost:1: needs curl or wget, and neither is found" ]]
	assert_not_exists ran
}

# --- up:

@test "up:TIME: ready when it has lived so long; what dies before has failed" {
	tool -0 otelop start --ready exec -- sh -c 'echo no configuration; exit 1'
	tool -1 otelop start --ready up:2 -- sh -c 'echo no configuration; exit 1'
	assert_equal "${stderr_lines[0]}" "otelop: sh: exited with status 1"
	assert_equal "${stderr_lines[1]}" "no configuration"
	local before=$SECONDS
	tool -0 otelop start --ready up:2 -- sleep 600
	((SECONDS - before >= 1))
}

# --- --try

@test "--try: a check that hangs is ended, with all that it began, and the next one may do better" {
	# A number that nobody else's sleep has.
	local hangs="check:mkdir once 2>/dev/null || exit 0; sleep 601.$$; exit 1"
	tool -0 otelop start --try 300ms --ready "$hangs" -- sleep 600
	assert_equal "$(pgrep -fxc "sleep 601.$$")" 0
	# Without that, 5 seconds are its time.
	tool -0 otelop stop
	rmdir once
	tool -124 otelop start -t 3 --ready "$hangs" -- sleep 600
	rmdir once
	tool -124 otelop start -t 7 --try 0 --ready "$hangs" -- sleep 600
}

@test "--try: a URL whose first requests are not answered is asked again" {
	local port
	port=$(free_port)
	tool -0 otelop start -t 30 --try 500ms --ready "http://127.0.0.1:$port" -- \
		python3 server.py "127.0.0.1:$port" silent=2 "answer=$ok"
}

@test "--try: no time: 2, and it is named" {
	tool -2 otelop start --try soon -- sh -c ': >ran'
	[[ ${stderr_lines[0]} == "otelop: start: --try: "*soon* ]]
	assert_not_exists ran
	assert_not_exists state
}

# --- with --respawn

@test "log:ERE and --respawn: each run is ready by its own lines, also through --log-max" {
	local bound
	for bound in '' --log-max=1M; do
		rm -f once go
		tool -0 otelop start --respawn $bound --ready log:^up -- sh -c 'if mkdir once; then echo up; sleep 0.5; exit 3; fi
			until [ -e go ]; do sleep 0.02; done; echo up; exec sleep 600'
		has_restarted() { [ "$(otelop-meta get restarts 2>/dev/null)" = 1 ] && metadata_says starting; }
		eventually 20 has_restarted
		sleep 1.5
		metadata_says starting
		: >go
		eventually 20 metadata_says ready
		tool -0 otelop stop
		rmdir once
	done
}
