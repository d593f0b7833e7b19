load helper

# Without what the helper exports: HOME, and the variables given as words.
plain() { env -u OTELOP_STATE_DIR -u XDG_STATE_HOME "$@"; }

# COUNT letters.
letters() { printf '%*s' "$1" '' | tr ' ' a; }

# A path of exactly COUNT bytes, each component short enough for any file system.
path_of() {
	local path=
	while ((${#path} + 102 < $1)); do path+=/$(letters 100); done
	printf '%s/%s' "$path" "$(letters $(($1 - ${#path} - 1)))"
}

@test "no option: the directory that OTELOP_STATE_DIR names is printed, and not created" {
	tool -0 otelop-statedir
	assert_output "$OTELOP_STATE_DIR"
	assert_equal "$stderr" ""
	assert_not_exists "$OTELOP_STATE_DIR"
}

@test "-e: the directory and its parents are created with mode 0700, whatever the umask lets through" {
	umask 0
	tool -0 otelop-statedir -e -C "$BATS_TEST_TMPDIR/a/b/c"
	assert_output "$BATS_TEST_TMPDIR/a/b/c"
	assert_equal "$(stat -c %a a a/b a/b/c | tr '\n' ' ')" "700 700 700 "
}

@test "-e under a umask that takes the owner's bits: the directories still have mode 0700" {
	tool -0 sh -c 'umask 0777; exec otelop-statedir -e -C "$1"' sh "$BATS_TEST_TMPDIR/a/b"
	assert_equal "$(stat -c %a a a/b | tr '\n' ' ')" "700 700 "
}

@test "-C and every variable: -C wins" {
	tool -0 env XDG_STATE_HOME=/xdg HOME=/home otelop-statedir -C /given
	assert_output /given
}

@test "OTELOP_STATE_DIR, XDG_STATE_HOME and HOME: OTELOP_STATE_DIR wins" {
	tool -0 env OTELOP_STATE_DIR=/own XDG_STATE_HOME=/xdg HOME=/home otelop-statedir
	assert_output /own
}

@test "XDG_STATE_HOME and HOME: otelop in XDG_STATE_HOME" {
	tool -0 plain XDG_STATE_HOME=/xdg HOME=/home otelop-statedir
	assert_output /xdg/otelop
}

@test "HOME alone: .local/state/otelop in it" {
	tool -0 plain HOME=/home otelop-statedir
	assert_output /home/.local/state/otelop
}

@test "relative XDG_STATE_HOME: ignored, as the XDG specification says" {
	local relative
	for relative in xdg ./xdg ../xdg; do
		tool -0 plain "XDG_STATE_HOME=$relative" HOME=/home otelop-statedir
		assert_output /home/.local/state/otelop
	done
}

@test "empty variables: as if they were not set" {
	tool -0 env OTELOP_STATE_DIR= XDG_STATE_HOME=/xdg HOME=/home otelop-statedir
	assert_output /xdg/otelop
	tool -0 env OTELOP_STATE_DIR= XDG_STATE_HOME= HOME=/home otelop-statedir
	assert_output /home/.local/state/otelop
}

@test "no HOME, or an empty one: 125 and one line that names HOME" {
	tool -125 plain -u HOME otelop-statedir
	assert_output ""
	assert_stderr_line_count 1
	assert_regex "${stderr_lines[0]}" '^otelop-statedir: HOME: '
	tool -125 plain HOME= otelop-statedir -e
	assert_output ""
	assert_stderr_line_count 1
	assert_regex "${stderr_lines[0]}" '^otelop-statedir: HOME: '
}

@test "no HOME but -C, OTELOP_STATE_DIR or XDG_STATE_HOME: it is not needed" {
	tool -0 plain -u HOME otelop-statedir -C /given
	assert_output /given
	tool -0 plain -u HOME OTELOP_STATE_DIR=/own otelop-statedir
	assert_output /own
	tool -0 plain -u HOME XDG_STATE_HOME=/xdg otelop-statedir
	assert_output /xdg/otelop
}

@test "no HOME: every program says so in one line, 4 when asked or told to stop, 125 when something shall run" {
	local words
	for words in "otelop-lock -p" "otelop-lock -W" "otelop-meta running" "otelop-meta show" "otelop-meta read" \
		"otelop-meta get pid" "otelop-meta remove" "otelop-stop" "otelop status" "otelop stop"; do
		# shellcheck disable=SC2086 # words
		tool -4 plain -u HOME $words
		assert_output ""
		assert_stderr_line_count 1
		assert_regex "${stderr_lines[0]}" '^otelop-[a-z]*: HOME: '
	done
	for words in "otelop-lock -- true" "otelop-meta write" "otelop-spawn true" "otelop-run -- true" \
		"otelop start -- true"; do
		# shellcheck disable=SC2086
		tool -125 plain -u HOME $words
		assert_output ""
		assert_stderr_line_count 1
		assert_regex "${stderr_lines[0]}" '^otelop-[a-z]*: HOME: '
	done
}

@test "relative -C and relative OTELOP_STATE_DIR: made absolute" {
	tool -0 otelop-statedir -C here/state
	assert_output "$BATS_TEST_TMPDIR/here/state"
	tool -0 env OTELOP_STATE_DIR=./own otelop-statedir
	assert_output "$BATS_TEST_TMPDIR/./own"
	cd /
	tool -0 otelop-statedir -C state
	assert_output /state
}

@test "relative HOME: the answer is absolute all the same" {
	tool -0 plain HOME=home otelop-statedir
	assert_output "$BATS_TEST_TMPDIR/home/.local/state/otelop"
	assert_equal "$stderr" ""
}

@test "relative -C in a directory that was removed: 125 and one line that names DIR; an absolute one works" {
	mkdir gone
	cd gone
	rmdir ../gone
	tool -125 otelop-statedir -C state
	assert_output ""
	assert_stderr_line_count 1
	assert_regex "${stderr_lines[0]}" '^otelop-statedir: state: '
	tool -0 otelop-statedir -C /given
	assert_output /given
}

@test "-C with an empty DIR: usage" {
	tool -2 otelop-statedir -C ''
	assert_output ""
	assert_regex "${stderr_lines[0]}" '^otelop-statedir: -C: '
	tool -2 otelop-statedir --state-dir=
	assert_output ""
}

@test "-l and -m: the log's and the metadata's path, and nothing is created" {
	tool -0 otelop-statedir -l
	assert_output "$OTELOP_STATE_DIR/otelop.log"
	tool -0 otelop-statedir --log -C /given
	assert_output /given/otelop.log
	tool -0 otelop-statedir -m
	assert_output "$OTELOP_STATE_DIR/otelop.json"
	tool -0 otelop-statedir --metadata --state-dir /given
	assert_output /given/otelop.json
	assert_not_exists "$OTELOP_STATE_DIR"
}

@test "-l and -m together: usage" {
	tool -2 otelop-statedir -l -m
	assert_output ""
	assert_regex "${stderr_lines[0]}" '^otelop-statedir: -l and -m: '
	tool -2 otelop-statedir -ml
	assert_output ""
}

@test "-e and -l: the directory is made, the log only named" {
	tool -0 otelop-statedir -el
	assert_output "$OTELOP_STATE_DIR/otelop.log"
	assert_equal "$(ls -A state)" ""
}

@test "-e where the directory is there: it stays as it is" {
	mkdir -m 750 state
	: >state/file
	tool -0 otelop-statedir -e
	assert_output "$OTELOP_STATE_DIR"
	assert_equal "$(stat -c %a state)" 750
	assert_exists state/file
}

@test "-e where the directory is a link to one of ours: followed" {
	mkdir -m 700 real
	ln -s real state
	tool -0 otelop-statedir -e
	assert_output "$OTELOP_STATE_DIR"
}

@test "-e where the directory is a link to nothing: 125, one line, nothing is created" {
	ln -s nowhere state
	tool -125 otelop-statedir -e
	assert_output ""
	assert_stderr_line_count 1
	assert_regex "${stderr_lines[0]}" "^otelop-statedir: $OTELOP_STATE_DIR: "
	assert_not_exists nowhere
}

@test "-e with 20 at once: all make the same directory, all say 0" {
	local i pids=()
	for i in {1..20}; do
		background otelop-statedir -e -C "$BATS_TEST_TMPDIR/a/b/c/d"
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i"; done
	assert_equal "$(stat -c %a a/b/c/d)" 700
}

@test "a state directory that is a file: printed without -e, 125 and one line with it" {
	printf 'mine\n' >state
	tool -0 otelop-statedir
	assert_output "$OTELOP_STATE_DIR"
	tool -125 otelop-statedir -e
	assert_output ""
	assert_stderr_line_count 1
	assert_regex "${stderr_lines[0]}" "^otelop-statedir: $OTELOP_STATE_DIR: "
	assert_equal "$(cat state)" mine
}

@test "a parent that is a file: 125 and one line that names the state directory" {
	printf 'mine\n' >file
	tool -125 otelop-statedir -e -C "$BATS_TEST_TMPDIR/file/a/b"
	assert_output ""
	assert_stderr_line_count 1
	assert_regex "${stderr_lines[0]}" "^otelop-statedir: $BATS_TEST_TMPDIR/file/a/b: "
	assert_equal "$(cat file)" mine
}

@test "a state directory that is a file: the other programs say so in one line, 4 or 125" {
	local words
	: >state
	for words in "otelop-lock -p" "otelop-lock -W" "otelop-meta running" "otelop-meta show" "otelop-meta read" \
		"otelop-meta remove" "otelop-stop" "otelop status" "otelop stop"; do
		# shellcheck disable=SC2086 # words
		tool -4 $words
		assert_output ""
		assert_stderr_line_count 1
		assert_regex "${stderr_lines[0]}" "^otelop-[a-z]*: $OTELOP_STATE_DIR: "
	done
	for words in "otelop-lock -- true" "otelop-meta write" "otelop-spawn true" "otelop-run -- true" \
		"otelop start -- true"; do
		# shellcheck disable=SC2086
		tool -125 $words
		assert_output ""
		assert_stderr_line_count 1
		assert_regex "${stderr_lines[0]}" "^otelop-[a-z]*: $OTELOP_STATE_DIR: "
	done
}

@test "a parent that is a file, or that may not be searched: every question is 4 with the reason, never \"not there\"" {
	local words reason='Not a directory' dir=$BATS_TEST_TMPDIR/way/in
	ask() {
		for words in "otelop-lock -p" "otelop-lock -W" "otelop-meta running" "otelop-meta show" "otelop-meta read" \
			"otelop-meta get pid" "otelop-meta remove" otelop-stop; do
			# shellcheck disable=SC2086 # words
			OTELOP_STATE_DIR=$dir tool -4 "$@" $words
			assert_output ""
			assert_stderr_line_count 1
			assert_regex "$stderr" "^otelop-[a-z]*: $dir: cannot open the state directory: $reason\$"
		done
	}
	: >way
	ask
	rm way
	mkdir -p way/in
	chmod 0 way
	reason='Permission denied'
	if [ -d way/in ]; then # no mode keeps us out
		can_be_nobody
		ask as_nobody
	else
		ask
	fi
	chmod 700 way
}

@test "a parent that may not be written to: 125, one line, nothing made" {
	can_be_nobody
	mkdir -m 755 readonly
	tool -125 as_nobody otelop-statedir -e -C "$BATS_TEST_TMPDIR/readonly/a/b"
	assert_output ""
	assert_stderr_line_count 1
	assert_regex "${stderr_lines[0]}" "^otelop-statedir: $BATS_TEST_TMPDIR/readonly/a/b: "
	assert_equal "$(ls -A readonly)" ""
}

@test "a parent that may be entered but not read or written: the path below it still works" {
	can_give
	can_be_nobody
	mkdir -m 711 parent
	mkdir -m 700 parent/mine
	chown 65534:65534 parent/mine
	tool -0 as_nobody otelop-statedir -e -C "$BATS_TEST_TMPDIR/parent/mine/state"
	assert_output "$BATS_TEST_TMPDIR/parent/mine/state"
	assert_equal "$(stat -c '%a %u' parent/mine/state)" "700 65534"
}

@test "a state directory that may not be entered: 4 for asking, 125 for starting, one line" {
	can_be_nobody
	mkdir -m 700 state
	tool -4 as_nobody otelop-meta running
	assert_output ""
	assert_stderr_line_count 1
	assert_regex "${stderr_lines[0]}" "^otelop-meta: $OTELOP_STATE_DIR"
	tool -4 as_nobody otelop-lock -p
	assert_stderr_line_count 1
	tool -4 as_nobody otelop-stop
	assert_stderr_line_count 1
	tool -125 as_nobody otelop-lock -- true
	assert_stderr_line_count 1
	tool -125 as_nobody otelop-statedir -e
	assert_stderr_line_count 1
}

@test "a read-only state directory: to write and to lock is 125 in one line, and nothing is left behind" {
	can_give
	can_be_nobody
	mkdir -m 555 state
	chown 65534 state
	tool -125 as_nobody otelop-meta write
	assert_output ""
	assert_stderr_line_count 1
	assert_regex "${stderr_lines[0]}" "^otelop-meta: $OTELOP_STATE_DIR"
	tool -125 as_nobody otelop-lock -- touch "$BATS_TEST_TMPDIR/ran"
	assert_stderr_line_count 1
	tool -125 as_nobody otelop-run -- touch "$BATS_TEST_TMPDIR/ran"
	assert_stderr_line_count 1
	tool -125 as_nobody otelop-spawn touch "$BATS_TEST_TMPDIR/ran"
	assert_stderr_line_count 1
	tool -3 as_nobody otelop-meta running
	assert_output stopped
	assert_not_exists ran
	assert_equal "$(ls -A state)" ""
}

@test "a path that is too long, wherever it comes from: 125 and one line" {
	local long
	long=/$(letters 5000)
	tool -125 otelop-statedir -C "$long"
	assert_output ""
	assert_stderr_line_count 1
	tool -125 otelop-statedir -C "${long#/}"
	assert_output ""
	assert_stderr_line_count 1
	tool -125 env "OTELOP_STATE_DIR=$long" otelop-statedir
	assert_output ""
	assert_stderr_line_count 1
	tool -125 plain "XDG_STATE_HOME=$long" otelop-statedir
	assert_output ""
	assert_stderr_line_count 1
	assert_regex "${stderr_lines[0]}" '^otelop-statedir: XDG_STATE_HOME: '
	tool -125 plain "HOME=$long" otelop-statedir
	assert_output ""
	assert_stderr_line_count 1
	assert_regex "${stderr_lines[0]}" '^otelop-statedir: HOME: '
}

@test "a path that is far too long: the line still ends with the reason" {
	tool -125 otelop-statedir -C "/$(letters 60000)"
	assert_output ""
	assert_stderr_line_count 1
	[[ ${stderr_lines[0]} != *aaa ]] || fail "the path's end, ${#stderr} bytes on, and no reason"
}

@test "a path with room for the directory but not for a file in it: 125 and one line for the file" {
	local path words
	path=$(path_of 4090)
	tool -0 otelop-statedir -C "$path"
	assert_output "$path"
	for words in -l -m; do
		tool -125 otelop-statedir "$words" -C "$path"
		assert_output ""
		assert_stderr_line_count 1
	done
}

@test "a path with a component that no file system takes: -e is 125 and one line, nothing is left" {
	mkdir parent
	tool -125 otelop-statedir -e -C "$BATS_TEST_TMPDIR/parent/$(letters 300)/a"
	assert_output ""
	assert_stderr_line_count 1
	assert_equal "$(ls -A parent)" ""
}

@test "a name with blanks, quotes and letters of any language: printed as it is, and usable" {
	local name=$'a b "c" \'d\' $e *ü日'
	tool -0 otelop-statedir -e -C "$BATS_TEST_TMPDIR/$name"
	assert_output "$BATS_TEST_TMPDIR/$name"
	assert_dir_exists "$BATS_TEST_TMPDIR/$name"
}

@test "a name with newlines, at its end too: kept to the last byte by whoever uses it" {
	local dir
	for dir in $'a\n' $'x\n./b' $'\n' $'c\n\n'; do
		dir=$BATS_TEST_TMPDIR/d/$dir
		otelop-statedir -e -C "$dir" >said
		printf '%s\n' "$dir" >expected
		cmp said expected
		[ -d "$dir" ] || fail "not made"
		tool -0 otelop-spawn -C "$dir" -- otelop-lock -- sh -c 'printf %s "$OTELOP_STATE_DIR" >dir; otelop-ready; exec sleep 600'
		printf %s "$dir" >expected
		cmp dir expected
		tool -0 env OTELOP_STATE_DIR="$dir" otelop-stop
		[ -e "$dir/otelop.log" ] || fail "the log is elsewhere"
		rm -r d
	done
}

@test "links: a ring of them and one to itself are 125 for creating, 4 for asking; .. behind a link is the parent of what it leads to" {
	ln -s self self
	ln -s there here
	ln -s here there
	for dir in self here/x; do
		tool -125 otelop-statedir -e -C "$dir"
		assert_stderr_line_count 1
		tool -4 otelop-meta -C "$dir" running
		assert_stderr_line_count 1
	done
	mkdir -p deep/er
	ln -s deep/er link
	ln -s "$PWD/./deep//er/../er/" absolute
	tool -0 otelop-statedir -e -C link/../a
	tool -0 otelop-statedir -e -C absolute/b/./../c//
	assert_equal "$(find deep -mindepth 1 | sort | tr '\n' ' ')" "deep/a deep/er deep/er/b deep/er/c "
}

@test "a link to nothing on the way: 125, and nothing is created where it leads" {
	ln -s nowhere link
	mkdir real
	ln -s real good
	tool -125 otelop-statedir -e -C link/a
	assert_stderr_line_count 1
	assert_not_exists nowhere
	tool -0 otelop-statedir -e -C good/a/b
	assert_dir_exists real/a/b
	tool -0 otelop-statedir -e -C /proc/self/cwd/c
	assert_dir_exists c
}

@test "a name with control characters: the message is one line without them" {
	local name=$'/nowhere/a\n\e[31mred\x9b\r'
	: >file
	tool -125 otelop-statedir -e -C "$BATS_TEST_TMPDIR/file$name"
	assert_output ""
	assert_stderr_line_count 1
	! LC_ALL=C grep -qaP '[\x01-\x09\x0b-\x1f\x7f-\xff]' <<<"$stderr" || fail "controls in: $(cat -v <<<"$stderr")"
	assert_regex "${stderr_lines[0]}" '\\x1b\[31mred'
}

@test "a full or closed stdout: 125 and one line that names it" {
	tool -125 sh -c 'exec otelop-statedir >/dev/full'
	assert_stderr_line_count 1
	assert_regex "${stderr_lines[0]}" '^otelop-statedir: stdout: '
	tool -125 sh -c 'exec otelop-statedir >&-'
	assert_stderr_line_count 1
	assert_regex "${stderr_lines[0]}" '^otelop-statedir: stdout: '
}
