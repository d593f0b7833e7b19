load helper

# What is seen of other processes, and what is made of it where they cannot be seen.
# shellcheck disable=SC2016 # what stands in single quotes is for the shell inside

# In front of a program, so that root may not look into what is not its own.
blind=()
if [ "$(id -u)" -eq 0 ]; then blind=(setpriv --inh-caps=-sys_ptrace --bounding-set=-sys_ptrace --); fi
needs_blindness() {
	needs /proc
	can "${blind[@]}" true
}

setup_more() {
	# Listens, and with `hide` becomes what only those see into that may trace it, now or as soon as there is that file.
	cat >hidden.py <<-'PYTHON'
		import ctypes, os, signal, socket, sys, time
		def listen():
		    global server
		    server = socket.create_server(("127.0.0.1", 0))
		if sys.argv[1] == "later":
		    listen()
		    while not os.path.exists("hide"):
		        time.sleep(0.01)
		ctypes.CDLL(None).prctl(4, 0)
		if sys.argv[1] == "now":
		    listen()
		open("hidden", "w")
		signal.pause()
	PYTHON
	# Has a UDP socket and a connected one of Unix, tells their numbers, and listens where its words say.
	cat >victim.py <<-'PYTHON'
		import os, signal, socket, sys, time
		udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		pair = socket.socketpair()
		with open("numbers.next", "w") as stream:
		    print(os.fstat(udp.fileno()).st_ino, os.fstat(pair[0].fileno()).st_ino, file=stream)
		os.rename("numbers.next", "numbers")
		while not os.path.exists("forged"):
		    time.sleep(0.01)
		kept = []
		for word in sys.argv[1:]:
		    if word == "0":
		        kept.append(socket.create_server(("127.0.0.1", 0)))
		    else:
		        kept.append(socket.socket(socket.AF_UNIX))
		        kept[-1].bind(word)
		        kept[-1].listen()
		signal.pause()
	PYTHON
	# A stranger, whose sockets have names with a line about those numbers as the kernel writes it.
	cat >forger.py <<-'PYTHON'
		import os, signal, socket, time
		while not os.path.exists("numbers"):
		    time.sleep(0.01)
		kept = []
		for i, number in enumerate(open("numbers").read().split()):
		    for name in "127.0.0.1:5432", "/evil":
		        kept.append(socket.socket(socket.AF_UNIX))
		        kept[-1].bind("\0%d\n0000000000000000: 00000002 00000000 00010000 0001 01 %s %s" % (i, number, name))
		        kept[-1].listen()
		open("forged", "w")
		signal.pause()
	PYTHON
}

@test "stop, and a stranger ends when its list of descriptors has just been opened: a lock that is held is not taken for free" {
	needs /proc
	local stranger
	file_is '{"pid": 2147483647}'
	hold_file "$OTELOP_STATE_DIR/otelop.json"
	background sleep 1000
	stranger=$!
	eventually 10 is_now "$stranger" sleep
	tool -124 strace -qq -o traced -P "/proc/$stranger/fd" -e trace=/fstat -e inject=/fstat:error=ENOENT:when=1 otelop-stop -t 1
	grep -q INJECTED traced
	assert_regex "$stderr" "^otelop-stop: $OTELOP_STATE_DIR: still there after 1 s"
	kill -0 "$holder"
}

@test "a PID namespace under the outer /proc: what has the number of an outer child is left alone" {
	needs pidfd
	needs "numbers that are looked up in /proc"
	unshare -rpf sh -c 'echo 99 >/proc/sys/kernel/ns_last_pid' 2>/dev/null || skip "needs PID namespaces"
	local parent child
	background sh -c 'sleep 1000 & echo $! >child; wait'
	parent=$!
	eventually 10 test -s child
	child=$(cat child)
	# Out there parent has child below it; in here they are otelop-run's number and a stranger's.
	tool -0 unshare -rpf sh -c '
		next() { echo $(($1 - 1)) >/proc/sys/kernel/ns_last_pid; }
		next "$2"
		sleep 1000 &
		[ $! = "$2" ] || exit 77
		next "$1"
		otelop-run --ready exec -- sleep 0.1 &
		[ $! = "$1" ] || exit 77
		wait "$1" && kill -0 "$2"' sh "$parent" "$child"
	assert_output ''
	assert_equal "$stderr" ''
}

@test "/proc of another PID namespace: a start that waits for sockets in vain says that they are not seen" {
	needs "sockets of others"
	unshare -rpf true 2>/dev/null || skip "needs PID namespaces"
	tool -124 unshare -rpf otelop start -t 1 -- sleep 1000
	assert_regex "$stderr" $'\n''otelop-run: sleep: .*; it is not seen here who listens where'$'\n'
}

@test "a PID namespace under the outer /proc: start, status and stop work by what needs no /proc" {
	needs pidfd
	needs "PID namespaces"
	unshare -rpf true 2>/dev/null || skip "needs PID namespaces"
	tool -0 unshare -rpf sh -c 'otelop start --ready exec -- sleep 1000 && otelop status -q && otelop stop &&
		! otelop status -q'
	assert_output --regexp '^[0-9]+$'
}

@test "pidfd_open answers ENOENT to whoever asks: a process that lives is ended" {
	local pid
	compile_refuse
	background sleep 1000
	pid=$!
	tool -0 ./refuse ENOENT pidfd_open -- otelop-stop -n "$pid"
	tool -0 ./refuse ENOENT pidfd_open -- otelop-stop "$pid"
	assert_gone "$pid"
	tool -0 ./refuse ENOENT pidfd_open -- otelop start --ready exec -- sleep 1000
	tool -0 ./refuse ENOENT pidfd_open -- otelop status -q
	tool -0 ./refuse ENOENT pidfd_open -- otelop stop
	assert_nothing_runs
}

@test "pidfd_send_signal denied alone: processes are signalled by their numbers" {
	local error pid
	is_fallback || strace -qq -e trace=none true || skip "strace cannot trace here"
	for error in ENOSYS EPERM EACCES; do
		background sleep 1000
		pid=$!
		tool -0 strace -qq -o trace -e inject=pidfd_send_signal:error=$error otelop-stop "$pid"
		assert_equal "$output$stderr" ''
		assert_gone "$pid"
		is_fallback || lacks pidfd || assert_file_contains trace INJECTED
		tool -143 strace -f -qq -o trace -e inject=pidfd_send_signal:error=$error \
			otelop-run --ready exec --max-lifetime 0.1 -- sleep 1000
		assert_equal "$output$stderr" ''
	done
}

@test "a daemon that hides itself, and its otelop-run killed, for a root that may not trace: it runs, and stop ends it" {
	needs_blindness
	tool -0 "${blind[@]}" otelop start --ready listen -- python3 hidden.py later
	local pid=$output
	: >hide
	eventually 10 test -e hidden
	kill -KILL "$(ps -o ppid= -p "$pid")"
	tool -0 "${blind[@]}" otelop-meta running
	assert_output "running $pid"
	tool -0 "${blind[@]}" otelop-stop
	assert_equal "$stderr" ''
	assert_nothing_runs
}

@test "otelop-lock in front of what drops its privileges, for a root that may not trace: stop ends it" {
	can_be_nobody
	needs_blindness
	background otelop-lock -- setpriv --reuid=65534 --regid=65534 --clear-groups -- sleep 1000
	local pid=$!
	eventually 10 is_now "$pid" sleep
	tool -0 "${blind[@]}" otelop-meta running
	assert_output "running $pid"
	tool -0 "${blind[@]}" otelop-stop
	assert_equal "$stderr" ''
	assert_gone "$pid"
}

@test "listen, and a server that hides itself: the time-out says whom it cannot see into" {
	needs_blindness
	tool -124 "${blind[@]}" otelop start -t 3 --ready listen -- python3 hidden.py now
	assert_file_exists hidden
	assert_regex "$stderr" 'otelop-run: python3: .*; cannot see the sockets of process [0-9]+ \(python3\): it is not dumpable'
	assert_nothing_runs
}

@test "listen, and a command of another user, for a root that may not trace: the time-out says whom it cannot see into" {
	can_be_nobody
	needs_blindness
	tool -124 "${blind[@]}" otelop start -t 2 --ready listen -- \
		setpriv --reuid=65534 --regid=65534 --clear-groups -- sleep 1000
	assert_regex "$stderr" '; cannot see the sockets of process [0-9]+ \(sleep\): it runs as another user'
}

# The ways to the kernel's sockets: in binary, and as text.
refused="strace -qq -o trace -e inject=socket:error=EPERM"

@test "a stranger's Unix sockets with lines of the kernel in their names: no addresses of the command's" {
	needs /proc
	local way stranger limit
	for way in "" "$refused"; do
		# On a slow machine the lines may come too late for the first limit.
		for limit in 3 30; do
			rm -f numbers forged
			background python3 forger.py
			stranger=$!
			# shellcheck disable=SC2086 # words
			tool -124 otelop-spawn -t "$limit" -- $way otelop-run --ready listen -- python3 victim.py
			[ ! -e forged ] || break
			kill "$stranger"
		done
		assert_file_exists forged
		assert_file_contains /proc/net/unix "^0000000000000000: .* $(cut -d ' ' -f 1 numbers) 127.0.0.1:5432\$"
		kill "$stranger"
	done
	assert_file_contains trace INJECTED
}

@test "a stranger's forged lines beside a daemon's own sockets: just its own are published" {
	needs /proc
	local way stranger
	for way in "" "$refused"; do
		rm -f numbers forged own.sock
		background python3 forger.py
		stranger=$!
		# shellcheck disable=SC2086
		tool -0 otelop-spawn -t 30 -- $way otelop-run --ready listen -- python3 victim.py 0 "$PWD/own.sock"
		run -0 otelop-meta get listen
		assert_output --regexp "^/.*/own\.sock 127\.0\.0\.1:[0-9]+\$|^127\.0\.0\.1:[0-9]+ /.*/own\.sock\$"
		tool -0 otelop-stop
		kill "$stranger"
	done
	assert_file_contains trace INJECTED
}

@test "a Unix socket in another network namespace: its address is published" {
	needs /proc
	unshare -rn true 2>/dev/null || skip "needs network namespaces"
	: >forged
	tool -0 otelop-spawn -t 30 -- otelop-run --ready listen -- unshare -rn python3 victim.py "$PWD/own.sock"
	run -0 otelop-meta get listen
	assert_output "$PWD/own.sock"
}

@test "Unix sockets whose names are control characters, or look like TCP: not shown, or as what they are" {
	needs /proc
	: >forged
	local way
	for way in "" "$refused"; do
		rm -f ./127.0.0.1:80 ./x*
		# shellcheck disable=SC2086
		tool -0 otelop-spawn -t 30 -- $way otelop-run --ready listen -- python3 victim.py \
			127.0.0.1:80 $'x\ny' $'x\033[31m' $'x\302\233x' $'x\177' "$PWD/xyz"
		run -0 otelop-meta get listen
		assert_output "$PWD/127.0.0.1:80 $PWD/xyz"
		tool -0 otelop-stop
		rm -f ./127.0.0.1:80 ./x*
		# shellcheck disable=SC2086
		tool -124 otelop-spawn -t 2 -- $way otelop-run --ready listen:80 -- python3 victim.py 127.0.0.1:80
	done
}

# --- who came from before ---

@test "a helper from before that forks later and ends: what it left is not swept, what CMD left is" {
	needs "orphans that come to otelop-run"
	tool -0 sh -c '
		(until [ -e go ]; do sleep 0.02; done; sleep 1001 >/dev/null 2>&1 & echo $! >theirs) &
		exec otelop-run --ready exec -- sh -c "
			: >go
			until [ -s theirs ]; do sleep 0.02; done
			sh -c \"setsid sleep 1002 >/dev/null 2>&1 & echo \\\$! >ours\"
			sleep 0.3"'
	assert_equal "$stderr" ''
	kill -0 "$(cat theirs)"
	is_gone "$(cat ours)"
}

@test "the number of a helper from before is used again by what CMD leaves: that is swept" {
	needs "numbers that are looked up in /proc"
	needs "orphans that come to otelop-run"
	can unshare -rpf --mount-proc sh -c 'echo 99 >/proc/sys/kernel/ns_last_pid'
	cat >next <<-'SH'
		number=$(cat helper)
		while kill -0 "$number" 2>/dev/null; do sleep 0.02; done
		echo $((number - 1)) >/proc/sys/kernel/ns_last_pid
		sleep 1002 &
		echo $! >again
	SH
	tool -0 unshare -rpf --mount-proc sh -c '
		sh -c "sleep 0.2 & echo \$! >helper
			exec otelop-run --ready exec -- sh next"
		number=$(cat helper)
		[ "$(cat again)" = "$number" ] || exit 77
		! kill -0 "$number" 2>/dev/null'
	assert_equal "$stderr" ''
}

@test "chains of processes that each lead a session, fork and end, and ignore TERM: stop ends all of them" {
	needs "list of children that is read faster than they fork"
	can unshare -rpf --mount-proc --kill-child true
	${CC:-cc} -o family "$BATS_TEST_DIRNAME/fault/daemon.c"
	# In a namespace, which is their end whatever becomes of the test.
	tool -0 timeout -s KILL 120 unshare -rpf --mount-proc --kill-child sh -c '
		otelop start --ready fd -- ./family family fleeing 16 &&
		otelop stop -t 2 -k 60 &&
		! ls -l /proc/[0-9]*/exe 2>/dev/null | grep family$' # a zombie has none
	assert_output --regexp '^[0-9]+$'
	assert_equal "$stderr" "otelop: ./family is ready"
	assert_equal "$(grep -v 'otelop-run: process [0-9]* (family): killed, ' state/otelop.log || :)" ''
}

@test "a server that /proc hides (hidepid=2): the time-out says so, and it is ended" {
	needs /proc
	can unshare -mpf --kill-child mount -t proc -o hidepid=2 none /proc
	can_be_nobody
	can as_nobody /usr/bin/python3 -c "import ctypes"
	chmod 777 .
	tool -124 unshare -mpf --kill-child sh -c '
		mount -t proc -o hidepid=2 none /proc
		exec setpriv --reuid=65534 --regid=65534 --clear-groups -- env OTELOP_STATE_DIR="$PWD/theirs" \
			otelop-spawn -t 3 -- otelop-run --ready listen -- /usr/bin/python3 hidden.py now'
	assert_regex "$stderr" '; cannot see the sockets of process [0-9]+: it is hidden'
}
