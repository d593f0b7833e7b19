# otelop wait.
# shellcheck disable=SC2016 # what stands in single quotes is for another shell
load helper

@test "wait: until the daemon that somebody starts is ready" {
	background otelop wait -t 60
	waiter=$!
	start_in_background one --ready fd -- sh -c "$waiting" sh otelop-ready
	one=$!
	eventually 20 state_is starting
	kill -0 "$waiter"
	: >go
	wait "$waiter"
	tool -0 otelop-meta running
	assert_output --partial "running "
	wait "$one"
}

@test "wait for a daemon that is ready already: 0 at once, nothing said" {
	start_sleep
	tool -0 otelop wait --ready -t 1
	assert_output ""
	assert_equal "$stderr" ""
}

@test "wait for a start that fails: status 1" {
	start_in_background one -- sh -c "$waiting" sh 'exit 3'
	one=$!
	eventually 20 has_published
	background otelop wait -t 60
	waiter=$!
	eventually 20 has_looked
	: >go
	wait "$waiter" || status=$?
	assert_equal "$status" 1
	wait "$one"
}

@test "wait, and nobody starts anything: status 124 within the time" {
	tool -124 otelop wait -t 200ms
}

@test "wait --stopped: until the daemon is gone" {
	start_sleep
	background otelop wait --stopped -t 60
	waiter=$!
	eventually 20 has_looked
	kill -0 "$waiter"
	tool -0 otelop stop
	wait "$waiter"
}

@test "wait --stopped while it runs: status 124 within the time; of nothing: 0 at once" {
	tool -0 otelop wait --stopped -t 10
	start_sleep
	tool -124 otelop wait --stopped -t 200ms
	tool -0 otelop status -q
}

@test "wait with a mistake: status 2" {
	for mistake in "--bogus" "-t" "-t soon" "word"; do
		# shellcheck disable=SC2086 # words
		tool -2 otelop wait $mistake
		[[ $stderr == *usage:* ]]
	done
}
