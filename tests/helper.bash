# Loaded by every test file.  A test has a directory of its own, BATS_TEST_TMPDIR, a state directory
# in it that every program finds by OTELOP_STATE_DIR, and at its end nothing that it started lives.

bats_require_minimum_version 1.5.0
bats_load_library bats-support
bats_load_library bats-assert
bats_load_library bats-file

# Whatever the caller's is: what a test makes is as most people's files are.
umask 022

# bats owns descriptors 3 and 4: what a tool leaves behind must not hold them.
setup() {
	OTELOP_STATE_DIR=$BATS_TEST_TMPDIR/state
	OTELOP_TEST_MARK=$BATS_TEST_TMPDIR
	export OTELOP_STATE_DIR OTELOP_TEST_MARK
	cd "$BATS_TEST_TMPDIR" || return
	if declare -F setup_more >/dev/null; then setup_more; fi
}

# In front of otelop-run where it finds orphans by the session that it leads.
in_session=()
if [[ ${PLATFORM-} == posix ]]; then in_session=(setsid); fi

# Every process that this test started, however it left: they inherit the mark.  What looks for them
# does not have it.
marked_processes() {
	env -u OTELOP_TEST_MARK grep -lzsFx "OTELOP_TEST_MARK=$BATS_TEST_TMPDIR" /proc/[0-9]*/environ |
		env -u OTELOP_TEST_MARK sed 's|/proc/\([0-9]*\)/.*|\1|'
}

teardown() {
	local pid
	if declare -F teardown_more >/dev/null; then teardown_more; fi
	# Awaited here, where the shell's words about those that were its own go nowhere.
	for pid in $(marked_processes); do
		kill -KILL "$pid" && wait "$pid"
	done 2>/dev/null
	return 0
}

# run, without bats' own descriptors, stdout and stderr apart: tool [-STATUS] PROGRAM [ARG...]
tool() {
	local expected=()
	case $1 in -[0-9]* | '!') expected=("$1"); shift ;; esac
	run "${expected[@]}" --separate-stderr -- without_bats "$@"
}

without_bats() { "$@" 3>&- 4>&-; }

# A tool in the background, its pid in $!.
background() { "$@" 3>&- 4>&- & }

# eventually SECONDS COMMAND...: until the command succeeds, at most so long; but never less than 30, which costs
# nothing where all is well, and a machine may stall.
eventually() {
	local deadline=$((SECONDS + ($1 < 30 ? 30 : $1)))
	shift
	until "$@"; do
		if ((SECONDS > deadline)); then
			! "$@" || return 0 # it may be this shell that was not run
			echo "still not: $*" >&2
			return 1
		fi
		sleep 0.02
	done
}

is_gone() { ! kill -0 "$1" 2>/dev/null || grep -qs '^State:[[:space:]]*Z' "/proc/$1/status"; }
# It has become PROGRAM: what it was before its exec is over.  PID PROGRAM
is_now() { [ "$(cat "/proc/$1/comm" 2>/dev/null)" = "$2" ]; }
# A moment later its words, its environment and its descriptors are what they stay: till then the kernel and the loader
# are at work.
has_words() { [ "$(tr '\0' ' ' <"/proc/$1/cmdline")" = "$2 " ]; }
has_variable() { tr '\0' '\n' <"/proc/$1/environ" | grep -qFx -- "$2"; }
has_descriptors() { [ "$(find "/proc/$1/fd" -mindepth 1 -printf '%f\n' | sort -n | paste -sd ' ')" = "$2" ]; }
# The lock's descriptor, into $number.
tells_lock() { number=$(tr '\0' '\n' <"/proc/$1/environ" | sed -n 's/^OTELOP_LOCK_FD=//p') && [ -n "$number" ]; }
assert_gone() { eventually "${2:-10}" is_gone "$1"; }

# The process waits for a lock: itself, or with a limit its helper does; where there is no helper it looks again and again.
waits_for_lock() {
	local pid
	for pid in $1 $(pgrep -P "$1"); do
		if grep -q -- "-> FLOCK .* $pid " /proc/locks; then return; fi
	done
	is_fallback && grep -q poll "/proc/$1/wchan"
}

# No process of this test is left but its shells.
nothing_runs() { [ -z "$(marked_processes)" ]; }
assert_nothing_runs() {
	eventually 10 nothing_runs || {
		ps -o pid,ppid,stat,args -p "$(marked_processes | tr '\n' ',' | sed 's/,$//')" >&2
		return 1
	}
}

# The state directory has these files and no other, but for what serialises chains, which stays.
assert_state_files() {
	assert_equal "$(cd "$OTELOP_STATE_DIR" && find . -mindepth 1 ! -name otelop.start | sed 's|^\./||' | sort | tr '\n' ' ')" \
		"$(printf '%s\n' "$@" | sort | tr '\n' ' ')"
}

assert_stderr_line_count() { assert_equal "${#stderr_lines[@]}" "$1"; }

# Nothing that a terminal takes for a command: C0 but newlines, DEL, C1.
refute_controls() {
	! LC_ALL=C grep -qaP '[\x01-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' <<<"$1" || fail "controls in: $(cat -v <<<"$1")"
}

# As nobody, with the test's directory reachable.
as_nobody() {
	chmod 711 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_SUITE_TMPDIR" "$BATS_TEST_TMPDIR/.." \
		"$BATS_TEST_TMPDIR" 2>/dev/null || true
	setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"
}

# Skip a test of what only some systems have: what POSIX alone cannot give.
needs() { ! is_fallback || skip "the POSIX fallback has no $1"; }
is_fallback() { [[ ${PLATFORM-} == posix ]]; }
# Skip a test where this command does not work: tried, for who we are does not say what we may do.
can() { "$@" >/dev/null 2>&1 || skip "cannot here: $*"; }
# The same for acting as nobody, and for giving a file away.
can_be_nobody() { can as_nobody true; }
can_give() {
	: >"$BATS_TEST_TMPDIR/given"
	can chown 1:1 "$BATS_TEST_TMPDIR/given"
	rm -f "$BATS_TEST_TMPDIR/given"
}

# A TCP port for a daemon that cannot choose one itself: free, none that the kernel gives to who asks for any
# or connects, and given to no other test of this run.
free_port() {
	python3 -c '
import os, random, socket, sys
first = int(open("/proc/sys/net/ipv4/ip_local_port_range").read().split()[0]) if os.path.exists("/proc/sys/net") else 32768
while True:
    port = random.randint(11111, max(first, 20000) - 1)
    try:
        os.mkdir(sys.argv[1] + "/port-" + str(port))
        socket.socket().bind(("127.0.0.1", port))
    except OSError:
        continue
    print(port)
    break' "$BATS_RUN_TMPDIR"
}
