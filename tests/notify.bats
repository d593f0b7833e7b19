# The notify socket: whatever anybody sends to it holds nobody up.
# shellcheck disable=SC2016 # what stands in single quotes is for the shell inside
load helper

BATS_TEST_TIMEOUT=180

# The socket's name is in `name`, as anybody finds it in /proc/net/unix.
tells_name='echo "$NOTIFY_SOCKET" >name.tmp; mv name.tmp name;'

# A place where other users may write.
need_strangers() {
	needs "abstract socket that others can reach"
	can_be_nobody
	mkdir strangers
	chmod 777 strangers
	chmod 711 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_SUITE_TMPDIR" "$BATS_TEST_TMPDIR/.." "$BATS_TEST_TMPDIR"
}

# linger COUNT TEXT: another user sends sockets that linger, from a process in ${lingerers[@]}.
linger() {
	rm -f strangers/sent
	background python3 "$BATS_TEST_DIRNAME/tools/linger.py" "$(cat name)" "$1" "$2" strangers/sent 65534
	lingerers+=("$!")
}

# Nothing wakes it, and it has no child but CMD.
rests() { is_at_rest "$1" && [ "$(pgrep -c -P "$1")" -eq 1 ]; }

@test "a stranger's sockets that linger, before the verdict: what we and the daemon say is heard, and stop is done" {
	need_strangers
	local lingerers=()
	run_behind --ready notify -- sh -c "$tells_name exec sleep 1000"
	eventually 10 test -e name
	linger 30 READY=1
	eventually 10 test -e strangers/sent
	metadata_says starting
	NOTIFY_SOCKET=$(cat name) tool -0 otelop-ready
	eventually 10 metadata_says ready
	tool -0 timeout 20 otelop-stop -t 10
	assert_runner_status 143
	kill "${lingerers[@]}"
	assert_nothing_runs
}

@test "a stranger's sockets that linger, behind the verdict: nothing waits, nothing is busy, and stop is done" {
	need_strangers
	local lingerers=()
	run_behind --ready fd,notify -- sh -c "$tells_name otelop-ready; exec sleep 1000"
	eventually 10 metadata_says ready
	linger 30 STATUS=planted
	eventually 10 test -e strangers/sent
	eventually 10 rests "$runner"
	tool -0 timeout 20 otelop-stop -t 10
	assert_runner_status 143
	kill "${lingerers[@]}"
	assert_nothing_runs
}

@test "a stranger's sockets that linger, unread at the daemon's end: otelop-run ends all the same" {
	need_strangers
	local lingerers=()
	run_behind --ready fd,notify -- sh -c "$tells_name otelop-ready; exec sleep 1000"
	eventually 10 metadata_says ready
	kill -STOP "$runner"
	linger 8 STATUS=planted
	eventually 10 test -e strangers/sent
	kill -KILL "$(otelop-meta get pid)"
	kill -CONT "$runner"
	eventually 20 is_gone "$runner"
	assert_runner_status 137
	kill "${lingerers[@]}"
	assert_nothing_runs
}

@test "the daemon's own other user sends a socket that lingers: what it says counts, and stop is done" {
	need_strangers
	run_behind --ready notify -- sh -c "$tells_name"'
		exec python3 "$1" "$NOTIFY_SOCKET" 1 "STATUS=up
READY=1" strangers/sent 65534' sh "$BATS_TEST_DIRNAME/tools/linger.py"
	eventually 10 metadata_says ready
	eventually 10 test -e strangers/sent
	eventually 10 rests "$runner"
	tool -0 timeout 20 otelop-stop -t 10
	assert_runner_status 143
	assert_nothing_runs
}

@test "a stranger floods the socket: what we say is heard, otelop-run is not kept busy, and it rests behind it" {
	need_strangers
	local flooder before
	run_behind --ready notify -- sh -c "$tells_name exec sleep 1000"
	eventually 10 test -e name
	background python3 -c '
import os, socket, sys
os.setuid(65534)
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
while True:
    s.sendto(b"READY=1", "\0" + sys.argv[1][1:])
    open("strangers/flooded", "w")' "$(cat name)"
	flooder=$!
	eventually 10 test -e strangers/flooded
	before=$(processor_ticks "$runner")
	sleep 2
	# Half of a processor at most.
	(($(processor_ticks "$runner") - before < $(getconf CLK_TCK)))
	metadata_says starting
	NOTIFY_SOCKET=$(cat name) tool -0 otelop-ready
	eventually 10 metadata_says ready
	kill "$flooder"
	eventually 10 rests "$runner"
}

@test "systemd-notify --ready under set -e: it is ready, and systemd-notify has its answer" {
	command -v systemd-notify >/dev/null || skip "needs systemd-notify"
	run_behind --ready notify -- sh -ec 'systemd-notify --ready; : >answered; exec sleep 1000'
	eventually 10 metadata_says ready
	eventually 10 test -e answered
}

@test "a barrier behind READY=1: its descriptor is closed at once, before the verdict and behind it" {
	run_behind --ready notify -- python3 -c '
import array, os, select, signal, socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
to = os.environ["NOTIFY_SOCKET"]
to = "\0" + to[1:] if to[0] == "@" else to
def barrier(name):
    r, w = os.pipe()
    s.sendmsg([b"BARRIER=1"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [w]))], 0, to)
    os.close(w)
    waiter = select.poll()
    waiter.register(r, select.POLLIN)
    if waiter.poll(10000):
        open(name, "w")
barrier("before")
s.sendto(b"READY=1", to)
barrier("behind")
signal.pause()'
	eventually 15 test -e before
	eventually 15 test -e behind
	eventually 10 metadata_says ready
}
