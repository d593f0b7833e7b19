# The lock of a dead daemon, which something that it left still has; and a daemon that lives without its lock.
# shellcheck disable=SC2016 # what stands in single quotes is for another shell
load helper

BATS_TEST_TIMEOUT=180

# --- what a dead daemon left has its lock

@test "start while children of a dead daemon keep its lock: 75 and who keeps it; stop ends them, and it starts" {
	needs /proc
	tool -0 otelop start --ready fd -- sh -c 'setsid -f sh -c "echo \$\$ >left; exec sleep 700"
		until [ -s left ]; do sleep 0.02; done; otelop-ready; exec 3>&-; exec sleep 600'
	one=$output
	kill -KILL "$(parent_of "$one")" "$one"
	assert_gone "$one"
	tool -75 otelop start --ready exec -- sleep 600
	assert_regex "$stderr" "its lock kept by process $(cat left) \(sleep\); otelop stop ends it"
	tool -0 otelop stop
	assert_gone "$(cat left)"
	tool -0 otelop start --ready exec -- sleep 600
	assert_equal "$output" "$(otelop-meta get pid)"
}

@test "the daemon is dead, and its child keeps the lock: 1 and who keeps it, stop ends it, -k if need be" {
	needs /proc
	tool -0 otelop-spawn -- otelop-lock -- sh -c 'trap "" TERM; leave sleep 1001; otelop-ready; exec sleep 1000'
	local pid=$output keeper
	kill -KILL "$pid"
	assert_gone "$pid"
	tool -1 otelop-meta running
	assert_output "stale $pid"
	keeper=$(marked_processes)
	assert_equal "$stderr" "otelop-meta: $OTELOP_STATE_DIR: the daemon is dead, its lock kept by process $keeper (sleep); otelop stop ends it"
	tool -75 otelop-lock -- true
	assert_regex "$stderr" "the daemon is dead, its lock kept by process $keeper \(sleep\); otelop stop ends it"
	tool -124 otelop-stop -t 500ms
	tool -0 otelop-stop -t 500ms -k 10
	assert_nothing_runs
	tool -3 otelop-meta running
}

@test "the daemon is dead, and a child of it that took the lock anew or made it a shared one keeps it: stop ends it" {
	needs /proc
	local how
	for how in 'flock -u $fd; flock $fd' 'flock -s $fd' 'flock -u $fd; flock -s $fd'; do
		tool -0 otelop-spawn -- otelop-lock -- sh -c "fd=\$OTELOP_LOCK_FD
			leave sh -c \"$how; >changed; exec sleep 1001\"
			until test -e changed; do sleep 0.02; done; otelop-ready; exec sleep 1000"
		kill -KILL "$output"
		assert_gone "$output"
		tool -75 otelop-lock -- true
		assert_regex "$stderr" 'its lock kept by process [0-9]+ \(sleep\)'
		tool -0 otelop-stop
		assert_nothing_runs
		tool -3 otelop-meta running
		rm changed
	done
}

# What takes the lock of descriptor $fd itself, as these letters say (U, E, S, in a loop with an R at the end), and stays.
retake_beside() {
	cat >retake <<-'EOF'
		#!/usr/bin/env python3
		import fcntl, os, signal, sys
		how = {"U": fcntl.LOCK_UN, "E": fcntl.LOCK_EX, "S": fcntl.LOCK_SH}
		while True:
		    for letter in sys.argv[1].rstrip("R"):
		        fcntl.flock(int(os.environ["fd"]), how[letter])
		    open("taken", "w").close()
		    if not sys.argv[1].endswith("R"):
		        signal.pause()
	EOF
	chmod 755 retake
	tool -0 otelop-spawn -- otelop-lock -- sh -c "fd=\$OTELOP_LOCK_FD; export fd; leave $2 setsid -f ./retake $1
		until test -e taken; do sleep 0.02; done; otelop-ready; exec sleep 1000"
}
retake() {
	retake_beside "$@"
	kill -KILL "$output"
	assert_gone "$output"
}

@test "a dead daemon's child in a session of its own that took the lock anew: no start is under way, stop ends it" {
	needs /proc
	local how
	for how in UE S US; do
		retake $how
		tool -75 otelop-lock -- true
		assert_regex "$stderr" 'its lock kept by process [0-9]+ \(python3\)'
		tool -1 otelop-meta running
		tool -0 otelop-stop
		assert_nothing_runs
		tool -3 otelop-meta running
		rm taken
	done
}

# Who has no lock for a moment only is met without one sooner or later; U, which then stays, is that moment.
@test "a daemon's child has let go of the lock, but not of its file: stop ends it, whether the daemon is dead or lives" {
	needs /proc
	local daemon
	for daemon in retake retake_beside; do
		$daemon U
		tool -0 otelop-stop
		assert_nothing_runs
		tool -3 otelop-meta running
		rm -f taken
	done
}

@test "a dead daemon's child changes its lock without pause: stop is not told that somebody else has it" {
	needs /proc
	retake ESR
	tool -0 otelop-stop
	tool -3 otelop-meta running
	assert_nothing_runs
}

@test "processes that end while they are looked at for a dead daemon's lock: who keeps it is named all the same" {
	needs /proc
	needs strace
	ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
	export ASAN_OPTIONS	# it cannot work under strace
	local ending
	background sh -c 'sleep 1003 & echo $! >ending; exec sleep 1002' # which reaps nobody
	eventually 10 is_now $! sleep
	ending=$(cat ending)
	kill -KILL "$ending"
	assert_gone "$ending"
	can ls "/proc/$ending/fd"
	tool -0 otelop-spawn -- otelop-lock -- sh -c 'sleep 1001 & otelop-ready; exec sleep 1000'
	kill -KILL "$output"
	assert_gone "$output"
	# The list of what it has open was opened; by the time that it is read the kernel knows of no such process.
	names_keeper_beside "$ending" otelop-meta running
	names_keeper_beside "$ending" otelop-lock -- true
	tool -0 otelop-stop
}
names_keeper_beside() {
	local ending=$1
	shift
	tool strace -qq -o traced -P "/proc/$ending/fd" -e trace=%%stat -e inject=%%stat:error=ENOENT "$@"
	assert_regex "$stderr" 'its lock kept by process [0-9]+ \(sleep\); otelop stop ends it'
	grep -q INJECTED traced
}

@test "somebody keeps a dead daemon's lock, taken anew and not the daemon's for certain: he is named and not ended" {
	needs /proc
	local how process
	for how in UE US; do
		retake $how 'env -u OTELOP_STATE_DIR'
		tool -124 otelop-stop -t 1 -k 300ms
		assert_regex "$stderr" 'process [0-9]+ \(python3\) keeps the lock and is not the daemon.s to end'
		for process in $(marked_processes); do kill -KILL "$process" 2>/dev/null || :; done
		assert_nothing_runs
		rm taken
	done
}

@test "more children of a dead daemon keep its lock than descriptors are allowed: stop ends them all" {
	needs /proc
	tool -0 otelop-spawn -- otelop-lock -- sh -c 'i=0
		while [ $i -lt 400 ]; do i=$((i + 1)); sleep 1001 & done; otelop-ready; exec sleep 1000'
	kill -KILL "$output"
	assert_gone "$output"
	tool -0 sh -c 'ulimit -n 64; exec otelop-stop -t 60'
	assert_nothing_runs
}

@test "somebody the descriptor was sent to keeps a dead daemon's lock: he is named and not ended" {
	needs /proc
	can_see_foreign_lock
	background env -u OTELOP_STATE_DIR python3 -c '
import array, os, socket, time
server = socket.socket(socket.AF_UNIX)
server.bind("box")
server.listen()
peer, _ = server.accept()
_, control, _, _ = peer.recvmsg(1, socket.CMSG_SPACE(4))
open("stored", "w").close()
time.sleep(1000)'
	local stranger=$!
	eventually 10 test -S box
	tool -0 otelop-spawn -- otelop-lock -- python3 -c '
import array, os, socket, subprocess
peer = socket.socket(socket.AF_UNIX)
peer.connect("box")
peer.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [int(os.environ["OTELOP_LOCK_FD"])]))])
while not os.path.exists("stored"): pass
subprocess.run(["otelop-ready"], pass_fds=[3])
os.execvp("sleep", ["sleep", "1000"])'
	kill -KILL "$output"
	assert_gone "$output"
	tool -124 otelop-stop -t 300ms -k 300ms
	assert_regex "$stderr" "process $stranger \(python3\) keeps the lock and is not the daemon's to end"
	kill -0 "$stranger"
}
# A process of ours is looked into whatever its session is; that is so but where the system forbids it.
can_see_foreign_lock() { ls /proc/self/fdinfo >/dev/null 2>&1 || skip "needs /proc/PID/fdinfo"; }

# --- a daemon without its lock

@test "a dead daemon's lock is on its way through a socket: 4 and what it can be; 1 once it is lost there" {
	needs /proc
	background python3 -c '
import socket, time
server = socket.socket(socket.AF_UNIX)
server.bind("box")
server.listen()
time.sleep(1000)'
	local post=$!
	eventually 10 test -S box
	tool -0 otelop-spawn -- otelop-lock -- python3 -c '
import array, os, socket, subprocess
peer = socket.socket(socket.AF_UNIX)
peer.connect("box")
peer.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [int(os.environ["OTELOP_LOCK_FD"])]))])
subprocess.run(["otelop-ready"], pass_fds=[3])
os.execvp("sleep", ["sleep", "1000"])'
	kill -KILL "$output"
	assert_gone "$output"
	local program
	for program in "otelop-meta running" otelop-stop; do
		# shellcheck disable=SC2086 # words
		tool -4 $program
		# Where there is a process that even we may not look into, that is said first.
		assert_regex "$stderr" "on its way through a socket(, or with a process of another PID namespace)?$"
	done
	kill -KILL "$post"
	assert_gone "$post"
	eventually 10 is_stale
	tool -0 otelop-stop
}
is_stale() { [[ $(otelop-meta running 2>/dev/null) == stale* ]]; }

@test "a child lets go of the lock, makes it a shared one, or all is closed and otelop-run killed: still the one daemon" {
	needs /proc
	local how pid
	for how in 'flock -u "$OTELOP_LOCK_FD"' 'flock -s "$OTELOP_LOCK_FD"' closes; do
		if [ "$how" = closes ]; then
			# A program that closes all but 0, 1 and 2 when it begins, as daemons did.
			tool -0 otelop start --ready exec -- python3 -c 'import os; os.closerange(3, 1000); open("closed", "w").close()
import time; time.sleep(1000)'
			eventually 10 test -e closed
			kill -KILL "$(parent_of "$output")"
		else
			tool -0 otelop start --ready fd -- sh -c "$how; otelop-ready; exec sleep 1000"
		fi
		pid=$output
		eventually 10 says_without_lock "$pid"
		tool -75 otelop-lock -- true
		assert_regex "$stderr" "$pid"
		tool -75 otelop start --ready exec -- sleep 1001
		tool -75 otelop-meta remove
		tool -75 otelop-meta write pid=5
		tool -0 otelop stop
		assert_gone "$pid"
		tool -3 otelop-meta running
		assert_nothing_runs
	done
}
says_without_lock() {
	[ "$(otelop-meta running 2>said)" = "running $1" ] && grep -q "process $1 runs without its lock" said
}

@test "a child lets go of the lock, and the daemon ends: nobody starts before what it left is ended" {
	needs /proc
	tool -0 otelop start --ready fd -- sh -c 'flock -u "$OTELOP_LOCK_FD"
		leave sh -c "trap \"sleep 1; exit\" TERM; echo \$\$ >deaf; while :; do sleep 0.05; done"
		until test -s deaf; do sleep 0.02; done; otelop-ready; exec sleep 1000'
	kill -KILL "$output"
	tool -1 otelop-lock -w 20 -- otelop-stop --check "$(cat deaf)"
	assert_nothing_runs
}
