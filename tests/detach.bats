# Nobody waits for a daemon, and it has nothing of its caller's.
# shellcheck disable=SC2016 # what stands in single quotes is for another shell
load helper

BATS_TEST_TIMEOUT=180

start_of() { sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f"$2"; }

# --- who waits for whom

@test "x=\$(otelop-spawn ...): the shell does not wait for the daemon" {
	tool -0 timeout 30 sh -c 'x=$(otelop-spawn -- sh -c "echo ok >&3; exec sleep 1000" 2>&1); kill -0 "$x"'
}

@test "otelop-spawn ... | cat: cat does not wait for the daemon" {
	tool -0 timeout 30 sh -c 'otelop-spawn -- sh -c "echo ok >&3; exec sleep 1000" 2>&1 | cat'
	kill -0 "$output"
}

@test "pipes on 0, 1 and 2, as ssh has them: they end with otelop-spawn, the daemon does not" {
	tool -0 python3 -c '
import subprocess
done = subprocess.run(["otelop-spawn", "--", "sh", "-c", "echo ok >&3; exec sleep 1000"], timeout=30,
    input=b"", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
print(done.returncode, done.stdout.decode().strip(), done.stderr.decode())'
	assert_output --regexp '^0 [0-9]+ $'
	kill -0 "$(cut -d' ' -f2 <<<"$output")"
}

# --- otelop start

@test "start in a command substitution: it does not wait for the daemon" {
	tool -0 timeout 60 sh -c 'x=$(otelop start --ready exec -- sleep 600); echo "<$x>"'
	assert_output "<$(otelop-meta get pid)>"
}

@test "start in a pipeline: it does not wait for the daemon" {
	tool -0 timeout 60 sh -c 'otelop start --ready exec -- sleep 600 2>&1 | cat'
	assert_line "$(otelop-meta get pid)"
}

@test "start over pipes as ssh makes them: it does not wait for the daemon" {
	tool -0 python3 -c 'import subprocess, sys; print(subprocess.run(sys.argv[1:], input=b"", capture_output=True, timeout=60).stdout.decode(), end="")' \
		otelop start --ready exec -- sleep 600
	assert_output "$(otelop-meta get pid)"
}

@test "start in make -j2: it does not wait for the daemon, which has no jobserver" {
	printf 'all: a b\na b:\n\t@otelop -n $@ start --ready exec -- sleep 600\n' >Makefile
	tool -0 timeout 60 sh -c 'make -j2 2>&1 | cat'
	tool -0 otelop list
	assert_equal "${#lines[@]}" 2
	tr '\0' '\n' <"/proc/$(otelop-meta -C "$OTELOP_STATE_DIR/a" get pid)/environ" >environment
	run -1 grep '^MAKEFLAGS=.*jobserver' environment
}

@test "start in a bats test: it does not wait for the daemon" {
	printf '@test "one" {\n\totelop start --ready exec -- sleep 600\n}\n' >inner.bats
	tool -0 env -i PATH="$PATH" HOME="$HOME" OTELOP_STATE_DIR="$OTELOP_STATE_DIR" ASAN_OPTIONS="${ASAN_OPTIONS-}" \
		OTELOP_TEST_MARK="$OTELOP_TEST_MARK" timeout 60 "$BATS_ROOT/bin/bats" --tap inner.bats
	assert_line --regexp "^ok 1"
	tool -0 otelop status -q
}

@test "the caller's descriptors: the daemon has 0, 1, 2 and its lock only, of the file and of the one before" {
	exec 5>five 6</dev/null 12>twelve
	tool -0 otelop start --ready exec -- sleep 600
	pid=$output
	exec 5>&- 6<&- 12>&-
	eventually 10 tells_lock "$pid"
	lock=$number
	has_few_descriptors() { [[ $(descriptors "$pid") =~ ^"0 1 2 $lock"$before$ ]]; }
	before=' [0-9]+'
	! is_fallback || before=
	eventually 10 has_few_descriptors
	assert_equal "$(readlink "/proc/$pid/fd/0")" /dev/null
	assert_equal "$(readlink "/proc/$pid/fd/1")" "$OTELOP_STATE_DIR/otelop.log"
	assert_equal "$(readlink "/proc/$pid/fd/2")" "$OTELOP_STATE_DIR/otelop.log"
	assert_equal "$(readlink "/proc/$pid/fd/$lock")" "$OTELOP_STATE_DIR/otelop.json"
	is_fallback || has_open "$pid" "$OTELOP_STATE_DIR/otelop.json.next (deleted)"
}

# --- what the child has

@test "many descriptors are open in the caller: the child has 0, 1, 2 and 3" {
	run bash -c 'exec 5<>/dev/null 9</dev/null 10<>/dev/null 11<>/dev/null 12<>/dev/null 100</dev/null 200</dev/null
		exec 3<>/dev/null 4<>/dev/null
		exec otelop-spawn -- sh -c "echo ok >&3; exec sleep 1000"'
	assert_success
	eventually 10 has_descriptors "$output" '0 1 2 3'
	assert_regex "$(readlink "/proc/$output/fd/3")" '^pipe:'
}

@test "stdin, stdout and stderr of the child: /dev/null and the log, whatever the caller's were" {
	tool -0 sh -c 'exec otelop-spawn -- sh -c "echo ok >&3; exec sleep 1000" 2>&- <&-'
	eventually 10 has_descriptors "$output" '0 1 2 3'
	assert_equal "$(readlink "/proc/$output/fd/0")" /dev/null
	assert_equal "$(readlink "/proc/$output/fd/1")" "$OTELOP_STATE_DIR/otelop.log"
	assert_equal "$(readlink "/proc/$output/fd/2")" "$OTELOP_STATE_DIR/otelop.log"
}

@test "signals ignored and blocked in the caller: the child has every signal at its default, none blocked" {
	needs "way to libc's own signals"
	tool -0 python3 -c '
import os, signal, sys
for number in ("TERM", "HUP", "INT", "QUIT", "PIPE", "USR1", "TSTP", "TTOU", "ALRM", "WINCH", "RTMAX"):
    signal.signal(getattr(signal, "SIG" + number), signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, signal.NSIG))
os.execvp("otelop-spawn", ["otelop-spawn", "--", "sh", "-c", "echo ok >&3; exec sleep 1000"])'
	eventually 10 is_now "$output" sleep	# sh catches some
	assert_equal "$(grep -E '^Sig(Ign|Blk|Cgt)' "/proc/$output/status" | tr -d '\n\t')" \
		SigBlk:0000000000000000SigIgn:0000000000000000SigCgt:0000000000000000
}

@test "signals blocked in the caller: otelop-spawn can still be interrupted" {
	background python3 -c '
import os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, signal.NSIG))
os.execvp("otelop-spawn", ["otelop-spawn", "--", "sh", "-c", ": >began; exec sleep 1000"])' >out 2>err
	local pid=$! status=0
	eventually 10 test -e began
	kill -TERM "$pid"
	wait "$pid" || status=$?
	assert_equal "$status" 143
	assert_nothing_runs
}

@test "the child: leads a session and a group of its own and has no terminal" {
	on_terminal otelop-spawn -- sh -c 'echo ok >&3; exec sleep 1000' >out
	local pid
	pid=$(tr -d '\r\n' <out)
	assert_equal "$(start_of "$pid" 3)" "$pid"	# pgrp
	assert_equal "$(start_of "$pid" 4)" "$pid"	# session
	assert_equal "$(start_of "$pid" 5)" 0		# no terminal
}

@test "the child's environment: OTELOP_DAEMONIZED, OTELOP_STATE_DIR absolute, no word of other channels" {
	export NOTIFY_SOCKET=/nowhere/socket OTELOP_LOCK_FD=17
	tool -0 otelop-spawn -C relative -- sh -c 'env >environment; echo ok >&3; exec sleep 1000'
	grep -qx OTELOP_DAEMONIZED=1 environment
	grep -qx "OTELOP_STATE_DIR=$PWD/relative" environment
	run -1 grep -E '^(NOTIFY_SOCKET|OTELOP_LOCK_FD)=' environment
	assert_exists relative/otelop.log
}

@test "variables of the caller that name descriptors or channels: neither the daemon nor its check has them, whoever starts it" {
	local name program names=(NOTIFY_SOCKET WATCHDOG_PID WATCHDOG_USEC LISTEN_FDS LISTEN_PID LISTEN_PIDFDID LISTEN_FDNAMES
		NODE_CHANNEL_FD NODE_CHANNEL_SERIALIZATION_MODE NODE_UNIQUE_ID BASH_XTRACEFD GUNICORN_FD GUNICORN_PID UNICORN_FD
		WERKZEUG_SERVER_FD WERKZEUG_RUN_MAIN SERVER_STARTER_PORT EINHORN_SOCK_FD UPSTART_FDS WAYLAND_SOCKET WINESERVERSOCKET
		OTELOP_LOCK_FD OTELOP_CHAIN_FD)
	for name in "${names[@]}"; do export "$name=3x"; done
	export CARGO_MAKEFLAGS='-j --jobserver-fds=3,4 --jobserver-auth=3,4'
	tool -0 otelop-spawn -- sh -c 'env >spawned; otelop-ready; exec 3>&-; exec sleep 600'
	tool -0 otelop -n one start --ready 'check:env >checked' -- sh -c 'env >started; exec sleep 600'
	tool -0 env OTELOP_STATE_DIR="$PWD/two" otelop-run --ready exec -- sh -c 'env >run'
	tool -0 otelop -n three start -f --ready exec -- sh -c 'env >foreground'
	for program in spawned checked started run foreground; do
		for name in "${names[@]}" CARGO_MAKEFLAGS; do
			run -1 grep -E "^$name=.*(3x|3,4)" "$program"
		done
	done
	run -1 grep OTELOP_CHAIN_FD spawned checked started run foreground
}

@test "-e and -u: variables are set and removed; -m: the umask; the rest is the caller's" {
	export OLD=old KEPT=kept
	umask 022
	tool -0 otelop-spawn -e NEW=a=b -e 'OLD=n e w' -u HOME --env EMPTY= --unset=NOT_THERE -m 077 -- \
		sh -c 'env >environment; umask >mask; echo ok >&3; exec sleep 1000'
	grep -qx NEW=a=b environment
	grep -qx 'OLD=n e w' environment
	grep -qx EMPTY= environment
	grep -qx KEPT=kept environment
	run -1 grep -q ^HOME= environment
	assert_equal "$(cat mask)" 0077
	umask 027
	tool -0 otelop-spawn -- sh -c 'umask >mask; echo ok >&3; exec sleep 1000'
	assert_equal "$(cat mask)" 0027
}

@test "-d to a directory that is not there: 125, it is named, nothing is started" {
	tool -125 otelop-spawn -d nowhere -- sh -c ': >ran'
	assert_regex "$stderr" '^otelop-spawn: sh: .*directory nowhere: '
	assert_stderr_line_count 1
	assert_not_exists ran
}

# --- make

@test "MAKEFLAGS: the jobserver is taken out, everything else is kept" {
	local flags expected
	# Each line: what make gives, and behind => what the child must have.
	while IFS= read -r line; do
		flags=${line%%=>*}
		expected=${line#*=>}
		MAKEFLAGS=${flags%|} MFLAGS=${flags%|} tool -0 otelop-spawn -- \
			sh -c 'printf "%s|" "$MAKEFLAGS" "$MFLAGS" >flags; echo ok >&3'
		# Blanks at the ends mean nothing.
		assert_equal "$flags: $(sed 's/^ *//; s/ *|/|/g; s/| */|/g; s/  */ /g' flags)" \
			"$flags: $expected|$expected|"
	done <<'TABLE'
 -j2 --jobserver-auth=3,4|=>
 -j --jobserver-auth=3,4|=>
k -j2 --jobserver-auth=fifo:/tmp/GMfifo12|=>k
ks -j2 --jobserver-fds=3,4 --no-print-directory|=>ks --no-print-directory
 -j2 --jobserver-auth=3,4 -- X=1 Y=-j2|=>-- X=1 Y=-j2
 --jobserver-auth=3,4 -l2.5 -- -j2 --jobserver-auth=kept|=>-l2.5 -- -j2 --jobserver-auth=kept
 -- X=a\ --jobserver-auth=3,4|=>-- X=a\ --jobserver-auth=3,4
 -J 15,16|=>
 -k -J 15,16 -D DEBUG|=>-k -D DEBUG
 -k -j 2 -J 15,16 X=1|=>-k X=1
s|=>s
TABLE
}

# A Makefile whose rule starts a daemon that itself runs make, and another rule beside it.
write_makefile() {
	cat >Makefile <<'MAKEFILE'
all: daemon other
daemon:
	@otelop-spawn -- sh -c '$(MAKE) -f inner; echo ok >&3; exec sleep 1000' >pid
other:
	@echo other
MAKEFILE
	printf 'all: a b\na b:\n\t@echo inner $@\n' >inner
}

@test "make -j2: it does not wait for the daemon, and the daemon's own make knows no jobserver" {
	write_makefile
	tool -0 timeout 30 make -j2
	assert_output other
	kill -0 "$(cat pid)"
	assert_equal "$(grep -v 'ing directory' "$OTELOP_STATE_DIR/otelop.log" | sort)" \
		"$(printf 'inner a\ninner b')"
}

@test "BSD make -j2: it does not wait for the daemon, and the daemon's own make knows no jobserver" {
	command -v bmake >/dev/null || skip "needs bmake"
	write_makefile
	tool -0 timeout 30 bmake -j2
	assert_line other
	kill -0 "$(cat pid)"
	assert_equal "$(grep -v 'ing directory' "$OTELOP_STATE_DIR/otelop.log" | sort)" \
		"$(printf 'inner a\ninner b')"
}
