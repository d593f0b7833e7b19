# otelop-with: servers for as long as one command runs.
# shellcheck disable=SC2016 # what stands in single quotes is for another shell
load helper

setup_more() {
	mkdir tmp
	export TMPDIR=$PWD/tmp
	web='exec python3 -m http.server 0 --bind 127.0.0.1'
}

# What a run leaves: nothing, or its own directory, which is then $left.
assert_nothing_left() {
	assert_nothing_runs
	assert_equal "$(find tmp -mindepth 1)" ""
}
assert_directory_left() {
	assert_nothing_runs
	assert_equal "$(find tmp -mindepth 1 -maxdepth 1 | wc -l)" 1
	left=$(find "$PWD/tmp" -mindepth 1 -maxdepth 1)
	assert_equal "${stderr_lines[-1]}" "otelop-with: what the servers wrote stays in $left"
}
# with_sleep NAME...: the words for servers that only are there.
with_sleep() {
	local name
	words=()
	for name in "$@"; do words+=(-n "$name" --ready exec -s 'exec sleep 600'); done
}

## what the command finds

@test "one server: the command finds its address and its directory, and nothing is left" {
	tool -0 otelop-with -s "$web" -- sh -c '
		echo "$OTELOP_ADDRESS $OTELOP_ADDRESS_1 $(otelop-meta -n 1 get address)"
		otelop-stop -n "$(otelop-meta -n 1 get pid)" && echo "$OTELOP_STATE_DIR ${OTELOP_NAME-none}"'
	assert_equal "$stderr" ""
	read -r first second third <<<"${lines[0]}"
	assert_regex "$first" '^127\.0\.0\.1:[0-9]+$'
	assert_equal "$second $third" "$first $first"
	assert_regex "${lines[1]}" "^$PWD/tmp/otelop-with\.[^/]+ none\$"
	assert_nothing_left
}

@test "several servers: each is ready before the next begins, and they are stopped in reverse order" {
	cat >server <<'END'
echo "$1 begins" >>order
trap 'echo "$1 ends" >>order; exit 0' TERM
sleep 0.2
echo "$1 is ready" >>order
otelop-ready
exec 3>&-
while :; do sleep 0.02; done
END
	tool -0 otelop-with -s 'exec sh server one' -n x -s 'exec sh server two' -s 'exec sh server three' -- sh -c 'echo command >>order'
	assert_equal "$(cat order)" "$(printf '%s\n' 'one begins' 'one is ready' 'two begins' 'two is ready' 'three begins' \
		'three is ready' command 'three ends' 'two ends' 'one ends')"
	assert_nothing_left
}

@test "names: the command and the later servers find each address, in a variable of the server's name" {
	tool -0 otelop-with -n 'a.b-c' -s "$web" --ready exec -s 'echo "$OTELOP_ADDRESS_a_b_c" >seen; exec sleep 600' -- \
		sh -c 'echo "$OTELOP_ADDRESS_a_b_c ${OTELOP_ADDRESS-none} ${OTELOP_ADDRESS_1-none}"; otelop list'
	assert_equal "${lines[0]}" "$(cat seen) none none"
	assert_regex "${lines[0]}" '^127\.'
	assert_regex "${lines[1]} ${lines[2]}" '^1 running [0-9]+ a\.b-c running [0-9]+$'
}

@test "addresses of an outer otelop-with: what the inner one has not is not the outer's" {
	tool -0 otelop-with -s "$web" -- otelop-with --ready exec -s 'exec sleep 600' -- sh -c 'echo "${OTELOP_ADDRESS-none} ${OTELOP_ADDRESS_1-none}"'
	assert_output "none none"
	assert_nothing_left
}

@test "the command: its descriptors, standard input and jobserver are the caller's" {
	with_sleep 1
	echo five >five
	tool -0 sh -c 'echo in | otelop-with "$@" -- sh -c "cat; cat <&5" 5<five' sh "${words[@]}"
	assert_output $'in\nfive'
	printf '%s\n' 'all:' $'\t+@otelop-with --ready exec -s "exec sleep 600" -- $(MAKE) -s inner' 'inner: a b' 'a b:' $'\t@echo $@' >Makefile
	tool -0 make -j2
	assert_equal "$stderr" ""
	assert_equal "$(sort <<<"$output")" $'a\nb'
}

@test "\$(otelop-with ...) and a pipe: no server keeps them waiting, its output is in its log alone" {
	tool -3 timeout -s KILL 60 sh -c 'x=$(otelop-with --ready exec -s "echo server; exec sleep 600" -- echo command) && echo "$x"; exit 3'
	assert_output command
	tool -0 timeout -s KILL 60 sh -c 'otelop-with --ready exec -s "exec sleep 600" -- echo command | cat'
	assert_output command
	assert_nothing_left
}

@test "a command that says itself that it is ready: whoever waits for that hears it, and no server's word" {
	tool -0 otelop start --ready fd -- otelop-with --ready exec -s 'exec sleep 600' -- \
		sh -c 'otelop-ready note="$OTELOP_STATE_DIR"; exec 3>&-; exec sleep 600'
	assert_regex "$(otelop-meta get note)" "^$PWD/tmp/"
	tool -0 otelop stop
	assert_nothing_runs
}

## statuses

@test "the command's status: it is ours, and where it is not 0 the servers' logs stay" {
	with_sleep 1
	tool -7 otelop-with "${words[@]}" -- sh -c 'exit 7'
	assert_stderr_line_count 1
	assert_directory_left
	assert_file_exists "$left/1/otelop.log"
	rm -r tmp/*
	tool -137 otelop-with "${words[@]}" -- sh -c 'kill -KILL $$'
	assert_regex "${stderr_lines[0]}" '^otelop-with: .*: killed by signal KILL'
	assert_directory_left
}

@test "a command that is not there, or is no program: 127, 126, with its name" {
	with_sleep 1
	tool -127 otelop-with "${words[@]}" -- ./none
	assert_regex "${stderr_lines[0]}" '^otelop-with: ./none: cannot run: '
	: >plain
	tool -126 otelop-with "${words[@]}" -- ./plain
	assert_regex "${stderr_lines[0]}" '^otelop-with: ./plain: cannot run: '
	assert_nothing_runs
}

@test "a server that does not start: its words, its status, no command, and the others are stopped" {
	tool -1 otelop-with -n first --ready fd -s 'trap "echo stopped >>ended; exit" TERM; otelop-ready; exec 3>&-; while :; do sleep 0.02; done' \
		-n db -s 'echo no configuration; exit 3' -n never -s ': >ran' -- touch ran
	assert_equal "${stderr_lines[0]}" "otelop-with: db: sh: exited with status 3"
	assert_equal "${stderr_lines[1]}" "no configuration"
	assert_directory_left
	assert_equal "${stderr_lines[2]}" "otelop-with: db: log: $left/db/otelop.log"
	assert_stderr_line_count 4
	assert_equal "$(cat ended)" stopped
	assert_not_exists ran
	tool -127 otelop-with -s 'exec ./none' -- touch ran
	tool -124 otelop-with -t 200ms -s 'exec sleep 600' -- touch ran
	assert_not_exists ran
	assert_nothing_runs
}

@test "a server that dies meanwhile: told at the end with its last words, 1, or the command's own status" {
	for code in 0 5; do
		tool -$((code == 5 ? 5 : 1)) otelop-with -n db --ready fd -s 'otelop-ready; exec 3>&-; until [ -e go ]; do sleep 0.02; done; echo last words; kill -SEGV $$' -- \
			sh -c ": >go; while otelop -n db status -q; do sleep 0.02; done; echo ends; exit $code"
		assert_output ends
		assert_equal "${stderr_lines[0]}" "otelop-with: db: died while the command ran: killed by signal SEGV"
		assert_equal "${stderr_lines[1]}" "last words"
		assert_regex "${stderr_lines[-2]}" "^otelop-with: db: log: $PWD/tmp/otelop-with.*/db/otelop.log\$"
		assert_directory_left
		rm -r tmp/* go
	done
}

@test "a server that dies at the very end of the command: told all the same" {
	with_sleep db
	tool -1 otelop-with "${words[@]}" -- sh -c '
		pid=$(otelop-meta -n db get pid)
		kill -SEGV "$pid"
		while otelop-stop -n "$pid"; do :; done'
	assert_equal "${stderr_lines[0]}" "otelop-with: db: died while the command ran: killed by signal SEGV"
}

@test "a server that dies at the very end of the command, and what it leaves takes its time to end: told how it died" {
	needs "word of who has a dead daemon's lock"
	tool -1 otelop-with -n db --ready fd --grace 1 -s '(trap "" TERM; exec sleep 601) & otelop-ready; exec 3>&-; exec sleep 600' -- sh -c '
		pid=$(otelop-meta -n db get pid)
		kill -SEGV "$pid"
		while otelop-stop -n "$pid"; do :; done'
	assert_equal "${stderr_lines[0]}" "otelop-with: db: died while the command ran: killed by signal SEGV"
	assert_nothing_runs
}

@test "a server whose otelop-run is killed: it is no death, and it is stopped with all that it started" {
	needs "orphans of its own"
	tool -0 otelop-with -n db --ready fd -s 'python3 -c "import subprocess
subprocess.Popen([\"sleep\", \"601\"], close_fds=True)"; otelop-ready; exec 3>&-; exec sleep 600' -- \
		sh -c 'kill -KILL "$(otelop-meta -n db get runner)"; otelop -n db status -q'
	assert_equal "$stderr" ""
	assert_nothing_left
}

@test "a server that the command stops or restarts, and one that it starts: no death, and nothing is left" {
	with_sleep one two
	tool -0 otelop-with "${words[@]}" -- sh -c 'otelop -n one stop && otelop -n two restart && otelop -n three start --ready exec -- sleep 600'
	refute_regex "$stderr" died
	assert_nothing_left
}

## -C

@test "-C: state and logs are there and stay, the command finds them, and one has them to oneself" {
	with_sleep 1
	tool -0 otelop-with -C here/deep "${words[@]}" -- sh -c 'echo "$OTELOP_STATE_DIR"; otelop list'
	assert_equal "${lines[0]}" "$PWD/here/deep"
	assert_regex "${lines[1]}" '^1 running [0-9]+$'
	assert_file_exists here/deep/1/otelop.log
	assert_nothing_left
	tool -4 otelop-with -C here/deep "${words[@]}" -- sh -c 'exit 4'
	assert_equal "$stderr" ""
	assert_nothing_left
}

@test "-C where a daemon runs under the name: 75, it is neither used nor stopped, even with the same command" {
	tool -0 otelop -C here -n db start --ready exec -- sh -c 'exec sleep 600'
	pid=$output
	with_sleep first db
	tool -75 otelop-with -C here "${words[@]}" -- touch ran
	assert_regex "${stderr_lines[0]}" '^otelop-with: db: '
	assert_not_exists ran
	tool -0 otelop -C here list
	assert_output "db running $pid"
	assert_equal "$(find tmp -mindepth 1)" ""
	otelop -C here -n db stop
}

@test "-C, and somebody else has taken a server's place meanwhile: his is not stopped" {
	with_sleep db
	background otelop-with -C here "${words[@]}" -- sh -c 'otelop -n db stop; : >want; until [ -e got ]; do sleep 0.02; done'
	runner=$!
	eventually 30 test -e want
	tool -0 otelop -C here -n db start --ready exec -- sleep 601
	pid=$output
	: >got
	assert_ended "$runner" 0
	assert_equal "$(otelop-meta -C here -n db running)" "running $pid"
	otelop -C here -n db stop
}

@test "several runs at once in one directory: each has servers of its own" {
	for run in 1 2 3 4 5; do
		background sh -c 'otelop-with -s "$2" -- sh -c "echo \$OTELOP_ADDRESS >$1; touch up.$1; until [ -e up.1 ] && [ -e up.2 ] && [ -e up.3 ] && [ -e up.4 ] && [ -e up.5 ]; do sleep 0.02; done"' sh "$run" "$web"
		pids[run]=$!
	done
	for run in 1 2 3 4 5; do assert_ended "${pids[run]}" 0; done
	assert_equal "$(cat 1 2 3 4 5 | sort -u | grep -c '^127')" 5
	assert_nothing_left
}

## words

@test "mistakes in the words: usage, the first line says which, and nothing is made" {
	wrong() {
		local said=$1
		shift
		tool -2 otelop-with "$@"
		assert_equal "$output" ""
		assert_equal "${stderr_lines[0]}" "otelop-with: $said"
		assert_regex "${stderr_lines[1]}" '^usage: otelop-with '
		assert_equal "$(find tmp -mindepth 1)" ""
	}
	wrong 'no server: give it with -s'
	wrong 'no server: give it with -s' -- true
	wrong 'no command: give it behind --' -s true
	wrong 'no command: give it behind --' -s true --
	local stray='stands alone: a server is one word, as in -s '"'npm start'"', and the command is behind --'
	wrong "echo: $stray" -s true echo
	wrong "start: $stray" -s npm start -- true
	wrong "npm: $stray" npm start -- true
	wrong '-s: needs a value' -s
	wrong '-s: needs a server' -s '' -- true
	wrong '-s: needs a server' -s -- true
	wrong '--redy: unknown option' --redy exec -s true -- true
	wrong '-n: not an instance name: a/b' -n a/b -s true -- true
	wrong '-C: goes in front of the first -s' -s true -C x -s true -- true
	wrong '-C: needs a directory' -C '' -s true -- true
	wrong '-f: not for a server' -f -s true -- true
	wrong '--native: not for a server' --native -s true -- true
	wrong '--with-parent: not for a server' -s true --with-parent 1 -s true -- true
	wrong 'a: another server has this name, or one with the same variable' -n a -s true -n a -s true -- true
	wrong 'a-b: another server has this name, or one with the same variable' -n a.b -s true -n a-b -s true -- true
	wrong '1: another server has this name, or one with the same variable' -n 1 -s true -s true -- true
	tool -2 otelop-with --ready bogus -s true -- true
	assert_regex "${stderr_lines[0]}" '^otelop-with: --ready: bogus: '
	tool -2 otelop-with -s true -t 5x -s true -- true
	assert_regex "${stderr_lines[0]}" '^otelop-with: -t: .*5x'
	assert_equal "$(find tmp -mindepth 1)" ""
}

@test "otelop with: the same, and what stands in front of it is the first server's" {
	tool -0 otelop -C here -n db with --ready exec -s 'exec sleep 600' --ready exec -s 'exec sleep 600' -- otelop list
	assert_regex "${lines[0]} ${lines[1]}" '^1 running [0-9]+ db running [0-9]+$'
	assert_exists here/db
	tool -2 otelop with
	assert_equal "${stderr_lines[0]}" "otelop-with: no server: give it with -s"
	tool -0 otelop with --help
	assert_line --partial 'usage: otelop-with'
}

@test "odd words and an odd TMPDIR: they arrive as they are, and no control character reaches a terminal" {
	odd=$'it\'s  "two\n words" \\ * $HOME'
	mkdir "$odd" $'od\033d'
	TMPDIR=$PWD/$odd tool -3 otelop-with --ready exec -s ": > 'f  1'; exec sleep 600" -- \
		sh -c 'printf "%s\0" "$@" "${OTELOP_STATE_DIR%/*}" >seen; exit 3' sh "$odd" '' '-n' --
	printf '%s\0' "$odd" '' '-n' -- "$PWD/$odd" | cmp - seen
	assert_file_exists 'f  1'
	TMPDIR=$PWD/$'od\033d' tool -1 otelop-with --ready exec -s 'exec sleep 600' -- false
	refute_controls "$stderr"
	TMPDIR=tmp tool -0 otelop-with --ready exec -s 'exec sleep 600' -- sh -c 'cd / && otelop -n 1 status -q'
	TMPDIR=$PWD/nowhere tool -125 otelop-with --ready exec -s 'exec sleep 600' -- touch ran
	assert_not_exists ran
	assert_nothing_runs
}

@test "what a server is given of start's own: its environment, directory and log are its alone" {
	mkdir there
	tool -1 otelop-with -e NEW='a b' -d there -l given.log --ready fd \
		-s 'echo "$NEW $PWD"; otelop-ready; exec 3>&-; until [ -e ../go ]; do sleep 0.02; done; exit 4' -- \
		sh -c 'echo "${NEW-none} $PWD"; : >go; while otelop -n 1 status -q; do sleep 0.02; done'
	assert_output "none $PWD"
	assert_equal "$(head -n 1 given.log)" "a b $PWD/there"
	assert_equal "${stderr_lines[-2]}" "otelop-with: 1: log: $PWD/given.log"
}

@test "TMPDIR of another user, who puts links in the place of what is made there: nothing behind them is written" {
	local name
	can_give
	can_be_nobody
	chown 65534:65534 tmp
	mkdir victim
	for name in otelop.servers otelop.ran otelop.list otelop.notes; do echo precious >victim/$name; done
	cat >swap <<-END
		cd tmp || exit
		for run in otelop-with.*; do
			mv "\$run" "\$run.x" && mkdir -m 777 "\$run" && ln -s "$PWD"/victim/* "\$run" && : >swapped
		done
	END
	as_nobody true
	tool -125 otelop-with -s 'setpriv --reuid=65534 --regid=65534 --clear-groups sh swap
		otelop-ready; exec 3>&-; exec sleep 600' -- touch ran
	assert_exists tmp/swapped
	assert_not_exists ran
	assert_regex "$stderr" 'state directory refused: belongs to somebody else'
	assert_equal "$(cat victim/*)" "$(printf 'precious\n%.0s' 1 2 3 4)"
	assert_nothing_runs
}
