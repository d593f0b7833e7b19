# What lock, metadata and process together say: otelop-meta running and show.
# shellcheck disable=SC2016 # what stands in single quotes is for another shell
load helper

setup_more() {
	file=$OTELOP_STATE_DIR/otelop.json
}

# Publish another text as section 4 of the contract says: locked before it has the name.
publish() {
	local old=$holder
	hold_as "$file.tmp" "$1"
	mv "$file.tmp" "$file"
	end "$old"
}

# The background command ends with this status, having said this (in the file said).
assert_ended_saying() {
	local code=0
	wait "$1" || code=$?
	assert_equal "$code,$(cat said)" "$2"
}

# --- the table of states

# All that ask: the state's word for running, and the status of running and show; then that of read.
assert_state() {
	tool "-$2" otelop-meta running
	assert_output "$1"
	tool "-$2" otelop-meta show
	tool "-$2" otelop-meta show --json
	tool "-$3" otelop-meta read
	tool "-$3" otelop-meta get pid
}

@test "no directory: stopped, 3; nothing is made" {
	assert_state stopped 3 3
	tool -0 otelop-meta remove
	assert_not_exists "$OTELOP_STATE_DIR"
}

@test "no file: stopped, 3; nothing is made" {
	mkdir -m 700 state
	assert_state stopped 3 3
	tool -0 otelop-meta remove
	assert_equal "$(ls -A state)" ""
}

@test "empty and free: stopped, 3, without a warning" {
	file_is ''
	assert_state stopped 3 3
	tool -3 otelop-meta running
	assert_equal "$stderr" ""
	tool -3 otelop-meta show
	assert_equal "$stderr" ""
	assert_regex "$output" '^state +stopped$'
	tool -3 otelop-meta show --json
	assert_equal "$(jq -r .state <<<"$output")" stopped
}

@test "empty and locked: starting, 0, without a warning" {
	file_is ''
	hold_file "$file"
	assert_state starting 0 3
	tool -0 otelop-meta running
	assert_equal "$stderr" ""
	tool -0 otelop-meta show
	assert_regex "$output" '^state +starting$'
	tool -75 otelop-meta write
	assert_stderr_line_count 1
	tool -75 otelop-meta remove
	assert_stderr_line_count 1
	assert_exists "$file"
}

@test "corrupt and free: stale, 1, with one warning that names the file" {
	file_is '{"pid": 5'
	assert_state stale 1 4
	local words
	for words in running show "show --json"; do
		# shellcheck disable=SC2086
		tool -1 otelop-meta $words
		assert_stderr_line_count 1
		assert_regex "${stderr_lines[0]}" "^otelop-meta: $file: corrupt metadata: line 1, column 10: "
	done
	assert_equal "$(jq -r .state <<<"$output")" stale
	tool -0 otelop-meta remove
	assert_not_exists "$file"
}

@test "corrupt and locked: cannot tell, 4, and one line that names the file" {
	file_is '{"pid": 5'
	hold_file "$file"
	assert_state "" 4 4
	tool -4 otelop-meta running
	assert_output ""
	assert_stderr_line_count 1
	assert_regex "${stderr_lines[0]}" "^otelop-meta: $file: corrupt metadata: line 1, column 10: "
	tool -75 otelop-meta write
	tool -75 otelop-meta remove
	assert_equal "$(cat "$file")" '{"pid": 5'
	tool -4 otelop-stop
	assert_stderr_line_count 1
	kill -0 "$holder"
}

@test "complete and free: stale, 1, with its pid" {
	file_is '{"pid": 4711}'
	assert_state "stale 4711" 1 0
	tool -1 otelop-meta running
	assert_equal "$stderr" ""
}

@test "complete and locked: running, 0, with its pid" {
	background otelop-lock -- sleep 60
	eventually 5 is_published
	assert_state "running $!" 0 0
	tool -0 otelop-meta running
	assert_equal "$stderr" ""
}

@test "complete and locked by another process, and the one that it names is dead: starting, 0; that pid is not told" {
	needs /proc
	sleep 0 &
	wait "$!"
	file_is '{"pid": %d}' "$!"
	hold_file "$file"
	assert_state starting 0 0
	tool -0 otelop-lock -p
}

@test "complete and locked by another process, and its pid is somebody else's by now: starting, 0; that pid is not told" {
	needs /proc
	file_is '{"pid": %d}' "$$"
	touch -d 2024-01-01 "$file"
	hold_file "$file"
	assert_state starting 0 0
	tool -0 otelop-meta show
	refute_output --partial "$$"
}

@test "complete and claimed for a moment, and it names one that lives but does not hold it: that one is not called running" {
	needs /proc
	local tracer prober state try
	for state in ready starting; do
		file_is '{"pid": %d, "state": "%s"}' "$$" "$state"
		hold_file "$file"
		# The prober stops where it first waits to look again.  Where the machine is so slow that its patience, of
		# 100 ms, is over before that, it has nothing to wait for: another time.
		for try in {1..50}; do
			background strace -o trace -e trace=/nanosleep \
				-e inject=/nanosleep:signal=STOP:when=1 otelop-meta running >said
			tracer=$!
			eventually 10 grep -qse 'stopped by SIGSTOP' -e '+++ exited' trace
			! grep -q 'stopped by SIGSTOP' trace || break
			assert_ended_saying "$tracer" "0,${state/ready/running} $$"
			rm trace
		done
		prober=$(pgrep -P "$tracer")
		let_go
		kill -CONT "$prober"
		assert_ended_saying "$tracer" "1,stale $$"
		rm trace
	done
}

@test "complete and locked by the parent of the process that it names: running, 0, whatever the clock was" {
	background sh -c 'mkdir -m 700 "$1" && exec 9>"$2" && flock -x 9 && { sleep 60 9>&- & } &&
		printf "{\"pid\": %d}" $! >"$2" && touch -d 2024-01-01 "$2" && wait' sh "$OTELOP_STATE_DIR" "$file"
	eventually 5 is_old "$file"
	assert_state "running $(jq .pid "$file")" 0 0
}
is_old() { [ -s "$1" ] && [ "$(date -r "$1" +%Y)" = 2024 ]; }

@test "its state is starting, and locked: starting, 0, with its pid; free: stale" {
	hold_text '{"pid": %d, "state": "starting"}'
	assert_state "starting $holder" 0 0
	let_go
	assert_state "stale $holder" 1 0
}

@test "its state is exited: stale, 1, also while its parent still holds the lock; show says how" {
	file_is '{"pid": 4711, "state": "exited", "exitSignal": "SEGV", "exitedAt": "2024-01-01T00:00:00Z"}'
	assert_state "stale 4711" 1 0
	tool -1 otelop-meta show
	assert_line --regexp '^state +dead$'
	assert_line --regexp '^exited +killed by signal SEGV at 2024-01-01T00:00:00Z$'
	hold_file "$file"
	assert_state "stale 4711" 1 0
	let_go
	file_is '{"pid": 4711, "state": "exited", "exitCode": 7}'
	tool -1 otelop-meta show
	assert_line --regexp '^exited +with status 7$'
	tool -1 otelop-meta show --json
	assert_equal "$(jq -r '.state, .exitCode' <<<"$output" | tr '\n' ' ')" "exited 7 "
}

@test "a daemon on another host, and its lock is held by somebody who is not seen: cannot tell, 4, and the host is named" {
	local words
	can_hide_holder
	for words in running show "show --json"; do
		# shellcheck disable=SC2086
		tool -4 hidden_from otelop-meta $words
		assert_output ""
		assert_stderr_line_count 1
		assert_regex "${stderr_lines[0]}" '^otelop-meta: .*elsewhere\.example'
	done
	tool -4 hidden_from otelop-stop -t 1
	assert_regex "$stderr" 'elsewhere\.example'
	tool -0 otelop-meta get host
	assert_output elsewhere.example
}
# A lock whose holder is in a pid namespace that the asking ones do not see.
can_hide_holder() {
	can unshare -rpf --mount-proc true
	file_is '{"pid": 4711, "host": "elsewhere.example"}'
	hold_file "$file"
}
hidden_from() { unshare -rpf --mount-proc "$@"; }

@test "what a daemon of another host left, and nobody holds it: stale, the host is told; start takes it" {
	local id member
	for member in '"host": "elsewhere.example"' '"host": "elsewhere.example", "bootId": "00000000-0000-4000-8000-000000000000"'; do
		file_is "{\"pid\": 4711, $member}"
		tool -1 otelop-meta running
		assert_output "stale 4711"
		assert_equal "$stderr" "otelop-meta: $OTELOP_STATE_DIR: left by host elsewhere.example"
		tool -0 otelop-lock -- true
		file_is "{\"pid\": 4711, $member}"
		tool -0 otelop-stop
		assert_not_exists "$file"
	done
}

@test "this host has got another name: the boot tells that it is the same" {
	[ -r /proc/sys/kernel/random/boot_id ] && ! is_fallback || skip "needs a boot id"
	local boot
	boot=$(cat /proc/sys/kernel/random/boot_id)
	hold_text "{\"pid\": %d, \"host\": \"before.example\", \"bootId\": \"$boot\"}"
	tool -0 otelop-meta running
	assert_output "running $holder"
	assert_equal "$stderr" ""
	tool -75 otelop-lock -- true
	tool -0 otelop-stop
	assert_gone "$holder"
}

@test "an unknown host, or this one: no obstacle" {
	local host
	for host in "" "$(uname -n)"; do
		file_is '{"pid": 5, "host": "%s"}' "$host"
		tool -1 otelop-meta running
		assert_output "stale 5"
	done
}

@test "a host whose name this one's begins with, or that begins with it: another one" {
	local host
	for host in "$(uname -n)x" "$(uname -n | sed 's/.$//')" "$(uname -n)\\u0000"; do
		file_is '{"pid": 5, "host": "%s"}' "$host"
		[ -n "$host" ] || continue
		tool -1 otelop-meta running
		assert_regex "$stderr" ': left by host '
	done
}

@test "a file that cannot be read: 4, one line, and no word about the state" {
	can_be_nobody
	mkdir -m 755 state
	file_is '{"pid": 5}'
	chmod 600 "$file"
	local words
	for words in running show "show --json" read "get pid" remove; do
		# shellcheck disable=SC2086
		tool -4 as_nobody otelop-meta $words
		assert_output ""
		assert_stderr_line_count 1
		assert_regex "${stderr_lines[0]}" "^otelop-meta: $file: "
	done
	assert_exists "$file"
}

@test "the daemon is a zombie while its otelop-run sweeps, asked by a user: stale" {
	can_give
	can_be_nobody
	needs /proc
	mkdir -m 755 there
	chown 65534:65534 there
	as_nobody true
	export OTELOP_STATE_DIR=$PWD/there/state
	tool -0 as_nobody otelop-spawn -- otelop-run --ready fd -- sh -c '
		leave sh -c "trap : TERM; >there/deaf; while :; do sleep 0.02; done"
		until test -e there/deaf; do sleep 0.02; done; otelop-ready; exec sleep 1000'
	local pid=$output
	kill -KILL "$pid"
	assert_gone "$pid"
	tool -1 as_nobody otelop-meta running
	assert_output "stale $pid"
}

@test "the daemon has a file open whose server does not answer: it is called running, at once" {
	with_hanging_server '
		otelop-spawn -- otelop-run --ready fd -- sh -c "exec 4<mount/f; otelop-ready; exec sleep 1000" >/dev/null
		: >hang
		timeout -s KILL 20 otelop-meta running | cut -d" " -f1
		timeout -s KILL 20 otelop-stop -t 1 -k 1
		kill "$server"
		wait "$server"
		otelop-stop'
	assert_output running
}

@test "a stranger has a file of our name open whose server does not answer: who keeps a dead daemon's lock is told, at once" {
	needs /proc
	with_hanging_server '
		sh -c "exec 4<mount/otelop.json; : >open; exec sleep 1000" &
		stranger=$!
		otelop-lock -- sh -c "sleep 1001 & : >locked; exec sleep 1000" &
		daemon=$!
		until [ -e open ] && [ -e locked ]; do sleep 0.02; done
		: >hang
		kill -KILL "$daemon"
		wait "$daemon"
		timeout -s KILL 20 otelop-meta running 2>&1
		timeout -s KILL 20 otelop-stop -t 5
		kill -KILL "$stranger" "$server"
		wait "$server"'
	assert_output --partial "its lock kept by process"
	assert_output --partial "(sleep)"
}

# --- running -w, -a, -- CMD

@test "running -w while starting, then ready: it waits, and says running, 0" {
	hold_text '{"pid": %d, "state": "starting"}'
	local waiter
	begin_to_wait otelop-meta running -w 20 >said
	assert_equal "$(cat said)" ""
	publish "{\"pid\": %d, \"state\": \"ready\"}"
	assert_ended_saying "$waiter" "0,running $holder"
}

@test "running -w while starting, published once more as starting, then ready: it goes on waiting" {
	file_is ''
	hold_file "$file"
	local waiter
	begin_to_wait otelop-meta running --wait=20 >said
	publish "{\"pid\": %d, \"state\": \"starting\"}"
	eventually 5 waits_for_lock "$waiter"
	assert_equal "$(cat said)" ""
	publish '{"pid": %d}'
	assert_ended_saying "$waiter" "0,running $holder"
}

@test "running -w while starting, then dead, exited or gone: 1" {
	local how waiter
	for how in dead exited gone; do
		hold_text '{"pid": %d, "state": "starting"}'
		begin_to_wait otelop-meta running -w 20 >said
		case $how in
		dead) let_go && assert_ended_saying "$waiter" "1,stale $holder" ;;
		exited)
			publish "{\"pid\": %d, \"state\": \"exited\", \"exitCode\": 3}"
			let_go
			assert_ended_saying "$waiter" "1,stale $holder"
			;;
		gone) rm "$file" && let_go && assert_ended_saying "$waiter" "1,stopped" ;;
		esac
	done
}

@test "running -w while starting, for longer than that: 124, and still starting" {
	hold_text '{"pid": %d, "state": "starting"}'
	tool -124 soon otelop-meta running -w 200ms
	assert_output "starting $holder"
}

@test "running -w where nothing starts: the answer at once" {
	tool -3 soon otelop-meta running -w 60
	assert_output stopped
	file_is '{"pid": 5}'
	tool -1 soon otelop-meta running -w 60
	assert_output "stale 5"
	hold_text '{"pid": %d}'
	tool -0 soon otelop-meta running -w 0
	assert_output "running $holder"
}

@test "running -a -w: also waits for a daemon that does not exist yet, over a dead one's file too" {
	local waiter
	background otelop-meta running -a -w 20 >said
	waiter=$!
	background otelop-lock -- sleep 60
	assert_ended_saying "$waiter" "0,running $!"
	end "$!"
	tool -1 otelop-meta running
	background otelop-meta running --appear --wait 20 >said
	waiter=$!
	background otelop-lock -- sleep 60
	assert_ended_saying "$waiter" "0,running $!"
}

@test "running -a -w and nobody comes: 124" {
	tool -124 soon otelop-meta running -a -w 100ms
	assert_output stopped
	file_is '{"pid": 5}'
	tool -124 soon otelop-meta running -a -w 100ms
	assert_output "stale 5"
}

@test "running -w with what is no duration: usage" {
	local time
	for time in x '' -1 1d '1 s' 1.s .5 1e3; do
		tool -2 otelop-meta running -w "$time"
		assert_output ""
		assert_regex "${stderr_lines[0]}" '^otelop-meta: '
	done
}

@test "running -- CMD: 0 when this command runs, 75 and one line when another does" {
	background otelop-lock -- sh -c 'sleep 60' 'a b' ''
	eventually 5 is_published
	tool -0 otelop-meta running -- sh -c 'sleep 60' 'a b' ''
	assert_output "running $!"
	assert_equal "$stderr" ""
	local words
	for words in "sh" "sh -c" "sh -c sleep 60 a b" "other" ""; do
		# shellcheck disable=SC2086
		tool -75 otelop-meta running -- $words x
		assert_output "running $!"
		assert_stderr_line_count 1
		assert_regex "${stderr_lines[0]}" '^otelop-meta: '
	done
	tool -75 otelop-meta running -- sh -c 'sleep 60' 'a b'
	tool -75 otelop-meta running -- sh -c 'sleep 60' 'a b' '' ''
	tool -75 otelop-meta running -- sh -c 'sleep 60' a b ''
	tool -75 otelop-meta running -- sh -c 'sleep 60' 'a b' $'\xff'
}

@test "running -- CMD while one with a very long command line runs: 75 and one line" {
	background otelop-lock -- sh -c 'sleep 60' "$(printf '%*s' 20000 '' | tr ' ' x)"
	eventually 5 is_published
	tool -75 otelop-meta running -- sleep 60
	assert_output "running $!"
	assert_stderr_line_count 1
	assert_regex "${stderr_lines[0]}" '^otelop-meta: '
}

@test "running -- CMD while one with control characters runs: the line does not carry them" {
	background otelop-lock -- sh -c 'sleep 60' $'a\n\e[31mred\a\x7f\xc2\x9b'
	eventually 5 is_published
	tool -75 otelop-meta running -- sleep 60
	assert_stderr_line_count 1
	refute_controls "$stderr"
}

@test "running -- CMD where the metadata names no command: 0; where nobody is there: 3; after a start that failed: 1" {
	tool -3 otelop-meta running -- sleep 60
	file_is '{"pid": 4711}'
	tool -3 otelop-meta running -- sleep 60
	assert_output "stale 4711"
	hold_text '{"pid": %d}'
	tool -0 otelop-meta running -- sleep 60
	assert_output "running $holder"
	let_go
	hold_text '{"pid": %d, "state": "starting", "command": ["other"]}'
	local waiter
	begin_to_wait otelop-meta running -w 20 -- sleep 60 >said
	let_go
	assert_ended_saying "$waiter" "1,stale $holder"
}

# --- show

@test "show: aligned lines with state, pid, uptime, command and the user's members" {
	hold_text '{"pid": %d, "startedAt": "'"$(TZ=UTC-2 date -d '-93784 seconds' +%Y-%m-%dT%H:%M:%S+02:00)"'", "command": ["sleep", "60"], "cwd": "/tmp", "listen": ["127.0.0.1:80", "[::1]:80"], "httpAddr": "h", "proxyUrl": "", "colour": "blue"}'
	tool -0 otelop-meta show
	assert_equal "$stderr" ""
	assert_line --index 0 "state         running"
	assert_line --index 1 "pid           $holder"
	assert_line --index 2 --regexp '^uptime        1d 2h 3m [0-9]+s$'
	assert_line "command       sleep 60"
	assert_line "cwd           /tmp"
	assert_line "listen        127.0.0.1:80 [::1]:80"
	assert_line "httpAddr      h"
	assert_line "colour        blue"
	refute_output --partial proxyUrl
}

@test "show --json: what the kernel says now, with the uptime, for a strict parser" {
	hold_text '{"pid": %d, "state": "ready", "startedAt": "'"$(TZ=UTC+5 date -d '-1000 seconds' +%Y-%m-%dT%H:%M:%S-05:00)"'", "colour": "blue"}'
	tool -0 otelop-meta show --json
	assert_equal "$stderr" ""
	assert_equal "$(jq -r '.state, .pid, .colour' <<<"$output" | tr '\n' ' ')" "running $holder blue "
	local up
	up=$(jq .uptimeSeconds <<<"$output")
	[ "$up" -ge 1000 ] && [ "$up" -le 1100 ] || fail "uptimeSeconds is $up"
	let_go
	tool -1 otelop-meta show --json
	assert_equal "$(jq -r '.state, .uptimeSeconds' <<<"$output" | tr '\n' ' ')" "stale null "
}

@test "show of a daemon that has no startedAt, or one in the future: no nonsense for an uptime" {
	local at up
	for at in null '"2999-01-01T00:00:00Z"'; do
		hold_text '{"pid": %d, "startedAt": '"$at}"
		tool -0 otelop-meta show --json
		up=$(jq '.uptimeSeconds // 0' <<<"$output")
		[ "$up" -eq 0 ] || fail "startedAt $at: uptime $up"
		let_go
	done
}

@test "show: no control character and no escape sequence of any value or key reaches the terminal" {
	local evil='x\\u001b[31m\\u0007\\u009b2J\\u0085\\u007f\\u0000\\r\\nstate         running\\b\\f\\t'
	file_is '{"pid": 5, "version": "'"$evil"'", "command": ["'"$evil"'", "b"], "cwd": "'"$evil"'", "listen": ["'"$evil"'"], "host": "", "exitSignal": "'"$evil"'", "'"$evil"'": "'"$evil"'", "o": {"'"$evil"'": ["'"$evil"'"]}, "l": [["'"$evil"'"], {"a": "'"$evil"'"}], "exitedAt": "2024-01-01T00:00:00Z"}'
	tool -1 otelop-meta show
	run -0 python3 - "$output" <<-'PYTHON'
		import sys, unicodedata
		text = sys.argv[1]
		assert [c for c in text if c != "\n" and unicodedata.category(c) == "Cc"] == [], ascii(text)
		lines = text.split("\n")
		assert lines[0].startswith("state ") and "running" not in lines[0]
		assert not any(l.startswith("state ") for l in lines[1:]), lines
		assert len(lines) == 11, lines
		assert "\\x1b[31m" in text
	PYTHON
}

@test "show of a file with raw C1 and DEL characters: they do not reach the terminal, with --json neither" {
	file_is '{"pid": 5, "a": "x\xc2\x9b31m\xc2\x85\x7f", "b\xc2\x9b": {"c\x7f": ["\xc2\x9b"]}}'
	tool -1 otelop-meta show
	refute_controls "$output"
	tool -1 otelop-meta show --json
	refute_controls "$output"
	run -0 python3 -c 'import json, sys; m = json.loads(sys.argv[1]); assert m["a"] == "x\x9b31m\x85\x7f", m' "$output"
}

@test "show of letters of any language: as they are" {
	file_is '{"pid": 5, "a": "ü日😀", "\\u00fc": "\\u65e5\\ud83d\\ude00"}'
	tool -1 otelop-meta show
	assert_line --regexp '^a +ü日😀$'
	assert_line --regexp '^ü +日😀$'
}

@test "a state directory with control characters in its name: warnings are one line without them" {
	local dir=$BATS_TEST_TMPDIR/$'a\n\e[31m\xc2\x9b'
	mkdir -m 700 "$dir"
	printf '{' >"$dir/otelop.json"
	tool -1 otelop-meta -C "$dir" running
	assert_stderr_line_count 1
	refute_controls "$stderr"
}
