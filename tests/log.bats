# The log: what is written to it, shown of it, and how it is kept small.
# shellcheck disable=SC2016 # what stands in single quotes is for another shell
load helper

# --- what otelop-spawn writes and shows

@test "what the child writes: stdout and stderr are appended to the log, which is 0600" {
	umask 0
	mkdir -m 700 state
	echo before >state/otelop.log
	chmod 600 state/otelop.log
	tool -0 otelop-spawn -- sh -c 'echo one; echo two >&2; echo ok >&3; exec sleep 1000'
	assert_equal "$(cat state/otelop.log)" "$(printf 'before\none\ntwo')"
	rm state/otelop.log
	tool -0 otelop-spawn -- sh -c 'echo ok >&3; exec sleep 1000'
	assert_equal "$(stat -c %a state/otelop.log)" 600
	# Where its `ok` goes, there for a moment its stdout went.
	appends() { (($(sed -n 's/^flags:[[:space:]]*/0/p' "/proc/$output/fdinfo/1") & 02000)); }	# O_APPEND
	eventually 10 appends
	assert_equal "$(readlink "/proc/$output/fd/1")" "$OTELOP_STATE_DIR/otelop.log"
	assert_equal "$(readlink "/proc/$output/fd/2")" "$OTELOP_STATE_DIR/otelop.log"
}

@test "a start fails: of the log only the lines of this start are shown, the last ten" {
	tool -1 otelop-spawn -- sh -c 'echo from-an-earlier-start; exit 3'
	tool -1 otelop-spawn -- sh -c 'seq -f "line %g" 20; exit 3'
	assert_stderr_line_count 12
	assert_equal "${stderr_lines[1]}" "line 11"
	assert_equal "${stderr_lines[10]}" "line 20"
	tool -1 otelop-spawn -- sh -c 'exit 3'
	assert_stderr_line_count 2
}

@test "a failed start's last lines with escapes, C1, DEL, CR and bytes that are no text: shown, and none is done; tabs stay" {
	tool -1 otelop-spawn -- sh -c 'printf "a\tb \033[31mred\033]0;title\007 \302\233x \177 \r\n\377\344 gr\303\274n\nlast\302\205"; exit 3'
	assert_equal "${stderr_lines[1]}" $'a\tb \\x1b[31mred\\x1b]0;title\\x07 \\xc2\\x9bx \\x7f \\x0d'
	assert_equal "${stderr_lines[2]}" '\xff\xe4 grün'
	assert_equal "${stderr_lines[3]}" 'last\xc2\x85'
	assert_regex "${stderr_lines[4]}" '^otelop-spawn: sh: log: '
	# The log itself has what was written.
	grep -qF $'\e[31mred' "$OTELOP_STATE_DIR/otelop.log"
}

@test "a command whose name has controls, C1 too, and a bounded log: no message of any program carries them, nor does ours in the log" {
	local name=$'x\xc2\x9bx\e[31m\x7f'
	printf '#!/bin/sh\nexit 3\n' >"$name"
	chmod 755 "$name"
	tool -1 otelop-spawn -- "./$name"
	assert_regex "${stderr_lines[0]}" 'x\\xc2\\x9bx\\x1b\[31m\\x7f'
	tool -3 otelop-run --ready fd -- "./$name"
	refute_controls "$stderr"
	tool -127 otelop-spawn -- "./no$name"
	refute_controls "$stderr"
	tool -127 otelop-lock -- "./no$name"
	refute_controls "$stderr"
	printf '#!/bin/sh\necho ok >&3; exit 3\n' >"$name"
	tool -0 otelop-spawn -- otelop-run --log-max 64k --ready fd -- "./$name"
	assert_equal "$stderr" ""
	eventually 10 grep -q 'exited with status 3' "$OTELOP_STATE_DIR/otelop.log"
	refute_controls "$(cat "$OTELOP_STATE_DIR/otelop.log")"
}

@test "--tail N: the last N lines; 0: none" {
	tool -1 otelop-spawn --tail 2 -- sh -c 'seq -f "line %g" 20; exit 3'
	assert_stderr_line_count 4
	assert_equal "${stderr_lines[1]} ${stderr_lines[2]}" "line 19 line 20"
	tool -1 otelop-spawn --tail=50 -- sh -c 'seq -f "line %g" 20; exit 3'
	assert_stderr_line_count 22
	assert_equal "${stderr_lines[1]}" "line 1"
	tool -1 otelop-spawn --tail 0 -- sh -c 'seq 20; exit 3'
	assert_stderr_line_count 2
}

@test "the log's last line has no end: the next message still begins a line" {
	tool -1 otelop-spawn -- sh -c 'echo one; printf two; exit 3'
	assert_equal "${stderr_lines[1]}|${stderr_lines[2]}" "one|two"
	assert_equal "${stderr_lines[3]}" "otelop-spawn: sh: log: $OTELOP_STATE_DIR/otelop.log"
}

@test "the log has megabytes of one start: only its end is shown, in whole lines" {
	tool -1 otelop-spawn --tail 3 -- sh -c 'seq 300000; exit 3'
	assert_equal "${stderr_lines[1]} ${stderr_lines[2]} ${stderr_lines[3]}" "299998 299999 300000"
}

@test "-l LOG and -d DIR: LOG is the caller's relative path, DIR the child's directory" {
	mkdir there
	tool -1 otelop-spawn -l my.log -d there -- sh -c 'pwd; exit 3'
	assert_equal "$(cat my.log)" "$PWD/there"
	assert_equal "${stderr_lines[1]}" "$PWD/there"
	assert_regex "${stderr_lines[2]}" '^otelop-spawn: sh: log: .*my.log$'
	assert_not_exists "$OTELOP_STATE_DIR/otelop.log"
	tool -0 otelop-spawn --log /dev/null --chdir there -- sh -c 'pwd >where; echo ok >&3; exec sleep 1000'
	assert_equal "$(cat there/where)" "$PWD/there"
}

@test "a log that cannot be made: 125, it is named, nothing is started" {
	tool -125 otelop-spawn -l nowhere/my.log -- sh -c ': >ran'
	assert_regex "$stderr" '^otelop-spawn: .*nowhere/my.log: cannot open'
	assert_stderr_line_count 1
	assert_not_exists ran
}

@test "a log that is a FIFO: 125 while nobody reads it, and nothing hangs; else what is written arrives" {
	mkfifo pipe
	tool -125 otelop-spawn -l pipe -- sh -c "$(says ok)"
	[[ $stderr == *'pipe: cannot open the log, which nobody reads: '* ]]
	assert_nothing_runs
	background sh -c 'cat pipe >arrived'
	tool -0 eventually 20 otelop-spawn -l pipe -- sh -c 'echo words; echo ok >&3; exec sleep 1000'
	eventually 20 grep -q words arrived
}

@test "the child's output: writing waits, as programs expect, and does not fail" {
	tool -0 otelop-spawn -- sh -c 'grep flags: /proc/self/fdinfo/1 >flags; echo ok >&3'
	# O_NONBLOCK is 04000.
	run -0 grep -c '[0-3].\{3\}$' flags
}

@test "the state directory's log is a link, a FIFO, or everyone's: 125, refused by name" {
	local path=$OTELOP_STATE_DIR/otelop.log
	mkdir -m 700 state
	ln -s "$BATS_TEST_TMPDIR/victim" state/otelop.log
	tool -125 otelop-spawn -- sh -c ': >ran'
	assert_regex "$stderr" "^otelop-spawn: $path: refused: "
	assert_not_exists victim
	rm state/otelop.log
	mkfifo state/otelop.log
	tool -125 otelop-spawn -- sh -c ': >ran'
	assert_regex "$stderr" "^otelop-spawn: $path: refused: "
	rm state/otelop.log
	: >state/otelop.log
	chmod 666 state/otelop.log
	tool -125 otelop-spawn -- sh -c ': >ran'
	assert_regex "$stderr" "^otelop-spawn: $path: refused: "
	assert_not_exists ran
}

@test "a state directory that is a file: 125, it is named" {
	: >state
	tool -125 otelop-spawn -- sh -c ': >ran'
	assert_regex "$stderr" "^otelop-spawn: $OTELOP_STATE_DIR: "
	assert_stderr_line_count 1
	assert_not_exists ran
}

@test "a state directory on a full disk: 125, the log is named, nothing is started" {
	mounted -125 nr_inodes=1 otelop-spawn -- sh -c ': >ran'
	assert_regex "$stderr" "^otelop-spawn: $OTELOP_STATE_DIR/otelop.log: cannot open: "
	assert_stderr_line_count 1
	assert_not_exists ran
}

@test "a state directory that is read-only: 125, the log is named, nothing is started" {
	mounted -125 ro otelop-spawn -- sh -c ': >ran'
	assert_regex "$stderr" "^otelop-spawn: $OTELOP_STATE_DIR/otelop.log: cannot open: "
	assert_stderr_line_count 1
	assert_not_exists ran
}

@test "a umask that takes away everything: the log is 0600, and the next start works" {
	can_give
	can_be_nobody
	mkdir -m 700 mine
	chown 65534 mine
	tool -1 as_nobody sh -c 'umask 0777; exec otelop-spawn -C mine -- sh -c "echo words; exit 1"'
	[[ $stderr == *words* ]]
	assert_equal "$(stat -c %a mine/otelop.log)" 600
	tool -0 as_nobody sh -c 'umask 0277; exec otelop-spawn -C mine -- otelop-lock -- sh -c "otelop-ready; exec sleep 1000"'
	assert_equal "$(stat -c %a mine/otelop.json)" 600
}

# --- --log-max

# $runner, which is above the daemon $pid, has a $writer for the log; not one that has been killed and is still to be reaped.
has_writer() { writer=$(pgrep -P "$runner" | grep -vx "$pid") && ! is_gone "$writer"; }

# A daemon that is ready at once and then says N numbered lines; the last one is always "end".
talker() {
	cat >talker <<-TALKER
		otelop-ready
		i=0
		while [ \$i -lt $1 ]; do i=\$((i + 1)); echo "line \$i, and some words to fill it"; done
		echo end
		exec sleep 1000
	TALKER
}

all_lines() {
	local log=$OTELOP_STATE_DIR/otelop.log old
	for old in $(printf '%s\n' "$log".* | sort -t. -k3,3nr); do cat "$old"; done
	cat "$log"
}
has_ended() { all_lines | grep -qx end; }
sizes_over() { find "$OTELOP_STATE_DIR" -name 'otelop.log*' -size "+$1c"; }

@test "--log-max: no log is ever over the bound, and every line is there, in order" {
	talker 5000
	tool -0 otelop start --log-max 16k --log-keep 100 -- sh talker
	eventually 20 has_ended
	assert_equal "$(sizes_over 16384)" ""
	assert [ "$(find "$OTELOP_STATE_DIR" -name 'otelop.log.*' | wc -l)" -gt 5 ]
	all_lines | awk '/^line/ { if ($2 != ++n ",") { print "line " n ": " $0; exit 1 } } END { exit n != 5000 }'
	tool -0 otelop stop
}

@test "--log-max: each log ends with a whole line" {
	talker 2000
	tool -0 otelop start --log-max 8k --log-keep 100 -- sh talker
	eventually 20 has_ended
	assert_exists "$OTELOP_STATE_DIR/otelop.log.2"
	for log in "$OTELOP_STATE_DIR"/otelop.log.*; do assert_equal "$(tail -c 1 "$log" | od -An -c)" '  \n'; done
	tool -0 otelop stop
}

@test "--log-keep: so many old logs stay, the oldest lines go" {
	talker 3000
	tool -0 otelop start --log-max 8k --log-keep 2 -- sh talker
	eventually 20 has_ended
	tool -0 otelop stop
	assert_state_files otelop.log otelop.log.1 otelop.log.2
}

@test "a log over the bound at the start: it is renamed, and the daemon's first words are in the new one" {
	mkdir -m 700 "$OTELOP_STATE_DIR"
	(umask 077 && head -c 20000 /dev/zero | tr '\0' x >"$OTELOP_STATE_DIR/otelop.log")
	talker 1
	tool -0 otelop start --log-max 16k -- sh talker
	eventually 10 has_ended
	assert_equal "$(stat -c %s "$OTELOP_STATE_DIR/otelop.log.1")" 20000
	assert_equal "$(head -n 1 "$OTELOP_STATE_DIR/otelop.log")" "line 1, and some words to fill it"
	tool -0 otelop stop
}

@test "a start with --log-max that fails: its last words are shown" {
	tool -1 otelop start --log-max 16k -- sh -c 'echo boom; exit 3'
	assert_regex "$stderr" 'exited with status 3'
	assert_regex "$stderr" 'boom'
	assert_nothing_runs
}

@test "a restart: the bound is remembered" {
	talker 2000
	tool -0 otelop start --log-max 8k --log-keep 100 -- sh talker
	eventually 20 has_ended
	tool -0 otelop restart
	assert_equal "$(otelop-meta get logMax logKeep | tr '\n' ' ')" "8k 100 "
	tool -0 otelop stop
	assert_equal "$(sizes_over 8192)" ""
}

@test "kill -9 of otelop-run: the daemon can still write, its lines still arrive, stop leaves nothing" {
	cat >daemon <<-'DAEMON'
		trap 'echo heard; exit 0' TERM
		otelop-ready
		while :; do sleep 0.05; done
	DAEMON
	tool -0 otelop start --log-max 16k -- sh daemon
	pid=$output
	parent=$(parent_of "$pid")
	kill -KILL "$parent"
	assert_gone "$parent"
	tool -0 otelop status
	tool -0 otelop stop
	eventually 10 grep -qx heard "$OTELOP_STATE_DIR/otelop.log"
	assert_nothing_runs
}

@test "the log's writer is killed: another takes over, and the daemon lives" {
	cat >daemon <<-'DAEMON'
		trap 'echo again' USR1
		otelop-ready
		while :; do sleep 0.05; done
	DAEMON
	tool -0 otelop start --log-max 16k -- sh daemon
	pid=$output
	runner=$(parent_of "$pid")
	eventually 20 has_writer
	kill -KILL "$writer"
	assert_gone "$writer"
	kill -USR1 "$pid"
	eventually 10 grep -qx again "$OTELOP_STATE_DIR/otelop.log"
	tool -0 otelop stop
	assert_nothing_runs
}

@test "logs -f: follows across a rename" {
	cat >daemon <<-'DAEMON'
		trap 'i=0; while [ $i -lt 300 ]; do i=$((i + 1)); echo "more $i"; done; echo last' USR1
		echo first
		otelop-ready
		while :; do sleep 0.05; done
	DAEMON
	tool -0 otelop start --log-max 2k --log-keep 9 -- sh daemon
	pid=$output
	background otelop logs -f >followed 2>/dev/null
	follower=$!
	eventually 10 grep -qx first followed
	kill -USR1 "$pid"
	eventually 15 grep -qx last followed
	kill "$follower"
	tool -0 otelop stop
}

@test "a line longer than the bound: not a byte of it is lost" {
	tool -0 otelop start --ready exec --log-max 1k --log-keep 50 -- \
		sh -c 'head -c 10000 /dev/zero | tr "\0" y; echo; echo end; exec sleep 1000'
	eventually 10 has_ended
	assert_equal "$(all_lines | head -n 1 | wc -c)" 10001
	assert_equal "$(sizes_over 1024)" ""
	tool -0 otelop stop
}

@test "--no-sweep with a child that goes on writing: the lock is free, the child's lines still arrive" {
	tool -0 otelop start --ready fd --no-sweep --log-max 16k -- \
		sh -c '(trap "" TERM; while [ ! -e go ]; do sleep 0.05; done; echo late) & otelop-ready; wait'
	tool -0 otelop stop
	tool -3 otelop-lock -p
	touch go
	eventually 10 grep -qx late "$OTELOP_STATE_DIR/otelop.log"
	assert_nothing_runs
}

@test "--log-max: a unit of either case is the same" {
	for size in 2k 2K 1m 1M 1g 1G; do
		tool -0 otelop-run --dry-run --log-max "$size" -- true
	done
	# 1K is 1,024 and no more.
	tool -0 otelop start --ready exec --log-max 1K --log-keep 50 -- \
		sh -c 'i=0; while [ $i -lt 100 ]; do echo "line $i of what is longer than a log"; i=$((i + 1)); done; exec sleep 600'
	eventually 10 grep -q 'line 99 ' "$OTELOP_STATE_DIR/otelop.log"
	assert_equal "$(find "$OTELOP_STATE_DIR" -name 'otelop.log*' -size +1024c)" ""
	tool -0 otelop stop
}

@test "--log-max and --log-keep: what is not a size or a number is refused" {
	for size in 0 1023 -5 10x 1T '' 99999999999999999999G; do
		tool -2 otelop start --log-max "$size" -- true
		assert_regex "$stderr" 'log-max'
	done
	tool -2 otelop start --log-max 16x -- true
	[[ ${stderr_lines[0]} == *"such as 64k"*": 16x" ]]
	for keep in 0 -1 x 1001; do
		tool -2 otelop start --log-max 1k --log-keep "$keep" -- true
	done
	assert_not_exists "$OTELOP_STATE_DIR"
}

@test "--log-max, and the writer does not get on: the end of the daemon is not held up" {
	tool -0 otelop start --log-max 4k -- sh -c 'otelop-ready; while :; do echo "words and words and words"; done'
	pid=$output
	runner=$(parent_of "$pid")
	eventually 20 has_writer
	kill -STOP "$writer"
	# It has filled the pipe, and waits.
	eventually 20 grep -q pipe_write "/proc/$pid/wchan"
	tool -0 timeout -s KILL 60 otelop-stop -t 20 -s KILL
	kill -CONT "$writer" 2>/dev/null || true
	assert_nothing_runs
}

@test "--log-max, and the writer is killed, again and again: another goes on, and stop is as ever" {
	tool -0 otelop start --log-max 16k -- sh -c 'otelop-ready; i=0; while :; do echo "line $((i += 1))"; sleep 0.01; done'
	pid=$output
	runner=$(parent_of "$pid")
	for i in 1 2 3; do
		eventually 20 has_writer
		kill -KILL "$writer"
		assert_gone "$writer"
	done
	eventually 20 has_writer
	size=$(stat -c %s "$OTELOP_STATE_DIR/otelop.log")
	eventually 20 has_grown
	tool -0 otelop stop
	assert_nothing_runs
}
has_grown() { [ "$(stat -c %s "$OTELOP_STATE_DIR/otelop.log")" -ne "$size" ]; }

@test "otelop.log.1 is a directory: said once in the log, which goes on; when it is away, the log is renamed again" {
	mkdir -m 700 state state/otelop.log.1
	tool -0 otelop start --ready exec --log-max 2k -- sh -c '
		i=0; while [ $((i += 1)) -le 400 ]; do echo "line $i"; done; : >first
		until test -e go; do sleep 0.02; done
		while [ $((i += 1)) -le 800 ]; do echo "line $i"; done; : >second; exec sleep 1000'
	eventually 10 test -e first
	eventually 10 grep -qx 'line 400' state/otelop.log
	assert_equal "$(grep -v '^line' state/otelop.log | cut -d: -f1,2,3)" \
		"otelop-run: $OTELOP_STATE_DIR/otelop.log.1: cannot rename otelop.log to it"
	assert_equal "$(grep -c '^line' state/otelop.log)" 400
	rmdir state/otelop.log.1
	: >go
	eventually 10 test -e second
	eventually 10 grep -qx 'line 800' state/otelop.log
	assert_file_exists state/otelop.log.1
	(($(stat -c %s state/otelop.log) <= 2048))
}

@test "an older log cannot be renamed: the log stays under its bound all the same" {
	mkdir -m 700 state state/otelop.log.2
	tool -0 otelop start --ready exec --log-max 2k --log-keep 2 -- sh -c '
		i=0; while [ $((i += 1)) -le 2000 ]; do echo "line $i"; done; : >first; exec sleep 1000'
	eventually 10 test -e first
	eventually 10 grep -qsx 'line 2000' state/otelop.log
	(($(stat -c %s state/otelop.log) <= 2048))
}

# --- a log that is large, or cut off

# A log of an earlier daemon that has so many bytes.
old_log() {
	mkdir -m 700 "$OTELOP_STATE_DIR"
	(umask 077 && { echo old; head -c "$(($1 - 4))" /dev/zero; } >"$OTELOP_STATE_DIR/otelop.log")
}
large=$((16 * 1024 * 1024))

@test "a default log over 16 MiB: renamed at the start, and the daemon's words are in a new one" {
	old_log $((large + 1))
	tool -0 otelop start --ready fd -- sh -c 'echo out; echo err >&2; otelop-ready; exec sleep 600'
	assert_equal "$(stat -c %s "$OTELOP_STATE_DIR/otelop.log.1")" $((large + 1))
	assert_equal "$(cat "$OTELOP_STATE_DIR/otelop.log")" $'out\nerr'
	assert_equal "$(stat -c %a "$OTELOP_STATE_DIR/otelop.log")" 600
	# What otelop-run itself says is there as well.
	assert_equal "$(readlink "/proc/$(parent_of "$output")/fd/2")" "$(cd "$OTELOP_STATE_DIR" && pwd -P)/otelop.log"
	tool -0 otelop logs -N 2
	assert_output $'out\nerr'
	tool -0 otelop stop
}

@test "a default log of 16 MiB: goes on" {
	old_log $large
	tool -0 otelop start --ready exec -- sleep 600
	assert_not_exists "$OTELOP_STATE_DIR/otelop.log.1"
	tool -0 otelop stop
}

@test "a large log, and somebody else has the directory: it is left alone" {
	start_sleep
	head -c $((large + 1)) /dev/zero >>"$OTELOP_STATE_DIR/otelop.log"
	tool -75 otelop start --strict --ready exec -- sleep 601
	assert_not_exists "$OTELOP_STATE_DIR/otelop.log.1"
	tool -0 otelop stop
}

@test "a large log that is the user's own, or not of this directory: left alone" {
	head -c $((large + 1)) /dev/zero >my.log
	tool -0 otelop-spawn -l my.log -- otelop-run --ready exec -- sleep 600
	assert_not_exists my.log.1
	assert_equal "$(find "$OTELOP_STATE_DIR" -name '*.log*')" ""
	tool -0 otelop stop
	tool -0 sh -c 'otelop start -f --ready exec -- sleep 0.1 >my.log 2>&1'
	assert_not_exists my.log.1
}

@test "a large log that cannot be renamed: the log says so, and the daemon starts" {
	old_log $((large + 1))
	mkdir "$OTELOP_STATE_DIR/otelop.log.1"
	tool -0 otelop start --ready exec -- sleep 600
	[[ $(tail -n 1 "$OTELOP_STATE_DIR/otelop.log") == *"otelop.log.1: cannot rename otelop.log to it: "* ]]
	tool -0 otelop stop
}

@test "a start that fails behind a large log: its own words are shown, and no others" {
	old_log $((large + 1))
	tool -1 otelop start -- sh -c 'echo boom; exit 3'
	[[ $stderr == *boom* ]]
	[[ $stderr != *old* ]]
	[[ $stderr == *"log: $OTELOP_STATE_DIR/otelop.log" ]]
}

@test "a start that fails just behind a rotation: its last words are shown from the older logs too, and no older start's" {
	old_log 300
	printf '\nfrom before\n' >>"$OTELOP_STATE_DIR/otelop.log"
	tool -1 otelop start --log-max 1k --log-keep 9 -- sh -c 'i=0; while [ $((i += 1)) -le 200 ]; do echo "line $i of it"; done; exit 3'
	assert_equal "$(grep -c '^line' <<<"$stderr")" 10
	[[ $stderr == *$'line 191 of it\n'*'line 200 of it'* ]]
	tool -1 otelop start --log-max 1k --log-keep 9 -- sh -c 'head -c 700 /dev/zero | tr "\0" x; echo; echo a; echo b; head -c 700 /dev/zero | tr "\0" y; echo; exit 3'
	assert_equal "$(sed 's/xxx*/X/; s/yyy*/Y/' <<<"$stderr" | sed -n '2,5p')" $'X\na\nb\nY'
	assert_equal "${#stderr_lines[@]}" 6
}

@test "a start that cuts its log off and fails: that is said, and what to write in its place" {
	old_log 100
	tool -1 otelop start -- sh -c 'echo reason; echo bye >/dev/stderr; exit 3'
	[[ $stderr == *bye* ]]
	[[ $stderr == *"$OTELOP_STATE_DIR/otelop.log: shorter than when this start began; "*'`>&2`'*'`>> /dev/stderr`'*'--log-max'* ]]
	echo 0123456789 >my.log
	tool -1 otelop-spawn -l my.log -- sh -c 'echo bye >/dev/stdout; exit 3'
	[[ $stderr == *"my.log: shorter than when this start began; "* ]]
	tool -1 otelop start --log-max 4k -- sh -c 'echo reason; echo bye >/dev/stderr; exit 3'
	[[ $stderr == *reason* ]]
	[[ $stderr == *bye* ]]
	[[ $stderr != *shorter* ]]
}

@test "a daemon that cuts its log off: logs says so; of a log that somebody has renamed it does not" {
	old_log 100
	tool -0 otelop start --ready fd -- sh -c 'otelop-ready; until test -e go; do sleep 0.02; done; echo bye >/dev/stderr; exec sleep 600'
	tool -0 otelop logs
	assert_equal "$stderr" ""
	: >go
	eventually 10 grep -qx bye "$OTELOP_STATE_DIR/otelop.log"
	tool -0 otelop logs
	assert_output bye
	[[ $stderr == *"$OTELOP_STATE_DIR/otelop.log: shorter than when the daemon was started; "*'`>&2`'*'`>> /dev/stderr`'*'--log-max'* ]]
	mv "$OTELOP_STATE_DIR/otelop.log" "$OTELOP_STATE_DIR/otelop.log.1"
	(umask 077 && echo new >"$OTELOP_STATE_DIR/otelop.log")
	tool -0 otelop logs
	assert_output $'bye\nnew'
	assert_equal "$stderr" ""
	tool -0 otelop stop
}

@test "--log-max: the pipe holds more than the usual 64 KiB while the writer does not get on" {
	needs 'larger pipe'
	tool -0 otelop start --ready fd --log-max 4M -- sh -c 'otelop-ready; until test -e go; do sleep 0.02; done
		head -c 600000 /dev/zero | tr "\0" z; : >written; exec sleep 600'
	pid=$output
	runner=$(parent_of "$pid")
	eventually 20 has_writer
	kill -STOP "$writer"
	: >go
	eventually 20 test -e written
	kill -CONT "$writer"
	tool -0 otelop stop
	assert_nothing_runs
}
