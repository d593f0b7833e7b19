# Readiness is the command's own: who else may answer where it is to answer, and what is told of that.
# shellcheck disable=SC2016 # what stands in single quotes is for the shell inside
load helper

BATS_TEST_TIMEOUT=180

setup_more() {
	cp "$BATS_TEST_DIRNAME/tools/server.py" .
	ok='HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok'
}

# other WORD...: a server of somebody else's, $other is its pid.
other() {
	background python3 server.py "$@"
	other=$!
	eventually 10 test -e serving
}
# others WORD...: the same of another user's, in a directory of his own, in time or not.
others() {
	mkdir -p -m 777 theirs
	chmod 777 theirs
	background as_nobody sh -c 'cd theirs && exec python3 ../server.py "$@"' sh "$@"
	eventually 10 test -e theirs/serving
	rm -f theirs/serving
}
# Who is told to have answered, where that can be seen.
assert_named() {
	if is_fallback; then
		[[ ${stderr_lines[0]} == "otelop: $1: somebody answers there already" ]]
	else
		[[ ${stderr_lines[0]} == "otelop: $1: process $other (python3) answers there already" ]]
	fi
}

@test "connect:HOST:PORT, and another program has the port: the start fails at once and says who" {
	local port
	port=$(free_port)
	other "127.0.0.1:$port"
	tool -1 otelop start --ready "connect:127.0.0.1:$port" -- sh -c ': >ran; exec sleep 600'
	assert_named "connect:127.0.0.1:$port"
	assert_not_exists ran
	assert_nothing_runs_but "$other"
	# One of several, and by a name.
	tool -1 otelop start --ready exec --ready "fd,connect:localhost:$port" -- sh -c ': >ran; exec sleep 600'
	assert_named "connect:localhost:$port"
	assert_not_exists ran
}
assert_nothing_runs_but() { eventually 10 only_runs "$1"; }

@test "connect:PORT, and another program has it for all addresses, of IPv6 as well" {
	[ -e /proc/net/if_inet6 ] && grep -q ' lo$' /proc/net/if_inet6 || skip "needs IPv6"
	local port
	port=$(free_port)
	other "[::]:$port"
	tool -1 otelop start --ready "connect:127.0.0.1:$port" -- sh -c ': >ran; exec sleep 600'
	assert_named "connect:127.0.0.1:$port"
	tool -1 otelop start --ready "connect:[::1]:$port" -- sh -c ': >ran; exec sleep 600'
	assert_named "connect:[::1]:$port"
	assert_not_exists ran
}

@test "connect:PATH, and another program answers there: the start fails at once and says who" {
	other "$PWD/other.sock"
	tool -1 otelop start --ready "connect:$PWD/other.sock" -- sh -c ': >ran; exec sleep 600'
	assert_named "connect:$PWD/other.sock"
	assert_not_exists ran
}

@test "a URL that another program answers: the start fails at once and says who" {
	local port
	port=$(free_port)
	other "127.0.0.1:$port" "answer=$ok"
	tool -1 otelop start --ready "http://127.0.0.1:$port/" -- sh -c ': >ran; exec sleep 600'
	assert_named "http://127.0.0.1:$port/"
	assert_not_exists ran
}

@test "a URL at which another program answers 404: that is no answer" {
	local port
	port=$(free_port)
	other "127.0.0.1:$port" 'answer=HTTP/1.0 404 Not Found\r\n\r\n'
	tool -124 otelop start -t 1 --ready "http://127.0.0.1:$port/" -- sleep 600
}

@test "another program takes connections and says nothing: a URL's start goes on after a moment" {
	local port
	port=$(free_port)
	other "127.0.0.1:$port"
	tool -0 otelop start --ready "up:1s,http://127.0.0.1:$port/" -- sleep 600
}

@test "a restart of what is ready by connect: its own server is gone by then" {
	local port
	port=$(free_port)
	tool -0 otelop start --ready "connect:127.0.0.1:$port" -- python3 server.py "127.0.0.1:$port"
	tool -0 otelop restart
	tool -0 otelop status -q
}

@test "another user takes the port after the command has begun: it is not ready by his answer, and that is told" {
	needs "word of whose a socket is"
	can_be_nobody
	can as_nobody python3 -c 'import socket'
	local port
	port=$(free_port)
	background otelop start -t 3 --ready "connect:127.0.0.1:$port" -- sleep 600 2>err
	starter=$!
	eventually 10 metadata_says starting
	others "127.0.0.1:$port"
	assert_ended "$starter" 124
	grep -q "; another user's process answers at connect:127.0.0.1:$port" err
}

@test "a Unix socket or a URL of another user's after the command has begun: it is not ready" {
	needs "word of whose a socket is"
	can_be_nobody
	can as_nobody python3 -c 'import socket'
	local port
	port=$(free_port)
	background otelop start -t 3 --ready "connect:./theirs/other.sock" -- sleep 600 2>err
	starter=$!
	eventually 10 metadata_says starting
	others ./other.sock
	assert_ended "$starter" 124
	grep -q "; another user's process answers at connect:./theirs/other.sock" err
	background otelop start -t 3 --ready "http://127.0.0.1:$port" -- sleep 600 2>err
	starter=$!
	eventually 10 metadata_says starting
	others "127.0.0.1:$port" "answer=$ok"
	assert_ended "$starter" 124
	grep -q "; another user's process answers at http://127.0.0.1:$port" err
}

@test "a server that has become another user answers: it is the command's, and ready" {
	can_be_nobody
	can_give
	local port
	port=$(free_port)
	chmod 777 .
	tool -0 otelop start --ready "connect:127.0.0.1:$port" -- python3 server.py user=65534 "127.0.0.1:$port"
	tool -0 otelop stop
	tool -0 otelop start --ready "http://127.0.0.1:$port" -- python3 server.py user=65534 "127.0.0.1:$port" "answer=$ok"
	tool -0 otelop stop
	tool -0 otelop start --ready "connect:./own.sock" -- python3 server.py user=65534 ./own.sock
}
