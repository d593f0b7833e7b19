# What this system can do, and who we are.

# Skip a test of what only some systems have: what the one whose files of lib/platform were built has not, and, in a
# cell of the matrix, what its probe has missed: patterns, a line each.
needs() {
	has "$1" || skip "PLATFORM=$PLATFORM has no $1"
	! lacks "$1" || skip "this cell has no $1"
}
lacks() {
	local lack
	while read -r lack; do
		# shellcheck disable=SC2053 # a pattern
		[[ -z $lack || $1 != $lack ]] || return 0
	done <<<"${LACKS-}"
	return 1
}
has() {
	case ${PLATFORM:-linux}:$1 in
	linux:* | *:threads | *:"words that are no text" | *:"ignored signal that stays ignored" | kqueue:pidfd | kqueue:"file watches") ;;
	freebsd:pidfd | freebsd:"file watches" | freebsd:subreaper | freebsd:*orphans* | freebsd:"start times") ;;
	freebsd:"list of processes but ps" | freebsd:"way to look at a process without ps(1)") ;;
	freebsd:"way to tell a process from the next one of its number" | freebsd:"helper that waits for a lock") ;;
	freebsd:"sweep of what leaves the session" | freebsd:"word of who is whose when its parent has gone") ;;
	*) return 1 ;;
	esac
}
# Other systems have less than Linux.
is_fallback() { [[ ${PLATFORM:-linux} != linux ]]; }

# Skip a test where this command does not work: tried, for who we are does not say what we may do.
can() { "$@" >/dev/null 2>&1 || skip "cannot here: $*"; }
# The same for acting as nobody, and for giving a file away.
can_be_nobody() { can as_nobody true; }
can_give() {
	: >"$BATS_TEST_TMPDIR/given"
	can chown 1:1 "$BATS_TEST_TMPDIR/given"
	rm -f "$BATS_TEST_TMPDIR/given"
}

# `./refuse ERRNO CALL... -- COMMAND`, a kernel that refuses calls.
compile_refuse() {
	[ "$(uname -s)" = Linux ] || skip "calls are refused on Linux alone"
	${CC:-cc} -o refuse "$BATS_TEST_DIRNAME/tools/refuse.c"
	can ./refuse ENOSYS openat2 -- true
}

# Skip a test of what the programs see in /proc alone, where tests/places/run hides it from them.
needs_proc() { [ -z "${PLACES_BLIND-}" ] || skip "the programs have no /proc here"; }

# Skip a test under a shell (with its options, if need be) that is not there.
need_shell() { command -v "${1%% *}" >/dev/null || skip "no ${1%% *}"; }

# For nginx.conf: its workers are who we are, for the root of a namespace has nobody else.
nginx_user() { [ "$(id -u)" -ne 0 ] || echo "user root $(id -gn);"; }

# As nobody, with the test's directory reachable.
as_nobody() {
	chmod 711 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_SUITE_TMPDIR" "$BATS_TEST_TMPDIR/.." \
		"$BATS_TEST_TMPDIR" 2>/dev/null || true
	setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"
}

# `other`, which becomes a `sleep 1001` of root's whoever runs it, and `there`, a directory of nobody's.
need_root_sleep() {
	can_give
	can_be_nobody
	cat >other.c <<-'C'
		#define _GNU_SOURCE
		#include <unistd.h>
		int main(void) { return setresuid(0, 0, 0) || (execlp("sleep", "sleep", "1001", (char *)0), 0); }
	C
	${CC:-cc} -o other other.c
	chmod 4755 other
	mkdir -m 755 there
	chown 65534:65534 there
	as_nobody true
	! findmnt -no OPTIONS -T other | grep -q nosuid || skip "no setuid programs here"
}
