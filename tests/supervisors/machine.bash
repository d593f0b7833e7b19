# A machine of its own, as far as namespaces make one: processes, mounts, network, host name, control groups, and an empty
# /run.  All that runs there ends with it.  For setup_file and teardown_file; `inside` is for the tests.

# Where control groups of version 2 are, and we may make one.
machine_groups() {
	local groups
	groups=$(findmnt -rnt cgroup2 -o TARGET | head -n 1)
	[ -n "$groups" ] && mkdir "$groups/otelop-$$" 2>/dev/null && echo "$groups/otelop-$$"
}

# machine_start COMMAND...: as its first process, behind boot.sh.  It finds the directory of the file's tests as $dir, and the
# tree as $top; our programs are its /usr/local/bin.
machine_start() {
	export machine_dir=$BATS_FILE_TMPDIR
	machine_group=$(machine_groups) || { machine_why="cannot make control groups here"; export machine_why; return; }
	export machine_group
	mkdir "$machine_dir/bin"
	cp "$BUILD"/otelop "$BUILD"/otelop-* "$machine_dir/bin"
	(
		echo "$BASHPID" >"$machine_group/cgroup.procs"
		exec unshare --pid --fork --kill-child --mount --mount-proc --uts --ipc --net --cgroup \
			sh "$BATS_TEST_DIRNAME/boot.sh" "$machine_dir" "$BATS_TEST_DIRNAME/../.." "$@"
	) >"$machine_dir/console" 2>&1 3>&- 4>&- </dev/null &
	local outer=$! deadline=$((SECONDS + 60))
	export machine machine_why
	until [ -e "$machine_dir/booted" ]; do
		if ! kill -0 "$outer" 2>/dev/null || [ "$SECONDS" -gt "$deadline" ]; then
			machine_why="cannot make namespaces here: $(tail -n 1 "$machine_dir/console")"
			return
		fi
		sleep 0.05
	done
	machine=$(pgrep -P "$outer")
	# What the tests end there by name must be nobody's here.
	if [ "$(readlink "/proc/$machine/ns/pid")" = "$(readlink /proc/self/ns/pid)" ]; then
		machine_why="no PID namespace of its own"
	fi
}

machine_end() {
	local deadline=$((SECONDS + 20))
	# Its first process ends, and the kernel ends all others there.
	if [ -n "${machine-}" ]; then kill -KILL "$machine" || true; fi
	[ -n "${machine_group-}" ] || return 0
	until find "$machine_group" -depth -type d -exec rmdir {} + 2>/dev/null && [ ! -e "$machine_group" ]; do
		[ "$SECONDS" -lt "$deadline" ] || { echo "$machine_group: not empty" >&2; return 1; }
		sleep 0.05
	done
}

machine_or_skip() { [ -z "${machine_why-}" ] || skip "$machine_why"; }
inside() { nsenter -t "${machine:?}" -a -- "$@" </dev/null 3>&- 4>&-; }
# The server of this state directory answers, there.
assert_serves() {
	tool -0 inside python3 "$BATS_TEST_DIRNAME/../tools/ask.py" "$(inside otelop-meta -C "$1" get address)"
}
# Nothing of these words runs there.
no_server_inside() { ! inside pgrep -f "$1" >/dev/null; }
