# The state is taken away from under a daemon, by somebody who does not keep to the lock.
# shellcheck disable=SC2016 # what stands in single quotes is for another shell
load helper

setup_more() {
	needs "file watches"
	file=$OTELOP_STATE_DIR/otelop.json
	tool -0 otelop start --ready exec colour=blue -- sleep 1000
	pid=$output
	before=$(cat "$file")
}

# Published again, under a lock: all that ask say so, and so do the words.
is_as_before() {
	[ "$(cat "$file" 2>/dev/null)" = "$before" ] && [ "$(otelop-meta running 2>said)" = "running $pid" ] &&
		[ ! -s said ] && otelop-lock -p
}

assert_ended_with() {
	assert_gone "$pid"
	assert_nothing_runs
	assert_regex "$(cat "$1")" "otelop-run: sleep: ended: somebody $2"
}

@test "the state directory is removed: the daemon ends" {
	ln "$OTELOP_STATE_DIR/otelop.log" log
	rm -rf "$OTELOP_STATE_DIR"
	assert_ended_with log 'removed the state directory '
}

@test "the state directory is moved away: the daemon ends, and a start in a new one is a daemon of its own" {
	mv "$OTELOP_STATE_DIR" away
	tool -0 otelop start --ready exec -- sleep 1001
	assert_gone "$pid"
	tool -0 otelop-meta running
	assert_output "running $(otelop-meta get pid)"
	# It says so when it has ended it.
	eventually 10 grep -q 'otelop-run: sleep: ended: somebody removed the state directory ' away/otelop.log
}

@test "otelop.json is removed: it is published again, the lock is held, and stop works" {
	rm "$file"
	eventually 10 is_as_before
	tool -75 otelop start --ready exec -- sleep 1001
	tool -0 otelop stop
	assert_gone "$pid"
	tool -3 otelop status
}

@test "otelop.json is put aside by an edited copy, as jq and mv do it: the daemon's own words come back" {
	jq '.pid = 1 | .command = ["true"]' "$file" >edited
	mv edited "$file"
	eventually 10 is_as_before
	jq '.colour = "red"' "$file" >edited
	mv edited "$file"
	eventually 10 is_as_before
}

@test "otelop.json is written in place, or cut: the daemon's own words come back, without a moment of a free lock" {
	echo '{"pid": 12' >"$file"
	eventually 10 is_as_before
	: >"$file"
	eventually 10 is_as_before
}

@test "otelop.json is removed and somebody else starts at once: the first daemon ends and says why" {
	# On a slow machine, too, the start is there before the first one looks.
	local second runner
	runner=$(parent_of "$pid")
	kill -STOP "$runner"
	eventually 10 is_stopped "$runner"
	rm "$file"
	tool -0 otelop start --ready exec -- sleep 1001
	second=$output
	kill -CONT "$runner"
	assert_gone "$pid"
	eventually 10 grep -q "otelop-run: sleep: ended: somebody removed or replaced $file, and somebody else has claimed" \
		"$OTELOP_STATE_DIR/otelop.log"
	tool -0 otelop-meta running
	assert_output "running $second"
}

@test "published again, and otelop-run is killed: the command has no lock left, and is known and stopped all the same" {
	needs "start times"
	rm "$file"
	eventually 10 is_as_before
	kill -KILL "$(parent_of "$pid")"
	eventually 10 lock_is_free
	tool -0 otelop-meta running
	assert_output "running $pid"
	assert_regex "$stderr" "process $pid runs without its lock"
	tool -75 otelop start --ready exec -- sleep 1001
	tool -0 otelop stop
	assert_gone "$pid"
	tool -3 otelop status
}

@test "the directory is replaced while it is published again: the daemon ends, and leaves nothing in the new one" {
	needs strace
	local runner tracer
	runner=$(parent_of "$pid")
	eventually 10 is_at_rest "$runner"
	background strace -qq -o traced -p "$runner" -P otelop.json -e inject=%%stat:signal=STOP:when=1
	tracer=$!
	eventually 10 grep -q "^TracerPid:.*[1-9]" "/proc/$runner/status"
	rm "$file"
	eventually 10 grep -q 'stopped by SIGSTOP' traced
	mv "$OTELOP_STATE_DIR" away
	mkdir -m 700 "$OTELOP_STATE_DIR"
	kill -CONT "$runner"
	wait "$tracer" || :
	assert_ended_with away/otelop.log 'removed the state directory '
	assert_left
}

@test "the log is written and the directory used by others: otelop-run is not woken" {
	local parent before
	parent=$(parent_of "$pid")
	eventually 10 is_at_rest "$parent"
	before=$(times_woken "$parent")
	for round in 1 2 3 4 5 6 7 8 9; do
		echo line >>"$OTELOP_STATE_DIR/otelop.log"
		: >"$OTELOP_STATE_DIR/other$round"
		mv "$OTELOP_STATE_DIR/other$round" "$OTELOP_STATE_DIR/moved$round"
		tool -0 otelop-meta running
	done
	# Once it looks at what it has published, whatever happens.
	[ "$(times_woken "$parent")" -le $((before + 1)) ]
}
