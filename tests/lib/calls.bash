# Calling programs, and what they say.

# bats owns descriptors 3 and 4: what a tool leaves behind must not hold them.
without_bats() { "$@" 3>&- 4>&-; }

# run, without bats' own descriptors, stdout and stderr apart: tool [-STATUS] PROGRAM [ARG...]
tool() {
	local expected=()
	case $1 in -[0-9]* | '!') expected=("$1"); shift ;; esac
	run "${expected[@]}" --separate-stderr -- without_bats "$@"
}

# A tool in the background, its pid in $!.
background() { "$@" 3>&- 4>&- & }

# A limit that cannot be mistaken for the program's own 124.
soon() { timeout -s KILL 20 "$@"; }

# few_descriptors LIMIT COMMAND...: with none but 0, 1 and 2 open, and so many allowed.
few_descriptors() {
	bash -c 'for fd in /proc/self/fd/*; do fd=${fd##*/}; [ "$fd" -lt 3 ] || eval "exec $fd>&-"; done
		ulimit -n "$1"; shift; exec "$@"' bash "$@"
}

# Runs the command with a stdout that nobody reads any more.
unread() {
	python3 -c 'import os, subprocess, sys
read, write = os.pipe()
os.close(read)
sys.exit(subprocess.call(sys.argv[1:], stdout=write))' "$@"
}

assert_stderr_line_count() { assert_equal "${#stderr_lines[@]}" "$1"; }

# Something was said, and nothing that a terminal takes for a command: C0 but newlines, DEL, C1.
refute_controls() {
	[ -n "$1" ] || fail "nothing was said"
	! LC_ALL=C grep -qaP '[\x01-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' <<<"$1" || fail "controls in: $(cat -v <<<"$1")"
}

# repeat COUNT STATUS COMMAND...: that often, and always this status.
repeat() {
	local i code count=$1 wanted=$2
	shift 2
	for ((i = 0; i < count; i++)); do
		code=0
		"$@" >/dev/null 2>"said.$BASHPID" || code=$?
		if [ "$code" -ne "$wanted" ]; then
			echo "$* was $code in round $i: $(cat "said.$BASHPID")" >&2
			return 1
		fi
	done
}
