load helper

# What is seen of other processes, and what is made of it where they cannot be seen.

@test "a PID namespace under the outer /proc: what has the number of an outer child is left alone" {
	needs "numbers that are looked up in /proc"
	unshare -rpf sh -c 'echo 99 >/proc/sys/kernel/ns_last_pid' 2>/dev/null || skip "needs PID namespaces"
	local parent child
	background sh -c 'sleep 1000 & echo $! >child; wait'
	parent=$!
	eventually 10 test -s child
	child=$(cat child)
	# Out there parent has child below it; in here they are otelop-run's number and a stranger's.
	tool -0 unshare -rpf sh -c '
		next() { echo $(($1 - 1)) >/proc/sys/kernel/ns_last_pid; }
		next "$2"
		sleep 1000 &
		[ $! = "$2" ] || exit 77
		next "$1"
		otelop-run --ready exec -- sleep 0.1 &
		[ $! = "$1" ] || exit 77
		wait "$1" && kill -0 "$2"' sh "$parent" "$child"
	assert_output ''
	assert_equal "$stderr" ''
}

@test "a PID namespace under the outer /proc: start, status and stop work by what needs no /proc" {
	needs "PID namespaces"
	unshare -rpf true 2>/dev/null || skip "needs PID namespaces"
	tool -0 unshare -rpf sh -c 'otelop start --ready exec -- sleep 1000 && otelop status -q && otelop stop &&
		! otelop status -q'
	assert_output --regexp '^[0-9]+$'
}

@test "pidfd_send_signal denied alone: processes are signalled by their numbers" {
	local error pid
	is_fallback || strace -qq -e trace=none true || skip "strace cannot trace here"
	for error in ENOSYS EPERM EACCES; do
		background sleep 1000
		pid=$!
		tool -0 strace -qq -o trace -e inject=pidfd_send_signal:error=$error otelop-stop "$pid"
		assert_equal "$output$stderr" ''
		assert_gone "$pid"
		is_fallback || assert_file_contains trace INJECTED
		tool -143 strace -f -qq -o trace -e inject=pidfd_send_signal:error=$error \
			otelop-run --ready exec --max-lifetime 0.1 -- sleep 1000
		assert_equal "$output$stderr" ''
	done
}
