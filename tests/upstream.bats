# Daemons of upstream's beside ours: they truncate and rename a file of their own, and lock it when it has the name.
# shellcheck disable=SC2016 # what stands in single quotes is for another shell
load helper

setup_more() {
	file=$OTELOP_STATE_DIR/otelop.json
}

@test "start while upstream's daemon runs, which did not record its command: status 75, and it goes on" {
	tool -0 otelop start --native -- python3 "$upstream"
	pid=$output
	tool -75 otelop start --ready exec -- sleep 5
	assert_output ""
	assert_stderr_line_count 1
	[[ $stderr == *"did not record"* ]]
	tool -75 otelop start --ready exec -- python3 "$upstream"
	assert_equal "$(otelop-meta running)" "running $pid"
}

@test "20 starts --native of upstream's daemon at once: one daemon, all say 0 with its pid" {
	local i pids=()
	for i in {1..20}; do
		start_in_background "start$i" --native -- python3 "$upstream"
		pids+=("$!")
	done
	wait "${pids[@]}"
	assert_equal "$(statuses)" " 20 0 "
	assert_equal "$(cat start*.out | sort -u)" "$(otelop-meta get pid)"
	assert_equal "$(cat start*.err | sort | uniq -c | tr -s ' ')" \
		" 19 otelop: already running"$'\n'" 1 otelop: python3 is ready"
	eventually 10 only_runs "$(otelop-meta get pid)"
}

# upstream_locks COUNT: so often it renames its file and locks it, as upstream's starter does.  Prints how often that failed.
upstream_locks() {
	python3 -c '
import fcntl, os, sys, time
path, failed = os.environ["OTELOP_STATE_DIR"] + "/otelop.json", 0
text = "{\"pid\": %d, \"startedAt\": \"2026-01-01T00:00:00Z\", \"httpAddr\": \"\", \"otlpGrpcAddr\": \"\", \"otlpHttpAddr\": \"\", \"proxyUrl\": \"\", \"proxyProtocol\": \"\", \"version\": \"\"}" % os.getpid()
for _ in range(int(sys.argv[1])):
    with open(path + ".tmp", "w") as temporary:
        os.fchmod(temporary.fileno(), 0o600)
        temporary.write(text)
    os.rename(path + ".tmp", path)
    lock = open(path, "r+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        failed += 1
    time.sleep(0.03)	# a daemon lives longer than our programs wait for one file after the other
    os.unlink(path)
    lock.close()
print(failed)' "$1"
}

@test "upstream renames its file and then locks it, under our probes and claims: its lock is never refused" {
	mkdir -m 700 state
	background sh -c 'while ! test -e enough; do otelop-lock -p; otelop-meta running; done >/dev/null 2>&1'
	background sh -c 'while ! test -e enough; do otelop-meta remove; otelop-meta -C "$OTELOP_STATE_DIR" running -w 1ms; done >/dev/null 2>&1'
	run -0 upstream_locks 300
	: >enough
	assert_output 0
}

# One that is stopped by the kernel while it has the lock is a starter, as far as anybody can see: that is rare.
@test "upstream's exclusive probes in a loop over a stale file: it is not called starting for them" {
	mkdir -m 700 state
	echo '{"pid": 2147483647}' >"$file"
	background python3 -c '
import fcntl, os, time
path = os.environ["OTELOP_STATE_DIR"] + "/otelop.json"
open("probing", "w").close()
while not os.path.exists("enough"):
    with open(path, "r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass
    time.sleep(0.002)'
	eventually 10 test -e probing
	local starting=0
	for _ in {1..100}; do
		tool otelop-meta running
		case $output in
		starting) starting=$((starting + 1)) ;;
		*) assert_output "stale 2147483647" ;;
		esac
	done
	: >enough
	[ "$starting" -le 2 ] || fail "starting $starting times"
}

@test "upstream's file slips in while a start of ours is about to publish: it keeps its name, and the start says so" {
	needs "an exchange of names"
	otelop-meta write pid=2147483646
	background strace -f -qq -o traced -e trace=renameat2 -e inject=renameat2:delay_enter=700000:when=1 \
		otelop-run --ready exec -- sh -c ': >ran; exec sleep 1000'
	local ours=$!
	eventually 20 test -e "$OTELOP_STATE_DIR/otelop.json.next"
	eventually 20 test -s "$OTELOP_STATE_DIR/otelop.json.next"
	echo '{"pid": 2147483647}' >foreign
	chmod 600 foreign
	mv foreign "$file"
	local code=0
	wait "$ours" || code=$?
	assert_equal "$code" 125
	assert_equal "$(cat "$file")" '{"pid": 2147483647}'
	assert_not_exists ran
	assert_state_files otelop.json
}

@test "upstream's daemon slips in while the first file of ours is about to appear: it keeps its name, and the start is 75" {
	needs "an exchange of names"
	background strace -f -qq -o traced -e trace=renameat2 -e inject=renameat2:delay_enter=700000:when=1 \
		otelop-run --ready exec -- sh -c ': >ran; exec sleep 1000'
	local ours=$! code=0
	eventually 20 test -s "$OTELOP_STATE_DIR/otelop.json.first"
	background sh -c 'echo "{\"pid\": $$}" >foreign; chmod 600 foreign; exec flock -F -x foreign sh -c "mv foreign \"$1\"; exec sleep 60"' \
		sh "$file"
	local theirs=$!
	wait "$ours" || code=$?
	assert_equal "$code" 75
	assert_equal "$(cat "$file")" "{\"pid\": $theirs}"
	assert_not_exists ran
	assert_state_files otelop.json
}

@test "upstream's daemon runs: a start of another program is 75 and says so, a native one is the same" {
	tool -0 otelop start --native -- "$upstream"
	local pid=$output
	tool -75 otelop start -- sleep 5
	assert_regex "$stderr" "$OTELOP_STATE_DIR"
	tool -0 otelop start --native -- "$upstream"
	assert_output "$pid"
	tool -0 otelop stop
	assert_gone "$pid"
}

@test "upstream's temporary file is being written while we publish: both are whole" {
	mkdir -m 700 state
	printf 'half' >"$file.tmp"
	tool -0 otelop start --ready exec -- sleep 1000
	assert_equal "$(cat "$file.tmp")" half
	tool -0 otelop stop
	assert_equal "$(cat "$file.tmp")" half
}
