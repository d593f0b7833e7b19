# What a daemon leaves behind is ended by otelop-run, and nothing else is.
# shellcheck disable=SC2016 # what stands in single quotes is for another shell
load helper

BATS_TEST_TIMEOUT=180

setup_more() {
	ulimit -c 0
}

# --- the sweep

@test "CMD ends: every descendant gets TERM, and what is left after the grace KILL" {
	run_behind --ready fd --grace 2 -- sh -c '
		sh -c "trap \"echo TERM >heard; exit\" TERM; : >one; while :; do sleep 0.02; done" &
		leave sh -c "trap \"\" TERM; : >two; exec sleep 1001"
		leave leave leave sh -c ": >three; exec sleep 1002"
		sh -c ": >four; kill -STOP \$\$; exec sleep 1003" &
		(sh -c "exec sleep 1004" &)
		otelop-ready
		until test -e go; do sleep 0.02; done'
	eventually 10 metadata_says ready
	eventually 10 test -e one -a -e two -a -e three -a -e four
	: >go
	assert_runner_status 0
	assert_nothing_runs
	assert_equal "$(cat heard)" TERM
	assert_left
}

@test "CMD ends, and a parent below it dies of its TERM first: its child gets TERM too, not just KILL" {
	cat >child <<-'CHILD'
		trap "echo TERM >>heard; exit" TERM
		echo >>began
		while :; do sleep 0.02; done
	CHILD
	run_behind --ready fd -- sh -c '
		for i in 1 2 3 4 5 6 7 8; do sh -c "sh child & wait" & done
		until [ "$(grep -c "" began)" -eq 8 ]; do sleep 0.02; done
		otelop-ready
		until test -e go; do sleep 0.02; done'
	eventually 20 metadata_says ready
	: >go
	assert_runner_status 0
	assert_nothing_runs
	assert_equal "$(wc -l <heard)" 8
}

@test "CMD crashes: what it left is ended, and only then is the lock free" {
	run_behind --ready fd -- sh -c 'leave sh -c "trap \"sleep 0.5; exit\" TERM; echo \$\$ >one; while :; do sleep 0.02; done"
		until test -s one; do sleep 0.02; done; otelop-ready; until test -e go; do sleep 0.02; done; exit 3'
	eventually 10 metadata_says ready
	: >go
	tool -0 otelop-lock -W
	is_gone "$(cat one)"
	assert_runner_status 3
}

@test "CMD ends, and what it left has lost its first thread: no zombie, it is ended too" {
	compile_headless
	run_behind --ready fd -- sh -c './headless & echo $! >pid; otelop-ready; until test -e go; do sleep 0.02; done'
	eventually 10 metadata_says ready
	eventually 10 is_headless "$(cat pid)"
	: >go
	assert_runner_status 0
	run ! is_headless "$(cat pid)"
	assert_left
}

# swept_under INJECTION...: CMD ends and leaves two, while /proc does to otelop-run what strace makes of it.
swept_under() {
	needs /proc
	needs "orphans that come to otelop-run"
	tool -0 strace -qq -o traced "$@" otelop-run "${options[@]}" --ready exec -- \
		sh -c 'exec >&- 2>&-; leave sleep 1001; leave sleep 1002; sleep 0.2'
	grep -q INJECTED traced
}

@test "a start with a reaper is given up, and somebody else ends while the kernel walks to its entry in /proc: nothing is left" {
	needs /proc
	background sleep 1000
	# With a child from before it puts a process in between, and that nothing of its session is left says the list of all
	# processes.
	local bystander=$!
	tool -124 strace -qq -o traced -P "$bystander/stat" -e trace=/open -e inject=/open:error=ESRCH sh -c '
		sleep 1004 >/dev/null 2>&1 3>&- 4>&- &
		echo $! >before
		exec otelop-spawn -t 1 -- sh -c "leave sleep 1001; leave sleep 1002; sleep 1003"'
	grep -q INJECTED traced
	[[ $stderr != *"may be left"* ]] || fail "$stderr"
	kill "$bystander" "$(cat before)"
	assert_nothing_runs
}

@test "the sweep beside a logger that lives on, and no list of all processes can be read: nothing is left, nobody needs it" {
	! lacks "lists of children" || skip "without their lists of children it looks at all processes"
	needs /proc
	needs "orphans that come to otelop-run"
	tool -0 strace -qq -o traced -P /proc -e trace=getdents64 -e inject=getdents64:error=EMFILE \
		otelop-run --log-max 1M --ready exec -- sh -c 'exec >&- 2>&-; leave sleep 1001; leave sleep 1002; sleep 0.2'
	assert_nothing_runs
	assert_stderr_line_count 0
	assert_equal "$(cat "$OTELOP_STATE_DIR/otelop.log")" ""
	assert_left otelop.log
}

@test "otelop-run that replaced a shell with children, and no list of all processes can be read: it runs, and spares them" {
	! lacks "lists of children" || skip "without their lists of children it looks at all processes"
	needs /proc
	needs "orphans that come to otelop-run"
	tool -0 strace -qq -o traced -P /proc -e trace=getdents64 -e inject=getdents64:error=EMFILE \
		sh -c 'sh -c "sleep 1001 & wait" >/dev/null 2>&1 3>&- 4>&- &
			exec otelop-run --ready exec -- sh -c "exec >&- 2>&-; leave sleep 1002; sleep 0.2"'
	assert_stderr_line_count 0
	eventually 10 this_many_run 2
	assert_left
}

@test "the sweep, and the processes cannot be listed for a moment: nothing is left" {
	swept_under -P /proc -e trace=/open -e inject=/open:error=EMFILE:when=1..5
	assert_nothing_runs
	assert_stderr_line_count 0
	assert_left
}

@test "the sweep, and the processes cannot be listed at all: that is said, and the lock is free" {
	swept_under -P /proc -e trace=/open -e inject=/open:error=EMFILE
	assert_equal "$stderr" "otelop-run: sh: some of what it started may be left"
	assert_left
}

@test "--no-sweep: what CMD left lives on, and the lock is free though they have it open" {
	tool -0 otelop-run --ready exec --no-sweep -- sh -c 'exec >&- 2>&-; sleep 1000 & leave sleep 1001; sleep 0.2'
	assert_left
	eventually 10 this_many_run 2
	tool -0 otelop-spawn -- otelop-run --ready exec -- sleep 1002
	eventually 10 this_many_run 4
	tool -0 otelop-stop
	eventually 10 this_many_run 2
}

@test "--no-sweep and a crash: exited is published, and the lock is free" {
	tool -3 otelop-run --ready exec --no-sweep -- sh -c 'exec >&- 2>&-; leave sleep 1001; sleep 0.2; exit 3'
	assert_left otelop.json
	assert_equal "$(otelop-meta get state)" exited
	eventually 10 this_many_run 1
}

@test "children of the shell that becomes otelop-run, and theirs: no part of the daemon, not swept" {
	tool -0 sh -c 'sleep 1000 >/dev/null 2>&1 & sh -c "sleep 1001 & wait" >/dev/null 2>&1 & exec otelop-run --ready exec -- sleep 0.3'
	eventually 10 this_many_run 3
}

# --- what others have

@test "processes that were there before, and what is below them: they are none of CMD's" {
	tool -0 sh -c 'sh -c "sleep 1001 >/dev/null 2>&1 & sleep 0.5" & sleep 0.2; exec otelop-run --ready exec -- sleep 1'
	eventually 10 this_many_run 1
}

@test "the processes cannot be listed at the start: 125, and who was there before lives" {
	needs /proc
	tool -125 strace -qq -o traced -P /proc -e trace=/open -e inject=/open:error=ENFILE \
		sh -c 'sleep 1001 >/dev/null 2>&1 & exec otelop-run --ready exec -- sleep 1'
	assert_regex "$stderr" '^otelop-run: processes: cannot list: '
	eventually 10 this_many_run 1
	assert_left
}

@test "a SIGCHLD that found no room among the signals: the end of CMD is seen all the same" {
	! lacks "child that begins in our memory" || skip "it writes more before that, of how its command began"
	# Each write of its handler fails; what it writes of the metadata comes before.
	tool -0 timeout -s KILL 30 strace -qq -o traced -e trace=write -e inject=write:error=EAGAIN:when=3+ \
		otelop-run --ready exec -- sleep 0.3
	grep -q INJECTED traced
	assert_left
}

@test "a helper that is not ours to signal: it is said that it may be left" {
	needs subreaper
	need_root_sleep
	tool -0 as_nobody otelop-run -C "$PWD/there/state" --ready exec -- sh -c './other >/dev/null 2>&1 & sleep 0.5'
	assert_regex "$stderr" '^otelop-run: sh: some of what it started may be left: process [0-9]+ \(sleep\)$'
}

# --- children that cannot be waited for (seccomp)

# denied WHEN ERROR PROGRAM...: these calls of waitid(2) fail.
denied() { strace -qq -o traced -e trace=waitid -e "inject=waitid:error=$2:when=$1" "${@:3}"; }

@test "waitid is denied from the beginning: 125, it is said, and nothing runs" {
	local error
	for error in EPERM ENOSYS; do
		tool -125 denied 1+ "$error" otelop-run --ready exec -- sh -c ': >ran; exec sleep 1000'
		assert_regex "$stderr" '^otelop-run: children: cannot be waited for: '
		assert_stderr_line_count 1
		tool -125 denied 1+ "$error" otelop-spawn -- sh -c ': >ran; exec sleep 1000'
		assert_regex "$stderr" '^otelop-spawn: sh: children: cannot be waited for: '
	done
	assert_not_exists ran
	assert_nothing_runs
	assert_left otelop.log
}

@test "waitid is denied while CMD runs: 125, it is said, and nothing is left" {
	local call
	for call in 2 3 4; do
		# Each signal makes it look at its children.
		tool -125 denied "$call+" EPERM "${in_session[@]}" otelop-run --ready fd -- \
			sh -c 'trap "" USR1; leave sleep 1001; while sleep 0.1; do kill -USR1 "$PPID"; done'
		assert_regex "$stderr" '^otelop-run: (sh: )?children: cannot be waited for: '
		assert_nothing_runs
	done
	tool -125 denied 20+ EPERM "${in_session[@]}" otelop-run --ready fd -- \
		sh -c 'trap "" USR1; leave sleep 1001; otelop-ready; : >up; while sleep 0.05; do kill -USR1 "$PPID"; done'
	assert_exists up
	assert_equal "${stderr%%: cannot be waited for: *}" "otelop-run: sh: children"
	assert_nothing_runs
	assert_left
}
