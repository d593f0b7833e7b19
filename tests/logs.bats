# otelop logs.
# shellcheck disable=SC2016 # what stands in single quotes is for another shell
load helper

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

@test "logs just behind a rotation: as many lines as asked for, from the older logs too" {
	mkdir -m 700 "$OTELOP_STATE_DIR"
	local log=$OTELOP_STATE_DIR/otelop.log
	(umask 077; seq 1 5 >"$log.2"; seq 6 12 >"$log.1"; echo 13 >"$log"; echo none >"$log.4")
	tool -0 otelop logs
	assert_output "$(seq 4 13)"
	tool -0 otelop logs -N 1
	assert_output 13
	tool -0 otelop logs -N 8
	assert_output "$(seq 6 13)"
	tool -0 otelop logs -N 100
	assert_output "$(seq 1 13)"
	# A log that was just made, and a line that goes on in it.
	: >"$log"
	tool -0 otelop logs -N 2
	assert_output $'11\n12'
	printf 'begin' >>"$log.1"
	echo ' and end' >"$log"
	tool -0 otelop logs -N 2
	assert_output $'12\nbegin and end'
}

@test "logs while the log is renamed again and again: the last lines, without a gap" {
	tool -0 otelop start --ready fd --log-max 1k --log-keep 50 -- sh -c 'otelop-ready; i=1000; while :; do echo "$((i += 1))"; done'
	local i
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
		tool -0 otelop logs -N 40
		[ "${#lines[@]}" -ge 2 ]
		# The last one may be half written.
		sed '$d' <<<"$output" | awk 'NR > 1 && $1 != before + 1 { print "gap: " before " " $1; exit 1 } { before = $1 }'
	done
	tool -0 otelop stop
}

@test "logs of a daemon that was started with -l: that log, followed as it grows; when nothing is recorded, the directory's" {
	printf 'old\n' >log
	tool -0 otelop start --ready fd -l log -- sh -c 'echo one; echo two; otelop-ready; exec 3>&-; exec sleep 600'
	tool -0 otelop logs -N 2
	assert_output $'one\ntwo'
	background otelop logs -N 1 -f >followed
	reader=$!
	eventually 10 grep -q two followed
	echo three >>log
	eventually 10 grep -q three followed
	kill "$reader"
	assert_equal "$(cat followed)" $'two\nthree'
	rm log
	tool -3 otelop logs
	assert_regex "$stderr" "^otelop-statedir: $PWD/log: cannot open the log: "
	tool -0 otelop stop
	tool -3 otelop logs
}
