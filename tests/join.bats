# Several starts of one daemon at once: one starts it, the others join.
# shellcheck disable=SC2016 # what stands in single quotes is for another shell
load helper

# forty_starts [ARG...]: all at once; with the file `held` there, the daemon is ready only when all run.
forty_starts() {
	local i pids=()
	for i in {1..40}; do
		start_in_background "start$i" "$@"
		pids+=("$!")
	done
	[ -e go ] || { eventually 20 state_is starting && : >go; }
	wait "${pids[@]}"
}

# two_starts [ARG...]: the second, $two, waits for the verdict of the first, $one.
two_starts() {
	start_in_background one "$@"
	one=$!
	eventually 20 has_published
	start_in_background two "$@"
	two=$!
	eventually 20 has_looked
}

# --- two starts

@test "two starts at once: the second waits for the first one's verdict and answers the same" {
	two_starts --ready fd -- sh -c "$waiting" sh otelop-ready
	assert_not_exists two.status
	: >go
	wait "$one" "$two"
	assert_equal "$(cat one.status two.status)" $'0\n0'
	assert_equal "$(cat two.out)" "$(cat one.out)"
	assert_equal "$(otelop-meta get pid)" "$(cat one.out)"
	assert_equal "$(cat two.err)" "otelop: already running"
}

@test "two starts at once, and the daemon asks for more time: the second waits as long, and not longer" {
	local patient='import os, socket, sys, time
name = os.environ["NOTIFY_SOCKET"]
def say(words):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.sendto(words.encode(), "\0" + name[1:] if name[0] == "@" else name)
say(sys.argv[1])
open("up", "w")
while not os.path.exists("go"): time.sleep(0.02)
say("READY=1")
time.sleep(600)'
	start_in_background one -t 60s -- python3 -c "$patient" EXTEND_TIMEOUT_USEC=60000000
	one=$!
	eventually 20 test -e up
	start_in_background two -t 1s -- python3 -c "$patient" EXTEND_TIMEOUT_USEC=60000000
	two=$!
	sleep 2	# the second's own time is over
	assert_not_exists two.status
	: >go
	wait "$one" "$two"
	assert_equal "$(cat one.status two.status)" $'0\n0'
	assert_equal "$(cat two.out)" "$(cat one.out)"
	tool -1 otelop-meta get extendTimeout
	tool -0 otelop stop
	rm up go
	start_in_background one -t 60s -- python3 -c "$patient" EXTEND_TIMEOUT_USEC=3000000
	one=$!
	eventually 20 test -e up
	tool -124 otelop start -t 1s -- python3 -c "$patient" EXTEND_TIMEOUT_USEC=3000000
	: >go
	wait "$one"
	assert_equal "$(cat one.status)" 0
}

@test "two starts at once, and the daemon fails: both say 1" {
	two_starts --ready fd -- sh -c "$waiting" sh 'echo "the last words"; otelop-ready -e "no luck"'
	: >go
	wait "$one" "$two"
	assert_equal "$(cat one.status two.status)" $'1\n1'
	assert_equal "$(cat one.out two.out)" ""
	grep -q "no luck" one.err
	assert_equal "$(cat two.err)" "otelop: the start that was under way has failed
the last words
otelop: log: $OTELOP_STATE_DIR/otelop.log"
	assert_nothing_runs
}

@test "two starts at once, and the daemon is stopped before the second has looked: it starts another" {
	needs "lock that is waited for in the kernel, by which the second is found"
	two_starts --ready fd -- sh -c "$waiting" sh otelop-ready
	kill -STOP "$looker"
	: >go
	wait "$one"
	tool -0 otelop stop
	kill -CONT "$looker"
	wait "$two"
	assert_equal "$(cat one.status two.status)" $'0\n0'
	assert_equal "$(cat two.out)" "$(otelop-meta get pid)"
	assert_not_equal "$(cat two.out)" "$(cat one.out)"
}

@test "two starts at once, and the daemon ends with 3 before it is ready: it is run once, both say 1" {
	two_starts --ready fd -- sh -c "echo once >>ran; $waiting" sh 'exit 3'
	: >go
	wait "$one" "$two"
	assert_equal "$(cat one.status two.status)" $'1\n1'
	assert_equal "$(cat ran)" once
}

@test "two starts at once, and the second runs out of time: it says 124, the first goes on" {
	start_in_background one --ready fd -- sh -c "$waiting" sh otelop-ready
	one=$!
	eventually 20 has_published
	# Both that it must wait and that it has waited are to be found out in this time, one after the other.
	tool -124 otelop start -t 4s --ready fd -- sh -c "$waiting" sh otelop-ready
	assert_stderr_line_count 1
	: >go
	wait "$one"
	assert_equal "$(cat one.status)" 0
}

@test "a start that waits for another, which is killed and leaves its command with the lock: 75, and who keeps it" {
	needs "descriptors of others"
	local spawn run waiter status=0
	background otelop start --ready fd -- sh -c 'echo $$ >kept; exec sleep 1000'
	spawn=$!
	eventually 10 test -s kept
	background otelop start -t 20 --ready fd -- sh -c 'echo $$ >kept; exec sleep 1000' 2>waiter.err
	waiter=$!
	run=$(otelop-meta get pid)
	eventually 10 has_looked
	# Neither may see the other's end, and end the command for it.
	kill -STOP "$spawn" "$run"
	eventually 10 is_stopped "$spawn"
	eventually 10 is_stopped "$run"
	kill -KILL "$spawn" "$run"
	wait "$waiter" || status=$?
	assert_equal "$status" 75
	grep -q "its lock kept by process $(cat kept) " waiter.err
	tool -0 otelop stop
}

# --- forty starts

@test "a start that joins a daemon whose metadata it cannot read: 4 and why, and no other pid is printed" {
	needs strace
	start_sleep
	ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
	export ASAN_OPTIONS	# it cannot work under strace
	tool -4 strace -qq -o traced -P "$OTELOP_STATE_DIR/otelop.json" -e trace=/^p?read -e inject=/^p?read:error=EIO \
		otelop-spawn --run -- otelop-run --join --ready exec -- sleep 600
	assert_output ""
	assert_regex "$stderr" "otelop.json: cannot read: "
	grep -q INJECTED traced
	tool -0 otelop status -q
}

@test "40 starts at once in a new directory: one daemon, all say 0 with its pid" {
	: >go
	forty_starts --ready fd -- sh -c 'echo once >>ran; otelop-ready; exec 3>&-; exec sleep 600'
	assert_equal "$(statuses)" " 40 0 "
	assert_equal "$(cat start*.out | sort -u)" "$(otelop-meta get pid)"
	assert_equal "$(cat start*.out | wc -l)" 40
	assert_equal "$(cat ran)" once
}

@test "40 starts at once that all find a start under way: one daemon, all say 0 with its pid" {
	forty_starts --ready fd -- sh -c "echo once >>ran; $waiting" sh otelop-ready
	assert_equal "$(statuses)" " 40 0 "
	assert_equal "$(cat start*.out | sort -u)" "$(otelop-meta get pid)"
	assert_equal "$(cat ran)" once
}

@test "40 starts at once where a daemon has crashed: one daemon, all say 0 with its pid" {
	start_sleep
	kill -KILL "$(parent_of "$output")" "$output"
	eventually 10 state_is stale
	: >go
	forty_starts --ready fd -- sh -c 'echo once >>ran; otelop-ready; exec 3>&-; exec sleep 600'
	assert_equal "$(statuses)" " 40 0 "
	assert_equal "$(cat start*.out | sort -u)" "$(otelop-meta get pid)"
	assert_equal "$(cat ran)" once
}

@test "40 starts at once with --strict: one says 0 and 39 say 75" {
	: >go
	forty_starts --strict --ready fd -- sh -c 'echo once >>ran; otelop-ready; exec 3>&-; exec sleep 600'
	assert_equal "$(statuses)" " 1 0 39 75 "
	assert_equal "$(cat start*.out)" "$(otelop-meta get pid)"
	assert_equal "$(cat ran)" once
}

# --- many at once

@test "many at once: each message is a line of its own" {
	local starts=()
	start_sleep
	for _ in {1..12}; do
		background otelop start --ready exec -- sleep 600 2>>said >/dev/null
		starts+=($!)
	done
	wait "${starts[@]}"
	run -0 grep -cx 'otelop: already running' said
	assert_output 12
	assert_equal "$(wc -l <said)" 12
}
