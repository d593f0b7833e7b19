# How a daemon and all that is behind it is told to end, by whom, and how long that may take.
# shellcheck disable=SC2016 # what stands in single quotes is for another shell
load helper

BATS_TEST_TIMEOUT=180

# --- what is behind a wrapper

@test "stop -t of a server behind a shell that takes its time: that is its time, whatever the grace, and it is asked once" {
	start_behind_shell 3 --grace 300ms
	tool -0 otelop stop -t 30
	assert_equal "$stderr" ""
	assert_asked_once_and_ended
	assert_equal "$(log_text)" ""
	assert_nothing_runs
}

@test "stop's default time is that of what is behind a shell, too" {
	start_behind_shell 3
	tool -0 otelop stop
	assert_asked_once_and_ended
	assert_equal "$(log_text)" ""
}

@test "stop -t, and what is behind a shell does not end: it is killed then and not before, and the log says so" {
	local began
	start_behind_shell 60
	began=$(date +%s%N)
	tool -0 otelop stop -t 1500ms
	[ $(($(date +%s%N) - began)) -ge 1500000000 ] || fail "too early"
	assert_equal "$(cat heard)" SIGTERM
	assert_regex "$(log_text)" '^otelop-run: process [0-9]+ \(python3\): killed, it had not ended within [1-4](\.[0-9])? s$'
	assert_nothing_runs
	tool -3 otelop status -q
}

@test "stop -t 0: nobody is killed" {
	start_behind_shell 2 --grace 300ms
	tool -0 otelop stop -t 0
	assert_asked_once_and_ended
	assert_equal "$(log_text)" ""
}

@test "several stop at once: the longest time counts, and who waits in vain is told for whom" {
	start_behind_shell 6 --grace 300ms
	background otelop stop -t 30
	local first=$!
	eventually 10 grep -qs SIGTERM heard
	tool -124 otelop stop -t 500ms
	assert_regex "$stderr" "^otelop-stop: $OTELOP_STATE_DIR: still there after 0.5 s: it has left process [0-9]+ \\(python3\\)"
	assert_ended "$first" 0
	assert_asked_once_and_ended
	assert_equal "$(log_text)" ""
}

@test "stop -k: what is behind a shell is killed, too, also where another waits longer" {
	start_behind_shell 60
	background otelop stop -t 0
	local first=$!
	eventually 10 grep -qs SIGTERM heard
	tool -0 otelop stop -t 300ms -k 10
	assert_ended "$first" 0
	assert_equal "$(cat heard)" SIGTERM
	assert_regex "$(log_text)" 'otelop-run: process [0-9]+ \(python3\): killed'
	assert_nothing_runs
}

@test "stop -t of a daemon that is starting: that is the time of what is behind its shell, too" {
	background otelop start --ready fd --grace 300ms -- sh -c "$slow_server 2; :"
	local pid=$!
	eventually 10 test -e up
	tool -0 otelop stop -t 30
	assert_ended "$pid" 1
	assert_asked_once_and_ended
	assert_nothing_runs
}

@test "stop -t, and otelop-run was killed: what is behind the shell has that time, is asked once, and -k ends it" {
	needs /proc
	start_behind_shell 2
	kill -KILL "$(parent_of "$pid")"
	tool -0 otelop stop -t 30
	assert_asked_once_and_ended
	assert_equal "$(log_text)" ""
	start_behind_shell 60
	kill -KILL "$(parent_of "$pid")"
	tool -124 otelop stop -t 500ms
	assert_regex "$stderr" 'it has left process [0-9]+ \(python3\); -k TIME kills, -t TIME waits longer$'
	assert_equal "$(cat heard)" SIGTERM
	tool -0 otelop stop -t 300ms -k 10
	assert_regex "$(log_text)" 'otelop-stop: process [0-9]+ \(python3\): killed'
	assert_nothing_runs
}

# What it starts has none of the daemon's descriptors, and no lock to be known by: node's children are so.
without_descriptors() { slow_server=${slow_server/import os,/import os; os.closerange(3, 256); import}; }

@test "stop, otelop-run was killed, and what is behind the shell has let go of the lock: it is asked once, has its time, and -k ends it" {
	needs /proc
	without_descriptors
	start_behind_shell 2
	kill -KILL "$(parent_of "$pid")"
	tool -0 otelop stop -t 30
	assert_asked_once_and_ended
	assert_equal "$(log_text)" ""
	assert_nothing_runs
	start_behind_shell 60
	kill -KILL "$(parent_of "$pid")"
	tool -0 otelop stop -t 500ms -k 10
	assert_equal "$(cat heard)" SIGTERM
	assert_regex "$(log_text)" '^otelop-stop: process [0-9]+ \(python3\): killed'
	assert_equal "$(log_text | wc -l)" 1
	assert_nothing_runs
}

@test "stop in vain, otelop-run was killed, and what is behind the shell has let go of the lock: it is named" {
	needs /proc
	without_descriptors
	start_behind_shell 60
	kill -KILL "$(parent_of "$pid")"
	tool -124 otelop stop -t 500ms
	assert_regex "$stderr" 'it has left process [0-9]+ \(python3\); -k TIME kills, -t TIME waits longer$'
	tool -1 otelop status
	tool -124 otelop stop -t 300ms
	assert_regex "$stderr" 'it has left process [0-9]+ \(python3\); -k TIME kills, -t TIME waits longer$'
	tool -0 otelop stop -t 300ms -k 10
	assert_regex "$(log_text)" '^otelop-stop: process [0-9]+ \(python3\): killed'
	assert_nothing_runs
	assert_left otelop.log
}

@test "stop -k, otelop-run was killed, and process 1 reaps at once: the log names each whom stop has killed, with or without the lock" {
	local own=(unshare -pf --mount-proc) closed
	needs /proc
	[ "$(id -u)" -eq 0 ] || own+=(-r)
	can "${own[@]}" true
	cat >stubborn <<-'END'
		#!/bin/sh
		trap '' TERM
		: >"up.$1"
		while :; do sleep 1; done
	END
	chmod +x stubborn
	for closed in '' '3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- 10>&- 11>&- 12>&- 13>&-'; do
		rm -f up.*
		tool -0 "${own[@]}" sh -ec 'otelop start --ready exec -- bash -c "exec $1; for i in {1..20}; do ./stubborn \$i & done; wait"
			until [ "$(ls up.* 2>/dev/null | wc -l)" -eq 20 ]; do sleep 0.02; done
			kill -KILL "$(otelop-meta get runner)"
			otelop stop -t 300ms -k 10
			:' sh "$closed"
		[ "$(log_text | grep -c 'otelop-stop: process [0-9]* (stubborn): killed')" -ge 20 ]
		refute_regex "$(log_text)" '\(\)'
	done
}

@test "otelop-run and the command were killed, and what is left has no lock: stop finds it by what it was given, and nothing else" {
	needs /proc
	without_descriptors
	background env -u OTELOP_LOCK_FD OTELOP_STATE_DIR="$OTELOP_STATE_DIR" sleep 602
	local stranger=$!
	start_behind_shell 1
	kill -KILL "$(parent_of "$pid")"
	kill -KILL "$pid"
	background env OTELOP_LOCK_FD=10 OTELOP_STATE_DIR="$PWD/other" sleep 603
	tool -1 otelop status
	tool -0 otelop stop
	grep -qx ended heard
	this_many_run 2
	kill "$stranger" $!
	assert_left otelop.log
}

@test "otelop-run was killed before the verdict, and its command has let go of the lock: stop finds it" {
	needs /proc
	without_descriptors
	run_behind --ready exec --ready fd -- sh -c "exec $slow_server 0"
	eventually 10 test -e up
	kill -KILL "$runner"
	tool -1 otelop status
	tool -0 otelop stop
	grep -qx ended heard
	assert_nothing_runs
	assert_left
}

@test "stop of a daemon with --no-sweep whose otelop-run was killed: what it left stays" {
	needs /proc
	without_descriptors
	start_behind_shell 60 --no-sweep
	kill -KILL "$(parent_of "$pid")"
	tool -0 otelop stop
	assert [ ! -e heard ]
	this_many_run 1
}

@test "otelop-run is killed while stop waits: what is behind the shell keeps its time" {
	needs /proc
	local parent
	start_behind_shell 3 --grace 300ms
	parent=$(parent_of "$pid")
	background otelop stop -t 30
	local stop=$!
	eventually 10 grep -qs SIGTERM heard
	kill -KILL "$parent"
	assert_ended "$stop" 0
	grep -qx ended heard
	assert_nothing_runs
}

@test "stop of a daemon in a PID namespace, from inside: what is behind its shell has its time" {
	can unshare -rpmf --mount-proc true
	tool -0 timeout 60 unshare -rpmf --mount-proc sh -c '
		otelop start --ready exec --grace 300ms -- sh -c "$1 2; :"
		until test -e up; do sleep 0.02; done
		otelop stop -t 30' sh "$slow_server"
	assert_asked_once_and_ended
}

@test "the signal by which stop tells its time, from kill: it is the command's as any other" {
	needs "signals of libc's own"
	background env --default-signal otelop-run --ready exec -- sleep 1000 2>err
	local runner=$!
	eventually 10 metadata_says ready
	kill -61 "$runner"
	assert_ended "$runner" 189
}

# --- how it is to end

@test "a daemon that exits with 128 and the signal when it is told to end: no crash, stopped, and the log says nothing" {
	local signal
	for signal in TERM:143 INT:130 HUP:129; do
		tool -0 otelop start --ready fd -- sh -c "trap 'exit ${signal#*:}' ${signal%:*}; otelop-ready; while :; do sleep 0.02; done"
		kill "-${signal%:*}" "$output"
		eventually 10 stopped
		tool -0 otelop start --ready fd -- sh -c "trap 'exit ${signal#*:}' ${signal%:*}; otelop-ready; while :; do sleep 0.02; done"
		tool -0 otelop-stop -s "${signal%:*}"
		stopped
		assert_equal "$(log_text)" ""
	done
}
stopped() { [ "$(otelop-meta running)" = stopped ]; }

# A shell that hears TERM only when its server has ended.
waiting_shell="trap 'echo bye; exit 0' TERM; $slow_server 0.1; :"

@test "stop of a shell that waits for its child: 124, both are named, and --stop-all" {
	tool -0 otelop start --ready exec -- sh -c "$waiting_shell"
	local pid=$output
	eventually 10 test -e up
	tool -124 otelop stop -t 500ms
	assert_stderr_line_count 1
	assert_regex "$stderr" "still there after 0.5 s: process $pid \\(sh\\), whose child [0-9]+ \\(python3\\) was not told; .*--stop-all.*; -k TIME kills, -t TIME waits longer$"
	tool -0 otelop stop -t 300ms -k 10
	assert_nothing_runs
}

@test "--stop-all: each process is told once by stop, by TERM to otelop-run, and after a restart" {
	local how
	for how in stop restart kill alone; do
		rm -f up heard
		tool -0 otelop start --ready exec --stop-all -- sh -c "$waiting_shell"
		eventually 10 test -e up
		case $how in
		restart) rm up; tool -0 otelop restart; eventually 10 test -e up; assert_asked_once_and_ended; rm heard; tool -0 otelop stop ;;
		stop) tool -0 otelop stop ;;
		kill) kill "$(parent_of "$output")"; eventually 10 stopped ;;
		alone) kill -KILL "$(parent_of "$output")"; tool -0 otelop stop ;;
		esac
		assert_asked_once_and_ended
		assert_equal "$(tail -n 1 "$OTELOP_STATE_DIR/otelop.log")" bye
		assert_nothing_runs
	done
	tool -0 otelop start --ready exec --stop-all -- sleep 600
	assert_equal "$(otelop-meta get stopAll)" 1
	tool -0 otelop stop
}

# A daemon that ends by INT alone.
wants_int='trap "" TERM; trap "echo INT >>heard; exit 0" INT; otelop-ready; exec 3>&-; while :; do sleep 0.02; done'

@test "--stop-signal: that is what stop sends, TERM to otelop-run becomes, and a restart keeps; -s overrides it" {
	tool -0 otelop start --ready fd --stop-signal INT -- sh -c "$wants_int"
	assert_equal "$(otelop-meta get stopSignal)" INT
	tool -0 otelop restart
	assert_equal "$(cat heard)" INT
	tool -124 otelop-stop -t 300ms -s TERM
	assert_equal "$(cat heard)" INT
	tool -0 otelop stop
	assert_equal "$(cat heard)" $'INT\nINT'
	tool -0 otelop start --ready fd --stop-signal int -- sh -c "$wants_int"
	kill -TERM "$(parent_of "$output")"
	eventually 10 stopped
	assert_equal "$(wc -l <heard)" 3
	tool -124 otelop start --ready fd -t 1 --stop-signal INT -- sh -c 'trap "" TERM; trap "echo INT >>heard; exit 0" INT; while :; do sleep 0.02; done'
	assert_equal "$(wc -l <heard)" 4
}

@test "--stop-signal: a death by it is no crash" {
	tool -0 otelop start --ready exec --stop-signal USR1 -- sleep 600
	kill -USR1 "$output"
	eventually 10 stopped
	assert_equal "$(log_text)" ""
}

@test "--stop-signal with no signal: 2, it is named, and nothing is run; a restart with it stops nothing" {
	start_sleep
	local pid=$output
	tool -2 otelop restart --stop-signal NOPE -- sleep 600
	assert_regex "${stderr_lines[0]}" '^otelop: restart: --stop-signal: unknown signal: NOPE'
	tool -0 otelop-meta running
	assert_output "running $pid"
	tool -2 otelop -n other start --stop-signal NOPE -- sh -c ': >ran'
	assert_regex "${stderr_lines[0]}" '^otelop: start: --stop-signal: unknown signal: NOPE'
	assert_not_exists ran
}

@test "stop of what does not hear TERM: it is named, with what ends it" {
	tool -0 otelop start --ready fd -- sh -c "$deaf"
	local pid=$output
	tool -124 otelop stop -t 300ms
	assert_regex "$stderr" "still there after 0.3 s: process $pid \\(sleep\\); -k TIME kills, -t TIME waits longer$"
	tool -124 otelop-stop -t 300ms "$pid"
	assert_regex "$stderr" "^otelop-stop: $pid: still there after 0.3 s: process $pid \\(sleep\\); -k TIME kills, -t TIME waits longer$"
	tool -0 otelop stop -t 300ms -k 10
}

@test "stop of a daemon that has left what otelop-run may not end: stop says it as well, and the next start works" {
	needs subreaper
	need_root_sleep
	tool -0 as_nobody otelop -C "$PWD/there/state" start --ready exec -- sh -c './other >/dev/null 2>&1 & exec sleep 600'
	eventually 10 pgrep -x -P "$output" -u 0 sleep
	tool -0 as_nobody otelop -C "$PWD/there/state" stop
	assert_regex "$stderr" "^otelop-stop: $PWD/there/state: some of what it started may be left: process [0-9]+ \\(sleep\\)$"
	tool -3 as_nobody otelop -C "$PWD/there/state" status -q
	tool -0 as_nobody otelop -C "$PWD/there/state" start --ready exec -- sleep 600
	tool -0 as_nobody otelop -C "$PWD/there/state" stop
	assert_equal "$stderr" ""
}

@test "root without CAP_KILL, and a command that has become another user: nobody is told that it was killed" {
	local bare=(setpriv --bounding-set=-kill --inh-caps=-kill)
	can_be_nobody
	can "${bare[@]}" true
	background "${bare[@]}" env --default-signal otelop-run --ready exec --grace 200ms \
		--max-lifetime 300ms -- setpriv --reuid=65534 --regid=65534 --clear-groups sleep 600 2>err
	runner=$!
	eventually 10 metadata_says ready
	pid=$(otelop-meta get pid)
	eventually 10 grep -q "process $pid (sleep): .*" err
	assert_equal "$(cat err)" "otelop-run: process $pid (sleep): cannot be ended: Operation not permitted"
	kill -KILL "$pid"
	assert_gone "$runner"
}
