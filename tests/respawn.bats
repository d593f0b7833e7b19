# --respawn: a daemon that crashes is started again.
# shellcheck disable=SC2016 # what stands in single quotes is for another shell
load helper

BATS_TEST_TIMEOUT=180

setup_more() {
	metadata=$OTELOP_STATE_DIR/otelop.json
	log=$OTELOP_STATE_DIR/otelop.log
	ulimit -c 0
}

# For sh -c: it counts its runs in the file runs, is ready at once, and ends as the file `end` says, once that is there.
counted='echo run >>runs; otelop-ready; exec 3>&-; until test -e end; do sleep 0.02; done; read -r how <end; rm end; eval "$how"'

# crash HOW: the daemon ends so.
crash() { echo "$1" >end.new && mv end.new end; }
ran() { [ "$(wc -l <runs)" -eq "$1" ]; }
runs_again() { ran "$1" && metadata_says ready; }
is_again() { [ "$(otelop-meta get restarts 2>/dev/null)" = "$1" ]; }
is_in_pause() { is_again "$1" && metadata_says starting; }
get() { otelop-meta get "$@" | tr '\n' ' '; }

@test "a daemon that crashes: in the pause it is starting, with otelop-run's pid; a second later it runs again, and all says so" {
	tool -0 otelop start --respawn --ready fd colour=blue -- sh -c "$counted"
	local first=$output runner began
	runner=$(parent_of "$first")
	began=$(date +%s%N)
	crash 'exit 3'
	eventually 10 is_in_pause 1
	tool -0 otelop-meta running
	assert_output "starting $runner"
	tool -0 otelop-lock -p
	tool -0 otelop status
	eventually 10 runs_again 2
	(($(date +%s%N) - began > 900000000))
	tool -0 otelop-meta get pid
	[ "$output" != "$first" ]
	assert_equal "$(parent_of "$output")" "$runner"
	tool -0 otelop-meta running
	assert_equal "$(get restarts lastEnd colour respawn)" "1 exited with status 3 blue 10 "
	assert_regex "$(otelop-meta get lastEndAt)" '^20[0-9-]+T[0-9:]+\.[0-9]{9}Z$'
	assert_equal "$(cat "$log")" 'otelop-run: sh: exited with status 3; started again in 1 s (1 of 10)'
	tool -0 otelop stop
	assert_nothing_runs
	assert_left otelop.log
}

@test "a daemon that is killed by a signal, and crashes again: the next pause is twice as long; when N are used up it has exited" {
	tool -0 otelop start --respawn=2 --ready fd -- sh -c "$counted"
	crash 'kill -SEGV $$'
	eventually 10 runs_again 2
	assert_equal "$(otelop-meta get lastEnd)" "killed by signal SEGV"
	crash 'exit 4'
	eventually 10 runs_again 3
	assert_equal "$(get restarts lastEnd)" "2 exited with status 4 "
	crash 'exit 5'
	eventually 10 metadata_says exited
	assert_nothing_runs
	tool -1 otelop status
	assert_equal "$(get exitCode restarts)" "5 2 "
	assert_equal "$(cat "$log")" "otelop-run: sh: killed by signal SEGV; started again in 1 s (1 of 2)
otelop-run: sh: exited with status 4; started again in 2 s (2 of 2)
otelop-run: sh: exited with status 5; not started again: that was done 2 times in a row"
	tool -3 otelop-lock -p
	ran 3
}

@test "with --log-max: the same words are in the log, in their order" {
	tool -0 otelop start --respawn=1 --log-max 16k --ready fd -- sh -c "echo begun; $counted"
	crash 'echo over; exit 3'
	eventually 10 runs_again 2
	crash 'exit 3'
	eventually 10 metadata_says exited
	assert_nothing_runs
	assert_equal "$(cat "$log")" "begun
over
otelop-run: sh: exited with status 3; started again in 1 s (1 of 1)
begun
otelop-run: sh: exited with status 3; not started again: that was done 1 time in a row"
}

@test "a clean end is no crash: by status 0 or a TERM from anybody it is over" {
	local how
	for how in 'exit 0' 'kill -TERM $$'; do
		tool -0 otelop start --respawn --ready fd -- sh -c "$counted"
		crash "$how"
		assert_nothing_runs
		tool -3 otelop status
		assert_left otelop.log
	done
	ran 2
}

@test "the first start fails: it is a failed start as ever, and nothing is started again" {
	tool -1 otelop start --respawn -- sh -c 'echo run >>runs; exit 3'
	assert_nothing_runs
	ran 1
	tool -1 otelop start --respawn --ready fd -- sh -c 'echo run >>runs; otelop-ready -e no'
	assert_nothing_runs
	ran 2
}

@test "stop in the pause: it is over, and nothing is left" {
	tool -0 otelop start --respawn --ready fd -- sh -c "$counted"
	crash 'exit 3'
	eventually 10 is_in_pause 1
	tool -0 otelop stop
	assert_nothing_runs
	assert_left otelop.log
	ran 1
}

@test "stop of a daemon that answers with a failure, and stop by KILL: it is not started again" {
	tool -0 otelop start --respawn --ready fd -- sh -c 'echo run >>runs; trap "exit 1" TERM; otelop-ready; while :; do sleep 0.02; done'
	tool -0 otelop stop
	assert_nothing_runs
	tool -0 otelop start --respawn --ready fd -- sh -c "$counted"
	tool -0 otelop-stop -s KILL
	assert_nothing_runs
	tool -0 otelop start --respawn --ready fd -- sh -c "echo run >>runs; $deaf"
	tool -0 otelop-stop -t 0.2 -k 10
	assert_nothing_runs
	assert_left otelop.log
	ran 3
}

@test "stop while it crashes, at any moment of that: it is gone when stop says so" {
	local i
	for i in 0 0.01 0.02 0.04 0.08; do
		tool -0 otelop start --respawn --ready fd -- sh -c "$counted"
		crash 'exit 3'
		sleep "$i"
		tool -0 otelop stop
		tool -3 otelop status
		assert_left otelop.log
		rm -f end
		assert_nothing_runs
	done
}

@test "what the crash has left is ended before it is started again; with --no-sweep it is not" {
	tool -0 otelop start --respawn --ready fd -- sh -c "(trap '' HUP; exec 3>&-; exec sleep 1001) & echo \$! >child; $counted"
	local child
	child=$(cat child)
	crash 'exit 3'
	eventually 10 is_in_pause 1
	is_gone "$child"
	eventually 10 runs_again 2
	tool -0 otelop stop
	assert_nothing_runs
	rm runs
	tool -0 otelop start --respawn --no-sweep --ready fd -- sh -c "(exec 3>&-; exec sleep 1001) & echo \$! >child; $counted"
	child=$(cat child)
	crash 'exit 3'
	eventually 10 runs_again 2
	kill -0 "$child"
	tool -0 otelop stop
	kill -KILL "$child" "$(cat child)"
}

@test "TERM to otelop-run while it ends what the crash has left: it is over, and is not started again" {
	run_behind --respawn --grace 60s --ready fd -- sh -c "(trap '' TERM; exec 3>&-; exec sleep 1001) & echo \$! >child; $counted"
	eventually 10 metadata_says ready
	eventually 10 is_now "$(cat child)" sleep
	crash 'exit 3'
	# Before otelop-run has seen the end, it is TERM that ends this run, and its status is CMD's.
	eventually 10 state_is starting
	kill -TERM "$runner"
	kill -KILL "$(cat child)"
	assert_runner_status 143
	assert_nothing_runs
	assert_left
	ran 1
}

@test "stop while the crash's leftovers are being ended: it is gone when stop says so" {
	tool -0 otelop start --respawn --grace 1s --ready fd -- sh -c "(trap '' TERM; exec 3>&-; exec sleep 1001) & echo \$! >child; $counted"
	local pid=$output
	eventually 10 is_now "$(cat child)" sleep
	crash 'exit 3'
	assert_gone "$pid"
	tool -0 otelop stop
	assert_nothing_runs
	assert_left otelop.log
	ran 1
}

@test "while the crash's leftovers are being ended: it is starting already, with otelop-run's pid, and says how it has ended" {
	tool -0 otelop start --respawn --grace 60s --ready fd colour=blue -- sh -c "(trap '' TERM; exec 3>&-; exec sleep 1001) & echo \$! >child; $counted"
	local pid=$output runner child
	runner=$(parent_of "$pid")
	child=$(cat child)
	eventually 10 is_now "$child" sleep
	crash 'exit 3'
	eventually 10 state_is starting
	tool -0 otelop-meta running
	assert_output "starting $runner"
	tool -0 otelop status --json
	assert_equal "$(jq -r '"\(.state) \(.pid) \(.restarts) \(.lastEnd) \(.colour)"' <<<"$output")" "starting $runner 1 exited with status 3 blue"
	tool -75 otelop-lock -- true
	kill -KILL "$child"
	eventually 10 runs_again 2
	tool -0 otelop-stop -t 0.2 -k 10
	assert_left otelop.log
	assert_nothing_runs
}

@test "otelop-run is killed while it ends the crash's leftovers: what is left has the lock, is named, and stop ends it" {
	needs "lock holders"
	tool -0 otelop start --respawn --grace 60s --ready fd -- sh -c "(trap '' TERM; exec 3>&-; exec sleep 1001) & echo \$! >child; $counted"
	local pid=$output runner child
	runner=$(parent_of "$pid")
	child=$(cat child)
	eventually 10 is_now "$child" sleep
	crash 'exit 3'
	assert_gone "$pid"
	eventually 10 state_is starting
	kill -KILL "$runner"
	assert_gone "$runner"
	tool -1 otelop status
	tool -1 otelop-meta running
	assert_regex "$stderr" "its lock kept by process $child "
	tool -0 otelop-stop -t 0.2 -k 10
	assert_nothing_runs
	assert_left otelop.log
}

@test "a run that failed to be ready is ended, with --no-sweep too, and its grace is not the next one's" {
	tool -0 otelop start --respawn --no-sweep --grace 0.2s --ready fd -- sh -c 'echo run >>runs
		if test -e end && test $(wc -l <runs) -eq 2; then otelop-ready -e no; exec 3>&-; exec sleep 1000; fi
		otelop-ready; exec 3>&-; until test -e end; do sleep 0.02; done; test $(wc -l <runs) -ne 1 || exit 3; exec sleep 1000'
	: >end
	eventually 20 runs_again 3
	assert_equal "$(get restarts lastEnd)" "2 no "
	run -1 grep killed "$log"
	tool -0 otelop stop
}

@test "what a run has said of itself is dropped with it; what the user gave stays" {
	tool -0 otelop start --respawn --ready fd colour=blue -- \
		sh -c "if ! test -e runs; then printf 'set:note=first\nset:colour=red\n' >&3; fi; $counted"
	assert_equal "$(get note colour)" "first red "
	crash 'exit 3'
	eventually 10 is_in_pause 1
	tool -1 otelop-meta get note
	eventually 10 runs_again 2
	tool -1 otelop-meta get note
	assert_equal "$(get colour)" "blue "
	tool -0 otelop stop
}

@test "a run that was started again: its lock is its own, and outlives a killed otelop-run; stop ends it" {
	tool -0 otelop start --respawn --ready fd -- sh -c "$counted"
	crash 'exit 3'
	eventually 10 runs_again 2
	local pid runner
	pid=$(otelop-meta get pid)
	runner=$(parent_of "$pid")
	assert_equal "$(stat -Lc %i "/proc/$pid/fd/$(lock_of "$pid")")" "$(stat -c %i "$metadata")"
	assert_equal "$(stat -c %a "$metadata")" 600
	kill -KILL "$runner"
	assert_gone "$runner"
	tool -0 otelop-meta running
	assert_output "running $pid"
	tool -0 otelop stop
	assert_nothing_runs
	assert_left otelop.log
}

@test "otelop-run is killed in the pause: the daemon is dead, nobody has the lock, and the next start works" {
	tool -0 otelop start --respawn --ready fd -- sh -c "$counted"
	local runner
	runner=$(parent_of "$output")
	crash 'exit 3'
	eventually 10 is_in_pause 1
	kill -KILL "$runner"
	assert_gone "$runner"
	assert_nothing_runs
	tool -1 otelop status
	tool -3 otelop-lock -p
	start_sleep
	tool -0 otelop stop
}

@test "otelop-run is killed while the next run is not ready: the lock stays with that, and stop ends it" {
	needs 'way to tell a process from the next one of its number'
	tool -0 otelop start --respawn --ready fd -- sh -c "if test -e runs; then echo run >>runs; exec 3>&-; exec sleep 1000; fi; $counted"
	local runner
	runner=$(parent_of "$output")
	crash 'exit 3'
	eventually 10 ran 2
	kill -KILL "$runner"
	assert_gone "$runner"
	tool -0 otelop-lock -p
	tool -0 otelop stop
	assert_nothing_runs
}

@test "a start of the same command while the daemon pauses: it waits, and answers as the daemon is ready; of another: busy" {
	tool -0 otelop start --respawn --ready fd -- sh -c "$counted"
	crash 'exit 3'
	eventually 10 is_in_pause 1
	tool -0 otelop start --respawn --ready fd -- sh -c "$counted"
	assert_output "$(otelop-meta get pid)"
	[[ $stderr == *"already running"* ]]
	ran 2
	crash 'exit 3'
	eventually 10 is_in_pause 2
	tool -75 otelop start --ready exec -- sleep 1000
	tool -0 otelop stop
	assert_nothing_runs
}

@test "wait --ready in the pause: until it is ready again" {
	tool -0 otelop start --respawn --ready fd -- sh -c "$counted"
	crash 'exit 3'
	eventually 10 is_in_pause 1
	tool -0 otelop wait --ready -t 20
	metadata_says ready
	ran 2
	tool -0 otelop stop
}

@test "a run that fails to be ready, or ends with 0 before it is: one more crash, and its words are told" {
	tool -0 otelop start --respawn=2 --ready fd -- sh -c 'echo run >>runs
		case $(wc -l <runs) in
		1) otelop-ready; exec 3>&-; until test -e end; do sleep 0.02; done; exit 3 ;;
		2) otelop-ready -e "port taken"; exec 3>&-; exec sleep 1000 ;;
		esac
		exit 0'
	: >end
	eventually 20 is_in_pause 2
	assert_equal "$(otelop-meta get lastEnd)" "port taken"
	eventually 20 metadata_says exited
	assert_nothing_runs
	ran 3
	assert_equal "$(tail -n 1 "$log")" \
		'otelop-run: sh: exited with status 0; not started again: that was done 2 times in a row'
}

@test "the last run that is allowed fails to be ready: exited with 1, whatever ended it, and why is in the log" {
	tool -0 otelop start --respawn=1 --ready fd -- sh -c 'echo run >>runs
		if test -e end; then otelop-ready -e "port taken"; exec 3>&-; exec sleep 1000; fi
		otelop-ready; exec 3>&-; until test -e end; do sleep 0.02; done; exit 3'
	: >end
	eventually 20 metadata_says exited
	assert_nothing_runs
	assert_equal "$(get exitCode restarts)" "1 1 "
	assert_equal "$(tail -n 1 "$log")" 'otelop-run: sh: port taken; not started again: that was done 1 time in a row'
}

@test "the command is away for a while: that is a crash, too, and told; it is found when it is back" {
	printf '#!/bin/sh\n%s\n' "$counted" >daemon
	chmod +x daemon
	tool -0 otelop start --respawn --ready fd -- ./daemon
	mv daemon away
	crash 'exit 3'
	eventually 10 is_in_pause 2
	assert_regex "$(otelop-meta get lastEnd)" '^cannot run: '
	mv away daemon
	eventually 10 runs_again 2
	assert_equal "$(get restarts)" "2 "
	tool -0 otelop stop
}

@test "the command is gone for good: it has exited, with 127" {
	printf '#!/bin/sh\n%s\n' "$counted" >daemon
	chmod +x daemon
	tool -0 otelop start --respawn=1 --ready fd -- ./daemon
	rm daemon
	crash 'exit 3'
	eventually 10 metadata_says exited
	assert_nothing_runs
	assert_equal "$(get exitCode restarts)" "127 1 "
	assert_regex "$(tail -n 1 "$log")" '^otelop-run: ./daemon: cannot run: .*; not started again: '
	tool -1 otelop status
}

@test "the file is removed in the pause: it is published again; the directory: it is over" {
	tool -0 otelop start --respawn --ready fd -- sh -c "$counted"
	crash 'exit 3'
	eventually 10 is_in_pause 1
	rm "$metadata"
	eventually 10 runs_again 2
	crash 'rm "$OTELOP_STATE_DIR/otelop.json"; exit 3'
	eventually 10 is_in_pause 2
	rm -rf "$OTELOP_STATE_DIR"
	assert_nothing_runs
	ran 2
	assert_not_exists "$OTELOP_STATE_DIR"
}

@test "somebody else has the directory when it crashes: it is not started again, and the other is left alone" {
	tool -0 otelop start --respawn --ready fd -- sh -c "$counted"
	local pid=$output runner
	runner=$(parent_of "$pid")
	kill -STOP "$runner"
	eventually 10 is_stopped "$runner"
	rm "$metadata"
	hold
	crash 'exit 3'
	assert_gone "$pid"
	kill -CONT "$runner"
	eventually 10 grep -q 'not started again: somebody removed or replaced .*, and somebody else has claimed' "$log"
	assert_gone "$runner"
	ran 1
	holder_is_published
}

@test "its log is over 16 MiB when it crashes: set aside, and the next run's words are in a new one" {
	tool -0 otelop start --respawn --ready fd -- sh -c "echo begun; $counted"
	crash 'head -c 17000000 /dev/zero >&2; exit 3'
	eventually 10 runs_again 2
	(($(stat -c %s "$log.1") > 17000000))
	assert_equal "$(cat "$log")" 'otelop-run: sh: exited with status 3; started again in 1 s (1 of 10)
begun'
	tool -0 otelop stop
}

@test "under notify: each run has a socket of its own, and says so at it" {
	tool -0 otelop start --respawn --ready notify -- sh -c 'echo "$NOTIFY_SOCKET" >>runs; otelop-ready
		until test -e end; do sleep 0.02; done; rm end; exit 3'
	crash x
	eventually 10 runs_again 2
	tool -0 otelop stop
}

@test "addresses: those of the next run" {
	tool -0 otelop start --respawn -- python3 -u -c '
import os, socket, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
open("runs", "a").write("%d\n" % s.getsockname()[1])
while not os.path.exists("end"): time.sleep(0.02)
os.unlink("end"); os._exit(3)'
	assert_equal "$(otelop-meta get listen)" "127.0.0.1:$(tail -n 1 runs)"
	crash x
	eventually 10 is_in_pause 1
	tool -1 otelop-meta get listen
	eventually 10 runs_again 2
	assert_equal "$(otelop-meta get listen)" "127.0.0.1:$(tail -n 1 runs)"
	tool -0 otelop stop
}

@test "in the foreground: TERM in the pause ends it with 143, its parent's end and its lifetime's too" {
	run_behind --respawn --ready fd -- sh -c "$counted"
	eventually 10 metadata_says ready
	crash 'exit 3'
	eventually 10 is_in_pause 1
	kill -HUP "$runner"
	kill -TERM "$runner"
	assert_runner_status 143
	assert_nothing_runs
	assert_left

	background sleep 1000
	local parent=$!
	run_behind --respawn --with-parent "$parent" --ready fd -- sh -c "$counted"
	eventually 10 metadata_says ready
	crash 'exit 3'
	eventually 10 is_in_pause 1
	end "$parent"
	assert_runner_status 3
	assert_left
	ran 2
}

@test "a restart: it remembers; in the pause it takes the place of what pauses" {
	tool -0 otelop start --respawn=7 --stdin open --ready fd -- sh -c "$counted"
	tool -0 otelop restart
	assert_equal "$(get respawn stdin)" "7 open "
	crash 'exit 3'
	eventually 10 is_in_pause 1
	tool -0 otelop restart
	assert_equal "$(get respawn)" "7 "
	tool -1 otelop-meta get restarts
	tool -0 otelop stop
	assert_nothing_runs
}

@test "a child has let go of the lock, the daemon crashes, and otelop-run has not seen that: stop ends all, and nothing is started again" {
	needs /proc
	local runner respawn
	for respawn in --respawn ''; do
		tool -0 otelop start $respawn --ready fd -- sh -c 'flock -u "$OTELOP_LOCK_FD"
			leave env -u OTELOP_STATE_DIR sh -c "trap \"sleep 1; exit\" TERM; echo \$\$ >deaf; while :; do sleep 0.05; done"
			until test -s deaf; do sleep 0.02; done; otelop-ready; exec sleep 1000'
		runner=$(parent_of "$output")
		kill -STOP "$runner"
		eventually 10 is_stopped "$runner"
		kill -KILL "$output"
		assert_gone "$output"
		tool -0 otelop-stop
		assert_gone "$runner"
		tool -1 otelop-stop --check "$(cat deaf)"
		tool -3 otelop-meta running
		rm deaf
	done
}

@test "--respawn and --stdin with a mistake: status 2, named, and nothing is made" {
	local word
	for word in --respawn=0 --respawn=x --respawn=-1 --respawn=1.5 --respawn= --respawn=1000001 --stdin=closed --stdin; do
		tool -2 otelop start $word -- true
		[[ ${stderr_lines[0]} == *"${word%%=*}"* ]]
		tool -2 otelop-run $word -- true
		[[ ${stderr_lines[0]} == *"${word%%=*}"* ]]
	done
	tool -2 otelop start --native --respawn -- true
	assert_not_exists "$OTELOP_STATE_DIR"
	local key
	for key in respawn stdin restarts lastEnd lastEndAt; do
		tool -2 otelop start "$key=1" -- true
	done
}
