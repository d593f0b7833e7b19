# Programs under strace, and programs that are stopped at a step, so that others do what a race would need.
# shellcheck disable=SC2034 # for the tests

# traced ARGUMENTS...: by strace, in the background.
traced() { background strace -o trace "$@"; }

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
