# otelop-with under every shell, whatever its caller has exported.
# shellcheck disable=SC2016 # what stands in single quotes is for another shell
# bats file_tags=once,anybody
load helper

setup_more() {
	mkdir tmp bin
	export TMPDIR=$PWD/tmp
	cp "$BUILD"/otelop-* bin
	# Itself, and no script that stands for it.
	python=$(python3 -c 'import sys; print(sys.executable)')
}

# under SHELL COMMAND...: our script begins with its name.
under() {
	local path
	need_shell "$1"
	path=$(command -v "${1%% *}")
	[ "$1" = "${1%% *}" ] || path+=" ${1#* }"
	sed "1s|.*|#!$path|" "$BUILD/otelop-with" >bin/otelop-with
}

# What a caller may have exported that some shell takes for its own.
exports=(
	'IFS=-=etd/' 'IFS=012-=/' 'IFS=' 'SHELLOPTS=errexit:nounset:noglob:allexport:noclobber' 'SHELLOPTS=keyword:noglob'
	'BASHOPTS=nocasematch:failglob:nullglob:extglob' 'POSIXLY_CORRECT=1' 'CDPATH=/' 'PWD=/nowhere' 'ZSH_VERSION=5'
	'otelop_dir=/x' 'otelop_run=/x' 'otelop_name=y' 'OTELOP_NAME=z' 'OTELOP_STATE_DIR=/nowhere/x' 'OTELOP_ADDRESS_a_b=mine'
	'BASH_FUNC_echo%%=() { exit 9; }' 'BASH_FUNC_command%%=() { exit 9; }' 'BASH_FUNC_[%%=() { exit 9; }'
	'BASH_FUNC_begin%%=() { exit 9; }' 'BASH_FUNC_next%%=() { exit 9; }' 'BASH_FUNC_finish%%=() { exit 9; }'
	'BASH_FUNC_read%%=() { exit 9; }' 'BASH_FUNC_rm%%=() { exit 9; }' 'BASH_FUNC_mktemp%%=() { exit 9; }'
	'BASH_FUNC_exec%%=() { return 9; }' 'BASH_FUNC_set%%=() { return 9; }' 'BASH_FUNC_shift%%=() { return 9; }'
	'BASH_FUNC_export%%=() { return 9; }' 'BASH_FUNC_unset%%=() { return 9; }'
)
exported() {
	local one code
	under "$1"
	for one in "${exports[@]}"; do
		# bash in its POSIX mode does not even begin with a function that has a special builtin's name.
		# shellcheck disable=SC2086 # words
		env "$one" $1 -c : 2>/dev/null || continue
		code=$((3 - ${code:-0}))
		run --separate-stderr -- without_bats env "$one" bin/otelop-with -n a.b --ready exec -s 'exec sleep 600' -- "$python" -c 'import os, sys
print(sys.argv[2:], os.environ.get("OTELOP_ADDRESS_a_b"), os.path.dirname(os.environ["OTELOP_STATE_DIR"]),
    [name for name in os.environ if name.startswith("otelop_") and name not in ("otelop_dir", "otelop_run", "otelop_name")])
sys.exit(int(sys.argv[1]))' "$code" 'a  b*' ''
		assert_equal "$1, $one: $status" "$1, $one: $code"
		assert_equal "$1, $one: $output" "$1, $one: ['a  b*', ''] None $PWD/tmp []"
		assert_equal "$1, $one: $(find tmp -mindepth 1 -maxdepth 1 | wc -l)" "$1, $one: $((code == 3))"
		rm -rf tmp/*
	done
	assert_nothing_runs
}

@test "dash: nothing that the caller exports changes what is done" { exported dash; }
@test "bash: nothing that the caller exports changes what is done" { exported bash; }
@test "bash --posix: nothing that the caller exports changes what is done" { exported 'bash --posix'; }
@test "busybox sh: nothing that the caller exports changes what is done" { exported 'busybox sh'; }
@test "mksh: nothing that the caller exports changes what is done" { exported mksh; }
@test "ksh93: nothing that the caller exports changes what is done" { exported ksh93; }
@test "yash: nothing that the caller exports changes what is done" { exported yash; }
@test "posh: nothing that the caller exports changes what is done" { exported posh; }
@test "zsh: nothing that the caller exports changes what is done" { exported zsh; }

main_paths() {
	under "$1"
	run_it() { tool "$1" bin/otelop-with -n a.b -s 'exec python3 -m http.server 0 --bind 127.0.0.1' -n db --ready fd \
		-s 'otelop-ready; exec 3>&-; until [ -e go ]; do sleep 0.02; done; echo "last  words *"; exit 4' -- \
		sh -c 'echo "$OTELOP_ADDRESS_a_b" "$@"; : >go; while otelop -n db status -q; do sleep 0.02; done; exit 0' sh "${@:2}"; }
	run_it -1 'a  b' '*' ''
	assert_regex "$output" '^127\.0\.0\.1:[0-9]+ a  b \* $'
	assert_equal "${stderr_lines[0]}" "otelop-with: db: died while the command ran: exited with status 4"
	assert_equal "${stderr_lines[1]}" "last  words *"
	tool -75 bin/otelop-with -C here -n x --ready exec -s 'exec sleep 600' -- bin/otelop-with -C here -n x --ready exec -s 'exec sleep 600' -- true
	tool -0 bin/otelop-with --ready exec -s 'exec sleep 600' -- true
	assert_equal "$stderr" ""
	tool -2 bin/otelop-with -n 1 -s x
	assert_nothing_runs
}
@test "dash: addresses, a death, busy, a clean end" { main_paths dash; }
@test "bash: addresses, a death, busy, a clean end" { main_paths bash; }
@test "bash --posix: addresses, a death, busy, a clean end" { main_paths 'bash --posix'; }
@test "busybox sh: addresses, a death, busy, a clean end" { main_paths 'busybox sh'; }
@test "mksh: addresses, a death, busy, a clean end" { main_paths mksh; }
@test "ksh93: addresses, a death, busy, a clean end" { main_paths ksh93; }
@test "yash: addresses, a death, busy, a clean end" { main_paths yash; }
@test "posh: addresses, a death, busy, a clean end" { main_paths posh; }
@test "zsh: addresses, a death, busy, a clean end" { main_paths zsh; }
