# The wrapper: how it is called, where it finds its programs, and who reads its answers.
# shellcheck disable=SC2016 # what stands in single quotes is for another shell
load helper

# --- how it is called

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

@test "help, --help and -h: the synopsis, every command with what it does, and examples, on stdout" {
	for word in help --help -h; do
		tool -0 otelop "$word"
		assert_line --index 0 "usage: otelop [-hV] [-C DIR] [-n NAME] COMMAND ..."
		for command in start stop restart status logs list wait with version help; do
			assert_line --regexp "^  $command +[a-z]"
		done
		assert_line --regexp "^  otelop with -s "
		assert_equal "$stderr" ""
	done
}

@test "help COMMAND, and COMMAND --help: how it is called, and what it does" {
	for word in start stop restart status logs list wait with version help; do
		tool -0 otelop help "$word"
		assert_line --index 0 --regexp "^usage: otelop \[-C DIR\] \[-n NAME\] $word"
		assert_line --regexp "^$word: [a-z]"
		assert_equal "$stderr" ""
		[ "$word" != with ] || continue # that is a program of its own
		local help=$output
		tool -0 otelop "$word" --help
		assert_output "$help"
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

@test "CDPATH of the caller, and a call by a relative path: the programs are found" {
	mkdir -p trap/tools
	ln -s "$BUILD" tools
	CDPATH=$PWD/trap: PATH=/usr/bin:/bin tool -3 sh tools/otelop status -q
	assert_equal "$stderr" ""
}

# --- what is given is taken for what it is

@test "-n / and -C /: no name, and the root; never the unnamed default" {
	start_sleep
	tool -2 otelop -n / stop
	[[ ${stderr_lines[0]} == *"/"* ]]
	tool -3 otelop -C / status
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

# --- who reads the answer, and whether

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
	if [ -x shut ]; then
		can_be_nobody
		as=(as_nobody)
	fi
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
	for path in "$PWD/nowhere:$BUILD/otelop" "$BUILD:$PWD/link/otelop"; do
		set -- "${path%:*}" "${path#*:}"
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
