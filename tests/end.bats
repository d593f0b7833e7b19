# How a daemon under otelop-run ends, and what is recorded of it.
# shellcheck disable=SC2016 # what stands in single quotes is for another shell
load helper

BATS_TEST_TIMEOUT=180

setup_more() {
	metadata=$OTELOP_STATE_DIR/otelop.json
	ulimit -c 0
}

# --- the end

@test "CMD ends with 0: 0, the metadata is gone, the lock is free, nothing is said" {
	tool -0 otelop-run --ready exec -- sleep 0.1
	assert_equal "$output$stderr" ""
	assert_left
}

@test "CMD is ended by TERM, INT or HUP from outside: 128+n, and it is a clean end" {
	local signal
	for signal in TERM:143 INT:130 HUP:129; do
		run_behind --ready exec -- sleep 1000
		eventually 10 metadata_says ready
		kill "-${signal%:*}" "$(otelop-meta get pid)"
		assert_runner_status "${signal#*:}"
		assert_file_empty err
		assert_left
	done
}

@test "CMD ends with 3: 3, exited is published with the code and the time, the lock is free" {
	run_behind --ready exec -- sh -c 'until test -e go; do sleep 0.02; done; exit 3'
	eventually 10 metadata_says ready
	local pid
	pid=$(otelop-meta get pid)
	: >go
	assert_runner_status 3
	assert_equal "$(cat err)" "otelop-run: sh: exited with status 3"
	assert_left otelop.json
	assert_equal "$(jq -c '[.state, .pid, .exitCode, .exitSignal]' "$metadata")" "[\"exited\",$pid,3,null]"
	assert_regex "$(jq -r .exitedAt "$metadata")" '^20[0-9-]+T[0-9:]+\.[0-9]{9}Z$'
	tool -1 otelop-meta running
	assert_output "stale $pid"
}

@test "CMD dies by a signal: 128+n, exited is published with the signal's name" {
	local signal
	for signal in SEGV:139 KILL:137 USR1:138; do
		tool "-${signal#*:}" otelop-run --ready exec -- sh -c "sleep 0.2; kill -${signal%:*} \$\$"
		assert_equal "${stderr_lines[0]}" "otelop-run: sh: killed by signal ${signal%:*}"
		assert_stderr_line_count 1
		assert_equal "$(jq -c '[.state, .exitCode, .exitSignal]' "$metadata")" \
			"[\"exited\",null,\"${signal%:*}\"]"
		assert_left otelop.json
	done
}

@test "a daemon that crashed: the next start simply works, and says nothing of the crash" {
	tool -3 otelop-run --ready exec old=1 -- sh -c 'sleep 0.1; exit 3'
	tool -0 otelop-spawn -- otelop-run --ready exec -- sleep 1000
	tool -0 otelop-meta running
	assert_equal "$(jq -c '[.state, .exitCode, .exitedAt, .old]' "$metadata")" '["ready",null,null,null]'
	tool -0 otelop-stop
}

@test "CMD ends before it is ready: its status, or 1 for a 0; and nothing says ready" {
	tool -3 otelop-run --ready fd -- sh -c 'exit 3'
	assert_equal "$stderr" "otelop-run: sh: exited with status 3"
	tool -3 otelop-lock -p
	tool -1 otelop-run --ready fd -- true
	assert_regex "$stderr" '^otelop-run: true: exited with status 0 .*foreground'
	assert_left
	tool -139 otelop-run --ready fd -- sh -c 'kill -SEGV $$'
	assert_equal "$stderr" "otelop-run: sh: killed by signal SEGV"
}

@test "under otelop-spawn, CMD ends before it is ready: 1, and how it ended is said once" {
	tool -1 otelop-spawn -- otelop-run --ready fd -- sh -c 'echo boom >&2; exit 3'
	assert_equal "${stderr_lines[0]}" "otelop-spawn: otelop-run: sh: exited with status 3"
	assert_equal "${stderr_lines[1]}" "boom"
	assert_stderr_line_count 3
	assert_nothing_runs
}

# --- SIGKILL

@test "kill -9 of otelop-run, and the daemon's first thread has ended: it still has its lock, stop works" {
	needs /proc
	compile_headless
	tool -0 otelop-spawn -- otelop-run --ready exec -- ./headless
	local pid=$output parent
	parent=$(parent_of "$pid")
	eventually 10 is_headless "$pid"
	kill -KILL "$parent"
	assert_gone "$parent"
	tool -0 otelop-meta running
	tool -0 otelop-stop
	assert_nothing_runs
}

@test "kill -9 of otelop-run: still running, a start is refused, stop works" {
	needs_proc
	tool -0 otelop-spawn -- otelop-run --ready fd -- sh -c 'sleep 1001 & otelop-ready; exec sleep 1000'
	local pid=$output parent
	parent=$(parent_of "$pid")
	kill -KILL "$parent"
	assert_gone "$parent"
	tool -0 otelop-meta running
	assert_output "running $pid"
	tool -75 otelop-run --ready exec -- true
	tool -0 otelop-stop
	assert_nothing_runs
	assert_state_files otelop.log
}

@test "kill -9 of CMD: exited by KILL, and the next start simply works" {
	tool -0 otelop-spawn -- otelop-run --ready exec -- sh -c 'sleep 1001 & exec sleep 1000'
	local pid=$output
	kill -KILL "$pid"
	eventually 10 metadata_says exited
	assert_nothing_runs
	tool -1 otelop-meta running
	assert_output "stale $pid"
	assert_equal "$(otelop-meta get exitSignal)" KILL
	tool -0 otelop-spawn -- otelop-run --ready exec -- sleep 1000
	tool -0 otelop-meta running
	tool -0 otelop-stop
}

@test "kill -9 of both: stale, and the next start simply works" {
	tool -0 otelop-spawn -- otelop-run --ready exec -- sleep 1000
	local pid=$output parent
	parent=$(parent_of "$pid")
	kill -KILL "$parent" "$pid"
	assert_gone "$parent"
	assert_gone "$pid"
	tool -1 otelop-meta running
	assert_output "stale $pid"
	tool -0 otelop-spawn -- otelop-run --ready exec -- sleep 1000
	tool -0 otelop-stop
	assert_state_files otelop.log
}

@test "kill -9 of otelop-run while it starts: otelop-spawn ends all of it, the next start works" {
	background otelop-spawn -- otelop-run --ready fd -- sh -c 'leave sleep 1001; : >began; exec sleep 1000' >out 2>spawn-err
	local pid=$! status=0
	eventually 10 test -e began
	eventually 10 metadata_says starting
	kill -KILL "$(otelop-meta get pid)"
	wait "$pid" || status=$?
	assert_equal "$status" 1
	assert_regex "$(head -n 1 spawn-err)" '^otelop-spawn: otelop-run: killed by signal KILL'
	assert_nothing_runs
	tool -1 otelop-meta running
	tool -0 otelop-spawn -- otelop-run --ready exec -- sleep 1000
	tool -0 otelop-stop
	assert_state_files otelop.log
}

@test "kill -9 of otelop-run while it starts, in the foreground: nothing says ready, the next start works" {
	needs_proc
	needs /proc
	run_behind --ready fd -- sh -c ': >began; exec sleep 1000'
	eventually 10 test -e began
	kill -KILL "$runner"
	assert_gone "$runner"
	tool -1 otelop-meta running
	assert_output "stale $runner"
	assert_regex "$stderr" 'the daemon is dead, its lock kept by process [0-9]+ \(sleep\); otelop stop ends it'
	tool -75 otelop-run --ready exec -- sleep 1001
	assert_regex "$stderr" 'its lock kept by process [0-9]+ \(sleep\)'
	tool -0 otelop-stop
	assert_nothing_runs
	tool -0 otelop-spawn -- otelop-run --ready exec -- sleep 1001
	tool -0 otelop-meta running
	tool -0 otelop-stop
}

# --- giving up

@test "TERM, INT or HUP while it starts: 128+n, the start is given up, nothing is left" {
	needs_proc
	local signal
	for signal in TERM:143 INT:130 HUP:129; do
		rm -f began
		run_behind --ready fd,notify,listen -- sh -c 'leave sleep 1001; : >began; exec sleep 1000'
		eventually 10 test -e began
		kill "-${signal%:*}" "$runner"
		assert_runner_status "${signal#*:}"
		assert_equal "$(cat err)" "otelop-run: sh: the start was given up: signal ${signal%:*}"
		assert_nothing_runs
		assert_left
	done
}

@test "TERM while it starts, and CMD ignores it: killed after the grace" {
	needs_proc
	run_behind --ready fd --grace 2 -- sh -c 'trap "" TERM; : >began; exec sleep 1000'
	eventually 10 test -e began
	kill -TERM "$runner"
	assert_runner_status 143
	assert_regex "$(head -n 1 err)" '^otelop-run: process [0-9]+ \(sleep\): killed, it had not ended within 2(\.[0-9])? s$'
	assert_nothing_runs
	assert_left
}

@test "TERM while it starts and CMD floods the ready pipe: the start is given up all the same" {
	run_behind --ready fd -- sh -c ': >began; exec yes set:a=b >&3'
	eventually 10 test -e began
	sleep 0.3	# so that the pipe is full
	kill -TERM "$runner"
	eventually 10 is_gone "$runner"
	assert_runner_status 143
	assert_nothing_runs
	assert_left
}

@test "CMD floods the notify socket: other modes are still looked at" {
	run_behind --ready notify,check:'test -e go' -- python3 -c '
import os, socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
to = os.environ["NOTIFY_SOCKET"]
to = "\0" + to[1:] if to[0] == "@" else to
open("began", "w")
while True:
    s.sendto(b"STATUS=busy", to)'
	eventually 10 test -e began
	: >go
	eventually 10 metadata_says ready
}

@test "the daemon says err: before it is ready: 1, its words, nothing is left" {
	tool -1 "${in_session[@]}" otelop-run --ready fd -- sh -c 'leave sleep 1001; otelop-ready -e "no disk"; exec sleep 1000'
	assert_equal "$stderr" "otelop-run: sh: no disk"
	assert_nothing_runs
	assert_left
}

@test "CMD is on a file server that does not answer: TERM, stop and a start's limit are obeyed, and the rest is named" {
	with_hanging_server '
		: >hang
		begin() {
			before=$(grep -c unanswered server)
			otelop-run --ready exec -- "$PWD/mount/f" 2>err &
			run=$!
			until [ "$(grep -c unanswered server)" -gt "$before" ]; do sleep 0.02; done
		}
		begin
		kill -USR1 "$run"
		kill -TERM "$run"
		wait "$run"
		say TERM
		cat err | sed "s/process [0-9]*/process N/"
		begin
		otelop-stop -t 10
		say stop
		wait "$run"
		say "which ends it"
		otelop-spawn -t 1 -- otelop-run --ready exec -- "$PWD/mount/f" 2>err
		say limit
		otelop-lock -p
		say probe'
	assert_output "$(printf '%s\n' 'TERM 143' \
		"otelop-run: $PWD/mount/f: the start was given up: signal TERM; process N cannot be ended" \
		'stop 0' 'which ends it 143' 'limit 124' 'probe 3')"
	assert_nothing_runs
}

@test "CMD is on a file server that does not answer, and who the start is for dies: it is given up" {
	with_hanging_server '
		: >hang
		begins() { until [ "$(grep -c unanswered server)" -gt "$1" ]; do sleep 0.02; done; }
		sleep 1002 &
		parent=$!
		before=$(grep -c unanswered server)
		otelop-run --ready exec --with-parent "$parent" -- "$PWD/mount/f" 2>err &
		run=$!
		begins "$before"
		kill "$parent"
		wait "$run"
		say parent
		cat err | sed "s/process [0-9]*/process N/"
		before=$(grep -c unanswered server)
		otelop-spawn -- otelop-run --ready exec -- "$PWD/mount/f" &
		spawn=$!
		begins "$before"
		kill -KILL "$spawn"
		otelop-lock -W -w 20
		say unheard'
	assert_output "$(printf '%s\n' 'parent 1' \
		"otelop-run: $PWD/mount/f: the start was given up: its parent is gone; process N cannot be ended" 'unheard 0')"
	assert_nothing_runs
}

@test "under otelop-spawn, not ready in time: 124, nothing is left, no metadata" {
	tool -124 otelop-spawn -t 400ms -- otelop-run --ready fd --grace 1 -- sh -c 'leave sleep 1001; trap "" TERM; exec sleep 1000'
	assert_nothing_runs
	assert_left otelop.log
}

# --- lifetime

@test "--with-parent: the parent dies, and the daemon is gone at once, and so is its metadata" {
	background sleep 1002
	local parent=$!
	tool -0 otelop-spawn -- otelop-run --ready exec --with-parent "$parent" -- sh -c 'leave sleep 1001; exec sleep 1000'
	kill -KILL "$parent"
	eventually 20 nothing_runs
	eventually 20 test ! -e "$metadata"
}

@test "--with-parent: the parent dies while it starts: CMD is ended, which is its status, and it is said" {
	background sleep 1002
	local parent=$!
	run_behind --ready fd --with-parent "$parent" -- sh -c ': >began; exec sleep 1000'
	eventually 10 test -e began
	kill -KILL "$parent"
	assert_gone "$runner" 20
	assert_runner_status 143
	assert_regex "$(cat err)" '^otelop-run: sh: .*parent'
	assert_nothing_runs
	assert_left
}

@test "--with-parent, several: the daemon ends with the first that is gone, whichever it is; if one is gone already, CMD is not run" {
	local first parents
	for first in 0 1 2; do
		background sleep 1002; parents=("$!")
		background sleep 1002; parents+=("$!")
		background sleep 1002; parents+=("$!")
		tool -0 otelop-spawn -- otelop-run --ready exec "${parents[@]/#/--with-parent=}" -- sleep 1000
		assert_equal "$(otelop-meta get withParent)" "${parents[*]}"
		end "${parents[first]}"
		assert_gone "$output"
		eventually 20 test ! -e "$metadata"
		tool -1 otelop-run --ready exec "${parents[@]/#/--with-parent=}" -- sh -c ': >ran; sleep 1000'
		assert_regex "$stderr" "^otelop-run: ${parents[first]}: .*gone"
		assert_not_exists ran
		for parent in "${parents[@]}"; do end "$parent"; done
	done
	tool -2 otelop-run --with-parent=1 --with-parent=1 --with-parent=1 --with-parent=1 --with-parent=1 -- true
	assert_equal "${stderr_lines[0]}" "otelop-run: --with-parent: more than 4 of them"
}

@test "--with-parent: the parent is gone, or a zombie: 1, it is named, CMD is not run" {
	local pid
	sh -c : &
	pid=$!
	wait "$pid"
	tool -1 otelop-run --ready exec --with-parent "$pid" -- sh -c ': >ran; sleep 1000'
	assert_regex "$stderr" "^otelop-run: $pid: .*gone"
	assert_not_exists ran
	assert_left
	make_zombie
	tool -1 otelop-run --ready exec --with-parent "$zombie" -- sh -c ': >ran; sleep 1000'
	assert_not_exists ran
	assert_left
}

@test "--max-lifetime: the daemon is ended then, and it is a clean end" {
	tool -143 "${in_session[@]}" otelop-run --ready exec --max-lifetime 300ms -- sh -c 'leave sleep 1001; exec sleep 1000'
	assert_nothing_runs
	assert_left
	tool -0 otelop-run --ready exec --max-lifetime 3 -- sh -c 'trap "exit 0" TERM; while :; do sleep 0.02; done'
	assert_left
	tool -0 otelop-run --ready exec --max-lifetime 0 -- sleep 0.2
}

@test "--max-lifetime, and CMD ignores TERM: killed after the grace, and it is still a clean end" {
	tool -137 otelop-run --ready exec --grace 2 --max-lifetime 3 -- sh -c 'trap "" TERM; exec sleep 1000'
	assert_nothing_runs
	assert_left
}

@test "--with-parent: the parent dies, and its number is an innocent's before anybody looks: the daemon ends all the same" {
	needs pidfd
	can unshare -rpmf --mount-proc true
	tool -0 timeout 60 unshare -rpmf --mount-proc python3 -c '
import os, signal, subprocess, sys, time
parent = subprocess.Popen(["sleep", "1000"])
run = subprocess.Popen(["otelop-run", "--ready", "exec", "--with-parent", str(parent.pid), "--", "sleep", "1001"])
state = lambda: subprocess.run(["otelop-meta", "running"], stdout=subprocess.PIPE).stdout.split()[:1]
while state() != [b"running"]:
    time.sleep(0.02)
run.send_signal(signal.SIGSTOP)
parent.kill()
parent.wait()
open("/proc/sys/kernel/ns_last_pid", "w").write(str(parent.pid - 1))
innocent = subprocess.Popen(["sleep", "1002"])
if innocent.pid != parent.pid:
    sys.exit(f"the number was not used again: {innocent.pid} for {parent.pid}")
run.send_signal(signal.SIGCONT)
run.wait(20)
print("innocent lives:", innocent.poll() is None)'
	assert_output "innocent lives: True"
}

# --- the grace

@test "a server behind a shell that takes its time: it has the grace, and is asked once" {
	run_behind --ready exec -- sh -c "$slow_server 3; :"
	eventually 10 metadata_says ready
	eventually 10 test -e up
	kill -TERM "$runner"
	assert_runner_status 143
	assert_equal "$(cat heard)" $'SIGTERM\nended'
	assert_file_empty err
	assert_left
}

@test "--grace: what has not ended within it is killed, and a line of the log says whom" {
	needs_proc
	run_behind --ready exec --grace 500ms -- sh -c "$slow_server 30; :"
	eventually 10 metadata_says ready
	eventually 10 test -e up
	kill -TERM "$runner"
	assert_runner_status 143
	assert_equal "$(cat heard)" SIGTERM
	assert_regex "$(cat err)" '^otelop-run: process [0-9]+ \(python3\): killed, it had not ended within 0\.[5-9] s$'
	assert_nothing_runs
	assert_left
}

@test "--grace with --log-max: the line is in the log" {
	needs_proc
	tool -0 otelop start --ready exec --grace 300ms --log-max 1M -- sh -c "$slow_server 30; :"
	eventually 10 test -e up
	kill -TERM "$output"
	eventually 10 test ! -e "$metadata"
	assert_regex "$(cat "$OTELOP_STATE_DIR/otelop.log")" 'otelop-run: process [0-9]+ \(python3\): killed, it had not ended within 0\.[3-9] s'
}

@test "--grace 0: nobody is killed" {
	run_behind --ready exec --grace 0 -- sh -c "$slow_server 1; :"
	eventually 10 metadata_says ready
	eventually 10 test -e up
	kill -TERM "$runner"
	assert_runner_status 143
	assert_equal "$(cat heard)" $'SIGTERM\nended'
	assert_file_empty err
}

@test "--parent-grace: it counts when the parent is gone, and --grace when CMD is told to end" {
	needs_proc
	background sleep 1002
	local parent=$!
	run_behind --ready exec --with-parent "$parent" --grace 30 --parent-grace 300ms -- sh -c "$slow_server 60; :"
	eventually 10 metadata_says ready
	eventually 10 test -e up
	kill -KILL "$parent"
	assert_gone "$runner"
	assert_runner_status 143
	assert_regex "$(cat err)" 'otelop-run: process [0-9]+ \(python3\): killed, it had not ended within 0\.[3-9] s'
	assert_nothing_runs
}

@test "a start that times out behind a shell: the server is asked once, has the grace, and a KILL is in the log" {
	needs_proc
	tool -124 otelop start --ready fd -t 1 --grace 10 -- sh -c "$slow_server 3; :"
	assert_equal "$(cat heard)" $'SIGTERM\nended'
	assert_nothing_runs
	rm heard
	tool -124 otelop start --ready fd -t 1 --grace 300ms -- sh -c "$slow_server 30; :"
	assert_equal "$(cat heard)" SIGTERM
	assert_regex "$(cat "$OTELOP_STATE_DIR/otelop.log")" 'otelop-run: process [0-9]+ \(python3\): killed, it had not ended within 0\.[3-9] s'
	assert_nothing_runs
}

@test "a start is interrupted a second time while what it began has its grace: it is killed at once" {
	background otelop start --ready fd --grace 1h -- sh -c 'trap "" TERM; : >began; exec sleep 1000' 2>err
	local pid=$!
	eventually 10 test -e began
	kill -TERM "$pid"
	sleep 0.5
	kill -0 "$pid"
	kill -HUP "$pid"
	assert_ended "$pid" 143
	assert_nothing_runs
}

@test "a grace that is no time: 2 and it is named, nothing is run" {
	local option
	for option in --grace --parent-grace; do
		tool -2 otelop-run "$option" soon --ready exec -- sh -c ': >ran'
		assert_regex "${stderr_lines[0]}" "^otelop-run: $option: not a duration: soon"
		tool -2 otelop start "$option" soon --ready exec -- sh -c ': >ran'
		assert_regex "${stderr_lines[0]}" "^otelop: start: $option: not a duration: soon"
	done
	assert_not_exists ran
}

# --- a command that goes into the background after its verdict

@test "CMD ends with 0 a moment after the verdict, and what it left has its address: exited, 1, the log says what to do" {
	needs_proc
	needs sockets
	run_behind --ready listen -- sh -c 'python3 -m http.server --bind 127.0.0.1 0 >/dev/null 2>&1 & until test -e go; do sleep 0.02; done'
	eventually 20 metadata_says ready
	local address
	address=$(otelop-meta get listen)
	: >go
	assert_runner_status 1
	assert_regex "$(cat err)" "^otelop-run: sh: exited with status 0 and left process [0-9]+ \\(python3\\), which listens on $address; .*told to stay in the foreground$"
	tool -1 otelop-meta running
	assert_equal "$(jq -c '[.state, .exitCode]' "$metadata")" '["exited",0]'
	assert_nothing_runs
}

@test "CMD ends with 0 a moment after the verdict, told to by stop or TERM, or nothing has its address: a clean end" {
	needs_proc
	needs sockets
	local line how
	for how in stop TERM alone; do
		case $how in
		alone) line='until test -e go; do sleep 0.02; done; { kill $!; wait $!; } 2>/dev/null; exit 0' ;;
		*) line='trap "exit 0" TERM; while :; do sleep 0.02; done' ;;
		esac
		run_behind --ready listen -- sh -c "python3 -m http.server --bind 127.0.0.1 0 >/dev/null 2>&1 & $line"
		eventually 20 metadata_says ready
		case $how in
		stop) tool -0 otelop-stop ;;
		TERM) kill -TERM "$runner" ;;
		alone) : >go ;;
		esac
		assert_runner_status 0
		assert_file_empty err
		assert_left
	done
}

@test "CMD ends with 0 later than 5 s after the verdict, and what it left has its address: a clean end" {
	needs_proc
	needs sockets
	run_behind --ready listen -- sh -c 'python3 -m http.server --bind 127.0.0.1 0 >/dev/null 2>&1 & until test -e go; do sleep 0.02; done'
	eventually 20 metadata_says ready
	sleep 5.2
	: >go
	assert_runner_status 0
	assert_file_empty err
	assert_left
}
