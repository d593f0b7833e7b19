# The wrapper under every shell that it promises to run under.
# bats file_tags=once
load helper

# as SHELL -STATUS [ARG...]: the wrapper, run by that shell.
as() {
	local shell status_wanted=$2
	read -ra shell <<<"$1"
	shift 2
	tool "$status_wanted" "${shell[@]}" "$BUILD/otelop" "$@"
}

main_paths() {
	need_shell "$1"
	make_daemon
	as "$1" -0 version
	assert_output --regexp '^otelop [0-9.]+$'
	as "$1" -0 help
	assert_line --regexp "restart"

	as "$1" -0 -C state --name=one start --ready=fd --timeout=20s note='a  b' -- ./daemon one
	assert_equal "$stderr" "otelop: ./daemon is ready"
	pid=$output
	assert_equal "$(otelop-meta -C state/one get pid note)" "$pid"$'\na  b'
	as "$1" -0 -C state -n one start --ready fd note='a  b' -- ./daemon one
	assert_output "$pid"
	as "$1" -75 -C state -n one start --strict --ready fd -- ./daemon one
	as "$1" -75 -C state -n one start --ready fd -- ./daemon two
	assert_output ""
	as "$1" -0 -C state -n one status
	assert_line --regexp "^pid +$pid\$"
	as "$1" -0 -C state -n one status -q
	assert_output ""
	as "$1" -0 -C state list
	assert_output "one running $pid"
	as "$1" -0 -C state -n one logs -N 1
	assert_output started
	as "$1" -0 -C state -n one wait -t 5
	as "$1" -124 -C state -n one wait --stopped -t 100ms
	as "$1" -0 -C state -n one stop -t 20s -k 5
	assert_gone "$pid"
	as "$1" -3 -C state -n one status
	as "$1" -0 -C state -n one stop
	as "$1" -0 -C state list
	assert_output ""
	assert_nothing_runs
}

answers() {
	need_shell "$1"
	as "$1" -1 start -- sh -c 'echo boom; exit 3'
	assert_equal "${stderr_lines[0]}" "otelop: sh: exited with status 3"
	assert_equal "${stderr_lines[1]}" boom
	as "$1" -127 start -- ./none
	as "$1" -124 start -t 200ms -- sleep 600
	for name in .. a/b '' .x é '*' 'a b'; do
		as "$1" -2 -n "$name" status
		assert_equal "${stderr_lines[0]}" "otelop: -n: not an instance name: $name"
	done
	as "$1" -2
	as "$1" -2 bogus
	as "$1" -2 start sleep 600
	as "$1" -2 start --bogus -- sleep 600
	as "$1" -2 stop -t '*'
	as "$1" -2 logs -N x
	as "$1" -124 wait --ready -t 100ms
	as "$1" -3 restart
	assert_nothing_runs
}

odd_words() {
	need_shell "$1"
	make_daemon
	mkdir 'my  own'
	cd 'my  own' || return
	as "$1" -0 start --ready fd note=$'a  b\n\'c\'' -- ../daemon "two  words" "it's" 'say "hi"' $'a\nb' $'end\n' $'\n' "" -n \
		-- --ready --a=b '*' '[a-z]' '?' '$HOME' '$(id)' '`id`' $'\\' $'\\n' $'\\\\' $'tab\t' $'\e[1m' $'\x01\x7f' \
		'ÁÂÃÄÅÆÇÈé€' '~' ';' '&' '|' '!' '#' '%s' '{a,b}' '=' 'a=b' ' ' '' ''
	mv ../seen ../seen.first
	assert_equal "$(tr -cd '\0' <../seen.first | wc -c)" 38
	otelop-meta args >../args.first
	cd ..
	for time in 1 2; do
		as "$1" -0 restart -t 20 -k 5s
		cmp seen seen.first
		rm seen
		otelop-meta args >args.again
		cmp args.first args.again
	done
	as "$1" -0 stop
}

forty_words() {
	need_shell "$1"
	make_daemon
	# shellcheck disable=SC2046 # words
	as "$1" -0 start --ready fd $(seq 12 | sed 's/.*/m&=&/') -- ./daemon $(seq -f 'word %g' 40 | tr ' ' _)
	printf '%s\0' "$PWD" $(seq -f 'word_%g' 40) >wanted
	cmp seen wanted
	assert_equal "$(otelop-meta get m1 m9 m10 m12 | tr '\n' ' ')" "1 9 10 12 "
	rm seen
	as "$1" -0 restart
	cmp seen wanted
	assert_equal "$(otelop-meta get m1 m9 m10 m12 | tr '\n' ' ')" "1 9 10 12 "
}

joining() {
	need_shell "$1"
	background as_joined "$1" one
	one=$!
	eventually 30 test -e waits
	background as_joined "$1" two
	two=$!
	tool -0 otelop-meta running
	assert_output --regexp "^starting"
	: >go
	wait "$one"
	wait "$two"
	assert_equal "$(cat one)" "$(otelop-meta get pid)"
	assert_equal "$(cat two)" "$(cat one)"
	assert_equal "$(wc -l <ran)" 1
}
as_joined() {
	as "$1" -0 start --ready fd -- sh -c 'echo >>ran; : >waits; until [ -e go ]; do sleep 0.05; done; otelop-ready; exec 3>&-; exec sleep 600'
	echo "$output" >"$2"
}

native() {
	need_shell "$1"
	daemon=(python3 "$upstream")
	as "$1" -0 start --native -t 20 -- "${daemon[@]}"
	pid=$output
	assert_equal "$stderr" "otelop: python3 is ready"
	as "$1" -0 start --native -- "${daemon[@]}"
	assert_output "$pid"
	as "$1" -75 start --native --strict -- "${daemon[@]}"
	as "$1" -0 restart --native -- "${daemon[@]}"
	assert_not_equal "$output" "$pid"
	as "$1" -0 stop
	assert_nothing_runs
}

@test "dash: start, status, list, logs, wait, stop" { main_paths "dash"; }
@test "dash: failures and mistakes have their statuses" { answers "dash"; }
@test "dash: restart keeps odd words, members and directory" { odd_words "dash"; }
@test "dash: forty words and twelve members arrive, also after restart" { forty_words "dash"; }
@test "dash: a second start joins the first" { joining "dash"; }
@test "dash: --native, also again and by restart" { native "dash"; }

@test "bash: start, status, list, logs, wait, stop" { main_paths "bash"; }
@test "bash: failures and mistakes have their statuses" { answers "bash"; }
@test "bash: restart keeps odd words, members and directory" { odd_words "bash"; }
@test "bash: forty words and twelve members arrive, also after restart" { forty_words "bash"; }
@test "bash: a second start joins the first" { joining "bash"; }
@test "bash: --native, also again and by restart" { native "bash"; }

@test "bash --posix: start, status, list, logs, wait, stop" { main_paths "bash --posix"; }
@test "bash --posix: failures and mistakes have their statuses" { answers "bash --posix"; }
@test "bash --posix: restart keeps odd words, members and directory" { odd_words "bash --posix"; }
@test "bash --posix: forty words and twelve members arrive, also after restart" { forty_words "bash --posix"; }
@test "bash --posix: a second start joins the first" { joining "bash --posix"; }
@test "bash --posix: --native, also again and by restart" { native "bash --posix"; }

@test "busybox sh: start, status, list, logs, wait, stop" { main_paths "busybox sh"; }
@test "busybox sh: failures and mistakes have their statuses" { answers "busybox sh"; }
@test "busybox sh: restart keeps odd words, members and directory" { odd_words "busybox sh"; }
@test "busybox sh: forty words and twelve members arrive, also after restart" { forty_words "busybox sh"; }
@test "busybox sh: a second start joins the first" { joining "busybox sh"; }
@test "busybox sh: --native, also again and by restart" { native "busybox sh"; }

@test "mksh: start, status, list, logs, wait, stop" { main_paths "mksh"; }
@test "mksh: failures and mistakes have their statuses" { answers "mksh"; }
@test "mksh: restart keeps odd words, members and directory" { odd_words "mksh"; }
@test "mksh: forty words and twelve members arrive, also after restart" { forty_words "mksh"; }
@test "mksh: a second start joins the first" { joining "mksh"; }
@test "mksh: --native, also again and by restart" { native "mksh"; }

@test "ksh93: start, status, list, logs, wait, stop" { main_paths "ksh93"; }
@test "ksh93: failures and mistakes have their statuses" { answers "ksh93"; }
@test "ksh93: restart keeps odd words, members and directory" { odd_words "ksh93"; }
@test "ksh93: forty words and twelve members arrive, also after restart" { forty_words "ksh93"; }
@test "ksh93: a second start joins the first" { joining "ksh93"; }
@test "ksh93: --native, also again and by restart" { native "ksh93"; }

@test "yash: start, status, list, logs, wait, stop" { main_paths "yash"; }
@test "yash: failures and mistakes have their statuses" { answers "yash"; }
@test "yash: restart keeps odd words, members and directory" { odd_words "yash"; }
@test "yash: forty words and twelve members arrive, also after restart" { forty_words "yash"; }
@test "yash: a second start joins the first" { joining "yash"; }
@test "yash: --native, also again and by restart" { native "yash"; }

@test "posh: start, status, list, logs, wait, stop" { main_paths "posh"; }
@test "posh: failures and mistakes have their statuses" { answers "posh"; }
@test "posh: restart keeps odd words, members and directory" { odd_words "posh"; }
@test "posh: forty words and twelve members arrive, also after restart" { forty_words "posh"; }
@test "posh: a second start joins the first" { joining "posh"; }
@test "posh: --native, also again and by restart" { native "posh"; }

@test "zsh: start, status, list, logs, wait, stop" { main_paths "zsh"; }
@test "zsh: failures and mistakes have their statuses" { answers "zsh"; }
@test "zsh: restart keeps odd words, members and directory" { odd_words "zsh"; }
@test "zsh: forty words and twelve members arrive, also after restart" { forty_words "zsh"; }
@test "zsh: a second start joins the first" { joining "zsh"; }
@test "zsh: --native, also again and by restart" { native "zsh"; }
