# otelop-run: run a command that knows nothing of all this as the daemon.
# shellcheck disable=SC2016 # what stands in single quotes is for the shell inside
load helper

BATS_TEST_TIMEOUT=180

setup_more() {
	metadata=$OTELOP_STATE_DIR/otelop.json
	ulimit -c 0
}

state_is() { [ "$(otelop-meta get state 2>/dev/null)" = "$1" ]; }
parent_of() { sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f2; }
fds() { find "/proc/$1/fd" -mindepth 1 -printf '%f\n' | sort -n | tr '\n' ' '; }
lock_of() { tr '\0' '\n' <"/proc/$1/environ" | sed -n 's/^OTELOP_LOCK_FD=//p'; }
# The lock twice: of the file that has the name, and of the one that said starting.
has_the_lock_and() {
	local second='[0-9]+\ '
	! is_fallback || second=''	# where nothing tells a process from the next one of its number
	[[ $(fds "$1") =~ ^"$2 $(lock_of "$1") "$second$ ]]
}
# What a descriptor may do, as the kernel has it: r, w or rw.
access_of() {
	case $(($(sed -n 's/^flags:[[:space:]]*//p' "/proc/$1/fdinfo/$2") & 3)) in 0) echo r ;; 1) echo w ;; 2) echo rw ;; esac
}

# otelop-run in the background, with signals as a user's shell gives them: $runner is its pid, what
# it says is in `err`.
run_behind() {
	background "${in_session[@]}" env --default-signal otelop-run "$@" 2>err
	runner=$!
}

# How otelop-run ended.
assert_runner_status() {
	local status=0
	wait "$runner" || status=$?
	assert_equal "$status" "$1"
}

# Nobody claims the directory, and nothing is in it but what is named here.
assert_left() {
	tool -3 otelop-lock -p
	assert_equal "$(find state -mindepth 1 -printf '%f\n' | sort)" "$(printf '%s' "$*" | tr ' ' '\n')"
}

this_many_run() {
	local pids
	mapfile -t pids < <(marked_processes)
	[ "${#pids[@]}" -eq "$1" ]
}

# --- from starting to ready ---

@test "from starting to ready: first the pid is otelop-run's, then CMD's; the lock is held all the time" {
	run_behind --ready fd color=blue -- sh -c 'until test -e go; do sleep 0.02; done; otelop-ready; exec sleep 1000'
	eventually 10 state_is starting
	tool -0 otelop-meta running
	assert_output "starting $runner"
	tool -0 otelop-lock -p
	: >go
	eventually 10 state_is ready
	tool -0 otelop-meta get pid color
	assert_equal "$(parent_of "${lines[0]}")" "$runner"
	assert_equal "${lines[1]}" blue
	tool -0 otelop-meta running
	assert_output "running $(otelop-meta get pid)"
	assert_file_empty err
}

@test "the metadata of a ready daemon: upstream's members, ours, the user's, in the order of the contract" {
	tool -0 otelop-spawn -- otelop-run --ready exec zebra=1 httpAddr=127.0.0.1:1 apple='a "b"' -- sleep 1000.5
	local namespace='pidNamespace bootId startTicks '
	! is_fallback || namespace=''
	assert_equal "$(jq -r 'keys_unsorted | join(" ")' "$metadata")" \
		"pid startedAt httpAddr otlpGrpcAddr otlpHttpAddr proxyUrl proxyProtocol version state command cwd host ${namespace}session readyMode given zebra apple"
	assert_equal "$(jq -c '[.pid, .httpAddr, .state, .command, .cwd, .host, .zebra, .apple]' "$metadata")" \
		"$(jq -nc --arg cwd "$PWD" --arg host "$(uname -n)" \
			"[$output, \"127.0.0.1:1\", \"ready\", [\"sleep\", \"1000.5\"], \$cwd, \$host, \"1\", \"a \\\"b\\\"\"]")"
	assert_regex "$(jq -r .startedAt "$metadata")" '^20[0-9-]+T[0-9:]+\.[0-9]{9}Z$'
	assert_equal "$(stat -c %a "$metadata")" 600
}

@test "under otelop-spawn: the pid that is printed is CMD's" {
	tool -0 otelop-spawn -- otelop-run --ready exec -- sleep 1000
	eventually 10 has_words "$output" "sleep 1000"
	assert_equal "$output" "$(otelop-meta get pid)"
	assert_state_files otelop.json otelop.log
	assert_file_empty state/otelop.log
}

@test "what stands where CMD starts: every look at the file finds it locked, and whole" {
	export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0	# it cannot work under strace
	mkdir -m 700 state
	background python3 -c '
import collections, fcntl, json, os, time
path = os.environ["OTELOP_STATE_DIR"] + "/otelop.json"
seen = collections.Counter()
open("looking", "w")
while not os.path.exists("enough"):
    time.sleep(0.0005)
    try:
        fd = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        continue
    text = os.read(fd, 65536)
    if text:
        try:
            state = json.loads(text)["state"]
        except Exception as fault:
            state = "not whole: " + str(fault)
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
            fcntl.flock(fd, fcntl.LOCK_UN)
            try:
                if os.stat(path).st_ino == os.fstat(fd).st_ino:
                    state += " unlocked"
            except FileNotFoundError:
                pass
        except BlockingIOError:
            pass
        seen[state] += 1
    os.close(fd)
open("seen", "w").write(" ".join(sorted(seen)))'
	local looker=$! i
	eventually 20 test -e looking
	# Each step of the lock protocol takes long, so that what is wrong between two of them is seen.
	for i in 1 2 3; do
		tool -0 strace -f -o /dev/null -e trace=flock,/rename \
			-e inject=flock,/rename:delay_enter=15000:delay_exit=15000 \
			otelop-run --ready exec -- sleep 0.1
	done
	: >enough
	wait "$looker"
	assert_equal "$(cat seen)" "ready starting"
	assert_left
}

# --- what CMD has ---

@test "CMD's descriptors: 0, 1, 2 and the lock, which can only be read; with fd among the modes the ready pipe on 3" {
	run bash -c 'exec 5<>/dev/null 9</dev/null 10<>/dev/null 12<>/dev/null 100</dev/null 3<>/dev/null 4<>/dev/null
		exec otelop-spawn -- otelop-run --ready exec -- sleep 1000'
	assert_success
	eventually 10 has_the_lock_and "$output" '0 1 2'
	local lock
	lock=$(lock_of "$output")
	[ "$lock" -ge 10 ]
	assert_equal "$(stat -Lc %i "/proc/$output/fd/$lock")" "$(stat -c %i "$metadata")"
	local fd
	for fd in $(fds "$output"); do
		case $fd in 1 | 2) assert_equal "$(access_of "$output" "$fd")" w ;; *) assert_equal "$(access_of "$output" "$fd")" r ;; esac
	done
	tool -0 otelop-stop
	run bash -c 'exec 5<>/dev/null 9</dev/null 10<>/dev/null 12<>/dev/null 100</dev/null 3<>/dev/null 4<>/dev/null
		exec otelop-run --ready fd -- sh -c "otelop-ready; exec sleep 1000" >/dev/null 2>&1 &'
	eventually 10 state_is ready
	eventually 10 has_the_lock_and "$(otelop-meta get pid)" '0 1 2 3'
}

@test "OTELOP_LOCK_FD: the number of the lock, on the very file; it is locked as long as CMD lives" {
	tool -0 otelop-spawn -- otelop-run --ready fd -- \
		sh -c 'echo "$OTELOP_LOCK_FD" >number; otelop-ready; exec sleep 1000'
	local pid=$output parent
	parent=$(parent_of "$pid")
	assert_equal "$(stat -Lc %i "/proc/$pid/fd/$(cat number)")" "$(stat -c %i "$metadata")"
	kill -KILL "$parent"
	assert_gone "$parent"
	tool -0 otelop-lock -p
	kill -KILL "$pid"
	assert_gone "$pid"
	tool -0 otelop-lock -W -w 10
	tool -3 otelop-lock -p
}

@test "CMD's environment: each channel only with its mode, and never the supervisor's" {
	export NOTIFY_SOCKET=@nobody-listens-here OTELOP_DAEMONIZED=1 WATCHDOG_PID=1 WATCHDOG_USEC=5
	local mode
	for mode in fd notify exec; do
		tool -0 otelop-run --ready "$mode,exec" -- sh -c "env >$mode; sleep 0.2"
		run -1 grep -E '^NOTIFY_SOCKET=@nobody|^WATCHDOG' "$mode"
		grep -qx "OTELOP_STATE_DIR=$OTELOP_STATE_DIR" "$mode"
	done
	grep -qx OTELOP_DAEMONIZED=1 fd
	run -1 grep NOTIFY_SOCKET fd
	grep -q '^NOTIFY_SOCKET=.' notify
	run -1 grep OTELOP_DAEMONIZED notify
	run -1 grep -E 'NOTIFY_SOCKET|OTELOP_DAEMONIZED' exec
}

@test "OTELOP_DAEMONIZED is inherited, and 3 is closed: nobody waits, and otelop-run does not talk to itself" {
	local mode
	for mode in exec fd,exec notify,exec; do
		OTELOP_DAEMONIZED=1 tool -0 otelop-run --ready "$mode" -- sleep 0.1
		assert_equal "$stderr" ""
		assert_left
	done
}

@test "-C DIR, relative: CMD finds its state directory, absolute, by OTELOP_STATE_DIR" {
	tool -0 otelop-run -C mine --ready exec -- sh -c 'echo "$OTELOP_STATE_DIR" >where; sleep 0.1'
	assert_equal "$(cat where)" "$PWD/mine"
}

@test "signals ignored and blocked in the caller: none is blocked; HUP, INT and QUIT stay ignored, as nohup and & mean it" {
	needs "way to libc's own signals"
	background python3 -c '
import os, signal
for number in ("TERM", "HUP", "INT", "QUIT", "PIPE", "CHLD", "USR1", "TSTP", "ALRM", "RTMAX"):
    signal.signal(getattr(signal, "SIG" + number), signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, signal.NSIG))
os.execvp("otelop-run", ["otelop-run", "--ready", "exec", "--", "sleep", "1000"])'
	eventually 10 state_is ready
	assert_equal "$(grep -E '^Sig(Ign|Blk|Cgt)' "/proc/$(otelop-meta get pid)/status" | tr -d '\n\t')" \
		SigBlk:0000000000000000SigIgn:0000000000000007SigCgt:0000000000000000
	kill -TERM "$!"
	assert_nothing_runs
}

@test "a script without #!: sh runs it" {
	printf 'echo "$1" >ran; sleep 0.1\n' >script
	chmod +x script
	tool -0 otelop-run --ready exec -- ./script x
	assert_equal "$(cat ran)" x
}

# --- the end ---

@test "CMD ends with 0: 0, the metadata is gone, the lock is free, nothing is said" {
	tool -0 otelop-run --ready exec -- sleep 0.1
	assert_equal "$output$stderr" ""
	assert_left
}

@test "CMD is ended by TERM, INT or HUP from outside: 128+n, and it is a clean end" {
	local signal
	for signal in TERM:143 INT:130 HUP:129; do
		run_behind --ready exec -- sleep 1000
		eventually 10 state_is ready
		kill "-${signal%:*}" "$(otelop-meta get pid)"
		assert_runner_status "${signal#*:}"
		assert_file_empty err
		assert_left
	done
}

@test "CMD ends with 3: 3, exited is published with the code and the time, the lock is free" {
	run_behind --ready exec -- sh -c 'until test -e go; do sleep 0.02; done; exit 3'
	eventually 10 state_is ready
	local pid
	pid=$(otelop-meta get pid)
	: >go
	assert_runner_status 3
	assert_equal "$(cat err)" "otelop-run: sh: exited with status 3"
	assert_left otelop.json
	assert_equal "$(jq -c '[.state, .pid, .exitCode, .exitSignal]' "$metadata")" "[\"exited\",$pid,3,null]"
	assert_regex "$(jq -r .exitedAt "$metadata")" '^20[0-9-]+T[0-9:]+\.[0-9]{9}Z$'
	tool -1 otelop-meta running
	assert_output "stale $pid"
}

@test "CMD dies by a signal: 128+n, exited is published with the signal's name" {
	local signal
	for signal in SEGV:139 KILL:137 USR1:138; do
		tool "-${signal#*:}" otelop-run --ready exec -- sh -c "sleep 0.2; kill -${signal%:*} \$\$"
		assert_equal "${stderr_lines[0]}" "otelop-run: sh: killed by signal ${signal%:*}"
		assert_stderr_line_count 1
		assert_equal "$(jq -c '[.state, .exitCode, .exitSignal]' "$metadata")" \
			"[\"exited\",null,\"${signal%:*}\"]"
		assert_left otelop.json
	done
}

@test "a daemon that crashed: the next start simply works, and says nothing of the crash" {
	tool -3 otelop-run --ready exec old=1 -- sh -c 'sleep 0.1; exit 3'
	tool -0 otelop-spawn -- otelop-run --ready exec -- sleep 1000
	tool -0 otelop-meta running
	assert_equal "$(jq -c '[.state, .exitCode, .exitedAt, .old]' "$metadata")" '["ready",null,null,null]'
	tool -0 otelop-stop
}

@test "CMD ends before it is ready: its status, or 1 for a 0; and nothing says ready" {
	tool -3 otelop-run --ready fd -- sh -c 'exit 3'
	assert_equal "$stderr" "otelop-run: sh: exited with status 3"
	tool -3 otelop-lock -p
	tool -1 otelop-run --ready fd -- true
	assert_regex "$stderr" '^otelop-run: true: exited with status 0 .*foreground'
	assert_left
	tool -139 otelop-run --ready fd -- sh -c 'kill -SEGV $$'
	assert_equal "$stderr" "otelop-run: sh: killed by signal SEGV"
}

@test "under otelop-spawn, CMD ends before it is ready: 1, and how it ended is said once" {
	tool -1 otelop-spawn -- otelop-run --ready fd -- sh -c 'echo boom >&2; exit 3'
	assert_equal "${stderr_lines[0]}" "otelop-spawn: otelop-run: sh: exited with status 3"
	assert_equal "${stderr_lines[1]}" "boom"
	assert_stderr_line_count 3
	assert_nothing_runs
}

# --- signals ---

@test "HUP, USR1, USR2, WINCH, CONT, INT, TERM, QUIT to otelop-run: CMD gets them" {
	run_behind --ready fd -- sh -c '
		for signal in HUP USR1 USR2 WINCH CONT INT TERM QUIT; do trap "echo $signal >>heard" "$signal"; done
		otelop-ready
		until test -e go; do sleep 0.02; done'
	eventually 10 state_is ready
	local signal
	for signal in HUP USR1 USR2 WINCH CONT INT TERM QUIT; do
		kill "-$signal" "$runner"
		eventually 10 grep -qsx "$signal" heard
	done
	assert_equal "$(wc -l <heard)" 8
	: >go
	assert_runner_status 0
}

@test "TERM to otelop-run, and CMD ends with a status of its own: that status, and a clean end" {
	run_behind --ready fd -- sh -c 'trap "exit 5" TERM; otelop-ready; while :; do sleep 0.02; done'
	eventually 10 state_is ready
	kill -TERM "$runner"
	assert_runner_status 5
	assert_left
}

@test "Ctrl-C on otelop-run's terminal: CMD hears it once" {
	tool python3 -c '
import os, pty, signal, sys, time
pid, terminal = pty.fork()
if pid == 0:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # Before otelop-run has heard that CMD is ready, the key would give the start up.
    os.execvp("otelop-run", ["otelop-run", "--ready", "fd", "--", "sh", "-c", """
        trap "echo INT >>heard" INT; otelop-ready
        until [ "$(otelop-meta get state)" = ready ]; do sleep 0.02; done
        : >began; until test -e go; do sleep 0.02; done"""])
def until(path):
    end = time.time() + 20
    while not os.path.exists(path) and time.time() < end:
        time.sleep(0.02)
until("began")
os.write(terminal, b"\x03")
until("heard")
time.sleep(0.3)
open("go", "w")
os.waitpid(pid, 0)'
	assert_equal "$(cat heard)" INT
}

@test "CMD is stopped and goes on: it is not taken for dead" {
	tool -0 otelop-spawn -- otelop-run --ready exec -- sleep 1000
	local pid=$output
	kill -STOP "$pid"
	kill -CONT "$pid"
	kill -STOP "$pid"
	tool -0 otelop-meta running
	assert_output "running $pid"
	kill -0 "$(parent_of "$pid")"
}

# --- the sweep ---

@test "CMD ends: every descendant gets TERM, and what is left after the grace KILL" {
	run_behind --ready fd -- sh -c '
		sh -c "trap \"echo TERM >heard; exit\" TERM; : >one; while :; do sleep 0.02; done" &
		leave sh -c "trap \"\" TERM; : >two; exec sleep 1001"
		leave leave leave sh -c ": >three; exec sleep 1002"
		sh -c ": >four; kill -STOP \$\$; exec sleep 1003" &
		(sh -c "exec sleep 1004" &)
		otelop-ready
		until test -e go; do sleep 0.02; done'
	eventually 10 state_is ready
	eventually 10 test -e one -a -e two -a -e three -a -e four
	: >go
	assert_runner_status 0
	assert_nothing_runs
	assert_equal "$(cat heard)" TERM
	assert_left
}

@test "CMD ends, and a parent below it dies of its TERM first: its child gets TERM too, not just KILL" {
	cat >child <<-'CHILD'
		trap "echo TERM >>heard; exit" TERM
		echo >>began
		while :; do sleep 0.02; done
	CHILD
	run_behind --ready fd -- sh -c '
		for i in 1 2 3 4 5 6 7 8; do sh -c "sh child & wait" & done
		until [ "$(grep -c "" began)" -eq 8 ]; do sleep 0.02; done
		otelop-ready
		until test -e go; do sleep 0.02; done'
	eventually 20 state_is ready
	: >go
	assert_runner_status 0
	assert_nothing_runs
	assert_equal "$(wc -l <heard)" 8
}

@test "CMD crashes: what it left is ended, and only then is the lock free" {
	run_behind --ready fd -- sh -c 'leave sh -c "trap \"sleep 0.5; exit\" TERM; echo \$\$ >one; while :; do sleep 0.02; done"
		until test -s one; do sleep 0.02; done; otelop-ready; until test -e go; do sleep 0.02; done; exit 3'
	eventually 10 state_is ready
	: >go
	tool -0 otelop-lock -W
	is_gone "$(cat one)"
	assert_runner_status 3
}

@test "CMD ends, and what it left has lost its first thread: no zombie, it is ended too" {
	compile_headless
	run_behind --ready fd -- sh -c './headless & echo $! >pid; otelop-ready; until test -e go; do sleep 0.02; done'
	eventually 10 state_is ready
	eventually 10 is_headless "$(cat pid)"
	: >go
	assert_runner_status 0
	run ! is_headless "$(cat pid)"
	assert_left
}
compile_headless() {
	cat >headless.c <<-'C'
		#include <pthread.h>
		#include <unistd.h>
		static void *stay(void *x) { for (;;) pause(); return x; }
		int main(void) { pthread_t thread; return pthread_create(&thread, 0, stay, 0) || (pthread_exit(0), 0); }
	C
	"${CC:-cc}" -o headless headless.c -lpthread
}
is_headless() { grep -qs "^State:.*Z" "/proc/$1/status" && grep -qs "^Threads:.*2" "/proc/$1/status"; }

# swept_under INJECTION...: CMD ends and leaves two, while /proc does to otelop-run what strace makes of it.
swept_under() {
	needs /proc
	export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0	# it cannot work under strace
	tool -0 strace -qq -o traced "$@" otelop-run "${options[@]}" --ready exec -- \
		sh -c 'exec >&- 2>&-; leave sleep 1001; leave sleep 1002; sleep 0.2'
	grep -q INJECTED traced
}

@test "a start is given up, and somebody else ends while the kernel walks to its entry in /proc: nothing is left" {
	needs /proc
	background sleep 1000
	# What is below it is known, that nothing else of its session is left says the list of all processes.
	local bystander=$!
	export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
	tool -124 strace -qq -o traced -P "$bystander/stat" -e trace=/open -e inject=/open:error=ESRCH \
		otelop-spawn -t 1 -- sh -c 'leave sleep 1001; leave sleep 1002; sleep 1003'
	grep -q INJECTED traced
	[[ $stderr != *"may be left"* ]]
	kill "$bystander"
	assert_nothing_runs
}

@test "the sweep beside a logger that lives on, and no list of all processes can be read: nothing is left, nobody needs it" {
	local options=(--log-max 1M)
	needs /proc
	export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0	# it cannot work under strace
	tool -0 strace -qq -o traced -P /proc -e trace=getdents64 -e inject=getdents64:error=EMFILE \
		otelop-run "${options[@]}" --ready exec -- sh -c 'exec >&- 2>&-; leave sleep 1001; leave sleep 1002; sleep 0.2'
	assert_nothing_runs
	assert_stderr_line_count 0
	assert_equal "$(cat "$OTELOP_STATE_DIR/otelop.log")" ""
	assert_left otelop.log
}

@test "otelop-run that replaced a shell with children, and no list of all processes can be read: it runs, and spares them" {
	needs /proc
	export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
	tool -0 strace -qq -o traced -P /proc -e trace=getdents64 -e inject=getdents64:error=EMFILE \
		sh -c 'sh -c "sleep 1001 & wait" >/dev/null 2>&1 3>&- 4>&- & exec otelop-run --ready exec -- sh -c "exec >&- 2>&-; leave sleep 1002; sleep 0.2"'
	assert_stderr_line_count 0
	this_many_run 2
	assert_left
}

@test "the sweep, and the processes cannot be listed for a moment: nothing is left" {
	swept_under -P /proc -e trace=/open -e inject=/open:error=EMFILE:when=1..5
	assert_nothing_runs
	assert_stderr_line_count 0
	assert_left
}

@test "the sweep, and the processes cannot be listed at all: that is said, and the lock is free" {
	swept_under -P /proc -e trace=/open -e inject=/open:error=EMFILE
	assert_equal "$stderr" "otelop-run: sh: some of what it started may be left"
	assert_left
}

@test "--no-sweep: what CMD left lives on, and the lock is free though they have it open" {
	tool -0 otelop-run --ready exec --no-sweep -- sh -c 'exec >&- 2>&-; sleep 1000 & leave sleep 1001; sleep 0.2'
	assert_left
	eventually 10 this_many_run 2
	tool -0 otelop-spawn -- otelop-run --ready exec -- sleep 1002
	eventually 10 this_many_run 4
	tool -0 otelop-stop
	eventually 10 this_many_run 2
}

@test "--no-sweep and a crash: exited is published, and the lock is free" {
	tool -3 otelop-run --ready exec --no-sweep -- sh -c 'exec >&- 2>&-; leave sleep 1001; sleep 0.2; exit 3'
	assert_left otelop.json
	assert_equal "$(otelop-meta get state)" exited
	eventually 10 this_many_run 1
}

@test "children of the shell that becomes otelop-run, and theirs: no part of the daemon, not swept" {
	tool -0 sh -c 'sleep 1000 >/dev/null 2>&1 & sh -c "sleep 1001 & wait" >/dev/null 2>&1 & exec otelop-run --ready exec -- sleep 0.3'
	eventually 10 this_many_run 3
}

# --- what others have ---

@test "processes that were there before, and what is below them: they are none of CMD's" {
	tool -0 sh -c 'sh -c "sleep 1001 >/dev/null 2>&1 & sleep 0.5" & sleep 0.2; exec otelop-run --ready exec -- sleep 1'
	eventually 10 this_many_run 1
}

@test "the processes cannot be listed at the start: 125, and who was there before lives" {
	needs /proc
	export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
	tool -125 strace -qq -o traced -P /proc -e trace=/open -e inject=/open:error=ENFILE \
		sh -c 'sleep 1001 >/dev/null 2>&1 & exec otelop-run --ready exec -- sleep 1'
	assert_regex "$stderr" '^otelop-run: processes: cannot list: '
	eventually 10 this_many_run 1
	assert_left
}

@test "a SIGCHLD that found no room among the signals: the end of CMD is seen all the same" {
	export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
	# Each write of its handler fails; what it writes of the metadata comes before.
	tool -0 timeout -s KILL 30 strace -qq -o traced -e trace=write -e inject=write:error=EAGAIN:when=3+ \
		otelop-run --ready exec -- sleep 0.3
	grep -q INJECTED traced
	assert_left
}

@test "a helper that is not ours to signal: it is said that it may be left" {
	can_give
	can_be_nobody
	needs subreaper
	cat >other.c <<-'C'
		#define _GNU_SOURCE
		#include <unistd.h>
		int main(void) { return setresuid(0, 0, 0) || (execlp("sleep", "sleep", "1001", (char *)0), 0); }
	C
	"${CC:-cc}" -o other other.c
	chmod 4755 other
	mkdir -m 755 there
	chown 65534:65534 there
	as_nobody true
	! findmnt -no OPTIONS -T other | grep -q nosuid || skip "no setuid programs here"
	tool -0 as_nobody otelop-run -C "$PWD/there/state" --ready exec -- sh -c './other >/dev/null 2>&1 & sleep 0.5'
	assert_equal "$stderr" "otelop-run: sh: some of what it started may be left"
}

# --- SIGKILL ---

@test "kill -9 of otelop-run, and the daemon's first thread has ended: it still has its lock, stop works" {
	needs /proc
	compile_headless
	tool -0 otelop-spawn -- otelop-run --ready exec -- ./headless
	local pid=$output parent
	parent=$(parent_of "$pid")
	eventually 10 is_headless "$pid"
	kill -KILL "$parent"
	assert_gone "$parent"
	tool -0 otelop-meta running
	tool -0 otelop-stop
	assert_nothing_runs
}

@test "kill -9 of otelop-run: still running, a start is refused, stop works" {
	tool -0 otelop-spawn -- otelop-run --ready fd -- sh -c 'sleep 1001 & otelop-ready; exec sleep 1000'
	local pid=$output parent
	parent=$(parent_of "$pid")
	kill -KILL "$parent"
	assert_gone "$parent"
	tool -0 otelop-meta running
	assert_output "running $pid"
	tool -75 otelop-run --ready exec -- true
	tool -0 otelop-stop
	assert_nothing_runs
	assert_state_files otelop.log
}

@test "kill -9 of CMD: exited by KILL, and the next start simply works" {
	tool -0 otelop-spawn -- otelop-run --ready exec -- sh -c 'sleep 1001 & exec sleep 1000'
	local pid=$output
	kill -KILL "$pid"
	eventually 10 state_is exited
	assert_nothing_runs
	tool -1 otelop-meta running
	assert_output "stale $pid"
	assert_equal "$(otelop-meta get exitSignal)" KILL
	tool -0 otelop-spawn -- otelop-run --ready exec -- sleep 1000
	tool -0 otelop-meta running
	tool -0 otelop-stop
}

@test "kill -9 of both: stale, and the next start simply works" {
	tool -0 otelop-spawn -- otelop-run --ready exec -- sleep 1000
	local pid=$output parent
	parent=$(parent_of "$pid")
	kill -KILL "$parent" "$pid"
	assert_gone "$parent"
	assert_gone "$pid"
	tool -1 otelop-meta running
	assert_output "stale $pid"
	tool -0 otelop-spawn -- otelop-run --ready exec -- sleep 1000
	tool -0 otelop-stop
	assert_state_files otelop.log
}

@test "kill -9 of otelop-run while it starts: otelop-spawn ends all of it, the next start works" {
	background otelop-spawn -- otelop-run --ready fd -- sh -c 'leave sleep 1001; : >began; exec sleep 1000' >out 2>spawn-err
	local pid=$! status=0
	eventually 10 test -e began
	eventually 10 state_is starting
	kill -KILL "$(otelop-meta get pid)"
	wait "$pid" || status=$?
	assert_equal "$status" 1
	assert_regex "$(head -n 1 spawn-err)" '^otelop-spawn: otelop-run: killed by signal KILL'
	assert_nothing_runs
	tool -1 otelop-meta running
	tool -0 otelop-spawn -- otelop-run --ready exec -- sleep 1000
	tool -0 otelop-stop
	assert_state_files otelop.log
}

@test "kill -9 of otelop-run while it starts, in the foreground: nothing says ready, the next start works" {
	needs /proc
	run_behind --ready fd -- sh -c ': >began; exec sleep 1000'
	eventually 10 test -e began
	kill -KILL "$runner"
	assert_gone "$runner"
	tool -1 otelop-meta running
	assert_output "stale $runner"
	assert_regex "$stderr" 'the daemon is dead, its lock kept by process [0-9]+ \(sleep\); otelop stop ends it'
	tool -75 otelop-run --ready exec -- sleep 1001
	assert_regex "$stderr" 'its lock kept by process [0-9]+ \(sleep\)'
	tool -0 otelop-stop
	assert_nothing_runs
	tool -0 otelop-spawn -- otelop-run --ready exec -- sleep 1001
	tool -0 otelop-meta running
	tool -0 otelop-stop
}

# --- giving up ---

@test "TERM, INT or HUP while it starts: 128+n, the start is given up, nothing is left" {
	local signal
	for signal in TERM:143 INT:130 HUP:129; do
		rm -f began
		run_behind --ready fd,notify,listen -- sh -c 'leave sleep 1001; : >began; exec sleep 1000'
		eventually 10 test -e began
		kill "-${signal%:*}" "$runner"
		assert_runner_status "${signal#*:}"
		assert_equal "$(cat err)" "otelop-run: sh: the start was given up: signal ${signal%:*}"
		assert_nothing_runs
		assert_left
	done
}

@test "TERM while it starts, and CMD ignores it: killed after the grace" {
	run_behind --ready fd -- sh -c 'trap "" TERM; : >began; exec sleep 1000'
	eventually 10 test -e began
	kill -TERM "$runner"
	assert_runner_status 143
	assert_nothing_runs
	assert_left
}

@test "TERM while it starts and CMD floods the ready pipe: the start is given up all the same" {
	run_behind --ready fd -- sh -c ': >began; exec yes set:a=b >&3'
	eventually 10 test -e began
	sleep 0.3	# so that the pipe is full
	kill -TERM "$runner"
	eventually 10 is_gone "$runner"
	assert_runner_status 143
	assert_nothing_runs
	assert_left
}

@test "CMD floods the notify socket: other modes are still looked at" {
	run_behind --ready notify,check:'test -e go' -- python3 -c '
import os, socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
to = os.environ["NOTIFY_SOCKET"]
to = "\0" + to[1:] if to[0] == "@" else to
open("began", "w")
while True:
    s.sendto(b"STATUS=busy", to)'
	eventually 10 test -e began
	: >go
	eventually 10 state_is ready
}

@test "the daemon says err: before it is ready: 1, its words, nothing is left" {
	tool -1 "${in_session[@]}" otelop-run --ready fd -- sh -c 'leave sleep 1001; otelop-ready -e "no disk"; exec sleep 1000'
	assert_equal "$stderr" "otelop-run: sh: no disk"
	assert_nothing_runs
	assert_left
}

@test "CMD is on a file server that does not answer: TERM, stop and a start's limit are obeyed, and the rest is named" {
	[ -w /dev/fuse ] && unshare -m true 2>/dev/null || skip "needs /dev/fuse and a mount namespace"
	mkdir mount
	tool -0 timeout -s KILL 100 unshare -m sh -c '
		python3 "$1" mount hang >server 2>&1 &
		server=$!
		until [ -e mount/f ]; do kill -0 "$server" || exit; sleep 0.02; done
		: >hang
		say() { echo "$* $?"; }
		begin() {
			before=$(grep -c unanswered server)
			otelop-run --ready exec -- "$PWD/mount/f" 2>err &
			run=$!
			until [ "$(grep -c unanswered server)" -gt "$before" ]; do sleep 0.02; done
		}
		begin
		kill -USR1 "$run"
		kill -TERM "$run"
		wait "$run"
		say TERM
		cat err | sed "s/process [0-9]*/process N/"
		begin
		otelop-stop -t 10
		say stop
		wait "$run"
		say "which ends it"
		otelop-spawn -t 1 -- otelop-run --ready exec -- "$PWD/mount/f" 2>err
		say limit
		otelop-lock -p
		say probe
		kill "$server"
		wait "$server"
		exit 0' sh "$BATS_TEST_DIRNAME/e2e/hangfs.py"
	assert_output "$(printf '%s\n' 'TERM 143' \
		"otelop-run: $PWD/mount/f: the start was given up: signal TERM; process N cannot be ended" \
		'stop 0' 'which ends it 143' 'limit 124' 'probe 3')"
	assert_nothing_runs
}

@test "under otelop-spawn, not ready in time: 124, nothing is left, no metadata" {
	# Two that ignore TERM are two graces: too near to what otelop-spawn gives otelop-run to end them in.
	tool -124 otelop-spawn -t 400ms -- otelop-run --ready fd -- sh -c 'leave sleep 1001; trap "" TERM; exec sleep 1000'
	assert_nothing_runs
	assert_left otelop.log
}

# --- lifetime ---

@test "--with-parent: the parent dies, and the daemon is gone at once, and so is its metadata" {
	background sleep 1002
	local parent=$!
	tool -0 otelop-spawn -- otelop-run --ready exec --with-parent "$parent" -- sh -c 'leave sleep 1001; exec sleep 1000'
	kill -KILL "$parent"
	eventually 20 nothing_runs
	eventually 20 test ! -e "$metadata"
}

@test "--with-parent: the parent dies while it starts: 1, and it is said" {
	background sleep 1002
	local parent=$!
	run_behind --ready fd --with-parent "$parent" -- sh -c ': >began; exec sleep 1000'
	eventually 10 test -e began
	kill -KILL "$parent"
	assert_gone "$runner" 20
	local status=0
	wait "$runner" || status=$?
	assert_not_equal "$status" 0
	assert_regex "$(cat err)" '^otelop-run: sh: .*parent'
	assert_nothing_runs
	assert_left
}

@test "--with-parent: the parent is gone, or a zombie: 1, it is named, CMD is not run" {
	local pid
	sh -c : &
	pid=$!
	wait "$pid"
	tool -1 otelop-run --ready exec --with-parent "$pid" -- sh -c ': >ran; sleep 1000'
	assert_regex "$stderr" "^otelop-run: $pid: .*gone"
	assert_not_exists ran
	assert_left
	background python3 -c '
import os, time
pid = os.fork()
if pid == 0:
    os._exit(0)
os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
open("zombie", "w").write(str(pid))
time.sleep(1000)'
	eventually 10 test -s zombie
	tool -1 otelop-run --ready exec --with-parent "$(cat zombie)" -- sh -c ': >ran; sleep 1000'
	assert_not_exists ran
	assert_left
}

@test "--max-lifetime: the daemon is ended then, and it is a clean end" {
	tool -143 "${in_session[@]}" otelop-run --ready exec --max-lifetime 300ms -- sh -c 'leave sleep 1001; exec sleep 1000'
	assert_nothing_runs
	assert_left
	tool -0 otelop-run --ready exec --max-lifetime 3 -- sh -c 'trap "exit 0" TERM; while :; do sleep 0.02; done'
	assert_left
	tool -0 otelop-run --ready exec --max-lifetime 0 -- sleep 0.2
}

@test "--max-lifetime, and CMD ignores TERM: killed after the grace, and it is still a clean end" {
	tool -137 otelop-run --ready exec --max-lifetime 3 -- sh -c 'trap "" TERM; exec sleep 1000'
	assert_nothing_runs
	assert_left
}

# --- the claim ---

@test "another daemon runs: 75, the file and the holder are named, CMD is not run, nothing changes" {
	tool -0 otelop-spawn -- otelop-run --ready exec -- sleep 1000
	local pid=$output before
	before=$(cat "$metadata")
	tool -75 otelop-run --ready exec -- sh -c ': >ran'
	assert_equal "$stderr" "otelop-run: $metadata: held by process $pid"
	assert_not_exists ran
	assert_equal "$(cat "$metadata")" "$before"
	tool -75 otelop-spawn -- otelop-run --ready exec -- sh -c ': >ran'
	assert_not_exists ran
	tool -75 otelop-spawn -q -- otelop-run --ready exec -- sh -c ': >ran'
	assert_equal "$stderr" ""
	tool -0 otelop-meta running
	assert_output "running $pid"
}

@test "another one is just starting: 75, and its start goes on" {
	run_behind --ready fd -- sh -c 'until test -e go; do sleep 0.02; done; otelop-ready; exec sleep 1000'
	eventually 10 state_is starting
	tool -75 otelop-run --ready exec -- true
	assert_regex "$stderr" "held by process $runner$"
	: >go
	eventually 10 state_is ready
}

@test "eight at once: one runs, the others answer 75" {
	local i pids=() status ran=0 busy=0
	for i in 1 2 3 4 5 6 7 8; do
		background otelop-spawn -- otelop-run --ready exec -- sh -c "echo $i >>ran; exec sleep 1000" >"out.$i" 2>"err.$i"
		pids+=("$!")
	done
	for i in "${pids[@]}"; do
		status=0
		wait "$i" || status=$?
		case $status in 0) ran=$((ran + 1)) ;; 75) busy=$((busy + 1)) ;; esac
	done
	assert_equal "$ran $busy" "1 7"
	assert_equal "$(cat out.*)" "$(otelop-meta get pid)"
	eventually 10 test -s ran
	assert_equal "$(wc -l <ran)" 1
	tool -0 otelop-stop
	assert_nothing_runs
}

@test "a command that does not exist, or cannot be executed: 127, 126, it is named, no metadata is left" {
	: >plain
	tool -127 otelop-run -- no-such-command-at-all
	assert_regex "$stderr" '^otelop-run: no-such-command-at-all: cannot run: '
	assert_stderr_line_count 1
	assert_left
	tool -126 otelop-run -- ./plain
	assert_regex "$stderr" '^otelop-run: ./plain: cannot run: '
	assert_left
	tool -127 otelop-spawn -- otelop-run -- no-such-command-at-all
	assert_regex "${stderr_lines[0]}" '^otelop-spawn: otelop-run: no-such-command-at-all: cannot run: '
	tool -126 otelop-spawn -- otelop-run -- ./plain
	assert_left otelop.log
	assert_nothing_runs
}

@test "what a dead daemon left is corrupt, empty or huge: the start simply works" {
	mkdir -m 700 state
	local text
	head -c 10000000 /dev/zero >huge
	printf '{"pid":' >'cut'
	printf '\377' >bytes
	: >empty
	for text in huge 'cut' bytes empty; do
		cp "$text" "$metadata"
		chmod 600 "$metadata"
		: >state/otelop.json.next
		tool -0 otelop-run --ready exec -- sleep 0.1
		assert_left
	done
}

@test "a file that cannot be trusted, or a directory in its place: 125, it is named, CMD is not run" {
	mkdir -m 700 state
	: >elsewhere
	local kind
	for kind in 'ln -s ../elsewhere' mkfifo mkdir 'install -m 666 elsewhere'; do
		rm -rf "$metadata"
		$kind "$metadata"
		tool -125 timeout 20 otelop-run --ready exec -- sh -c ': >ran'
		assert_regex "$stderr" "^otelop-run: $metadata: "
		assert_stderr_line_count 1
		assert_not_exists ran
	done
	rm -rf "$metadata"
	chmod 777 state
	tool -125 otelop-run --ready exec -- sh -c ': >ran'
	assert_regex "$stderr" "^otelop-run: $OTELOP_STATE_DIR: "
	assert_not_exists ran
}

@test "no HOME and no directory named: 125, and told what to give" {
	tool -125 env -u OTELOP_STATE_DIR -u HOME -u XDG_STATE_HOME otelop-run -- true
	assert_regex "$stderr" '^otelop-run: HOME: '
}

@test "the disk is full, or read-only: 125, one line, CMD is not run" {
	can unshare -m true
	mkdir state
	tool -125 unshare -m sh -c 'mount -t tmpfs -o mode=700,size=4k none state && head -c 4096 /dev/zero >state/full; exec "$@"' \
		sh otelop-run --ready exec -- sh -c ': >ran'
	assert_regex "$stderr" "^otelop-run: $metadata.next: cannot write: "
	assert_stderr_line_count 1
	tool -125 unshare -m sh -c 'mount -t tmpfs -o mode=700,ro none state; exec "$@"' \
		sh otelop-run --ready exec -- sh -c ': >ran'
	assert_regex "$stderr" "^otelop-run: $metadata: cannot open: "
	assert_stderr_line_count 1
	assert_not_exists ran
}

@test "the disk is full, under otelop-spawn: 125, what could not be written is said, no metadata is left" {
	can unshare -m true
	mkdir state
	tool -125 unshare -m sh -c 'mount -t tmpfs -o mode=700,size=4k none state && head -c 4096 /dev/zero >state/full
		otelop-spawn -- otelop-run --ready exec -- sh -c ": >ran"
		status=$?; ls state >left; exit "$status"'
	assert_regex "${stderr_lines[0]}" "^otelop-spawn: otelop-run: $metadata.next: cannot write: "
	assert_not_exists ran
	assert_equal "$(cat left)" "$(printf 'full\notelop.log')"
}

@test "the disk fills up while it starts: the daemon is not left running unpublished" {
	can unshare -m true
	mkdir state
	tool -1 unshare -m sh -c 'mount -t tmpfs -o mode=700,size=16k none state
		otelop-spawn -- otelop-run --ready fd -- sh -c "head -c 65536 /dev/zero >state/full; otelop-ready; exec sleep 1000" 2>err
		status=$?; cat err >&2; ls state >left; exit "$status"'
	assert_regex "${stderr_lines[0]}" "$metadata.next: cannot write: "
	assert_nothing_runs
	assert_equal "$(cat left)" "$(printf 'full\notelop.log')"
}

@test "a command that is not UTF-8, or too long for the metadata: it runs, and is not recorded" {
	tool -0 otelop-run --ready exec -- sh -c 'otelop-meta get state command >said; sleep 0.2' sh $'\xff'
	assert_equal "$(grep -c . said)" 1
	tool -0 otelop-run --ready exec -- sh -c 'otelop-meta get state command >said; sleep 0.2' sh "$(printf '%70000s' '')"
	assert_equal "$(grep -c . said)" 1
}

@test "few descriptors are allowed: 125 and one line, or a start that works; nothing half" {
	local limit
	for limit in 6 8 10 12 14 20; do
		run --separate-stderr bash -c 'for fd in /proc/self/fd/*; do fd=${fd##*/}; [ "$fd" -lt 3 ] || eval "exec $fd>&-"; done
			ulimit -n "$1"; exec otelop-run --ready exec -- sh -c ": >ran; sleep 0.1"' bash "$limit"
		case $status in
		0) rm ran ;;
		125) assert_stderr_line_count 1 ;;
		*) fail "limit $limit: status $status: $stderr" ;;
		esac
		assert_not_exists ran
		[ ! -e "$metadata" ]
	done
	assert_equal "$status" 0	# 20 are enough
}

@test "--dry-run: 0 for what is right, 2 for what is not, and nothing is done" {
	tool -0 otelop-run --dry-run --ready exec color=blue -- sh -c ': >ran'
	tool -2 otelop-run --dry-run --ready never -- sh -c ': >ran'
	tool -2 otelop-run --dry-run pid=1 -- sh -c ': >ran'
	tool -2 otelop-run --dry-run
	assert_not_exists ran
	assert_not_exists state
}

@test "wrong usage: 2, what is wrong, the usage, and nothing is done" {
	local arguments
	while read -r -a arguments; do
		tool -2 otelop-run "${arguments[@]}"
		assert_output ""
		assert_regex "${stderr_lines[0]}" '^otelop-run: '
		assert_regex "${stderr_lines[1]}" '^usage: otelop-run '
		assert_not_exists state
	done <<-'WRONG'
		--
		true
		color=blue
		color=blue true
		--with-parent 0 -- true
		--with-parent x -- true
		--with-parent -1 -- true
		--with-parent
		--max-lifetime soon -- true
		--max-lifetime -1 -- true
		--ready
		-C
		-Z -- true
		word -- true
		1a=b -- true
		pid=1 -- true
		state=ready -- true
		command=x -- true
		listen=x -- true
	WRONG
	tool -2 otelop-run $'a=\xff' -- true
	assert_not_exists state
}

@test "a -- in the command, and KEY=VALUE behind the first: they are the command's" {
	tool -0 otelop-run --ready exec a=1 -- sh -c 'printf "%s|" "$@" >arguments; otelop-meta get a b >members; sleep 0.1' sh -- b=2
	assert_equal "$(cat arguments)" "--|b=2|"
	assert_equal "$(cat members)" 1
}

# --- under a supervisor ---

@test "a supervisor's NOTIFY_SOCKET: READY=1 when CMD is ready and not before; CMD cannot reach it" {
	export NOTIFY_SOCKET=$PWD/socket
	background python3 -c '
import os, socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(os.environ["NOTIFY_SOCKET"])
s.settimeout(60)
open("bound", "w")
while True:
    datagram = s.recv(65536)
    with open("got", "ab") as file:
        file.write(datagram + b"\n--\n")'
	eventually 10 test -e bound
	run_behind --ready fd -- sh -c 'env >environment; until test -e go; do sleep 0.02; done; otelop-ready; exec sleep 1000'
	eventually 10 state_is starting
	sleep 0.2
	assert_not_exists got
	: >go
	eventually 10 test -s got
	assert_equal "$(cat got)" "$(printf 'READY=1\n--')"
	assert_equal "$(otelop-meta get state)" ready	# published before it is said
	run -1 grep NOTIFY_SOCKET environment
	kill -TERM "$runner"
	assert_runner_status 143
	rm got
	tool -1 otelop-run --ready fd -- otelop-ready -e 'no disk'
	eventually 10 test -s got
	assert_equal "$(cat got)" "$(printf 'ERRNO=1\nSTATUS=otelop-run: no disk\n--' | sed 's/otelop-run: no/otelop-ready: no/')"
}

@test "a NOTIFY_SOCKET or a ready pipe that nobody reads: why the start failed is said on stderr" {
	NOTIFY_SOCKET=$PWD/nobody tool -1 otelop-run --ready fd -- otelop-ready -e 'no disk'
	assert_equal "$stderr" "otelop-run: otelop-ready: no disk"
	tool -1 python3 -c '
import os
reader, writer = os.pipe()
os.close(reader)
os.dup2(writer, 3)
os.set_inheritable(3, True)
os.environ["OTELOP_DAEMONIZED"] = "1"
os.execvp("otelop-run", ["otelop-run", "--ready", "fd", "--", "otelop-ready", "-e", "no disk"])'
	assert_regex "$stderr" '^otelop-run: otelop-ready: (no disk|whoever waited for the start is gone)$'
}

@test "under s6: the service is up and ready when CMD is, and down takes all of it" {
	command -v s6-svscan >/dev/null || skip "needs s6"
	mkdir -p scan/web
	echo 3 >scan/web/notification-fd
	cat >scan/web/run <<-RUN
		#!/bin/sh
		exec 2>>"$PWD/err"
		OTELOP_DAEMONIZED=1 exec otelop-run --ready check:"test -e '$PWD/go'" -- \
			sh -c 'leave sh -c "echo \\\$\\\$ >$PWD/left; exec sleep 1001"; exec sleep 1000'
	RUN
	chmod +x scan/web/run
	background s6-svscan scan >svscan.log 2>&1
	local scanner=$!
	eventually 10 test -s scan/web/supervise/status
	tool -0 s6-svwait -u -t 10000 scan/web
	tool ! s6-svwait -U -t 300 scan/web
	: >go
	tool -0 s6-svwait -U -t 10000 scan/web
	tool -0 otelop-meta running
	assert_equal "$(s6-svstat -o pid scan/web)" "$(parent_of "$(otelop-meta get pid)")"
	tool -0 s6-svc -wD -T 10000 -d scan/web
	tool -3 otelop-meta running
	is_gone "$(cat left)"
	s6-svscanctl -t scan
	wait "$scanner"
	assert_nothing_runs
}

@test "under runit: up, restarted after a crash, and down takes all of it" {
	needs subreaper
	command -v runsv >/dev/null || skip "needs runit"
	mkdir web
	cat >web/run <<-RUN
		#!/bin/sh
		exec otelop-run --ready exec -- sh -c 'leave sleep 1001; exec sleep 1000'
	RUN
	chmod +x web/run
	background runsv web >runsv.log 2>&1
	local supervisor=$! first
	eventually 10 state_is ready
	first=$(otelop-meta get pid)
	kill -KILL "$first"
	restarted() { tool otelop-meta running && [[ $output == running* && $output != "running $first" ]]; }
	eventually 10 restarted
	tool -0 sv -w 10 down ./web
	tool -3 otelop-meta running
	tool -0 sv -w 10 exit ./web
	wait "$supervisor"
	assert_nothing_runs
}

@test "as pid 1 of a container: it reaps what is orphaned, forwards signals, ends with CMD's status" {
	needs /proc
	unshare -rpmf --mount-proc true 2>/dev/null || skip "needs pid namespaces"
	background unshare -rpmf --mount-proc otelop-run --ready fd -- sh -c '
		for i in 1 2 3 4 5; do leave sh -c "sh -c \"sleep 0.1; echo $i >>orphans\" & exit"; done
		trap "echo USR1 >>heard" USR1
		trap "exit 5" TERM
		otelop-ready
		while :; do sleep 0.02; grep -ls "^State:.Z" /proc/[0-9]*/status >zombies.tmp; mv zombies.tmp zombies; done' 2>err
	local outer=$! status=0 first
	eventually 10 state_is ready
	five_orphans() { [ "$(grep -sc . orphans)" -eq 5 ]; }
	eventually 10 five_orphans
	eventually 10 assert_file_empty zombies
	first=$(pgrep -P "$outer")
	assert_equal "$(tr '\0' '\n' <"/proc/$first/cmdline" | head -n 1)" otelop-run
	kill -USR1 "$first"
	eventually 10 test -s heard
	# From outside, its pids are another namespace's.
	tool -4 otelop-stop -t 2 -k 1
	assert_regex "$stderr" namespace
	kill -TERM "$first"
	wait "$outer" || status=$?
	assert_equal "$status" 5
	assert_equal "$(cat heard)" USR1
	assert_nothing_runs
}

# --- a signal that CMD survives ---

@test "TERM, INT or QUIT that CMD survives: its lifetime still ends, and so does that of its parent" {
	local signal parent
	for signal in TERM INT QUIT; do
		run_behind --ready fd --max-lifetime 5 -- sh -c "trap ': >$signal' $signal
			otelop-ready; while :; do sleep 0.05; done"
		eventually 10 state_is ready
		kill -s "$signal" "$runner"
		eventually 10 test -e "$signal"
		assert_gone "$runner" 20
		wait "$runner" || true
		background sleep 1000
		parent=$!
		run_behind --ready fd --with-parent "$parent" -- sh -c "trap ': >again$signal' $signal
			otelop-ready; while :; do sleep 0.05; done"
		eventually 10 state_is ready
		kill -s "$signal" "$runner"
		eventually 10 test -e "again$signal"
		kill -KILL "$parent"
		assert_gone "$runner" 20
		wait "$runner" || true
	done 2>/dev/null
	assert_left
}

# survives SIGNAL COMMAND: CMD takes the signal, goes on, and then ends by this command.
survives() {
	rm -f survived go
	run_behind --ready fd -- sh -c "trap ': >survived' $1
		otelop-ready; until [ -e go ]; do sleep 0.02; done; $2"
	eventually 10 state_is ready
	kill -s "$1" "$runner"
	eventually 10 test -e survived
	: >go
}

@test "TERM that CMD survives, and a crash later: recorded; QUIT, and a status later: a crash too" {
	survives TERM 'kill -SEGV $$'
	assert_runner_status 139
	tool -0 otelop-meta get state exitSignal
	assert_output $'exited\nSEGV'
	survives QUIT 'exit 5'
	assert_runner_status 5
	tool -0 otelop-meta get state exitCode
	assert_output $'exited\n5'
}

@test "TERM to otelop-run, and CMD ends with a status of its own: clean" {
	run_behind --ready fd -- sh -c 'trap "exit 5" TERM; otelop-ready; while :; do sleep 0.02; done'
	eventually 10 state_is ready
	kill -TERM "$runner"
	assert_runner_status 5
	assert_left
}

@test "every signal that ends a process, but for those that mean a fault of its own: CMD gets it, otelop-run lives on" {
	local signal numbers=() signals='HUP INT QUIT TERM USR1 USR2 PIPE ALRM VTALRM PROF XCPU XFSZ WINCH CONT RTMIN+1 RTMAX'
	# What only some systems have.
	for signal in POLL PWR STKFLT EMT; do
		if kill -l "$signal" >/dev/null 2>&1; then signals+=" $signal"; fi
	done
	for signal in $signals; do numbers+=("$(kill -l "$signal")"); done
	run_behind --ready fd -- python3 -c '
import os, signal, sys
got = lambda number, _: os.write(1, b"%d\n" % number)
for number in sys.argv[1:]:
    signal.signal(int(number), got)
os.write(3, b"ok\n")
while True:
    signal.pause()' "${numbers[@]}" >got
	eventually 10 state_is ready
	for signal in $signals; do
		kill -s "$signal" "$runner"
		eventually 10 grep -qx "$(kill -l "$signal")" got
	done
	tool -0 otelop-meta running
	kill -KILL "$(otelop-meta get pid)"
	assert_runner_status 137
}

@test "the kernel's words to otelop-run about its own writes and timers: PIPE and XFSZ are nobody's, ALRM is CMD's" {
	tool -125 bash -c '{ ulimit -f 0; exec otelop-run --ready exec -- sh -c ": >ran"; } 2>&1 | cat; exit "${PIPESTATUS[0]}"'
	assert_regex "$output" '^otelop-run: .*otelop\.json.*: '
	assert_not_exists ran
	tool -142 python3 -c '
import os, signal
signal.signal(signal.SIGALRM, signal.SIG_DFL)
signal.alarm(1)
os.execvp("otelop-run", ["otelop-run", "--ready", "exec", "--", "sleep", "1000"])'
	assert_equal "$stderr" "otelop-run: sleep: killed by signal ALRM"
}

@test "signals that only some systems have: their names are known" {
	local signal
	for signal in PWR STKFLT; do
		kill -l "$signal" >/dev/null 2>&1 || continue
		tool "-$((128 + $(kill -l "$signal")))" otelop-run --ready exec -- sh -c "kill -$(kill -l "$signal") \$\$"
		assert_equal "$stderr" "otelop-run: sh: killed by signal $signal"
		sleep 1000 3>&- 4>&- &
		tool -0 otelop-stop -s "SIG$signal" $!
	done
}

@test "Ctrl-C, and CMD has left the foreground group: it is told all the same" {
	tool python3 "$BATS_TEST_DIRNAME/e2e/terminal.py" -i up 30 otelop-run --ready exec -- \
		timeout 600 sh -c ': >up; exec sleep 1000'
	assert_exists up
	assert_nothing_runs
	assert_left
}

# --- children that cannot be waited for (seccomp) ---

# denied WHEN ERROR PROGRAM...: these calls of waitid(2) fail.
denied() { strace -qq -o traced -e trace=waitid -e "inject=waitid:error=$2:when=$1" "${@:3}"; }

@test "waitid is denied from the beginning: 125, it is said, and nothing runs" {
	local error
	for error in EPERM ENOSYS; do
		tool -125 denied 1+ "$error" otelop-run --ready exec -- sh -c ': >ran; exec sleep 1000'
		assert_regex "$stderr" '^otelop-run: children: cannot be waited for: '
		assert_stderr_line_count 1
		tool -125 denied 1+ "$error" otelop-spawn -- sh -c ': >ran; exec sleep 1000'
		assert_regex "$stderr" '^otelop-spawn: sh: children: cannot be waited for: '
	done
	assert_not_exists ran
	assert_nothing_runs
	assert_left otelop.log
}

@test "waitid is denied while CMD runs: 125, it is said, and nothing is left" {
	local call
	for call in 2 3 4; do
		# Each signal makes it look at its children.
		tool -125 denied "$call+" EPERM "${in_session[@]}" otelop-run --ready fd -- \
			sh -c 'trap "" USR1; leave sleep 1001; while sleep 0.1; do kill -USR1 "$PPID"; done'
		assert_regex "$stderr" '^otelop-run: (sh: )?children: cannot be waited for: '
		assert_nothing_runs
	done
	tool -125 denied 20+ EPERM "${in_session[@]}" otelop-run --ready fd -- \
		sh -c 'trap "" USR1; leave sleep 1001; otelop-ready; : >up; while sleep 0.05; do kill -USR1 "$PPID"; done'
	assert_exists up
	assert_equal "${stderr%%: cannot be waited for: *}" "otelop-run: sh: children"
	assert_nothing_runs
	assert_left
}

# --- what must not hold it up ---

@test "a supervisor whose socket is full: the start goes on without it, and CMD is ended in time" {
	export NOTIFY_SOCKET=$PWD/full
	background python3 -c '
import os, signal, socket
taker = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
taker.bind(os.environ["NOTIFY_SOCKET"])
giver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
giver.setblocking(False)
try:
    while True:
        giver.sendto(b"x", os.environ["NOTIFY_SOCKET"])
except BlockingIOError:
    open("stuffed", "w")
signal.pause()'
	eventually 10 test -e stuffed
	tool timeout -s KILL 30 otelop-run --ready exec --max-lifetime 1 -- sleep 1000
	[ "$status" -eq 143 ]
	assert_left
}

@test "the start fails before anything is published: the words of the last crash stay" {
	unshare -m true 2>/dev/null || skip "needs mount namespaces"
	tool -3 otelop-run --ready exec -- sh -c 'exit 3'
	cp "$metadata" before
	tool -0 unshare -m sh -c 'mkdir full && mount -t tmpfs -o size=64k,mode=700 none full && cp before full/otelop.json &&
		chmod 600 full/otelop.json || exit
		dd if=/dev/zero of=full/fill bs=4k 2>/dev/null
		otelop-run -C full -- true; echo "run $?"; otelop-lock -C full -- true; echo "lock $?"
		cmp before full/otelop.json && ls full'
	assert_output $'run 125\nlock 125\nfill\notelop.json'
}

@test "--with-parent: the parent dies, and its number is an innocent's before anybody looks: the daemon ends all the same" {
	needs pidfd
	unshare -rpmf --mount-proc true 2>/dev/null || skip "needs pid namespaces"
	tool -0 timeout 60 unshare -rpmf --mount-proc python3 -c '
import os, signal, subprocess, sys, time
parent = subprocess.Popen(["sleep", "1000"])
run = subprocess.Popen(["otelop-run", "--ready", "exec", "--with-parent", str(parent.pid), "--", "sleep", "1001"])
state = lambda: subprocess.run(["otelop-meta", "running"], stdout=subprocess.PIPE).stdout.split()[:1]
while state() != [b"running"]:
    time.sleep(0.02)
run.send_signal(signal.SIGSTOP)
parent.kill()
parent.wait()
open("/proc/sys/kernel/ns_last_pid", "w").write(str(parent.pid - 1))
innocent = subprocess.Popen(["sleep", "1002"])
if innocent.pid != parent.pid:
    sys.exit(f"the number was not used again: {innocent.pid} for {parent.pid}")
run.send_signal(signal.SIGCONT)
run.wait(20)
print("innocent lives:", innocent.poll() is None)'
	assert_output "innocent lives: True"
}

# --- otelop-run under otelop-run ---

@test "CMD is an otelop-run itself: ready with it, not found with it; that it is busy is a failure like others" {
	tool -0 otelop-spawn -- otelop-run -- otelop-run -C inner --ready exec -- sleep 1000
	tool -0 otelop-meta -C inner running
	tool -1 otelop-spawn -C other -- otelop-run -- otelop-run -C inner --ready exec -- sleep 1000
	[[ $stderr == *"held by process"* ]]
	tool -127 otelop-spawn -C other -- otelop-run -- otelop-run -C third --ready exec -- ./nosuch
	[[ $stderr == *"./nosuch: cannot run"* ]]
	tool -0 otelop-stop
	assert_nothing_runs
}
