#!/bin/sh
# The life of a daemon, by every program, in the directory that is named: what is not as it is elsewhere is said.
#	PATH=/dir/of/programs:$PATH sh tests/places/life.sh DIR
# DIR is absolute, and may have any bytes; what is in the environment is left as it is, for that is a place, too.
set -u
unset OTELOP_STATE_DIR OTELOP_NAME
dir=$1
failed=0
said=$(mktemp -d) || exit
trap 'rm -rf "$said"' 0

# expect STATUS PATTERN COMMAND [ARG...]: its status, and a pattern of all that it says.
expect() {
	wanted=$1 pattern=$2
	shift 2
	status=0
	"$@" >"$said/out" 2>"$said/err" </dev/null || status=$?
	words=$(cat "$said/out" "$said/err")
	# shellcheck disable=SC2254 # a pattern
	case $status:$words in
	$wanted:$pattern) return ;;
	esac
	printf '%s\n' "$*: $status (not $wanted, $pattern): $words"
	failed=1
}
# until_it COMMAND [ARG...]: within a minute.
until_it() {
	tries=1200
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || { printf '%s\n' "not within a minute: $*"; failed=1; return; }
		sleep 0.05
	done
}
is() { [ "$(otelop-meta -C "$dir" running 2>/dev/null)" = "$1" ]; }
state() { case $(otelop-meta -C "$dir" running 2>/dev/null) in "$1" | "$1 "*) ;; *) return 1 ;; esac; }

server='echo words; otelop-ready color=blue; exec 3>&-; exec sleep 600'

expect 3 '*' otelop -C "$dir" status
expect 0 '*' otelop-statedir -e -C "$dir"
expect 0 '*' otelop -C "$dir" start --ready fd -- sh -c "$server"
pid=$(head -n 1 "$said/out")
expect 0 "*$pid*" otelop -C "$dir" status
expect 0 '{*"pid": '"$pid*" otelop -C "$dir" status --json
expect 0 '*T*Z' otelop-meta -C "$dir" get startedAt
expect 0 'blue' otelop-meta -C "$dir" get color
expect 0 '*already*' otelop -C "$dir" start --ready fd -- sh -c "$server"
expect 75 '*' otelop -C "$dir" start -- sleep 601
expect 75 '*' otelop-lock -C "$dir" -- true
expect 0 '*' otelop-lock -C "$dir" -p
expect 0 'words' otelop -C "$dir" logs
expect 0 '*' otelop -C "$dir" list
expect 0 '*' otelop -C "$dir" wait -t 5s
expect 124 '*' otelop -C "$dir" wait --stopped -t 50ms
expect 0 '*' otelop -C "$dir" restart
was=$pid pid=$(head -n 1 "$said/out")
[ "$was" != "$pid" ] || { echo "restart: the same process"; failed=1; }
runner=$(otelop-meta -C "$dir" get runner)
kill -s KILL "$runner"
until_it is "running $pid"
expect 0 '*' otelop -C "$dir" stop
expect 3 '*' otelop -C "$dir" status
expect 1 '*no luck*' otelop -C "$dir" start -- sh -c 'otelop-ready -e "no luck"'
expect 0 '*' otelop -C "$dir" start --ready exec -- sleep 602
kill -s KILL "$(otelop-meta -C "$dir" get runner)" "$(otelop-meta -C "$dir" get pid)"
until_it state stale
expect 1 '*' otelop -C "$dir" status
# Several at once: one is started, and all say the same.
for one in 1 2 3 4; do
	otelop -C "$dir" start --ready exec -- sleep 603 >"$said/start.$one" 2>"$said/err.$one" </dev/null || echo "start $one of 4: $? $(cat "$said/err.$one")" >>"$said/bad" &
	eval "starter_$one=$!"
done
for one in 1 2 3 4; do eval "wait \$starter_$one"; done
[ ! -e "$said/bad" ] || { cat "$said/bad"; failed=1; }
[ "$(cat "$said"/start.[1-4] | sort -u | wc -l)" -eq 1 ] || { echo "four starts at once: $(cat "$said"/start.[1-4])"; failed=1; }
# Who waits for the lock is woken.
otelop-lock -C "$dir" -w 20s -- true >"$said/waiter" 2>&1 &
waiter=$!
expect 0 '*' otelop -C "$dir" stop
wait "$waiter" || { echo "otelop-lock -w: $? $(cat "$said/waiter")"; failed=1; }
# The state is taken away: the daemon has a state again, or ends.  Where files are not watched nobody notices.
if [ "${PLATFORM:-linux}" != posix ]; then
	# shellcheck disable=SC2016 # for the other shell
	expect 0 '*' otelop -C "$dir" start --ready fd -- \
		sh -c 'trap ": >\"\$1\"; exit" TERM; otelop-ready; exec 3>&-; sleep 604 & wait "$!"' sh "$said/ended"
	pid=$(head -n 1 "$said/out")
	rm -f "$dir/otelop.json"
	until_it is "running $pid"
	# NFS keeps what is open, by another name.
	if [ -n "$(find "$dir" -name '.nfs*')" ]; then
		expect 0 '*' otelop -C "$dir" stop
	else
		until_it rm -rf "$dir"
	fi
	until_it test -e "$said/ended"
else
	rm -rf "$dir"
fi
# shellcheck disable=SC2016 # for the other shell
expect 0 '*blue
seen*' otelop-with -C "$dir" -n web --ready fd -s "$server" -- \
	sh -c '[ "$OTELOP_STATE_DIR" = "$1" ] && otelop-meta -n web get color && echo seen' sh "$dir"
expect 0 '*' otelop -C "$dir" list
[ "$failed" -eq 0 ]
