# shellcheck disable=SC2016,SC2086 # what stands in single quotes is for another shell; lists of words
load helper

top=$BATS_TEST_DIRNAME/..

# Words, whatever the line breaks.
normal() { tr -s '[:space:]' ' ' | sed 's/^ //; s/ $//'; }

# A man page as text, without breaks at hyphens.
page() { mandoc -Tascii -Owidth=1000 "$top/share/man/$1" | sed $'s/.\b//g'; }

# The program says that this is no way to use it: 2, nothing on stdout, its name first, then its usage.
misused() {
	local program=$1
	tool -2 "$@"
	[ -z "$output" ] || fail "$*: stdout: $output"
	[[ ${stderr_lines[0]} == "$program: "?* ]] || fail "$*: the first line is ${stderr_lines[0]}"
	[[ ${stderr_lines[1]} == "usage: $program"* ]] || fail "$*: the second line is ${stderr_lines[1]}"
}

# And the first line names the word that is wrong.
misused_by() {
	local word=$1
	shift
	misused "$@"
	[[ ${stderr_lines[0]} == *"$word"* ]] || fail "$*: the first line does not name $word: ${stderr_lines[0]}"
}

# The same of a command of otelop, which may leave it to the program below to say so.
misused_below() {
	tool -2 "$@"
	[ -z "$output" ] || fail "$*: stdout: $output"
	[[ ${stderr_lines[0]} =~ ^otelop(-[a-z]+)?:\ . ]] || fail "$*: the first line is ${stderr_lines[0]}"
	[[ ${stderr_lines[1]} == "usage: otelop"* ]] || fail "$*: the second line is ${stderr_lines[1]}"
}
misused_below_by() {
	local word=$1
	shift
	misused_below "$@"
	[[ ${stderr_lines[0]} == *"$word"* ]] || fail "$*: the first line does not name $word: ${stderr_lines[0]}"
}

# --- --help, --version, unknown options: every program

help_is_synopsis() {
	tool -0 "$1" --help
	assert_equal "$stderr" ""
	assert_regex "${lines[0]}" "^usage: $1 "
	assert_equal "$(normal <<<"${output#usage: }")" \
		"$(page "$1.1" | sed -n '/^SYNOPSIS/,/^[A-RT-Z]/{/^ /p}' | normal)"
	local long=$output
	tool -0 "$1" -h
	assert_equal "$stderr" ""
	assert_output "$long"
}
@test "otelop-statedir --help: the SYNOPSIS of its page" { help_is_synopsis otelop-statedir; }
@test "otelop-spawn --help: the SYNOPSIS of its page" { help_is_synopsis otelop-spawn; }
@test "otelop-ready --help: the SYNOPSIS of its page" { help_is_synopsis otelop-ready; }
@test "otelop-lock --help: the SYNOPSIS of its page" { help_is_synopsis otelop-lock; }
@test "otelop-meta --help: the SYNOPSIS of its page" { help_is_synopsis otelop-meta; }
@test "otelop-stop --help: the SYNOPSIS of its page" { help_is_synopsis otelop-stop; }
@test "otelop-run --help: the SYNOPSIS of its page" { help_is_synopsis otelop-run; }
@test "otelop --help: it begins with the SYNOPSIS of its page" {
	tool -0 otelop --help
	assert_equal "$(normal <<<"${lines[0]#usage: }")" \
		"$(page otelop.1 | sed -n '/^SYNOPSIS/,/^[A-RT-Z]/{/^ /p}' | normal)"
}
@test "otelop-with --help: the SYNOPSIS of its page" { help_is_synopsis otelop-with; }

knows_its_version() {
	local version
	version=$(sed -n 's/^#define OTELOP_VERSION "\(.*\)"/\1/p' "$top/lib/otelop.h")
	[ -n "$version" ]
	tool -0 "$1" --version
	assert_output "$1 $version"
	assert_equal "$stderr" ""
	tool -0 "$1" -V
	assert_output "$1 $version"
}
@test "otelop-statedir --version: its name and the version" { knows_its_version otelop-statedir; }
@test "otelop-spawn --version: its name and the version" { knows_its_version otelop-spawn; }
@test "otelop-ready --version: its name and the version" { knows_its_version otelop-ready; }
@test "otelop-lock --version: its name and the version" { knows_its_version otelop-lock; }
@test "otelop-meta --version: its name and the version" { knows_its_version otelop-meta; }
@test "otelop-stop --version: its name and the version" { knows_its_version otelop-stop; }
@test "otelop-run --version: its name and the version" { knows_its_version otelop-run; }
@test "otelop --version: its name and the version" { knows_its_version otelop; }
@test "otelop-with --version: its name and the version" { knows_its_version otelop-with; }

refuses_unknown_options() {
	misused_by --no-such-option "$1" --no-such-option
	misused_by --no-such-option "$1" --no-such-option=value
	misused_by --no-such-option "$1" --no-such-option -- true
	misused_by -Z "$1" -Z
	misused_by -Z "$1" -Z -- true
	misused_by -C "$1" -C
	misused_by --state-dir "$1" --state-dir
	assert_not_exists "$OTELOP_STATE_DIR"
}
@test "otelop-statedir with an unknown option, or one without its value: usage" { refuses_unknown_options otelop-statedir; }
@test "otelop-spawn with an unknown option, or one without its value: usage" { refuses_unknown_options otelop-spawn; }
@test "otelop-ready with an unknown option, or one without its value: usage" { refuses_unknown_options otelop-ready; }
@test "otelop-lock with an unknown option, or one without its value: usage" { refuses_unknown_options otelop-lock; }
@test "otelop-meta with an unknown option, or one without its value: usage" { refuses_unknown_options otelop-meta; }
@test "otelop-stop with an unknown option, or one without its value: usage" { refuses_unknown_options otelop-stop; }
@test "otelop-run with an unknown option, or one without its value: usage" { refuses_unknown_options otelop-run; }
@test "otelop with an unknown option, or one without its value: usage" { refuses_unknown_options otelop; }
@test "otelop-with with an unknown option, or one without its value: usage" { refuses_unknown_options otelop-with; }

@test "--help or --version with a value: usage, and the first line names them" {
	local program
	for program in otelop-statedir otelop-spawn otelop-ready otelop-lock otelop-meta otelop-stop otelop-run; do
		misused_by --help "$program" --help=value
		misused_by --version "$program" --version=
	done
}

@test "an unknown letter in a word of several, behind a long option: the first line names the letter" {
	misused_by -Z otelop-statedir --state-dir=x -Zl
	misused_by -Z otelop-statedir --state-dir=x -lZ
	misused_by -Z otelop-spawn --timeout=1 -qZ true
	misused_by -C otelop-statedir --log -eC
}

@test "a control character in an unknown option: not in the message" {
	local program
	for program in otelop-statedir otelop-spawn otelop-ready otelop-lock otelop-meta otelop-stop otelop-run otelop otelop-with; do
		tool -2 "$program" $'--\e[31m\n'
		! LC_ALL=C grep -qaP '[\x01-\x09\x0b-\x1f\x7f]' <<<"$stderr" || fail "$program: $(cat -v <<<"$stderr")"
		[[ ${stderr_lines[1]} == "usage: $program"* ]] || fail "$program: not one line and the usage: $stderr"
	done
}

@test "a full or closed stdout: --help and --version say so, 125, in every program" {
	local program option to
	for program in otelop-statedir otelop-spawn otelop-ready otelop-lock otelop-meta otelop-stop otelop-run otelop otelop-with; do
		for option in --help --version; do
			for to in '>/dev/full' '>&-'; do
				tool sh -c "exec $program $option $to"
				[ "$status" -eq 125 ] || fail "$program $option $to: status $status"
				[ -n "$stderr" ] || fail "$program $option $to: not a word"
			done
		done
	done
}

# --- -C: every program

# With -C in all its forms, the program's message is about that directory, which is a file.
takes_state_dir() {
	local form
	: >file
	for form in "-C $BATS_TEST_TMPDIR/file" "-C file" "--state-dir file" "--state-dir=file"; do
		tool "$1" $form "${@:2}"
		[ "$status" -eq 4 ] || [ "$status" -eq 125 ] || fail "$1 $form: status $status: $stderr"
		[[ ${stderr_lines[0]} == *": $BATS_TEST_TMPDIR/file: "* ]] || fail "$1 $form: says $stderr"
	done
	assert_not_exists "$OTELOP_STATE_DIR"
}
@test "otelop-statedir -C DIR: that directory, in every form" { takes_state_dir otelop-statedir -e; }
@test "otelop-spawn -C DIR: that directory, in every form" { takes_state_dir otelop-spawn true; }
@test "otelop-lock -C DIR: that directory, in every form" { takes_state_dir otelop-lock -p; }
@test "otelop-meta -C DIR: that directory, in every form" { takes_state_dir otelop-meta running; }
@test "otelop-stop -C DIR: that directory, in every form" { takes_state_dir otelop-stop; }
@test "otelop-run -C DIR: that directory, in every form" { takes_state_dir otelop-run -- true; }
@test "otelop -C DIR: that directory, in every form" { takes_state_dir otelop status; }
@test "otelop-ready -C DIR: taken, and changes nothing" {
	local form
	for form in "-C $BATS_TEST_TMPDIR/file" "-C file" "--state-dir file" "--state-dir=file"; do
		tool -0 otelop-ready $form
		tool -1 otelop-ready $form -q
	done
	assert_not_exists file
}

@test "letters in one word, a value behind its letter: as in any Unix tool" {
	: >file
	local words
	for words in "otelop-statedir -eCfile" "otelop-statedir -Cfile -e" "otelop-spawn -qCfile true" "otelop-lock -pCfile" \
		"otelop-meta -Cfile running" "otelop-stop -Cfile" "otelop-run -Cfile -- true"; do
		tool $words
		[ "$status" -eq 4 ] || [ "$status" -eq 125 ] || fail "$words: status $status"
		[[ ${stderr_lines[0]} == *": $BATS_TEST_TMPDIR/file: "* ]] || fail "$words: says $stderr"
	done
	tool -0 otelop-statedir -lhV
	assert_regex "$output" '^usage: '
}

@test "letters in one word, a value behind its letter: in otelop, too" {
	: >file
	tool -4 otelop -Cfile status
	assert_regex "$stderr" ": $BATS_TEST_TMPDIR/file: "
	tool -3 otelop -nname status
	tool -0 otelop -hV
	assert_regex "$output" '^usage: '
	tool -0 otelop -Vh
	assert_regex "$output" '^otelop [0-9]'
}

@test "-C twice: the last one counts" {
	: >file
	local words
	for words in "otelop-statedir -C other -C file -e" "otelop-lock -C other --state-dir=file -p" \
		"otelop-meta --state-dir other -C file running" "otelop -C other -C file status"; do
		tool $words
		[ "$status" -eq 4 ] || [ "$status" -eq 125 ] || fail "$words: status $status"
		[[ ${stderr_lines[0]} == *": $BATS_TEST_TMPDIR/file: "* ]] || fail "$words: says $stderr"
	done
}

@test "-C with an empty DIR: usage, in every program that uses it" {
	misused otelop-statedir -C ''
	misused otelop-spawn -C '' true
	misused otelop-lock -C '' -p
	misused otelop-lock -C '' -- true
	misused otelop-meta -C '' running
	misused otelop-stop -C ''
	misused otelop-run -C '' -- true
	misused_below otelop -C '' status
	assert_not_exists "$OTELOP_STATE_DIR"
}

# --- operands

@test "a missing operand: usage" {
	misused otelop-spawn
	misused otelop-spawn --
	misused otelop-spawn -t 1
	misused otelop-lock
	misused otelop-lock --
	misused otelop-lock -w 1
	misused otelop-lock a=b
	misused otelop-lock a=b --
	misused otelop-meta
	misused otelop-meta --
	misused otelop-meta get
	misused otelop-meta get -s
	misused otelop-meta get --
	misused otelop-run
	misused otelop-run --
	misused otelop-run --ready exec
	misused otelop-run a=b
	misused otelop-run a=b --
	misused otelop
	misused otelop --
	misused_below otelop start
	misused_below otelop start --
	misused_below otelop start --ready exec
	misused_below otelop start a=b
	misused_below otelop start a=b --
	misused_below otelop start --native --
	assert_not_exists "$OTELOP_STATE_DIR"
}

@test "a stray operand: usage, and the first line names it" {
	misused_by stray otelop-statedir stray
	misused_by stray otelop-statedir -- stray
	misused_by stray otelop-ready stray
	misused_by stray otelop-ready a=b stray
	misused_by stray otelop-ready -q stray
	misused_by stray otelop-ready -e message stray
	misused_by stray otelop-lock -p stray
	misused_by stray otelop-lock -W stray
	misused_by stray otelop-lock -F 0 stray
	misused_by stray otelop-lock stray -- true
	misused_by stray otelop-meta stray
	misused_by stray otelop-meta write stray
	misused_by stray otelop-meta read stray
	misused_by stray otelop-meta running stray
	misused_by stray otelop-meta running -w 1 stray
	misused_by stray otelop-meta show stray
	misused_by stray otelop-meta show --json stray
	misused_by stray otelop-meta args stray
	misused_by stray otelop-meta remove stray
	misused_by stray otelop-stop 999999 stray
	misused_by stray otelop-stop stray
	misused_by stray otelop-stop -n 999999 stray
	misused_by stray otelop-stop -n stray
	misused_by stray otelop-run stray -- true
	misused_by stray otelop stray
	assert_not_exists "$OTELOP_STATE_DIR"
}

@test "a stray operand of a command of otelop: usage, and the first line names it" {
	misused_below_by stray otelop start stray -- true
	misused_below_by npm otelop start npm start
	assert_regex "${stderr_lines[0]}" ': npm: not KEY=VALUE; a command stands behind --$'
	misused_below_by stray otelop stop stray
	misused_below_by stray otelop stop -t 1 stray
	misused_below_by stray otelop restart stray -- true
	misused_below_by stray otelop status stray
	misused_below_by stray otelop status -q stray
	misused_below_by stray otelop status --json stray
	misused_below_by stray otelop logs stray
	misused_below_by stray otelop list stray
	misused_below_by stray otelop wait stray
	misused_below_by stray otelop version stray
	misused_below_by stray otelop help stray
	misused_below_by stray otelop help start stray
	assert_not_exists "$OTELOP_STATE_DIR"
}

@test "an unknown option of a command of otelop: usage, and the first line names it" {
	local command
	for command in start stop restart status logs list wait version help; do
		misused_below_by --no-such-option otelop $command --no-such-option
		misused_below_by -Z otelop $command -Z
	done
	assert_not_exists "$OTELOP_STATE_DIR"
}

@test "an unknown option of a command of otelop-meta: usage, and the first line names it" {
	local command
	for command in write read get running show args remove; do
		misused_by --no-such-option otelop-meta $command --no-such-option
		misused_by -Z otelop-meta $command -Z
		tool -0 otelop-meta $command --help
		assert_regex "${lines[0]}" '^usage: otelop-meta '
	done
	assert_not_exists "$OTELOP_STATE_DIR"
}

@test "an option without its value: usage, and the first line names it, in its long form as in its short one" {
	local words
	for words in "otelop-spawn -l" "otelop-spawn --log" "otelop-spawn -t" "otelop-spawn --timeout" "otelop-spawn -d" \
		"otelop-spawn --chdir" "otelop-spawn -m" "otelop-spawn --umask" "otelop-spawn -e" "otelop-spawn --env" \
		"otelop-spawn -u" "otelop-spawn --unset" "otelop-spawn --tail" "otelop-spawn --as" "otelop-spawn --progress" \
		"otelop-ready -e" "otelop-ready --error" "otelop-lock -w" "otelop-lock --wait" "otelop-lock -F" "otelop-lock --fd" \
		"otelop-meta running -w" "otelop-meta running --wait" "otelop-stop -t" "otelop-stop --timeout" "otelop-stop -s" \
		"otelop-stop --signal" "otelop-stop -k" "otelop-stop --kill-after" "otelop-stop -n" "otelop-stop --check" \
		"otelop-run --ready" "otelop-run --with-parent" "otelop-run --max-lifetime" "otelop-run --log-max" \
		"otelop-run --log-keep" "otelop-run --stdin" "otelop -n" "otelop --name" "otelop start --ready" "otelop start -t" \
		"otelop start --timeout" "otelop start --with-parent" "otelop start --max-lifetime" "otelop start --log-max" \
		"otelop start --log-keep" "otelop start --stdin" "otelop stop -t" "otelop stop -k" "otelop restart -t" "otelop restart -k" \
		"otelop logs -N" "otelop logs --lines" "otelop wait -t" "otelop wait --timeout"; do
		misused_below_by "${words##* }" $words
	done
	assert_not_exists "$OTELOP_STATE_DIR"
}

@test "a value that is none for its option: usage, and nothing runs" {
	local words
	for words in "otelop-spawn -t x touch ran" "otelop-spawn -m 9 touch ran" "otelop-spawn -m 01777 touch ran" \
		"otelop-spawn -e x touch ran" "otelop-spawn -e =x touch ran" "otelop-spawn -u a=b touch ran" \
		"otelop-spawn --tail x touch ran" "otelop-spawn --tail=-1 touch ran" "otelop-lock -w x -- touch ran" "otelop-lock -F x" \
		"otelop-meta running -w x" "otelop-stop -t x" "otelop-stop -s NOSUCH" "otelop-stop -s 0" "otelop-stop -s 99" \
		"otelop-stop -k x" "otelop-stop -n x" "otelop-stop -n 0" "otelop-stop x" "otelop-stop 0" "otelop-stop 1.5" \
		"otelop-stop 99999999999" "otelop-run --ready nosuch -- touch ran" "otelop-run --with-parent x -- touch ran" \
		"otelop-run --max-lifetime x -- touch ran" "otelop-run --log-max x -- touch ran" \
		"otelop-run --log-keep x -- touch ran" "otelop-run --respawn=0 -- touch ran" "otelop-run --stdin x -- touch ran"; do
		misused $words
	done
	for words in "otelop start -t x -- touch ran" "otelop start --ready nosuch -- touch ran" \
		"otelop start --with-parent x -- touch ran" "otelop start --max-lifetime x -- touch ran" \
		"otelop start --log-max x -- touch ran" "otelop start --respawn=x -- touch ran" \
		"otelop start --stdin shut -- touch ran" "otelop start a -- touch ran" "otelop start pid=5 -- touch ran" \
		"otelop stop -t x" "otelop stop -t 1x" "otelop stop -k x" "otelop logs -N x" "otelop wait -t x" \
		"otelop -n a/b status" "otelop -n .. status" "otelop -n .a status"; do
		misused_below $words
	done
	assert_not_exists ran
	assert_not_exists "$OTELOP_STATE_DIR"
}

@test "--: ends the options" {
	tool -0 otelop-statedir --
	assert_output "$OTELOP_STATE_DIR"
	misused_by -l otelop-statedir -- -l
	tool -0 otelop-ready -- a=b
	misused_by -q otelop-ready -- -q
	tool -3 otelop-meta -- running
	assert_output stopped
	tool -3 otelop-meta running --
	tool -3 otelop-meta get -- pid
	tool -1 sh -c 'otelop-meta write && otelop-meta get -- -s'
	assert_regex "$stderr" '^otelop-meta: -s: '
	misused otelop-meta read -- -s
	tool -0 otelop-stop --
	tool -127 otelop-stop -- -t
	tool -127 otelop-lock -- -p
	tool -127 otelop-spawn -- -t 1
	tool -127 otelop-run -- --ready exec
	tool -3 otelop -- status
	misused_by -q otelop -- -q
	tool -127 otelop start -- --native -t 1
}

@test "options behind the first operand: not options any more" {
	misused otelop-ready a=b -q
	misused otelop-lock a=b -p
	misused otelop-meta read -C other
	misused_by -t otelop-stop 999999 -t
	misused otelop-run a=b --ready exec -- true
	tool -0 otelop-spawn sh -c 'echo "$1" >said; otelop-ready; exec sleep 60 3>&-' sh -V
	assert_equal "$(cat said)" -V
	tool -0 otelop-stop "$output"
	tool -0 otelop-lock -- printf '%s' -V
	assert_equal "$output" -V
}

@test "long options: their value in the same word or in the next one" {
	tool -0 otelop-spawn --log=mine --timeout=30 --env=COLOUR=blue=green sh -c 'echo "$COLOUR"; otelop-ready; exec sleep 60 3>&-'
	assert_equal "$(cat mine)" blue=green
	tool -0 otelop-stop --signal=KILL --timeout=10 --kill-after=1s "$output"
	tool -0 otelop-spawn --log other --timeout 30 --env COLOUR=blue sh -c 'echo "$COLOUR"; otelop-ready; exec sleep 60 3>&-'
	assert_equal "$(cat other)" blue
	tool -0 otelop-stop --signal KILL --timeout 10 --kill-after 1s "$output"
	tool -0 otelop-stop --check=$$
	tool -0 otelop-stop --check $$
	tool -0 otelop-lock --wait=5 -- true
	tool -0 otelop-lock --wait 5 --until-free
	tool -1 otelop-meta running --wait=5
	tool -1 otelop-meta running --wait 5
	tool -0 otelop start --ready=exec --timeout=30 a=b=c -- sleep 60
	tool -0 otelop-meta get a
	assert_output b=c
	tool -0 otelop stop
	tool -0 otelop --name=x start --ready=check:'test a=b' --max-lifetime=1h -- sleep 60
	tool -0 otelop --name x status
	tool -0 otelop -n x stop
	assert_nothing_runs
}

@test "an empty word as a value: a value" {
	misused otelop-spawn -t '' true
	misused otelop-spawn --timeout= true
	misused otelop-stop -s ''
	misused otelop-lock --wait= -- true
	tool -0 otelop-lock a= -- otelop-meta get a
	assert_output ""
}

@test "two things that exclude each other: usage" {
	misused otelop-statedir -l -m
	misused otelop-ready -e message -q
	misused otelop-lock -p -W
	misused otelop-lock -F 0 -p
	misused otelop-lock -F 0 -W
}

# --- the pages

@test "the man pages: mandoc finds nothing to warn about" {
	run mandoc -Tlint -W warning "$top"/share/man/*.[137]
	assert_output ""
	assert_equal "$status" 0
}

@test "the man pages: one for each program and for what they share, with the sections that a user looks for" {
	local program section
	for program in otelop-statedir otelop-spawn otelop-ready otelop-lock otelop-meta otelop-stop otelop-run otelop otelop-with; do
		for section in NAME SYNOPSIS DESCRIPTION 'EXIT STATUS' EXAMPLES 'SEE ALSO'; do
			page "$program.1" | grep -qx "$section" || fail "$program.1 has no $section"
		done
	done
	for section in METADATA 'THE LOCK' 'THE READY LINE' 'EXIT STATUS' TRUST; do
		page otelop.7 | grep -qx "$section" || fail "otelop.7 has no $section"
	done
	page otelop.3 | grep -qx SYNOPSIS
}

@test "the man pages: every long option that a program takes is in its page" {
	local program option source taken
	for program in otelop-statedir otelop-spawn otelop-ready otelop-lock otelop-meta otelop-stop otelop-run; do
		source=$top/bin/$program.c
		[ "$program" != otelop-run ] || source=$top/bin/run_words.c
		[ "$program" != otelop-spawn ] || source=$top/bin/request.c
		taken=$(sed '/ \(start\|logs\|command\|wait\)_options\[/,/^}/d' "$source" | grep -o '{ "[a-z-]*", [a-z]*_argument' |
			sed 's/{ "\([^"]*\)".*/\1/')
		[ -n "$taken" ] || fail "$source: no options are found"
		for option in state-dir name $taken help version; do
			page "$program.1" | grep -q -- "--$option\b" || fail "$program.1 does not know --$option"
		done
	done
	# Those of otelop's commands: in the usage, in the script, and in the tables of the programs that know them.
	found=$( (
		for command in start stop restart status logs wait with; do otelop help $command; done | grep -o -- '--[a-z-]*'
		grep -o -- '--[a-z][a-z-]*[ |=)]' "$top/bin/otelop" | grep -o -- '--\(state-dir\|name\|timeout\|kill-after\|help\|version\)'
		sed -n '/^static const struct option \(start\|logs\|command\|wait\|show\)_options/,/^}/p' "$top"/bin/*.c |
			grep -o '{ "[a-z-]*"' | sed 's/{ "\(.*\)"/--\1/'
	) | sort -u)
	[ "$(wc -l <<<"$found")" -gt 15 ] || fail "only these were found: $found"
	for option in $found; do
		page otelop.1 | grep -q -- "$option\b" || fail "otelop.1 does not know $option"
	done
}

@test "the man pages: every command of otelop and of otelop-meta is in the page and in the usage" {
	local command
	tool -0 otelop help
	for command in start stop restart status logs list wait version help; do
		grep -Eq "^ +(otelop )?$command\b" <<<"$output" || fail "otelop help does not know $command"
		page otelop.1 | grep -q "^ *\(otelop \)\?$command\b" || fail "otelop.1 does not know $command"
	done
}

@test "a long option, shortened and with a value that it does not take: it is named as it was given" {
	misused_by --lo=foo otelop-statedir --lo=foo
	[[ ${stderr_lines[0]} == *"takes no value" ]]
	misused_by --json=1 otelop-meta show --json=1
}
