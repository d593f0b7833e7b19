# otelop-spawn: detach a command and wait until it is ready.
# shellcheck disable=SC2016 # what stands in single quotes is for another shell
load helper

BATS_TEST_TIMEOUT=180

# --- the verdict

@test "the child says ok: its pid is printed and nothing else, and it runs on" {
	tool -0 otelop-spawn -- sh -c "$(says 'ok\n')"
	assert_output --regexp '^[0-9]+$'
	assert_equal "$stderr" ""
	kill -0 "$output"
	assert_state_files otelop.log
}

@test "the child says an empty line: it is ready" {
	tool -0 otelop-spawn -- sh -c "$(says '\n')"
	kill -0 "$output"
}

@test "the child says READY=1: it is ready" {
	tool -0 otelop-spawn -- sh -c "$(says 'READY=1\n')"
	kill -0 "$output"
}

@test "the child says ok without a newline and closes the pipe: it is ready" {
	tool -0 otelop-spawn -- sh -c "$(says ok)"
	kill -0 "$output"
}

@test "the verdict comes in pieces: it is ready when the line is whole" {
	tool -0 otelop-spawn -- sh -c 'printf o >&3; sleep 0.1; printf k >&3; sleep 0.1; : >whole; echo >&3; exec sleep 1000'
	assert_exists whole
	kill -0 "$output"
}

@test "more follows the verdict: the first word counts" {
	tool -0 otelop-spawn -- sh -c "$(says 'ok\nerr:too late\n')"
	kill -0 "$output"
}

@test "ok, and dead at once: ready, because it said so before it died" {
	tool -0 otelop-spawn -- sh -c 'echo ok >&3; exit 3'
	assert_output --regexp '^[0-9]+$'
}

@test "the child uses otelop-ready: it is ready" {
	tool -0 otelop-spawn -- sh -c 'otelop-ready || exit; exec sleep 1000'
	kill -0 "$output"
}

@test "set: lines before the verdict: they are read over, but set:pid= is the pid that is printed" {
	tool -0 otelop-spawn -- sh -c "$(says 'set:color=blue\nset:httpAddr=1.2.3.4:5\nok\n')"
	kill -0 "$output"
	tool -0 otelop-spawn -- sh -c 'sleep 1000 & echo $! >pid; printf "set:pid=%s\nok\n" $! >&3; wait'
	assert_output "$(cat pid)"
}

@test "the child says err: status 1, its text, where the log is, and no process is left" {
	tool -1 otelop-spawn -- sh -c "$(says 'err:port 80 is taken\n')"
	assert_output ""
	assert_equal "${stderr_lines[0]}" "otelop-spawn: sh: port 80 is taken"
	assert_equal "${stderr_lines[1]}" "otelop-spawn: sh: log: $OTELOP_STATE_DIR/otelop.log"
	assert_stderr_line_count 2
	assert_nothing_runs
}

@test "the child says err: without a newline and closes the pipe: its text is shown" {
	tool -1 otelop-spawn -- sh -c "$(says 'err:no disk')"
	assert_equal "${stderr_lines[0]}" "otelop-spawn: sh: no disk"
}

@test "the child says err: with UTF-8 and terminal codes: characters are kept, codes are not" {
	tool -1 otelop-spawn -- sh -c "$(says 'err:gr\303\274n \033[31mrot\007\n')"
	assert_equal "${stderr_lines[0]}" "otelop-spawn: sh: grün \\x1b[31mrot\\x07"
}

@test "the child says err: and no words: the message still says that it failed" {
	tool -1 otelop-spawn -- sh -c "$(says 'err:\n')"
	assert_regex "${stderr_lines[0]}" '^otelop-spawn: sh: .*[a-z]{4}'
}

@test "set:exitCode= before err: 2, 4, 75, 125, 126 and 127 become the status, no other does" {
	local code
	for code in 2 4 75 125 126 127; do
		tool "-$code" otelop-spawn -- sh -c "$(says "set:exitCode=$code\\nerr:so it is\\n")"
		assert_equal "${stderr_lines[0]}" "otelop-spawn: sh: so it is"
	done
	for code in 0 3 5 124 -1 75x 99999999999999999999; do
		tool -1 otelop-spawn -- sh -c "$(says "set:exitCode=$code\\nerr:so it is\\n")"
	done
}

@test "any other line: status 1, it is quoted without its control characters, nothing is left" {
	tool -1 otelop-spawn -- sh -c "$(says 'hello \033[2Jworld\n')"
	assert_equal "${stderr_lines[0]}" \
		'otelop-spawn: sh: unexpected line on the ready pipe: "hello \x1b[2Jworld"'
	assert_nothing_runs
}

@test "almost the protocol: ok with a blank, OK, error:, set: without =, a NUL are unexpected lines" {
	local line
	for line in 'ok \n' 'OK\n' 'error:x\n' 'set:x\n' 'ok\000\n' 'ok\r\n' ' ok\n' 'READY=0\n'; do
		tool -1 otelop-spawn -- sh -c "$(says "$line")"
		assert_regex "${stderr_lines[0]}" '^otelop-spawn: sh: unexpected line on the ready pipe: "'
	done
}

@test "a line of 4096 bytes: taken whole; of an err: that is longer the first 4096 are shown; any other that is longer: said so" {
	local text line
	text=$(printf '%4092s' '' | tr ' ' x)
	tool -1 otelop-spawn -- sh -c 'printf "err:%s\n" "$1" >&3; exec sleep 1000' sh "$text"
	assert_equal "${stderr_lines[0]}" "otelop-spawn: sh: $text"
	tool -1 otelop-spawn -- sh -c 'printf "err:%syz\nok\n" "$1" >&3; exec sleep 1000' sh "$text"
	assert_equal "${stderr_lines[0]}" "otelop-spawn: sh: $text"
	tool -1 otelop-spawn -- sh -c 'printf "err:%sü and so on" "$1" >&3; exec sleep 1000' sh "${text%x}"
	assert_equal "${stderr_lines[0]}" "otelop-spawn: sh: ${text%x}"
	tool -1 otelop-run --ready fd -- sh -c 'printf "err:%syz\n" "$1" >&3; exec sleep 1000' sh "$text"
	assert_equal "${stderr_lines[0]}" "otelop-run: sh: $text"
	for line in "erro:$text" "ok$text$text" "set:a=$text"; do
		tool -1 otelop-spawn -- sh -c 'printf "%s\n" "$1" >&3; exec sleep 1000' sh "$line"
		assert_regex "${stderr_lines[0]}" '^otelop-spawn: sh: a line on the ready pipe is over 4096 bytes$'
	done
	assert_nothing_runs
}

@test "a line without end: status 1 at once, not after the timeout" {
	tool -1 otelop-spawn -- sh -c 'head -c 100000 /dev/zero | tr "\000" x >&3; exec sleep 1000'
	assert_regex "${stderr_lines[0]}" 'over 4096 bytes'
	assert_nothing_runs
}

@test "set: lines without end: the timeout is kept" {
	tool -124 otelop-spawn -t 500ms -- sh -c 'exec yes set:a=b >&3'
	assert_nothing_runs
}

@test "the child closes the pipe and says nothing: status 1, and it is ended" {
	tool -1 otelop-spawn -- sh -c 'exec 3>&-; exec sleep 1000'
	assert_equal "${stderr_lines[0]}" "otelop-spawn: sh: closed the ready pipe without a verdict"
	assert_nothing_runs
}

# --- the child's end before the verdict

@test "the child ends with 3: at once, status 1, how it ended, its last lines, the log's path" {
	tool -1 timeout 20 otelop-spawn -t 1000 -- sh -c 'echo boom >&2; exit 3'
	assert_output ""
	assert_equal "${stderr_lines[0]}" "otelop-spawn: sh: exited with status 3"
	assert_equal "${stderr_lines[1]}" "boom"
	assert_equal "${stderr_lines[2]}" "otelop-spawn: sh: log: $OTELOP_STATE_DIR/otelop.log"
	assert_stderr_line_count 3
	assert_nothing_runs
}

@test "the child dies by a signal: status 1, and the signal is named" {
	ulimit -c 0
	tool -1 otelop-spawn -- sh -c 'kill -SEGV $$'
	assert_equal "${stderr_lines[0]}" "otelop-spawn: sh: killed by signal SEGV"
	tool -1 otelop-spawn -- sh -c 'kill -KILL $$'
	assert_equal "${stderr_lines[0]}" "otelop-spawn: sh: killed by signal KILL"
}

@test "the child dies by a signal while another keeps the pipe open: told at once, both are gone" {
	tool -1 otelop-spawn -- sh -c 'sleep 1000 & kill -TERM $$'
	assert_equal "${stderr_lines[0]}" "otelop-spawn: sh: killed by signal TERM"
	assert_nothing_runs
}

@test "the child ends with 0: status 1, and it is told to stay in the foreground" {
	tool -1 otelop-spawn -- sh -c 'sleep 1000 >/dev/null 2>&1 & exit 0'
	assert_regex "${stderr_lines[0]}" '^otelop-spawn: sh: exited with status 0 .*foreground'
	assert_nothing_runs
}

@test "the child ends with 75, 125, 126 or 127: that status is passed on; 2, 4, 124 and 143 are 1" {
	local code
	for code in 75 125 126 127; do
		tool "-$code" otelop-spawn -- sh -c "exit $code"
		assert_equal "${stderr_lines[0]}" "otelop-spawn: sh: exited with status $code"
	done
	for code in 2 4 124 143; do
		tool -1 otelop-spawn -- sh -c "exit $code"
	done
}

@test "--as: a name with control characters: none reaches the terminal" {
	tool -1 otelop-spawn --as $'otelop: a\e[31mb' -- sh -c 'exit 3'
	assert_equal "${stderr_lines[0]}" 'otelop: a\x1b[31mb: exited with status 3'
}

@test "-q: silent when the answer is 75 because of the lock, and only then" {
	tool -75 otelop-spawn -q -- sh -c 'echo noise; exit 75'
	assert_equal "${stderr_lines[0]}" "otelop-spawn: sh: exited with status 75"
	assert_equal "${stderr_lines[1]}" "noise"
	tool -0 otelop-spawn -- otelop-lock -- sh -c 'otelop-ready; exec sleep 1000'
	tool -75 otelop-spawn -q -- sh -c 'echo noise; exit 75'
	assert_equal "$output$stderr" ""
	tool -0 otelop-stop
	tool -75 otelop-spawn --quiet-busy -- sh -c "$(says 'set:exitCode=75\nerr:held\n')"
	assert_equal "$output$stderr" ""
	tool -1 otelop-spawn -q -- sh -c 'exit 3'
	assert_equal "${stderr_lines[0]}" "otelop-spawn: sh: exited with status 3"
	tool -75 otelop-spawn -- sh -c 'exit 75'
	assert_equal "${stderr_lines[0]}" "otelop-spawn: sh: exited with status 75"
}

# --- waiting

@test "not ready in time: 124, how long it waited, and nothing is left" {
	tool -124 otelop-spawn -t 2500ms -- sh -c 'echo still loading; exec sleep 1000'
	assert_output ""
	assert_equal "${stderr_lines[0]}" "otelop-spawn: sh: not ready within 2.5 s"
	assert_equal "${stderr_lines[1]}" "still loading"
	assert_equal "${stderr_lines[2]}" "otelop-spawn: sh: log: $OTELOP_STATE_DIR/otelop.log"
	assert_nothing_runs
}

@test "not ready in time, and it ignores TERM: 124, and nothing is left" {
	tool -124 otelop-spawn -t 200ms -- sh -c 'trap "" TERM; sleep 1000 & exec sleep 1001'
	assert_nothing_runs
}

@test "not ready in time, and it is stopped: 124, and nothing is left" {
	tool -124 otelop-spawn -t 300ms -- sh -c 'sh -c "kill -STOP \$\$" & kill -STOP $$'
	assert_nothing_runs
}

@test "not ready in time, with double-forked children, in sessions of their own too: nothing is left" {
	needs subreaper
	tool -124 otelop-spawn -t 400ms -- sh -c '
		(sleep 1000 &)
		(setsid sleep 1001 &)
		setsid sh -c "setsid sh -c \"setsid sleep 1002 & setsid sleep 1003 & exit\" & exit" &
		leave sh -c "trap \"\" HUP; exec sleep 1004"
		exec sleep 1005'
	assert_nothing_runs
}

@test "not ready in time, and the child itself left its session: nothing is left" {
	needs subreaper
	tool -124 otelop-spawn -t 300ms -- python3 -c '
import os, time
if os.fork():
    time.sleep(1000)
os.setsid()
if os.fork():
    os._exit(0)
time.sleep(1000)'
	assert_nothing_runs
}

@test "the child is dead and its double-forked child is not: nothing is left" {
	needs subreaper
	tool -1 otelop-spawn -- sh -c 'leave sleep 1000; leave sleep 1001; exit 3'
	assert_equal "${stderr_lines[0]}" "otelop-spawn: sh: exited with status 3"
	assert_nothing_runs
}

@test "-t 0: there is no limit" {
	tool -0 otelop-spawn -t 0 -- sh -c 'sleep 0.5; echo ok >&3; exec sleep 1000'
	kill -0 "$output"
}

@test "INT, TERM or HUP while it waits: 128+n, and nothing is left" {
	needs subreaper
	local signal pid status
	for signal in INT:130 TERM:143 HUP:129; do
		rm -f began
		background env --default-signal otelop-spawn -- sh -c ': >began; setsid sleep 1000 & exec sleep 1001' \
			>out 2>err
		pid=$!
		eventually 10 test -e began
		kill "-${signal%:*}" "$pid"
		status=0
		wait "$pid" || status=$?
		assert_equal "$status" "${signal#*:}"
		assert_file_empty out
		assert_equal "$(head -n 1 err)" "otelop-spawn: sh: interrupted"
		assert_nothing_runs
	done
}

@test "Ctrl-C on the terminal while it waits: 130, and nothing is left" {
	tool -130 on_terminal otelop-spawn -- sh -c ': >typing; exec sleep 1000'
	assert_output --partial "otelop-spawn: sh: interrupted"
	assert_nothing_runs
}

@test "Ctrl-C on the terminal after it: it ends the shell, the daemon has heard nothing of it" {
	tool -130 on_terminal sh -c 'otelop-spawn -- sh -c "echo ok >&3; exec sleep 1000" >pid; : >typing; sleep 1001'
	kill -0 "$(cat pid)"
	eventually 10 only_runs "$(cat pid)"
}

@test "started by nohup, and the terminal goes: it keeps waiting" {
	background env --ignore-signal=HUP otelop-spawn -- sh -c ': >began; until test -e go; do sleep 0.02; done; echo ok >&3; exec sleep 1000' >out
	local pid=$!
	eventually 10 test -e began
	kill -HUP "$pid"
	sleep 0.1
	: >go
	wait "$pid"
	kill -0 "$(cat out)"
}

@test "the caller ignores SIGCHLD: how the child ended is known all the same" {
	tool -75 env --ignore-signal=CHLD otelop-spawn -- sh -c 'exit 75'
	assert_equal "${stderr_lines[0]}" "otelop-spawn: sh: exited with status 75"
	tool -1 env --ignore-signal=CHLD otelop-spawn -- sh -c 'leave sleep 1000; exit 3'
	assert_equal "${stderr_lines[0]}" "otelop-spawn: sh: exited with status 3"
	assert_nothing_runs
}

@test "while it waits: the command is its own child, and no process is in between" {
	background otelop-spawn -- sh -c 'echo "$PPID" >parent; exec sleep 1000'
	eventually 10 test -s parent
	assert_equal "$(cat parent)" "$!"
	assert_equal "$(pgrep -P "$!" | wc -l)" 1
}

@test "otelop-spawn is killed while it waits: its command lives on, and finds that nobody reads what it says" {
	background otelop-spawn -- sh -c 'trap "" PIPE; : >waits; until [ -e go ]; do sleep 0.02; done
		echo ok >&3 2>/dev/null || echo nobody >heard; exec sleep 1000'
	spawned=$!
	eventually 10 test -e waits
	kill -KILL "$spawned"
	wait "$spawned" || true
	: >go
	eventually 10 test -s heard
	run ! nothing_runs
}

@test "what the command leaves, out of its session, while otelop-spawn waits: ended with a failed start, and no zombie stays" {
	needs "orphans that come to it"
	tool -1 otelop-spawn -- sh -c 'for n in 1 2 3; do setsid sh -c "setsid sleep 1000 & exit"; done; echo err:no >&3; exec sleep 1000'
	assert_equal "${stderr_lines[0]}" "otelop-spawn: sh: no"
	assert_nothing_runs
}

@test "grandchildren of the shell that becomes otelop-spawn: a failed start does not touch them" {
	tool -124 sh -c 'sh -c "sleep 1001 >/dev/null 2>&1 & echo \$! >before; sleep 0.5" & sleep 0.2; exec otelop-spawn -t 1 -- sleep 1000'
	run ! is_gone "$(cat before)"
}

@test "the processes cannot be listed: what was started ends, and children of the shell that becomes otelop-spawn live" {
	needs /proc
	tool -124 strace -qq -o traced -P /proc -e trace=/open -e inject=/open:error=ENFILE \
		sh -c 'sleep 1001 >/dev/null 2>&1 & echo $! >before; exec otelop-spawn -t 1 -- sh -c "echo \$\$ >child; exec sleep 1000"'
	assert_regex "${stderr_lines[0]}" 'not ready within 1 s; some of what it started may be left'
	is_gone "$(cat child)"
	run ! is_gone "$(cat before)"
}

@test "a file server that does not answer: 124 in time, or interrupted, whatever the command waits for there" {
	with_hanging_server '
		: >hang
		otelop-spawn -t 1 -- "$PWD/mount/f" 2>err
		say command
		grep -c "cannot be run within 1 s; process [0-9]* cannot be ended" err
		otelop-spawn -t 1 -d "$PWD/mount" -- true 2>/dev/null
		say directory
		otelop-spawn -t 60 -- "$PWD/mount/f" 2>/dev/null &
		spawn=$!
		until [ -n "$(pgrep -P "$spawn")" ]; do sleep 0.02; done
		kill -TERM "$spawn"
		wait "$spawn"
		say interrupted
		otelop-spawn -t 1 -- sh -c "exec 4<mount/f; exec sleep 1000" 2>err
		say open
		grep -c "not ready within 1 s; process [0-9]* cannot be ended" err'
	assert_output "$(printf '%s\n' 'command 124' 1 'directory 124' 'interrupted 143' 'open 124' 1)"
}

@test "children of the shell that becomes otelop-spawn: a failed start does not touch them" {
	local status
	for status in '1 60 exit 3' '124 400ms exec sleep 1001' "1 60 $(says 'err:no\n')"; do
		tool "-${status%% *}" sh -c 'sleep 1000 >/dev/null 2>&1 & echo $! >before; exec otelop-spawn -t "${1%% *}" -- sh -c "${1#* }"' \
			sh "${status#* }"
		kill -0 "$(cat before)"
		kill "$(cat before)"
	done
	assert_nothing_runs
}

# --- its own output

@test "stdout is full: 125, stdout is named, and there is no daemon" {
	needs subreaper
	tool -125 sh -c 'exec otelop-spawn -- sh -c "echo ok >&3; setsid sleep 1001 & exec sleep 1000" >/dev/full'
	assert_regex "$stderr" '^otelop-spawn: stdout: cannot write: '
	assert_nothing_runs
}

@test "stdout is full, and the daemon is otelop-run's: 125, there is no daemon and no metadata" {
	tool -125 sh -c 'exec otelop-spawn -- otelop-run --ready exec -- sleep 1000 >/dev/full'
	assert_nothing_runs
	assert_state_files otelop.log
}

@test "stdout is full: children of the shell that became otelop-spawn live on" {
	tool -125 sh -c 'sleep 1000 >/dev/null 2>&1 & echo $! >before; exec otelop-spawn -- sh -c "echo ok >&3; exec sleep 1001" >/dev/full'
	kill -0 "$(cat before)"
	eventually 10 only_runs "$(cat before)"
}

@test "stdout is a pipe that nobody reads: 0, and the daemon lives on" {
	tool -0 python3 -c '
import os, subprocess
reader, writer = os.pipe()
os.close(reader)
print(subprocess.run(["otelop-spawn", "--", "sh", "-c", "echo ok >&3; exec sleep 1000"], stdout=writer).returncode)'
	assert_output 0
	assert_equal "$stderr" ""
	eventually 10 runs_sleep
}
runs_sleep() {
	local pid
	for pid in $(marked_processes); do ! is_now "$pid" sleep || return 0; done
	return 1
}

@test "stdout is closed: 125, stdout is named, and nothing was started" {
	tool -125 sh -c 'exec otelop-spawn -- sh -c ": >ran; echo ok >&3; exec sleep 1000" >&-'
	assert_regex "$stderr" '^otelop-spawn: stdout: '
	assert_not_exists ran
	assert_not_exists "$OTELOP_STATE_DIR"
}

@test "--as NAME: every message begins with it" {
	tool -1 otelop-spawn --as 'otelop: web' -- sh -c 'echo boom; exit 3'
	assert_equal "${stderr_lines[0]}" "otelop: web: exited with status 3"
	assert_equal "${stderr_lines[2]}" "otelop: web: log: $OTELOP_STATE_DIR/otelop.log"
	tool -127 otelop-spawn --as 'otelop: web' -- no-such-command-at-all
	assert_regex "$stderr" '^otelop: web: cannot run: '
}

@test "--progress on a terminal: shown after a second, with the seconds, and cleared at the end" {
	tool -0 on_terminal otelop-spawn --progress 'waiting for web' -- sh -c 'sleep 3.3; echo ok >&3; exec sleep 1000'
	assert_output --regexp 'waiting for web \([123] s\)'
	# What is behind the last clearing of the line is the pid alone.
	assert_regex "${output##*$'\e[K'}" $'^[0-9]+\r?$'
}

@test "--progress on a terminal, and ready within a second: nothing is shown" {
	quiet_start() {
		tool -0 on_terminal otelop-spawn --progress 'waiting for web' -- sh -c 'echo ok >&3; exec sleep 1000'
		[[ $output =~ ^[0-9]+$'\r'?$ ]]
	}
	eventually 20 quiet_start	# it may take a second to begin
}

@test "--progress elsewhere: quiet" {
	tool -0 otelop-spawn --progress 'waiting for web' -- sh -c 'sleep 1.2; echo ok >&3; exec sleep 1000'
	assert_output --regexp '^[0-9]+$'
	assert_equal "$stderr" ""
}

# --- limits

@test "few descriptors are allowed: 125 and one line, or a start that works; nothing half" {
	local limit
	for limit in 5 7 9 10 11 12 13 16; do
		tool few_descriptors "$limit" otelop-spawn -- sh -c 'echo ok >&3; exec sleep 1000'
		case $status in
		0) kill "$output" ;;
		125) assert_stderr_line_count 1 ;;
		*) fail "limit $limit: status $status: $stderr" ;;
		esac
		assert_nothing_runs
	done
	assert_equal "$status" 0	# 16 are enough
}

@test "no process may be made: 125, and one line" {
	can_give
	can_be_nobody
	mkdir -m 755 state
	chown 65534 state
	can as_nobody prlimit --nproc=0 otelop-spawn --version
	tool -125 as_nobody prlimit --nproc=0 otelop-spawn -- sh -c ': >ran'
	assert_regex "$stderr" '^otelop-spawn: sh: cannot start: '
	assert_stderr_line_count 1
}

# --- usage

@test "wrong usage: 2, what is wrong, the usage, and nothing is started" {
	local arguments
	while read -r -a arguments; do
		tool -2 otelop-spawn "${arguments[@]}"
		assert_output ""
		assert_regex "${stderr_lines[0]}" '^otelop-spawn: '
		assert_regex "${stderr_lines[1]}" '^usage: otelop-spawn '
		assert_not_exists "$OTELOP_STATE_DIR"
	done <<-'WRONG'
		--
		-t
		-t soon -- true
		-t -1 -- true
		-m 8 -- true
		-m 1000 -- true
		-m -- true
		-e NAME -- true
		-e =x -- true
		-u A=B -- true
		--tail -1 -- true
		--tail many -- true
		-Z -- true
		--no-such-option -- true
	WRONG
	tool -2 otelop-spawn
	tool -2 otelop-spawn -C '' -- true
	tool -2 otelop-spawn -u '' -- true
	assert_not_exists "$OTELOP_STATE_DIR"
}

@test "options behind the command: they are the command's" {
	tool -0 otelop-spawn sh -c "$(says 'ok\n')" -t x --help
	kill -0 "$output"
}

@test "the child names a process that is none of its own, and stdout is full: that one is left alone" {
	local pid
	background sleep 1000
	for pid in "$!" 1 0 -1 4294967297; do
		tool -125 sh -c 'otelop-spawn -- sh -c "$0" >/dev/full' "printf 'set:pid=$pid\nok\n' >&3; exec sleep 1000"
		kill -0 "$!"
	done
	eventually 10 only_runs "$!"
}

@test "the child names a number that can be no process: its own is printed" {
	local pid
	for pid in 0 1 -5 4294967297 x ''; do
		tool -0 otelop-spawn -- sh -c 'echo "$$" >own; printf "set:pid=%s\nok\n" "$0" >&3; exec sleep 1000' "$pid"
		assert_output "$(cat own)"
	done
}

@test "the child names a process that is none of its own: its own is printed; one that it started and left counts" {
	needs_proc
	background sleep 1000
	tool -0 otelop-spawn -- sh -c 'echo "$$" >own; printf "set:pid=%s\nok\n" "$0" >&3; exec sleep 1000' "$!"
	assert_output "$(cat own)"
	tool -0 otelop-spawn -- sh -c 'leave sh -c "echo \$\$ >left; exec sleep 1000"
		until test -s left; do sleep 0.02; done; printf "set:pid=%s\nok\n" "$(cat left)" >&3; exec sleep 1000'
	assert_output "$(cat left)"
}

@test "the child ends with 75: its words are shown, as of any failure" {
	tool -75 otelop-spawn -- sh -c 'echo "my own words" >&2; exit 75'
	[[ $stderr == *"my own words"*"log: "* ]]
	tool -0 otelop-spawn -- otelop-lock -- sh -c 'otelop-ready; exec sleep 1000'
	tool -75 otelop-spawn -- otelop-lock -- true
	[[ $stderr == *"held by process"* ]]
}

@test "--dry-run: what is wrong is said, and nothing is done" {
	tool -0 otelop-spawn --dry-run -d . -- sh -c ': >ran'
	assert_output ""
	tool -125 otelop-spawn --dry-run -d nowhere -- true
	[[ $stderr == *nowhere* ]]
	tool -2 otelop-spawn --dry-run -t bogus -- true
	tool -2 otelop-spawn --dry-run
	assert_not_exists ran
	assert_not_exists "$OTELOP_STATE_DIR"
}

@test "a directory of PATH whose file server does not answer: --dry-run and restart say 124 in time, and nothing is stopped" {
	[ -w /dev/fuse ] || skip "needs /dev/fuse"
	can unshare -m true
	mkdir mount
	tool -0 timeout -s KILL 100 unshare -m sh -c '
		python3 "$1" mount hang >server 2>&1 &
		server=$!
		until [ -e mount/f ]; do kill -0 "$server" || exit; sleep 0.02; done
		otelop start --ready exec -- sleep 1000 >/dev/null 2>&1
		: >hang
		say() { echo "$* $?"; }
		programs=$PATH PATH=$PWD/mount:$PATH
		"$BUILD/otelop-spawn" --dry-run -- nosuch 2>err
		say dry-run
		PATH=$programs cat err
		"$BUILD/otelop" restart -- nosuch 2>/dev/null
		say restart
		PATH=$programs
		otelop status -q
		say status
		otelop stop
		kill "$server"
		wait "$server"
		exit 0' sh "$BATS_TEST_DIRNAME/tools/hangfs.py"
	assert_line -n 0 'dry-run 124'
	assert_line -n 1 --regexp '^otelop-spawn: nosuch: cannot be looked for: '
	assert_line -n 2 'restart 124'
	assert_line -n 3 'status 0'
}

@test "a stack of 64 KiB: a start, and a failure with its words, as ever" {
	[ -z "${SANITIZE-}" ] || skip "the sanitizers' memory is theirs"
	tool -0 sh -c 'ulimit -s 64; exec otelop-spawn -- sh -c "echo ok >&3; exec sleep 1000"'
	kill "$output"
	tool -1 sh -c 'ulimit -s 64; exec otelop-spawn -- sh -c "echo last words; exit 3"'
	assert_equal "${stderr_lines[0]}" "otelop-spawn: sh: exited with status 3"
	assert_equal "${stderr_lines[1]}" "last words"
	assert_nothing_runs
}
