# Real daemons, each from start to end: ready when it answers, listed, restarted, stopped, nothing left.
load helper

page='GET / HTTP/1.0\r\n\r\n'

need() {
	local program
	for program; do
		command -v "$program" >/dev/null || skip "no $program"
	done
}

# whole_life [ARG...]: `otelop start ARG...`; the test's function `answers` must succeed as soon as start
# and restart have returned.
whole_life() {
	local first
	start_it "$@"
	first=$output
	answers
	tool -0 otelop list
	assert_output "one running $first"
	tool -0 otelop -n one status
	assert_line --regexp "^state +running\$"
	tool -0 otelop -n one restart
	assert_not_equal "$output" "$first"
	answers
	tool -0 otelop list
	assert_output "one running $(meta pid)"
	tool -0 otelop -n one stop
	assert_nothing_runs
	tool -3 otelop -n one status -q
	assert_state_files one one/otelop.log
}
meta() { otelop-meta -C "$OTELOP_STATE_DIR/one" get "$@"; }

# A test that has a function `configure` gets a free $port there; if somebody takes that meanwhile, another.
start_it() {
	local attempt
	if ! declare -F configure >/dev/null; then
		tool -0 otelop -n one start "$@"
		return
	fi
	for attempt in 1 2 3; do
		port=$(free_port)
		configure
		tool otelop -n one start "$@"
		[ "$status" -ne 0 ] || return 0
		echo "attempt $attempt with port $port: $stderr" >&2
	done
	return 1
}

@test "python3 -m http.server on any port: the address in the metadata answers" {
	answers() { ask "$(meta listen)" "$page" | grep -q "200 OK"; }
	whole_life -- python3 -m http.server 0 --bind 127.0.0.1
}

@test "python3 -m http.server on IPv6: the address in the metadata answers" {
	python3 -c 'import socket; socket.socket(socket.AF_INET6).bind(("::1", 0))' || skip "no IPv6"
	answers() {
		[[ $(meta listen) == "[::1]:"* ]]
		ask "$(meta listen)" "$page" | grep -q "200 OK"
	}
	whole_life -- python3 -m http.server 0 --bind ::1
}

@test "redis-server on a Unix socket: it answers, its path is in the metadata" {
	need redis-server
	answers() {
		assert_equal "$(meta listen)" "$PWD/socket"
		assert_equal "$(ask "$PWD/socket" 'PING\r\n' | tr -d '\r')" "+PONG"
	}
	whole_life -- redis-server --port 0 --unixsocket "$PWD/socket" --save ""
}

@test "redis-server --supervised systemd: ready by its own word" {
	need redis-server
	answers() {
		assert_equal "$(meta readyMode)" notify
		assert_equal "$(ask "$PWD/socket" 'PING\r\n' | tr -d '\r')" "+PONG"
	}
	whole_life --ready notify -- redis-server --supervised systemd --port 0 --unixsocket "$PWD/socket" --save ""
}

@test "redis-server --supervised systemd, ready by whatever comes first: its path is in the metadata" {
	need redis-server
	answers() { assert_equal "$(meta listen)" "$PWD/socket"; }
	whole_life -- redis-server --supervised systemd --port 0 --unixsocket "$PWD/socket" --save ""
}

@test "redis-server on a port that is taken: status 1, and its own words" {
	need redis-server
	background python3 -c 'import socket, time
server = socket.create_server(("127.0.0.1", 0))
open("port.new", "w").write(str(server.getsockname()[1]))
import os; os.rename("port.new", "port"); time.sleep(600)'
	eventually 20 test -e port
	tool -1 otelop start -- redis-server --bind 127.0.0.1 --port "$(cat port)"
	[[ ${stderr_lines[0]} == "otelop: redis-server: exited with status 1" ]]
	[[ $stderr == *"in use"* ]]
}

@test "nginx in the foreground: it answers; master and workers are gone" {
	need nginx
	mkdir logs
	cat >nginx.conf <<END
$(nginx_user)
daemon off;
worker_processes 2;
pid $PWD/pid;
error_log stderr;
events {}
http {
	access_log off;
	client_body_temp_path $PWD/body;
	proxy_temp_path $PWD/proxy;
	fastcgi_temp_path $PWD/fastcgi;
	uwsgi_temp_path $PWD/uwsgi;
	scgi_temp_path $PWD/scgi;
	server { listen unix:$PWD/socket; location / { return 200 "here\n"; } }
}
END
	answers() {
		assert_equal "$(meta listen)" "$PWD/socket"
		ask "$PWD/socket" "$page" | grep -q here
	}
	whole_life -- nginx -e stderr -p "$PWD" -c "$PWD/nginx.conf"
}

@test "mosquitto: it takes a connection on the port that the metadata has" {
	need mosquitto
	configure() { printf 'listener %s 127.0.0.1\nallow_anonymous true\npersistence false\n' "$port" >mosquitto.conf; }
	# CONNECT of MQTT 3.1.1 with an empty name; the answer is CONNACK, accepted.
	answers() {
		assert_equal "$(meta listen)" "127.0.0.1:$port"
		assert_equal "$(ask "127.0.0.1:$port" '\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00' | od -An -tx1)" \
			" 20 02 00 00"
	}
	whole_life -- mosquitto -c mosquitto.conf
}

@test "haproxy: it answers on the port that the metadata has" {
	need haproxy
	configure() {
		cat >haproxy.cfg <<END
global
	maxconn 20
defaults
	mode http
	timeout client 20s
	timeout server 20s
	timeout connect 20s
frontend one
	bind 127.0.0.1:$port
	http-request return status 200 content-type text/plain string here
END
	}
	answers() {
		assert_equal "$(meta listen)" "127.0.0.1:$port"
		ask "127.0.0.1:$port" 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' | grep -q here
	}
	whole_life -- haproxy -db -f haproxy.cfg
}

@test "haproxy -W with workers of its own: stop ends them all" {
	need haproxy
	cat >haproxy.cfg <<END
global
	maxconn 20
defaults
	mode http
	timeout client 20s
	timeout server 20s
	timeout connect 20s
frontend one
	bind unix@$PWD/socket
	http-request return status 200 content-type text/plain string here
END
	answers() { ask "$PWD/socket" 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' | grep -q here; }
	whole_life -- haproxy -W -f haproxy.cfg
}

# caddy knows sd_notify, redis-server when it is told.
configure_caddy() {
	need caddy
	export HOME=$PWD/home XDG_CONFIG_HOME=$PWD/home XDG_DATA_HOME=$PWD/home
	mkdir home
	cat >caddy.json <<END
{"admin": {"disabled": true, "config": {"persist": false}}, "apps": {"http": {"servers": {"one": {
	"listen": ["unix/$PWD/socket"], "automatic_https": {"disable": true},
	"routes": [{"handle": [{"handler": "static_response", "body": "here"}]}]}}}}}
END
	answers() {
		assert_equal "$(meta listen)" "$PWD/socket"
		ask "$PWD/socket" 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' | grep -q here
	}
}

@test "caddy: it answers, its socket is in the metadata" {
	configure_caddy
	whole_life -- caddy run --config caddy.json
}

@test "caddy, ready by its own word: it answers, its socket is in the metadata" {
	configure_caddy
	whole_life --ready notify -- caddy run --config caddy.json
}

@test "caddy, ready by what is seen of it: it answers, its socket is in the metadata" {
	configure_caddy
	whole_life --ready listen -- caddy run --config caddy.json
}

@test "a shell daemon that calls otelop-ready: ready by its own word, with its own member" {
	cat >daemon <<'END'
#!/bin/sh
mkfifo -m 600 "$PWD/$$.fifo"
otelop-ready fifo="$PWD/$$.fifo"
exec 3>&-
trap 'rm -f "$$.fifo"; exit' TERM
while :; do read -r word <"$$.fifo" && echo "heard $word"; done
END
	chmod +x daemon
	answers() {
		echo "word for $(meta pid)" >"$(meta fifo)"
		eventually 10 grep -q "heard word for $(meta pid)" "$OTELOP_STATE_DIR/one/otelop.log"
	}
	whole_life --ready fd -- ./daemon
}

@test "a pipeline of shell commands: one daemon, all of it is gone with stop" {
	# After a restart, what the first one wrote is there for a moment.
	says_tock() { [ "$(head -n 1 out)" = tock ]; }
	answers() { eventually 10 says_tock; }
	whole_life --ready 'check:test -s out' -- \
		sh -c 'while :; do echo tick; sleep 0.05; done | sed -u s/i/o/ | cat >out'
}

@test "many instances of one daemon: each has its own address" {
	for name in a b c; do
		tool -0 otelop -n "$name" start -- python3 -m http.server 0 --bind 127.0.0.1
	done
	for name in a b c; do
		ask "$(otelop-meta -C "$OTELOP_STATE_DIR/$name" get listen)" "$page" | grep -q "200 OK"
		otelop-meta -C "$OTELOP_STATE_DIR/$name" get listen >>addresses
	done
	assert_equal "$(sort -u addresses | wc -l)" 3
	for name in a b c; do tool -0 otelop -n "$name" stop; done
	assert_nothing_runs
}

# runs_table NAME...: the table's runner on the descriptions that this test has put into `table`, or on the real ones; what
# it found is in `found`.
runs_table() {
	local table=$BATS_TEST_DIRNAME/daemons/table
	[ ! -d table ] || table=$PWD/table
	run --separate-stderr -- without_bats env DAEMONS_TABLE="$table" DAEMONS_OUT="$PWD/found" DAEMONS_FETCHED=1 \
		TMPDIR="$PWD" sh "$BATS_TEST_DIRNAME/daemons/run" "$@"
}
# described NAME LINE...
described() {
	mkdir -p table
	printf 'program=python3\n' >"table/$1"
	printf '%s\n' "${@:2}" >>"table/$1"
}
serve='python3 -m http.server --bind 127.0.0.1 0'

@test "the table of daemons, two that CI has: whole lives, and the forms that put themselves into the background" {
	needs "sweep of what leaves the session"
	need haproxy caddy
	runs_table haproxy caddy
	assert_equal "$status" 0
	tool -0 cut -f 1,3 found/daemons.tsv
	assert_output $'haproxy\tforeground\nhaproxy\tbackground\ncaddy\tforeground\ncaddy\tbackground'
}

@test "the table of daemons, one that answers and ends: both of its rows are ok" {
	described one "foreground='$serve'" "background='sh -c \"$serve & sleep 0.01\"'"
	runs_table one
	assert_equal "$status" 0
	tool -0 cut -f 1,3,13,14 found/daemons.tsv
	assert_output $'one\tforeground\tnothing\tok\none\tbackground\tnothing\tok'
	grep -q '^| one .* | listen | [0-9]* | .*`127.0.0.1:[0-9]*` | [0-9]* | nothing |$' found/daemons.md
}

@test "the table of daemons, one that leaves a process: named, ended, and the status is 1" {
	described one "foreground='sh -c \"setsid sleep 600 & exec $serve\"'" "options=--no-sweep"
	runs_table one
	assert_equal "$status" 1
	tool -0 cut -f 14,15 found/daemons.tsv
	[[ $output == $'failed\tleft: '*" sleep" ]]
	assert_nothing_runs
	rm -rf "$(sed -n 's/.*its files are in //p' <<<"$output")"
}

@test "the table of daemons, one that does not answer: said" {
	described one "foreground='$serve'" "answers() { echo silence; false; }"
	runs_table one
	assert_equal "$status" 1
	tool -0 cut -f 14,15 found/daemons.tsv
	assert_output $'failed\tdoes not answer: silence'
}

@test "the table of daemons, a form that stays in the foreground where another is meant: not told" {
	described one "foreground='$serve'" "background='$serve'"
	runs_table one
	assert_equal "$status" 1
	tool -0 cut -f 3,14 found/daemons.tsv
	assert_output $'foreground\tok\nbackground\tfailed'
	grep -q 'not told' found/daemons.tsv
}

@test "the table of daemons, a program that is not there: skipped by name" {
	described one "program=no-such-daemon" "foreground=no-such-daemon"
	runs_table one
	assert_equal "$status" 0
	tool -0 cut -f 1,14,15 found/daemons.tsv
	assert_output $'one\tskipped\tno-such-daemon is not there'
	grep -q 'Not to be had there: one (no-such-daemon is not there)' found/daemons.md
}

@test "the table of daemons, a description that does not exist: status 2, and its name" {
	runs_table one
	assert_equal "$status" 2
	[[ $stderr == "daemons: one: there is no such description"* ]]
}
