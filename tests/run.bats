# otelop-run: run a command that knows nothing of all this as the daemon.
# shellcheck disable=SC2016 # what stands in single quotes is for another shell
load helper

BATS_TEST_TIMEOUT=180

setup_more() {
	metadata=$OTELOP_STATE_DIR/otelop.json
	ulimit -c 0
}

# The lock twice: of the file that has the name, and of the one that said starting.
has_the_lock_and() {
	local second='[0-9]+\ '
	! is_fallback || second=''	# where nothing tells a process from the next one of its number
	[[ "$(descriptors "$1") " =~ ^"$2 $(lock_of "$1") "$second$ ]]
}
# What a descriptor may do, as the kernel has it: r, w or rw.
access_of() {
	case $(($(sed -n 's/^flags:[[:space:]]*//p' "/proc/$1/fdinfo/$2") & 3)) in 0) echo r ;; 1) echo w ;; 2) echo rw ;; esac
}

# --- from starting to ready

@test "from starting to ready: first the pid is otelop-run's, then CMD's; the lock is held all the time" {
	run_behind --ready fd color=blue -- sh -c 'until test -e go; do sleep 0.02; done; otelop-ready; exec sleep 1000'
	eventually 10 metadata_says starting
	tool -0 otelop-meta running
	assert_output "starting $runner"
	tool -0 otelop-lock -p
	: >go
	eventually 10 metadata_says ready
	tool -0 otelop-meta get pid color
	assert_equal "$(parent_of "${lines[0]}")" "$runner"
	assert_equal "${lines[1]}" blue
	tool -0 otelop-meta running
	assert_output "running $(otelop-meta get pid)"
	assert_file_empty err
}

@test "the metadata of a ready daemon: upstream's members, ours, the user's, in the order of the contract" {
	needs_proc
	tool -0 otelop-spawn -- otelop-run --ready exec zebra=1 httpAddr=127.0.0.1:1 apple='a "b"' -- sleep 1000.5
	local namespace='pidNamespace bootId startTicks '
	! is_fallback || namespace=''
	assert_equal "$(jq -r 'keys_unsorted | join(" ")' "$metadata")" \
		"pid startedAt httpAddr otlpGrpcAddr otlpHttpAddr proxyUrl proxyProtocol version state command cwd host ${namespace}session readyMode runner given zebra apple"
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
	needs_proc
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

# --- what CMD has

@test "CMD's descriptors: 0, 1, 2 and the lock, which can only be read; with fd among the modes the ready pipe on 3" {
	needs_proc
	run bash -c 'exec 5<>/dev/null 9</dev/null 10<>/dev/null 12<>/dev/null 100</dev/null 3<>/dev/null 4<>/dev/null
		exec otelop-spawn -- otelop-run --ready exec -- sleep 1000'
	assert_success
	eventually 10 has_the_lock_and "$output" '0 1 2'
	local lock
	lock=$(lock_of "$output")
	[ "$lock" -ge 10 ]
	assert_equal "$(stat -Lc %i "/proc/$output/fd/$lock")" "$(stat -c %i "$metadata")"
	local fd
	for fd in $(descriptors "$output"); do
		case $fd in 1 | 2) assert_equal "$(access_of "$output" "$fd")" w ;; *) assert_equal "$(access_of "$output" "$fd")" r ;; esac
	done
	tool -0 otelop-stop
	run bash -c 'exec 5<>/dev/null 9</dev/null 10<>/dev/null 12<>/dev/null 100</dev/null 3<>/dev/null 4<>/dev/null
		exec otelop-run --ready fd -- sh -c "otelop-ready; exec sleep 1000" >/dev/null 2>&1 &'
	eventually 10 metadata_says ready
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
	eventually 10 metadata_says ready
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

# --- the claim

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
	eventually 10 metadata_says starting
	tool -75 otelop-run --ready exec -- true
	assert_regex "$stderr" "held by process $runner$"
	: >go
	eventually 10 metadata_says ready
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
		tool few_descriptors "$limit" otelop-run --ready exec -- sh -c ': >ran; sleep 0.1'
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

@test "the start fails before anything is published: the words of the last crash stay" {
	can unshare -m true
	tool -3 otelop-run --ready exec -- sh -c 'exit 3'
	cp "$metadata" before
	tool -0 unshare -m sh -c 'mkdir full && mount -t tmpfs -o size=64k,mode=700 none full && cp before full/otelop.json &&
		chmod 600 full/otelop.json || exit
		dd if=/dev/zero of=full/fill bs=4k 2>/dev/null
		otelop-run -C full -- true; echo "run $?"; otelop-lock -C full -- true; echo "lock $?"
		cmp before full/otelop.json && ls full'
	assert_output $'run 125\nlock 125\nfill\notelop.json'
}

# --- otelop-run under otelop-run

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

# --- memory

@test "a daemon that has said READY=1: its otelop-run and the log's writer have 100 kB of memory of their own, or less" {
	needs "way to give a stack back"
	! ldd "$(command -v otelop-run)" 2>/dev/null | grep -q '=>' || skip "a shared libc has more by itself"
	[ -z "${SANITIZE-}" ] || skip "the sanitizers' memory is theirs"
	[ -r /proc/self/smaps_rollup ] || skip "needs /proc/PID/smaps_rollup"
	# The largest message that is listened to, and what comes after the verdict is read too.
	background otelop-run --log-max 1M --ready notify -- python3 -c '
import os, socket, time
end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
end.connect(os.environ["NOTIFY_SOCKET"].replace("@", "\0", 1))
end.send(b"STATUS=" + b"x" * 60000)
end.send(b"READY=1")
time.sleep(1000)'
	run=$!
	eventually 10 state_is running
	for process in "$run" "$(pgrep -P "$run" -x otelop-run)"; do
		eventually 5 has_memory "$process" 100
	done
	kill "$run"
	assert_gone "$run"
}
# has_memory PID KB: at most so much, which no other process has.
has_memory() { [ "$(awk '/^Anonymous:/ { print $2 }' "/proc/$1/smaps_rollup")" -le "$2" ]; }
