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

@test "-n and list inside a daemon, and in its check: they mean the same as outside" {
	local look='{ otelop -n db status -q; echo "$?"; otelop list; otelop status | head -n 1; }'
	start_sleep -n db
	db=$output
	tool -0 otelop -n web start --ready "check:otelop -n db status -q && $look >checked" -- sh -c "
		until [ -e go ]; do sleep 0.02; done
		$look >inside
		otelop -n cache start --ready exec -- sleep 600
		exec sleep 600"
	web=$output
	run sed 's/^web starting .*/web starting/' checked
	assert_output $'0\n'"db running $db"$'\nweb starting\nstate         starting'
	: >go
	eventually 20 otelop -n cache status -q
	assert_equal "$(cat inside)" $'0\n'"db running $db"$'\n'"web running $web"$'\nstate         running'
	assert_equal "$(otelop list | cut -d ' ' -f 1,2)" $'cache running\ndb running\nweb running'
	assert_not_exists "$OTELOP_STATE_DIR/web/cache"
}

@test "a daemon that a daemon has started: it is one of its own, and lives on when that one is stopped, crashes or is swept" {
	needs "orphans that come to otelop-run"
	local how pid
	for how in 'otelop -n web stop' 'crash' 'otelop -n web stop -t 1 -k 5'; do
		rm -f go started
		# shellcheck disable=SC2016 # for the daemon
		tool -0 otelop -n web start --ready exec -- sh -c 'otelop -n db start --ready exec -- sh -c "sleep 602 & exec sleep 600"
			otelop-spawn -C "$1/native" -- sh -c "otelop-ready; exec 3>&-; exec sleep 603" >started
			leave sleep 604 & exec sleep 601' sh "$PWD"
		web=$output
		eventually 20 test -s started
		native=$(cat started)
		db=$(otelop-meta -n db get pid)
		eventually 10 otelop -n db status -q
		case $how in crash) kill -KILL "$web" ;; *) IFS=" " read -ra words <<<"$how"; tool -0 "${words[@]}" ;; esac
		assert_gone "$web"
		eventually 10 sh -c '! otelop -n web status -q'
		kill -0 "$db"
		kill -0 "$native"
		assert_equal "$(otelop-meta -n db running)" "running $db"
		tool -0 otelop -n db stop
		tool -0 otelop-stop "$native"
		assert_nothing_runs
	done
}

@test "OTELOP_NAME: set for a command whose instance has a name, and unset for any other, by every program" {
	local program
	export OTELOP_NAME=stale
	for program in 'otelop-spawn --' 'otelop-lock --' 'otelop-run --'; do
		# shellcheck disable=SC2086 # words
		tool ${program/ / -C "$PWD/one" } sh -c 'echo "${OTELOP_NAME-none} $OTELOP_STATE_DIR" >said; sleep 0.2; exit 3'
		assert_equal "$program $(cat said)" "$program none $PWD/one"
		# shellcheck disable=SC2086 # words
		tool ${program/ / -C "$PWD/one" -n two } sh -c 'echo "${OTELOP_NAME-none} $OTELOP_STATE_DIR" >said; sleep 0.2; exit 3'
		assert_equal "$program $(cat said)" "$program two $PWD/one/two"
	done
	tool -0 otelop -n two start --ready exec -- sleep 600
	tool -0 otelop -n two restart
	tr '\0' '\n' <"/proc/$output/environ" >environment
	grep -qx 'OTELOP_NAME=two' environment
	tool -0 otelop -n two restart --ready exec -- sleep 601
	tr '\0' '\n' <"/proc/$output/environ" >environment
	grep -qx 'OTELOP_NAME=two' environment
}

@test "OTELOP_NAME that is not the directory's last component, or none: NAMEs are below OTELOP_STATE_DIR" {
	local name
	for name in '' other .. . state/x; do
		assert_equal "$name $(OTELOP_NAME=$name otelop-statedir -n one)" "$name $OTELOP_STATE_DIR/one"
	done
	assert_equal "$(OTELOP_NAME=state otelop-statedir -n one)" "$PWD/one"
	assert_equal "$(OTELOP_NAME=state otelop-statedir)" "$OTELOP_STATE_DIR"
	assert_equal "$(OTELOP_NAME=state otelop-statedir -C "$OTELOP_STATE_DIR" -n one)" "$OTELOP_STATE_DIR/one"
	assert_equal "$(OTELOP_NAME=.. OTELOP_STATE_DIR=$PWD/a/.. otelop-statedir -n one)" "$PWD/a/../one"
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

@test "list and status on a terminal: the state has a colour, except with NO_COLOR or a terminal without colours" {
	tool -0 otelop start -- sh -c 'echo ok >&3; exec sleep 1000'
	export TERM=xterm
	tool -0 on_terminal otelop list
	assert_output --regexp $'^\\. \e\\[32mrunning\e\\[m [0-9]+\r?$'
	tool -0 on_terminal otelop status
	assert_line --regexp $'^state +\e\\[32mrunning\e\\[m\r?$'
	for plain in NO_COLOR=1 TERM=dumb TERM=; do
		for command in list status; do
			tool -0 on_terminal env "$plain" otelop "$command"
			assert_output --partial running
			refute_output --partial $'\e'
		done
	done
	tool -0 on_terminal env NO_COLOR= otelop list
	assert_output --partial $'\e[32m'
	tool -0 on_terminal otelop-meta running
	refute_output --partial $'\e'
	tool -0 otelop list
	refute_output --partial $'\e'
	otelop stop
	tool -3 on_terminal otelop status
	refute_output --partial $'\e'
}

@test "status on a terminal: what is dead is red" {
	tool -0 otelop start -- sh -c 'echo ok >&3; exec sleep 1000'
	kill -KILL "$(otelop-meta get pid)"
	eventually 20 state_is stale
	TERM=xterm tool -1 on_terminal otelop status
	assert_line --regexp $'^state +\e\\[31mdead\e\\[m\r?$'
}
