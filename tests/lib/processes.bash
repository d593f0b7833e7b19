# Processes: those of this test, and what the kernel says of one.

# Every process that this test started, however it left: they inherit the mark.  What looks for them
# does not have it.
marked_processes() {
	(
		# No program that is run here, env for one, may be taken for one of them.
		unset OTELOP_TEST_MARK
		grep -lzsFx "OTELOP_TEST_MARK=$BATS_TEST_TMPDIR" /proc/[0-9]*/environ | sed 's|/proc/\([0-9]*\)/.*|\1|'
	)
}

only_runs() { [ "$(marked_processes)" = "$1" ]; }
this_many_run() {
	local pids
	mapfile -t pids < <(marked_processes)
	[ "${#pids[@]}" -eq "$1" ]
}
# No process of this test is left but its shells.
nothing_runs() { [ -z "$(marked_processes)" ]; }
assert_nothing_runs() {
	eventually 10 nothing_runs || {
		ps -o pid,ppid,stat,args -p "$(marked_processes | tr '\n' ',' | sed 's/,$//')" >&2
		return 1
	}
}
# None but the daemon and what watches over it; who watched over the one before may be at his last step.
only_daemon_runs() {
	local pid all
	pid=$(otelop-meta get pid)
	all=$(marked_processes)
	assert_equal "$(sort <<<"$all")" "$(printf '%s\n' "$pid" "$(parent_of "$pid")" | sort)" 2>"$BATS_TEST_TMPDIR/others"
}
assert_only_daemon_runs() { eventually 10 only_daemon_runs || { cat "$BATS_TEST_TMPDIR/others" >&2; return 1; }; }

is_gone() { ! kill -0 "$1" 2>/dev/null || grep -qs '^State:[[:space:]]*Z' "/proc/$1/status"; }
assert_gone() { eventually "${2:-10}" is_gone "$1"; }
is_asleep() { grep -q '^State:[[:space:]]*S' "/proc/$1/status"; }
is_stopped() { grep -q '^State:[[:space:]]*T' "/proc/$1/status"; }
# hears PID NUMBER: it does not ignore this signal, as what a script has in the background ignores INT.
hears() { (((0x$(sed -n 's/^SigIgn:[[:space:]]*//p' "/proc/$1/status") >> ($2 - 1) & 1) == 0)); }
parent_of() { sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f2; }
end() { { kill -KILL "$1" && wait "$1"; } 2>/dev/null || true; }

# It has become PROGRAM: what it was before its exec is over.  PID PROGRAM
is_now() { [ "$(cat "/proc/$1/comm" 2>/dev/null)" = "$2" ]; }
# A moment later its words, its environment and its descriptors are what they stay: till then the kernel and the loader
# are at work.
has_words() { [ "$(tr '\0' ' ' <"/proc/$1/cmdline")" = "$2 " ]; }
has_variable() { tr '\0' '\n' <"/proc/$1/environ" | grep -qFx -- "$2"; }
# lacks_variable PID NAME: its environment can be read, and has others.
lacks_variable() {
	local environment
	environment=$(tr '\0' '\n' <"/proc/$1/environ") || return
	[ -n "$environment" ] && ! grep -q "^$2=" <<<"$environment"
}
descriptors() { find "/proc/$1/fd" -mindepth 1 -printf '%f\n' | sort -n | paste -sd ' '; }
has_descriptors() { [ "$(descriptors "$1")" = "$2" ]; }
has_open() { [ -n "$(find "/proc/$1/fd" -lname "$2")" ]; }

# How often the kernel let it go on from a wait, and the time of its own that it has had.
times_woken() { sed -n 's/^voluntary_ctxt_switches:[[:space:]]*//p' "/proc/$1/status"; }
is_at_rest() {
	local before
	before=$(times_woken "$1") && [ -n "$before" ] || return
	sleep 0.3
	[ "$before" = "$(times_woken "$1")" ]
}
processor_ticks() { awk '{ print $14 + $15 + $16 + $17 }' "/proc/$1/stat"; }

# A program whose first thread ends while another goes on.
compile_headless() {
	needs threads
	cat >headless.c <<-'C'
		#include <pthread.h>
		#include <unistd.h>
		static void *stay(void *x) { for (;;) pause(); return x; }
		int main(void) { pthread_t thread; return pthread_create(&thread, 0, stay, 0) || (pthread_exit(0), 0); }
	C
	${CC:-cc} -o headless headless.c -lpthread
}
is_headless() { grep -qs "^State:.*Z" "/proc/$1/status" && grep -qs "^Threads:.*2" "/proc/$1/status"; }

# $zombie has ended, and is not reaped.
make_zombie() {
	background python3 -c '
import os, time
pid = os.fork()
if pid == 0:
    os._exit(0)
os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
open("zombie.new", "w").write(str(pid))
os.rename("zombie.new", "zombie")
time.sleep(1000)'
	eventually 10 test -e zombie
	zombie=$(cat zombie)
}
