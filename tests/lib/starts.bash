# Starting daemons: by the wrapper, several at once, and by otelop-run alone.
# shellcheck disable=SC2034 # for the tests

# A daemon as upstream's: it writes its own metadata and takes its own lock.
upstream=$BATS_TEST_DIRNAME/tools/upstream.py
# For sh -c: a daemon that waits for the file go, then does what its argument says, and stays.
waiting='until [ -e go ]; do sleep 0.05; done; eval "$1"; exec 3>&-; exec sleep 600'
# One that is ready at once and does not hear TERM.
deaf='trap "" TERM; otelop-ready; exec 3>&-; exec sleep 600'

# One that writes its directory and its arguments to the file seen, a NUL behind each.
make_daemon() {
	cat >daemon <<'END'
#!/bin/sh
printf '%s\0' "$PWD" "$@" >"$BATS_TEST_TMPDIR/seen"
echo started
otelop-ready
exec 3>&-
exec sleep 600
END
	chmod +x daemon
}

start_sleep() { tool -0 otelop "$@" start --ready exec -- sleep 600; }

# start_in_background NAME [ARG...]: its words to NAME.out and NAME.err, its status to NAME.status;
# restart_in_background the same.
start_in_background() { background called_as start "$@"; }
restart_in_background() { background called_as restart "$@"; }
called_as() {
	local command=$1 name=$2 status=0
	shift 2
	otelop "$command" "$@" >"$name.out" 2>"$name.err" || status=$?
	echo "$status" >"$name.status"
}
# How often which status was.
statuses() { cat start*.status | sort -n | uniq -c | tr -s ' \n' ' '; }

# A command for otelop-spawn: says TEXT (as printf takes it) on the ready pipe, then stays.
says() { printf "printf '%s' >&3; exec 3>&-; exec sleep 1000" "$1"; }

# In front of otelop-run where it finds orphans by the session that it leads.
in_session=()
case ${PLATFORM:-linux},${LACKS-} in
*"sweep of what leaves the session"*) in_session=(setsid) ;;
linux,* | freebsd,*) ;;
*) in_session=(setsid) ;;
esac

# otelop-run in the background, with signals as a user's shell gives them: $runner is its pid, what
# it says is in `err`.
run_behind() {
	background "${in_session[@]}" env --default-signal otelop-run "$@" 2>err
	runner=$!
}
# How otelop-run ended.
assert_runner_status() { assert_ended "$runner" "$1"; }

# A server that takes its argument as the time to end, and writes into the file heard each signal and its end; it is meant to
# stand behind a shell: sh -c "$slow_server 3; :".
slow_server="python3 -c '
import os, signal, sys, time
def got(number, frame):
    open(\"heard\", \"a\").write(signal.Signals(number).name + \"\\n\")
    if \"ending\" not in globals():
        globals()[\"ending\"] = True
        time.sleep(float(sys.argv[1]))
        open(\"heard\", \"a\").write(\"ended\\n\")
        os._exit(0)
for number in signal.SIGTERM, signal.SIGINT:
    signal.signal(number, got)
open(\"up\", \"w\")
while True:
    signal.pause()'"
# start_behind_shell TIME [OPTION...]: a daemon that is such a shell; its pid is in $pid.
start_behind_shell() {
	rm -f up heard
	tool -0 otelop start --ready exec "${@:2}" -- sh -c "$slow_server $1; :"
	pid=$output
	eventually 10 test -e up
}
assert_asked_once_and_ended() { assert_equal "$(cat heard)" $'SIGTERM\nended'; }
log_text() { cat "$OTELOP_STATE_DIR/otelop.log"; }
