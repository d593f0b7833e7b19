# A process is the one that the metadata names, or it is not: pids that are used again, clocks that are set.
# shellcheck disable=SC2016 # what stands in single quotes is for another shell
load helper

BATS_TEST_TIMEOUT=180

setup_more() {
	mkdir -m 700 state
}

# --- a pid that is used again

@test "a recycled pid: it is not called running and never signalled" {
	can unshare -pf --mount-proc true
	[ -w /proc/sys/kernel/ns_last_pid ] || skip "no ns_last_pid"
	tool -0 unshare -pf --mount-proc sh -c '
		pid=$(otelop start --ready exec -- sleep 600)
		parent=$(ps -o ppid= -p "$pid")
		kill -KILL $parent $pid
		until ! otelop status -q; do sleep 0.02; done
		while [ -e "/proc/$pid" ]; do sleep 0.02; done
		echo "$((pid - 1))" >/proc/sys/kernel/ns_last_pid
		sleep 600 &
		[ "$!" -eq "$pid" ] || { echo "not recycled: $! for $pid"; exit 9; }
		otelop status -q; echo "status $?"
		otelop stop; echo "stop $?"
		kill -0 "$pid" && echo "alive"'
	assert_output $'status 1\nstop 0\nalive'
}

@test "a pid namespace without a session of its own, and a held lock that names nobody: its holder is not signalled" {
	can unshare -rpf --mount-proc true
	# Seen from inside, these processes have session 0, as they have no parent but 0.
	tool -0 unshare -rpf --mount-proc sh -c 'umask 077
		file=$OTELOP_STATE_DIR/otelop.json
		echo "{\"pid\": 2147483647}" >"$file"
		{ otelop-lock -F 9 && : >held && exec env -u OTELOP_STATE_DIR sleep 1000; } 9<>"$file" &
		until [ "$(cat /proc/$!/comm)" = sleep ]; do sleep 0.02; done
		otelop-stop -t 300ms
		echo "stop $?"
		kill -0 $! && echo alive
		kill $!'
	assert_line "stop 124"
	assert_line alive
}

# recycle LEFTOVER: in a pid namespace of its own, a daemon dies, and its number becomes an
# innocent process's.  Prints what `running` and otelop-stop say, and whether the innocent lives
# and heard nothing.  With LEFTOVER, a child of the dead daemon still holds its lock.  With USER, all but
# process 1 are that user's.
recycle() {
	local root=-r
	[ -z "${2-}" ] || root=-f
	can unshare "$root" -pmf --mount-proc true
	mkdir notes
	chmod 777 notes
	tool -0 timeout 60 unshare "$root" -pmf --mount-proc python3 -c '
import os, signal, subprocess, sys, time

leftover = sys.argv[1] == "leftover"
user = int(sys.argv[2])

def become():
    if user:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)

def until(what, condition):
    end = time.time() + 20
    while not condition():
        if time.time() > end:
            sys.exit("still not: " + what)
        try:
            os.waitpid(-1, os.WNOHANG)	# the orphans are ours: this is pid 1
        except ChildProcessError:
            pass
        time.sleep(0.01)

def ask(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=become)
    return done.stdout.decode().strip(), done.returncode

command = "otelop-ready; exec sleep 1000"
if leftover:
    command = "leave sleep 1001; " + command
pid = int(subprocess.check_output(["otelop-spawn", "--", "otelop-run", "--ready", "fd", "--", "sh", "-c", command],
    preexec_fn=become))
parent = int(open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[1])
os.kill(parent, signal.SIGKILL)
until("the parent is gone", lambda: not os.path.exists(f"/proc/{parent}"))
os.kill(pid, signal.SIGKILL)
until("the daemon is gone", lambda: not os.path.exists(f"/proc/{pid}"))

# A process is known to be younger than a file by more than a clock tick.
file = os.environ["OTELOP_STATE_DIR"] + "/otelop.json"
until("a tick is over", lambda: time.time() - os.stat(file).st_mtime > 0.1)
heard = "notes/heard"
open("/proc/sys/kernel/ns_last_pid", "w").write(str(pid - 1))
innocent = os.fork()
if innocent == 0:
    become()
    def note(number, frame):
        with open(heard, "a") as file:
            file.write(str(number))
    for number in set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, note)
    open("notes/watching", "w")
    while True:
        signal.pause()
if innocent != pid:
    sys.exit(f"the number was not used again: {innocent} for {pid}")
until("the innocent watches", lambda: os.path.exists("notes/watching"))

text, status = ask("otelop-meta", "running")
print("running:", status, "running" if text.startswith("running") else "starting" if text.startswith("starting") else "no")
text, status = ask("otelop-stop", "-t", "20", "-k", "1")
print("stop:", status)
print("innocent:", os.waitpid(innocent, os.WNOHANG) == (0, 0) and not os.path.exists(heard))
print("file:", os.path.exists(os.environ["OTELOP_STATE_DIR"] + "/otelop.json"))
' "$1" "${2:-0}"
}

@test "the daemon is dead and its pid is an innocent's: stale, stop is 0, the innocent hears nothing" {
	recycle none
	assert_output "$(printf 'running: 1 no\nstop: 0\ninnocent: True\nfile: False')"
}

@test "the same while a child of the dead daemon holds its lock: not running, stop ends the child, the innocent hears nothing" {
	needs /proc
	recycle leftover
	assert_output "$(printf 'running: 1 no\nstop: 0\ninnocent: True\nfile: False')"
}

@test "the same as a user who may not look into process 1, the innocent's parent: the innocent hears nothing" {
	needs /proc
	can_give
	can_be_nobody
	chown 65534:65534 "$OTELOP_STATE_DIR"
	as_nobody true
	recycle leftover 65534
	assert_output "$(printf 'running: 1 no\nstop: 0\ninnocent: True\nfile: False')"
}

# --- a clock that is set

@test "a stepped clock, and a daemon of a user's that may not be looked into: it is the one that the file names" {
	needs /proc
	can_give
	can_be_nobody
	mkdir -m 755 there
	chown 65534:65534 there
	export OTELOP_STATE_DIR=$PWD/there/state
	tool -0 as_nobody otelop-spawn -- otelop-lock -- python3 -c '
import ctypes, os, subprocess
ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)	# PR_SET_DUMPABLE
os.write(3, b"ok\n"); os.close(3)
__import__("time").sleep(1000)'
	local pid=$output
	# As if the clock had been set forward since: the process is younger than the file that names it.
	touch -d '1 hour ago' "$OTELOP_STATE_DIR/otelop.json"
	tool -0 as_nobody otelop-meta running
	assert_output "running $pid"
	tool -0 as_nobody otelop-stop
	assert_gone "$pid"
}
