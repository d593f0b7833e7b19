# otelop start --native: a daemon that takes its own lock, as upstream's does.
# shellcheck disable=SC2016 # what stands in single quotes is for another shell
load helper

@test "start --native of upstream's daemon: ready, found, in its words, and stopped" {
	tool -0 otelop start --native -- python3 "$upstream"
	pid=$output
	assert_equal "$stderr" "otelop: python3 is ready"
	tool -0 otelop status
	assert_line --regexp "^state +running\$"
	assert_line --regexp "^pid +$pid\$"
	assert_line --regexp "^httpAddr +localhost:4319\$"
	assert_line --regexp "^startedAt +20[0-9-]+T[0-9:.]+\+02:00\$"
	assert_line --regexp "^uptime +[0-9]+s\$"
	tool -0 otelop list
	assert_output ". running $pid"
	eventually 10 grep -q serving "$OTELOP_STATE_DIR/otelop.log" # it says so behind its verdict
	tool -0 otelop logs
	assert_output serving
	tool -0 otelop stop
	assert_gone "$pid"
	tool -3 otelop status -q
	assert_state_files otelop.log
}

@test "start --native, running already: status 0 and its pid; with --strict 75" {
	tool -0 otelop start --native -- python3 "$upstream"
	pid=$output
	tool -0 otelop start --native -- python3 "$upstream"
	assert_output "$pid"
	assert_equal "$stderr" "otelop: already running"
	tool -75 otelop start --native --strict -- python3 "$upstream"
	tool -0 otelop-meta running
	assert_output "running $pid"
}

@test "start --native of one that reports an error: status 1 and its words" {
	tool -1 otelop start --native -- python3 "$upstream" $'bind 127.0.0.1:4318:\naddress in use'
	assert_equal "${stderr_lines[0]}" "otelop: python3: bind 127.0.0.1:4318: address in use"
	tool -3 otelop status -q
	assert_nothing_runs
}

@test "start --native of one that was killed: stale, and the next start works" {
	tool -0 otelop start --native -- python3 "$upstream"
	kill -KILL "$output"
	eventually 10 state_is stale
	tool -1 otelop status
	tool -0 otelop start --native -- python3 "$upstream"
	tool -0 otelop stop
	tool -3 otelop status -q
}

@test "start --native with what only otelop-run knows: status 2, named, nothing is started" {
	tool -2 otelop start --native --ready exec -- sleep 600
	[[ ${stderr_lines[0]} == *--native* ]]
	tool -2 otelop start --native a=b -- sleep 600
	[[ ${stderr_lines[0]} == *--native* ]]
	assert_nothing_runs
}

@test "start --native with what only otelop-run can do: refused" {
	local words
	for words in "-f" "--foreground" "--ready fd" "--no-sweep" "a=b"; do
		# shellcheck disable=SC2086 # words
		tool -2 otelop start --native $words -- sleep 600
	done
	assert_not_exists "$OTELOP_STATE_DIR"
}
