# Which file a command is, and whether it can be run.
# shellcheck disable=SC2016 # what stands in single quotes is for another shell
load helper

BATS_TEST_TIMEOUT=180

# make_foreign_program FILE: an ELF program of this machine, whose loader is not here.
make_foreign_program() {
	python3 - "$1" <<'END'
import struct, sys
name = b"/lib/ld-nowhere.so.1\0"
exe = open(sys.executable, "rb").read(64)
wide, order = exe[4] == 2, "<" if exe[5] == 1 else ">"
machine = struct.unpack(order + "H", exe[18:20])[0]
size, entry = (64, 56) if wide else (52, 32)
at = size + 2 * entry
word = "Q" if wide else "I"
head = exe[:16] + struct.pack(order + "HHI" + 3 * word + "IHHHHHH", 2, machine, 1, 0x400000, size, 0,
    0, size, entry, 2, 0, 0, 0)
def header(kind, offset, length):
    if wide:
        return struct.pack(order + "IIQQQQQQ", kind, 5, offset, 0x400000, 0x400000, length, length, 4096)
    return struct.pack(order + "IIIIIIII", kind, offset, 0x400000, 0x400000, length, length, 5, 4096)
open(sys.argv[1], "wb").write(head + header(3, at, len(name)) + header(1, 0, at + len(name)) + name)
END
}

# --- what can be run

@test "a command that does not exist: 127, it is named, and no log is shown" {
	tool -127 otelop-spawn -- no-such-command-at-all
	assert_regex "$stderr" '^otelop-spawn: no-such-command-at-all: cannot run: '
	assert_stderr_line_count 1
	assert_output ""
	tool -127 otelop-spawn -- ./nowhere/x
	assert_regex "$stderr" '^otelop-spawn: ./nowhere/x: cannot run: '
	tool -127 otelop-spawn -- ''
}

@test "a command that cannot be executed: 126" {
	: >plain
	tool -126 otelop-spawn -- ./plain
	assert_regex "$stderr" '^otelop-spawn: ./plain: cannot run: '
	assert_stderr_line_count 1
	tool -126 otelop-spawn -- "$BATS_TEST_TMPDIR"
	tool -126 otelop-spawn -- ./plain/x
	printf 'MZ\0\0' >garbage
	chmod +x garbage
	ln -s loop loop
	tool -126 otelop-spawn -- ./loop
}

@test "a script or program whose interpreter is missing: it is named, its \\r shown, by every program, and there is no log line" {
	local file missing program
	printf '#!/bin/nosh\r\necho hi\r\n' >crlf
	printf '#! /opt/no/python3 -u\n' >missing
	printf '#!./missing\n' >second
	make_foreign_program foreign
	chmod +x crlf missing second foreign
	while read -r file missing; do
		for program in otelop-spawn 'otelop-spawn --dry-run' otelop-run otelop-lock 'otelop start' 'otelop start -f' \
			'otelop start --native' 'otelop restart'; do
			# shellcheck disable=SC2086 # words
			tool -127 $program -- "./$file"
			assert_equal "$program: ${stderr#*: }" "$program: ./$file: cannot run: its interpreter is not there: $missing"
		done
	done <<'TABLE'
crlf /bin/nosh\r (its lines end in \r\n)
missing /opt/no/python3
second /opt/no/python3
foreign /lib/ld-nowhere.so.1
TABLE
	PATH=$PWD:$PATH tool -127 otelop start -- crlf
	assert_equal "$stderr" 'otelop: crlf: cannot run: its interpreter is not there: /bin/nosh\r (its lines end in \r\n)'
}

@test "a command that ran, and whose own interpreter was missing: the log has its words, and is named" {
	printf '#!/usr/bin/env nosuch\n' >script
	chmod +x script
	tool -127 otelop start -- ./script
	[[ $stderr == *nosuch*"log: $OTELOP_STATE_DIR/otelop.log" ]]
}

@test "restart of a daemon whose interpreter is gone: it is named, and the daemon goes on" {
	ln -s /bin/sh shell
	printf '#!%s/shell\nexec sleep 600\n' "$PWD" >script
	chmod +x script
	tool -0 otelop start --ready exec -- ./script
	rm shell
	tool -127 otelop restart
	assert_equal "$stderr" "otelop: ./script: cannot run: its interpreter is not there: $PWD/shell"
	tool -0 otelop status -q
	tool -0 otelop stop
}

@test "a script without #!: sh runs it, with its arguments" {
	printf 'printf "%%s|" "$0" "$@" >arguments; echo ok >&3; exec sleep 1000\n' >script
	chmod +x script
	tool -0 otelop-spawn -- ./script 'a b' -c
	kill -0 "$output"
	assert_equal "$(cat arguments)" './script|a b|-c|'
}

@test "a script without #! found by PATH: that one runs, not one of its name in the current directory" {
	mkdir bin
	printf 'echo right >which; echo ok >&3; exec sleep 1000\n' >bin/script
	printf 'echo wrong >which; echo ok >&3; exec sleep 1000\n' >script
	chmod +x bin/script script
	PATH=$BATS_TEST_TMPDIR/bin:$PATH tool -0 otelop-spawn -- script
	assert_equal "$(cat which)" right
	rm script
	PATH=$BATS_TEST_TMPDIR/bin:$PATH tool -0 otelop-spawn -- script
}

@test "a script whose name begins with a hyphen: it is a script, not an option" {
	printf 'echo ok >&3; exec sleep 1000\n' >-x
	chmod +x ./-x
	tool -0 otelop-spawn -- "$PWD/-x"
	PATH=$PWD:$PATH tool -0 otelop-spawn -- -x
}

@test "-u PATH and -e PATH=: the command is found by the child's own PATH" {
	mkdir bin
	printf '#!/bin/sh\necho ok >&3; exec /bin/sleep 1000\n' >bin/only-here
	chmod +x bin/only-here
	tool -0 otelop-spawn -e "PATH=$PWD/bin" -- only-here
	tool -127 otelop-spawn -- only-here
}

# --- the search

@test "PATH has a word that is no directory: a command that is nowhere is 127" {
	PATH=$PATH:/etc/passwd tool -127 otelop-spawn -- nosuch
	PATH=$PATH:/etc/passwd tool -127 otelop-lock -- nosuch
}

# search STATUS PATH [OPTION...] -- CMD: with this PATH (UNSET: with none) --dry-run and the real thing both say STATUS;
# ran: it is there, and exits with 7.
search() {
	local expected=$1 path=("PATH=$2") program seen
	[ "$2" != UNSET ] || path=(-u PATH)
	shift 2
	seen=$(tried otelop-spawn --dry-run "$@")
	# Without ps in PATH the fallback takes long to end what was started.
	is_fallback || seen+=" $(tried otelop-spawn "$@")"
	if [ "$1" = -- ]; then seen+=" $(tried otelop-lock "$@")"; fi
	for program in $seen; do
		[ "$program" = "$expected" ] || wrong+="${path[*]} $*: wanted $expected, not: $seen"$'\n'
	done
}

tried() {
	local status=0 said
	said=$(env "${path[@]}" "$(command -v "$1")" "${@:2}" 2>&1 >/dev/null 3>&- 4>&-) || status=$?
	if [ "$status" = 0 ] || [ "$status" = 7 ] || [[ $said == *"exited with status 7"* ]]; then status=ran; fi
	echo "$status"
}

@test "the search for a command: the one of execvp, by --dry-run and by the real thing alike" {
	local sh wrong='' n last
	sh=$(command -v sh)
	mkdir -p d/sub/bin d/good d/dir/cmd d/plain d/text d/bad d/badsh d/noexec d/pipe d/loop d/dangling d/chain d/empty
	cd d
	for n in here.cmd good/cmd sub/bin/other; do
		printf '#!%s\nexit 7\n' "$sh" >"$n"
		chmod 755 "$n"
	done
	echo 'exit 7' >text/cmd
	printf '#!\nexit 7\n' >empty/cmd
	printf '#! /no/such/shell\n' >bad/cmd
	printf '#!%s\r\nexit 7\n' "$sh" >bad/crlf
	printf '#!%s\n' "$PWD/dir/cmd" >badsh/cmd
	printf '#!%s\n' "$PWD/noexec/cmd" >badsh/cmd2
	printf '#! \t%s -e\nexit 7\n' "$sh" >badsh/blanks
	printf '#!sh\nexit 7\n' >badsh/relative
	printf '#!%s\nexit 7\n' "$sh" >noexec/cmd
	chmod 755 text/cmd empty/cmd bad/* badsh/*
	mkfifo -m 755 pipe/cmd
	ln -s cmd loop/cmd
	ln -s nowhere dangling/cmd
	last=$sh
	for n in 1 2 3 4 5 6; do
		printf '#!%s\nexit 7\n' "$last" >chain/$n
		chmod 755 chain/$n
		last=$PWD/chain/$n
	done

	search ran "$PWD/sub:" -- here.cmd
	search ran ":$PWD/sub" -- here.cmd
	search ran "$PWD/sub::$PWD/dir" -- here.cmd
	search ran . -- here.cmd
	search ran '' -- here.cmd
	search 127 "$PWD/sub" -- here.cmd
	search 127 UNSET -- here.cmd
	search ran UNSET -- sh -c 'exit 7'
	search ran "$PWD/dir:$PWD/good" -- cmd
	search 126 "$PWD/dir" -- cmd
	search ran "$PWD/noexec:$PWD/good" -- cmd
	search 126 "$PWD/noexec:$PWD/sub" -- cmd
	search ran "$PWD/noexec:$PWD/dir:$PWD/text" -- cmd
	search ran "$PWD/text" -- cmd
	search ran text -- cmd
	search ran "$PWD/empty" -- cmd
	search ran "$PWD/here.cmd:$PWD/good" -- cmd
	search 127 "$PWD/here.cmd" -- cmd
	search ran "$PWD/bad:$PWD/good" -- cmd
	search 127 "$PWD/bad" -- cmd
	search 127 "$PWD/bad" -- crlf
	search 126 "$PWD/badsh" -- cmd
	search 126 "$PWD/badsh" -- cmd2
	search ran "$PWD/badsh:$PWD/good" -- cmd
	search ran "$PWD/badsh" -- blanks
	search 127 "$PWD/badsh" -- relative
	search 126 "$PWD/pipe" -- cmd
	search 126 "$PWD/loop:$PWD/good" -- cmd
	search ran "$PWD/dangling:$PWD/good" -- cmd
	search 127 "$PWD/dangling" -- cmd
	search 127 "$PWD/nowhere" -- cmd
	search 127 "$PWD" -- ''
	search 127 "$PWD" -- "$(printf '%0300d' 0)"
	search ran /nowhere -- ./here.cmd
	search ran /nowhere -- "$PWD/text/cmd"
	search 126 /nowhere -- ./dir/cmd
	search 126 /nowhere -- ./noexec/cmd
	search 127 /nowhere -- ./bad/cmd
	search 127 /nowhere -- ./cmd
	search 126 /nowhere -- ./here.cmd/cmd
	search ran bin -d sub -- other
	search 127 sub/bin -d sub -- other
	search ran /nowhere -e PATH="$PWD/good" -- cmd
	search 127 "$PWD/good" -e PATH=/nowhere -- cmd
	search 127 "$PWD/good" -u PATH -- cmd
	search ran "$PWD/chain" -- 1
	search ran "$PWD/chain" -- 5
	search 126 "$PWD/chain" -- 6
	assert_equal "$wrong" ""
}

@test "PATH ends with a colon, and a directory of the command's name comes first: otelop-run and otelop-lock find it too" {
	mkdir -p first/cmd
	printf 'exit 7\n' >cmd
	chmod 755 cmd
	PATH=$PWD/first:$PATH: tool -7 otelop-lock -- cmd
	PATH=$PWD/first:$PATH: tool -7 otelop-run --ready exec -- cmd
}
