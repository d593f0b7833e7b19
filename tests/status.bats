# otelop status.
# shellcheck disable=SC2016 # what stands in single quotes is for another shell
load helper

@test "status of nothing: stopped, status 3, and no directory is made" {
	tool -3 otelop status
	assert_output --regexp "^state +stopped\$"
	assert_not_exists "$OTELOP_STATE_DIR"
	tool -3 otelop status -q
	assert_output ""
	assert_equal "$stderr" ""
	tool -3 otelop status --json
	assert_equal "$(jq -r .state <<<"$output")" stopped
}

@test "status while starting: starting, status 0" {
	start_in_background one --ready fd -- sh -c "$waiting" sh otelop-ready
	eventually 20 state_is starting
	tool -0 otelop status
	assert_line --regexp "^state +starting\$"
	tool -0 otelop status --json
	assert_equal "$(jq -r .state <<<"$output")" starting
	: >go
	wait "$!"
}

@test "status of a daemon: state, pid, uptime, command, directory and members, a line each" {
	tool -0 otelop start --ready exec note=mine -- sleep 600
	pid=$output
	tool -0 otelop status
	assert_line --regexp "^state +running\$"
	assert_line --regexp "^pid +$pid\$"
	assert_line --regexp "^uptime +[0-9]+s\$"
	assert_line --regexp "^command +sleep 600\$"
	assert_line --regexp "^cwd +$PWD\$"
	assert_line --regexp "^startedAt +20[0-9-]+T[0-9:.]+Z\$"
	assert_line --regexp "^note +mine\$"
	assert_equal "$stderr" ""
	tool -0 otelop status --quiet
	assert_output ""
}

@test "status --json of a daemon: what is known of it, as JSON" {
	tool -0 otelop start --ready exec note=mine -- sleep 600
	pid=$output
	tool -0 otelop status --json
	assert_equal "$(jq -c '[.pid, .state, .command, .note, (.uptimeSeconds | type)]' <<<"$output")" \
		"[$pid,\"running\",[\"sleep\",\"600\"],\"mine\",\"number\"]"
}

@test "the daemon is killed: status 1, with signal and time; stop says 0 and forgets it" {
	start_sleep
	pid=$output
	kill -KILL "$pid"
	eventually 10 has_left_a_word
	tool -1 otelop status
	assert_line --regexp "^state +dead\$"
	assert_line --regexp "^exited +killed by signal KILL at 20[0-9-]+T[0-9:.]+Z\$"
	tool -1 otelop status -q
	tool -1 otelop status --json
	assert_equal "$(jq -r '[.state, .exitSignal] | join(" ")' <<<"$output")" "exited KILL"
	tool -0 otelop stop
	tool -3 otelop status -q
	assert_nothing_runs
}

@test "the daemon exits with a status: status 1, which one and when" {
	tool -0 otelop start --ready fd -- sh -c 'otelop-ready; exec 3>&-; until [ -e go ]; do sleep 0.02; done; exit 9'
	: >go
	eventually 10 has_left_a_word
	tool -1 otelop status
	assert_line --regexp "^exited +with status 9 at 20"
}

@test "the daemon exits with 0: that is a clean end, status 3" {
	tool -0 otelop start --ready fd -- sh -c 'otelop-ready; exec 3>&-; until [ -e go ]; do sleep 0.02; done'
	: >go
	eventually 10 state_is stopped
	tool -3 otelop status
	assert_state_files otelop.log
}

@test "its parent is killed: status is still 0, the lock is held, and stop works" {
	start_sleep
	pid=$output
	parent=$(parent_of "$pid")
	kill -KILL "$parent"
	assert_gone "$parent"
	tool -0 otelop status
	assert_line --regexp "^pid +$pid\$"
	tool -75 otelop start --strict --ready exec -- sleep 600
	tool -0 otelop stop
	assert_gone "$pid"
	assert_nothing_runs
	tool -3 otelop status -q
}

@test "it and its parent are killed: status 1, and that it left no word" {
	start_sleep
	kill -KILL "$(parent_of "$output")" "$output"
	eventually 10 state_is stale
	tool -1 otelop status
	assert_line --regexp "^state +dead .*no word"
}

@test "status of a daemon that runs, is dead or was stopped: the log's path" {
	tool -0 otelop start --ready exec -- sleep 600
	kill -KILL "$(parent_of "$output")"
	tool -0 otelop status
	assert_line "log           $OTELOP_STATE_DIR/otelop.log"
	tool -0 otelop status --json
	assert_equal "$(jq -r .log <<<"$output")" "$OTELOP_STATE_DIR/otelop.log"
	kill -KILL "$(otelop-meta get pid)"
	eventually 10 state_is stale
	tool -1 otelop status
	assert_line "log           $OTELOP_STATE_DIR/otelop.log"
	tool -0 otelop stop
	tool -3 otelop status
	assert_output "state         stopped
log           $OTELOP_STATE_DIR/otelop.log"
}

@test "status of a daemon that has no log: no line of it" {
	run_behind --ready exec -- sleep 600
	eventually 10 metadata_says ready
	tool -0 otelop status
	refute_line --regexp "^log"
	tool -0 otelop status --json
	assert_equal "$(jq -r .log <<<"$output")" null
}

@test "status, the log's path has control characters: the line shows them" {
	OTELOP_STATE_DIR+=$'\e[31m\n\xc2\x9b'
	start_sleep
	tool -0 otelop status
	assert_line "log           $BATS_TEST_TMPDIR/state\\x1b[31m\\x0a\\xc2\\x9b/otelop.log"
	refute_controls "$output"
}

@test "status of a daemon that was started again after a crash: how often, how it ended last and when" {
	hold_text '{"pid": %d, "startedAt": "2026-01-01T00:00:00Z", "state": "ready", "restarts": 3, "lastEnd": "killed by signal SEGV\\u001b", "lastEndAt": "2026-01-02T03:04:05Z"}'
	tool -0 otelop status
	assert_line "restarts      3"
	assert_line 'last end      killed by signal SEGV\x1b at 2026-01-02T03:04:05Z'
	let_go
	file_is '{"pid": 2147483647, "state": "exited", "restarts": 10, "lastEnd": "exited with status 3", "lastEndAt": "2026-01-02T03:04:05Z", "exitCode": 3, "exitedAt": "2026-01-02T03:04:05Z"}'
	tool -1 otelop status
	assert_line "restarts      10"
	assert_line "exited        with status 3 at 2026-01-02T03:04:05Z"
	refute_line --regexp "^last end"
}

@test "status with an unknown option: status 2, named" {
	tool -2 otelop status --bogus
	[[ ${stderr_lines[0]} == *--bogus* ]]
}
