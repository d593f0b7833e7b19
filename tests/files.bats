# Files, directories and disks that are not as they should be.
# shellcheck disable=SC2016 # what stands in single quotes is for another shell
load helper

# The lines of $stderr but for the one that names the log.
reasons() { grep -v '^otelop: log: ' <<<"$stderr"; }
assert_one_reason() { assert_equal "$(reasons | wc -l)" 1; }

# --- odd metadata

@test "odd metadata that nobody holds: the right state, no signal, and the next start works" {
	background sleep 600
	bystander=$!
	mkdir -m 700 "$OTELOP_STATE_DIR"
	file=$OTELOP_STATE_DIR/otelop.json
	whole="{\"pid\": $bystander, \"startedAt\": \"2026-01-02T03:04:05Z\", \"httpAddr\": \"\"}"
	for case in empty truncated binary huge wrong; do
		case $case in
		empty) : ;;
		truncated) printf '%s' "${whole%???}" ;;
		binary) printf '\0\1\377' ;;
		huge) printf '%s' "$whole" && head -c 10000000 /dev/zero | tr '\0' ' ' ;;
		wrong) printf '{"pid": "%s"}' "$bystander" ;;
		esac >"$file"
		tool otelop status
		[ "$case" = empty ] && expected=3 || expected=1
		assert_equal "$case: status $status" "$case: status $expected"
		[ "$case" = empty ] || [[ $stderr == *"$file"* ]]
		tool otelop stop
		assert_equal "$case: stop $status" "$case: stop 0"
		start_sleep
		tool -0 otelop stop
	done
	kill -0 "$bystander"
}

@test "corrupt metadata under a held lock: status 4 that names the file, and stop signals nobody" {
	background sleep 600
	bystander=$!
	mkdir -m 700 "$OTELOP_STATE_DIR"
	printf '{"pid": %s, oops' "$bystander" >"$OTELOP_STATE_DIR/otelop.json"
	background flock "$OTELOP_STATE_DIR/otelop.json" -c ': >held; exec sleep 600'
	eventually 10 test -e held
	tool -4 otelop status
	[[ $stderr == *"$OTELOP_STATE_DIR/otelop.json"* ]]
	assert_stderr_line_count 1
	tool -4 otelop stop -t 300ms
	tool -4 otelop start -t 5 --ready exec -- sleep 600
	kill -0 "$bystander"
}

@test "metadata that is not to be trusted: refused with its name, no hang, no signal" {
	background sleep 600
	bystander=$!
	mkdir -m 700 "$OTELOP_STATE_DIR"
	file=$OTELOP_STATE_DIR/otelop.json
	for case in fifo link writable foreign directory; do
		rm -rf "$file"
		printf '{"pid": %s}' "$bystander" >elsewhere
		case $case in
		fifo) mkfifo "$file" ;;
		link) ln -s "$PWD/elsewhere" "$file" ;;
		writable) cp elsewhere "$file" && chmod 666 "$file" ;;
		foreign) cp elsewhere "$file" && chown 65534 "$file" 2>/dev/null || continue ;;
		directory) mkdir "$file" ;;
		esac
		tool -4 timeout 20 otelop status
		[[ $stderr == *"$file"* ]]
		assert_stderr_line_count 1
		tool -4 timeout 20 otelop stop
		[[ $stderr == *"$file"* ]]
		tool -125 timeout 20 otelop start --ready exec -- sleep 600
		[[ $stderr == *"$file"* ]]
	done
	kill -0 "$bystander"
}

@test "our metadata: valid JSON with upstream's eight members first, in order, and a final newline" {
	start_sleep
	tail -c 1 "$OTELOP_STATE_DIR/otelop.json" | od -An -c | grep -q '\\n'
	tool -0 python3 -c 'import json, sys
pairs = json.load(open(sys.argv[1], encoding="utf-8"), object_pairs_hook=list)
print([key for key, value in pairs[:8]])' "$OTELOP_STATE_DIR/otelop.json"
	assert_output "['pid', 'startedAt', 'httpAddr', 'otlpGrpcAddr', 'otlpHttpAddr', 'proxyUrl', 'proxyProtocol', 'version']"
}

# --- directories

@test "a state directory that everyone may write to: refused, status 125, named" {
	mkdir -m 777 "$OTELOP_STATE_DIR"
	chmod 777 "$OTELOP_STATE_DIR"
	tool -125 otelop start --ready exec -- sleep 600
	[[ $stderr == *"$OTELOP_STATE_DIR"* ]]
	assert_stderr_line_count 1
	assert_nothing_runs
}

@test "a state directory that is a file: every command says so in one line, with the status of the table" {
	: >file
	for command in "start --ready exec -- sleep 600:125" "status:4" "status -q:4" "stop:4" "restart:4" \
		"wait -t 5:4" "wait --stopped -t 5:4" "logs:4"; do
		# shellcheck disable=SC2086 # words
		tool otelop -C file ${command%:*}
		assert_equal "${command%:*}:$status" "$command"
		[[ $stderr == *"$PWD/file"* ]]
		assert_stderr_line_count 1
	done
	assert_nothing_runs
}

@test "list in a state directory that is a file: it says so, status 4" {
	: >file
	tool -4 otelop -C file list
	assert_output ""
	[[ $stderr == *"$PWD/file"* ]]
	assert_stderr_line_count 1
}

@test "no HOME: every command says so in one line, with the status of the table" {
	unset OTELOP_STATE_DIR
	for command in "start --ready exec -- sleep 600:125" "status:4" "stop:4" "restart:4" "list:125" "logs:125" \
		"wait -t 5:4" "wait --stopped -t 5:4"; do
		# shellcheck disable=SC2086 # words
		tool env -u HOME otelop ${command%:*}
		assert_equal "${command%:*}:$status" "$command"
		assert_output ""
		[[ $stderr == *HOME* ]]
		assert_stderr_line_count 1
	done
	assert_nothing_runs
}

# --- disks

@test "a full disk: status 125, one reason that names the file, nothing is left but the log" {
	with_small_disk "$fill"' otelop -C mnt/state start --ready exec -- sleep 600; status=$?
		find mnt/state -mindepth 1; otelop -C mnt/state status -q; echo "state $?"; exit $status'
	assert_equal "$status" 125
	assert_output "mnt/state/otelop.log"$'\n'"state 3"
	assert_one_reason
	[[ $(reasons) == otelop:*"$PWD/mnt/state/otelop.json"* ]]
	assert_nothing_runs
}

@test "a disk that fills up before the daemon is ready: no success, the file is named, nothing runs" {
	printf '%s otelop-ready\nexec sleep 600\n' "$fill" >daemon
	with_small_disk 'otelop -C mnt/state start --ready fd -- sh ./daemon; status=$?
		otelop -C mnt/state status -q; echo "state $?"; exit $status'
	[ "$status" -eq 1 ] || [ "$status" -eq 125 ]
	[[ $stderr == *otelop.json* ]]
	assert_nothing_runs
}

@test "a file system that cannot be written to: status 125, one line with the right reason" {
	with_small_disk 'mkdir -m 700 mnt/old; mount -o remount,bind,ro mnt
		for name in old new; do otelop -C mnt/$name start --ready exec -- sleep 600; echo "$?"; done
		otelop -C mnt/old status -q; echo "$?"; otelop -C mnt/old stop; echo "$?"'
	assert_output $'125\n125\n3\n0'
	assert_stderr_line_count 2
	[[ ${stderr_lines[0]} == *"$PWD/mnt/old"* && ${stderr_lines[1]} == *"$PWD/mnt/new"* ]]
	readonly_reason=${stderr_lines[0]##*: }
	assert_equal "${stderr_lines[1]##*: }" "$readonly_reason"
	assert_nothing_runs
}

@test "a directory that we may not write to: status 125, one line" {
	can_give
	can_be_nobody
	mkdir -m 755 home
	chown 65534 home
	chmod 555 home
	tool -125 as_nobody otelop -C "$PWD/home/state" start --ready exec -- sleep 600
	assert_stderr_line_count 1
	[[ $stderr == *"$PWD/home/state"* ]]
	assert_nothing_runs
}
