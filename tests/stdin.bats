# What a daemon has for stdin: nothing at all, or with --stdin open one that never ends.
# shellcheck disable=SC2016 # what stands in single quotes is for another shell
load helper

# It ends with its stdin, and says so.
reads='otelop-ready; exec 3>&-; cat >/dev/null; : >ended'

# May the process write what it reads?  Then it waits for itself.
is_endless() {
	[ -p "/proc/$1/fd/0" ] && (($(sed -n 's/^flags:[[:space:]]*//p' "/proc/$1/fdinfo/0") & 2))
}
is_read() { [ -n "$(pgrep -P "$1" -x cat)" ]; }

@test "--stdin open: a daemon that ends with its stdin lives, also when otelop-run is killed; no file is made for it" {
	tool -0 otelop start --stdin open --ready fd -- sh -c "$reads"
	local pid=$output runner
	runner=$(parent_of "$pid")
	is_endless "$pid"
	eventually 10 is_read "$pid"
	assert_state_files otelop.json otelop.log
	assert_equal "$(otelop-meta get stdin)" open
	kill -KILL "$runner"
	assert_gone "$runner"
	is_read "$pid"
	tool -0 otelop stop
	assert_nothing_runs
	assert_not_exists ended
	assert_left otelop.log
}

@test "without it: stdin is at its end, and the daemon does what it does then" {
	tool -0 otelop start --ready fd -- sh -c "$reads"
	assert_nothing_runs
	assert_exists ended
}

@test "--stdin open in the foreground: not the caller's stdin" {
	: | { run_behind --stdin open --ready exec -- sh -c 'cat; : >ended'; echo "$runner" >runner; }
	runner=$(cat runner)
	eventually 10 metadata_says ready
	local pid
	pid=$(otelop-meta get pid)
	eventually 10 is_read "$pid"
	is_endless "$pid"
	kill -TERM "$runner"
	assert_nothing_runs
	assert_not_exists ended
}

@test "--stdin open, and each run after a crash: a stdin that never ends" {
	tool -0 otelop start --stdin open --respawn --ready fd -- sh -c 'echo run >>runs; otelop-ready; exec 3>&-; test -e second || { : >second; exit 3; }; exec cat'
	ran_twice() { [ "$(wc -l <runs)" -eq 2 ] && metadata_says ready; }
	eventually 10 ran_twice
	is_endless "$(otelop-meta get pid)"
	tool -0 otelop stop
}

@test "what a killed otelop-run may have left at the name of its pipe: the next start is not kept from it, and removes it" {
	is_fallback || skip "here it has no name"
	mkdir -m 700 state
	mkfifo state/otelop.stdin
	tool -0 otelop start --stdin open --ready exec -- cat
	assert_state_files otelop.json otelop.log
	is_endless "$output"
	tool -0 otelop stop
}

@test "the pipe cannot be made: 125, it is named, nothing is started" {
	is_fallback || skip "here it has no name"
	mkdir -m 700 state state/otelop.stdin
	tool -125 otelop start --stdin open --ready exec -- sh -c ': >ran'
	[[ $stderr == *"$OTELOP_STATE_DIR/otelop.stdin: cannot make a pipe for stdin"* ]]
	assert_not_exists ran
}

@test "a command that ends with 0 before it is ready, its stdin at its end: told of --stdin open, too; with a stdin of its own: not" {
	tool -1 otelop start -- true
	[[ $stderr == *"exited with status 0 before it was ready"*"foreground"*"--stdin open"* ]]
	tool -1 otelop start --stdin open -- true
	[[ $stderr == *"exited with status 0 before it was ready"* ]]
	[[ $stderr != *"--stdin open"* ]]
	tool -1 sh -c ': | otelop start -f -- true'
	[[ $stderr == *"exited with status 0 before it was ready"* ]]
	[[ $stderr != *"--stdin open"* ]]
}
