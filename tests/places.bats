# Odd places: languages, clocks and zones, paths, users, file systems; and what the kernel does not show.
# tests/places/run does the same for longer, and in more of them.
load helper

# lives DIR: a daemon's life there, by every program; in front may stand what makes the place, as `lives env TZ=x -- DIR`.
lives() {
	local place=()
	while [ $# -gt 1 ]; do
		[ "$1" = -- ] || place+=("$1")
		shift
	done
	# Its words and not its file, which not everybody may reach.
	tool -0 timeout -s KILL 200 "${place[@]}" sh -c "$(cat "$BATS_TEST_DIRNAME/places/life.sh")" life.sh "$1"
	assert_output ""
	assert_equal "$stderr" ""
}

# alone SCRIPT [ARG...]: with mounts of its own, as root or as one who is root there.
alone() {
	local own=(unshare -m)
	[ "$(id -u)" -eq 0 ] || own=(unshare -rm)
	can "${own[@]}" true
	tool -0 timeout -s KILL 200 "${own[@]}" sh -ec "$1" sh "${@:2}"
}

# For sh, where ps(1) sees nobody: what is left of this test's sleeps and of their shells.
# shellcheck disable=SC2016 # for that shell
show_left='for environment in $(grep -lzsFx "OTELOP_TEST_MARK=$OTELOP_TEST_MARK" /proc/[0-9]*/environ); do
	tr "\0" " " 2>/dev/null <"${environment%environ}cmdline" | grep "sleep 100[0-9]" || :
done'

# make_locale CHARMAP, then in_locale CHARMAP COMMAND...: in a language of these characters.
make_locale() {
	mkdir -p locales
	localedef --no-warnings=ascii -c -f "$1" -i POSIX "locales/$1" >/dev/null 2>&1 || true
	[ "$(in_locale "$1" locale charmap)" = "$1" ] || skip "cannot make a locale of $1"
}
in_locale() { env LOCPATH="$PWD/locales" LC_ALL="$1" "${@:2}"; }

# deep LENGTH: $deep is a path of so many bytes, whose last directory but one is there.
deep() {
	deep=$(python3 - "$PWD" "$1" <<-'PYTHON'
		import os, sys
		path, length = sys.argv[1], int(sys.argv[2])
		os.chdir(path)
		while length - len(path) > 201:
		    os.makedirs("d" * 99, exist_ok=True)
		    os.chdir("d" * 99)
		    path += "/" + "d" * 99
		print(path + "/" + "e" * (length - len(path) - 1))
	PYTHON
	)
	assert_equal "${#deep}" "$1"
}

@test "Shift JIS, whose second byte may be a backslash: a life in such a directory, under the C locale too" {
	make_locale SHIFT_JIS
	mkdir $'\x95\x5c'
	lives env LOCPATH="$PWD/locales" LC_ALL=SHIFT_JIS -- "$PWD/"$'\x95\x5c/state'
	lives env LC_ALL=C -- "$PWD/"$'\x95\x5c/state'
}

@test "Shift JIS, GBK, Big5: every shell takes the words of the wrapper's options as they are" {
	local map shell dir
	for map in SHIFT_JIS GBK BIG5; do
		make_locale "$map"
		for shell in dash bash "busybox sh" mksh ksh93 yash posh zsh; do
			command -v "${shell%% *}" >/dev/null || continue
			for dir in $'\x95\x5c' $'\xe9\x7c'; do
				# What is no character there, yash gives nobody.
				if [ "$shell" = yash ] && ! iconv -f "$map" <<<"$dir" >/dev/null 2>&1; then continue; fi
				# shellcheck disable=SC2086 # words
				tool -3 in_locale "$map" $shell "$BUILD/otelop" -C"$PWD/$dir/s" status
				assert_output --regexp "^state +stopped\$"
				# shellcheck disable=SC2086
				tool -3 in_locale "$map" $shell "$BUILD/otelop" "--state-dir=$PWD/$dir/s" --name=one status -q
			done
		done
	done
}

@test "zones that are odd, wrong or none: what is recorded is UTC" {
	local zone before
	for zone in '<+0545>-5:45' nonsense :/nowhere '' $'\xff' XXX-167:59:59; do
		before=$(date -u +%FT%T)
		tool -0 env TZ="$zone" otelop-meta write
		tool -0 env TZ="$zone" otelop-meta get startedAt
		[[ $output == *Z && ! $output < $before && $(date -u +%FT%TZ) > ${output%.*} ]] ||
			fail "in zone $zone: $before, $output"
	done
	lives env TZ='<+0545>-5:45' -- "$PWD/zone"
}

@test "daemons that started in 1969, 1970, 2038 and 2100: status has the time, and an uptime" {
	local year
	for year in 1969-07-20T20:17:40Z 1970-01-01T00:00:00Z 2038-01-19T03:14:08Z 2100-02-28T23:59:60Z; do
		hold_text '{"pid": %d, "startedAt": "'"$year"'"}'
		tool -0 otelop status
		assert_line --regexp "^startedAt +$year\$"
		assert_line --regexp "^uptime +[0-9]"
		tool -0 otelop status --json
		jq -e '.uptimeSeconds >= 0' <<<"$output"
		let_go
	done
}

@test "a daemon that does not say when it started: no uptime" {
	hold_text '{"pid": %d, "startedAt": "0001-01-01T00:00:00Z"}'
	tool -0 otelop status
	refute_line --regexp "^uptime"
}

@test "blanks, newlines, quotes, patterns and bytes that are no text in every path: all lives" {
	local odd=$' a  b\n"q\'uo\xff\xfe*[x]$(y)%s\\n'
	mkdir "$odd" "$odd/bin" "$odd/tmp"
	cp "$(dirname "$(command -v otelop)")"/otelop* "$odd/bin"
	PATH=$PWD/$odd/bin:$PATH TMPDIR=$PWD/$odd/tmp lives "$PWD/$odd/state"
	assert_equal "$(ls -A "$odd/tmp")" ""
}

@test "a path of as many bytes as can have a log behind it: all lives; of more, up to what the kernel takes and one: refused" {
	deep 4080
	lives "$deep"
	deep 4084
	tool -0 otelop -C "$deep" start --ready exec -- sleep 600
	tool -0 otelop -C "$deep" status
	tool -0 otelop -C "$deep" logs
	tool -0 otelop -C "$deep" restart
	tool -0 otelop -C "$deep" stop
	for length in 4085 4094 4095 4096; do
		deep "$length"
		tool -125 otelop -C "$deep" start --ready exec -- sleep 600
		assert_stderr_line_count 1
		[[ $stderr == *"$deep: cannot "*": "* ]]
		run ! otelop -C "$deep" status
		assert_nothing_runs
	done
}

@test "a current directory whose path is longer than the kernel takes: start and stop; a restart says what was not recorded" {
	deep 4000
	cd "$deep" 2>/dev/null || mkdir "$deep" && cd "$deep"
	mkdir -p "$(printf 'f%.0s' {1..200})"
	cd "$(printf 'f%.0s' {1..200})"
	tool -0 otelop start --ready exec -- sleep 600
	tool -1 otelop restart
	assert_equal "$stderr" "otelop: $OTELOP_STATE_DIR: this could not be recorded, so it must be given again: cwd"
	tool -0 otelop stop
	tool -125 otelop -C here start --ready exec -- sleep 600
	assert_stderr_line_count 1
	cd "$BATS_TEST_TMPDIR"
}

@test "a user whom no file knows: all lives; without HOME one line says what to give" {
	can setpriv --reuid=54321 --regid=54321 --clear-groups true
	as_nobody true
	mkdir home
	chown 54321:54321 home
	local user=(setpriv --reuid=54321 --regid=54321 --clear-groups --)
	unset OTELOP_STATE_DIR
	HOME=$PWD/home lives "${user[@]}" -- "$PWD/home/state"
	tool -0 "${user[@]}" env HOME="$PWD/home" otelop-statedir -e
	assert_output "$PWD/home/.local/state/otelop"
	for command in "start -- sleep 600" status stop list logs "wait -t 1s"; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr -- "${user[@]}" env -u HOME -u XDG_STATE_HOME otelop $command
		assert_output ""
		assert_stderr_line_count 1
		[[ $stderr == *": HOME: not set: give -C DIR, OTELOP_STATE_DIR or XDG_STATE_HOME instead" ]]
	done
}

@test "HOME on a read-only file system: nothing runs, and a start says why" {
	mkdir home
	unset OTELOP_STATE_DIR XDG_STATE_HOME
	HOME=$PWD/home alone 'mount -t tmpfs -o ro none home
		! otelop status && otelop stop && otelop list && otelop wait --stopped -t 5s
		for command in "otelop start -- sleep 600" "otelop-lock -- true" "otelop-meta write" "otelop-statedir -e"; do
			code=0
			$command || code=$?
			echo "$code"
		done'
	assert_equal "$(sort -u <<<"$output")" $'125\nstate         stopped'
	assert_equal "$(printf '%s\n' "${stderr_lines[@]#*: }" | sort -u)" \
		"$PWD/home/.local/state/otelop: cannot create the state directory: Read-only file system"
}

@test "an overlay, over a directory in which a daemon has died: all lives; what is below stays as it was" {
	mkdir lower work over
	OTELOP_STATE_DIR=$PWD/lower/state
	tool -0 otelop start --ready exec -- sleep 600
	kill -KILL "$(otelop-meta get runner)" "$output"
	assert_nothing_runs
	cp -R lower before
	alone 'mount -t tmpfs none work && mkdir work/upper work/work
		layers=lowerdir=lower,upperdir=work/upper,workdir=work/work
		mount -t overlay -o "userxattr,$layers" none over 2>/dev/null || mount -t overlay -o "$layers" none over 2>/dev/null || exit 0
		! otelop -C over/state status -q
		otelop -C over/state start --ready exec -- sleep 600 && otelop -C over/state stop
		cp -R before/state over/fresh
		rm -rf over/state
		sh "$1" "$PWD/over/state"
		echo lived' "$BATS_TEST_DIRNAME/places/life.sh"
	[ -n "$output" ] || skip "no overlay here"
	assert_line lived
	diff -r before lower
}

@test "tmpfs: all lives" {
	mkdir memory
	alone 'mount -t tmpfs none memory
		sh "$1" "$PWD/memory/state"' "$BATS_TEST_DIRNAME/places/life.sh"
	assert_output ""
	assert_equal "$stderr" ""
}

@test "no /proc at all: all lives" {
	needs "way to look at a process without ps(1)"
	[ -z "${SANITIZE-}" ] || skip "the sanitizer looks into /proc"
	mkdir empty
	alone 'mount --bind empty /proc
		sh "$1" "$PWD/state"' "$BATS_TEST_DIRNAME/places/life.sh"
	assert_output ""
	assert_equal "$stderr" ""
}

@test "no /proc at all: stop ends all that the daemon has started, and a failed start what its shell has" {
	needs subreaper
	[ -z "${SANITIZE-}" ] || skip "the sanitizer looks into /proc"
	mkdir empty
	alone 'mount --bind empty /proc
		otelop start --ready fd -- sh -c "leave sleep 1001; sleep 1002 & otelop-ready; wait" >/dev/null 2>&1
		otelop stop -t 60s
		otelop start --ready fd --log-max 1M --grace 300ms -- sh -c "leave sleep 1001; (trap \"\" TERM; exec sleep 1002) & otelop-ready; wait" >/dev/null 2>&1
		otelop stop -t 60s
		tail -n 1 "$OTELOP_STATE_DIR/otelop.log"
		otelop start --ready fd -t 300ms -- sh -c "leave sleep 1003; sleep 1004" || echo "$?"
		otelop-spawn -t 300ms -- sh -c "sleep 1005 & sleep 1006" || echo "$?"
		otelop-spawn -- sh -c "(trap \"\" TERM; exec sleep 1007) & exit 3" || echo "$?"'
	assert_nothing_runs
	assert_line -n 0 --regexp '^otelop-run: process [0-9]+ \(\?\): killed, it had not ended within [0-9.]+ s$'
	assert_equal "${lines[*]:1}" '124 124 1'
	[[ $stderr != *left* ]] || fail "$stderr"
}

@test "no /proc at all: the state is taken away when nobody looks by himself any more, and that is noticed" {
	needs "file watches"
	[ -z "${SANITIZE-}" ] || skip "the sanitizer looks into /proc"
	mkdir empty
	alone 'mount --bind empty /proc
		until_it() { tries=1200; until "$@"; do tries=$((tries - 1)); [ "$tries" -gt 0 ]; sleep 0.05; done; }
		state_is() { [ "$(otelop-meta running 2>/dev/null)" = "$1" ]; }
		otelop start --ready exec -- sh -c "trap \": >ended; exit\" TERM; sleep 1001 & wait" >pid 2>/dev/null
		read -r pid <pid
		sleep 0.5
		rm "$OTELOP_STATE_DIR/otelop.json"
		until_it state_is "running $pid"
		sleep 0.5
		until_it rm -rf "$OTELOP_STATE_DIR"
		until_it test -e ended'
	assert_nothing_runs
}

@test "no /proc at all: a start that waits does not ask about numbers all the time" {
	needs subreaper
	[ -z "${SANITIZE-}" ] || skip "the sanitizer looks into /proc"
	can strace -qq true
	mkdir empty
	alone 'mount --bind empty /proc
		strace -f -qq -e trace=getpgid,waitid -o traced otelop start -- sh -c "sleep 0.3; otelop-ready; exec sleep 1000" >/dev/null 2>&1 &
		otelop wait
		otelop stop
		wait'
	[ "$(grep -c "ESRCH\|ECHILD" traced)" -lt 100 ] || fail "$(head traced)"
	assert_nothing_runs
}

# numbered SCRIPT: what it does with a daemon that is read from stdin, in a PID namespace under the outer /proc; `./next N`
# says which number the next process has.
numbered() {
	needs subreaper
	needs "numbers that are looked up in /proc"
	can unshare -rpf sh -c 'echo 99 >/proc/sys/kernel/ns_last_pid'
	printf '#!/bin/sh\necho "$(($1 - 1))" >/proc/sys/kernel/ns_last_pid\n' >next
	chmod +x next
	cat >daemon
	tool -0 unshare -rpf sh -ec "$1"
}
assert_none_was_left() {
	assert_output ""
	assert_nothing_runs
	run -1 grep left state/otelop.log
}

@test "/proc of another PID namespace: stop ends whoever is left, whatever numbers come first and begin anew meanwhile" {
	numbered '
		for options in "" "--log-max 1M"; do
			rm -f set
			./next 3000
			otelop start $options --ready fd -- sh daemon >/dev/null 2>&1
			otelop stop -t 60s
			'"$show_left"'
		done' <<-'SH'
		./next 2000
		leave sh -c 'sleep 1001 & wait'
		leave sh -c 'trap "sleep 1002 & ./next 500; sleep 1003 & exit" TERM; : >set; while :; do sleep 0.05; done'
		./next 9000
		leave sh -c 'sleep 1004 & wait'
		until [ -e set ]; do sleep 0.02; done
		otelop-ready
		exec sleep 1000
	SH
	assert_none_was_left
}

@test "/proc of another PID namespace: a respawned daemon whose numbers have begun anew since its crash: all are ended" {
	# The logger is a child, too: so all numbers are asked about at the first end.
	numbered '
		./next 3000
		otelop start --respawn --log-max 1M --ready fd -- sh daemon >/dev/null 2>&1
		until [ "$(wc -l <runs)" -eq 2 ] && [ "$(otelop-meta get state)" = ready ]; do sleep 0.05; done
		otelop stop -t 60s
		'"$show_left" <<-'SH'
		echo run >>runs
		if [ "$(wc -l <runs)" -eq 1 ]; then
			./next 9000
			leave sleep 1001
			otelop-ready
			exit 3
		fi
		./next 20000
		leave sleep 1002
		./next 9500
		otelop-ready
		exec sleep 1000
	SH
	assert_none_was_left
}

@test "/proc of another PID namespace: where it takes too long to ask about all numbers, it is said that some may be left" {
	can strace -qq true
	numbered '
		./next 3000
		strace -f -qq -e trace=getpgid -e inject=getpgid:delay_enter=20 -o /dev/null \
			otelop start --ready fd -- sh daemon >/dev/null 2>&1 &
		otelop wait -t 60s
		otelop stop -t 60s' <<-'SH'
		./next 2000
		leave sleep 1001
		./next 9000
		otelop-ready
		exec sleep 1000
	SH
	assert_nothing_runs
	run -0 grep 'some of what it started may be left' state/otelop.log
}

@test "whatever the umask: all lives, and nobody else may look" {
	local mask
	for mask in 000 077; do
		lives sh -c 'umask "$1"; shift; exec "$@"' sh "$mask" -- "$PWD/$mask"
	done
}
