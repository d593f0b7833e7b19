# The files of share/examples/supervisors, where the supervisor that reads them is cheap to have; `make supervisors` has the
# others.  The same daemon everywhere: a web server that knows nothing of any of them.
# shellcheck disable=SC2016 # what stands in single quotes is for another shell
load helper

BATS_TEST_TIMEOUT=180

setup_more() { examples=$BATS_TEST_DIRNAME/../share/examples/supervisors; }

# example FILE...: copies of them, with this test's state directory for that of the machine.
example() {
	cp -r "${@/#/$examples/}" .
	grep -rlZ /run/web "${@##*/}" | xargs -0 sed -i "s|/run/web|$OTELOP_STATE_DIR|g"
}
# The server answers where its metadata says that it is.
assert_serves() { tool -0 python3 "$BATS_TEST_DIRNAME/tools/ask.py" "$(otelop-meta get address)"; }
assert_stopped() {
	tool -3 otelop-meta running
	assert_nothing_runs
}

# start_s6 DIRECTORY: its service web, watched over; the scanner's pid is $scanner.
start_s6() {
	command -v s6-svscan >/dev/null || skip "needs s6"
	background s6-svscan "$1" >svscan.log 2>&1
	scanner=$!
	eventually 10 test -s "$1/web/supervise/status"
}
end_s6() {
	s6-svscanctl -t "$1"
	wait "$scanner"
}

# --- s6

@test "the service of s6: it is ready when the server listens, and down takes all of it" {
	example s6
	start_s6 s6
	tool -0 s6-svwait -U -t 20000 s6/web
	assert_serves
	tool -0 s6-svc -wD -T 20000 -d s6/web
	end_s6 s6
	assert_stopped
}

@test "the service of s6, whose server cannot start: nobody is told that it is ready, and its words are in the log" {
	example s6
	sed -i 's|-- python3 .*|-- sh -c "echo \\$\\$ >>tries; until test -e go; do sleep 0.02; done; exit 3"|' s6/web/run
	# As long as it runs, s6 does not try again.
	printf '#!/bin/sh\n: >finished\nuntil test -e over; do sleep 0.02; done\n' >s6/web/finish
	chmod +x s6/web/finish
	start_s6 s6
	eventually 10 test -s s6/web/tries
	background s6-ftrig-wait -t 60000 s6/web/event '[UD]' >event
	local waiter=$!
	: >s6/web/go
	eventually 10 test -e s6/web/finished
	assert_equal "$(s6-svstat -o ready s6/web)" false
	eventually 10 grep -q '^otelop-run: sh: exited with status 3$' svscan.log
	kill "$waiter" 2>/dev/null || true
	wait "$waiter" || true
	run -1 grep U event
	s6-svc -d s6/web
	: >s6/web/over
	end_s6 s6
	assert_nothing_runs
}

@test "--notify-fd: a newline when CMD is ready and not before, which CMD cannot write; nothing where it fails" {
	mkfifo ready
	exec 7<>ready
	background otelop-run --notify-fd 9 --ready fd -- sh -c \
		'ls -l /proc/$$/fd >descriptors; until test -e go; do sleep 0.02; done; otelop-ready; exec sleep 1000' 9>ready 7>&-
	eventually 10 test -s descriptors
	run -124 timeout 0.2 head -c 1 <&7
	: >go
	tool -0 timeout 20 head -c 1 <&7
	eventually 10 metadata_says ready
	run -1 grep '/ready$' descriptors
	tool -0 otelop-stop
	tool -1 otelop-run --notify-fd 9 --ready fd -- otelop-ready -e 'no disk' 9>told
	assert_equal "$stderr" "otelop-run: otelop-ready: no disk"
	assert_file_empty told
}

@test "--notify-fd with a descriptor that is not there: usage" {
	tool -2 otelop-run --notify-fd 77 -- true
	assert_regex "$stderr" '^otelop-run: --notify-fd: descriptor 77 is not open'
	tool -2 otelop-run --notify-fd 2 -- true
	tool -2 otelop start --notify-fd 9 -- true 9>told
}

# --- runit

@test "the service of runit: sv start waits until the server listens, and down takes all of it" {
	command -v runsv >/dev/null || skip "needs runit"
	example runit
	background runsv runit/web >runsv.log 2>&1
	local supervisor=$!
	eventually 10 test -p runit/web/supervise/control
	tool -0 sv -w 30 start ./runit/web
	assert_regex "$output" '^ok: run: ./runit/web'
	assert_serves
	tool -0 sv -w 20 exit ./runit/web
	wait "$supervisor"
	assert_stopped
}

# --- start-stop-daemon

@test "the init script with start-stop-daemon: start is over when the server listens; status, stop" {
	command -v start-stop-daemon >/dev/null || skip "needs start-stop-daemon"
	example web.init
	tool -3 ./web.init status
	tool -0 ./web.init start
	assert_serves
	tool -0 ./web.init start
	tool -0 ./web.init status
	assert_line --regexp '^state +running$'
	tool -0 ./web.init stop
	assert_stopped
	tool -0 ./web.init stop
	tool -3 ./web.init status
}

@test "the init script, whose server cannot start: start fails" {
	command -v start-stop-daemon >/dev/null || skip "needs start-stop-daemon"
	example web.init
	sed -i 's|-- python3 .*|-- sh -c "exit 3"|' web.init
	tool ! ./web.init start
	eventually 10 grep -q '^otelop-run: sh: exited with status 3$' state.log
	assert_nothing_runs
}

# --- Docker: the first process of a PID namespace

# The words of a Dockerfile's ENTRYPOINT and CMD, a NUL behind each.
dockerfile_words() {
	python3 - "$examples/Dockerfile" <<-'PYTHON'
		import json, sys
		words = {}
		for line in open(sys.argv[1]):
		    name, _, value = line.partition(" ")
		    if name in ("ENTRYPOINT", "CMD"):
		        words[name] = json.loads(value)
		sys.stdout.write("".join(word + "\0" for word in words["ENTRYPOINT"] + words["CMD"]))
	PYTHON
}
container=(unshare -rpmnf --kill-child --mount-proc)

@test "a container's ENTRYPOINT as pid 1: ready; its state is a volume's, for one container at a time, also behind a KILL" {
	needs /proc
	can "${container[@]}" true
	local words first outer
	mapfile -d '' words < <(dockerfile_words)
	assert_equal "${words[0]}" otelop-run
	background "${container[@]}" "${words[@]}" 2>first.err
	outer=$!
	eventually 10 metadata_says ready
	assert_equal "$(otelop-meta get port)" 8000
	tool -75 "${container[@]}" "${words[@]}"
	first=$(pgrep -P "$outer")
	kill -KILL "$first"
	wait "$outer" || true
	eventually 10 state_is stale
	background "${container[@]}" "${words[@]}" 2>second.err
	outer=$!
	# What the first one left says ready, too.
	eventually 10 state_is running
	kill -TERM "$(pgrep -P "$outer")"
	assert_ended "$outer" 143
	assert_stopped
}

# --- Slurm and Nomad: what their files say is run, without them

@test "the job for Slurm: the step finds the server, which ends with it" {
	command -v curl >/dev/null || skip "needs curl"
	mkdir tools
	printf '#!/bin/sh\nexec "$@"\n' >tools/srun
	chmod +x tools/srun
	unset OTELOP_STATE_DIR
	PATH=$PWD/tools:$PATH no_proxy='*' tool -0 sh "$examples/web.sbatch"
	assert_output --partial 'Directory listing for /'
	assert_nothing_runs
}

# The task's words with what NAME=VALUE... say, a NUL behind each: first its signal, then the command.
nomad_words() {
	python3 - "$examples/web.nomad.hcl" "$@" <<-'PYTHON'
		import re, sys
		text = open(sys.argv[1]).read()
		values = dict(pair.split("=", 1) for pair in sys.argv[2:])
		task = text[text.index("task "):]
		words = [re.search(r'kill_signal\s*=\s*"SIG(\w+)"', task).group(1), re.search(r'command\s*=\s*"(.*?)"', task).group(1)]
		words += re.findall(r'"(.*?)"', re.search(r"args\s*=\s*\[(.*?)\]", task, re.S).group(1))
		sys.stdout.write("".join(re.sub(r"\$\{(\w+)\}", lambda name: values[name.group(1)], word) + "\0" for word in words))
	PYTHON
}

@test "the task for Nomad: as raw_exec runs it, the server is ready at its port, and its signal takes all of it" {
	command -v terraform >/dev/null && { cp "$examples/web.nomad.hcl" web.tf && tool -0 terraform fmt -check; }
	local words port
	port=$(python3 "$BATS_TEST_DIRNAME/tools/free_port.py" "$PWD")
	mapfile -d '' words < <(nomad_words "NOMAD_TASK_DIR=$PWD" "NOMAD_PORT_http=$port" NOMAD_IP_http=127.0.0.1)
	assert_equal "${words[1]}" otelop-run
	background "${in_session[@]}" env --default-signal "${words[@]:1}"
	local task=$!
	eventually 10 metadata_says ready
	assert_equal "$(otelop-meta get address)" "127.0.0.1:$port"
	assert_serves
	kill -s "${words[0]}" "$task"
	assert_ended "$task" 143
	assert_stopped
}

# --- the page

@test "otelop-supervisors(7): it has each of these files as it is" {
	command -v mandoc >/dev/null || skip "needs mandoc"
	local page=$BATS_TEST_DIRNAME/../share/man/otelop-supervisors.7 file
	mandoc -T ascii -O width=200,indent=0 "$page" | sed 's/.\x08//g; s/^ *//; /^$/d' >text
	for file in web.service s6/web/run runit/web/run runit/web/check web.openrc web.init Dockerfile web.sbatch web.nomad.hcl; do
		sed 's/^[[:space:]]*//; /^$/d' "$examples/$file" >lines
		python3 -c 'import sys; sys.exit(open("lines").read() not in open("text").read())' || fail "$file is not there"
	done
}
