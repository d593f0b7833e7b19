# otelop-stop: end a process, or the daemon of a state directory, and wait until it is gone.
# shellcheck disable=SC2016 # what stands in single quotes is for another shell
load helper

BATS_TEST_TIMEOUT=180

setup_more() {
	mkdir -m 700 state
	metadata=$OTELOP_STATE_DIR/otelop.json
}

# A process that runs on whatever happens to it and writes down the signals that it gets; with
# TEXT, it also holds the lock of an otelop.json with this text, in which @PID@ is its own pid.
# Its pid is in $witness.
witness() {
	rm -f signals watching
	background python3 -c '
import fcntl, os, signal, sys
def note(number, frame):
    with open("signals", "a") as file:
        file.write(signal.Signals(number).name + "\n")
for number in set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}:
    signal.signal(number, note)
if len(sys.argv) > 1:
    held = os.open(os.environ["OTELOP_STATE_DIR"] + "/otelop.json", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(held, fcntl.LOCK_EX)
    os.write(held, sys.argv[1].replace("@PID@", str(os.getpid())).encode("utf-8", "surrogateescape"))
open("watching", "w").write("")
while True:
    signal.pause()' "$@"
	witness=$!
	eventually 10 test -e watching
}

assert_witness_untouched() {
	assert_not_exists signals
	kill -0 "$witness"
}

# A process that ends on TERM only after a while, and one that does not end on TERM.
slow_to_end() { background sh -c 'trap "sleep 0.4; : >ended; exit 0" TERM; : >began; while :; do sleep 0.05; done'; }
ignores_term() { background sh -c 'trap "" TERM; : >began; exec sleep 1000'; }

json() { # PID [MEMBERS]: metadata as Go writes it
	printf '{\n  "pid": %s,\n  "startedAt": "2024-05-01T10:00:00.5+02:00",\n  "httpAddr": "",\n' "$1"
	printf '  "otlpGrpcAddr": "",\n  "otlpHttpAddr": "",\n  "proxyUrl": "",\n'
	printf '  "proxyProtocol": "",\n  "version": "dev"%s\n}' "${2:+,
  $2}"
}

# A number that no process has.
dead_pid() {
	local pid
	sh -c : &
	pid=$!
	wait "$pid"
	echo "$pid"
}

# --- a process

@test "a process: it gets TERM, and otelop-stop waits until it is gone" {
	slow_to_end
	local pid=$!
	eventually 10 test -e began
	tool -0 otelop-stop "$pid"
	assert_exists ended
	is_gone "$pid"
	assert_equal "$output$stderr" ""
}

@test "a process that is gone already: 0" {
	tool -0 otelop-stop "$(dead_pid)"
	assert_equal "$output$stderr" ""
}

@test "a zombie: it is gone, for stopping (0) and for --check (1)" {
	make_zombie
	tool -0 otelop-stop -t 5 "$zombie"
	tool -1 otelop-stop -n "$zombie"
	grep -q '^State:.*Z' "/proc/$zombie/status"	# it was one all the time
}

@test "a process becomes a zombie that nobody reaps: it is gone" {
	background python3 -c '
import os, time
pid = os.fork()
if pid == 0:
    time.sleep(1000)
open("child.tmp", "w").write(str(pid))
os.rename("child.tmp", "child")
time.sleep(1000)'
	eventually 10 test -e child
	tool -0 otelop-stop -t 5 "$(cat child)"
	grep -q '^State:.*Z' "/proc/$(cat child)/status"
}

@test "-n: 0 for what runs, 1 for what does not, and nothing is printed" {
	tool -0 otelop-stop -n $$
	assert_equal "$output$stderr" ""
	tool -1 otelop-stop --check "$(dead_pid)"
	assert_equal "$output$stderr" ""
	tool -0 otelop-stop -n 1
}

@test "-n: a stopped process runs" {
	background sleep 1000
	local pid=$!
	eventually 10 is_now "$pid" sleep # before, it has no mark by which the end of the test finds it
	kill -STOP "$pid"
	tool -0 otelop-stop -n "$pid"
}

@test "-n of somebody else's process: 0, it runs though it is not ours to signal" {
	can_be_nobody
	background sleep 1000
	tool -0 as_nobody otelop-stop -n "$!"
}

@test "somebody else's process: 4, it is named, and it runs on" {
	can_be_nobody
	witness
	tool -4 as_nobody otelop-stop -t 2 -k 1 "$witness"
	assert_regex "$stderr" "^otelop-stop: $witness: "
	assert_stderr_line_count 1
	assert_witness_untouched
}

@test "pid 0, 1, a negative one, garbage: 2, and nobody is signalled" {
	local pid
	witness
	for pid in 0 1 01 -1 "-$witness" "" x 12x " $witness" +5 4294967297 99999999999999999999 1.5; do
		tool -2 otelop-stop "$pid" x
		tool -2 otelop-stop "$pid"
	done
	for pid in 0 -1 "" x 12x 99999999999999999999; do
		tool -2 otelop-stop -n "$pid"
	done
	tool -2 otelop-stop 1
	assert_regex "${stderr_lines[0]}" '^otelop-stop: 1: refused'
	assert_witness_untouched
}

@test "itself: 2, and it lives to say so" {
	tool -2 sh -c 'echo $$; exec otelop-stop $$'
	assert_regex "${stderr_lines[0]}" "^otelop-stop: $output: refused"
}

@test "a thread's number: it is no process, nothing is signalled" {
	needs pidfd
	background python3 -c '
import signal, threading, time
thread = threading.Thread(target=time.sleep, args=(1000,))
thread.start()
open("thread.tmp", "w").write(str(thread.native_id))
__import__("os").rename("thread.tmp", "thread")
signal.pause()'
	local pid=$!
	eventually 10 test -e thread
	tool -1 otelop-stop -n "$(cat thread)"
	tool -0 otelop-stop "$(cat thread)"
	kill -0 "$pid"
}

@test "-s: names with and without SIG in any case, and numbers" {
	local signal
	for signal in USR1 SIGUSR1 usr1 SigUsr1 10; do
		witness
		tool -124 otelop-stop -t 100ms -s "$signal" "$witness"
		eventually 10 grep -qsx SIGUSR1 signals
		run -1 grep -x SIGTERM signals
		kill -KILL "$witness"
		wait "$witness" 2>/dev/null || true
	done
	background env --default-signal=INT sleep 1000
	eventually 10 is_now "$!" sleep	# until then it ignores INT
	tool -0 otelop-stop --signal=INT "$!"
	background sleep 1000
	tool -0 otelop-stop -s KILL "$!"
}

@test "-s with no signal: 2, and nothing is signalled" {
	local signal
	witness
	for signal in NOPE SIG '' 0 -1 999 15x TERMINATE; do
		tool -2 otelop-stop -s "$signal" "$witness"
		assert_regex "${stderr_lines[0]}" '^otelop-stop: -s: '
	done
	assert_witness_untouched
}

@test "it does not end in time: 124, it is named, and it runs on" {
	ignores_term
	local pid=$!
	eventually 10 test -e began
	tool -124 otelop-stop -t 200ms "$pid"
	assert_regex "$stderr" "^otelop-stop: $pid: still there after 0.2 s"
	assert_stderr_line_count 1
	kill -0 "$pid"
}

@test "-k: it does not end in time, and is killed" {
	ignores_term
	local pid=$!
	eventually 10 test -e began
	tool -0 otelop-stop -t 200ms -k 5 "$pid"
	is_gone "$pid"
}

@test "-k: what ends in time is not killed" {
	slow_to_end
	eventually 10 test -e began
	tool -0 otelop-stop --timeout 10 --kill-after 5 "$!"
	assert_exists ended
}

@test "-t 0: there is no limit" {
	slow_to_end
	eventually 10 test -e began
	tool -0 otelop-stop -t 0 "$!"
	assert_exists ended
}

@test "a stopped process: it goes on and ends by the signal" {
	background sh -c 'trap ": >ended; exit" TERM; : >began; while :; do sleep 0.05; done'
	local pid=$!
	eventually 10 test -e began
	kill -STOP "$pid"
	tool -0 otelop-stop -t 10 "$pid"
	assert_exists ended
}

@test "a process with children and a group: only itself is signalled" {
	background setsid -w python3 -c '
import os, time
child = os.fork()
if child:
    open("pids.tmp", "w").write(f"{os.getpid()} {child}\n")
    os.rename("pids.tmp", "pids")
time.sleep(1000)'
	eventually 10 test -e pids
	read -r parent child <pids
	tool -0 otelop-stop "$parent"
	run ! is_gone "$child"
}

@test "waiting for a process that takes its time: nothing wakes it until that is gone" {
	needs pidfd
	slow_to_stop
	background otelop-stop "$!"
	assert_rests_until_gone "$!"
}

# A process that ends on TERM when there is a file go.
slow_to_stop() {
	background sh -c 'trap ": >heard; until test -e go; do sleep 0.02; done; exit" TERM; : >began; while :; do sleep 0.02; done'
	eventually 10 test -e began
}
# The otelop-stop of this pid has signalled, waits, and goes on at the end.
assert_rests_until_gone() {
	eventually 10 test -e heard
	eventually 10 is_at_rest "$1"
	: >go
	assert_ended "$1" 0
}

@test "wrong usage: 2 and the usage" {
	local arguments
	witness
	while read -r -a arguments; do
		tool -2 otelop-stop "${arguments[@]}"
		assert_regex "${stderr_lines[0]}" '^otelop-stop: '
		assert_regex "${stderr_lines[1]}" '^usage: otelop-stop '
	done <<-WRONG
		$witness $witness
		-t
		-t soon $witness
		-t -1 $witness
		-k soon $witness
		-n
		-n $witness $witness
		-Z $witness
		$witness -t 5
	WRONG
	assert_witness_untouched
}

# --- the daemon of a state directory

@test "no state directory, an empty one: 0, silent, and nothing is made" {
	rmdir state
	tool -0 otelop-stop
	assert_equal "$output$stderr" ""
	assert_not_exists state
	mkdir -m 700 state
	tool -0 otelop-stop
	assert_equal "$output$stderr" ""
	assert_equal "$(ls -A state)" ""
}

@test "a daemon under otelop-run: it is gone with all it started, and so is its metadata" {
	tool -0 otelop-spawn -- otelop-run --ready fd -- sh -c 'leave sleep 1001; sleep 1002 & otelop-ready; exec sleep 1000'
	tool -0 otelop-stop
	assert_equal "$output$stderr" ""
	assert_nothing_runs
	assert_state_files otelop.log
	tool -3 otelop-meta running
	assert_output stopped
}

@test "-C DIR: the daemon of that directory, and no other" {
	tool -0 otelop-spawn -C one -- otelop-run -C one --ready exec -- sleep 1000
	tool -0 otelop-spawn -C two -- otelop-run -C two --ready exec -- sleep 1000
	tool -0 otelop-stop -C one
	tool -3 otelop-meta -C one running
	tool -0 otelop-meta -C two running
	tool -0 otelop-stop --state-dir=two
	assert_nothing_runs
}

@test "a daemon under otelop-lock: it is gone, and so is its metadata" {
	tool -0 otelop-spawn -- otelop-lock -- sh -c 'otelop-ready; exec sleep 1000'
	tool -0 otelop-stop
	assert_nothing_runs
	assert_state_files otelop.log
}

@test "a daemon under otelop-lock whose child keeps the lock: the child goes too" {
	needs_proc
	tool -0 otelop-spawn -- otelop-lock -- sh -c 'sleep 1001 & otelop-ready; exec sleep 1000'
	tool -0 otelop-stop -t 5
	assert_nothing_runs
	assert_state_files otelop.log
}

@test "a daemon with a lock of its own that leaves its file, and one that removes it: 0, and no file" {
	local line
	for line in pass 'os.unlink(path)'; do
		tool -0 otelop-spawn -- python3 -c '
import fcntl, os, signal, sys, time
path = os.environ["OTELOP_STATE_DIR"] + "/otelop.json"
held = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
os.write(held, sys.argv[1].replace("@PID@", str(os.getpid())).encode())
def end(number, frame):
    time.sleep(0.3)
    exec(sys.argv[2])
    open("ended", "w")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
os.write(3, b"ok\n")
os.close(3)
while True:
    signal.pause()' "$(json @PID@)" "$line"
		rm -f ended
		tool -0 otelop-stop
		assert_exists ended
		assert_nothing_runs
		assert_state_files otelop.log
	done
}

@test "a daemon is still starting: the start is given up, nothing is left" {
	background otelop-spawn -- otelop-run --ready fd -- sh -c 'leave sleep 1001; : >began; exec sleep 1000' >out 2>err
	local pid=$! status=0
	eventually 10 test -e began
	tool -0 otelop-stop
	wait "$pid" || status=$?
	assert_equal "$status" 1
	assert_nothing_runs
	assert_state_files otelop.log
}

@test "a stopped daemon: it goes on and ends" {
	tool -0 otelop-spawn -- otelop-run --ready exec -- sleep 1000
	kill -STOP "$output"
	tool -0 otelop-stop
	assert_nothing_runs
}

@test "a daemon that does not end in time: 124, the directory is named, and it is still running" {
	tool -0 otelop-spawn -- otelop-run --ready fd -- sh -c 'trap "" TERM; otelop-ready; exec sleep 1000'
	local pid=$output
	tool -124 otelop-stop -t 200ms
	assert_regex "$stderr" "^otelop-stop: $OTELOP_STATE_DIR: still there after 0.2 s"
	assert_stderr_line_count 1
	tool -0 otelop-meta running
	assert_output "running $pid"
	tool -0 otelop-stop -t 200ms -k 5
	assert_nothing_runs
	assert_state_files otelop.log
}

@test "-k, and a daemon under otelop-lock that ignores TERM, and so does its child: both are killed" {
	needs_proc
	tool -0 otelop-spawn -- otelop-lock -- sh -c 'trap "" TERM; sleep 1001 & otelop-ready; exec sleep 1000'
	tool -0 otelop-stop -t 300ms -k 5
	assert_nothing_runs
	assert_state_files otelop.log
}

@test "--no-sweep, and otelop-run is late in letting go: what the daemon started is not signalled" {
	needs_proc
	tool -0 otelop-spawn -- otelop-run --ready fd --no-sweep -- sh -c 'sleep 1001 & echo $! >left; otelop-ready; exec sleep 1000'
	local pid=$output parent
	parent=$(parent_of "$pid")
	# Held by its tracer, for a CONT would reach it.
	background strace -qq -o trace -p "$parent"
	local tracer=$!
	eventually 10 grep -q "^TracerPid:.*$tracer" "/proc/$parent/status"
	kill -STOP "$tracer"
	tool -124 otelop-stop -t 600ms
	run -1 is_gone "$(cat left)"
	kill -CONT "$tracer"
	assert_gone "$parent"
	tool -3 otelop-lock -p
	run -1 is_gone "$(cat left)"
}

@test "otelop-run was stopped, as by Ctrl-Z: stop lets it go on, and all is gone" {
	needs_proc
	needs /proc
	tool -0 otelop-spawn -- otelop-run --ready exec -- sleep 1000
	local parent
	parent=$(parent_of "$output")
	kill -STOP "$parent"
	tool -0 otelop-stop
	assert_gone "$parent"
	assert_state_files otelop.log
}

@test "more keep the lock than a process may have descriptors: all of them are gone" {
	needs_proc
	tool -0 otelop-spawn -- otelop-run --ready fd -- python3 -c '
import os, signal, time
for i in range(60):
    if os.fork() == 0:
        signal.pause()
os.write(3, b"ok\n")
signal.pause()'
	local parent
	parent=$(parent_of "$output")
	kill -KILL "$parent"
	assert_gone "$parent"
	tool -0 sh -c 'ulimit -Sn 40; exec otelop-stop'
	assert_nothing_runs
}

@test "-s: the daemon gets this signal" {
	tool -0 otelop-spawn -- otelop-run --ready fd -- sh -c 'trap "echo INT >got; exit" INT; otelop-ready; while :; do sleep 0.05; done'
	tool -0 otelop-stop -s INT
	assert_equal "$(cat got)" INT
	assert_nothing_runs
}

@test "two at once: both 0, one daemon is gone" {
	tool -0 otelop-spawn -- otelop-run --ready fd -- sh -c 'trap "sleep 0.3; exit" TERM; otelop-ready; while :; do sleep 0.05; done'
	background otelop-stop
	local first=$!
	tool -0 otelop-stop
	wait "$first"
	assert_nothing_runs
	assert_state_files otelop.log
}

@test "stale metadata: 0, and it is removed; also that of a crash" {
	witness
	json "$witness" >"$metadata"
	chmod 600 "$metadata"
	tool -0 otelop-stop
	assert_equal "$output$stderr" ""
	assert_not_exists "$metadata"
	json "$witness" '"state": "exited", "exitCode": 3' >"$metadata"
	tool -0 otelop-stop
	assert_not_exists "$metadata"
	: >"$metadata"
	tool -0 otelop-stop
	assert_witness_untouched
}

@test "corrupt metadata that nobody holds: 0, it is removed, and one line says so and what was wrong" {
	local text
	for text in '{"pid": ' '[]' '{"pid": 0}' '{"pid": "12"}' $'\xff' "{\"pid\": $$} x"; do
		printf '%s' "$text" >"$metadata"
		tool -0 otelop-stop
		assert_stderr_line_count 1
		assert_regex "$stderr" "^otelop-stop: removed: $metadata: corrupt metadata: "
		assert_not_exists "$metadata"
		tool -3 otelop-meta running
	done
}

@test "corrupt metadata under a held lock: 4, the file is named and kept, nobody is signalled" {
	local text
	for text in '{"pid": @PID@' '{"pid": "@PID@"}' '{"pid": @PID@} x' '{"pid": @PID@, "a": 01}'; do
		rm -f "$metadata"
		witness "$text"
		tool -4 otelop-stop -t 2 -k 1
		assert_regex "$stderr" "^otelop-stop: $metadata: "
		assert_stderr_line_count 1
		assert_exists "$metadata"
		assert_witness_untouched
		kill -KILL "$witness"
		wait "$witness" 2>/dev/null || true
	done
}

@test "a held file that names pid 1: 4, and nobody is signalled" {
	witness "$(json 1)"
	tool -4 otelop-stop -t 2 -k 1
	assert_regex "$stderr" '^otelop-stop: .*1: refused'
	assert_witness_untouched
	assert_exists "$metadata"
}

@test "a held file of another host: 4, the host is named, and nobody is signalled" {
	witness "$(json @PID@ '"host": "elsewhere.example"')"
	tool -4 otelop-stop -t 2 -k 1
	assert_regex "$stderr" '^otelop-stop: .*elsewhere.example'
	assert_witness_untouched
	assert_exists "$metadata"
}

@test "a held file of another pid namespace: 4, and nobody is signalled" {
	witness "$(json @PID@ '"pidNamespace": "pid:[1]"')"
	tool -4 otelop-stop -t 2 -k 1
	assert_regex "$stderr" '^otelop-stop: .*namespace'
	assert_witness_untouched
	assert_exists "$metadata"
}

@test "a free file of another host, on this host's disk: nobody there can run, so 0 and it is removed" {
	json $$ '"host": "elsewhere.example"' >"$metadata"
	tool -1 otelop-meta running
	assert_regex "$stderr" ': left by host elsewhere.example$'
	tool -0 otelop-stop
	assert_not_exists "$metadata"
}

@test "a held file that names somebody else's process: 4, and neither it nor the holder is signalled" {
	needs_proc
	needs /proc
	witness
	local named=$witness
	mkdir holder	# for what that one hears
	(cd holder && witness "$(json "$named")" && echo "$witness" >../holder.pid)
	tool -4 otelop-stop -t 20 -k 1
	assert_regex "$stderr" "^otelop-stop: $metadata: .*$named"
	assert_witness_untouched
	assert_not_exists holder/signals
	kill -0 "$(cat holder.pid)"
	assert_exists "$metadata"
}

@test "a held file that is empty: it waits for what comes, at most its time: 124" {
	witness ''
	tool -124 otelop-stop -t 300ms
	assert_witness_untouched
}

@test "a file that cannot be trusted: 4, it is named, no hang, and nobody is signalled" {
	witness
	json "$witness" >elsewhere
	local kind
	for kind in 'ln -s ../elsewhere' mkfifo mkdir 'install -m 666 elsewhere' 'install -m 600 -o 12345 elsewhere'; do
		rm -rf "$metadata"
		# Not everybody who is root can give a file away.
		$kind "$metadata" 2>/dev/null || { [[ $kind == *12345* ]] && continue; }
		tool -4 timeout 20 otelop-stop
		assert_regex "$stderr" "^otelop-stop: $metadata: "
		assert_stderr_line_count 1
	done
	rm -rf "$metadata"
	json "$witness" >"$metadata"
	chmod 777 state
	tool -4 otelop-stop
	assert_regex "$stderr" "^otelop-stop: $OTELOP_STATE_DIR: "
	assert_witness_untouched
}

@test "a state directory that is a file: 4, it is named" {
	rmdir state
	: >state
	tool -4 otelop-stop
	assert_regex "$stderr" "^otelop-stop: $OTELOP_STATE_DIR: "
}

@test "no HOME and no directory named: 4, and told what to give" {
	tool -4 env -u OTELOP_STATE_DIR -u HOME -u XDG_STATE_HOME otelop-stop
	assert_regex "$stderr" '^otelop-stop: HOME: '
}

@test "somebody else's daemon: 4, and it runs on" {
	can_be_nobody
	tool -0 otelop-spawn -- otelop-run --ready exec -- sleep 1000
	local pid=$output
	tool -4 as_nobody otelop-stop -t 2 -k 1
	assert_regex "$stderr" "^otelop-stop: $OTELOP_STATE_DIR: "
	chmod 755 state
	tool -4 as_nobody otelop-stop -t 2 -k 1
	assert_regex "$stderr" "^otelop-stop: $metadata: "
	kill -0 "$pid"
}

@test "waiting for a daemon that takes its time: nothing wakes it until that is gone" {
	needs pidfd
	tool -0 otelop-spawn -- otelop-run --ready fd -- sh -c '
		trap ": >heard; until test -e go; do sleep 0.02; done; exit" TERM; otelop-ready; while :; do sleep 0.02; done'
	background otelop-stop
	assert_rests_until_gone "$!"
}

@test "otelop-run has said how its command exited and lets go late: stop waits for that, and nothing is left" {
	needs_proc
	background strace -f -o /dev/null -e trace=flock -e inject=flock:delay_exit=400000 \
		otelop-run --ready exec -- sh -c 'trap "exit 143" TERM; : >trapped; while :; do sleep 0.02; done'
	eventually 20 test -e trapped
	eventually 20 is_running
	tool -0 otelop-stop
	tool -3 otelop-lock -p
	assert_not_exists "$OTELOP_STATE_DIR/otelop.json"
	assert_nothing_runs
}
is_running() { [[ $(otelop-meta running) == "running "* ]]; }

@test "otelop_stop_and_wait: with 0 it only looks, with a limit it waits so long" {
	cat >ends.c <<-'C'
		#include <errno.h>
		#include <stdlib.h>
		#include <otelop.h>
		int main(int argc, char *argv[])
		{
			if (otelop_stop_and_wait((pid_t)atol(argv[1]), atol(argv[argc - 1]), NULL) == 0)
				return 0;
			return errno == ETIMEDOUT ? 124 : 1;
		}
	C
	# shellcheck disable=SC2086 # words
	${CC:-cc} ${SANITIZE:+-fsanitize=address,undefined} -I"$BATS_TEST_DIRNAME/../lib" -o ends ends.c "$BUILD/library/libotelop.a"
	ignores_term
	eventually 10 test -e began
	tool -124 timeout -s KILL 20 ./ends "$!" 0
	tool -124 timeout -s KILL 20 ./ends "$!" 200
	kill -KILL "$!"
	tool -0 timeout -s KILL 20 ./ends "$!" 5000
}

# --- otelop stop

@test "stop of nothing: status 0, nothing said, nothing made" {
	tool -0 otelop -C nothing stop
	assert_output ""
	assert_equal "$stderr" ""
	assert_not_exists nothing
}

@test "stop: the daemon and all below it are gone, the log stays" {
	tool -0 otelop start --ready fd -- sh -c 'sleep 600 & leave sleep 600; otelop-ready; wait'
	tool -0 otelop stop
	assert_output ""
	assert_nothing_runs
	assert_state_files otelop.log
}

@test "stop of a daemon that does not hear TERM: status 124, and it goes on; with -k it is gone" {
	tool -0 otelop start --ready fd -- sh -c "$deaf"
	pid=$output
	tool -124 otelop stop -t 300ms
	assert_stderr_line_count 1
	kill -0 "$pid"
	tool -0 otelop status -q
	tool -0 otelop stop -t 300ms -k 10
	assert_gone "$pid"
	tool -3 otelop status -q
	assert_nothing_runs
}

@test "stop of a stopped process: it hears it all the same" {
	start_sleep
	kill -STOP "$output"
	tool -0 otelop stop -t 10
	assert_nothing_runs
}

@test "stop with a mistake: status 2, named, and the daemon goes on" {
	start_sleep
	for mistake in "-t soon" "-t" "word" "--bogus"; do
		# shellcheck disable=SC2086 # words
		tool -2 otelop stop $mistake
		[[ $stderr == *usage:* ]]
		[[ ${stderr_lines[0]} == *"${mistake##* }"* ]]
	done
	tool -0 otelop status -q
}
