# The wrapper, end to end.
load helper

setup_more() {
	terminal=$BATS_TEST_DIRNAME/e2e/terminal.py
	upstream=$BATS_TEST_DIRNAME/e2e/upstream.py
}

# For sh -c: a daemon that waits for the file go, then does what its argument says, and stays.
waiting='until [ -e go ]; do sleep 0.05; done; eval "$1"; exec 3>&-; exec sleep 600'
# One that is ready at once and does not hear TERM.
deaf='trap "" TERM; otelop-ready; exec 3>&-; exec sleep 600'

start_sleep() { tool -0 otelop "$@" start --ready exec -- sleep 600; }

state_is() { [ "$(otelop-meta running 2>/dev/null)" = "$1" ] || [[ $(otelop-meta running 2>/dev/null) == "$1 "* ]]; }

# Has otelop-run recorded how the daemon ended?
has_left_a_word() { [ -n "$(otelop-meta get exitedAt 2>/dev/null)" ]; }

# The small parent that otelop-run is.
parent_of() { ps -o ppid= -p "$1" | tr -d ' '; }

# start_in_background NAME [ARG...]: its words to NAME.out and NAME.err, its status to NAME.status.
start_in_background() { background started_as "$@"; }
started_as() {
	local name=$1 status=0
	shift
	otelop start "$@" >"$name.out" 2>"$name.err" || status=$?
	echo "$status" >"$name.status"
}

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
statuses() { cat start*.status | sort -n | uniq -c | tr -s ' \n' ' '; }

# runs WORDS: has a process of this test these words in its command line?
runs() {
	local pid
	for pid in $(marked_processes); do
		[[ $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null) != *"$1"* ]] || return 0
	done
	return 1
}

# With a file system of its own at ./mnt, 64 KiB large, that nobody else sees.
with_small_disk() {
	local alone=(unshare -m)
	[ "$(id -u)" -eq 0 ] || alone=(unshare -rm)
	mkdir mnt
	"${alone[@]}" mount -t tmpfs none mnt 2>/dev/null || skip "needs a mount namespace"
	tool "${alone[@]}" sh -c "mount -t tmpfs -o size=64k none mnt; $1"
}
fill='dd if=/dev/zero of=mnt/fill bs=1k 2>/dev/null;'

# The lines of $stderr but for the one that names the log.
reasons() { grep -v '^otelop: log: ' <<<"$stderr"; }
assert_one_reason() { assert_equal "$(reasons | wc -l)" 1; }

## start

@test "start: the pid is on stdout, a summary on stderr" {
	tool -0 otelop start --ready exec -- sleep 600
	eventually 10 has_words "$output" "sleep 600"
	assert_stderr_line_count 1
	assert_equal "$stderr" "otelop: sleep is ready"
}

@test "start of a web server: the port answers, the address is in the metadata and in status, stop leaves nothing" {
	tool -0 otelop start -- python3 -m http.server 0 --bind 127.0.0.1
	[[ $stderr == "otelop: python3 is ready, listening on 127.0.0.1:"* ]]
	address=${stderr##* }
	python3 "$BATS_TEST_DIRNAME/e2e/ask.py" "$address" 'GET / HTTP/1.0\r\n\r\n' | grep -q "200 OK"
	tool -0 otelop-meta get listen
	assert_output "$address"
	tool -0 otelop status
	assert_line --regexp "^listen +$address\$"
	tool -0 otelop stop
	assert_nothing_runs
	assert_state_files otelop.log
}

@test "start of what fails at once: status 1, how it ended, its words and the log's path" {
	began=$SECONDS
	tool -1 otelop start -- sh -c 'echo boom >&2; exit 3'
	[ $((SECONDS - began)) -lt 40 ]
	assert_output ""
	assert_equal "${stderr_lines[0]}" "otelop: sh: exited with status 3"
	assert_equal "${stderr_lines[1]}" "boom"
	assert_equal "${stderr_lines[2]}" "otelop: log: $OTELOP_STATE_DIR/otelop.log"
	assert_stderr_line_count 3
	assert_nothing_runs
}

@test "start of what fails twice: the words of the first time are not shown again" {
	tool -1 otelop start -- sh -c 'echo first; exit 3'
	tool -1 otelop start -- sh -c 'echo second; exit 3'
	[[ $stderr == *second* && $stderr != *first* ]]
}

@test "start --ready fd of what dies without a word: status 1 and how it ended" {
	tool -1 otelop start --ready fd -- sh -c 'exit 3'
	assert_equal "${stderr_lines[0]}" "otelop: sh: exited with status 3"
	tool -1 otelop start --ready fd -- sh -c 'kill -SEGV $$'
	[[ ${stderr_lines[0]} == "otelop: sh: killed by signal SEGV"* ]]
}

@test "start of what is killed: status 1 and the signal" {
	tool -1 otelop start -- sh -c 'kill -SEGV $$'
	[[ ${stderr_lines[0]} == "otelop: sh: killed by signal SEGV"* ]]
	tool -1 otelop status
	assert_line --regexp "^exited +killed by signal SEGV at 20"
}

@test "start of a daemon that reports an error: status 1 and its own words" {
	tool -1 otelop start -- sh -c 'otelop-ready -e "port 80 is taken"; sleep 600'
	[[ ${stderr_lines[0]} == "otelop: "*"port 80 is taken" ]]
	assert_output ""
	assert_nothing_runs
}

@test "start of a command that does not exist: status 127, named, and nothing of it is recorded" {
	tool -127 otelop start -- ./no-such-command
	[[ $stderr == *./no-such-command* ]]
	tool -3 otelop status
	assert_nothing_runs
}

@test "a command that exits with 2 or 4 before it is ready: the start failed, 1, and not a status that means something else" {
	local number
	for number in 2 4; do
		tool -1 otelop start --ready fd -- sh -c "exit $number"
		assert_output ''
		[[ $stderr == *"exited with status $number"* ]]
	done
}

@test "a start whose otelop-run cannot be run: it is named" {
	tool -127 otelop-spawn --as=otelop --run -- ./no-such-run -- sleep 600
	assert_stderr_line_count 1
	[[ $stderr == "otelop: ./no-such-run: cannot run: "* ]]
}

@test "start of a file that is not executable: status 126, named" {
	: >plain
	tool -126 otelop start -- ./plain
	[[ $stderr == *./plain* ]]
	assert_nothing_runs
}

@test "start of what is never ready: status 124 within the time, nothing runs" {
	tool -124 otelop start -t 300ms -- sh -c 'sleep 600 & leave sleep 600; exec sleep 600'
	[[ ${stderr_lines[0]} == "otelop: "*"0.3 s"* ]]
	assert_output ""
	assert_nothing_runs
	tool -3 otelop status -q
}

@test "start of a command that puts itself into the background: status 1, told so, and what to do" {
	tool -1 otelop start -- sh -c 'leave sleep 600; exit 0'
	[[ ${stderr_lines[0]} == *background* && ${stderr_lines[0]} == *foreground* ]]
	assert_nothing_runs
}

@test "start of nginx that puts itself into the background: told so, and nothing is left" {
	command -v nginx || skip "no nginx"
	needs subreaper
	printf 'pid %s/pid;\nerror_log %s/error;\nevents {}\nhttp { access_log off; server { listen unix:%s/socket; }\n' \
		"$PWD" "$PWD" "$PWD" >nginx.conf
	# What it would make in /var/lib is root's to make.
	printf '%s_temp_path temporary;\n' client_body proxy fastcgi uwsgi scgi >>nginx.conf
	echo '}' >>nginx.conf
	# Not by listen: where it is slow to end, what it listens on is there long enough to be believed.
	tool -1 otelop start -t 20 --ready fd,notify -- nginx -p "$PWD" -c nginx.conf
	[[ ${stderr_lines[0]} == *background* && ${stderr_lines[0]} == *foreground* ]]
	# Not by its environment, which it has overwritten.
	tool -1 pgrep -f "nginx: .*$PWD"
}

@test "start, running already with the same command: status 0, the same pid, a line that says so" {
	start_sleep
	pid=$output
	tool -0 otelop start --ready exec -- sleep 600
	assert_output "$pid"
	assert_equal "$stderr" "otelop: already running"
}

@test "start, running already with another command: status 75, which one, and it goes on" {
	start_sleep
	pid=$output
	tool -75 otelop start --ready exec -- sleep 601
	assert_output ""
	[[ $stderr == otelop*": another command "*": sleep 600, started in $PWD "* ]]
	[[ $stderr == *"-n NAME"*"-C DIR"*"otelop restart"* ]]
	assert_stderr_line_count 1
	kill -0 "$pid"
}

@test "start, running already with the same words otherwise divided: that is another command" {
	tool -0 otelop start --ready exec -- sh -c 'exec sleep 600' 'a b'
	tool -75 otelop start --ready exec -- sh -c 'exec sleep 600' a b
}

@test "start, running already with a command that has control characters: none reaches the terminal" {
	tool -0 otelop start --ready exec -- sh -c 'exec sleep 600' $'\e[31mred\a'
	tool -75 otelop start --ready exec -- sleep 600
	[[ $stderr != *$'\e'* && $stderr != *$'\a'* ]]
	[[ $stderr == *red* ]]
}

@test "start --strict, running already with the same command: status 75" {
	start_sleep
	tool -75 otelop start --strict --ready exec -- sleep 600
	assert_output ""
	assert_stderr_line_count 1
}

@test "start on top of a crash: it simply works" {
	start_sleep
	kill -KILL "$output"
	eventually 10 state_is stale
	start_sleep
	tool -0 otelop status -q
}

# The start has said who it is; whoever asks before that waits for another file first.
has_published() { [[ $(otelop-meta running 2>/dev/null) == "starting "* ]]; }
# A process of this test, $looker, has looked, and waits in the kernel for what comes.
has_looked() {
	for looker in $(marked_processes); do
		! waits_for_lock "$looker" || return 0
	done
	return 1
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

@test "start while children of a dead daemon keep its lock: 75 and who keeps it; stop ends them, and it starts" {
	needs /proc
	tool -0 otelop start --ready fd -- sh -c 'setsid -f sh -c "echo \$\$ >left; exec sleep 700"
		until [ -s left ]; do sleep 0.02; done; otelop-ready; exec 3>&-; exec sleep 600'
	one=$output
	kill -KILL "$(parent_of "$one")" "$one"
	assert_gone "$one"
	tool -75 otelop start --ready exec -- sleep 600
	assert_regex "$stderr" "its lock kept by process $(cat left) \(sleep\); otelop stop ends it"
	tool -0 otelop stop
	assert_gone "$(cat left)"
	tool -0 otelop start --ready exec -- sleep 600
	assert_equal "$output" "$(otelop-meta get pid)"
}

@test "start of what fails with status 75: it is run once, status 1, how it ended and its words" {
	tool -1 otelop start -- sh -c 'echo once >>ran; echo "no license" >&2; exit 75'
	assert_equal "$(cat ran)" once
	assert_equal "${stderr_lines[0]}" "otelop: sh: exited with status 75"
	assert_equal "${stderr_lines[1]}" "no license"
	rm ran
	local strict
	for strict in '' --strict; do
		tool -75 otelop start --native $strict -- sh -c 'echo once >>ran; echo "no license" >&2; exit 75'
		assert_equal "$(cat ran)" once
		assert_equal "${stderr_lines[0]}" "otelop: sh: exited with status 75"
		assert_equal "${stderr_lines[1]}" "no license"
		assert_stderr_line_count 3
		rm ran
	done
	tool -75 otelop-run -- sh -c 'exit 75'
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

@test "Ctrl-C during a start: status 130, nothing runs, nothing is recorded" {
	tool -130 python3 "$terminal" -i runs 30 otelop start -- sh -c 'sleep 600 & : >runs; exec sleep 600'
	assert_nothing_runs
	eventually 10 state_is stopped
	assert_state_files otelop.log
}

@test "TERM to everything of a start, as timeout sends it: nothing runs, nothing is recorded" {
	background timeout 600 otelop start -- sh -c 'sleep 600 & exec sleep 600'
	one=$!
	eventually 20 state_is starting
	kill -TERM "$one"
	wait "$one" || status=$?
	assert_equal "$status" 143
	assert_nothing_runs
	assert_state_files otelop.log
}

@test "a signal to the shell of a start alone, in every shell: the start ends, and the shell by that signal" {
	local shell signal
	for shell in dash bash "busybox sh" mksh ksh93 yash posh zsh; do
		command -v "${shell%% *}" >/dev/null || continue
		for signal in HUP INT TERM; do
			# shellcheck disable=SC2086 # words
			background env --default-signal $shell "$(command -v otelop)" start -t 1h -- sleep 600
			eventually 20 state_is starting
			eventually 20 is_asleep "$!" # in its wait, all traps set
			kill -s "$signal" "$!"
			status=0
			wait "$!" || status=$?
			expected=$((128 + $(kill -l "$signal")))
			assert_equal "$shell $signal $status" "$shell $signal $expected"
			assert_nothing_runs
			assert_state_files otelop.log
		done
	done
}

is_asleep() { grep -q '^State:[[:space:]]*S' "/proc/$1/status"; }

@test "Ctrl-C after a start, and the terminal is closed: the daemon lives on" {
	tool python3 "$terminal" -i started 30 sh -c 'otelop start --ready exec -- sleep 600; : >started; exec sleep 600'
	tool -0 otelop status -q
}

@test "start that takes long on a terminal: it shows that it waits, for what and how long, and clears that" {
	# It is ready when that has been shown.
	without_bats python3 "$terminal" 60 otelop start --ready 'check:test -e go' -- \
		sh -c 'until grep -q " s)" shown; do sleep 0.1; done; : >go; exec sleep 600' >shown
	output=$(cat shown)
	assert_output --regexp $'\r\e\\[Kotelop: waiting until it is ready \\(check:test -e go\\) \\([1-9][0-9]* s\\)'
	[[ ${output##* s)} == *$'\r\e[K'* ]]
	assert_output --partial "otelop: sh is ready"
}

@test "start that takes long elsewhere: nothing but the summary is shown" {
	tool -0 otelop start --ready 'check:test -e go' -- sh -c 'sleep 1.2; : >go; exec sleep 600'
	assert_equal "$stderr" "otelop: sh is ready"
}

@test "start on a terminal that is quick: nothing but pid and summary is shown" {
	local try began
	for try in {1..20}; do
		began=$(date +%s%N)
		tool -0 python3 "$terminal" 60 otelop start --ready exec -- sleep 600
		(($(date +%s%N) - began > 900000000)) || break
		tool -0 otelop stop # that was not quick: the machine stalls
	done
	refute_output --partial $'\e'
	assert_equal "${#lines[@]}" 2
}

@test "start with members: they are in the metadata" {
	tool -0 otelop start --ready exec note='two  words' httpAddr=127.0.0.1:1 dashed=--x -- sleep 600
	tool -0 otelop-meta get note httpAddr dashed
	assert_output $'two  words\n127.0.0.1:1\n--x'
}

@test "start with --opt=VALUE: the same as two words, and the command's own words are left alone" {
	tool -0 otelop start --ready=exec --timeout=50s -- sh -c 'printf "%s\n" "$@" >words; exec sleep 600' sh --a=b -- -t=1
	eventually 10 test -s words
	assert_equal "$(cat words)" $'--a=b\n--\n-t=1'
	tool -0 otelop-meta get readyMode
	assert_output exec
}

@test "start --with-parent: the daemon ends with that process" {
	background sleep 600
	parent=$!
	tool -0 otelop start --ready exec --with-parent "$parent" -- sleep 600
	pid=$output
	kill "$parent"
	assert_gone "$pid"
	tool -0 otelop wait --stopped -t 10
	tool -3 otelop status -q
}

@test "start --max-lifetime: the daemon ends after that time" {
	tool -0 otelop start --ready exec --max-lifetime 200ms -- sleep 600
	assert_gone "$output"
	tool -0 otelop wait --stopped -t 10
	tool -3 otelop status -q
}

@test "start --no-sweep: what the daemon started outlives it; without, it does not" {
	tool -0 otelop start --ready fd --no-sweep -- sh -c 'sleep 600 & echo $! >child; otelop-ready; wait'
	tool -0 otelop stop
	kill -0 "$(cat child)"
	kill "$(cat child)"
	tool -0 otelop start --ready fd -- sh -c 'sleep 600 & echo $! >child; otelop-ready; wait'
	tool -0 otelop stop
	assert_nothing_runs
}

@test "start with a mistake: status 2, one line that names it, nothing is made" {
	for mistake in "" "sleep 600" "--" "--bogus -- sleep 600" "--ready bogus -- sleep 600" "-t soon -- sleep 600" \
		"word -- sleep 600" "--max-lifetime x -- sleep 600" "--ready"; do
		# shellcheck disable=SC2086 # words
		tool otelop start $mistake
		assert_equal "$mistake: $status" "$mistake: 2"
		assert_output ""
		[[ $stderr == *usage:* ]]
		[[ ${stderr_lines[0]} == *"${mistake%% *}"* || ${stderr_lines[0]} == *command* ]]
		assert_not_exists "$OTELOP_STATE_DIR/otelop.json"
	done
	assert_nothing_runs
}

@test "start with stdout full or closed: status 125, and no daemon" {
	tool -125 sh -c 'otelop start --ready exec -- sleep 600 >/dev/full'
	assert_stderr_line_count 1
	tool -125 sh -c 'otelop start --ready exec -- sleep 600 >&-'
	assert_stderr_line_count 1
	assert_nothing_runs
	tool -3 otelop status -q
}

@test "start -f: it stays in the foreground, with the command's output and status" {
	tool -7 otelop start -f --ready exec -- sh -c 'echo out; echo err >&2; exit 7'
	assert_output out
	[[ $stderr == *err* ]]
	assert_not_exists "$OTELOP_STATE_DIR/otelop.log"
}

@test "start --foreground: status and stop know it, and it ends with its daemon" {
	background otelop start --foreground --ready exec -- sleep 600
	one=$!
	tool -0 otelop wait -t 20
	tool -0 otelop status
	assert_line --regexp "^command +sleep 600\$"
	tool -75 otelop start --foreground --ready exec -- sleep 600
	tool -0 otelop stop
	wait "$one" || one_status=$?
	assert_equal "$one_status" 143
	assert_nothing_runs
}

@test "start -f, TERM as a supervisor sends it: the command ends, and nothing is left" {
	background otelop start -f --ready exec -- sleep 600
	tool -0 otelop wait -t 20
	kill -TERM "$!"
	wait "$!" || true
	assert_nothing_runs
	tool -3 otelop status -q
}

## who waits for the daemon: nobody

@test "start in a command substitution: it does not wait for the daemon" {
	tool -0 timeout 60 sh -c 'x=$(otelop start --ready exec -- sleep 600); echo "<$x>"'
	assert_output "<$(otelop-meta get pid)>"
}

@test "start in a pipeline: it does not wait for the daemon" {
	tool -0 timeout 60 sh -c 'otelop start --ready exec -- sleep 600 2>&1 | cat'
	assert_line "$(otelop-meta get pid)"
}

@test "start over pipes as ssh makes them: it does not wait for the daemon" {
	tool -0 python3 -c 'import subprocess, sys; print(subprocess.run(sys.argv[1:], input=b"", capture_output=True, timeout=60).stdout.decode(), end="")' \
		otelop start --ready exec -- sleep 600
	assert_output "$(otelop-meta get pid)"
}

@test "start in make -j2: it does not wait for the daemon, which has no jobserver" {
	printf 'all: a b\na b:\n\t@otelop -n $@ start --ready exec -- sleep 600\n' >Makefile
	tool -0 timeout 60 sh -c 'make -j2 2>&1 | cat'
	tool -0 otelop list
	assert_equal "${#lines[@]}" 2
	tr '\0' '\n' <"/proc/$(otelop-meta -C "$OTELOP_STATE_DIR/a" get pid)/environ" >environment
	run -1 grep '^MAKEFLAGS=.*jobserver' environment
}

@test "start in a bats test: it does not wait for the daemon" {
	printf '@test "one" {\n\totelop start --ready exec -- sleep 600\n}\n' >inner.bats
	tool -0 env -i PATH="$PATH" HOME="$HOME" OTELOP_STATE_DIR="$OTELOP_STATE_DIR" \
		OTELOP_TEST_MARK="$OTELOP_TEST_MARK" timeout 60 "$BATS_ROOT/bin/bats" --tap inner.bats
	assert_line --regexp "^ok 1"
	tool -0 otelop status -q
}

@test "the caller's descriptors: the daemon has 0, 1, 2 and its lock only, of the file and of the one before" {
	exec 5>five 6</dev/null 12>twelve
	tool -0 otelop start --ready exec -- sleep 600
	pid=$output
	exec 5>&- 6<&- 12>&-
	eventually 10 tells_lock "$pid"
	lock=$number
	eventually 10 has_descriptors "$pid" "0 1 2 $lock$(is_fallback || echo " $((lock + 1))")"
	assert_equal "$(readlink "/proc/$pid/fd/0")" /dev/null
	assert_equal "$(readlink "/proc/$pid/fd/1")" "$OTELOP_STATE_DIR/otelop.log"
	assert_equal "$(readlink "/proc/$pid/fd/2")" "$OTELOP_STATE_DIR/otelop.log"
	assert_equal "$(readlink "/proc/$pid/fd/$lock")" "$OTELOP_STATE_DIR/otelop.json"
}

## status

@test "status of nothing: stopped, status 3, and no directory is made" {
	tool -3 otelop status
	assert_output --regexp "^state +stopped\$"
	assert_not_exists "$OTELOP_STATE_DIR"
	tool -3 otelop status -q
	assert_output ""
	assert_equal "$stderr" ""
	tool -3 otelop status --json
	assert_equal "$(jq -r .state <<<"$output")" stopped
}

@test "status while starting: starting, status 0" {
	start_in_background one --ready fd -- sh -c "$waiting" sh otelop-ready
	eventually 20 state_is starting
	tool -0 otelop status
	assert_line --regexp "^state +starting\$"
	tool -0 otelop status --json
	assert_equal "$(jq -r .state <<<"$output")" starting
	: >go
	wait "$!"
}

@test "status of a daemon: state, pid, uptime, command, directory and members, a line each" {
	tool -0 otelop start --ready exec note=mine -- sleep 600
	pid=$output
	tool -0 otelop status
	assert_line --regexp "^state +running\$"
	assert_line --regexp "^pid +$pid\$"
	assert_line --regexp "^uptime +[0-9]+s\$"
	assert_line --regexp "^command +sleep 600\$"
	assert_line --regexp "^cwd +$PWD\$"
	assert_line --regexp "^startedAt +20[0-9-]+T[0-9:.]+Z\$"
	assert_line --regexp "^note +mine\$"
	assert_equal "$stderr" ""
	tool -0 otelop status --quiet
	assert_output ""
}

@test "status --json of a daemon: what is known of it, as JSON" {
	tool -0 otelop start --ready exec note=mine -- sleep 600
	pid=$output
	tool -0 otelop status --json
	assert_equal "$(jq -c '[.pid, .state, .command, .note, (.uptimeSeconds | type)]' <<<"$output")" \
		"[$pid,\"running\",[\"sleep\",\"600\"],\"mine\",\"number\"]"
}

@test "the daemon is killed: status 1, with signal and time; stop says 0 and forgets it" {
	start_sleep
	pid=$output
	kill -KILL "$pid"
	eventually 10 has_left_a_word
	tool -1 otelop status
	assert_line --regexp "^state +dead\$"
	assert_line --regexp "^exited +killed by signal KILL at 20[0-9-]+T[0-9:.]+Z\$"
	tool -1 otelop status -q
	tool -1 otelop status --json
	assert_equal "$(jq -r '[.state, .exitSignal] | join(" ")' <<<"$output")" "exited KILL"
	tool -0 otelop stop
	tool -3 otelop status -q
	assert_nothing_runs
}

@test "the daemon exits with a status: status 1, which one and when" {
	tool -0 otelop start --ready fd -- sh -c 'otelop-ready; exec 3>&-; until [ -e go ]; do sleep 0.02; done; exit 9'
	: >go
	eventually 10 has_left_a_word
	tool -1 otelop status
	assert_line --regexp "^exited +with status 9 at 20"
}

@test "the daemon exits with 0: that is a clean end, status 3" {
	tool -0 otelop start --ready fd -- sh -c 'otelop-ready; exec 3>&-; until [ -e go ]; do sleep 0.02; done'
	: >go
	eventually 10 state_is stopped
	tool -3 otelop status
	assert_state_files otelop.log
}

@test "its parent is killed: status is still 0, the lock is held, and stop works" {
	start_sleep
	pid=$output
	parent=$(parent_of "$pid")
	kill -KILL "$parent"
	assert_gone "$parent"
	tool -0 otelop status
	assert_line --regexp "^pid +$pid\$"
	tool -75 otelop start --strict --ready exec -- sleep 600
	tool -0 otelop stop
	assert_gone "$pid"
	assert_nothing_runs
	tool -3 otelop status -q
}

@test "it and its parent are killed: status 1, and that it left no word" {
	start_sleep
	kill -KILL "$(parent_of "$output")" "$output"
	eventually 10 state_is stale
	tool -1 otelop status
	assert_line --regexp "^state +dead .*no word"
}

@test "status with an unknown option: status 2, named" {
	tool -2 otelop status --bogus
	[[ ${stderr_lines[0]} == *--bogus* ]]
}

## files that are not as they should be

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

@test "a zombie: dead to stop and to --check" {
	background python3 -c 'import os, time
pid = os.fork()
if pid == 0: os._exit(0)
os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
open("zombie.new", "w").write(str(pid)); os.rename("zombie.new", "zombie"); time.sleep(600)'
	eventually 20 test -e zombie
	tool -1 otelop-stop --check "$(cat zombie)"
	tool -0 otelop-stop -t 5 "$(cat zombie)"
}

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
	tool otelop stop -t 300ms
	assert_failure
	tool otelop start -t 5 --ready exec -- sleep 600
	assert_failure
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

@test "our metadata: valid JSON with upstream's eight members first, in order, and a final newline" {
	start_sleep
	tail -c 1 "$OTELOP_STATE_DIR/otelop.json" | od -An -c | grep -q '\\n'
	tool -0 python3 -c 'import json, sys
pairs = json.load(open(sys.argv[1], encoding="utf-8"), object_pairs_hook=list)
print([key for key, value in pairs[:8]])' "$OTELOP_STATE_DIR/otelop.json"
	assert_output "['pid', 'startedAt', 'httpAddr', 'otlpGrpcAddr', 'otlpHttpAddr', 'proxyUrl', 'proxyProtocol', 'version']"
}

## --native

@test "start --native of upstream's daemon: ready, found, in its words, and stopped" {
	tool -0 otelop start --native -- python3 "$upstream"
	pid=$output
	assert_equal "$stderr" "otelop: python3 is ready"
	tool -0 otelop status
	assert_line --regexp "^state +running\$"
	assert_line --regexp "^pid +$pid\$"
	assert_line --regexp "^httpAddr +localhost:4319\$"
	assert_line --regexp "^startedAt +20[0-9-]+T[0-9:.]+\+02:00\$"
	assert_line --regexp "^uptime +[0-9]+s\$"
	tool -0 otelop list
	assert_output ". running $pid"
	eventually 10 grep -q serving "$OTELOP_STATE_DIR/otelop.log" # it says so behind its verdict
	tool -0 otelop logs
	assert_output serving
	tool -0 otelop stop
	assert_gone "$pid"
	tool -3 otelop status -q
	assert_state_files otelop.log
}

@test "start --native, running already: status 0 and its pid; with --strict 75" {
	tool -0 otelop start --native -- python3 "$upstream"
	pid=$output
	tool -0 otelop start --native -- python3 "$upstream"
	assert_output "$pid"
	assert_equal "$stderr" "otelop: already running"
	tool -75 otelop start --native --strict -- python3 "$upstream"
	tool -0 otelop-meta running
	assert_output "running $pid"
}

@test "start --native of one that reports an error: status 1 and its words" {
	tool -1 otelop start --native -- python3 "$upstream" $'bind 127.0.0.1:4318:\naddress in use'
	assert_equal "${stderr_lines[0]}" "otelop: python3: bind 127.0.0.1:4318: address in use"
	tool -3 otelop status -q
	assert_nothing_runs
}

@test "start --native of one that was killed: stale, and the next start works" {
	tool -0 otelop start --native -- python3 "$upstream"
	kill -KILL "$output"
	eventually 10 state_is stale
	tool -1 otelop status
	tool -0 otelop start --native -- python3 "$upstream"
	tool -0 otelop stop
	tool -3 otelop status -q
}

@test "start --native with what only otelop-run knows: status 2, named, nothing is started" {
	tool -2 otelop start --native --ready exec -- sleep 600
	[[ ${stderr_lines[0]} == *--native* ]]
	tool -2 otelop start --native a=b -- sleep 600
	[[ ${stderr_lines[0]} == *--native* ]]
	assert_nothing_runs
}

## stop

@test "stop of nothing: status 0, nothing said, nothing made" {
	tool -0 otelop stop
	assert_output ""
	assert_equal "$stderr" ""
	assert_not_exists "$OTELOP_STATE_DIR"
}

@test "stop: the daemon and all below it are gone, the log stays" {
	tool -0 otelop start --ready fd -- sh -c 'sleep 600 & leave sleep 600; otelop-ready; wait'
	tool -0 otelop stop
	assert_output ""
	assert_nothing_runs
	assert_state_files otelop.log
}

@test "stop of a daemon that does not hear TERM: status 124, and it goes on; with -k it is gone" {
	tool -0 otelop start --ready fd -- sh -c "$deaf"
	pid=$output
	tool -124 otelop stop -t 300ms
	assert_stderr_line_count 1
	kill -0 "$pid"
	tool -0 otelop status -q
	tool -0 otelop stop -t 300ms -k 10
	assert_gone "$pid"
	tool otelop status -q
	assert_equal "$status" 3
	assert_nothing_runs
}

@test "stop of a stopped process: it hears it all the same" {
	start_sleep
	kill -STOP "$output"
	tool -0 otelop stop -t 10
	assert_nothing_runs
}

@test "stop with a mistake: status 2, named, and the daemon goes on" {
	start_sleep
	for mistake in "-t soon" "-t" "word" "--bogus"; do
		# shellcheck disable=SC2086 # words
		tool -2 otelop stop $mistake
		[[ $stderr == *usage:* ]]
		[[ ${stderr_lines[0]} == *"${mistake##* }"* ]]
	done
	tool -0 otelop status -q
}

## restart

# Writes directory and arguments to the file seen, a NUL behind each.
make_daemon() {
	cat >daemon <<'END'
#!/bin/sh
printf '%s\0' "$PWD" "$@" >"$BATS_TEST_TMPDIR/seen"
otelop-ready
exec 3>&-
exec sleep 600
END
	chmod +x daemon
}

@test "restart: another pid, the same command, directory, mode and members" {
	make_daemon
	mkdir "my  own"
	tool -0 sh -c 'cd "my  own" && otelop start --ready fd --max-lifetime 1h --no-sweep --log-max 1M --log-keep 2 note="two  words" \
		quote="it'\''s" line="a
b" httpAddr=127.0.0.1:1 -- ../daemon one'
	first=$output
	mv seen seen.first
	otelop-meta args >args.first
	tool -0 otelop restart
	assert_not_equal "$output" "$first"
	assert_gone "$first"
	assert_equal "$output" "$(otelop-meta get pid)"
	assert_equal "$stderr" "otelop: ../daemon is ready"
	cmp seen seen.first
	otelop-meta args >args.second
	cmp args.first args.second
	tool -0 otelop-meta get note quote line readyMode maxLifetime logMax logKeep
	assert_output $'two  words\nit\'s\na\nb\nfd\n1h\n1M\n2'
	tool -0 otelop-meta get cwd
	assert_output "$PWD/my  own"
}

@test "restart with odd words in the command: each arrives as it was" {
	make_daemon
	tool -0 otelop start --ready fd -- ./daemon "two  words" "it's" 'say "hi"' $'a\nb' $'end\n' $'\n' "" -n -- --ready \
		--a=b '*' '[a-z]' '?' '$HOME' '$(id)' '`id`' $'\\' $'\\n' $'\\\\' $'tab\t' $'\e[1m' $'\x01' 'ÁÄÈé' '~' ';' '&' '|' \
		'!' '#' '%s' '{a,b}' '=' 'a=b' ' ' '' ''
	mv seen seen.first
	assert_equal "$(tr -cd '\0' <seen.first | wc -c)" 38
	for time in 1 2; do
		tool -0 otelop restart
		cmp seen seen.first
		mv seen "seen.$time"
	done
}

@test "restart, a member that is empty: it is kept" {
	tool -0 otelop start --ready exec empty= -- sleep 600
	tool -0 otelop restart
	tool -0 otelop-meta get empty
	assert_output ""
}

@test "restart with another command: that one runs, here" {
	start_sleep
	first=$output
	mkdir elsewhere
	tool -0 sh -c 'cd elsewhere && otelop restart --ready exec note=new -- sleep 601'
	assert_gone "$first"
	tool -0 otelop-meta get command note cwd
	assert_output "sleep 601"$'\n'"new"$'\n'"$PWD/elsewhere"
}

@test "restart of a daemon that has crashed: it runs again" {
	start_sleep
	kill -KILL "$output"
	eventually 10 state_is stale
	tool -0 otelop restart
	tool -0 otelop-meta get command
	assert_output "sleep 600"
	tool -0 otelop status -q
}

@test "restart of nothing: status 3, one line, nothing is started" {
	tool -3 otelop restart
	assert_output ""
	assert_stderr_line_count 1
	assert_nothing_runs
}

@test "restart of nothing, with a command: it is started" {
	tool -0 otelop restart --ready exec -- sleep 600
	tool -0 otelop-meta running
	assert_output "running $(otelop-meta get pid)"
}

@test "restart of a daemon whose command is not recorded: not without the command, and it goes on" {
	tool -0 otelop start --ready exec -- sh -c 'exec sleep 600' $'\xff'
	pid=$output
	tool -1 otelop restart
	assert_stderr_line_count 1
	kill -0 "$pid"
	tool -0 otelop restart --ready exec -- sleep 600
	assert_gone "$pid"
}

@test "restart --native of upstream's daemon, with its command: another pid" {
	tool -0 otelop start --native -- python3 "$upstream"
	first=$output
	tool -0 otelop restart --native -- python3 "$upstream"
	assert_not_equal "$output" "$first"
	assert_gone "$first"
	tool -0 otelop-meta running
	assert_output "running $(otelop-meta get pid)"
}

@test "restart of a daemon that does not hear TERM: status 124, and it goes on; with -k another runs" {
	tool -0 otelop start --ready fd -- sh -c "$deaf"
	first=$output
	tool -124 otelop restart -t 300ms
	kill -0 "$first"
	tool -0 otelop restart -t 4s -k 10 # the start's time too
	assert_not_equal "$output" "$first"
	assert_gone "$first"
}

@test "restart -t and -k in front of another command: they are the stop's, the rest is the start's" {
	tool -0 otelop start --ready fd -- sh -c "$deaf"
	first=$output
	tool -124 otelop restart -t 200ms -- sh -c "$deaf"
	kill -0 "$first"
	tool -0 otelop restart -t 200ms -k 10 --ready exec -t 60s note=new -- sleep 600
	assert_gone "$first"
	tool -0 otelop-meta get command note
	assert_output $'sleep 600\nnew'
	second=$(otelop-meta get pid)
	tool -0 otelop restart -k5 -t20s -- sh -c 'otelop-ready; exec 3>&-; exec sleep 601'
	assert_gone "$second"
}

@test "restart with a command that fails: status 1 and its words" {
	start_sleep
	tool -1 otelop restart -- sh -c 'echo boom; exit 3'
	[[ $stderr == *"exited with status 3"* && $stderr == *boom* ]]
}

@test "restart with a mistake: status 2, and the daemon goes on" {
	start_sleep
	pid=$output
	for mistake in "--bogus -- sleep 600" "--ready bogus -- sleep 600" "word -- sleep 600" "--ready exec" "--"; do
		# shellcheck disable=SC2086 # words
		tool -2 otelop restart $mistake
		[[ $stderr == *usage:* ]]
	done
	tool -0 otelop-meta running
	assert_output "running $pid"
}

## logs

@test "logs: the last ten lines; -N as many as asked for" {
	tool -0 otelop start --ready fd -- sh -c 'seq 1 30; otelop-ready; exec 3>&-; exec sleep 600'
	tool -0 otelop logs
	assert_output "$(seq 21 30)"
	tool -0 otelop logs -N 2
	assert_output $'29\n30'
	tool -0 otelop logs -N 40
	assert_output "$(seq 1 30)"
}

@test "logs: standard output and standard error, of all starts, also of a daemon that is gone" {
	tool -1 otelop start -- sh -c 'echo first; exit 1'
	tool -1 otelop start -- sh -c 'echo second >&2; exit 1'
	tool -0 otelop logs
	assert_output $'first\nsecond'
}

@test "logs -f: what is added is shown, until Ctrl-C" {
	tool -0 otelop start --ready fd -- sh -c 'echo before; otelop-ready; exec 3>&-; until [ -e go ]; do sleep 0.02; done; echo after; exec sleep 600'
	background python3 "$terminal" -i interrupt 60 otelop logs -f >shown
	follower=$!
	eventually 20 grep -q before shown
	: >go
	eventually 20 grep -q after shown
	: >interrupt
	wait "$follower" || status=$?
	assert_equal "$status" 130
	tool -0 otelop status -q
}

@test "logs of nothing: status 3, the log's path" {
	tool -3 otelop logs
	assert_output ""
	[[ $stderr == *"$OTELOP_STATE_DIR/otelop.log"* ]]
	assert_stderr_line_count 1
}

@test "logs with a mistake: status 2, named" {
	for mistake in "-N x" "-N" "-N -1" "word" "--bogus"; do
		# shellcheck disable=SC2086 # words
		tool -2 otelop logs $mistake
		[[ ${stderr_lines[0]} == *"${mistake%% *}"* ]]
	done
}

## list and instances

@test "list: a line for each instance, with its state and pid" {
	start_sleep
	main=$output
	start_sleep -n web-1.x_Y
	web=$output
	start_sleep -n dead
	kill -KILL "$output"
	dead=$output
	tool -0 otelop -n gone start --ready exec -- sleep 600
	tool -0 otelop -n gone stop
	(OTELOP_STATE_DIR=$OTELOP_STATE_DIR/dead eventually 10 state_is "stale $dead")
	tool -0 otelop list
	assert_output ". running $main
dead stale $dead
web-1.x_Y running $web"
}

@test "list of nothing: no line, status 0, nothing made" {
	tool -0 otelop list
	assert_output ""
	assert_equal "$stderr" ""
	assert_not_exists "$OTELOP_STATE_DIR"
}

@test "list with one that cannot be told: its line, a reason, and the others" {
	start_sleep
	mkdir -m 700 "$OTELOP_STATE_DIR/odd"
	ln -s /dev/null "$OTELOP_STATE_DIR/odd/otelop.json"
	tool otelop list
	assert_line --index 0 --regexp "^\. running"
	assert_line --index 1 --regexp "^odd"
	[[ $stderr == *"$OTELOP_STATE_DIR/odd/otelop.json"* ]]
}

@test "list with stdout full: status 125" {
	start_sleep
	tool -125 sh -c 'otelop list >/dev/full'
}

@test "two instances: each has its own daemon, log and end" {
	tool -0 otelop -n a start --ready fd -- sh -c 'echo from a; otelop-ready; exec 3>&-; exec sleep 600'
	tool -0 otelop --name=b start --ready exec -- sleep 600
	b=$output
	tool -0 otelop -n a logs
	assert_output "from a"
	tool -0 otelop -n a stop
	tool -3 otelop -n a status -q
	tool -0 otelop -n b status -q
	kill -0 "$b"
	assert_exists "$OTELOP_STATE_DIR/b/otelop.json"
}

@test "an instance's restart: it stays that instance" {
	start_sleep -n web
	tool -0 otelop -n web restart
	tool -0 otelop list
	assert_output "web running $(otelop-meta -C "$OTELOP_STATE_DIR/web" get pid)"
}

@test "a name that is none: status 2, one line that names it, nothing is made" {
	for name in .. . a/b "" .x é 'a b' '*' 'a$b' /tmp $'a\nb' 'a;b'; do
		tool -2 otelop -n "$name" start --ready exec -- sleep 600
		[[ $stderr == "otelop: "*"${name%%$'\n'*}"* && $stderr == *usage:* ]]
		assert_output ""
	done
	assert_not_exists "$OTELOP_STATE_DIR"
	assert_nothing_runs
}

## wait

@test "wait: until the daemon that somebody starts is ready" {
	background otelop wait -t 60
	waiter=$!
	start_in_background one --ready fd -- sh -c "$waiting" sh otelop-ready
	one=$!
	eventually 20 state_is starting
	kill -0 "$waiter"
	: >go
	wait "$waiter"
	tool -0 otelop-meta running
	assert_output --partial "running "
	wait "$one"
}

@test "wait for a daemon that is ready already: 0 at once, nothing said" {
	start_sleep
	tool -0 otelop wait --ready -t 1
	assert_output ""
	assert_equal "$stderr" ""
}

@test "wait for a start that fails: status 1" {
	start_in_background one -- sh -c "$waiting" sh 'exit 3'
	one=$!
	eventually 20 has_published
	background otelop wait -t 60
	waiter=$!
	eventually 20 has_looked
	: >go
	wait "$waiter" || status=$?
	assert_equal "$status" 1
	wait "$one"
}

@test "wait, and nobody starts anything: status 124 within the time" {
	tool -124 otelop wait -t 200ms
}

@test "wait --stopped: until the daemon is gone" {
	start_sleep
	background otelop wait --stopped -t 60
	waiter=$!
	eventually 20 runs "otelop-lock -W"
	kill -0 "$waiter"
	tool -0 otelop stop
	wait "$waiter"
}

@test "wait --stopped while it runs: status 124 within the time; of nothing: 0 at once" {
	tool -0 otelop wait --stopped -t 10
	start_sleep
	tool -124 otelop wait --stopped -t 200ms
	tool -0 otelop status -q
}

@test "wait with a mistake: status 2" {
	for mistake in "--bogus" "-t" "-t soon" "word"; do
		# shellcheck disable=SC2086 # words
		tool -2 otelop wait $mistake
		[[ $stderr == *usage:* ]]
	done
}

## how it is called

@test "options: value and letter joined or apart, long ones with = or a blank" {
	tool -0 otelop start --ready fd -t20 -- sh -c 'seq 5; otelop-ready; exec 3>&-; exec sleep 600'
	tool -0 otelop logs -N2
	assert_output $'4\n5'
	tool -0 otelop logs -N 1
	assert_output 5
	tool -124 otelop wait --stopped -t0.1
	tool -124 otelop wait --stopped --timeout=100ms
	tool -124 otelop wait --timeout 100ms --stopped
	tool -0 otelop stop -t20 -k5s
	tool -0 otelop stop --timeout 20 --kill-after=5s
	tool -0 otelop -nweb start --ready=exec --timeout 20 -- sleep 600
	tool -0 otelop --name web stop
}

@test "options that are none: status 2, one line that names the word" {
	for word in -x -qx --json=1 --jso '-q json' '--q json' '--opt=$(id)'; do
		tool -2 otelop status "$word"
		assert_output ""
		[[ ${stderr_lines[0]} == otelop*": "*"option"* || ${stderr_lines[0]} == otelop*": "*"takes no value" ]]
		[[ ${stderr_lines[1]} == "usage: "* ]]
		assert_stderr_line_count 2
	done
}

@test "help: every command on stdout; --help: the synopsis" {
	tool -0 otelop help
	for word in start stop restart status logs list wait version help; do
		assert_line --regexp "^(usage: otelop|       otelop|  *)$word( |\$)"
	done
	assert_equal "$stderr" ""
	tool -0 otelop --help
	assert_output "usage: otelop [-hV] [-C DIR] [-n NAME] COMMAND ..."
	for word in start stop restart status logs wait; do
		tool -0 otelop "$word" --help
		assert_output --partial "usage: otelop"
		assert_equal "$stderr" ""
	done
	assert_not_exists "$OTELOP_STATE_DIR"
}

@test "version: name and version on stdout" {
	for word in version -V --version; do
		tool -0 otelop "$word"
		assert_output --regexp '^otelop [0-9]+\.[0-9]+\.[0-9]+$'
		assert_equal "$output" "otelop $(otelop-meta -V | cut -d' ' -f2)"
	done
}

@test "help and version with stdout full: status 125" {
	tool -125 sh -c 'otelop help >/dev/full'
	tool -125 sh -c 'otelop version >/dev/full'
}

@test "no command or a wrong one: status 2, one line and the usage on stderr" {
	for words in "" bogus --bogus -x "-n" "-C" "-- bogus"; do
		# shellcheck disable=SC2086 # words
		tool -2 otelop $words
		assert_output ""
		[[ ${stderr_lines[0]} == "otelop: "* && ${stderr_lines[1]} == "usage: otelop "* ]]
		assert_stderr_line_count 2
	done
}

@test "called by its path, with nothing of it on PATH: it finds the programs beside it" {
	tool -0 env PATH=/usr/bin:/bin "$BUILD/otelop" start --ready exec -- sleep 600
	tool -0 env PATH=/usr/bin:/bin "$BUILD/otelop" restart
	tool -0 env PATH=/usr/bin:/bin "$BUILD/otelop" stop
}

@test "called by a relative path from another directory: it finds the programs, -C is where the caller is" {
	mkdir here
	ln -s "$BUILD" tools
	tool -0 sh -c 'cd here && PATH=/usr/bin:/bin ../tools/otelop -C state start --ready exec -- sleep 600'
	assert_exists here/state/otelop.json
	tool -0 otelop-meta -C here/state get cwd
	assert_output "$PWD/here"
	tool -0 sh -c 'cd / && PATH=/usr/bin:/bin '"$PWD"'/tools/otelop -C '"$PWD"'/here/state restart'
	tool -0 otelop-meta -C here/state get cwd
	assert_output "$PWD/here"
	tool -0 env PATH=/usr/bin:/bin tools/otelop --state-dir=here/state stop
	assert_nothing_runs
}

@test "called by a symbolic link, with nothing of it on PATH: it finds the programs beside the file" {
	mkdir link
	ln -s "$BUILD/otelop" link/otelop
	tool -0 env PATH=/usr/bin:/bin link/otelop start --ready exec -- sleep 600
	tool -0 env PATH="$PWD/link:/usr/bin:/bin" otelop stop
	assert_nothing_runs
}

@test "called by a symbolic link, with the programs on PATH: it finds them" {
	mkdir link
	ln -s "$BUILD/otelop" link/start-it
	tool -0 env PATH="$BUILD:/usr/bin:/bin" link/start-it start --ready exec -- sleep 600
	tool -0 link/start-it stop
}

@test "called in a directory with blanks: it finds the programs" {
	cp -R "$BUILD/." "in  stalled" 2>/dev/null || cp -R "$BUILD" "in  stalled"
	tool -0 env PATH=/usr/bin:/bin "in  stalled/otelop" start --ready exec -- sleep 600
	tool -0 env PATH=/usr/bin:/bin "in  stalled/otelop" stop
}

@test "a relative OTELOP_STATE_DIR: the daemon finds it absolute" {
	tool -0 env OTELOP_STATE_DIR=rel otelop start --ready exec -- sleep 600
	eventually 10 has_variable "$output" "OTELOP_STATE_DIR=$PWD/rel"
}

@test "no OTELOP_STATE_DIR: state lives under XDG_STATE_HOME, else under HOME" {
	unset OTELOP_STATE_DIR
	export XDG_STATE_HOME=$PWD/xdg HOME=$PWD/home
	tool -0 otelop start --ready exec -- sleep 600
	assert_exists xdg/otelop/otelop.json
	unset XDG_STATE_HOME
	tool -3 otelop status -q
	tool -0 otelop start --ready exec -- sleep 600
	assert_exists home/.local/state/otelop/otelop.json
	tool -0 otelop stop
}

@test "restart with limits in front of a command: both are taken" {
	tool -0 otelop start --ready exec -- sleep 1000
	first=$output
	tool -0 otelop restart -t 20 -k 5 -- sh -c 'otelop-ready; exec sleep 1001'
	assert_not_equal "$output" "$first"
	tool -0 otelop restart -k5 --ready exec -t 20 -- sleep 1002
	assert_equal "$(otelop-meta get command)" "sleep 1002"
	tool -0 otelop stop
}

# --- what is given is taken for what it is ---

@test "-n / and -C /: no name, and the root; never the unnamed default" {
	start_sleep
	tool -2 otelop -n / stop
	[[ ${stderr_lines[0]} == *"/"* ]]
	tool otelop -C / status
	[ "$status" -ne 0 ]
	tool -0 otelop status -q
}

@test "an empty value: refused, and nothing is done" {
	local words
	start_sleep
	for words in "stop -t" "stop -k" "wait -t" "wait --stopped -t" "logs -N" "start -t" "restart -t"; do
		# shellcheck disable=SC2086 # words
		tool -2 otelop $words ''
		tool -0 otelop status -q
	done
	tool -2 otelop -n '' status
	tool -2 otelop -C '' status
}

@test "a value where none is taken: refused" {
	local word
	for word in --strict=a=b --native=1 --no-sweep=x --foreground= -f=1; do
		tool -2 otelop start "$word" -- sleep 600
	done
	tool -2 otelop status --json=
	tool -2 otelop wait --ready=1
	assert_not_exists "$OTELOP_STATE_DIR"
}

@test "start --native with what only otelop-run can do: refused" {
	local words
	for words in "-f" "--foreground" "--ready fd" "--no-sweep" "a=b"; do
		# shellcheck disable=SC2086 # words
		tool -2 otelop start --native $words -- sleep 600
	done
	assert_not_exists "$OTELOP_STATE_DIR"
}

@test "restart of what cannot be: it is found out first, and what runs goes on" {
	start_sleep
	one=$output
	tool -2 otelop restart --ready exec -t bogus -- sleep 601
	tool -2 otelop restart -t bogus
	tool -2 otelop restart -k bogus
	tool -2 otelop restart --ready nonsense -- sleep 601
	tool -2 otelop restart --ready exec
	tool -0 otelop status -q
	assert_equal "$(otelop-meta get pid)" "$one"
}

@test "restart where the directory is gone: 125, it is named, and what runs goes on" {
	mkdir gone
	(cd gone && start_sleep)
	one=$(otelop-meta get pid)
	rmdir gone
	tool -125 otelop restart
	[[ $stderr == *"$PWD/gone"* ]]
	assert_equal "$(otelop-meta running)" "running $one"
}

@test "restart that is not ready in time: nothing is recorded any more, so it says what that was" {
	mkdir place
	: >place/go
	tool -0 sh -c 'cd place && otelop start --ready "check:test -e go" note="two words" -- sleep 600'
	rm place/go
	tool -124 otelop restart -t 4s # the stop's time too
	tool -3 otelop restart
	: >place/go
	tool -124 sh -c 'cd place && otelop start -t 300ms --ready "check:test -e gone" note="two words" -- sleep 600'
	assert_equal "${#stderr_lines[@]}" 3
	tool -0 sh -c 'cd place && otelop start --ready "check:test -e go" note="two words" -- sleep 600'
	rm place/go
	tool -124 otelop restart -t 4s
	line=${stderr_lines[-1]}
	[[ $line == "otelop: to try again: cd '$PWD/place' && otelop start "* ]]
	: >place/go
	tool -0 sh -c "${line#*again: }"
	tool -0 otelop-meta get note command
	assert_output $'two words\nsleep 600'
}

@test "restart in a directory whose name ends in a newline: there it runs again" {
	mkdir $'odd\n'
	(cd $'odd\n' && start_sleep)
	tool -0 otelop restart
	assert_equal "$(readlink "/proc/$output/cwd"; echo x)" "$(printf '%s/odd\n\nx' "$PWD")"
}

@test "restart -t: so long for the stop, and for the start" {
	tool -0 otelop start --ready 'check:test -e go' -- sh -c ': >go; exec sleep 600'
	tool -124 otelop restart -t 4100ms --ready 'check:test -e never' -- sleep 600
	[[ $stderr == *"not ready within 4.1 s"* ]]
	assert_nothing_runs
}

@test "a command that could not be recorded is not the same as another one, nor as any that cannot be" {
	tool -0 otelop start --ready exec -- sh -c 'exec sleep 600' $'\xff'
	tool -75 otelop start --ready exec -- sleep 600
	assert_output ""
	tool -75 otelop start --ready exec -- sh -c 'exec sleep 601' $'\xff'
	[[ $stderr == *"could not be recorded"* ]]
	tool -0 otelop status -q
}

@test "the same relative name in another directory is another command; an absolute one is the same" {
	mkdir a b
	printf '#!/bin/sh\notelop-ready; exec 3>&-; exec sleep 600\n' | tee a/serve >b/serve
	chmod +x a/serve b/serve
	cd "$BATS_TEST_TMPDIR/a"
	tool -0 otelop start -- ./serve
	one=$output
	tool -0 otelop start -- ./serve
	assert_output "$one"
	cd "$BATS_TEST_TMPDIR/b"
	tool -75 otelop start -- ./serve
	[[ $stderr == *"another command runs here: ./serve, started in $BATS_TEST_TMPDIR/a "* ]]
	tool -0 otelop restart -- "$PWD/serve"
	one=$output
	cd "$BATS_TEST_TMPDIR"
	tool -0 otelop start -- "$PWD/b/serve"
	assert_output "$one"
}

@test "restart with a command that is not there: said before anything is stopped" {
	start_sleep
	one=$output
	tool -127 otelop restart -- ./nosuch
	[[ $stderr == *"./nosuch: cannot run: "* ]]
	tool -127 otelop restart -- nosuch-program
	: >plain
	tool -126 otelop restart -- ./plain
	tool -127 otelop restart --native -- ./nosuch
	tool -0 otelop status -q
	assert_equal "$(otelop-meta get pid)" "$one"
}

@test "restart where nothing is recorded: status 3, one line that says what to do" {
	tool -3 otelop restart
	assert_equal "$stderr" "otelop: restart: nothing is recorded: give the command behind --"
}

@test "not ready in time: what was waited for, and how to say otherwise" {
	tool -124 otelop start -t 300ms -- sleep 600
	[[ $stderr == *$'\n'"otelop: waited for fd,notify,listen; --ready "* ]]
}

@test "CDPATH of the caller, and a call by a relative path: the programs are found" {
	mkdir -p trap/tools
	ln -s "$BUILD" tools
	CDPATH=$PWD/trap: PATH=/usr/bin:/bin tool -3 sh tools/otelop status -q
	assert_equal "$stderr" ""
}

@test "list: directories that are no instances are left out, whatever they are called" {
	start_sleep
	tool -0 otelop -C "$OTELOP_STATE_DIR/"$'x\e[31m\ny' start --ready exec -- sleep 600
	tool -0 otelop list
	assert_equal "${#lines[@]}" 1
	assert_output --regexp '^\. running [0-9]+$'
}

@test "list of what may not be read: 4, and it says so; one instance that may not: its line, and 4" {
	can_be_nobody
	start_sleep
	start_sleep -n one
	chmod 755 "$OTELOP_STATE_DIR"
	tool -4 as_nobody otelop list
	assert_line --index 0 --regexp '^\. unknown$'
	assert_line --index 1 --regexp '^one unknown$' || assert_equal "${#lines[@]}" 1
	chmod 700 "$OTELOP_STATE_DIR"
	tool -4 as_nobody otelop list
	assert_output ""
	[[ $stderr == *"$OTELOP_STATE_DIR"* ]]
}

@test "logs that cannot be printed: 125; that may not be read: 4" {
	start_sleep
	echo words >>"$OTELOP_STATE_DIR/otelop.log"
	tool -125 sh -c 'otelop logs >/dev/full'
	can_be_nobody
	chmod 755 "$OTELOP_STATE_DIR"
	tool -4 as_nobody otelop logs
	[[ $stderr == *"otelop.log"* ]]
	chmod 700 "$OTELOP_STATE_DIR"
	tool -4 as_nobody otelop logs
	[[ $stderr == *"$OTELOP_STATE_DIR: cannot "* ]]
}

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

@test "what a socket is called does not reach the terminal as a command" {
	# with a number, for such a name is the machine's and not the test's
	tool -0 otelop start -- python3 -c '
import os, socket, signal
sockets = [socket.socket(socket.AF_UNIX) for _ in range(2)]
for s, name in zip(sockets, ("\0evil\u009b31m\x1b[0m", "\0good")):
    s.bind(name + str(os.getpid()))
    s.listen()
signal.pause()'
	[[ $stderr == *"is ready, listening on @good"* ]]
	! LC_ALL=C grep -qaP '[\x01-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' <<<"$stderr" || fail "$(cat -v <<<"$stderr")"
}

@test "a mode that is long, or has several lines: what shows that it waits stays one line" {
	local long shown
	long=$(printf 'x%.0s' {1..120})
	tool -124 python3 "$terminal" 60 otelop start -t 5500ms --ready $'check:: \e[31m'"$long"$'\nfalse' -- sleep 600
	shown=$output
	run ! grep -qP '\x1b\[31m' <<<"$shown"
	run ! grep -qP 'waiting[^\r\n]{80}' <<<"$shown"
	grep -q 'waiting.* ([2-5] s)' <<<"$shown" || fail "$shown"
}

# --- who reads the answer, and whether

# Runs the command with a stdout that nobody reads any more.
unread() {
	python3 -c 'import os, subprocess, sys
read, write = os.pipe()
os.close(read)
sys.exit(subprocess.call(sys.argv[1:], stdout=write))' "$@"
}

@test "a reader that has gone away: each answer has the status that it would have had, and no word about it" {
	start_sleep
	start_sleep -n one
	seq 100000 >>"$OTELOP_STATE_DIR/otelop.log"
	local words
	for words in list status "status --json" logs "logs -N 100000" "logs -f" help version "-n one status"; do
		# shellcheck disable=SC2086 # words
		tool -0 unread timeout 60 otelop $words
		assert_equal "$words: $stderr" "$words: "
	done
	for words in "otelop-meta get pid" "otelop-meta read" "otelop-statedir" "otelop-run --help"; do
		# shellcheck disable=SC2086 # words
		tool -0 unread $words
		assert_equal "$words: $stderr" "$words: "
	done
	tool -0 otelop stop
	tool -3 unread otelop status
	kill -KILL "$(parent_of "$(otelop-meta -n one get pid)")" "$(otelop-meta -n one get pid)"
	OTELOP_STATE_DIR=$OTELOP_STATE_DIR/one eventually 10 state_is stale
	tool -1 unread otelop -n one status
}

@test "list, status and logs in front of grep -q and head, under pipefail: 0" {
	start_sleep
	seq 1000 >>"$OTELOP_STATE_DIR/otelop.log"
	local try
	for try in {1..30}; do
		tool -0 bash -o pipefail -c 'otelop list | grep -q running'
		tool -0 bash -o pipefail -c 'otelop status | head -1'
		tool -0 bash -o pipefail -c 'otelop logs -N 1000 | head -1'
	done
	tool -0 timeout 60 bash -o pipefail -c 'otelop logs -f | head -1'
}

@test "a start whose pid nobody reads: status 0, and the daemon runs" {
	tool -0 unread otelop start --ready exec -- sleep 600
	assert_equal "$stderr" "otelop: sleep is ready"
	tool -0 otelop status -q
}

@test "logs -f across a rotation and a truncation: what is added is shown, and nothing twice" {
	mkdir -m 700 "$OTELOP_STATE_DIR"
	log=$OTELOP_STATE_DIR/otelop.log
	echo one >"$log"
	background otelop logs -f >shown
	follower=$!
	eventually 20 grep -q one shown
	echo two >>"$log"
	mv "$log" "$log.1"
	echo three >>"$log.1"
	echo four >"$log"
	eventually 20 grep -q four shown
	: >"$log"
	echo 5 >>"$log"
	eventually 20 grep -q 5 shown
	kill "$follower"
	assert_equal "$(cat shown)" $'one\ntwo\nthree\nfour\n5'
}

@test "logs of a log that is not ours to trust: refused, status 4" {
	mkdir -m 700 "$OTELOP_STATE_DIR"
	echo words >"$OTELOP_STATE_DIR/otelop.log"
	chmod 666 "$OTELOP_STATE_DIR/otelop.log"
	tool -4 otelop logs
	[[ $stderr == *"$OTELOP_STATE_DIR/otelop.log: refused: "* ]]
	assert_output ""
}

@test "logs of lines longer than a block, and of a last one without its end: whole lines from the last ones" {
	mkdir -m 700 "$OTELOP_STATE_DIR"
	head -c 200000 /dev/zero | tr '\0' x >long
	{ echo first; cat long; echo; cat long; echo; printf last; } >"$OTELOP_STATE_DIR/otelop.log"
	otelop logs -N 2 >said
	{ cat long; echo; printf last; } | cmp - said
	otelop logs -N 4 >said
	cmp "$OTELOP_STATE_DIR/otelop.log" said
	tool -0 otelop logs -N 0
	assert_output ""
}

# --- where it is

@test "list and logs below a file, or below a directory that may not be searched: status 4 and the reason" {
	: >file
	for command in list logs status; do
		tool -4 otelop -C file/x "$command"
		assert_output ""
		[[ $stderr == *"$PWD/file/x: cannot "* ]]
		assert_stderr_line_count 1
	done
	mkdir shut
	chmod 0 shut
	local as=()
	[ -x shut ] && as=(as_nobody)
	for command in list logs; do
		tool -4 "${as[@]}" otelop -C "$PWD/shut/x" "$command"
		[[ $stderr == *"$PWD/shut/x: cannot "* ]]
	done
	chmod 755 shut
}

@test "-C with newlines: that directory, to the last byte" {
	tool -0 otelop -C $'x\n.\n' start --ready exec -- sleep 600
	assert_exists $'x\n.\n/otelop.json'
	tool -0 otelop -C $'x\n.\n' restart
	tool -0 otelop -C $'x\n.\n' list
	assert_output ". running $(otelop-meta -C $'x\n.\n' get pid)"
	tool -0 otelop -C $'x\n.\n' -n one start --ready exec -- sleep 600
	assert_exists $'x\n.\n/one/otelop.json'
	tool -0 otelop -C $'x\n.\n' -n one stop
	tool -0 otelop -C $'x\n.\n' stop
	assert_nothing_runs
}

@test "a name that begins as our own files do: refused by the wrapper and by every program" {
	mkdir -m 700 "$OTELOP_STATE_DIR"
	tool -2 otelop -n otelop.json start --ready exec -- sleep 600
	local words
	for words in "otelop-statedir" "otelop-spawn true" "otelop-lock -p" "otelop-meta list" "otelop-run -- true"; do
		# shellcheck disable=SC2086 # words
		tool -2 ${words%% *} -n otelop.log ${words#"${words%% *}"}
		[[ ${stderr_lines[0]} == *"not an instance name: otelop.log" ]]
	done
	tool -2 otelop-stop --name otelop.start
	assert_equal "$(ls -A "$OTELOP_STATE_DIR")" ""
}

@test "PATH without any other program: start, status, list, logs, restart and stop" {
	needs "list of processes but ps"
	mkdir link
	ln -s "$BUILD/otelop" link/otelop
	local sleep path
	sleep=$(command -v sleep)
	for path in "$PWD/nowhere $BUILD/otelop" "$BUILD $PWD/link/otelop"; do
		set -- "${path% *}" "${path#* }"
		tool -0 env PATH="$1" "$2" start --ready exec -- "$sleep" 600
		for command in "status -q" list "logs -N 3" restart stop; do
			# shellcheck disable=SC2086 # words
			tool -0 env PATH="$1" "$2" $command
			[[ $stderr != *"not found"* ]]
		done
		tool -2 env PATH="$1" "$2" status $'--\e[31m'
		assert_equal "${stderr_lines[0]}" 'otelop: status: --\x1b[31m: unknown option'
	done
}

# --- signals

@test "a start that is killed at any moment: no daemon is left" {
	local i signal began status
	for i in {1..100}; do
		signal=$(printf '%s\n' TERM INT HUP KILL | sed -n "$((i % 4 + 1))p")
		background env --default-signal otelop start -t 1h -- sh -c 'sleep 600 & exec sleep 600'
		began=$!
		sleep "0.0$((RANDOM % 50 + 10))"
		kill -s "$signal" "$began"
		status=0
		wait "$began" || status=$?
		[ "$status" -gt 128 ] || fail "$signal: status $status"
		assert_nothing_runs
		tool otelop status
		assert_equal "$signal: $status: $output" "$signal: 3: state         stopped"
	done
}

# --- restarts

# All at once.
five_restarts() {
	local i pids=()
	rm -f restart*.status restart*.out restart*.err
	for i in {1..5}; do
		background restarted_as "restart$i"
		pids+=("$!")
	done
	wait "${pids[@]}"
}
restarted_as() {
	local name=$1 status=0
	shift
	otelop restart "$@" >"$name.out" 2>"$name.err" || status=$?
	echo "$status" >"$name.status"
}

@test "five restarts at once, ten times: each 0, with the pid of one that runs; those that wait take what they find" {
	start_sleep
	local round i
	for round in {1..10}; do
		five_restarts
		for i in {1..5}; do
			assert_equal "$round/$i: $(cat "restart$i.status" "restart$i.err")" \
				"$round/$i: 0"$'\n'"$(cat "restart$i.err")"
		done
		grep -qx "$(otelop-meta get pid)" restart?.out
		tool -0 otelop status -q
	done
	assert_equal "$(names_of_all)" "otelop-run sleep "
}
# The names of all processes of this test.
names_of_all() {
	local pid pids
	pids=$(marked_processes)
	for pid in $pids; do cat "/proc/$pid/comm"; done | sort | tr '\n' ' '
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
	eventually 10 one_waits
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
is_stopped() { grep -q '^State:[[:space:]]*T' "/proc/$1/status"; }
one_waits() {
	local pid
	for pid in $(marked_processes); do ! waits_for_lock "$pid" || return 0; done
	return 1
}

@test "restarts that begin while another one is stopping the daemon: all answer with the one pid that it starts" {
	needs "start times"
	tool -0 otelop start --ready fd -- sh -c 'trap "until [ -e go ]; do sleep 0.02; done; exit 0" TERM
		otelop-ready; exec 3>&-; while :; do sleep 0.02; done'
	background restarted_as restart1
	one=$!
	eventually 20 test -e "$OTELOP_STATE_DIR/otelop.start"
	background restarted_as restart2
	two=$!
	background restarted_as restart3
	three=$!
	eventually 20 has_looked
	eventually 20 two_wait
	: >go
	wait "$one" "$two" "$three"
	assert_equal "$(cat restart?.status | tr '\n' ' ')" "0 0 0 "
	assert_equal "$(cat restart?.out | sort -u)" "$(otelop-meta get pid)"
	grep -q "restarted already" restart2.err
	tool -0 otelop stop
}
two_wait() {
	local count=0 pid
	for pid in $(marked_processes); do ! waits_for_lock "$pid" || count=$((count + 1)); done
	[ "$count" -ge 2 ]
}

@test "restarts with another command than the one that a restart has brought up: each in its turn" {
	start_sleep
	background restarted_as restart1 --ready exec -- sleep 601
	one=$!
	background restarted_as restart2 --ready exec -- sleep 602
	two=$!
	wait "$one" "$two"
	assert_equal "$(cat restart?.status | tr '\n' ' ')" "0 0 "
	[[ $(otelop-meta get command) == "sleep 60"[12] ]]
	assert_equal "$(names_of_all)" "otelop-run sleep "
}

@test "the daemon of a restart: it has neither the descriptor nor the variable of the chain" {
	start_sleep
	tool -0 otelop restart
	pid=$output
	eventually 10 has_words "$pid" "sleep 600"
	run ! has_variable_named "$pid" OTELOP_CHAIN_FD
	run ! has_variable_named "$(parent_of "$pid")" OTELOP_CHAIN_FD
	find "/proc/$pid/fd" "/proc/$(parent_of "$pid")/fd" -mindepth 1 -printf '%l\n' >open
	run ! grep otelop.start open
	tool -0 flock -n "$OTELOP_STATE_DIR/otelop.start" true
}
has_variable_named() { tr '\0' '\n' <"/proc/$1/environ" | grep -q "^$2="; }

@test "OTELOP_CHAIN_FD with a number that is none of ours: it is not believed, and the daemon does not get it" {
	tool -0 env OTELOP_CHAIN_FD=0 otelop start --native -- python3 "$upstream"
	run ! has_variable_named "$output" OTELOP_CHAIN_FD
	tool -0 env OTELOP_CHAIN_FD=99999999999999999999 otelop restart --native -- python3 "$upstream"
	tool -0 env OTELOP_CHAIN_FD=5x otelop restart --native -- python3 "$upstream"
	tool -0 otelop stop
}

@test "restart: what the daemon said itself in its last run is not said for it" {
	printf 'if mkdir once; then otelop-ready port=1 own=2; else otelop-ready; fi\nexec 3>&-\nexec sleep 600\n' >daemon
	tool -0 otelop start --ready fd mine=3 own=4 -- sh ./daemon
	tool -0 otelop-meta get port mine own
	assert_output $'1\n3\n2'
	tool -0 otelop restart
	tool -1 otelop-meta get port
	tool -0 otelop-meta get mine
	assert_output 3
}

@test "restart inside the daemon, or below what it left behind: refused, and nothing is stopped" {
	needs "orphans that come to otelop-run"
	local how
	for how in '' 'setsid ' '(setsid '; do
		rm -f said status
		tool -0 otelop start --ready fd -- sh -c "otelop-ready; exec 3>&-; $how"' sh -c '"'"'
			until [ -e go ]; do sleep 0.02; done; otelop restart 2>said; echo $? >status'"'"' &'"${how:+ }$([ "$how" = '(setsid ' ] && echo ')')"'
			while :; do sleep 0.1; done'
		pid=$output
		: >go
		eventually 20 test -s status
		assert_equal "$how: $(cat status)" "$how: 1"
		grep -q "refused" said
		assert_equal "$(otelop-meta running)" "running $pid"
		rm go
		tool -0 otelop stop
	done
}

@test "restart with a command inside the daemon: refused too; a stop from inside works" {
	tool -0 otelop start --ready fd -- sh -c 'otelop-ready; exec 3>&-
		otelop restart --ready exec -- sleep 601 2>said; echo $? >status
		until [ -e go ]; do sleep 0.02; done; otelop stop; sleep 600'
	eventually 20 test -s status
	assert_equal "$(cat status)" 1
	tool -0 otelop status -q
	: >go
	eventually 20 nothing_runs
	tool -3 otelop status -q
}

@test "restart of what could not be recorded: refused, with what that was, and it goes on" {
	start_sleep
	pid=$output
	jq '.unrecorded = ["cwd"]' "$OTELOP_STATE_DIR/otelop.json" >changed
	cat changed >"$OTELOP_STATE_DIR/otelop.json"
	tool -1 otelop restart
	[[ $stderr == *"could not be recorded"*cwd* ]]
	kill -0 "$pid"
}

## upstream's daemon beside ours

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
	assert_equal "$(names_of_all)" "python3 "
}
