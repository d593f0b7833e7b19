# What share/examples and the README show works as it stands there.
load helper

setup_more() {
	top=$BATS_TEST_DIRNAME/..
	examples=$top/share/examples
	# The examples fetch with curl; nothing may ask a proxy, and not every machine has it.
	mkdir tools
	cat >tools/curl <<'END'
#!/usr/bin/env python3
import sys, urllib.request
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
try:
    sys.stdout.write(opener.open(sys.argv[-1], timeout=20).read().decode())
except OSError as error:
    sys.exit(f"curl: {error}")
END
	chmod +x tools/curl
	PATH=$PWD/tools:$PATH
}

# readme_block TEXT: the code block that follows the first line of the README with this text.
readme_block() {
	awk -v text="$1" '
		index($0, text) { found = 1 }
		found && /^```/ { if (inside) exit; inside = 1; next }
		inside' "$top/README.md"
}

compile_daemon() {
	# shellcheck disable=SC2086 # options
	${CC:-cc} -std=c99 -pedantic -Wall -Wextra -Wshadow -Werror ${SANITIZE:+-fsanitize=address,undefined} \
		-I"$top/lib" -o daemon "$examples/daemon.c" "$BUILD/library/libotelop.a"
}
fetch() { curl -fsS "http://$1/"; }

## the examples

@test "demo: each command is shown with what it says, and nothing is left" {
	export TMPDIR=$PWD/tmp
	mkdir tmp
	unset OTELOP_STATE_DIR
	export HOME=$PWD/home
	tool -0 sh "$examples/demo"
	for line in '$ otelop start -- python3 -m http.server 0 --bind 127.0.0.1' '$ otelop status' \
		'Hello from a daemon.' '$ otelop logs' '$ otelop stop' 'otelop: already running' 'status 3'; do
		assert_line "$line"
	done
	assert_line --regexp '^tests run, the server is 127\.0\.0\.1:[0-9]+$'
	assert_line --regexp '^state +running$'
	assert_line --partial '"GET / HTTP/1.'
	assert_equal "$stderr" ""
	assert_nothing_runs
	assert_equal "$(find tmp -mindepth 1)" ""
	assert_not_exists home
}

@test "demo under every shell: it succeeds, and nothing is left" {
	export TMPDIR=$PWD/tmp
	mkdir tmp
	for shell in dash bash "busybox sh" mksh ksh93 yash posh zsh; do
		command -v "${shell%% *}" >/dev/null || continue
		# shellcheck disable=SC2086 # words
		tool -0 $shell "$examples/demo"
		assert_line "Hello from a daemon."
	done
	assert_nothing_runs
	assert_equal "$(find tmp -mindepth 1)" ""
}

@test "demo, interrupted: nothing is left" {
	export TMPDIR=$PWD/tmp
	mkdir tmp
	mkdir slow
	# Its page never arrives, so that there is a moment to interrupt it in.
	printf '#!/bin/sh\n: >"%s/fetching"\nexec sleep 600\n' "$PWD" >slow/curl
	chmod +x slow/curl
	PATH=$PWD/slow:$PATH tool ! python3 "$terminal" -i fetching 60 sh "$examples/demo"
	assert_exists fetching
	assert_nothing_runs
	assert_equal "$(find tmp -mindepth 1)" ""
}

@test "daemon.c: it compiles without a warning, is ready, answers where the metadata says, ends with TERM" {
	compile_daemon
	tool -0 otelop start --native -- ./daemon
	pid=$output
	tool -0 fetch "$(otelop-meta get httpAddr)"
	assert_output "Hello from process $pid."
	tool -0 otelop list
	assert_output ". running $pid"
	tool -0 otelop restart --native -- ./daemon
	assert_not_equal "$output" "$pid"
	tool -0 fetch "$(otelop-meta get httpAddr)"
	tool -0 otelop stop
	assert_nothing_runs
	assert_state_files otelop.log
}

@test "daemon.c, a second one: it knows that it is the second, start says already running" {
	compile_daemon
	tool -0 otelop start --native -- ./daemon
	pid=$output
	tool -75 ./daemon
	tool -0 otelop start --native -- ./daemon
	assert_output "$pid"
}

@test "daemon.c on a port that is taken: start fails with its words, nothing is left" {
	compile_daemon
	tool -0 otelop start --native -- ./daemon
	address=$(otelop-meta get httpAddr)
	tool -1 otelop -n second start --native -- ./daemon "${address##*:}"
	[[ ${stderr_lines[0]} == "otelop: ./daemon: $address: cannot listen: "* ]]
	tool -3 otelop -n second status -q
	assert_not_exists "$OTELOP_STATE_DIR/second/otelop.json"
}

@test "daemon.c by hand: it serves without anybody that waits" {
	compile_daemon
	background ./daemon
	tool -0 otelop wait --ready -t 20
	tool -0 fetch "$(otelop-meta get httpAddr)"
	tool -0 otelop stop
	wait "$!"
}

@test "shell-daemon: ready by its own word, it moves what appears, and stop leaves nothing" {
	tool -0 otelop start --ready fd -- "$examples/shell-daemon" "$PWD/spool"
	tool -0 otelop-meta get spool
	assert_output "$PWD/spool"
	echo one >"spool/in/a file"
	eventually 20 test -e "spool/out/a file"
	eventually 20 grep -q "moved $PWD/spool/in/a file" "$OTELOP_STATE_DIR/otelop.log"
	tool -0 otelop stop
	assert_nothing_runs
}

@test "shell-daemon where it cannot work: start fails with its words" {
	: >plain
	tool -1 otelop start --ready fd -- "$examples/shell-daemon" "$PWD/plain"
	[[ ${stderr_lines[0]} == "otelop: "*"$PWD/plain: cannot make in and out there" ]]
	assert_nothing_runs
}

@test "shell-daemon by hand: it works, with nobody to tell" {
	background "$examples/shell-daemon" "$PWD/spool"
	eventually 20 test -d spool/out
	echo one >spool/in/one
	eventually 20 test -e spool/out/one
	kill "$!"
}

@test "pipeline: it shows what it logs, and stop ends all of it" {
	tool -0 timeout 60 sh "$examples/pipeline"
	assert_equal "${#lines[@]}" 4
	assert_line --index 0 --regexp '^[0-9]+$'
	assert_line --index 3 --regexp '^ticks is running as process [0-9]+$'
	[ -s ticks ]
	assert_nothing_runs
}

@test "Makefile.example: test starts the server once, -j2 does not wait for it, clean ends it" {
	cp "$examples/Makefile.example" Makefile
	for make in "make" "make -j2" bmake; do
		command -v "${make%% *}" >/dev/null || continue
		# shellcheck disable=SC2086 # words
		tool -0 timeout 60 $make test
		[ -n "${first:-}" ] || first=$(otelop-meta -C .otelop get pid)
		assert_equal "$(otelop-meta -C .otelop get pid)" "$first"
	done
	tool -0 make clean
	assert_nothing_runs
	assert_not_exists .otelop
}

@test "server.bats: it passes, and its server is gone" {
	tool -0 env -i PATH="$PWD/tools:$PATH" HOME="$HOME" OTELOP_TEST_MARK="$OTELOP_TEST_MARK" ASAN_OPTIONS="${ASAN_OPTIONS-}" \
		timeout 100 "$BATS_ROOT/bin/bats" --tap "$examples/server.bats"
	assert_line --regexp '^ok 1 '
	assert_line --regexp '^ok 2 '
	assert_nothing_runs
}

# github_job FILE: its steps, as the runner runs them, which is told what to keep.
github_job() {
	local condition step failed=''
	awk '/^ *- (run|uses): /{ if (step) print condition "\t" step; condition = "success()"; step = $0
			sub(/^ *- (run: )?/, "", step); if (step ~ /^uses: actions.upload/) step = "keep"; else if (step ~ /^uses/) step = ":" }
		/^ *if: /{ condition = $2 } /^ *path: /{ step = step " " $2 }
		END { print condition "\t" step }' "$1" >steps
	while IFS=$'\t' read -r condition step; do
		case $condition in
		'always()') ;;
		'failure()') [ -n "$failed" ] || continue ;;
		'success()') [ -z "$failed" ] || continue ;;
		*) fail "unknown: $condition" ;;
		esac
		timeout 60 bash -e -c "keep() { mkdir -p kept && cp \"\$@\" kept; }; $step" </dev/null || failed=1
	done <steps
	[ -z "$failed" ]
}
# gitlab_job FILE: the same.
gitlab_job() {
	awk '/^  [a-z]/{ key = $1 } key == "script:" && /^ *- /{ sub(/^ *- /, ""); print }' "$1" >steps
	timeout 60 sh -e steps && return
	mkdir kept
	# shellcheck disable=SC2046 # a pattern
	cp $(awk '/^  [a-z]/{ key = $1 } key == "artifacts:" && /^ *- /{ print $2 }' "$1") kept
	return 1
}
sh_job() {
	timeout 60 sh "$1" && return
	mkdir kept
	cp otelop/otelop.log kept
	return 1
}

@test "a CI job, of GitHub, GitLab and plain sh: the server starts, is tested and stopped, and nothing is left" {
	unset OTELOP_STATE_DIR
	assert_equal "$(sed -n 's/^  OTELOP_STATE_DIR: //p' "$examples/ci.yml")" otelop
	OTELOP_STATE_DIR=otelop tool -0 github_job "$examples/ci.yml"
	assert_output --partial 'Directory listing'
	assert_equal "$(cut -f1 steps | tr '\n' ' ')" 'success() success() success() failure() failure() always() '
	rm -rf otelop
	tool -0 gitlab_job "$examples/gitlab-ci.yml"
	assert_output --partial 'Directory listing'
	rm -rf otelop
	tool -0 sh_job "$examples/ci.sh"
	assert_output --partial 'Directory listing'
	assert_nothing_runs
	assert_not_exists kept
}

@test "a CI job whose tests fail, of GitHub, GitLab and plain sh: it fails, keeps the server's log, and nothing is left" {
	unset OTELOP_STATE_DIR
	for job in github:ci.yml gitlab:gitlab-ci.yml sh:ci.sh; do
		sed 's|curl -fsS "\(.*\)/"|curl -fsS "\1/none"|' "$examples/${job#*:}" >job
		[ "${job%%:*}" != github ] || export OTELOP_STATE_DIR=otelop
		tool -1 "${job%%:*}_job" job
		unset OTELOP_STATE_DIR
		run -0 grep -c '"GET /none HTTP' kept/otelop.log
		assert_output 1
		rm -rf kept otelop
		assert_nothing_runs
	done
}

@test "a CI job whose server does not start, of GitHub, GitLab and plain sh: it fails with the reason, and nothing is left" {
	unset OTELOP_STATE_DIR
	for job in github:ci.yml gitlab:gitlab-ci.yml sh:ci.sh; do
		sed 's/http\.server/http.nothing/' "$examples/${job#*:}" >job
		[ "${job%%:*}" != github ] || export OTELOP_STATE_DIR=otelop
		tool -1 "${job%%:*}_job" job
		unset OTELOP_STATE_DIR
		[[ $stderr == *"exited with status 1"*"No module named http.nothing"* ]]
		run -0 grep -c 'No module named' kept/otelop.log
		rm -rf kept otelop
		assert_nothing_runs
	done
}

@test "a CI job in plain sh that is killed: the server is gone" {
	unset OTELOP_STATE_DIR
	printf '#!/bin/sh\n: >%s\nexec sleep 600\n' "$PWD/testing" >tools/curl
	background sh "$examples/ci.sh" >/dev/null 2>&1
	eventually 30 test -e testing
	server=$(otelop-meta -C otelop get pid)
	end "$!"
	assert_gone "$server"
}

## the README

@test "README: what it shows of an example is that example" {
	for name in Makefile.example server.bats ci.yml pipeline shell-daemon; do
		readme_block "(share/examples/$name)" >shown
		diff shown "$examples/$name"
	done
}

@test "README: the links lead somewhere" {
	grep -o '](\([^)]*\))' "$top/README.md" | sed 's/^](\(.*\))$/\1/' | grep -v '^http' >links
	[ -s links ]
	while read -r link; do assert_exists "$top/$link"; done <links
}

@test "README: its first commands run as they stand there" {
	readme_block "Each step is one program" | sed -n 's/^\$ //p' >commands
	assert_equal "$(wc -l <commands)" 3
	tool -0 timeout 60 sh -e commands
	assert_line --regexp '^[0-9.]+:[0-9]+$'
	assert_nothing_runs
}

@test "README: the commands that it opens with run as they stand there, with a server and tests" {
	printf '%s\n' '#!/bin/sh' 'exec python3 -m http.server "$2" --bind 127.0.0.1' >server
	printf '%s\n' '#!/bin/sh' 'echo "$1: $(curl -fsS "http://$OTELOP_ADDRESS/page")"' >tools/npm
	chmod +x server tools/npm
	echo hello >page
	readme_block "# otelop" | sed -n 's/^\$ //p' >commands
	assert_equal "$(wc -l <commands)" 1
	tool -0 timeout 60 sh -e commands
	assert_output "test: hello"
	assert_equal "$stderr" ""
	assert_nothing_runs
}

@test "README: what is to be tried in a clone runs as it stands there" {
	readme_block "Try it in a clone" | sed -n 's/^\$ \(otelop .*\)/\1/p' >commands
	assert_equal "$(wc -l <commands)" 1
	tool -0 timeout 60 sh -e commands
	assert_output --partial commands
	assert_nothing_runs
}

@test "README: start as it is composed there starts, joins, and refuses another command" {
	readme_block "## How start is composed" >composed
	assert_equal "$(wc -l <composed)" 3
	for shell in dash bash zsh; do
		command -v "$shell" >/dev/null || continue
		cat composed - >pasted <<'END'
start python3 -m http.server 0 --bind 127.0.0.1
echo "status $?"
start python3 -m http.server 0 --bind 127.0.0.1
echo "status $?"
start sleep 600
echo "status $?"
otelop-stop
END
		tool -0 timeout 60 "$shell" pasted
		pid=${lines[0]}
		assert_output "$pid
status 0
$pid
status 0
status 75"
		assert_nothing_runs
	done
}

@test "README: the statuses are those of otelop(7)" {
	awk '/^## Exit statuses/ { found = 1 } /^## Limits/ { exit } found && /^\| *[0-9]/' "$top/README.md" |
		cut -d'|' -f2 | tr -d ' ' | tr ',' '\n' | sort >shown
	sed -n '/^\.Sh EXIT STATUS/,/^\.Sh TRUST/s/^\.It //p' "$top/share/man/otelop.7" | sed 's/ *Ns Ar n/n/; s/ , /\n/' | sort >meant
	[ -s shown ]
	diff shown meant
}

@test "README: every program is in its table" {
	for program in "$BUILD"/otelop*; do
		grep -q "^| \`${program##*/}\` |" "$top/README.md"
	done
}
