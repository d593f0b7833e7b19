load helper

# The library's readers, one by one: every seed and every former crash of tests/fuzz without a
# fuzzer, and tables of what is made of which text; with sanitizers where the compiler has them.

setup_file() {
	local sanitizers='-fsanitize=address,undefined -fno-sanitize-recover=all' source
	cd "$BATS_FILE_TMPDIR" || return
	FUZZ=$BATS_TEST_DIRNAME/fuzz
	export FUZZ
	echo 'int main(void) { return 0; }' >trial.c
	# shellcheck disable=SC2086 # flags are words
	if ! { ${CC:-cc} $sanitizers trial.c -o trial && ./trial; } >/dev/null 2>&1; then
		sanitizers=
	fi
	CFLAGS="-O0 -g1 $sanitizers" INCLUDE="$BUILD/include" sh "$FUZZ/build.sh" "$PWD" || return
	for source in "$BATS_TEST_DIRNAME"/units/*.c; do
		# shellcheck disable=SC2086
		${CC:-cc} $sanitizers -std=c99 -D_XOPEN_SOURCE=700 -D_DEFAULT_SOURCE \
			-I"$BATS_TEST_DIRNAME/../lib" -o "$(basename "$source" .c)" "$source" \
			library/libotelop.a || return
	done
}

# All seeds at once; if that breaks, one by one, to name each that does it.
replay() {
	local seed
	"$BATS_FILE_TMPDIR/$1" "$FUZZ/seeds/$1"/* >/dev/null 2>&1 && return
	for seed in "$FUZZ/seeds/$1"/*; do
		"$BATS_FILE_TMPDIR/$1" "$seed" >/dev/null 2>"$BATS_TEST_TMPDIR/said" && continue
		printf '%s: ' "${seed#"$FUZZ"/}"
		grep -m 1 -e 'not true' -e 'ERROR:' -e 'runtime error' "$BATS_TEST_TMPDIR/said" || echo 'it crashed'
	done
	return 1
}

table() { "$BATS_FILE_TMPDIR/tables" "$1"; }

@test "a target without seeds, a seed directory without a target: there is none" {
	local name
	for name in "$FUZZ"/seeds/*/; do
		name=$(basename "$name")
		assert_file_exists "$FUZZ/$name.c"
		assert_file_exists "$FUZZ/dict/$name"
		grep -q "^	replay $name\$" "$BATS_TEST_FILENAME" || fail "$name is not replayed here"
	done
	for name in "$FUZZ"/*.c; do
		grep -q '^LLVMFuzzerTestOneInput' "$name" || continue
		assert_dir_exists "$FUZZ/seeds/$(basename "$name" .c)"
	done
}

@test "JSON texts: members, elements and strings are valid by themselves, and come back from the writer" {
	replay json
}

@test "metadata files: what is accepted reads again as the same, and a member that was set is there" {
	replay metadata
}

@test "lines on the ready pipe: pieces of any size give the verdict of the whole" {
	replay ready
}

@test "sd_notify datagrams: only READY=1 is ready, only an ERRNO is a failure" {
	replay notify
}

@test "RFC 3339 times: each is the second that timegm says" {
	replay rfc3339
}

@test "durations: each is what floating point says, and only zero is zero" {
	replay duration
}

@test "lines of /proc/net/tcp: an address that is taken is one" {
	replay tcp_table
}

@test "lines of /proc/net/unix: any name of a socket comes out whole" {
	replay unix_table
}

@test "the kernel's answers about sockets: what is taken lies in them, and any name comes out whole" {
	replay sock_diag
}

@test "answers of who is taken for upstream's daemon: what is taken lies in them, and an address has nothing else in it" {
	replay live
}

@test "/proc/PID/stat: any name of a process leaves parent and session right" {
	replay stat_line
}

@test "MAKEFLAGS: no word of the jobserver is left, none of another's is lost" {
	replay jobserver
}

@test "--ready: an accepted list has a mode, and each mode what it needs" {
	replay modes
}

@test "ready lines: each has its verdict and its reason" {
	table ready
}

@test "notify datagrams: each has its verdict and its reason" {
	table notify
}

@test "MAKEFLAGS of GNU and BSD make: just the jobserver's words are taken out" {
	table jobserver
}

@test "readiness modes: each list means what it says or is refused" {
	table modes
}

@test "durations: each has its milliseconds or is refused" {
	table duration
}

@test "respawn: the pauses in a row, when that is enough, and what begins a new one" {
	table respawn
}

@test "respawn: only what was started again can be late in being ready" {
	table late
}

@test "rows of the TCP tables: listening ones have inode and address" {
	[ "$(printf '\1\0' | od -An -td2 | tr -d ' ')" = 1 ] || skip "the rows are a little-endian machine's"
	table tcp
}

@test "rows of the Unix table: listening ones have inode and path" {
	table unix
}

@test "a file that is locked, shared, let go or handed on: the holders of its exclusive lock are listed" {
	table holders
}

@test "process numbers in a set: each is there once, in the order in which it came" {
	table pids
}

@test "processes that are there or not: each has its start, the system's run has a name" {
	table began
}

# A wait that does not end is ended.
waits() { run -0 timeout -s KILL 20 "$BATS_FILE_TMPDIR/wait" "$1"; }

@test "a timed wait for a lock beside the caller's own alarm: that rings on time, and is the caller's still" {
	waits alarm
}

@test "timed waits for a lock in four threads: each ends on time" {
	waits thread
}

@test "a timed wait for a lock where SIGCHLD is handled and reaps all: only the caller's children are told of" {
	waits reaper
}

@test "a timed wait for a lock with SIGCHLD ignored and all signals blocked: it ends on time, no signal, no child" {
	waits ignored
}

@test "a timed wait for a lock that comes free: it is the caller's, and the caller can let it go" {
	waits freed
}

@test "a pipe that is closed while a lock is waited for: its end is seen at once, and ends the wait" {
	waits pipe
	waits pipe-unlimited
	waits interrupt
}

@test "a timed wait for a lock without a free descriptor: on time all the same" {
	waits no-helper
}

# Beside a stdin that can be written to.
spawns() {
	run -0 without_bats timeout -s KILL 100 "$BATS_FILE_TMPDIR/spawn" "$1" <>stdin
	assert_output ""
}

@test "otelop_spawn with zero-filled, initial or no options: ready, and its output goes nowhere, not to the caller's stdin" {
	spawns zero
}

@test "otelop_spawn with a state directory alone: the log is the one in there, as trustworthy as that" {
	spawns default-log
}

@test "otelop_spawn with what is no argument: EINVAL, and words" {
	spawns arguments
}

@test "otelop_spawn where a handler, or another thread, reaps all children: how the command ended is told all the same" {
	spawns handler
	spawns thread-that-reaps
}

@test "otelop_spawn where SIGCHLD is ignored or leaves no zombies: how the command ended is told, SIGCHLD stays as it is" {
	spawns ignored
}

@test "otelop_spawn while another thread sets variables or allocates: a hundred starts, none hangs" {
	spawns setenv
	spawns malloc
}

@test "otelop_spawn that fails: no child, no setting of the process is changed, and nothing runs" {
	spawns settings
	assert_nothing_runs
}

@test "otelop_spawn whose caller does not want it: what was ready is ended, out of its session too" {
	spawns confirm
	assert_nothing_runs
}

@test "public functions with what is no argument: EINVAL, each of them" {
	run -0 timeout -s KILL 60 "$BATS_FILE_TMPDIR/public" invalid there
	assert_output ""
}

@test "a verdict that nobody waits for: EPIPE, no signal, and a SIGPIPE of the caller's own still waits" {
	run -0 timeout -s KILL 60 "$BATS_FILE_TMPDIR/public" unheard there
	assert_output ""
}

@test "all public functions in a thread with a stack of 64 KiB: it is enough, with the system's libc and with musl" {
	local compiler
	for compiler in "${CC:-cc}" musl-gcc; do
		command -v "${compiler%% *}" >/dev/null || continue
		# Without a sanitizer, which needs more than all of it.
		# shellcheck disable=SC2086 # words
		(cd "$BATS_TEST_DIRNAME/.." && make -s PLATFORM="${PLATFORM:-linux}" sources | xargs \
			$compiler -O1 -std=c99 -D_XOPEN_SOURCE=700 -D_DEFAULT_SOURCE \
			-Ilib -I"$BUILD/include" -pthread -o "$OLDPWD/public" tests/units/public.c)
		run -0 without_bats timeout -s KILL 60 ./public stack "$PWD/state-$(basename "${compiler%% *}")"
		assert_output ""
	done
}

@test "the programs with a stack of 256 kB: each does its work" {
	[ -z "${SANITIZE-}" ] || skip "a sanitizer needs more"
	ulimit -s 256
	tool -3 otelop-lock -p
	tool -1 otelop-spawn -- sh -c 'echo last words; exit 3'
	assert_equal "${stderr_lines[1]}" "last words"
	tool -0 otelop start --log-max 100k --ready notify -- sh -c 'otelop-ready; exec sleep 1000'
	tool -0 otelop status
	tool -0 otelop-meta get pid command cwd
	tool -75 otelop-lock -- true
	tool -0 otelop restart
	tool -0 otelop-stop
	tool -0 otelop-lock a=b -- true
	tool -1 otelop-meta show
	tool -0 otelop-meta remove
	tool -1 otelop-ready -q
	tool -0 otelop-ready -e "not here"
}

@test "corrupt metadata: the message names file, line, column and fault" {
	table fault
}

@test "short, odd and random texts: JSON, strings, times and metadata are read as python3 reads them" {
	python3 "$FUZZ/differential.py" --documents 20000 --length 3 --keep "$BATS_TEST_TMPDIR" \
		"$BATS_FILE_TMPDIR/answer"
}
