# shellcheck disable=SC2016 # what stands in single quotes is for another shell
load helper

setup_more() {
	file=$OTELOP_STATE_DIR/otelop.json
	log=$OTELOP_STATE_DIR/otelop.log
	user=$(id -u)
	reason=refused
}

# What follows is done by nobody, in a state directory of nobody's.
be_nobody() {
	can_give
	can_be_nobody
	user=65534
}

as_user() {
	if [ "$user" -eq "$(id -u)" ]; then "$@"; else as_nobody "$@"; fi
}

# A process of the user's that a wrong step would signal, and a state directory of the user's.
begin() {
	mkdir -m 700 state
	chown "$user" state
	: >victim
	chown "$user" victim
	background as_user sh -c 'echo $$ >victim; exec sleep 600'
	eventually 5 test -s victim
	victim=$(cat victim)
}

# In a file of the user's: the metadata of a victim that holds its lock.  Whoever trusts it takes it for the daemon.
# The text is a format for its pid.
bait() {
	: >"$1"
	chmod 600 "$1"
	chown "$user" "$1"
	background as_user sh -c 'printf "$2" $$ >"$1"; exec flock -F -x "$1" sleep 600' sh "$1" "${2-"{\"pid\": %d}"}"
	eventually 5 is_locked "$1"
	victim=$(jq .pid "$1")
}

# What is in the way: kind, owner, mode, links, size and what it points to.
picture() { stat -c '%n %F %u %a %h %s' "$@" && { readlink "$@" || true; }; }

# refused STATUS PATH COMMAND...: within twenty seconds, with nothing on stdout and one line that names PATH and says
# that it is refused ($reason: a pattern, where the kernel is first to refuse).
refused() {
	local code=0 expected=$1 path=$2
	shift 2
	as_user timeout -s KILL 20 "$@" >said 2>why 3>&- 4>&- || code=$?
	[ "$code" -eq "$expected" ] || fail "$*: status $code: $(cat said why)"
	[ ! -s said ] || fail "$*: stdout: $(cat said)"
	[[ $(<why) =~ ^otelop(-[a-z]+)?:\ $path:\ (state\ directory\ )?($reason):\ . ]] || fail "$*: says: $(cat why)"
	[ "$(wc -l <why)" -eq 1 ] || fail "$*: not one line: $(cat why)"
}

# Asking and stopping are refused with 4, because of this path.
refused_to_ask() {
	local words
	for words in "otelop-meta running" "otelop-meta running -w 1" "otelop-meta read" "otelop-meta get pid" \
		"otelop-meta show" "otelop-meta show --json" "otelop-meta args" "otelop-meta remove" \
		"otelop-lock -p" "otelop-lock -W" "otelop-stop" "otelop-stop -k 1" "otelop status" "otelop status -q" \
		"otelop stop" "otelop wait -t 1"; do
		# shellcheck disable=SC2086 # words
		refused 4 "$1" $words
	done
	kill -0 "$victim" || fail "the victim was signalled"
}

# Starting and writing are refused with 125, because of this path; the others are what comes with the directory.
refused_to_start() {
	refused 125 "$1" otelop-meta write
	refused 125 "$1" otelop-lock -- touch "$BATS_TEST_TMPDIR/ran"
	refused 125 "$1" otelop-lock -w 1 -- touch "$BATS_TEST_TMPDIR/ran"
	refused 125 "$1" otelop-run --ready exec -- touch "$BATS_TEST_TMPDIR/ran"
	refused 125 "$1" otelop-run -- touch "$BATS_TEST_TMPDIR/ran"
	assert_not_exists ran
}

# The whole start; of what it says the first line is the reason, and after it at most the log's path.
refused_to_start_all() {
	local code=0
	as_user timeout -s KILL 30 otelop start --ready exec -- touch "$BATS_TEST_TMPDIR/ran" >said 2>why 3>&- 4>&- || code=$?
	assert_equal "$code" 125
	assert_equal "$(cat said)" ""
	[[ $(head -n 1 why) =~ ^otelop(-[a-z]+)?:\ $1:\ (state\ directory\ )?($reason):\ . ]] || fail "start says: $(cat why)"
	assert_equal "$(tail -n +2 why | grep -v "^otelop: log: $log\$" || true)" ""
	assert_not_exists ran
	kill -0 "$victim" || fail "the victim was signalled"
}

# otelop.json is in the way as it is, for everybody and everything.
all_refused() {
	local before after
	before=$(picture "$file")
	refused_to_ask "$file"
	refused_to_start "$file"
	refused_to_start_all "$file"
	after=$(picture "$file")
	assert_equal "$after" "$before"
	rm -f "$log"
	assert_state_files otelop.json
}

# Each test twice: as whoever runs it (root, mostly), and as nobody.

link_to_file() {
	begin
	bait real.json
	local before
	before=$(picture real.json)
	ln -s ../real.json "$file"
	chown -h "$user" "$file"
	all_refused
	assert_equal "$(picture real.json)" "$before"
	assert_equal "$(cat real.json)" "{\"pid\": $victim}"
}
@test "otelop.json is a link to a locked file: refused, nobody is signalled, the file stays as it is" { link_to_file; }
@test "otelop.json is a link, as nobody: refused as well" { be_nobody; link_to_file; }

link_to_nothing() {
	begin
	ln -s ../nothing "$file"
	chown -h "$user" "$file"
	all_refused
	assert_not_exists nothing
}
@test "otelop.json is a link to nothing: refused, and nothing is created there" { link_to_nothing; }
@test "otelop.json is a link to nothing, as nobody: refused as well" { be_nobody; link_to_nothing; }

fifo() {
	begin
	mkfifo -m 600 "$file"
	chown "$user" "$file"
	all_refused
}
@test "otelop.json is a FIFO: refused, and nobody waits for it" { fifo; }
@test "otelop.json is a FIFO, as nobody: refused as well" { be_nobody; fifo; }

@test "otelop.json is a FIFO that another process writes to, or reads: refused, and nothing is taken from it or put in" {
	begin
	mkfifo -m 600 "$file"
	exec 8<>"$file"
	printf '{"pid": %d}\n' "$victim" >&8
	all_refused
	local line
	read -r -t 5 line <&8
	assert_equal "$line" "{\"pid\": $victim}"
	run ! read -r -t 0 line <&8
	exec 8>&-
}

directory() {
	begin
	mkdir -m 700 "$file"
	chown "$user" "$file"
	reason='refused|cannot open' # a directory cannot even be opened for writing
	all_refused
}
@test "otelop.json is a directory: refused" { directory; }
@test "otelop.json is a directory, as nobody: refused as well" { be_nobody; directory; }

@test "otelop.json is a device: refused" {
	can mknod -m 600 device c 1 5
	begin
	mv device "$file"
	all_refused
}

socket() {
	begin
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' state/otelop.json
	chown "$user" "$file"
	chmod 600 "$file"
	all_refused
}
@test "otelop.json is a socket: refused" { socket; }
@test "otelop.json is a socket, as nobody: refused as well" { be_nobody; socket; }

writable_file() {
	local mode
	begin
	bait "$file"
	for mode in 666 602; do
		chmod "$mode" "$file"
		all_refused
	done
	assert_equal "$(cat "$file")" "{\"pid\": $victim}"
}
@test "everyone may write to otelop.json: refused" { writable_file; }
@test "everyone may write to otelop.json, as nobody: refused as well" { be_nobody; writable_file; }

@test "everyone may write to an otelop.json that is empty: refused as well" {
	begin
	: >"$file"
	chmod 666 "$file"
	all_refused
}

foreign_file() {
	can_give
	begin
	bait "$file"
	chmod 644 "$file"
	chown 1 "$file"
	reason='refused|cannot open' # nobody cannot open it for writing
	all_refused
	assert_equal "$(cat "$file")" "{\"pid\": $victim}"
}
@test "otelop.json belongs to somebody else: refused, by root too" { foreign_file; }
@test "otelop.json belongs to somebody else, as nobody: refused as well" { be_nobody; foreign_file; }

# The state directory is in the way: for spawn too, and nothing in it changes.
directory_refused() {
	local before
	before=$(picture state state/*)
	refused_to_ask "$OTELOP_STATE_DIR"
	refused_to_start "$OTELOP_STATE_DIR"
	refused 125 "$OTELOP_STATE_DIR" otelop-spawn touch "$BATS_TEST_TMPDIR/ran"
	refused 125 "$OTELOP_STATE_DIR" otelop-statedir -e
	refused_to_start_all "$OTELOP_STATE_DIR"
	assert_equal "$(picture state state/*)" "$before"
	assert_state_files otelop.json
}

writable_directory() {
	local mode
	begin
	bait "$file"
	for mode in 777 1777 703; do
		chmod "$mode" state
		directory_refused
	done
}
@test "everyone may write to the state directory, sticky or not: refused" { writable_directory; }
@test "everyone may write to the state directory, as nobody: refused as well" { be_nobody; writable_directory; }

foreign_directory() {
	can_give
	begin
	bait "$file"
	chmod 755 state
	chown 1 state
	directory_refused
}
@test "the state directory belongs to somebody else: refused, by root too" { foreign_directory; }
@test "the state directory belongs to somebody else, as nobody: refused as well" { be_nobody; foreign_directory; }

@test "the state directory is a link to one that everyone may write to: refused" {
	begin
	mv state real
	chmod 777 real
	ln -s real state
	file=$BATS_TEST_TMPDIR/real/otelop.json
	bait "$file"
	refused_to_ask "$OTELOP_STATE_DIR"
	refused_to_start "$OTELOP_STATE_DIR"
	refused_to_start_all "$OTELOP_STATE_DIR"
}

group_writable_file() {
	local mode
	begin
	bait "$file"
	for mode in 660 620; do
		chmod "$mode" "$file"
		all_refused
	done
	assert_equal "$(cat "$file")" "{\"pid\": $victim}"
}
@test "the group may write to otelop.json, its owner's own group too: refused" { group_writable_file; }
@test "the group may write to otelop.json, as nobody: refused as well" { be_nobody; group_writable_file; }

@test "otelop.json is a further name of a file that the group may write to: no restart runs what that says" {
	begin
	chmod 2775 state
	printf '{"pid": 1, "command": ["touch", "%s/ran"], "cwd": "/"}\n' "$PWD" >shared
	chmod 664 shared
	ln shared "$file"
	refused 4 "$file" otelop restart
	assert_not_exists ran
	chmod 644 shared # a further name as such is harmless
	tool -1 otelop-meta running
}

@test "the group may write to the state directory: that is its owner's business, and nobody is told" {
	begin
	bait "$file"
	chmod 2775 state
	tool -0 otelop status
	assert_equal "$stderr" ""
	tool -0 otelop-statedir -e
	assert_equal "$stderr" ""
	tool -0 otelop-lock -p
}

@test "another group may write to the state directory: start, status and otelop-statedir -e warn, in one line each, and go on" {
	local words
	can_give
	mkdir -m 700 state
	chgrp 1 state
	chmod 2775 state
	tool -0 otelop-statedir -e
	assert_output "$OTELOP_STATE_DIR"
	assert_stderr_line_count 1
	assert_equal "$stderr" "otelop-statedir: $OTELOP_STATE_DIR: group 1 may write to the state directory, and so remove what is in it"
	tool -0 otelop start --ready exec -- sleep 600
	assert_equal "$(grep -c 'group 1 may write' <<<"$stderr")" 1
	tool -0 otelop status
	assert_stderr_line_count 1
	assert_regex "$stderr" 'group 1 may write'
	for words in "0 otelop-meta running" "0 otelop-meta get pid" "124 otelop-lock -W -w 10ms" "0 otelop status -q" "0 otelop list" \
		"0 otelop stop"; do
		# shellcheck disable=SC2086 # words
		tool -$words
		[[ $stderr != *"may write"* ]]
	done
}

@test "root's state directory and daemon, asked by nobody: trusted; what nobody may not read is 4" {
	can_be_nobody
	[ "$(id -u)" -eq 0 ] || skip "not root's"
	begin
	bait "$file"
	chmod 755 state
	chmod 644 "$file"
	tool -0 as_nobody otelop-meta running
	assert_output "running $victim"
	tool -0 as_nobody otelop-lock -p
	tool -4 as_nobody otelop-stop
	assert_output ""
	assert_stderr_line_count 1
	kill -0 "$victim"
	tool -125 as_nobody otelop-meta write
	assert_stderr_line_count 1
	chmod 600 "$file"
	tool -4 as_nobody otelop-meta running
	assert_output ""
	assert_stderr_line_count 1
	tool -4 as_nobody otelop-lock -p
	assert_stderr_line_count 1
}

# --- the log

# log_refused: nothing that writes to the default log starts, and what is there stays as it is.
log_refused() {
	local before
	before=$(picture "$log")
	refused 125 "$log" otelop-spawn sh -c 'touch ran; otelop-ready'
	refused 125 "$log" otelop start --ready exec -- sleep 60
	assert_equal "$(picture "$log")" "$before"
	assert_not_exists ran
	assert_state_files otelop.log
}

link_log() {
	begin
	printf 'precious\n' >precious
	chown "$user" precious
	ln -s ../precious "$log"
	chown -h "$user" "$log"
	log_refused
	assert_equal "$(cat precious)" precious
}
@test "the default log is a link: refused, and what it points to stays as it is" { link_log; }
@test "the default log is a link, as nobody: refused as well" { be_nobody; link_log; }

@test "the default log is a link to nothing: refused, and nothing is created there" {
	begin
	ln -s ../nothing "$log"
	log_refused
	assert_not_exists nothing
}

fifo_log() {
	begin
	mkfifo -m 600 "$log"
	chown "$user" "$log"
	log_refused
	exec 8<>"$log"
	log_refused
	run ! read -r -t 0 line <&8
	exec 8>&-
}
@test "the default log is a FIFO, with a reader or without: refused, and nobody waits for it" { fifo_log; }
@test "the default log is a FIFO, as nobody: refused as well" { be_nobody; fifo_log; }

@test "the default log is a directory: refused" {
	begin
	mkdir "$log"
	reason='refused|cannot open'
	log_refused
}

@test "everyone may write to the default log, or its group: refused" {
	begin
	: >"$log"
	chmod 622 "$log"
	log_refused
	chmod 620 "$log"
	log_refused
}

foreign_log() {
	can_give
	begin
	: >"$log"
	chmod 644 "$log"
	chown 1 "$log"
	reason='refused|cannot open'
	log_refused
}
@test "the default log belongs to somebody else: refused, by root too" { foreign_log; }
@test "the default log belongs to somebody else, as nobody: refused as well" { be_nobody; foreign_log; }

@test "the default log is a FIFO: otelop logs refuses it, and waits for nothing" {
	begin
	mkfifo -m 600 "$log"
	local code=0
	timeout -s KILL 20 otelop logs >said 2>why 3>&- 4>&- || code=$?
	[ "$code" -ne 137 ] || fail "it waits"
	[ "$code" -ne 0 ] || fail "it says 0"
	assert_equal "$(wc -l <why)" 1
}

@test "a log that the user names is the user's business: a link is followed" {
	begin
	: >mine
	ln -s mine link
	tool -0 otelop-spawn -l link sh -c 'echo said; otelop-ready; exec sleep 60 3>&-'
	eventually 5 grep -qx said mine
	tool -0 otelop-stop "$output"
}

@test "a log that the user names, and another user's link there or on the way: refused, before anything is stopped" {
	can_give
	can_be_nobody
	mkdir there victim
	echo precious >victim/log
	chown 65534:65534 there
	ln -s log there/ours
	tool -0 otelop start --ready exec -l there/ours -- sh -c 'echo said; exec sleep 600'
	pid=$output
	eventually 5 grep -qx said there/log
	rm there/ours
	as_nobody ln -s "$PWD/victim/log" there/ours
	tool -125 otelop restart
	assert_equal "$stderr" "otelop: $PWD/there/ours: log refused: $PWD/there/ours: a link that belongs to somebody else"
	state_is "running $pid"
	as_nobody ln -s "$PWD/victim" there/way
	tool -125 otelop-spawn -l there/way/log touch ran
	assert_equal "${stderr_lines[0]}" "otelop-spawn: touch: there/way/log: log refused: ./there/way: a link that belongs to somebody else"
	assert_not_exists ran
	assert_equal "$(cat victim/log)" precious
}

@test "a log that the user names, by links of all kinds, a device or a relative path: as the kernel has it" {
	mkdir -p a/b
	ln -s b a/c
	ln -s ../../a/c/log a/b/up
	ln -s "$PWD/a/c/up" all
	tool -0 otelop start --ready exec -l all -- sh -c 'echo said; exec sleep 600'
	eventually 5 grep -qx said a/b/log
	tool -0 otelop restart
	tool -0 otelop stop
	ln -s round round
	tool -125 otelop start --ready exec -l round -- touch ran
	tool -125 otelop start --ready exec -l a/b/ -- touch ran
	tool -125 otelop start --ready exec -l nowhere/log -- touch ran
	assert_not_exists ran
	tool -0 sh -c 'otelop start --ready exec -l /dev/stderr -- sh -c "echo said; exec sleep 600" 2>>words'
	eventually 5 grep -qx said words
}

# --- hard links, and what is in the way of the next file

@test "otelop.json has a second name: publishing replaces the first, and the second stays as it was" {
	begin
	printf 'precious\n' >precious
	ln precious "$file"
	tool -0 otelop-lock -- sh -c 'otelop-meta running; echo $$'
	assert_equal "${lines[0]}" "running ${lines[1]}"
	assert_equal "$(cat precious)" precious
	assert_equal "$(stat -c '%h %h' precious "$file" | tr '\n' ' ')" "1 1 1 1 "
	rm "$file"
	ln precious "$file"
	tool -0 otelop-meta write
	assert_equal "$(cat precious)" precious
	rm "$file"
	ln precious "$file"
	tool -0 otelop-meta remove
	assert_not_exists "$file"
	assert_equal "$(cat precious)" precious
}

@test "otelop.json.next is a link, a second name, a FIFO or a socket: replaced, and nothing else is touched" {
	local kind
	begin
	printf 'precious\n' >precious
	for kind in link nowhere name fifo socket; do
		rm -f "$file.next"
		case $kind in
		link) ln -s ../precious "$file.next" ;;
		nowhere) ln -s ../nothing "$file.next" ;;
		name) ln precious "$file.next" ;;
		fifo) mkfifo "$file.next" ;;
		socket) python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("state/otelop.json.next")' ;;
		esac
		tool -0 timeout -s KILL 20 otelop-lock "kind=$kind" -- otelop-meta get kind
		assert_output "$kind"
		tool -0 timeout -s KILL 20 otelop-meta write
		assert_state_files otelop.json
		assert_equal "$(picture precious)" "$(printf 'precious regular file %s 644 1 9' "$(id -u)")"
		assert_not_exists nothing
	done
}

@test "otelop.json.next is a directory: 125, one line that names it, and the claim is free again" {
	begin
	mkdir "$file.next"
	tool -125 otelop-lock -- touch ran
	assert_stderr_line_count 1
	assert_regex "${stderr_lines[0]}" "^otelop-lock: $file.next: "
	assert_not_exists ran
	tool -125 otelop-meta write
	assert_stderr_line_count 1
	tool -3 otelop-lock -p
	assert_state_files otelop.json.next
}

# --- other hosts, other pid namespaces

# The daemon is elsewhere: nothing is signalled or removed, and one line says where.
stop_says_where() {
	local words before
	before=$(cat "$file")
	for words in otelop-stop "otelop-stop -k 0" "otelop-stop -s KILL" "otelop stop" "otelop stop -k 1"; do
		# shellcheck disable=SC2086 # words
		tool -4 timeout -s KILL 10 $words
		assert_output ""
		assert_stderr_line_count 1
		assert_regex "${stderr_lines[0]}" "$1"
		kill -0 "$victim" || fail "$words: the victim was signalled"
		assert_equal "$(cat "$file")" "$before"
	done
}

@test "a held lock and another host: stop is 4 and says on which host the daemon runs; nobody is signalled" {
	begin
	bait "$file" '{"pid": %d, "host": "elsewhere.example"}'
	stop_says_where 'elsewhere\.example'
}

@test "another host with control characters in its name: the line does not carry them" {
	begin
	bait "$file" '{"pid": %d, "host": "a\\u001b[31m\\u009b\\nb"}'
	stop_says_where 'host a'
	refute_controls "$stderr"
	tool -4 otelop-meta running
	assert_stderr_line_count 1
	refute_controls "$stderr"
}

@test "a held lock and another pid namespace: stop is 4 and says so; nobody is signalled" {
	begin
	[ -e /proc/self/ns/pid ] || skip "needs pid namespaces"
	bait "$file" '{"pid": %d, "pidNamespace": "pid:[1]"}'
	stop_says_where 'namespace'
}

@test "a held lock and a pid that nobody may stop: stop is 4 and one line" {
	local pid
	begin
	for pid in 1 2147483647; do
		printf '{"pid": %d}' "$pid" >"$file"
		hold_file "$file"
		if [ "$pid" = 1 ]; then
			tool -4 timeout -s KILL 10 otelop-stop -t 1
		else
			# That process is gone, and what holds its lock is not known: only time can tell.
			tool -124 timeout -s KILL 10 otelop-stop -t 300ms
		fi
		assert_output ""
		assert_stderr_line_count 1
		kill -0 "$holder"
		let_go
	done
}

@test "a held lock, but not by the process that the file names: stop is 4, one line, and it is not signalled" {
	needs /proc
	begin
	printf '{"pid": %d}' "$victim" >"$file"
	hold_file "$file"
	# It looks for half a second, which must not be all of its time when it stalls.
	tool -4 timeout -s KILL 40 otelop-stop -t 20
	assert_output ""
	assert_stderr_line_count 1
	assert_regex "${stderr_lines[0]}" "^otelop-stop: $file: .*$victim"
	kill -0 "$victim"
}

# --- paths that change underneath ---

@test "otelop.json and its directory are swapped for planted ones all the time: nothing that was planted is touched" {
	local i
	mkdir -m 700 state evil
	echo '{"pid": 1, "secret": "kept"}' >victim
	chmod 600 victim
	cp -p victim before
	ln -s "$PWD/victim" evil/otelop.json
	ln -s "$PWD/victim" evil/otelop.json.next
	ln -s "$PWD/victim" evil/otelop.log
	ln -s "$PWD/victim" planted
	background python3 -c '
import ctypes, os
exchange = ctypes.CDLL(None).renameat2
def swap(a, b):
    exchange(-100, a.encode(), -100, b.encode(), 2)
while True:
    swap("state", "evil")
    try:
        os.link("planted", "state/other", follow_symlinks=False)
        os.rename("state/other", "state/otelop.json")
    except OSError:
        pass'
	for i in {1..40}; do
		# By a shell that ends: the process that is named is not this one.
		sh -c 'otelop-meta write "$1"; exit 0' sh "n=$i" 2>/dev/null
		otelop-meta running >/dev/null 2>&1 || true
		otelop-spawn -t 5 -- otelop-run --ready exec -- sh -c 'echo words' >/dev/null 2>&1 || true
		otelop-stop -t 2 2>/dev/null || true
		otelop-meta remove 2>/dev/null || true
	done 3>&- 4>&-
	kill -KILL "$!"
	cmp before victim
	assert_equal "$(stat -c %a victim)" 600
}

# A directory of another user's, who gives the name `place` in it to a link to the directory victim and takes it away
# again, all the time.
hostile_parent() {
	can_give
	can_be_nobody
	mkdir -m 755 theirs victim
	: >victim/precious
	chown 65534 theirs
	background as_nobody sh -c '
		cd theirs
		while i=$((i + 1)); do
			ln -snT ../victim place || mv -T place "gone-$i"
			rm -f place
		done 2>/dev/null'
	hostile=$!
	eventually 5 test -L theirs/place
}

victim_is_unharmed() {
	assert_equal "$(stat -c '%a %u' victim)" "755 $(id -u)"
	assert_equal "$(ls -A victim)" precious
}

@test "another user's directory, and a link that comes and goes in it: nothing behind the link is made, changed or written" {
	local i
	hostile_parent
	for i in {1..300}; do
		otelop-statedir -e -C "$PWD/theirs/place/state" || true
		otelop-statedir -e -C "$PWD/theirs/place" || true
	done >/dev/null 2>&1 3>&- 4>&-
	for i in {1..40}; do
		otelop-meta -C "$PWD/theirs/place" write || true
		otelop-spawn -C "$PWD/theirs/place" -- otelop-ready || true
	done >/dev/null 2>&1 3>&- 4>&-
	kill -0 "$hostile" # to the end
	victim_is_unharmed
}

@test "another user puts a link in the place of a directory that was just made: refused, and nothing behind it is changed" {
	can_give
	can_be_nobody
	can strace -qq -o /dev/null true
	mkdir -m 755 theirs victim
	: >victim/precious
	chown 65534 theirs
	background as_nobody sh -c 'cd theirs; until [ -d place ]; do :; done; mv place away; ln -s ../victim place; : >done'
	tool -125 strace -qq -o /dev/null -e trace=mkdir,mkdirat -e inject=mkdir,mkdirat:delay_exit=1000000 \
		otelop-statedir -e -C "$PWD/theirs/place/state"
	assert_stderr_line_count 1
	assert_regex "$stderr" "^otelop-statedir: $PWD/theirs/place/state: state directory refused: "
	assert_exists theirs/done
	victim_is_unharmed
}

@test "another user's link, last or on the way: refused by who asks and by who starts; one of ours or of root's is followed" {
	local path
	can_give
	mkdir -m 700 ours ours/state
	ln -s ours way
	ln -s ours/state last
	for path in way/state last; do
		tool -0 otelop-statedir -e -C "$path"
		tool -3 otelop-meta -C "$path" running
		assert_equal "$stderr" ""
	done
	chown -h 1 way last
	for path in way/state last; do
		tool -4 otelop-meta -C "$path" running
		assert_stderr_line_count 1
		assert_regex "$stderr" "^otelop-meta: $PWD/$path: state directory refused: .*link that belongs to somebody else"
		tool -125 otelop-statedir -e -C "$path"
		tool -125 otelop-spawn -C "$path" touch ran
		assert_not_exists ran
	done
}

@test "HOME or XDG_STATE_HOME of another user: nothing is created in it, and one line says whose it is" {
	local words
	can_give
	mkdir -m 755 theirs
	chown 1 theirs
	unset OTELOP_STATE_DIR
	for words in "HOME=$PWD/theirs" "XDG_STATE_HOME=$PWD/theirs/.local"; do
		tool -125 env "$words" otelop-statedir -e
		assert_output ""
		assert_stderr_line_count 1
		assert_regex "$stderr" "state directory refused: $PWD/theirs: belongs to somebody else"
		tool -125 env "$words" otelop start --ready exec -- touch ran
		tool -125 env "$words" otelop -n name start --ready exec -- touch ran
	done
	assert_not_exists ran
	assert_equal "$(ls -A theirs)" ""
}

@test "HOME of another user, whose state directory below it is ours: used" {
	can_give
	mkdir -p theirs/.local/state/otelop
	chown 1 theirs theirs/.local
	unset OTELOP_STATE_DIR
	tool -0 env HOME="$PWD/theirs" otelop-statedir -e
	tool -0 env HOME="$PWD/theirs" otelop-meta write
}

@test "another user's project, which -C or OTELOP_STATE_DIR names: the directory in it is created and used" {
	can_give
	mkdir -m 755 theirs
	chown 1 theirs
	tool -0 otelop -C theirs/.otelop start --ready exec -- sleep 600
	tool -0 env OTELOP_STATE_DIR=theirs/.otelop otelop stop
	assert_equal "$(stat -c '%a %u' theirs/.otelop)" "700 $(id -u)"
}

# --- what else comes from outside ---

@test "LD_PRELOAD: it is the daemon's as it was the caller's, and all goes on" {
	[ -z "${SANITIZE:-}" ] || skip "the sanitizer must be loaded first"
	printf '#include <stdio.h>\n__attribute__((constructor)) static void at(void) { FILE *f = fopen("loaded", "a"); if (f) fclose(f); }\n' >early.c
	${CC:-cc} -shared -fPIC -o early.so early.c
	export LD_PRELOAD=$PWD/early.so
	tool -0 otelop start --ready exec -- sh -c 'rm -f loaded; exec sleep 1000'
	eventually 10 test -e loaded
	tool -0 otelop status
	tool -0 otelop restart
	tool -0 otelop stop
	assert_nothing_runs
}

@test "a huge environment, and an argument of 100,000 bytes: the daemon gets both, and all goes on" {
	local i word
	word=$(printf '%0100000d' 0)
	for i in {1..10}; do export "HUGE$i=$word"; done
	tool -0 otelop start --ready 'check:test -s lengths' -- sh -c 'echo "${#HUGE10} ${#1}" >lengths; exec sleep 1000' sh "$word"
	assert_equal "$(cat lengths)" "100000 100000"
	tool -0 otelop status
	tool -0 otelop list
	# It fits into no metadata: then it must be given again, and is the same as none.
	tool -1 otelop restart
	tool -75 otelop start --ready exec -- sh -c 'echo "${#HUGE10} ${#1}" >lengths; exec sleep 1000' sh "$word"
	tool -0 otelop stop
	assert_nothing_runs
}

# --- what a daemon's worker, of another user, can do with what it inherits

@test "root's daemon has become another user: no descriptor of it can write the metadata, and restart runs what was started" {
	can_give
	can_be_nobody
	as_nobody true
	mkdir -m 777 out
	cat >worker.py <<-'PYTHON'
		import fcntl, os, time
		os.setgroups([])
		os.setgid(65534)
		os.setuid(65534)

		def attempts(fd):
		    path = "/proc/self/fd/%d" % fd
		    yield "open for writing", lambda: os.open(path, os.O_WRONLY)
		    yield "open for both", lambda: os.open(path, os.O_RDWR)
		    yield "open to cut", lambda: os.open(path, os.O_RDWR | os.O_TRUNC)
		    yield "write", lambda: os.write(fd, b"evil")
		    yield "cut", lambda: os.ftruncate(fd, 0)
		    yield "change the mode", lambda: os.fchmod(fd, 0o666)
		    yield "change the owner", lambda: os.fchown(fd, os.getuid(), -1)
		    yield "a link", lambda: os.link(path, "out/linked", follow_symlinks=True)

		tried = 0
		for fd in range(3, 100):
		    try:
		        name = os.readlink("/proc/self/fd/%d" % fd)
		    except OSError:
		        continue
		    if "otelop.json" not in name:
		        continue
		    tried += 1
		    if fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY:
		        open("out/wrong", "a").write("%d can write\n" % fd)
		    for what, attempt in attempts(fd):
		        try:
		            attempt()
		        except OSError:
		            continue
		        open("out/wrong", "a").write("%d: %s\n" % (fd, what))
		open("out/tried", "w").write(str(tried))
		os.write(3, b"ok\n")
		os.close(3)
		time.sleep(1000)
	PYTHON
	tool -0 otelop start --ready fd -- python3 worker.py
	local pid=$output
	assert_equal "$(cat out/tried)" "$(is_fallback && echo 1 || echo 2)"
	assert_not_exists out/wrong
	tool -0 otelop-meta running
	assert_output "running $pid"
	assert_equal "$(otelop-meta get command)" "python3 worker.py"
	tool -0 otelop restart
	assert_gone "$pid"
	assert_not_exists out/wrong
	tool -0 otelop stop
}
