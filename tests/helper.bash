# Loaded by every test file: bats' own libraries, and what stands in lib, by subject.  A test has a directory of its own,
# BATS_TEST_TMPDIR, a state directory in it that every program finds by OTELOP_STATE_DIR, and at its end nothing that it
# started lives.

bats_require_minimum_version 1.5.0
if [ -n "${OTELOP_TEST_LIBRARIES-}" ]; then
	# shellcheck source=/dev/null
	. "$OTELOP_TEST_LIBRARIES"
else
	bats_load_library bats-support
	bats_load_library bats-assert
	bats_load_library bats-file
fi

load lib/calls
load lib/disks
load lib/locks
load lib/network
load lib/processes
load lib/starts
load lib/state
load lib/system
load lib/terminals
load lib/tracing
load lib/waiting

# Whatever the caller's is: what a test makes is as most people's files are.
umask 022

# A file that needs more says it in setup_more and teardown_more.
setup() {
	OTELOP_STATE_DIR=$BATS_TEST_TMPDIR/state
	OTELOP_TEST_MARK=$BATS_TEST_TMPDIR
	export OTELOP_STATE_DIR OTELOP_TEST_MARK
	unset OTELOP_NAME
	cd "$BATS_TEST_TMPDIR" || return
	if declare -F setup_more >/dev/null; then setup_more; fi
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
