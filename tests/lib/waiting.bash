# Waiting for what is to come: never for a time alone.

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

# assert_ended PID STATUS: a background command, awaited, ends with this status.
assert_ended() {
	local code=0
	wait "$1" || code=$?
	assert_equal "$code" "$2"
}
