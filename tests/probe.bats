# Asking for the lock, and the races of those who ask, claim, remove and publish.
# shellcheck disable=SC2016,SC2094 # single quotes are for another shell; a lock is no reading
load helper

setup_more() {
	file=$OTELOP_STATE_DIR/otelop.json
}

@test "-p: 3 without a directory, without a file, and with a free one; 0 with a held one; never a word" {
	tool -3 otelop-lock -p
	assert_equal "$output$stderr" ""
	assert_not_exists "$OTELOP_STATE_DIR"
	mkdir -m 700 state
	tool -3 otelop-lock --probe
	assert_equal "$output$stderr$(ls -A state)" ""
	hold
	tool -0 otelop-lock -p
	assert_equal "$output$stderr" ""
	let_go
	tool -3 otelop-lock -p
	assert_equal "$output$stderr" ""
}

@test "-p and a file that another program locks: held by LOCK_EX, not by LOCK_SH, not by a POSIX lock" {
	local operation
	mkdir -m 700 state
	: >"$file"
	for operation in 'flock(f, fcntl.LOCK_EX)' 'flock(f, fcntl.LOCK_SH)' 'lockf(f, fcntl.LOCK_EX)'; do
		rm -f locked
		background python3 -c "import fcntl, sys, time
f = open(sys.argv[1], 'r+'); fcntl.$operation; open('locked', 'w'); time.sleep(60)" "$file"
		holder=$!
		eventually 10 test -e locked
		case $operation in *'flock(f, fcntl.LOCK_EX)') tool -0 otelop-lock -p ;; *) tool -3 otelop-lock -p ;; esac
		let_go
	done
}

@test "-p of a locked file that is empty, corrupt or of another host: held all the same" {
	local text
	mkdir -m 700 state
	for text in '' '{' '{"pid": 5, "host": "elsewhere"}'; do
		printf '%s' "$text" >"$file"
		hold_file "$file"
		tool -0 otelop-lock -p
		let_go
	done
}

@test "probers without pause: they never see each other" {
	local i pids=()
	otelop-lock -- true
	for i in 1 2 3 4; do
		repeat 80 3 otelop-lock -p &
		pids+=($!)
		repeat 40 1 otelop-meta running &
		pids+=($!)
	done
	for i in "${pids[@]}"; do assert_ended "$i" 0; done
}

@test "probers without pause: they make no claim fail, not one" {
	local i pids=()
	for i in 1 2 3; do
		background bash -c 'while [ ! -e stop ]; do otelop-lock -p; otelop-meta running; done >/dev/null; true'
		pids+=($!)
	done
	repeat 100 0 otelop-lock -- true
	repeat 40 0 otelop-meta write pid=5
	touch stop
	for i in "${pids[@]}"; do assert_ended "$i" 0; done
}

@test "a prober that is stopped in the middle: no other sees it, and a claim succeeds" {
	local tracer child claimer
	otelop-lock -- true
	stopped "${locked[@]}" otelop-lock -p
	read_locks "$child"
	tool -3 otelop-lock -p
	tool -1 otelop-meta running
	tool -0 otelop-lock -W -w 1ms
	background otelop-lock -- true
	claimer=$!
	sleep 0.5
	read_locks "$child"
	go_on
	assert_ended "$claimer" 0
	assert_ended "$tracer" 3
}

@test "a file that others lock for reading, for longer than a starter has patience: the claim waits for them and succeeds" {
	mkdir -m 700 state
	: >"$file"
	hold_file "$file" -s
	background otelop-lock -- true
	local claimer=$!
	sleep 0.7
	let_go
	assert_ended "$claimer" 0
}

@test "a claimer that opens the file and locks it only when another has published its own: 75, not a second holder" {
	local tracer child
	otelop-lock -- true
	stopped "${opened[@]}" otelop-lock -- touch ran
	has_open "$child" "$file"
	hold
	go_on
	assert_ended "$tracer" 75
	assert_not_exists ran
	tool -0 otelop-meta running
	assert_output "running $holder"
}

@test "a remover that opens the file and locks it only when another has published its own: 75, and that stays" {
	local tracer child
	otelop-lock -- true
	stopped "${opened[@]}" otelop-meta remove
	has_open "$child" "$file"
	hold
	go_on
	assert_ended "$tracer" 75
	tool -0 otelop-meta running
	assert_output "running $holder"
}

@test "a remover that is held up when the name is free: it takes nothing from who claims the directory then" {
	needs strace
	local remover
	tool -0 otelop-meta write pid=5
	traced -e trace=unlinkat -e inject=unlinkat:delay_enter=1000000 otelop-meta remove
	remover=$!
	eventually 10 test ! -e "$file"
	tool -0 otelop start --ready fd -- sh -c 'sleep 2; otelop-ready; exec sleep 1000'
	assert_ended "$remover" 0
	tool -0 otelop-meta running
	tool -0 otelop stop
	assert_equal "$(ls -A "$OTELOP_STATE_DIR")" otelop.log
}

@test "a prober that opens the file and looks at its lock only when another has published its own: held" {
	local tracer child
	otelop-lock -- true
	stopped "${opened[@]}" otelop-lock -p
	has_open "$child" "$file"
	hold
	go_on
	assert_ended "$tracer" 0
	let_go
	stopped "${opened[@]}" otelop-meta running >said
	has_open "$child" "$file"
	hold
	go_on
	assert_ended "$tracer" 0
	assert_equal "$(cat said)" "running $holder"
}

@test "a holder that publishes without pause: no probe finds it free, no claim succeeds, no wait ends, no reader fails" {
	local publisher waiter
	mkdir -m 700 state
	cat >publisher <<-'PYTHON'
		import fcntl, os, sys, time
		path, old, i = sys.argv[1], None, 0
		while not os.path.exists("stop"):
		    if os.path.exists(path + ".tmp"): os.unlink(path + ".tmp")
		    new = os.open(path + ".tmp", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
		    fcntl.flock(new, fcntl.LOCK_EX)
		    os.write(new, b'{"pid": %d, "i": "%s"}' % (os.getpid(), b"x" * (i % 5000)))
		    os.rename(path + ".tmp", path)
		    if old is not None: os.close(old)
		    old, i = new, i + 7
		    time.sleep(0.001)
	PYTHON
	background python3 publisher "$file"
	publisher=$!
	eventually 10 test -s "$file"
	background otelop-lock -W
	waiter=$!
	repeat 100 0 otelop-lock -p
	repeat 60 0 otelop-meta running
	repeat 60 0 otelop-meta get i
	repeat 40 75 otelop-lock -- true
	repeat 40 75 otelop-meta write
	repeat 40 75 otelop-meta remove
	kill -0 "$waiter"
	touch stop
	assert_ended "$publisher" 0
	assert_ended "$waiter" 0
}

@test "starters, removers and probers without pause: never two at a time" {
	local i pids=()
	for i in 1 2 3; do
		# mkdir is the judge: it fails where another one is inside.
		background bash -c 'for i in {1..40}; do
			otelop-lock -- sh -c "mkdir inside && rmdir inside && echo one >>one || echo two >>two"
			code=$?
			case $code in 0 | 75) ;; *) echo "$code" >>two ;; esac
			otelop-meta remove 2>/dev/null
			case $? in 0 | 75) ;; *) echo "remove $?" >>two ;; esac
			otelop-lock -p
		done 2>/dev/null; echo done >>one'
		pids+=($!)
	done
	for i in "${pids[@]}"; do assert_ended "$i" 0; done
	assert_not_exists two
	assert_equal "$(grep -cx "done" one)" 3
	grep -q one one
}

@test "-W while another file that nobody holds is put over the held one: it looks again, and is done" {
	needs "helper that waits for a lock"
	local waiter first
	hold
	first=$holder
	begin_to_wait otelop-lock -W
	otelop-meta -C new write pid=2147483647
	mv new/otelop.json "$file"
	assert_ended "$waiter" 0
	kill -0 "$first"
}

@test "another file renamed over a locked one, by hand: the answer is about the file that has the name" {
	local first
	hold
	first=$holder
	otelop-meta -C new write pid=5
	mv new/otelop.json "$file"
	tool -3 otelop-lock -p
	tool -1 otelop-meta running
	assert_output "stale 5"
	hold
	tool -0 otelop-meta running
	assert_output "running $holder"
	end "$first"
	tool -0 otelop-lock -p
	tool -0 otelop-meta running
	assert_output "running $holder"
}
