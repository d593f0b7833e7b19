# When is a command ready?  The modes of otelop-run, each with what it must not be taken in by.
# shellcheck disable=SC2016 # what stands in single quotes is for the shell inside
load helper

BATS_TEST_TIMEOUT=180

setup_more() {
	cp "$BATS_TEST_DIRNAME/tools/server.py" .
}

# Its processor time does not grow.
runs_idle() {
	local before
	before=$(awk '{ print $14 + $15 }' "/proc/$1/stat")
	sleep 0.3
	[ "$before" = "$(awk '{ print $14 + $15 }' "/proc/$1/stat")" ]
}

published_ports() { otelop-meta get listen | tr ' ' '\n' | sed 's/.*://' | sort; }

# start MODE COMMAND...: it must become ready.
start() {
	tool -0 otelop-spawn -t 30 -- otelop-run --ready "$1" -- "${@:2}"
}

# never MODE COMMAND...: it must not become ready.
never() {
	tool -124 otelop-spawn -t "${patience:-1.2}" -- otelop-run --ready "$1" -- "${@:2}"
}

# never_though FILE MODE COMMAND...: the same, and FILE shows that it could have; where a command takes long to
# begin, it is given more time.
never_though() {
	local patience
	for patience in 1.2 6 30; do
		rm -f "$1"
		never "${@:2}"
		[ ! -e "$1" ] || return 0
	done
	assert_exists "$1"
}

# A command that sends datagrams as the words say (with printf's escapes), and stays.
notifier='
import encodings.latin_1, encodings.unicode_escape, os, socket, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
to = os.environ["NOTIFY_SOCKET"]
to = "\0" + to[1:] if to[0] == "@" else to
for word in sys.argv[1:]:
    s.sendto(word.encode().decode("unicode_escape").encode("latin-1"), to)
if os.getuid() == os.stat(".").st_uid:
    open("sent", "w")
time.sleep(1000)'

# --- exec ---

@test "exec: ready as soon as it runs; no addresses are looked for" {
	start exec sleep 1000
	tool -1 otelop-meta get listen
}

# --- fd ---

@test "exec: a command that has ended by the time anybody looks was ready all the same" {
	local i
	for i in {1..100}; do
		tool -0 otelop-run --ready exec -- true
	done
}

@test "fd: ready by the line, and not by listening" {
	never_though serving fd python3 server.py 127.0.0.1:0
	start fd sh -c 'echo ok >&3; exec sleep 1000'
}

@test "fd: the pipe is closed without a verdict: 1, and it is said" {
	tool -1 timeout 10 otelop-run --ready fd -- sh -c 'exec 3>&-; exec sleep 1000'
	assert_equal "$stderr" "otelop-run: sh: closed the ready pipe without a verdict"
	assert_nothing_runs
}

@test "fd: an unexpected line: 1, and it is quoted" {
	tool -1 otelop-run --ready fd -- sh -c 'printf "h\033i\n" >&3; exec sleep 1000'
	assert_equal "$stderr" 'otelop-run: sh: unexpected line on the ready pipe: "h\x1bi"'
	assert_nothing_runs
}

@test "fd: a member that is not the daemon's to set: 1, and it is named" {
	tool -1 otelop-run --ready fd -- sh -c 'printf "set:startedAt=1\nok\n" >&3; exec sleep 1000'
	assert_regex "$stderr" '^otelop-run: sh: .*startedAt'
	assert_nothing_runs
}

@test "fd: where it listens is published, though it was not asked" {
	start fd sh -c 'python3 server.py 127.0.0.1:0 & until test -e serving; do sleep 0.02; done; echo ok >&3; wait'
	tool -0 otelop-meta get listen
	assert_output "127.0.0.1:$(cat ports)"
}

# --- notify ---

@test "notify: READY=1, alone and among other lines" {
	start notify python3 -c "$notifier" 'READY=1'
	tool -0 otelop-stop
	start notify python3 -c "$notifier" 'STATUS=at work\nREADY=1\nMAINPID=1\n'
	tool -0 otelop-stop
	start notify python3 -c "$notifier" '' 'STATUS=loading' 'RELOADING=1\nMONOTONIC_USEC=5' 'WATCHDOG=1' 'READY=1\n'
}

@test "notify: what is not READY=1 says nothing" {
	never_though sent notify python3 -c "$notifier" '' '\n\n' 'RELOADING=1' 'STATUS=READY=1' 'READY=0' 'READY=11' \
		'XREADY=1' 'READY=1 ' 'ERRNO=0' 'ERRNO=x' 'ready=1' 'READY=1\x00' 'STOPPING=1'
}

@test "notify: ERRNO and STATUS fail the start with these words" {
	tool -1 otelop-run --ready notify -- python3 -c "$notifier" 'STATUS=no \x1b[31mdisk\nERRNO=28'
	assert_equal "$stderr" 'otelop-run: python3: no \x1b[31mdisk'
	assert_nothing_runs
	tool -1 otelop-run --ready notify -- python3 -c "$notifier" 'ERRNO=28'
	assert_regex "$stderr" '^otelop-run: python3: .+'
	assert_nothing_runs
}

@test "notify: a huge datagram, and one with descriptors: they are taken, and none of them is kept" {
	run_behind --ready notify -- python3 -c '
import array, os, socket, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
to = os.environ["NOTIFY_SOCKET"]
to = "\0" + to[1:] if to[0] == "@" else to
null = os.open("/dev/full", os.O_RDWR)
for i in range(20):
    s.sendmsg([b"FDSTORE=1"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [null] * 50))], 0, to)
s.sendto(b"STATUS=" + b"x" * 60000 + b"\nREADY=1", to)
time.sleep(1000)'
	eventually 10 metadata_says ready
	run -1 grep -l /dev/full <(readlink "/proc/$runner/fd/"*)
}

@test "notify: a child of a child says it with otelop-ready" {
	start notify sh -c '(setsid -f sh -c "otelop-ready; exec sleep 1001"); exec sleep 1000'
}

@test "notify: nothing of the socket is left in the state directory" {
	run_behind --ready notify -- sh -c ': >began; exec sleep 1000'
	eventually 10 test -e began
	kill -TERM "$runner"
	assert_runner_status 143
	assert_equal "$(ls -A state)" ""
}

@test "notify from somebody else's process outside the tree: it does not count" {
	needs "abstract socket that others can reach"
	can_be_nobody
	run_behind --ready notify -- sh -c 'echo "$NOTIFY_SOCKET" >name.tmp; mv name.tmp name; exec sleep 1000'
	eventually 10 test -e name
	export NOTIFY_SOCKET
	NOTIFY_SOCKET=$(cat name)
	# Datagrams keep their order: if the first counted, the second would come too late.
	tool -0 as_nobody otelop-ready -e 'planted'
	tool -0 otelop-ready
	eventually 10 metadata_says ready
	kill -TERM "$runner"
	assert_runner_status 143
	rm name
	unset NOTIFY_SOCKET
	run_behind --ready notify -- sh -c 'echo "$NOTIFY_SOCKET" >name.tmp; mv name.tmp name; exec sleep 1000'
	eventually 10 test -e name
	export NOTIFY_SOCKET
	NOTIFY_SOCKET=$(cat name)
	tool -0 as_nobody otelop-ready
	tool -0 otelop-ready -e 'the real one'
	assert_runner_status 1
	assert_equal "$(cat err)" "otelop-run: sh: the real one"
}

@test "notify from somebody else's process inside the tree: it counts" {
	needs "abstract socket that others can reach"
	can_be_nobody
	start notify python3 -c "${notifier/s = socket/os.setuid(65534); s = socket}" READY=1
}

@test "notify: redis-server --supervised systemd" {
	command -v redis-server >/dev/null || skip "needs redis-server"
	start notify redis-server --supervised systemd --daemonize no --save '' --port 0 --unixsocket "$PWD/redis.sock" --dir "$PWD"
	tool -0 otelop-meta get listen
	assert_output "$PWD/redis.sock"
	tool -0 otelop-stop
	assert_nothing_runs
}

write_haproxy() {
	printf '%s\n' global defaults ' mode http' ' timeout client 1s' ' timeout server 1s' ' timeout connect 1s' \
		'frontend web' " bind unix@$PWD/web.sock" ' http-request return status 200' >haproxy.cfg
}

@test "notify: haproxy -Ws; listen: haproxy -W, whose worker listens" {
	command -v haproxy >/dev/null || skip "needs haproxy"
	write_haproxy
	start notify haproxy -Ws -f haproxy.cfg
	tool -0 otelop-stop
	assert_nothing_runs
	start listen haproxy -W -f haproxy.cfg
	# It gives its socket another name, which the fallback does not find.
	if is_fallback || lacks "inode number of a socket's file"; then
		tool -1 otelop-meta get listen
	else
		tool -0 otelop-meta get listen
		assert_output "$PWD/web.sock"
	fi
	tool -0 otelop-stop
	assert_nothing_runs
}

@test "notify: caddy run" {
	command -v caddy >/dev/null || skip "needs caddy"
	printf '{"admin": {"disabled": true}, "apps": {"http": {"servers": {"web": {"listen": ["unix/%s"]}}}}}' \
		"$PWD/web.sock" >caddy.json
	HOME=$PWD XDG_CONFIG_HOME='' XDG_DATA_HOME='' start notify caddy run --config caddy.json
	tool -0 otelop-stop -t 20
	assert_nothing_runs
}

# --- listen ---

@test "listen: IPv4, IPv6, a Unix socket, an abstract one: each is ready and published" {
	start listen python3 server.py 127.0.0.1:0
	tool -0 otelop-meta get listen
	assert_output "127.0.0.1:$(cat ports)"
	tool -0 otelop-stop
	start listen python3 server.py "$PWD/a socket"
	tool -0 otelop-meta get listen
	assert_output "$PWD/a socket"
	tool -0 otelop-stop
	start listen python3 server.py "@otelop-test/$$"
	tool -0 otelop-meta get listen
	assert_output "@otelop-test/$$"
	tool -0 otelop-stop
	[ -e /proc/net/if_inet6 ] && grep -q ' lo$' /proc/net/if_inet6 || skip "needs IPv6"
	rm ports
	start listen python3 server.py '[::1]:0'
	tool -0 otelop-meta get listen
	assert_output "[::1]:$(cat ports)"
}

@test "listen: every address, in order, each once" {
	local port last
	port=$(free_port) last=$(free_port)
	# When the last is there, so are the others, however long each takes.
	start "listen:$last" python3 server.py "$PWD/z.sock" 127.0.0.1:0 "127.0.0.1:$port/reuse" "127.0.0.1:$port/reuse" "127.0.0.2:$last"
	assert_equal "$(jq -c .listen "$OTELOP_STATE_DIR/otelop.json")" \
		"$(printf '%s\n' "127.0.0.1:$(sed -n 1p ports)" "127.0.0.1:$port" "127.0.0.2:$last" "$PWD/z.sock" |
			LC_ALL=C sort | jq -Rnc '[inputs]')"
}

@test "listen: a second address soon after the first: both are published" {
	local attempt
	# One that is held up for long between two of them is rightly taken for ready: again, then.
	for attempt in 1 2 3 4 5; do
		rm -f ports serving
		start listen python3 server.py 127.0.0.1:0 0.05 127.0.0.1:0 0.05 127.0.0.1:0
		eventually 10 test -e serving
		[ "$(published_ports)" != "$(sort ports)" ] || return 0
		tool -0 otelop-stop
	done
	assert_equal "$(published_ports)" "$(sort ports)"
}

@test "listen: a socket that only receives, or is not opened for others: it does not count" {
	never_though serving listen python3 server.py udp
}

@test "listen: a socket that is closed at once again: it does not count" {
	local attempt
	# One that is held up for long before it closes is rightly taken for ready: again, then.
	for attempt in 1 2 3 4 5; do
		rm -f serving
		tool otelop-spawn -t 3 -- otelop-run --ready listen -- python3 server.py 127.0.0.1:0 0.02 close
		[ "$status" -ne 124 ] || [ ! -e serving ] || return 0
		tool -0 otelop-stop
	done
	assert_equal "$status" 124
}

@test "listen:PORT: this port, whatever else is open" {
	local port
	port=$(free_port)
	run_behind --ready "listen:$port" -- python3 server.py 127.0.0.1:0 until:go "127.0.0.1:$port"
	eventually 10 test -s ports
	sleep 0.4	# longer than the pause after which all are there
	metadata_says starting
	: >go
	eventually 10 metadata_says ready
	assert_equal "$(published_ports)" "$(sort ports)"
}

@test "listen:PORT: other sockets of the command that come and go all the time do not matter" {
	local port
	port=$(free_port)
	start "listen:$port" python3 server.py "127.0.0.1:$port" churn
	tool -0 otelop-meta get listen
	[[ " $output " == *" 127.0.0.1:$port "* ]]
}

@test "listen, a Unix socket first and a port later, as with a helper of its own: both are there" {
	local attempt
	# One that is held up for long between them is rightly taken for ready: again, then.
	for attempt in 1 2 3; do
		rm -f ports serving
		start listen python3 server.py ./helper.sock 0.4 127.0.0.1:0
		eventually 10 test -e serving
		[ "$(otelop-meta get listen)" != "$PWD/helper.sock 127.0.0.1:$(cat ports)" ] || return 0
		tool -0 otelop-stop
	done
	assert_equal "$(otelop-meta get listen)" "$PWD/helper.sock 127.0.0.1:$(cat ports)"
}

@test "listen: a relative path is published as an absolute one, from wherever it was bound" {
	mkdir elsewhere
	start listen python3 server.py ./one.sock
	tool -0 otelop-meta get listen
	assert_output "$PWD/one.sock"
	tool -0 otelop-stop
	# Where it is now, and where it began: one of them is right.
	start listen python3 server.py cd=elsewhere ./two.sock
	tool -0 otelop-meta get listen
	assert_output "$PWD/elsewhere/two.sock"
	tool -0 otelop-stop
	start listen python3 server.py ./three.sock cd=/
	tool -0 otelop-meta get listen
	assert_output "$PWD/three.sock"
}

@test "listen: a socket whose file has another name by now: that one is published" {
	needs "inode number of a socket's file"
	start listen python3 server.py "$PWD/web.sock.123" rename=web.sock
	tool -0 otelop-meta get listen
	assert_output "$PWD/web.sock"
}

@test "listen: a command that goes and leaves a server behind a relative path: told, as behind a port" {
	needs "word of who is whose when its parent has gone"
	start listen sh -c 'python3 server.py ./own.sock & until [ -e go ]; do sleep 0.02; done'
	: >go
	eventually 10 metadata_says exited
	grep -q "which listens on $PWD/own.sock" state/otelop.log
}

@test "listen: a path that is gone is not published, and the rest is" {
	start listen python3 server.py "$PWD/gone.sock" unlink 127.0.0.1:0
	tool -0 otelop-meta get listen
	assert_output "127.0.0.1:$(cat ports)"
	tool -0 otelop-stop
	start listen python3 server.py "$PWD/gone.sock" unlink
	tool -1 otelop-meta get listen
}

@test "an address that is closed again before the command is ready: it is not published" {
	start "fd,listen:$(free_port)" python3 server.py 127.0.0.1:0 0.5 close say=ok
	tool -1 otelop-meta get listen
}

@test "listen: sockets that a command hides after they were seen are still its own" {
	needs "word of who listens without looking into processes"
	can_give
	can as_nobody python3 -c 'import socket'
	mkdir -m 700 state
	chown 65534 state .
	local port attempt
	port=$(free_port)
	# One that nobody has looked at before it hides is rightly taken for one without sockets: again, then.
	for attempt in 1 2 3 4 5; do
		tool as_nobody otelop-spawn -t 5 -- otelop-run --ready listen -- \
			python3 server.py "127.0.0.1:$port" 0.08 undumpable
		[ "$status" -ne 0 ] || break
	done
	assert_equal "$status" 0
	tool -0 as_nobody otelop-meta get listen
	assert_output "127.0.0.1:$port"
	tool -0 as_nobody otelop-stop
}

@test "listen: a server that may not be looked into is not ready, and who that is and why is told" {
	can_give
	can as_nobody python3 -c 'import socket'
	mkdir -m 700 state
	chown 65534 state .
	tool -124 as_nobody otelop start -t 3 -- python3 server.py undumpable 127.0.0.1:0
	assert_regex "$stderr" 'cannot see the sockets of process [0-9]+'
	is_fallback || assert_regex "$stderr" 'process [0-9]+ \(python3\): it is not dumpable'
	[[ $stderr == *$'\n'"otelop: waited for fd,notify,listen; "* ]]
}

@test "listen:PORT and a port that only ends like it, or a Unix socket named so: they do not count" {
	local port
	port=$(free_port)
	until [ "$port" -ge 10000 ] && [ "${port#?}" -gt 0 ]; do port=$(free_port); done
	never_though serving "listen:${port#?}" python3 server.py "127.0.0.1:$port" "$PWD/x:${port#?}" "@x:${port#?}"
}

@test "listen: a child that left its parent and the session: it is seen" {
	needs subreaper
	start listen python3 server.py fork 127.0.0.1:0
	tool -0 otelop-meta get listen
	assert_output "127.0.0.1:$(cat ports)"
	tool -0 otelop-stop
	assert_nothing_runs
}

@test "listen: another program on that port: it is never taken for the daemon" {
	background python3 server.py 127.0.0.1:0 "$PWD/other.sock"
	eventually 10 test -e serving
	never "listen:$(cat ports)" sleep 1000
	never listen sleep 1000
	never auto sleep 1000
}

@test "listen: a socket that the caller had open is the caller's" {
	tool -143 python3 -c '
import os, socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen()
os.set_inheritable(s.fileno(), True)
os.execvp("otelop-run", ["otelop-run", "--ready", "listen", "--max-lifetime", "1", "--", "sleep", "1000"])'
	assert_regex "$stderr" 'before it was ready'
}

@test "listen: a daemon in a network namespace of its own" {
	can unshare -n true
	start listen:1234 unshare -n sh -c 'ip link set lo up; exec python3 server.py 127.0.0.1:1234'
	tool -0 otelop-meta get listen
	assert_output 127.0.0.1:1234
}

@test "listen: as somebody who sees only his own processes" {
	can_give
	can as_nobody python3 -c 'import socket'
	mkdir -m 700 state
	chown 65534 state .
	tool -0 as_nobody otelop-spawn -- otelop-run --ready listen -- python3 server.py 127.0.0.1:0
	tool -0 as_nobody otelop-meta get listen
	assert_output "127.0.0.1:$(cat ports)"
	tool -0 as_nobody otelop-stop
	assert_nothing_runs
}

@test "listen: nginx in the foreground, whose master listens" {
	command -v nginx >/dev/null || skip "needs nginx"
	printf '%s\n' "$(nginx_user)" 'daemon off; pid nginx.pid; error_log stderr; events {}' \
		"http { access_log off; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5; server { listen unix:$PWD/web.sock; } }" >nginx.conf
	start auto nginx -p "$PWD" -c nginx.conf
	tool -0 otelop-meta get listen
	assert_output "$PWD/web.sock"
	tool -0 otelop-stop
	assert_nothing_runs
}

# --- connect ---

@test "connect:HOST:PORT: ready when it answers, and not before" {
	local port
	port=$(free_port)
	run_behind --ready "connect:127.0.0.1:$port" -- python3 server.py until:go "127.0.0.1:$port"
	eventually 10 metadata_says starting
	: >go
	eventually 10 metadata_says ready
	assert_equal "$(otelop-meta get listen)" "127.0.0.1:$port"
	kill -TERM "$runner"
	assert_runner_status 143
	never_though serving "connect:127.0.0.1:$port" python3 server.py "127.0.0.1:0"
}

@test "connect:[::1]:PORT: by IPv6 alone" {
	[ -e /proc/net/if_inet6 ] && grep -q ' lo$' /proc/net/if_inet6 || skip "needs IPv6"
	local port
	port=$(free_port)
	start "connect:[::1]:$port" python3 server.py "[::1]:$port"
	tool -0 otelop-stop
	never "connect:[::1]:$port" python3 server.py "127.0.0.1:$port"
}

@test "connect:PATH: ready when it answers; a file or a dead socket there is none" {
	: >plain
	never "connect:$PWD/plain" sleep 1000
	python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("dead.sock")'
	never "connect:$PWD/dead.sock" sleep 1000
	start "connect:$PWD/live.sock" python3 server.py ./live.sock
	tool -0 otelop-stop
	start "connect:./relative.sock" python3 server.py ./relative.sock
}

@test "connect:PATH longer than a socket's name can be: reached all the same" {
	local deep
	deep=$PWD/$(printf '%080d/%080d' 1 2)
	mkdir -p "$deep"
	start "connect:$deep/live.sock" sh -c 'cd "$1" && exec python3 "$2" ./live.sock' sh "$deep" "$PWD/server.py"
	assert_equal "$(otelop-meta get cwd)" "$PWD"
	tool -0 otelop-stop
	rm "$deep/live.sock"
	never "connect:$deep/live.sock" sleep 1000
}

# --- check ---

@test "connect: a port that the kernel could choose for us: we are not taken for the daemon" {
	can unshare -n true
	# With so few ports to choose from a socket soon meets itself.
	tool -124 unshare -n sh -c 'ip link set lo up 2>/dev/null || python3 -c "
import fcntl, socket, struct
fcntl.ioctl(socket.socket(), 0x8914, struct.pack(\"16sh14x\", b\"lo\", 1 | 64))"
		echo "40000 40003" >/proc/sys/net/ipv4/ip_local_port_range
		exec otelop-spawn -t 3 -- otelop-run --ready connect:127.0.0.1:40002 -- sleep 1000'
	assert_nothing_runs
}

@test "connect:HOST:PORT whose name nobody finds: what else there is is still heard at once" {
	can unshare -mn true
	tool -0 unshare -mn sh -c '
		echo "nameserver 192.0.2.1" >resolv.conf
		mount --bind resolv.conf /etc/resolv.conf
		python3 -c "
import fcntl, os, socket, struct, sys
fcntl.ioctl(socket.socket(), 0x8914, struct.pack(\"16sh14x\", b\"lo\", 1 | 64))"
		# A server that never answers.
		printf "%s\n" "nameserver 127.0.0.1" "options timeout:30 attempts:1" >resolv.conf
		python3 -c "
import signal, socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((\"127.0.0.1\", 53))
open(\"deaf\", \"w\")
signal.pause()" >/dev/null 2>&1 &
		until [ -e deaf ]; do sleep 0.02; done
		otelop-spawn -t 15 -- otelop-run --ready fd,connect:slow.example.com:80 --max-lifetime 4 -- \
			sh -c "sleep 0.5; echo ok >&3; exec sleep 1000" &&
		timeout 15 otelop-lock -W
		result=$?
		kill $!
		exit "$result"'
	assert_nothing_runs
}

@test "check: it has the daemon's state directory, and nobody's verdict to give" {
	OTELOP_STATE_DIR=$PWD/other NOTIFY_SOCKET=$PWD/socket tool -0 otelop-run -C mine \
		--ready 'check:env >of-check.tmp; mv of-check.tmp of-check' -- \
		sh -c 'until [ "$(otelop-meta get state)" = ready ]; do sleep 0.02; done'
	assert_equal "$(grep -c "^OTELOP_STATE_DIR=$PWD/mine\$" of-check)" 1
	run -1 grep -E '^(OTELOP_DAEMONIZED|NOTIFY_SOCKET)=' of-check
}

@test "check: what it listens on is not the daemon's" {
	never_though serving 'listen,check:exec python3 server.py 127.0.0.1:0' sleep 1000
	assert_nothing_runs
}

@test "check: the command is run until it exits 0; its output goes nowhere" {
	tool -0 otelop-spawn -- otelop-run --ready 'check:echo noise; echo noise >&2; echo x >>tries; test "$(wc -l <tries)" -ge 4' -- sleep 1000
	assert_equal "$(wc -l <tries)" 4
	assert_equal "$stderr" ""
	assert_file_empty state/otelop.log
}

@test "check: commas, quotes and colons are the command's" {
	start 'check:printf "%s" "a,b:c" >said; test "$(cat said)" = a,b:c, || test -s said' sleep 1000
	assert_equal "$(cat said)" a,b:c
	tool -0 otelop-stop
	start 'fd,notify,check:test 1,2 = 1,2' sleep 1000
}

@test "check: it has the caller's directory, and no descriptor of the daemon's" {
	start 'check:pwd >where; readlink /proc/$$/fd/* >open; true' sleep 1000
	assert_equal "$(cat where)" "$PWD"
	run -1 grep -E 'otelop|socket:|pipe:' open
}

@test "check: a command that hangs is run once, and is gone when the start is over" {
	run_behind --ready 'fd,check:echo x >>tries; leave sleep 1003; sleep 1001' -- \
		sh -c 'until test -e go; do sleep 0.02; done; otelop-ready; exec sleep 1000'
	eventually 10 test -s tries
	sleep 0.3
	: >go
	eventually 10 metadata_says ready
	assert_equal "$(wc -l <tries)" 1
	check_is_gone() { ! pgrep -P "$runner" -f 'sleep 1001|tries' >/dev/null; }
	eventually 20 check_is_gone
	kill -TERM "$runner"
	assert_runner_status 143
	assert_nothing_runs
}

@test "check: never 0, and the start is not in time: 124, and no check is left" {
	never 'check:sleep 0.05; false' sleep 1000
	assert_nothing_runs
	never 'check:sleep 1001' sleep 1000
	assert_nothing_runs
}

@test "check: CMD dies: told at once, though a check hangs" {
	tool -3 otelop-run --ready 'check:sleep 1001' -- sh -c 'sleep 0.2; exit 3'
	assert_equal "$stderr" "otelop-run: sh: exited with status 3"
	assert_nothing_runs
}

# --- several in one ---

@test "several: the first to be true wins" {
	start 'listen,check:test -e go' sh -c ': >go; exec sleep 1000'
	tool -0 otelop-stop
	rm go
	start 'listen,check:test -e go' python3 server.py 127.0.0.1:0
	tool -0 otelop-stop
	start 'fd,exec' sleep 1000
	tool -0 otelop-stop
	start "connect:$PWD/nobody.sock,notify" python3 -c "$notifier" 'READY=1'
}

@test "several of a kind: any of them is enough, the first and the last" {
	local a b
	a=$(free_port) b=$(free_port)
	start "listen:$a,listen:$b" python3 server.py "127.0.0.1:$a"
	tool -0 otelop-stop
	start "listen:$a,listen:$b" python3 server.py "127.0.0.1:$b"
	tool -0 otelop-stop
	start "listen:$a,auto" python3 server.py "127.0.0.1:$b"
	tool -0 otelop-stop
	start "connect:127.0.0.1:$a,connect:127.0.0.1:$b" python3 server.py "127.0.0.1:$a"
	tool -0 otelop-stop
	start "connect:127.0.0.1:$a,connect:127.0.0.1:$b" python3 server.py "127.0.0.1:$b"
}

@test "several: a failure that is said ends the start, whatever else could come" {
	tool -1 otelop-run --ready 'fd,listen,check:false' -- sh -c 'otelop-ready -e "no disk"; exec sleep 1000'
	assert_equal "$stderr" "otelop-run: sh: no disk"
	tool -1 otelop-run --ready 'notify,listen' -- sh -c 'otelop-ready -e "no disk"; exec sleep 1000'
	assert_equal "$stderr" "otelop-run: sh: no disk"
}

@test "auto: by descriptor 3, by notify, by listening; it is the default" {
	start auto sh -c 'echo ok >&3; exec sleep 1000'
	tool -0 otelop-stop
	start auto python3 -c "$notifier" 'READY=1'
	tool -0 otelop-stop
	tool -0 otelop-spawn -- otelop-run -- python3 server.py 127.0.0.1:0
	tool -0 otelop-meta get listen
	assert_output "127.0.0.1:$(cat ports)"
}

@test "auto: a command that closes descriptor 3 is still watched for the rest" {
	start auto sh -c 'exec 3>&-; sleep 0.2; exec python3 server.py 127.0.0.1:0'
}

@test "auto: what is said on descriptor 3 after listening won: taken, as often and as much as it comes" {
	start auto sh -c 'python3 server.py 127.0.0.1:0 & until [ -e go ]; do sleep 0.02; done
		echo ok >&3; head -c 300000 /dev/zero >&3; : >written; exec 3>&-; : >closed; wait'
	: >go
	eventually 20 test -e closed
	tool -0 otelop-meta running
	# Closed, the pipe is always readable: it must not keep otelop-run busy.
	runner=$(awk '{ print $4 }' "/proc/$(otelop-meta get pid)/stat")
	eventually 20 runs_idle "$runner"
	tool -0 otelop stop
}

@test "auto: a command that says and opens nothing is not ready" {
	never auto sleep 1000
	assert_nothing_runs
}

@test "python3 -m http.server 0: ready when the port answers, and its address is published" {
	tool -0 otelop-spawn -- otelop-run -- python3 -m http.server 0 --bind 127.0.0.1
	tool -0 otelop-meta get listen
	assert_output --regexp '^127.0.0.1:[0-9]+$'
	python3 -c 'import sys, urllib.request; urllib.request.urlopen("http://" + sys.argv[1] + "/server.py")' "$output"
	tool -0 otelop-stop
	assert_nothing_runs
}

@test "no mode, or one that is none: 2, it is named, nothing is done" {
	local mode
	for mode in '' ',' 'fd,' ,fd fd,,notify never FD 'fd ' fd:3 notify:x exec:x auto:x listen: listen:0 listen:65536 \
		listen:x listen:-1 listen:80x listen:http log: 'log:(' 'fd,log:[' up up: up:x up:-1 http:// http:///x http://:80 \
		'http://a b' http://a:x http://a:65536 https:// connect connect: connect:80 connect::80 connect:host: \
		connect:host:x connect:host:0 connect:host:65536 connect:name check: check fd,check:; do
		tool -2 otelop-run --ready "$mode" -- sh -c ': >ran'
		assert_regex "${stderr_lines[0]}" '^otelop-run: --ready: '
		assert_regex "${stderr_lines[1]}" '^usage: otelop-run '
	done
	assert_not_exists ran
	assert_not_exists state
}
