# The wrapper under every shell, whatever its caller has exported.
# bats file_tags=once,anybody
load helper

# What a caller may have exported that some shell takes for its own.
exports=(
	'IFS=-=etd/' 'IFS=012-=/' 'IFS=' 'SHELLOPTS=errexit:nounset:noglob:allexport:noclobber' 'SHELLOPTS=keyword:noglob'
	'BASHOPTS=nocasematch:failglob:nullglob:extglob' 'POSIXLY_CORRECT=1' 'CDPATH=/' 'PWD=/nowhere' 'ZSH_VERSION=5'
	'words=3' 'word_1=--bogus' 'restarting=again' 'has_name=1' 'name=other' 'bin=/nowhere/' 'spec=x' 'command=stop'
	'BASH_FUNC_printf%%=() { exit 9; }' 'BASH_FUNC_echo%%=() { exit 9; }' 'BASH_FUNC_command%%=() { exit 9; }'
	'BASH_FUNC_[%%=() { exit 9; }' 'BASH_FUNC_become%%=() { exit 9; }' 'BASH_FUNC_test%%=() { exit 9; }'
	'BASH_FUNC_exec%%=() { return 9; }' 'BASH_FUNC_set%%=() { return 9; }' 'BASH_FUNC_shift%%=() { return 9; }'
)
# shellcheck disable=SC2086 # a shell may be two words
exported() {
	local shell one
	need_shell "$1"
	make_daemon
	read -ra shell <<<"$1"
	ln -s "$(command -v "${shell[0]}")" sh
	for one in "${exports[@]}"; do
		for shell in "$1" "$PWD/sh"; do
			# bash in its POSIX mode does not even begin with a function that has a special builtin's name.
			env "$one" $shell -c : 2>/dev/null || continue
			exported_as() {
				local expected=$1
				shift
				# shellcheck disable=SC2086 # words
				run --separate-stderr -- without_bats env "$one" $shell "$BUILD/otelop" "$@"
				assert_equal "$shell, $one, $*: $status: $stderr" "$shell, $one, $*: $expected: $stderr"
			}
			exported_as 0 start --ready fd -t 20 --max-lifetime=1h note='a  b*' -- ./daemon '*' 'a  b' ''
			pid=$output
			printf '%s\0' "$PWD" '*' 'a  b' '' | cmp - seen
			assert_equal "$(otelop-meta get note readyMode maxLifetime)" $'a  b*\nfd\n1h'
			exported_as 0 start --ready fd -- ./daemon '*' 'a  b' ''
			assert_equal "$output" "$pid"
			exported_as 75 start --strict --ready fd -- ./daemon '*' 'a  b' ''
			exported_as 0 status -q
			exported_as 2 status -x
			exported_as 0 restart -t 20 -k 5
			printf '%s\0' "$PWD" '*' 'a  b' '' | cmp - seen
			tr '\0' '\n' <"/proc/$output/environ" >environment
			run -1 grep '^otelop_' environment
			exported_as 0 logs -N 1
			exported_as 0 stop
			exported_as 3 status -q
		done
	done
	assert_nothing_runs
}

@test "dash, and a link to it called sh: nothing that the caller exports changes what is done" { exported "dash"; }
@test "bash, and a link to it called sh: nothing that the caller exports changes what is done" { exported "bash"; }
@test "bash --posix, and a link to it called sh: nothing that the caller exports changes what is done" { exported "bash --posix"; }
@test "busybox sh, and a link to it called sh: nothing that the caller exports changes what is done" { exported "busybox sh"; }
@test "mksh, and a link to it called sh: nothing that the caller exports changes what is done" { exported "mksh"; }
@test "ksh93, and a link to it called sh: nothing that the caller exports changes what is done" { exported "ksh93"; }
@test "yash, and a link to it called sh: nothing that the caller exports changes what is done" { exported "yash"; }
@test "posh, and a link to it called sh: nothing that the caller exports changes what is done" { exported "posh"; }
@test "zsh, and a link to it called sh: nothing that the caller exports changes what is done" { exported "zsh"; }

@test "variables that the caller exports, whatever they are called: the daemon has them as they are" {
	local shell name variables=()
	for name in bin dir has_dir name has_name program option value timeout kill_after count last word words usage command; do
		variables+=("$name=mine")
	done
	for shell in dash bash 'busybox sh' mksh ksh93 yash posh zsh; do
		command -v "${shell%% *}" >/dev/null || continue
		for start in 'start' 'restart -t 20 -k 20'; do
			# shellcheck disable=SC2086 # words
			tool -0 env "${variables[@]}" $shell "$BUILD/otelop" -C "$PWD/state" -n one $start --ready exec -- sleep 600
			tr '\0' '\n' <"/proc/$output/environ" >environment
			for name in "${variables[@]}"; do
				grep -qx "$name" environment || fail "$shell, $start: not $name but $(grep "^${name%=*}=" environment)"
			done
		done
		tool -0 otelop -C state -n one stop
	done
}
