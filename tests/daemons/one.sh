#!/bin/sh
# One daemon of the table, in the foreground and in the form that puts itself into the background:
#	one.sh DESCRIPTION DIRECTORY
# prints a line a form, with tabs between its fields; report.sh has their names.  DIRECTORY is empty, and ours.
# shellcheck disable=SC1090,SC1091,SC2154 # description.sh sets what every description may
set -u

here=$(cd "$(dirname "$0")" && pwd)
tools=$here/../tools
description=$1 room=$2

. "$here/description.sh"
. "$description"

# Where it listens, a line each.
listening() { otelop-meta get listen 2>/dev/null | tr ' ' '\n'; }

now() { date +%s%3N; }

# inside COMMAND...: in the directory of this life.
inside() (cd "$directory" && "$@")

# spell OPTIONS COMMAND: a start, of a line in which $port, $second and $PWD may stand.
spell() { eval "exec otelop start -t 60 --max-lifetime 5m $1 -- $2"; }

# fresh PURPOSE: a fresh directory, fresh ports, and what the daemon needs there.  The state is where a project has it,
# so that a daemon that watches its directory could take our files for its own.
fresh() {
	directory=$room/$1
	mkdir "$directory" || exit
	# shellcheck disable=SC2034 # for the description
	port=$(python3 "$tools/free_port.py" "$room")
	# shellcheck disable=SC2034
	second=$(python3 "$tools/free_port.py" "$room")
	OTELOP_STATE_DIR=$directory/.otelop HOME=$directory TMPDIR=$directory OTELOP_DAEMON_MARK=$directory
	export OTELOP_STATE_DIR HOME TMPDIR OTELOP_DAEMON_MARK
	inside prepare >"$directory/prepare.out" 2>&1 || fault "cannot be prepared: $(tail -n 1 "$directory/prepare.out")"
}

# begin PURPOSE OPTIONS COMMAND: start it; if somebody took the port meanwhile, again.  $took is the time until start
# returned, $code its status, $said its words.
begin() {
	for attempt in 1 2 3; do
		fresh "$1-$attempt"
		began=$(now)
		said=$(inside spell "$2" "$3" 2>&1 >/dev/null </dev/null)
		code=$?
		took=$(($(now) - began))
		[ "$code" -ne 0 ] || break
		grep -qsi 'in use\|EADDRINUSE' "$OTELOP_STATE_DIR/otelop.log" || break
		inside after >/dev/null 2>&1
	done
}

fault() { faults="$faults${faults:+; }$*"; }

# The processes of this life that are left, whatever they did to their words, their environment or their parents: they
# have the mark, are in our directory or have a file of it open; in a PID namespace of our own also every orphan.  Who looks
# has none of these.
remaining() (
	unset OTELOP_DAEMON_MARK
	{
		grep -lzsFx "OTELOP_DAEMON_MARK=$directory" /proc/[0-9]*/environ
		find /proc/[0-9]*/cwd /proc/[0-9]*/root /proc/[0-9]*/fd -lname "$directory*" 2>/dev/null
		if [ -n "${DAEMONS_RUN-}" ]; then
			ps -A -o 'pid= ppid=' | awk -v run="$DAEMONS_RUN" '$2 == 1 && $1 != run { print "/proc/" $1 "/" }'
		fi
	} | cut -d/ -f3 | sort -nu | while read -r pid; do
		# Who is only just being reaped has ended.
		comm=$(cat "/proc/$pid/comm" 2>/dev/null) && ! grep -qs '^State:.*Z' "/proc/$pid/status" &&
			[ "$pid" != $$ ] && echo "$pid $comm"
	done
)

# Somebody takes connections at one of these addresses.
taken() {
	for at in $addresses; do
		if python3 "$tools/ask.py" "$at" >/dev/null 2>&1; then echo "$at"; fi
	done
}

# leave [MS]: nobody is there any more, after a moment, or so long, for who has been told to end.
leave() {
	inside after >/dev/null 2>&1
	began=$(now)
	while
		rest=$(remaining)
		busy=$(taken)
		[ -n "$rest$busy" ] || return
		[ $(($(now) - began)) -lt "${1:-1000}" ]
	do
		sleep 0.1
	done
	[ -z "$busy" ] || fault "somebody listens on $busy"
	[ -n "$rest" ] || return
	left=$(echo "$rest" | paste -sd ,)
	fault "left: $left"
	echo "$rest" | while read -r pid _; do kill -s KILL "$pid"; done
}

# tell FIELD...: the line of a form; what is left, the judgement and the words come last.
tell() {
	judgement=ok
	[ -z "$faults" ] || judgement=failed words=$faults
	for field in "$name" "$version" "$@" "${left:-nothing}" "$judgement"; do
		printf '%s\t' "$(printf '%s' "${field:--}" | tr '\t\n' '  ')"
	done
	printf '%s\n' "$(printf '%s' "$words" | tr '\t\n' '  ')"
}

# by_mode MODE: ready by this one alone; the milliseconds.
by_mode() {
	begin "$1" "$options --ready $1" "$foreground"
	if [ "$code" -ne 0 ]; then
		fault "with --ready $1: $said"
	elif ! said=$(otelop stop 2>&1); then
		fault "with --ready $1, stop: $said"
	fi
	leave
}

# How it became ready, $ready, and how long each mode takes.
learn_ready() {
	ready=listen notify_ms='' listen_ms=$ready_ms
	case " $options " in
	*' --ready '*) ready=${options#*--ready } ready=${ready%%[ :]*} listen_ms=''; return ;;
	esac
	[ "$says" = notify ] || return 0
	addresses=
	by_mode listen
	listen_ms=$took
	by_mode notify
	notify_ms=$took
	# Of both, what comes first is taken.
	[ "$notify_ms" -gt "$listen_ms" ] || ready=notify
}

in_foreground() {
	faults='' words='' left='' addresses='' address='' end='' end_ms=''
	begin foreground "$options" "$foreground"
	ready_ms=$took
	if [ "$code" -eq 0 ]; then
		addresses=$(listening)
		address=$(echo "$addresses" | sed "s|$directory/||" | paste -sd ' ' -)
		said=$(inside answers 2>&1) || fault "does not answer: $said"
		[ -n "$faults" ] || start_again
		end_it
	else
		fault "start: $code: $said"
		otelop stop >/dev/null 2>&1
	fi
	leave
	[ -n "$faults" ] || crash
	[ -n "$faults" ] || lose_runner
	learn_ready
	tell foreground "${options:+$options -- }$foreground" "$(id -un)" "$ready" "$address" "$ready_ms" "$notify_ms" "$listen_ms" "$end" "$end_ms"
}

# A restart from anywhere.
start_again() {
	said=$(otelop restart 2>&1 >/dev/null) || fault "restart: $?: $said"
	addresses="$addresses $(listening)"
	said=$(inside answers 2>&1) || fault "does not answer after a restart: $said"
}

# A stop that is done when it says so, and needs no force; $end is how the log says it ended.
end_it() {
	began=$(now)
	said=$(otelop stop 2>&1) || fault "stop: $?: $said"
	end_ms=$(($(now) - began))
	otelop status -q
	code=$?
	[ "$code" -eq 3 ] || fault "after stop, status: $code"
	end=$(sed -n 's/^otelop-run: //p' "$OTELOP_STATE_DIR/otelop.log" | paste -sd ';')
	case $end in *killed,*) fault "$end" ;; esac
}

# It is killed: said by the status, and what it leaves is ended by otelop-run.
crash() {
	begin crash "$options" "$foreground"
	addresses=$(listening)
	kill -s KILL "$(otelop-meta get pid)"
	began=$(now)
	while otelop status -q && [ $(($(now) - began)) -lt 6000 ]; do sleep 0.05; done
	otelop status -q
	code=$?
	[ "$code" -eq 1 ] || fault "when it is killed, status: $code"
	# Its children have the grace of a sweep.
	leave 12000
	said=$(otelop stop 2>&1) || fault "when it is killed, stop: $?: $said"
}

# Its otelop-run is killed: it goes on, and stop ends it and what it has begun.
lose_runner() {
	begin orphan "$options" "$foreground"
	addresses=$(listening)
	pid=$(otelop-meta get pid)
	parent=$(ps -o ppid= -p "$pid" | tr -d ' ')
	[ "$(cat "/proc/$parent/comm")" = otelop-run ] || { fault "its parent is not otelop-run"; return; }
	kill -s KILL "$parent"
	otelop status -q 2>/dev/null || fault "without otelop-run, status: $?"
	said=$(otelop stop 2>&1) || fault "without otelop-run, stop: $?: $said"
	leave
}

# The form that puts itself into the background has to be told so: by the start, or by the state and the log a moment
# after it.
telling='into the background must be told'
in_background() {
	faults='' words='' left='' addresses='' told='at the start'
	begin background '' "$background"
	if [ "$code" -eq 0 ]; then
		addresses=$(listening)
		began=$(now)
		log=$OTELOP_STATE_DIR/otelop.log
		while ! grep -q "$telling" "$log" && [ $(($(now) - began)) -lt 6000 ]; do sleep 0.02; done
		told="$(($(now) - began)) ms after it"
		otelop status -q
		code=$?
		said=$(cat "$log")
	fi
	[ "$code" -eq 1 ] || fault "status $code"
	if ! words=$(echo "$said" | grep "$telling"); then
		told=
		fault "not told: $(echo "$said" | tail -n 3)"
	fi
	said=$(otelop stop 2>&1) || fault "stop: $said"
	leave
	tell background "$background" "$(id -un)" "$told" '' "$took" '' '' "$code" ''
}

name=$(basename "$description")
export HOME="$room"
version=$(eval "$version" 2>&1 | grep -oE '[0-9]+(\.[0-9]+)+' | head -n 1)
in_foreground
[ -z "$background" ] || in_background
