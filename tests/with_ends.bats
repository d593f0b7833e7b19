# otelop-with: keys, signals and KILLs.
# shellcheck disable=SC2016 # what stands in single quotes is for another shell
load helper

setup_more() {
	mkdir tmp
	export TMPDIR=$PWD/tmp
	# A command that says that it is there, and ends with 3 when it is told to.
	stays=': >up; until [ -e go ]; do sleep 0.02; done; exit 3'
}

with=(otelop-with --ready exec -s 'exec sleep 600' --)

# In the background: $runner.
run_with() {
	background env --default-signal "${with[@]}" "$@" 2>err
	runner=$!
	eventually 30 test -e up
}

## a terminal

@test "Ctrl-C: the command ends, the servers are stopped, 130" {
	run -130 python3 "$terminal" -i up 60 "${with[@]}" sh -c ': >up; exec sleep 601'
	assert_nothing_runs
}

@test "Ctrl-C while a server starts: that start is given up, and what runs already is stopped" {
	run -130 python3 "$terminal" -i up 60 otelop-with --ready exec -s 'exec sleep 600' --ready fd -s ': >up; exec sleep 601' -- touch ran
	assert_line --partial 'otelop-with: 2: interrupted'
	assert_not_exists ran
	assert_nothing_runs
}

@test "Ctrl-C to a command that takes it for something else: its affair, the servers stay until it ends" {
	run -3 python3 "$terminal" -i up -k interrupted '' 60 "${with[@]}" \
		sh -c "trap 'otelop -n 1 status -q && : >interrupted; exit 3' INT; : >up; while :; do sleep 0.02; done"
	assert_exists interrupted
	assert_nothing_runs
}

@test "a REPL: it has the terminal, line by line, and Ctrl-C" {
	# Python 3.11 does not enter an except where the interrupt comes as its loop jumps back, so nothing is caught here.
	cat >start.py <<-'END'
		import os, sys
		sys.excepthook = lambda *exception: open("next", "w").close()
		open("up", "w").close()
	END
	PYTHONSTARTUP=start.py run -9 python3 "$terminal" -k up 'while True: open("looping", "w").close()\n\n' \
		-k looping '\x03' -k next 'print(6 * 7, sys.stdin.isatty(), "OTELOP_STATE_DIR" in os.environ)\nexit(9)\n' 60 \
		"${with[@]}" python3 -q -i
	assert_line --partial '42 True True'
	assert_nothing_runs
}

@test "an editor: what is typed is in the file" {
	local vi
	vi=$(command -v vi) || skip "no vi"
	! "$vi" --help 2>&1 </dev/null | grep -qi busybox || skip "busybox's vi takes Escape and what comes right behind for a key"
	TERM=vt100 run -0 python3 "$terminal" -k opened 'ihello\x1b:wq\r' 60 "${with[@]}" "$vi" -c 'w opened' file
	assert_equal "$(cat file)" hello
	assert_nothing_runs
}

@test "Ctrl-Z and fg: all of it stops and goes on" {
	cat >session <<-'END'
		set -m
		"$@"
		echo "stopped: $?"
		: >go
		fg >/dev/null
		exit
	END
	run -3 python3 "$terminal" -k up '\x1a' 60 bash session "${with[@]}" sh -c "$stays"
	assert_line --partial 'stopped: 1'
	assert_nothing_runs
}

@test "the terminal goes away: the command ends by HUP, also where it is nobody's child but ours" {
	run -129 python3 "$terminal" -x up 60 "${with[@]}" sh -c ': >up; exec sleep 601'
	assert_nothing_runs
	rm up
	run -129 python3 "$terminal" -x up 60 otelop start -f --ready exec -- sh -c ': >up; exec sleep 601'
	assert_nothing_runs
}

@test "killed while it is stopped by Ctrl-Z: nothing is left" {
	cat >session <<-'END'
		set -m
		"$@"
		kill -KILL %1
		wait %1
		: >killed
		until [ -e seen ]; do sleep 0.02; done
	END
	background python3 "$terminal" -k up '\x1a' 60 bash session "${with[@]}" sh -c "$stays"
	pid=$!
	eventually 30 test -e killed
	eventually 10 test -z "$(pgrep -f "otelop-run --attend .*$PWD" || true)"
	: >seen
	wait "$pid" || true
	assert_nothing_runs
}

## signals

@test "TERM, HUP, INT, QUIT, USR1 to otelop-with: handed on to the command, whose affair they are" {
	run_with sh -c 'for signal in TERM HUP INT QUIT USR1; do trap "echo $signal >>heard" "$signal"; done
		: >up; until [ -e go ]; do sleep 0.02; done; exit 3'
	for signal in TERM HUP INT QUIT USR1; do
		kill -s "$signal" "$runner"
		eventually 10 grep -qsx "$signal" heard
	done
	assert_equal "$(sort heard | uniq -c | awk '$1 != 1')" ""
	: >go
	assert_ended "$runner" 3
	assert_nothing_runs
}

@test "TERM while a server starts: 143, and nothing is left" {
	background env --default-signal otelop-with --ready exec -s 'exec sleep 600' --ready fd -s ': >up; exec sleep 601' -- touch ran 2>err
	runner=$!
	eventually 30 test -e up
	kill "$runner"
	assert_ended "$runner" 143
	grep -qx 'otelop-with: 2: interrupted' err
	assert_not_exists ran
	assert_nothing_runs
}

@test "INT and QUIT: as the caller has them, so has the command" {
	run_with sh -c ': >up; until [ -e go ]; do sleep 0.02; done'
	for pid in $(marked_processes); do
		if [ "$(cat "/proc/$pid/comm")" = sleep ] || [ "$(cat "/proc/$pid/comm")" = sh ]; then
			eventually 10 hears "$pid" 2
			eventually 10 hears "$pid" 3
		fi
	done
	: >go
	assert_ended "$runner" 0
	rm up go
	background env --ignore-signal=INT --default-signal=QUIT "${with[@]}" sh -c ': >up; until [ -e go ]; do sleep 0.02; done; grep ^SigIgn /proc/self/status >ignored'
	runner=$!
	eventually 30 test -e up
	: >go
	assert_ended "$runner" 0
	assert_equal "$((0x$(cut -f2 ignored) & 6))" 2
	assert_nothing_runs
}

@test "one server that does not hear TERM: it has its grace, then KILL, and each gets the signal once" {
	cat >deaf <<-'END'
		trap 'echo TERM >>heard' TERM
		otelop-ready
		exec 3>&-
		while :; do sleep 0.02; done
	END
	tool -0 otelop-with --grace 500ms --ready fd -s 'exec sh deaf' -- true
	assert_equal "$(cat heard)" TERM
	assert_nothing_runs
}

## KILL

@test "KILL of otelop-with: nothing is left a moment later, whatever hears no TERM" {
	needs "orphans of its own"
	cat >deaf <<-'END'
		import signal, subprocess, sys, time
		signal.signal(signal.SIGTERM, signal.SIG_IGN)
		subprocess.Popen([sys.argv[1], "600"], executable="/bin/sleep", close_fds=True, env=dict(OTELOP_TEST_MARK=sys.argv[2]))
		open(sys.argv[1], "w").close()
		time.sleep(600)
	END
	for victim in otelop-with both; do
		background otelop-with --ready 'check:test -e one' -s "exec python3 deaf one '$BATS_TEST_TMPDIR'" -- \
			python3 deaf command "$BATS_TEST_TMPDIR"
		runner=$!
		eventually 30 test -e command
		[ "$victim" = otelop-with ] || kill -KILL "$(otelop-meta -C tmp/*/ -n 1 get runner)"
		kill -KILL "$runner"
		assert_ended "$runner" 137 2>/dev/null
		before=$(date +%s%N)
		assert_nothing_runs
		echo "$victim: $((($(date +%s%N) - before) / 1000000)) ms"
		rm -r one command tmp/*
	done
}

@test "KILL of any process at random moments: nothing is left" {
	needs "orphans of its own"
	mkdir kills
	run -0 timeout 400 python3 "$BATS_TEST_DIRNAME/tools/with_kills.py" 40 "$RANDOM" "$PWD/kills"
	run -0 timeout 100 python3 "$BATS_TEST_DIRNAME/tools/with_kills.py" 6 "$RANDOM" "$PWD/kills" otelop-run otelop-with
	run -0 timeout 100 python3 "$BATS_TEST_DIRNAME/tools/with_kills.py" 4 "$RANDOM" "$PWD/kills" otelop-run watcher
	run -0 timeout 100 python3 "$BATS_TEST_DIRNAME/tools/with_kills.py" 4 "$RANDOM" "$PWD/kills" watcher otelop-with
}

## otelop-run --attend, of which it is made

@test "--attend: the command's status, which is the last word of what comes then" {
	tool -3 otelop-run --attend -- sh -c 'exit 3'
	tool -5 otelop-run --attend --then 5 -- sh -c 'echo "$@"; exit 5' sh after sh -c 'exit 3'
	assert_output "after 3"
	tool -127 otelop-run --attend -- ./none
	assert_regex "$stderr" '^otelop-run: ./none: cannot run: '
	tool -2 otelop-run --attend --then 2 -- true true
	tool -2 otelop-run --attend --then 0 -- true
	tool -2 otelop-run --attend
	tool -2 otelop-run --attend --ready exec -- true
	tool -1 otelop-run --attend --with-parent "$(sh -c 'echo $$')" -- touch ran
	assert_not_exists ran
	assert_not_exists "$OTELOP_STATE_DIR"
}

@test "--attend: what the command leaves is ended, and what the caller had before is not" {
	needs "orphans of its own"
	tool -0 otelop-run --attend -- sh -c 'sleep 601 & exit 0'
	assert_nothing_runs
	background sh -c 'sleep 600 & echo $! >before; exec otelop-run --attend -- sh -c "sleep 601 & exit 4"'
	assert_ended $! 4
	kill -0 "$(cat before)"
	eventually 10 this_many_run 1
	kill "$(cat before)"
}

@test "a shell that had children becomes otelop-with: they live on, and nothing else is left" {
	needs "orphans of its own"
	background sh -c 'sleep 600 & echo $! >before; exec otelop-with --ready exec -s "exec sleep 601" -- sh -c "leave sleep 602; kill -KILL \$(otelop-meta -n 1 get runner); exit 4"'
	assert_ended $! 4
	assert_equal "$(marked_processes)" "$(cat before)"
	kill "$(cat before)"
}

@test "--attend: idle, it sleeps, and no descriptor of its own reaches the command" {
	tool -0 otelop-run --attend -- sh -c 'ls /proc/self/fd | tr "\n" " "'
	under=$output
	tool -0 sh -c 'ls /proc/self/fd | tr "\n" " "'
	assert_equal "$under" "$output"
	background otelop-run --attend -- sleep 600
	eventually 30 is_at_rest $!
	end $!
}
