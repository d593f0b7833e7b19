# Daemons for bats tests: `bats_load_library otelop`; otelop-bats(7) says how.
#
# A daemon belongs to the scope that it was started in: the suite, the file or the test.  It ends with that, by the teardown
# of the scope, and if that never comes, because the scope's process or bats itself is killed, by otelop-run, which follows
# both.  Each scope has a state directory in the temporary directory that bats gives it.

# _otelop_scopes: the directories that count here, the scope's own one first.  What runs us tells which it is: another bats,
# around this one, may have left its variables.
_otelop_scopes() {
	case " ${FUNCNAME[*]} " in
	*\ setup_suite\ * | *\ teardown_suite\ *) _otelop_dirs=("$BATS_SUITE_TMPDIR") ;;
	*\ setup_file\ * | *\ teardown_file\ *) _otelop_dirs=("$BATS_FILE_TMPDIR" "$BATS_SUITE_TMPDIR") ;;
	*)
		if [[ -z ${BATS_TEST_TMPDIR-} ]]; then
			echo "otelop: ${FUNCNAME[1]}: only in setup_suite, setup_file, setup, a test, and their teardowns" >&2
			return 2
		fi
		_otelop_dirs=("$BATS_TEST_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_SUITE_TMPDIR")
		;;
	esac
	_otelop_dirs=("${_otelop_dirs[@]/%//otelop}")
}

# _otelop_find NAME: _otelop_dir is that of the innermost scope in which it was started.
_otelop_find() {
	local _otelop_dirs
	_otelop_scopes || return
	for _otelop_dir in "${_otelop_dirs[@]}"; do
		[[ ! -d $_otelop_dir/${1:?which daemon?} ]] || return 0
	done
	echo "otelop: $1: not started in this test, its file or its suite" >&2
	return 3
}

# otelop_start NAME [OPTION...] [KEY=VALUE...] -- CMD [ARG...]: as `otelop start`, for as long as the scope lasts.
otelop_start() {
	local _otelop_dirs _otelop_name=${1:?which daemon?}
	shift
	_otelop_scopes || return
	otelop -C "${_otelop_dirs[0]}" -n "$_otelop_name" start --with-parent "$$" --with-parent "${BATS_ROOT_PID:-$$}" "$@" >/dev/null
}

# otelop_stop [NAME [OPTION...]]: that one, or all of this scope, of which who was started last goes first.
# shellcheck disable=SC2120 # tests pass them
otelop_stop() {
	local _otelop_dir
	if [[ $# -gt 0 ]]; then
		_otelop_find "$1" || return
		otelop -C "$_otelop_dir" -n "$1" stop "${@:2}"
		return
	fi
	local _otelop_dirs _otelop_at _otelop_name _otelop_status=0
	_otelop_scopes || return
	while read -r _otelop_at _otelop_name; do
		otelop -C "${_otelop_dirs[0]}" -n "$_otelop_name" stop -k 5s </dev/null || _otelop_status=$?
	done < <(otelop -C "${_otelop_dirs[0]}" list | while read -r _otelop_name _; do
		echo "$(otelop-meta -C "${_otelop_dirs[0]}" -n "$_otelop_name" get startedAt 2>/dev/null || :) $_otelop_name"
	done | sort -r)
	return "$_otelop_status"
}

# otelop_address NAME: where one connects to it.
otelop_address() {
	local _otelop_dir
	_otelop_find "$1" && otelop-meta -C "$_otelop_dir" -n "$1" get address
}

# otelop_logs NAME [OPTION...]: the end of what it wrote.
otelop_logs() {
	local _otelop_dir
	_otelop_find "$1" && otelop -C "$_otelop_dir" -n "$1" logs "${@:2}"
}

# otelop_dir NAME: its state directory, for whatever else is asked of otelop.
otelop_dir() {
	local _otelop_dir
	_otelop_find "$1" && echo "$_otelop_dir/$1"
}

# otelop_teardown: what a teardown, teardown_file or teardown_suite has to do.  If the test or the setup has failed, it says
# what the daemons wrote that count here, and bats makes that a part of the failure.
otelop_teardown() {
	local _otelop_dirs _otelop_dir _otelop_name _otelop_completed
	_otelop_scopes || return
	case ${#_otelop_dirs[@]} in
	1) _otelop_completed=${BATS_SETUP_SUITE_COMPLETED-} ;;
	2) _otelop_completed=${BATS_SETUP_FILE_COMPLETED-} ;;
	*) _otelop_completed=${BATS_TEST_COMPLETED-} ;;
	esac
	if [[ -z $_otelop_completed ]]; then
		for _otelop_dir in "${_otelop_dirs[@]}"; do
			for _otelop_name in "$_otelop_dir"/*/; do
				[[ -d $_otelop_name ]] || continue
				_otelop_name=${_otelop_name%/} _otelop_name=${_otelop_name##*/}
				echo "-- $_otelop_name ($(otelop-meta -C "$_otelop_dir" -n "$_otelop_name" running || :)) wrote last:"
				otelop -C "$_otelop_dir" -n "$_otelop_name" logs -N "${OTELOP_LOG_LINES:-20}" || :
			done
		done
	fi
	otelop_stop
}

# What has no teardown of its own has this one.
_otelop_tear_down() {
	local _otelop_body
	_otelop_body=$(declare -f "$1" | tr -d ' \n;') || :
	case $_otelop_body in "$1(){return0}" | "$1(){:}") eval "$1() { otelop_teardown; }" ;; esac
}
_otelop_tear_down teardown
_otelop_tear_down teardown_file
_otelop_tear_down teardown_suite
