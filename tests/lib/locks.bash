# The lock: who has it, who waits for it, and holding it from outside.  $holder is who holds it.

# The number of the descriptor that a daemon's child finds its lock by.
lock_of() { tr '\0' '\n' <"/proc/$1/environ" | sed -n 's/^OTELOP_LOCK_FD=//p'; }
# The same as a condition, into $number.
tells_lock() { number=$(lock_of "$1") && [ -n "$number" ]; }

# The process waits for a lock: itself, or with a limit its helper does; where there is no helper it looks again and again.
waits_for_lock() {
	local pid
	for pid in $1 $(pgrep -P "$1"); do
		if grep -q -- "-> FLOCK .* $pid " /proc/locks; then return; fi
	done
	{ is_fallback || lacks "helper that waits for a lock"; } && grep -q poll "/proc/$1/wchan"
}
# begin_to_wait COMMAND...: in the background, $waiter, and by now it waits for a lock.
begin_to_wait() {
	background "$@"
	waiter=$!
	eventually 10 waits_for_lock "$waiter"
}
# A process of this test, $looker, has looked, and waits in the kernel for what comes.  Its helper there is another one every
# time.
has_looked() {
	local parent
	for looker in $(marked_processes); do
		parent=$(parent_of "$looker" 2>/dev/null) || continue
		[ "$(cat "/proc/$looker/comm" 2>/dev/null)" != "$(cat "/proc/$parent/comm" 2>/dev/null)" ] || continue
		! waits_for_lock "$looker" || return 0
	done
	return 1
}

# is_locked FILE [-s]: somebody has it: any lock is refused, or with -s an exclusive one.
is_locked() {
	[ -e "$1" ] || return
	if [ "${2-}" = -s ]; then ! flock -n -x "$1" true; else ! flock -n -s "$1" true; fi
}
lock_is_free() { ! otelop-lock -p; }

# hold_file FILE [-s]: hold a lock on the file as it is, as upstream does, until the test ends or it is let go.
hold_file() {
	background flock -F "${2:--x}" "$1" sleep 60
	holder=$!
	eventually 5 is_locked "$1" "${2:--x}"
}
# hold_as FILE TEXT: the same, of a file with this text, in which %d is the holder's pid; hold_text TEXT: of the metadata.
hold_as() {
	background sh -c 'printf "$2" "$$" >"$1"; exec flock -F -x "$1" sleep 60' sh "$1" "$2"
	holder=$!
	eventually 5 is_locked "$1"
}
hold_text() {
	[ -d "$OTELOP_STATE_DIR" ] || mkdir -m 700 "$OTELOP_STATE_DIR"
	hold_as "$OTELOP_STATE_DIR/otelop.json" "$1"
}
# hold: the same with the tool.
hold() {
	background otelop-lock -- sleep 60
	holder=$!
	eventually 5 holder_is_published
}
holder_is_published() { [ "$(otelop-meta get pid 2>/dev/null)" = "$holder" ]; }
# Not only locked: whoever holds it has said who he is.
is_published() { otelop-lock -p && otelop-meta get pid >/dev/null 2>&1; }
# Without a lock of our own, which would be in the way.
read_locks() { grep -q "FLOCK  *ADVISORY  *READ  *$1 " /proc/locks; }
let_go() { end "$holder"; }
