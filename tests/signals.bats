# Signals to otelop-run and to its command.
# shellcheck disable=SC2016 # what stands in single quotes is for another shell
load helper

BATS_TEST_TIMEOUT=180

setup_more() {
	ulimit -c 0
}

# --- signals

@test "HUP, USR1, USR2, WINCH, CONT, INT, TERM, QUIT to otelop-run: CMD gets them" {
	run_behind --ready fd -- sh -c '
		for signal in HUP USR1 USR2 WINCH CONT INT TERM QUIT; do trap "echo $signal >>heard" "$signal"; done
		otelop-ready
		until test -e go; do sleep 0.02; done'
	eventually 10 metadata_says ready
	local signal
	for signal in HUP USR1 USR2 WINCH CONT INT TERM QUIT; do
		kill "-$signal" "$runner"
		eventually 10 grep -qsx "$signal" heard
	done
	assert_equal "$(wc -l <heard)" 8
	: >go
	assert_runner_status 0
}

@test "the signals that libc keeps for itself to otelop-run: it lives on, and CMD has its own ones as ever" {
	needs "signals of libc's own"
	run_behind --ready fd -- sh -c 'echo $$ >pid; otelop-ready; exec sleep 1000'
	eventually 10 metadata_says ready
	local number
	for number in 32 33 34; do
		# Where libc does not keep it, it is one that is forwarded.
		[ $((0x$(sed -n 's/^SigCgt:[[:space:]]*//p' "/proc/$runner/status") >> (number - 1) & 1)) -eq 0 ] || continue
		python3 -c 'import os, sys; os.kill(int(sys.argv[1]), int(sys.argv[2]))' "$runner" "$number"
	done
	tool -0 otelop-meta running
	! is_gone "$runner" || fail "it has ended"
	assert_equal "$((0x$(sed -n 's/^SigIgn:[[:space:]]*//p' "/proc/$(cat pid)/status") & 0x380000000))" 0
	python3 -c 'import os, sys; os.kill(int(sys.argv[1]), 33)' "$(cat pid)"
	assert_runner_status 161
}

@test "TERM to otelop-run, and CMD ends with a status of its own: that status, and a clean end" {
	run_behind --ready fd -- sh -c 'trap "exit 5" TERM; otelop-ready; while :; do sleep 0.02; done'
	eventually 10 metadata_says ready
	kill -TERM "$runner"
	assert_runner_status 5
	assert_left
}

@test "Ctrl-C on otelop-run's terminal: CMD hears it once" {
	tool -0 python3 -c '
import os, pty, signal, sys, time
pid, terminal = pty.fork()
if pid == 0:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # Before otelop-run has heard that CMD is ready, the key would give the start up.
    os.execvp("otelop-run", ["otelop-run", "--ready", "fd", "--", "sh", "-c", """
        trap "echo INT >>heard" INT; otelop-ready
        until [ "$(otelop-meta get state)" = ready ]; do sleep 0.02; done
        : >began; until test -e go; do sleep 0.02; done"""])
def until(path):
    end = time.time() + 20
    while not os.path.exists(path) and time.time() < end:
        time.sleep(0.02)
until("began")
os.write(terminal, b"\x03")
until("heard")
time.sleep(0.3)
open("go", "w")
os.waitpid(pid, 0)'
	assert_equal "$(cat heard)" INT
}

@test "CMD is stopped and goes on: it is not taken for dead" {
	tool -0 otelop-spawn -- otelop-run --ready exec -- sleep 1000
	local pid=$output
	kill -STOP "$pid"
	kill -CONT "$pid"
	kill -STOP "$pid"
	tool -0 otelop-meta running
	assert_output "running $pid"
	kill -0 "$(parent_of "$pid")"
}

# --- a signal that CMD survives

@test "TERM, INT or QUIT that CMD survives: its lifetime still ends, and so does that of its parent" {
	local signal parent
	for signal in TERM INT QUIT; do
		run_behind --ready fd --grace 1 --max-lifetime 5 -- sh -c "trap ': >$signal' $signal
			otelop-ready; while :; do sleep 0.05; done"
		eventually 10 metadata_says ready
		kill -s "$signal" "$runner"
		eventually 10 test -e "$signal"
		assert_gone "$runner" 20
		wait "$runner" || true
		background sleep 1000
		parent=$!
		run_behind --ready fd --grace 1 --with-parent "$parent" -- sh -c "trap ': >again$signal' $signal
			otelop-ready; while :; do sleep 0.05; done"
		eventually 10 metadata_says ready
		kill -s "$signal" "$runner"
		eventually 10 test -e "again$signal"
		kill -KILL "$parent"
		assert_gone "$runner" 20
		wait "$runner" || true
	done 2>/dev/null
	assert_left
}

# survives SIGNAL COMMAND: CMD takes the signal, goes on, and then ends by this command.
survives() {
	rm -f survived go
	run_behind --ready fd -- sh -c "trap ': >survived' $1
		otelop-ready; until [ -e go ]; do sleep 0.02; done; $2"
	eventually 10 metadata_says ready
	kill -s "$1" "$runner"
	eventually 10 test -e survived
	: >go
}

@test "TERM that CMD survives, and a crash later: recorded; QUIT, and a status later: a crash too" {
	survives TERM 'kill -SEGV $$'
	assert_runner_status 139
	tool -0 otelop-meta get state exitSignal
	assert_output $'exited\nSEGV'
	survives QUIT 'exit 5'
	assert_runner_status 5
	tool -0 otelop-meta get state exitCode
	assert_output $'exited\n5'
}

@test "every signal that ends a process, but for those that mean a fault of its own: CMD gets it, otelop-run lives on" {
	local signal numbers=() signals='HUP INT QUIT TERM USR1 USR2 PIPE ALRM VTALRM PROF XCPU XFSZ WINCH CONT RTMIN+1 RTMAX'
	# What only some systems have.
	for signal in POLL PWR STKFLT EMT; do
		if kill -l "$signal" >/dev/null 2>&1; then signals+=" $signal"; fi
	done
	for signal in $signals; do numbers+=("$(kill -l "$signal")"); done
	run_behind --ready fd -- python3 -c '
import os, signal, sys
got = lambda number, _: os.write(1, b"%d\n" % number)
for number in sys.argv[1:]:
    signal.signal(int(number), got)
os.write(3, b"ok\n")
while True:
    signal.pause()' "${numbers[@]}" >got
	eventually 10 metadata_says ready
	for signal in $signals; do
		kill -s "$signal" "$runner"
		eventually 10 grep -qx "$(kill -l "$signal")" got
	done
	tool -0 otelop-meta running
	kill -KILL "$(otelop-meta get pid)"
	assert_runner_status 137
}

@test "the kernel's words to otelop-run about its own writes and timers: PIPE and XFSZ are nobody's, ALRM is CMD's" {
	tool -125 bash -c '{ ulimit -f 0; exec otelop-run --ready exec -- sh -c ": >ran"; } 2>&1 | cat; exit "${PIPESTATUS[0]}"'
	assert_regex "$output" '^otelop-run: .*otelop\.json.*: '
	assert_not_exists ran
	tool -142 python3 -c '
import os, signal
signal.signal(signal.SIGALRM, signal.SIG_DFL)
signal.alarm(1)
os.execvp("otelop-run", ["otelop-run", "--ready", "exec", "--", "sleep", "1000"])'
	assert_equal "$stderr" "otelop-run: sleep: killed by signal ALRM"
}

@test "signals that only some systems have: their names are known" {
	local signal
	for signal in PWR STKFLT; do
		kill -l "$signal" >/dev/null 2>&1 || continue
		tool "-$((128 + $(kill -l "$signal")))" otelop-run --ready exec -- sh -c "kill -$(kill -l "$signal") \$\$"
		assert_equal "$stderr" "otelop-run: sh: killed by signal $signal"
		sleep 1000 3>&- 4>&- &
		tool -0 otelop-stop -s "SIG$signal" $!
	done
}

@test "Ctrl-C, and CMD has left the foreground group: it is told all the same" {
	tool -130 python3 "$terminal" -i up 30 otelop-run --ready exec -- \
		timeout 600 sh -c ': >up; exec sleep 1000'
	assert_exists up
	assert_nothing_runs
	assert_left
}
