# Terminals: `python3 "$terminal" [-i FILE] SECONDS COMMAND...` runs it on one of its own.
# shellcheck disable=SC2034 # for the tests

terminal=$BATS_TEST_DIRNAME/tools/terminal.py

# on_terminal COMMAND...: run it on a terminal of its own, type Ctrl-C once the file `typing` is there,
# print what it shows, and end with its status.
on_terminal() { python3 "$terminal" -i typing 60 "$@"; }
