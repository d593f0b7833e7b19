# otelop list, and instances.
# shellcheck disable=SC2016 # what stands in single quotes is for another shell
load helper

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
	tool -4 otelop list
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
		assert_equal "${stderr_lines[0]}" "otelop: -n: not an instance name: ${name/$'\n'/'\x0a'}"
		[[ ${stderr_lines[1]} == "usage: otelop "* ]]
		assert_output ""
	done
	assert_not_exists "$OTELOP_STATE_DIR"
	assert_nothing_runs
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
