# otelop restart.
# shellcheck disable=SC2016 # what stands in single quotes is for another shell
load helper

# --- what is started again

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
	needs "words that are no text"
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

@test "restart with limits in front of a command: both are taken" {
	tool -0 otelop start --ready exec -- sleep 1000
	first=$output
	tool -0 otelop restart -t 20 -k 5 -- sh -c 'otelop-ready; exec sleep 1001'
	assert_not_equal "$output" "$first"
	tool -0 otelop restart -k5 --ready exec -t 20 -- sleep 1002
	assert_equal "$(otelop-meta get command)" "sleep 1002"
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

# --- refused, or not ready

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

@test "restart inside the daemon, or below what it left behind: refused, and nothing is stopped" {
	needs "orphans that come to otelop-run"
	needs "descriptors of others"
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
	pid=$output parent=$(parent_of "$output")
	# Its otelop-run would put back what it has published.
	kill -KILL "$parent"
	assert_gone "$parent"
	jq '.unrecorded = ["cwd"]' "$OTELOP_STATE_DIR/otelop.json" >changed
	cat changed >"$OTELOP_STATE_DIR/otelop.json"
	tool -1 otelop restart
	[[ $stderr == *"could not be recorded"*cwd* ]]
	kill -0 "$pid"
}

# --- several at once

# All at once.
five_restarts() {
	local i pids=()
	rm -f restart*.status restart*.out restart*.err
	for i in {1..5}; do
		restart_in_background "restart$i"
		pids+=("$!")
	done
	wait "${pids[@]}"
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
	assert_only_daemon_runs
}

@test "restarts that begin while another one is stopping the daemon: all answer with the one pid that it starts" {
	needs "start times"
	tool -0 otelop start --ready fd -- sh -c 'trap "until [ -e go ]; do sleep 0.02; done; exit 0" TERM
		otelop-ready; exec 3>&-; while :; do sleep 0.02; done'
	restart_in_background restart1
	one=$!
	eventually 20 test -e "$OTELOP_STATE_DIR/otelop.start"
	restart_in_background restart2
	two=$!
	restart_in_background restart3
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

@test "another restart is under way and does not end: -t limits the wait, 124 and whose it is; without it that is said" {
	start_sleep
	local one=$output holder
	background flock "$OTELOP_STATE_DIR/otelop.start" sleep 1000
	holder=$!
	eventually 10 chain_is_held
	tool -124 otelop restart -t 300ms
	assert_says_who
	tool -124 otelop restart -t 300ms -- sleep 601
	assert_says_who
	tool -124 otelop start --native -t 300ms -- sleep 602
	assert_says_who
	kill -0 "$one"
	restart_in_background restart
	local restart=$!
	eventually 20 grep -qs "another start or restart is under way" restart.err
	pkill -KILL -P "$holder"
	wait "$restart"
	assert_equal "$(cat restart.status)" 0
}
chain_is_held() { ! flock -n "$OTELOP_STATE_DIR/otelop.start" true; }
assert_says_who() {
	assert_regex "$stderr" "^otelop: $OTELOP_STATE_DIR/otelop.start: another start or restart is under way: "
	is_fallback || assert_regex "$stderr" 'process [0-9]+ \((flock|sleep)\)$'
}

@test "restarts with another command than the one that a restart has brought up: each in its turn" {
	start_sleep
	restart_in_background restart1 --ready exec -- sleep 601
	one=$!
	restart_in_background restart2 --ready exec -- sleep 602
	two=$!
	wait "$one" "$two"
	assert_equal "$(cat restart?.status | tr '\n' ' ')" "0 0 "
	[[ $(otelop-meta get command) == "sleep 60"[12] ]]
	assert_only_daemon_runs
}

# --- the chain

@test "the daemon of a restart: it has neither the descriptor nor the variable of the chain" {
	start_sleep
	tool -0 otelop restart
	pid=$output
	eventually 10 has_words "$pid" "sleep 600"
	lacks_variable "$pid" OTELOP_CHAIN_FD
	lacks_variable "$(parent_of "$pid")" OTELOP_CHAIN_FD
	find "/proc/$pid/fd" "/proc/$(parent_of "$pid")/fd" -mindepth 1 -printf '%l\n' >open
	assert_file_not_empty open
	run -1 grep otelop.start open
	tool -0 flock -n "$OTELOP_STATE_DIR/otelop.start" true
}

@test "OTELOP_CHAIN_FD with a number that is none of ours: it is not believed, and the daemon does not get it" {
	tool -0 env OTELOP_CHAIN_FD=0 otelop start --native -- python3 "$upstream"
	lacks_variable "$output" OTELOP_CHAIN_FD
	tool -0 env OTELOP_CHAIN_FD=99999999999999999999 otelop restart --native -- python3 "$upstream"
	tool -0 env OTELOP_CHAIN_FD=5x otelop restart --native -- python3 "$upstream"
	tool -0 otelop stop
}
