# otelop start.
# shellcheck disable=SC2016 # what stands in single quotes is for another shell
load helper

# --- what it answers

@test "start: the pid is on stdout, a summary on stderr" {
	tool -0 otelop start --ready exec -- sleep 600
	eventually 10 has_words "$output" "sleep 600"
	assert_stderr_line_count 1
	assert_equal "$stderr" "otelop: sleep is ready"
}

@test "start of a web server: the port answers, the address is in the metadata and in status, stop leaves nothing" {
	needs_proc
	tool -0 otelop start -- python3 -m http.server 0 --bind 127.0.0.1
	[[ $stderr == "otelop: python3 is ready, listening on 127.0.0.1:"* ]]
	address=${stderr##* }
	ask "$address" 'GET / HTTP/1.0\r\n\r\n' | grep -q "200 OK"
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
	{
		nginx_user
		printf 'pid %s/pid;\nerror_log %s/error;\nevents {}\nhttp { access_log off; server { listen unix:%s/socket; }\n' \
			"$PWD" "$PWD" "$PWD"
		# What it would make in /var/lib is root's to make.
		printf '%s_temp_path temporary;\n' client_body proxy fastcgi uwsgi scgi
		echo '}'
	} >nginx.conf
	# Not by listen: where it is slow to end, what it listens on is there long enough to be believed.
	tool -1 otelop start -t 20 --grace 2 --ready fd,notify -- nginx -p "$PWD" -c nginx.conf
	[[ ${stderr_lines[0]} == *background* && ${stderr_lines[0]} == *foreground* ]]
	# Not by its environment, which it has overwritten.
	tool -1 pgrep -f "nginx: .*$PWD"
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

@test "not ready in time: what was waited for, and how to say otherwise" {
	tool -124 otelop start -t 300ms -- sleep 600
	[[ $stderr == *$'\n'"otelop: waited for fd,notify,listen; --ready "* ]]
}

# A daemon that says the words of each argument to its supervisor, a second between them.
patient='import os, socket, sys, time
name = os.environ["NOTIFY_SOCKET"]
for words in sys.argv[1:]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.sendto(words.encode(), "\0" + name[1:] if name[0] == "@" else name)
    time.sleep(1)
time.sleep(600)'

@test "a daemon that asks for more time (EXTEND_TIMEOUT_USEC): it is waited for, and no longer than that" {
	needs_proc
	local more=EXTEND_TIMEOUT_USEC=60000000
	tool -0 otelop start -t 2s -- python3 -c "$patient" "$more" STATUS=one STATUS=two READY=1
	tool -0 otelop stop
	tool -0 otelop start -t 2s -- otelop-run -C inner -- python3 -c "$patient" STATUS=zero$'\n'"$more" one two READY=1
	tool -0 otelop stop
	# Never less than without it, and what is no number is none.
	for more in 1 0 -5 infinity 5x 99999999999999999999 ''; do
		tool -0 otelop start -t 20s -- python3 -c "$patient" "EXTEND_TIMEOUT_USEC=$more" READY=1
		tool -0 otelop stop
	done
	tool -124 otelop start -t 3s -- python3 -c "$patient" EXTEND_TIMEOUT_USEC=4000000 one
	assert_regex "${stderr_lines[0]}" 'not ready within [4-7](\.[0-9]+)? s$'
	assert_nothing_runs
}

@test "a supervisor of otelop-run hears that the daemon asks for more time" {
	background timeout 20 python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("notify")
print(s.recv(4096).decode(), flush=True)
print(s.recv(4096).decode(), flush=True)' >heard
	listener=$!
	eventually 10 test -S notify
	NOTIFY_SOCKET=$PWD/notify background otelop-run -- python3 -c "$patient" EXTEND_TIMEOUT_USEC=7000000 READY=1
	wait "$listener"
	assert_equal "$(cat heard)" $'EXTEND_TIMEOUT_USEC=7000000\nREADY=1'
	tool -0 otelop stop
}

@test "a start whose pid nobody reads: status 0, and the daemon runs" {
	tool -0 unread otelop start --ready exec -- sleep 600
	assert_equal "$stderr" "otelop: sleep is ready"
	tool -0 otelop status -q
}

# --- a daemon runs already

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

@test "a command that could not be recorded is not the same as another one, nor as any that cannot be" {
	needs "words that are no text"
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

# --- options

@test "the account's own instance, the same words in another directory: 75, and where that one was started; a named one is the same from everywhere" {
	local name
	unset OTELOP_STATE_DIR
	export XDG_STATE_HOME=$PWD/xdg HOME=$PWD
	mkdir a b
	ln -s a link
	cd a
	start_sleep
	pid=$output
	cd ../b
	tool -75 otelop start --ready exec -- sleep 600
	assert_output ""
	assert_stderr_line_count 1
	[[ $stderr == "otelop: $XDG_STATE_HOME/otelop: this command runs here already, for another directory: sleep 600, started in $BATS_TEST_TMPDIR/a as process $pid (-n NAME or -C DIR "*"otelop restart"* ]]
	tool -75 otelop start --ready exec -d . -- sleep 600
	tool -75 otelop start --native -- sleep 600
	for name in ../a "$BATS_TEST_TMPDIR/link"; do
		tool -0 otelop start --ready exec -d "$name" -- sleep 600
		assert_output "$pid"
		assert_equal "$stderr" "otelop: already running"
	done
	for name in "-n one" "-C $PWD/state"; do
		# shellcheck disable=SC2086 # words
		{
			cd "$BATS_TEST_TMPDIR/a"
			tool -0 otelop $name start --ready exec -- sleep 600
			pid=$output
			cd "$BATS_TEST_TMPDIR/b"
			tool -0 otelop $name start --ready exec -- sleep 600
			assert_equal "$name: $output" "$name: $pid"
			tool -0 otelop $name stop
		}
	done
	OTELOP_STATE_DIR=$XDG_STATE_HOME/otelop tool -0 otelop start --ready exec -- sleep 600
	tool -0 otelop stop
}

@test "a directory that has another name by now, or is gone: a start for it is another one" {
	unset OTELOP_STATE_DIR
	export XDG_STATE_HOME=$PWD/xdg
	mkdir a
	(cd a && start_sleep)
	mv a b
	cd "$PWD/b"
	tool -75 otelop start --ready exec -- sleep 600
	tool -0 otelop stop
}

@test "the same command with another -e or -u: 75, and it says so; in another order, or twice, it is the same" {
	export SHELL=/bin/sh
	tool -0 otelop start --ready exec -e A=1 -e 'B=two  words' -u C -u D -e SHELL -- sleep 600
	pid=$output
	tool -0 otelop start --ready exec -uD --unset=C --env=SHELL -e'B=two  words' -eA=2 -e A=1 -- sleep 600
	assert_output "$pid"
	assert_equal "$stderr" "otelop: already running"
	for words in '' '-e A=1' '-e A=2 -e B=two -u C -u D -e SHELL' '-e A=1 -u C -u D -e SHELL'; do
		# shellcheck disable=SC2086 # words
		tool -75 otelop start --ready exec $words -- sleep 600
		[[ $stderr == *": this command runs here already, but with another -e or -u: sleep 600, started in $PWD "* ]]
		assert_stderr_line_count 1
	done
	tool -75 otelop start --ready exec -e A=1 -e 'B=two  words' -u C -u D -e SHELL=/bin/sh -- sleep 600
	kill -0 "$pid"
}

@test "already running with the same command, and other options: 0, and they are named" {
	mkdir elsewhere
	tool -0 otelop start --ready exec -m 077 --max-lifetime 1h one=1 two=2 -- sleep 600
	pid=$output
	tool -0 otelop start --ready exec -m 77 --max-lifetime=1h two=2 one=1 -- sleep 600
	assert_equal "$stderr" "otelop: already running"
	tool -0 otelop start -d elsewhere --ready fd --no-sweep --log-max 1M -m 022 one=1 two=3 three=3 -- sleep 600
	assert_output "$pid"
	assert_equal "$stderr" "otelop: already running; only a restart would change: --ready, --max-lifetime, --no-sweep, --log-max, -m, -d, two=, three="
	tool -0 otelop start --ready exec -m 077 --max-lifetime 1h -l log two=2 -- sleep 600
	assert_equal "$stderr" "otelop: already running; only a restart would change: -l, one="
}

# --- what the daemon finds

@test "start -d -m -e -u -l: the daemon has them, and so has it after a restart, from elsewhere" {
	local round
	mkdir place elsewhere
	export TAKEN=first GONE=gone KEPT=kept
	# shellcheck disable=SC2016
	printf 'umask >seen; env >>seen; pwd; echo ready >&2\notelop-ready; exec 3>&-; exec sleep 600\n' >place/daemon
	tool -0 otelop start --ready fd -d place -m 027 -e A=a=b -e 'B=two  words' -e TAKEN -u GONE -l log -- sh ./daemon
	for round in first second; do
		run cat place/seen
		assert_line --index 0 --regexp '^0*27$'
		assert_line 'A=a=b'
		assert_line 'B=two  words'
		assert_line "TAKEN=$round"
		refute_line --regexp '^GONE='
		assert_equal "$(tail -n 2 log)" "$PWD/place"$'\nready'
		assert_not_exists "$OTELOP_STATE_DIR/otelop.log"
		assert_equal "$(otelop-meta get environment unset umask log cwd)" \
			$'A=a=b B=two  words TAKEN\nGONE\n0027\n'"$PWD/log"$'\n'"$PWD/place"
		[ "$round" = second ] || (cd elsewhere && GONE=again TAKEN=second otelop restart)
	done
	assert_equal "$(stat -c %a "$OTELOP_STATE_DIR/otelop.json")" 600
	# Of what was given by name alone no value is there, and no value of any is a word that all see.
	run -1 grep -r first "$OTELOP_STATE_DIR/otelop.json"
	for pid in $(otelop-meta get pid) $(parent_of "$(otelop-meta get pid)"); do
		run -1 grep -qa 'two  words' "/proc/$pid/cmdline"
	done
}

@test "start -e VAR that is not set: a mistake that names it; a restart without it stops nothing" {
	tool -2 otelop start --ready exec -e NOT_THERE -- sleep 600
	assert_equal "${stderr_lines[0]}" "otelop: start: -e: not set in the environment: NOT_THERE"
	assert_not_exists "$OTELOP_STATE_DIR"
	tool -0 env THERE= otelop start --ready exec -e THERE -- sleep 600
	pid=$output
	tool -2 otelop restart
	assert_equal "${stderr_lines[0]}" "otelop: restart: -e: not set in the environment: THERE"
	assert_equal "$(otelop-meta running)" "running $pid"
	THERE=now tool -0 otelop restart
}

@test "start -f -d -m -e -u, and --native: the command has them, too" {
	mkdir place
	# shellcheck disable=SC2016 # for the daemon
	printf 'pwd >seen; umask >>seen; echo "$A ${HOME-none}" >>seen; echo "$OTELOP_STATE_DIR" >>seen; otelop-ready\n' >place/daemon
	cd "$PWD/place"
	tool -0 otelop -C ../state start -f --ready fd -d "$PWD" -m 027 -e A=1 -u HOME -- sh ./daemon
	cd "$BATS_TEST_TMPDIR"
	assert_equal "$(sed 's/^0*27$/27/' place/seen)" "$PWD/place"$'\n27\n1 none\n'"$PWD/place/../state"
	rm place/seen
	tool -0 otelop -C state start -f --ready fd -d place -m 027 -e A=1 -u HOME -- sh ./daemon
	assert_equal "$(sed 's/^0*27$/27/' place/seen)" "$PWD/place"$'\n27\n1 none\n'"$PWD/state"
	rm place/seen
	tool -0 otelop start --native -l log -d place -m 027 -e A=1 -u HOME -- sh ./daemon
	assert_equal "$(sed 's/^0*27$/27/' place/seen)" "$PWD/place"$'\n27\n1 none\n'"$OTELOP_STATE_DIR"
	assert_exists log
}

@test "start -e of what names a descriptor, or of make's words: it is what was asked for" {
	tool -0 otelop start --ready fd -e MAKEFLAGS=-j4 -e LISTEN_FDS=0 -- sh -c 'env >seen; otelop-ready; exec 3>&-; exec sleep 600'
	grep -qx MAKEFLAGS=-j4 seen
	grep -qx LISTEN_FDS=0 seen
}

@test "start -e of what cannot be recorded: it runs, is the same as nothing, and a restart refuses" {
	needs "words that are no text"
	tool -0 otelop start --ready exec -e $'A=\xff' -- sleep 600
	pid=$output
	tool -75 otelop start --ready exec -e $'A=\xff' -- sleep 600
	tool -1 otelop restart
	[[ $stderr == *environment* ]]
	assert_equal "$(otelop-meta running)" "running $pid"
}

@test "start with a mistake in -d, -m, -e, -u or -l: it is named, nothing is made, and a restart stops nothing" {
	local words command
	for command in start restart; do
		while IFS='|' read -r words expected; do
			# shellcheck disable=SC2086 # words
			tool -2 otelop $command --ready exec $words -- sleep 600
			assert_equal "${stderr_lines[0]}" "otelop: $command: $expected"
		done <<'TABLE'
-m 8|-m: not an octal mask: 8
-e =x|-e: not a variable: =x
-u A=1|-u: not a variable: A=1
-e OTELOP_STATE_DIR=/x|-e: this variable is not yours to set: OTELOP_STATE_DIR
-e OTELOP_NAME|-e: this variable is not yours to set: OTELOP_NAME
-u OTELOP_DAEMONIZED|-u: this variable is not yours to set: OTELOP_DAEMONIZED
-f -l log|-f and -l: only one of them
-l log --log-max 1M|--log-max and -l: only one of them: it is the state directory's log that is kept small
TABLE
		[ "$command" = restart ] || { assert_not_exists "$OTELOP_STATE_DIR"; start_sleep; }
	done
	tool -125 otelop restart -d nowhere -- sleep 600
	[[ $stderr == *"directory nowhere: "* ]]
	tool -125 otelop restart -l nowhere/log -- sleep 600
	assert_regex "$stderr" '^otelop: nowhere/log: cannot open the log: '
	tool -127 otelop restart -e PATH="$PWD" -- sleep 600
	tool -0 otelop status -q
}

# --- members, and options

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
	local mistake named
	# Each line: what is given, and behind => what the first line must say of it.
	while IFS= read -r mistake; do
		named=${mistake#*=>}
		# shellcheck disable=SC2086 # words
		tool otelop start ${mistake%=>*}
		assert_equal "$mistake: $status" "$mistake: 2"
		assert_output ""
		[[ ${stderr_lines[0]} == otelop*"$named"* ]] || fail "$mistake: $stderr"
		[[ ${stderr_lines[1]} == "usage: otelop"* ]] || fail "$mistake: $stderr"
		assert_not_exists "$OTELOP_STATE_DIR"
	done <<-'MISTAKES'
		=>no command
		sleep 600=>sleep
		--=>no command
		--bogus -- sleep 600=>--bogus
		--ready bogus -- sleep 600=>bogus
		-t soon -- sleep 600=>soon
		word -- sleep 600=>word
		--max-lifetime x -- sleep 600=>x
		--ready=>--ready
	MISTAKES
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

# --- in the foreground

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

# --- on a terminal

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
		((try < 20)) || skip "nothing starts within a second here"
	done
	refute_output --partial $'\e'
	assert_equal "${#lines[@]}" 2
}

@test "what a socket is called does not reach the terminal as a command" {
	needs_proc
	# with a number, for such a name is the machine's and not the test's
	tool -0 otelop start -- python3 -c '
import os, socket, signal
sockets = [socket.socket(socket.AF_UNIX) for _ in range(2)]
for s, name in zip(sockets, ("\0evil\u009b31m\x1b[0m", "\0good")):
    s.bind(name + str(os.getpid()))
    s.listen()
signal.pause()'
	[[ $stderr == *"is ready, listening on @good"* ]]
	refute_controls "$stderr"
}

@test "a mode that is long, or has several lines: what shows that it waits stays one line" {
	local long shown
	long=$(printf 'x%.0s' {1..120})
	tool -124 python3 "$terminal" 60 otelop start -t 5500ms --ready $'check:: \e[31m'"$long"$'\nfalse' -- sleep 600
	shown=$output
	run -1 grep -qP '\x1b\[31m' <<<"$shown"
	run -1 grep -qP 'waiting[^\r\n]{80}' <<<"$shown"
	grep -q 'waiting.* ([2-5] s)' <<<"$shown" || fail "$shown"
}

# --- interrupted

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

@test "Ctrl-C after a start, and the terminal is closed: the daemon lives on" {
	tool -130 python3 "$terminal" -i started 30 sh -c 'otelop start --ready exec -- sleep 600; : >started; exec sleep 600'
	tool -0 otelop status -q
}

@test "a start that is killed at any moment: no daemon is left" {
	local i signal began status rounds=100
	[ -z "${PLACES_BLIND-}" ] || rounds=8	# of seconds each
	for i in $(seq "$rounds"); do
		signal=$(printf '%s\n' TERM INT HUP KILL | sed -n "$((i % 4 + 1))p")
		background env --default-signal otelop start -t 1h -- sh -c 'sleep 600 & exec sleep 600'
		began=$!
		eventually 10 hears "$began" 2 # till then it is not even env
		sleep "0.0$((RANDOM % 60))"
		kill -s "$signal" "$began"
		status=0
		wait "$began" || status=$?
		[ "$status" -gt 128 ] || fail "$signal: status $status"
		assert_nothing_runs
		tool otelop status
		assert_equal "$signal: $status: ${lines[0]}" "$signal: 3: state         stopped"
	done
}
