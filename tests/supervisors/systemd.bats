# systemd as process 1, and the unit of share/examples/supervisors.
load ../helper
load machine

BATS_TEST_TIMEOUT=180
units='sysinit.target basic.target shutdown.target multi-user.target sockets.target timers.target paths.target slices.target
	systemd-journald.service systemd-journald.socket systemd-journald-dev-log.socket'
example=$BATS_TEST_DIRNAME/../../share/examples/supervisors/web.service

# unit NAME LINE...: the example, under another name and with these lines of its service.
unit() {
	local name=$1 line
	shift
	sed "s|/web\$|/$name|; s|=web\$|=$name|" "$example" >"$BATS_FILE_TMPDIR/units/$name.service"
	for line; do sed -i "/^${line%%=*}=/d; s|^\\[Install\\]|$line\\n&|" "$BATS_FILE_TMPDIR/units/$name.service"; done
}

setup_file() {
	[ -x /lib/systemd/systemd ] || { export machine_why="needs systemd"; return; }
	local unit units_dir=$BATS_FILE_TMPDIR/units
	mkdir -p "$units_dir/multi-user.target.wants" "$units_dir/sysinit.target.wants"
	for unit in $units; do ln -s "/lib/systemd/system/$unit" "$units_dir"; done
	ln -s multi-user.target "$units_dir/default.target"
	ln -s ../systemd-journald.service "$units_dir/sysinit.target.wants"
	cp "$example" "$units_dir"
	ln -s ../web.service "$units_dir/multi-user.target.wants"
	unit bad "ExecStart=otelop-run -- sh -c 'echo its own words; exit 3'" Restart=no
	unit late TimeoutStartSec=3 "ExecStart=otelop-run --ready notify -- sh -c 'systemd-notify EXTEND_TIMEOUT_USEC=30000000; sleep 5; systemd-notify --ready; exec sleep 1000'"
	cat >"$BATS_FILE_TMPDIR/hearer" <<-'SH'
		#!/bin/sh
		trap 'echo HUP >>"$OTELOP_STATE_DIR/heard"' HUP
		setsid -f sleep 1001
		otelop-ready
		exec 3>&-
		while :; do sleep 0.1; done
	SH
	chmod 755 "$BATS_FILE_TMPDIR/hearer"
	unit hear "ExecStart=otelop-run --ready fd -- $BATS_FILE_TMPDIR/hearer" 'ExecReload=kill -HUP $MAINPID'
	unit hard DynamicUser=yes ProtectSystem=strict PrivateTmp=yes PrivateDevices=yes NoNewPrivileges=yes \
		SystemCallFilter=@system-service 'RestrictAddressFamilies=AF_UNIX AF_INET' ProtectProc=invisible \
		MemoryDenyWriteExecute=yes RestrictNamespaces=yes CapabilityBoundingSet=
	machine_start sh -c 'cp -a "$dir/units" /run/units && exec env -i PATH="$PATH" container=otelop \
		SYSTEMD_UNIT_PATH=/run/units /lib/systemd/systemd --system --log-target=console --show-status=no'
	[ -n "${machine_why-}" ] || eventually 60 inside systemctl is-active --quiet multi-user.target
}
teardown_file() { machine_end; }
setup_more() { machine_or_skip; }

property() { inside systemctl show --value -p "$1" "$2"; }
is_property() { [ "$(property "$1" "$2")" = "$3" ]; }
main_changed() { [ "$(property MainPID web)" != "$1" ] && is_property ActiveState web active; }

@test "systemd: the unit is started at boot; it is active and its server is there" {
	eventually 30 is_property ActiveState web active
	assert_equal "$(property MainPID web)" "$(inside pgrep -o -x otelop-run)"
	tool -0 inside otelop -C /run/web status
	assert_line --regexp '^state +running$'
	assert_serves /run/web
}

@test "systemd: stop ends it without a failure, and start is over when the server listens" {
	tool -0 inside systemctl stop web
	assert_equal "$(property ActiveState web) $(property Result web)" "inactive success"
	no_server_inside 'http.server 0 --bind'
	tool -0 inside systemctl start web
	assert_equal "$(inside otelop-meta -C /run/web get state)" ready
	assert_serves /run/web
}

@test "systemd: a daemon that is killed is started again" {
	tool -0 inside systemctl start web
	local before
	before=$(property MainPID web)
	inside pkill -KILL -f 'python3 -m http.server 0 --bind'
	eventually 30 main_changed "$before"
	assert_serves /run/web
}

@test "systemd: an otelop-run that is killed is started again, and its daemon is gone" {
	tool -0 inside systemctl start web
	local before daemon
	before=$(property MainPID web)
	daemon=$(inside otelop-meta -C /run/web get pid)
	inside kill -KILL "$before"
	eventually 30 main_changed "$before"
	tool -1 inside kill -0 "$daemon"
	assert_serves /run/web
}

@test "systemd: otelop stop is a clean end, and not started again" {
	tool -0 inside systemctl start web
	tool -0 inside otelop -C /run/web stop
	eventually 30 is_property ActiveState web inactive
	assert_equal "$(property Result web)" success
	no_server_inside 'http.server 0 --bind'
}

@test "systemd: a start that fails is a failure, with the daemon's words in the journal and in the status" {
	tool -1 inside systemctl start bad
	assert_equal "$(property ActiveState bad) $(property Result bad)" "failed exit-code"
	tool -0 inside journalctl -o cat -u bad --no-pager
	assert_line 'its own words'
	assert_line 'otelop-run: sh: exited with status 3'
}

@test "systemd: a daemon that needs more time than the unit gives, and says so, is waited for" {
	tool -0 inside systemctl start late
	assert_equal "$(property ActiveState late)" active
	tool -0 inside systemctl stop late
}

@test "systemd: reload reaches the daemon; stop ends what has left its session" {
	tool -0 inside systemctl start hear
	tool -0 inside systemctl reload hear
	eventually 30 inside test -s /run/hear/heard
	inside pgrep -f 'sleep 1001'
	tool -0 inside systemctl stop hear
	no_server_inside 'sleep 1001'
}

@test "systemd: a unit of another user with little allowed: ready; that user is told where it is, root is refused" {
	tool -0 inside systemctl start hard
	local user
	user=$(inside stat -c %u /run/hard/otelop.json)
	tool -0 inside setpriv --reuid="$user" --regid="$user" --clear-groups -- otelop -C /run/hard status
	assert_line --regexp '^state +running$'
	assert_line --regexp '^listen +127.0.0.1:[0-9]+$'
	tool -4 inside otelop -C /run/hard status
	tool -0 inside systemctl stop hard
	assert_equal "$(property Result hard)" success
}
