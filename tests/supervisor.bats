# otelop-run under a supervisor, and as the first process of a container.
# shellcheck disable=SC2016 # what stands in single quotes is for another shell
load helper

BATS_TEST_TIMEOUT=180

# --- under a supervisor

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
	eventually 10 metadata_says starting
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
	eventually 10 metadata_says ready
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
	can unshare -rpmf --mount-proc true
	background unshare -rpmf --mount-proc otelop-run --ready fd -- sh -c '
		for i in 1 2 3 4 5; do leave sh -c "sh -c \"sleep 0.1; echo $i >>orphans\" & exit"; done
		trap "echo USR1 >>heard" USR1
		trap "exit 5" TERM
		otelop-ready
		while :; do sleep 0.02; grep -ls "^State:.Z" /proc/[0-9]*/status >zombies.tmp; mv zombies.tmp zombies; done' 2>err
	local outer=$! status=0 first
	eventually 10 metadata_says ready
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

# --- a supervisor that does not read

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
	tool -143 timeout -s KILL 30 otelop-run --ready exec --max-lifetime 1 -- sleep 1000
	assert_left
}
