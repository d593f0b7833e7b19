# Ports, and talking to what listens there.

# A TCP port for a daemon that cannot choose one itself, given to no other test of this run.
free_port() { python3 "$BATS_TEST_DIRNAME/tools/free_port.py" "$BATS_RUN_TMPDIR"; }

# ask ADDRESS BYTES: sends these (with escapes), prints what is answered.
ask() { python3 "$BATS_TEST_DIRNAME/tools/ask.py" "$@"; }
