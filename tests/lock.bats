# otelop-lock: hold, test or await the lock.
# shellcheck disable=SC2016,SC2094 # single quotes are for another shell; a lock is no reading
load helper

setup_more() {
	file=$OTELOP_STATE_DIR/otelop.json
}

# --- hold

@test "hold: CMD has the lock, and the metadata names it, with the members given" {
	tool -0 otelop-lock colour=blue httpAddr=127.0.0.1:1 -- \
		sh -c 'echo $$; otelop-meta get pid colour httpAddr command; otelop-meta running; otelop-lock -p; echo $?'
	assert_equal "$stderr" ""
	assert_line --index 1 "${lines[0]}"
	assert_line --index 2 blue
	assert_line --index 3 127.0.0.1:1
	assert_line --index 4 --regexp '^sh -c echo '
	assert_line --index 5 "running ${lines[0]}"
	assert_line --index 6 0
}

@test "hold: the lock is on a descriptor of 10 or above, its number in OTELOP_LOCK_FD, and there is no other" {
	# without what bats and its shell have open
	background python3 -c 'import os
os.closerange(3, 1000)
os.execvp("otelop-lock", ["otelop-lock", "--", "sleep", "60"])'
	holder=$!
	local number
	eventually 10 tells_lock "$holder"
	is_locked "$file"
	[ "$number" -ge 10 ] || fail "OTELOP_LOCK_FD is $number"
	assert_equal "$(readlink "/proc/$holder/fd/$number")" "$file"
	eventually 10 has_descriptors "$holder" "0 1 2 $number"
}

@test "hold: descriptors of the caller's stay, also where the lock would have gone" {
	: >mine
	background otelop-lock -- sleep 60 </dev/null 7<mine 10<mine
	holder=$!
	local number
	eventually 10 tells_lock "$holder"
	is_locked "$file"
	[ "$number" -gt 10 ] || fail "OTELOP_LOCK_FD is $number"
	assert_equal "$(readlink "/proc/$holder/fd/$number")" "$file"
	assert_equal "$(readlink "/proc/$holder/fd/7")" "$BATS_TEST_TMPDIR/mine"
	assert_equal "$(readlink "/proc/$holder/fd/10")" "$BATS_TEST_TMPDIR/mine"
}

@test "hold: the exit status is CMD's, or 128 and the signal that ended it; then the lock is free, the file stale" {
	tool -0 otelop-lock -- true
	tool -7 otelop-lock -- sh -c 'exit 7'
	tool -143 otelop-lock -- sh -c 'kill -TERM $$'
	tool -3 otelop-lock -p
	tool -1 otelop-meta running
	assert_state_files otelop.json
}

@test "hold: what is behind -- is CMD's, options and other -- too" {
	tool -0 otelop-lock -- printf '<%s>' -V a=b -- --help
	assert_output "<-V><a=b><--><--help>"
}

@test "hold -C: that directory, made with mode 0700, and CMD finds it by OTELOP_STATE_DIR" {
	tool -0 otelop-lock -C other/dir -- sh -c 'otelop-lock -p; echo $?; echo "$OTELOP_STATE_DIR"'
	assert_output $'0\n'"$PWD/other/dir"
	assert_equal "$(stat -c %a other/dir)" 700
	assert_not_exists "$OTELOP_STATE_DIR"
}

@test "hold with standard descriptors closed: the file is taken for none of them" {
	tool -1 sh -c 'exec otelop-lock -- sh -c "echo garbage || exit 1" <&- >&- 2>&-'
	tool -0 otelop-meta read
	assert_equal "$(stat -c %a "$file")" 600
}

@test "hold over a dead holder's file: its members are gone" {
	tool -0 otelop-lock colour=blue -- true
	tool -1 otelop-lock -- otelop-meta get colour
	assert_output ""
}

@test "hold over an empty, a corrupt and a huge file, and one with a forgotten .next: it is replaced" {
	local what
	mkdir -m 700 state
	for what in empty corrupt huge; do
		case $what in
		empty) : >"$file" ;;
		corrupt) echo '{"pid"' >"$file" ;;
		huge) truncate -s 10M "$file" ;;
		esac
		echo half >"$file.next"
		tool -0 otelop-lock -- sh -c 'otelop-meta running; echo $$'
		assert_equal "${lines[0]}" "running ${lines[1]}"
		assert_state_files otelop.json
	done
}

# --- busy

@test "held: 75 at once, one line that names the file and the holder, and CMD does not run" {
	hold
	local before
	before=$(cat "$file")
	tool -75 otelop-lock colour=red -- touch ran
	assert_output ""
	assert_stderr_line_count 1
	assert_regex "${stderr_lines[0]}" "^otelop-lock: $file: .*$holder"
	assert_not_exists ran
	assert_equal "$(cat "$file")" "$before"
	assert_state_files otelop.json
}

@test "held as upstream's daemon does, by another program's flock on an empty or foreign file: 75" {
	local text
	mkdir -m 700 state
	for text in '' '{' "{\"pid\": $$}"; do
		printf '%s' "$text" >"$file"
		background python3 -c 'import fcntl, sys, time
f = open(sys.argv[1]); fcntl.flock(f, fcntl.LOCK_EX); time.sleep(60)' "$file"
		holder=$!
		eventually 10 is_locked "$file"
		tool -75 otelop-lock -- touch ran
		assert_stderr_line_count 1
		assert_regex "${stderr_lines[0]}" "^otelop-lock: $file: "
		tool -0 otelop-lock -p
		assert_not_exists ran
		assert_equal "$(cat "$file")" "$text"
		let_go
	done
}

@test "20 at once: one holds the lock, the others say 75" {
	local i pids=() code won=() busy=0
	for i in {1..20}; do
		background otelop-lock -- sh -c 'echo $$ >>winners; exec sleep 60'
		pids+=($!)
	done 2>/dev/null
	eventually 20 test -s winners
	holder=$(cat winners)
	for i in "${pids[@]}"; do
		[ "$i" != "$holder" ] || continue
		code=0
		wait "$i" || code=$?
		assert_equal "$code" 75
		busy=$((busy + 1))
	done
	assert_equal "$busy" 19
	assert_equal "$(wc -l <winners)" 1
	tool -0 otelop-meta running
	assert_output "running $holder"
}

@test "the holder killed by KILL: not held any more, the next one gets it at once" {
	hold
	let_go
	tool -3 otelop-lock -p
	tool -1 otelop-meta running
	tool -0 otelop-lock -- true
}

@test "a child of CMD that outlives it with the descriptor: held until that one ends" {
	tool -0 otelop-lock -- sh -c 'sleep 60 >/dev/null 2>&1 & echo $!'
	assert_regex "$output" '^[0-9]+$'
	holder=$output
	tool -0 otelop-lock -p
	kill -KILL "$holder"
	eventually 5 lock_is_free
}

# --- -w

@test "-w while held: waits, and gets the lock when the holder ends" {
	local waiter
	hold
	begin_to_wait otelop-lock -w 30 -- sh -c 'otelop-meta running' >said
	assert_equal "$(cat said)" ""
	let_go
	assert_ended "$waiter" 0
	assert_equal "$(cat said)" "running $waiter"
}

@test "-w 0: no limit" {
	local waiter
	hold
	begin_to_wait otelop-lock -w 0 -- true
	let_go
	assert_ended "$waiter" 0
}

@test "-w while held for longer than that: 124 after that time, one line, and CMD does not run" {
	local before after
	hold
	before=$(date +%s%N)
	tool -124 soon otelop-lock -w 300ms -- touch ran
	after=$(date +%s%N)
	assert_output ""
	assert_stderr_line_count 1
	assert_regex "${stderr_lines[0]}" "^otelop-lock: $file: .*$holder"
	assert_not_exists ran
	((after - before >= 300000000)) || fail "after $((after - before)) ns"
	((after - before < 20000000000)) || fail "after $((after - before)) ns"
}

@test "-w with the holder ignoring everything and SIGALRM ignored or blocked in the caller: 124 all the same" {
	hold
	tool -124 soon sh -c 'trap "" ALRM; exec otelop-lock -w 200ms -- true'
	tool -124 soon python3 -c 'import os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
os.execvp("otelop-lock", ["otelop-lock", "-w", "200ms", "--", "true"])'
}

@test "-w and the lock in time: CMD has no timer, and its SIGALRM is as it was" {
	local waiter ask='import signal
print(signal.getitimer(signal.ITIMER_REAL), signal.getsignal(signal.SIGALRM),
    signal.SIGALRM in signal.pthread_sigmask(signal.SIG_BLOCK, []))'
	hold
	begin_to_wait env --default-signal=ALRM otelop-lock -w 60 -- python3 -c "$ask" >told
	let_go
	assert_ended "$waiter" 0
	assert_equal "$(cat told)" '(0.0, 0.0) 0 False'
	needs 'ignored signal that stays ignored'
	hold
	begin_to_wait env --ignore-signal=ALRM otelop-lock -w 60 -- python3 -c "$ask" >told
	let_go
	assert_ended "$waiter" 0
	assert_equal "$(cat told)" '(0.0, 0.0) 1 False'
}

@test "-w while others only read-lock the file: they do not make it wait longer than that" {
	mkdir -m 700 state
	: >"$file"
	hold_file "$file" -s
	# less than the patience of who was given no time
	tool -124 timeout -s KILL 9 otelop-lock -w 300ms -- true
	assert_stderr_line_count 1
}

@test "-w with five waiting: one after the other, never two" {
	local i pids=()
	hold
	for i in 1 2 3 4 5; do
		background otelop-lock -w 60 -- sh -c 'echo in >>log; otelop-meta get pid >>pids; sleep 0.05; echo out >>log'
		pids+=($!)
	done
	for i in "${pids[@]}"; do eventually 5 waits_for_lock "$i"; done
	let_go
	for i in "${pids[@]}"; do assert_ended "$i" 0; done
	assert_equal "$(tr '\n' ' ' <log)" "in out in out in out in out in out "
	assert_equal "$(sort pids)" "$(printf '%s\n' "${pids[@]}" | sort)"
}

@test "-w with what is no duration: usage" {
	local time
	for time in x '' -1 1d 1.s .5; do
		tool -2 otelop-lock -w "$time" -- touch ran
		assert_output ""
		assert_regex "${stderr_lines[0]}" '^otelop-lock: '
		assert_regex "${stderr_lines[1]}" '^usage: otelop-lock '
	done
	assert_not_exists ran
}

# --- CMD cannot run, or must not

@test "CMD not found: 127, one line that names it, nothing is left" {
	local command
	for command in no-such-command ./no-such-command "$BATS_TEST_TMPDIR/no/such"; do
		tool -127 otelop-lock -- "$command"
		assert_output ""
		assert_stderr_line_count 1
		assert_regex "${stderr_lines[0]}" "^otelop-lock: $command: "
		assert_equal "$(ls -A "$OTELOP_STATE_DIR")" ""
	done
}

@test "CMD not executable: 126, one line that names it, nothing is left" {
	local command
	echo true >file
	chmod 644 file
	for command in ./file "$BATS_TEST_TMPDIR" ./file/below; do
		tool -126 otelop-lock -- "$command"
		assert_output ""
		assert_stderr_line_count 1
		assert_regex "${stderr_lines[0]}" "^otelop-lock: $command: "
		assert_equal "$(ls -A "$OTELOP_STATE_DIR")" ""
	done
}

@test "CMD is a script without #!: run by sh, wherever PATH finds it" {
	mkdir bin
	printf 'echo "ran $1"\n' >bin/script-without-interpreter
	chmod 755 bin/script-without-interpreter
	tool -0 otelop-lock -- bin/script-without-interpreter one
	assert_output "ran one"
	tool -0 env "PATH=$BATS_TEST_TMPDIR/bin:$PATH" otelop-lock -- script-without-interpreter two
	assert_output "ran two"
}

@test "no command, or no --: usage" {
	tool -2 otelop-lock
	assert_regex "${stderr_lines[0]}" '^otelop-lock: '
	tool -2 otelop-lock --
	tool -2 otelop-lock a=b
	tool -2 otelop-lock a=b --
	tool -2 otelop-lock touch ran
	tool -2 otelop-lock a=b touch ran
	assert_not_exists ran
	assert_not_exists "$OTELOP_STATE_DIR"
}

@test "every name of ours as a member: refused, and it is in otelop(7)" {
	local name names
	names=$(sed -n 's/^\t{ "\([A-Za-z]*\)", MEMBER.*/\1/p' "$BATS_TEST_DIRNAME/../lib/state/members.c")
	[ "$(wc -l <<<"$names")" -gt 40 ] || fail "$names"
	for name in $names uptimeSeconds; do
		grep -q "\b$name\b" "$BATS_TEST_DIRNAME/../share/man/otelop.7" || fail "not in the page: $name"
		case $name in httpAddr | otlpGrpcAddr | otlpHttpAddr | proxyUrl | proxyProtocol | version) continue ;; esac
		tool -2 otelop-lock "$name=x" -- touch ran
	done
	assert_not_exists ran
}

@test "members that are none, or not the user's: usage, CMD does not run, nothing is made" {
	local pair
	for pair in =x 1a=b a-b=c novalue pid=5 startedAt=2024-01-01T00:00:00Z state=ready command=x cwd=/ host=x \
		pidNamespace=x listen=x exitCode=0 exitSignal=TERM exitedAt=2024-01-01T00:00:00Z $'a=\xff' $'a\n=b'; do
		tool -2 otelop-lock a=b "$pair" -- touch ran
		assert_output ""
		assert_regex "${stderr_lines[0]}" '^otelop-lock: '
		assert_regex "${stderr_lines[1]}" '^usage: otelop-lock '
	done
	assert_not_exists ran
	assert_not_exists "$OTELOP_STATE_DIR"
}

@test "a command line that is not UTF-8, or does not fit into the metadata: it runs, and is not recorded" {
	tool -1 otelop-lock -- sh -c 'otelop-meta get pid; echo $$; otelop-meta get command' $'\xff'
	assert_equal "${lines[0]}" "${lines[1]}"
	assert_equal "${#lines[@]}" 2
	tool -1 otelop-lock -- sh -c 'otelop-meta get pid; echo $$; otelop-meta get command' "$(printf '%*s' 70000 '')"
	assert_equal "${lines[0]}" "${lines[1]}"
	assert_equal "${#lines[@]}" 2
}

@test "no descriptor left for the lock: 125, one line, CMD does not run, nothing is left" {
	tool -125 sh -c 'ulimit -n 9; exec otelop-lock -- touch ran'
	assert_stderr_line_count 1
	assert_regex "${stderr_lines[0]}" '^otelop-lock: '
	assert_not_exists ran
	assert_equal "$(ls -A "$OTELOP_STATE_DIR")" ""
}

# --- -F

@test "-F: the caller's own descriptor is locked, and stays so until the caller closes it" {
	: >mine
	(
		otelop-lock -F 9
		is_locked mine
	) 9>mine
	run ! is_locked mine
	assert_not_exists "$OTELOP_STATE_DIR"
}

@test "-F of a descriptor that is open for reading only, and of a directory: locked" {
	: >mine
	(otelop-lock -F 9 && is_locked mine) 9<mine
	mkdir dir
	(otelop-lock --fd=9 && is_locked dir) 9<dir
}

@test "-F while another holds it: 75 and one line that names the descriptor; with -w 124, or the lock" {
	: >mine
	hold_file mine
	tool -75 sh -c 'exec otelop-lock -F 9 9<mine'
	assert_output ""
	assert_stderr_line_count 1
	assert_regex "${stderr_lines[0]}" '^otelop-lock: .*9'
	tool -124 soon sh -c 'exec otelop-lock -w 200ms -F 9 9<mine'
	assert_stderr_line_count 1
	local waiter
	begin_to_wait otelop-lock -F 9 -w 30 9<mine
	let_go
	assert_ended "$waiter" 0
}

@test "-F of a descriptor that is not open: 125 and one line that names it" {
	tool -125 otelop-lock -F 9
	assert_output ""
	assert_stderr_line_count 1
	assert_regex "${stderr_lines[0]}" '^otelop-lock: .*9'
	lacks "standard descriptor that stays closed" || tool -125 sh -c 'exec otelop-lock -F 0 <&-'
	assert_stderr_line_count 1
}

@test "-F with what is no descriptor, or an operand, or -p, or -W: usage" {
	local words
	for words in "-F x" "-F -1" "-F 99999999999" "-F 9x" "-F 9 -- true" "-F 9 a=b" "-F 9 -p" "-F 9 -W" "-p -W" "-p a=b" "-W a=b" \
		"-p -- true"; do
		# shellcheck disable=SC2086
		tool -2 otelop-lock $words
		assert_output ""
		assert_regex "${stderr_lines[0]}" '^otelop-lock: '
		assert_regex "${stderr_lines[1]}" '^usage: otelop-lock '
	done
}

# --- -W

@test "-W: at once where there is no directory, no file, or nobody holds it" {
	tool -0 soon otelop-lock -W
	assert_equal "$output$stderr" ""
	assert_not_exists "$OTELOP_STATE_DIR"
	mkdir -m 700 state
	tool -0 soon otelop-lock -W
	assert_equal "$(ls -A state)" ""
	otelop-meta write
	tool -0 soon otelop-lock --until-free
}

@test "-W while held: waits until the holder is gone; others may claim while it waits" {
	local waiter
	hold
	begin_to_wait otelop-lock -W
	tool -75 otelop-lock -- true
	tool -0 otelop-lock -p
	let_go
	assert_ended "$waiter" 0
}

@test "-W while held, and the holder publishes anew: it goes on waiting" {
	local waiter first
	hold
	first=$holder
	begin_to_wait otelop-lock -W
	printf '{"pid": %d}' "$$" >"$file.tmp"
	hold_file "$file.tmp"
	mv "$file.tmp" "$file"
	end "$first"
	eventually 5 waits_for_lock "$waiter"
	let_go
	assert_ended "$waiter" 0
}

@test "-W -w while held for longer than that: 124 after that time, one line that names the directory" {
	local before after
	hold
	before=$(date +%s%N)
	tool -124 soon otelop-lock -W -w 300ms
	after=$(date +%s%N)
	assert_output ""
	assert_stderr_line_count 1
	assert_regex "${stderr_lines[0]}" "^otelop-lock: $OTELOP_STATE_DIR"
	((after - before >= 300000000)) || fail "after $((after - before)) ns"
	((after - before < 20000000000)) || fail "after $((after - before)) ns"
	tool -0 otelop-lock -p
}

@test "-W: nothing wakes it while it waits" {
	! lacks "helper that waits for a lock" || skip "it looks for the lock"
	local waiter
	hold
	begin_to_wait otelop-lock -W
	eventually 5 is_at_rest "$waiter"
	let_go
	assert_ended "$waiter" 0
}

@test "-w: nothing wakes it or its helper while they wait" {
	needs "helper that waits for a lock"
	needs_proc
	local what waiter pid
	hold
	for what in "-W" "-- true"; do
		# shellcheck disable=SC2086 # words
		begin_to_wait otelop-lock -w 60 $what
		for pid in $waiter $(pgrep -P "$waiter"); do eventually 5 is_at_rest "$pid"; done
		end "$waiter"
	done
}

@test "-w, and an alarm that the caller has set: it is left as it is, and rings" {
	hold
	tool -142 soon python3 -c 'import os, signal
signal.alarm(1)
os.execvp("otelop-lock", ["otelop-lock", "-w", "15", "--", "touch", "ran"])'
	assert_not_exists ran
}

@test "-w, killed while it waits: nothing of it is left waiting" {
	local waiter
	hold
	begin_to_wait otelop-lock -w 60 -- true
	end "$waiter"
	eventually 10 only_runs "$holder"
}

@test "-w where the kernel lets nobody ask to end with his parent, killed while it waits: nothing of it is left waiting" {
	hold
	compile_refuse
	background ./refuse EPERM prctl -- otelop-lock -w 60 -- true
	eventually 10 is_in_poll "$!"
	end "$!"
	eventually 10 only_runs "$holder"
}
is_in_poll() { grep -q poll "/proc/$1/wchan"; }

@test "-W, stopped at the moment when the lock is free, and a stop: it is no keeper of the lock, and is not ended" {
	local waiter daemon
	tool -0 otelop-spawn -- otelop-lock -- sh -c 'otelop-ready; exec sleep 1000'
	daemon=$output
	begin_to_wait otelop-lock -W -w 60
	kill -STOP "$waiter"
	kill -KILL "$daemon"
	tool -0 otelop stop
	kill -CONT "$waiter"
	assert_ended "$waiter" 0
}

@test "-w longer than a shared lock that somebody keeps for long: it waits for it; without -w it says what it is" {
	tool -0 otelop-meta write
	background flock -s "$OTELOP_STATE_DIR/otelop.json" sleep 12
	eventually 10 grep -q "FLOCK .* READ $! " /proc/locks
	tool -124 otelop-lock -w 500ms -- true
	[[ $stderr == *"shared lock"* ]]
	tool -0 timeout -s KILL 60 otelop-lock -w 40 -- echo got
	assert_output got
}

@test "somebody has a lease of the file: that is not the lock, and it is said" {
	mkdir -m 700 state
	: >"$file"
	background python3 -c '
import fcntl, os, signal, sys
signal.signal(signal.SIGIO, signal.SIG_IGN)
fcntl.fcntl(os.open(sys.argv[1], os.O_RDONLY), fcntl.F_SETLEASE, fcntl.F_RDLCK)
open("leased", "w")
signal.pause()' "$file"
	holder=$!
	eventually 10 test -e leased
	tool -125 otelop-lock -- true
	assert_regex "$stderr" "^otelop-lock: $file: cannot open: "
	let_go
	tool -0 otelop-lock -- true
}

@test "the kernel has no room for one more lock: 125 at once, and it is not called held" {
	hold
	tool -125 strace -qq -o trace -e trace=flock -e inject=flock:error=ENOLCK:when=3+ otelop-lock -w 60 -- true
	assert_regex "$stderr" "^otelop-lock: $file: cannot wait for the lock: "
}

# --- the first file of a directory, which is made as otelop.json.first

first_opened=(-P otelop.json.first -e inject=openat:signal=STOP:when=1)

@test "a directory without a file: never is there an empty otelop.json, and it is locked from its first moment on" {
	needs strace
	needs "rename that takes no name away"
	local seen
	traced -e inject=renameat2:delay_enter=1000000:delay_exit=1000000 otelop-lock -- sleep 60
	eventually 10 test -e "$file"
	seen=$(cat "$file")
	is_locked "$file"
	assert_regex "$seen" '"command": \["sleep", "60"\]'
	assert_equal "$seen" "$(otelop-meta read)"
	tool -0 otelop-lock -p
	tool -75 otelop-lock -- true
}

@test "killed while its first file is made: nobody holds anything, and the next start takes away what is left" {
	needs strace
	needs "rename that takes no name away"
	local when
	for when in '-P otelop.json.first -e inject=openat:signal=KILL:when=2' '-e inject=flock:signal=KILL:when=1' \
		'-e inject=flock:signal=KILL:when=2' '-e inject=renameat2,linkat:signal=KILL:when=1'; do
		rm -f "$file"
		# shellcheck disable=SC2086 # options are words
		strace -f -qq -o trace $when otelop-lock -- touch ran || true
		assert_equal "$(ls -A "$OTELOP_STATE_DIR")" otelop.json.first
		tool -3 otelop-lock -p
		tool -3 otelop-meta running
		tool -0 otelop-lock -- true
		assert_equal "$(ls -A "$OTELOP_STATE_DIR")" otelop.json
	done
	assert_not_exists ran
}

@test "killed while its first file was made, and another program's file is there by now: a start takes away what is left" {
	otelop-meta write pid=5
	: >"$file.first"
	chmod 600 "$file.first"
	tool -0 otelop-lock -- true
	assert_equal "$(ls -A "$OTELOP_STATE_DIR")" otelop.json
}

@test "two make the first file: one that is held up with it locked finds the other's, 75, and takes its own away" {
	needs strace
	needs "rename that takes no name away"
	local tracer child
	stopped "${locked[@]}" otelop-lock -- touch ran
	is_locked "$file.first"
	hold
	assert_exists "$file.first"
	go_on
	assert_ended "$tracer" 75
	assert_not_exists ran
	assert_equal "$(ls -A "$OTELOP_STATE_DIR")" otelop.json
	tool -0 otelop-meta running
	assert_output "running $holder"
}

@test "two make the first file: one that has not locked it yet loses it to the other: 75, not a second holder" {
	needs strace
	needs "rename that takes no name away"
	local tracer child
	stopped "${first_opened[@]}" otelop-lock -- touch ran
	assert_exists "$file.first"
	hold
	assert_not_exists "$file.first"
	go_on
	assert_ended "$tracer" 75
	assert_not_exists ran
	tool -0 otelop-meta running
	assert_output "running $holder"
}

@test "the first file's maker is held up until another has come and gone: it begins, and is the only one" {
	needs strace
	needs "rename that takes no name away"
	local tracer child
	stopped "${first_opened[@]}" otelop-lock -- sleep 60
	tool -0 otelop-lock -- true
	rm "$file"
	go_on
	eventually 10 otelop-lock -p
	assert_equal "$(ls -A "$OTELOP_STATE_DIR")" otelop.json
	tool -75 otelop-lock -- true
}

@test "otelop.json.first is a link, a directory, a FIFO, or locked by a stranger: a start is as ever, and it stays" {
	local kind
	mkdir -m 700 "$OTELOP_STATE_DIR"
	printf 'precious\n' >precious
	for kind in link directory fifo locked; do
		rm -rf "$file" "$file.first"
		case $kind in
		link) ln -s "$PWD/precious" "$file.first" ;;
		directory) mkdir "$file.first" ;;
		fifo) mkfifo "$file.first" ;;
		locked)
			(umask 077 && : >"$file.first")
			hold_file "$file.first"
			;;
		esac
		tool -0 soon otelop-lock "kind=$kind" -- otelop-meta get kind
		assert_output "$kind"
		tool -0 ls "$file.first"
	done
	assert_equal "$(cat precious)" precious
}

# --- a lock that is not one, and a daemon without its lock

@test "flock does nothing on the file system: 125, another directory is advised, nothing is left" {
	needs strace
	tool -125 strace -f -qq -o traced -e trace=flock -e inject=flock:retval=0 otelop-lock -- touch ran
	grep -q INJECTED traced
	assert_regex "$stderr" "^otelop-lock: $OTELOP_STATE_DIR: locks do nothing on this file system; choose another state directory"
	assert_not_exists ran
	assert_equal "$(ls -A "$OTELOP_STATE_DIR")" ""
}
