# otelop-ready: the daemon child's half of readiness.
# shellcheck disable=SC2016 # what stands in single quotes is for the shell inside
load helper

BATS_TEST_TIMEOUT=180

# As a daemon child; what comes out of the pipe goes to the file `said`.
on_pipe() {
	(
		set -o pipefail
		OTELOP_DAEMONIZED=1 otelop-ready "$@" 3>&1 1>&2 | cat >said
	)
}

# A supervisor at $NOTIFY_SOCKET: the datagram that comes goes to the file `got`.
supervise() {
	rm -f bound got
	background python3 -c '
import os, socket, sys
name = os.environ["NOTIFY_SOCKET"]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("\0" + name[1:] if name[0] == "@" else name)
s.settimeout(30)
open("bound", "w")
datagram = s.recv(65536)
open("got.tmp", "wb").write(datagram)
os.rename("got.tmp", "got")'
	eventually 10 test -e bound
}

# --- nobody waits ---

@test "not a daemon child: status 0 and nothing is said, with members, with a failure" {
	tool -0 otelop-ready
	assert_equal "$output$stderr" ""
	tool -0 otelop-ready color=blue
	assert_equal "$output$stderr" ""
	tool -0 otelop-ready -e 'no such port'
	assert_equal "$output$stderr" ""
	assert_not_exists "$OTELOP_STATE_DIR"
}

@test "not a daemon child, and a pipe on 3: it is somebody else's, nothing is written" {
	tool -0 sh -c 'otelop-ready 3>&1 >&2 | cat >said'
	assert_file_empty said
	tool -0 sh -c 'OTELOP_DAEMONIZED=0 otelop-ready 3>&1 >&2 | cat >said; OTELOP_DAEMONIZED= otelop-ready 3>&1 >&2 | cat >>said'
	assert_file_empty said
	tool -1 sh -c 'otelop-ready -q 3>&1 >&2'
}

@test "a daemon child, and 3 is closed, a file or a terminal: status 0, nothing is written, -q is 1" {
	export OTELOP_DAEMONIZED=1
	tool -0 otelop-ready
	tool -1 otelop-ready -q
	tool -0 sh -c 'otelop-ready a=b 3>file'
	assert_file_empty file
	tool -1 sh -c 'otelop-ready -q 3>file'
	tool -0 python3 -c '
import os, select, subprocess
master, slave = (os.dup2(fd, number) for fd, number in zip(os.openpty(), (30, 31)))
os.dup2(slave, 3)
print(subprocess.run(["otelop-ready"], close_fds=False).returncode,
    subprocess.run(["otelop-ready", "-q"], close_fds=False).returncode,
    select.select([master], [], [], 0)[0])'
	assert_output "0 1 []"
}

@test "the reader of the pipe is gone: status 0, not SIGPIPE, for success and failure" {
	tool -0 python3 -c '
import os, signal, subprocess
reader, writer = os.pipe()
os.close(reader)
os.dup2(writer, 3)
os.environ["OTELOP_DAEMONIZED"] = "1"
for arguments in [], ["a=b"], ["-e", "no"]:
    print(subprocess.run(["otelop-ready"] + arguments, close_fds=False).returncode)'
	assert_output "$(printf '0\n0\n0')"
	assert_equal "$stderr" ""
}

# --- on the pipe ---

@test "a daemon child: ok, as one line" {
	tool -0 on_pipe
	assert_equal "$output$stderr" ""
	diff said - <<<ok
}

@test "KEY=VALUE: set: lines in this order, and then ok" {
	tool -0 on_pipe color=blue 'Motto=a = b; "c"' _x1= httpAddr=127.0.0.1:4319 'name=Größe'
	diff said - <<-'SAID'
		set:color=blue
		set:Motto=a = b; "c"
		set:_x1=
		set:httpAddr=127.0.0.1:4319
		set:name=Größe
		ok
	SAID
}

@test "-e MESSAGE: err: and the message, newlines are blanks" {
	tool -0 on_pipe -e 'no disk'
	diff said - <<<'err:no disk'
	tool -0 on_pipe --error=$'one\ntwo\r\nthree\n'
	assert_equal "$(wc -l <said)" 1
	assert_equal "$(sed 's/ *$//; s/  */ /g' said)" 'err:one two three'
	tool -0 on_pipe -e ''
	diff said - <<<err:
}

@test "-e with a message that is too long: one line of at most 4096 bytes, its beginning" {
	local text
	text=$(printf '%9000s' '' | tr ' ' x)
	tool -0 on_pipe -e "$text"
	assert_equal "$(wc -l <said)" 1
	[ "$(wc -c <said)" -le 4097 ]
	[ "$(wc -c <said)" -gt 4000 ]
	assert_equal "$(tr -d x <said)" err:
	tool -1 otelop-spawn -- otelop-ready -e "$text"
	assert_regex "${stderr_lines[0]}" '^otelop-spawn: otelop-ready: x{4000}'
}

@test "-e with a message that is too long, of characters of several bytes: none is cut in two" {
	local text shift
	text=$(printf '\303\244\342\202\254\360\237\230\200%.0s' {1..600})
	for shift in '' a aa aaa aaaa aaaaa aaaaaa aaaaaaa aaaaaaaa; do
		tool -0 on_pipe -e "$shift$text"
		iconv -f UTF-8 -t UTF-8 said >/dev/null
		[ "$(wc -c <said)" -ge 4093 ]
	done
}

@test "-q: 0 for a daemon child, else 1, and nothing is said or printed" {
	tool -0 on_pipe -q
	assert_file_empty said
	assert_equal "$output$stderr" ""
	tool -0 on_pipe --query
	tool -1 otelop-ready -q
	assert_equal "$output$stderr" ""
}

@test "a member that fits into no line, or has a newline: refused, and no verdict is said" {
	tool -125 on_pipe "long=$(printf '%5000s' '')"
	assert_regex "$stderr" '^otelop-ready: '
	assert_file_empty said
	tool -2 on_pipe $'two=lines\nok'
	assert_regex "$stderr" '^otelop-ready: '
	assert_file_empty said
}

@test "a member named like one of the file's own: 2, it is named, and no verdict is said" {
	local key
	for key in pid startedAt state command cwd host pidNamespace listen exitCode exitSignal exitedAt; do
		tool -2 on_pipe fine=1 "$key=1"
		assert_regex "${stderr_lines[0]}" "^otelop-ready: .*$key"
		assert_file_empty said
		tool -2 otelop-ready "$key=1"	# also where nobody listens
	done
}

@test "something that is no KEY=VALUE: 2, and no verdict is said" {
	local pair
	for pair in word =value 1a=b a-b=c 'a b=c' 'ä=b' ''; do
		tool -2 on_pipe "$pair"
		assert_regex "${stderr_lines[1]}" '^usage: otelop-ready '
		assert_file_empty said
	done
	tool -2 on_pipe $'a=\xff'
	assert_file_empty said
}

@test "-e or -q with an operand, both, an unknown option: 2, and no verdict is said" {
	tool -2 on_pipe -e no a=b
	assert_file_empty said
	tool -2 on_pipe -q a=b
	tool -2 on_pipe -q -e no
	tool -2 on_pipe -x
	tool -2 on_pipe -e
	assert_file_empty said
}

@test "the pipe and a NOTIFY_SOCKET: the pipe has the verdict" {
	export NOTIFY_SOCKET=$PWD/nobody-is-here
	tool -0 on_pipe
	diff said - <<<ok
}

# --- to a supervisor ---

@test "a supervisor's socket, as a path and in the abstract namespace: READY=1" {
	for NOTIFY_SOCKET in "$PWD/socket" "@otelop-test/$$/$RANDOM"; do
		export NOTIFY_SOCKET
		supervise
		tool -0 otelop-ready color=blue
		assert_equal "$output$stderr" ""
		eventually 10 test -e got
		assert_equal "$(cat got)" READY=1
	done
}

@test "-e, to a supervisor: ERRNO and STATUS with the message in one line" {
	export NOTIFY_SOCKET=$PWD/socket
	supervise
	tool -0 otelop-ready -e $'no\ndisk'
	eventually 10 test -e got
	assert_equal "$(sort got)" "$(printf 'ERRNO=1\nSTATUS=no disk')"
}

@test "OTELOP_DAEMONIZED without a pipe, and a supervisor's socket: READY=1 goes there" {
	export NOTIFY_SOCKET=$PWD/socket OTELOP_DAEMONIZED=1
	supervise
	tool -0 otelop-ready
	eventually 10 test -e got
	assert_equal "$(cat got)" READY=1
}

@test "a supervisor's socket that is not there, or is none: 125, NOTIFY_SOCKET is named" {
	for NOTIFY_SOCKET in "$PWD/nobody" relative "@nobody-$$-$RANDOM" "/$(printf '%200s' '' | tr ' ' x)"; do
		export NOTIFY_SOCKET
		tool -125 otelop-ready
		assert_regex "$stderr" '^otelop-ready: NOTIFY_SOCKET: '
		assert_stderr_line_count 1
	done
	NOTIFY_SOCKET='' tool -0 otelop-ready
}

# --- with the other programs ---

@test "under otelop-run: members reach the metadata, behind those of the start; the last word counts" {
	tool -0 otelop-spawn -- otelop-run --ready fd color=red size=1 -- \
		sh -c 'otelop-ready color=blue httpAddr=127.0.0.1:4319 "motto=a = \"b\"" || exit; exec sleep 1000'
	tool -0 otelop-meta get color size httpAddr motto state
	assert_output "$(printf 'blue\n1\n127.0.0.1:4319\na = "b"\nready')"
	tool -0 otelop-stop
}

@test "under otelop-run: -e fails the start with its words, and nothing is left" {
	tool -1 otelop-spawn -- otelop-run --ready fd -- sh -c 'otelop-ready -e "port is taken"; exec sleep 1000'
	assert_regex "${stderr_lines[0]}" 'port is taken$'
	assert_nothing_runs
	assert_state_files otelop.log
}

@test "in a daemon that is ready already: a second verdict is 0 and changes nothing" {
	tool -0 otelop-spawn -- otelop-run --ready fd color=red -- sh -c 'otelop-ready; until test -e go; do sleep 0.05; done
		otelop-ready -e late; echo $? >second; otelop-ready color=blue; echo $? >third; exec sleep 1000'
	: >go
	eventually 10 test -s third
	assert_equal "$(cat second third)" "$(printf '0\n0')"
	tool -0 otelop-meta get state color
	assert_output "$(printf 'ready\nred')"
	tool -0 otelop-stop
}

@test "a value with a newline: 2, it is said, whether or not anybody waits; no verdict" {
	tool -2 otelop-ready "$(printf 'a=b\nc')"
	[[ $stderr == *newline* ]]
	tool -2 on_pipe "$(printf 'a=b\nc')"
	assert_file_empty said
}
