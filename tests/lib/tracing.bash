# Programs under strace, and programs that are stopped at a step, so that others do what a race would need.
# shellcheck disable=SC2034 # for the tests

# traced ARGUMENTS...: by strace, in the background; a sanitizer cannot look for leaks then.
traced() { ASAN_OPTIONS=detect_leaks=0 background strace -o trace "$@"; }
traced_waits() {
	local child
	child=$(pgrep -P "$1") && waits_for_lock "$child" # of none it would be said of all
}

# It stops when it has opened the metadata file and not yet locked it, or when it has done its first flock.
opened=(-P otelop.json -e inject=openat:signal=STOP:when=1)
locked=(-e inject=flock:signal=STOP:when=1)
# stopped ARGUMENTS...: traced, and stopped by now; $tracer and $child are the two.
stopped() {
	rm -f trace
	traced "$@"
	tracer=$!
	eventually 10 grep -qs 'stopped by SIGSTOP' trace
	child=$(pgrep -P "$tracer")
}
go_on() { kill -CONT "$child"; }
