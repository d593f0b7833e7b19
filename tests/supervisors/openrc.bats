# OpenRC, booted to its default runlevel, and the script of share/examples/supervisors.
load ../helper
load machine

BATS_TEST_TIMEOUT=180
example=$BATS_TEST_DIRNAME/../../share/examples/supervisors/web.openrc

setup_file() {
	command -v openrc >/dev/null || { export machine_why="needs openrc"; return; }
	mkdir -p "$BATS_FILE_TMPDIR"/etc/init.d "$BATS_FILE_TMPDIR"/etc/conf.d "$BATS_FILE_TMPDIR"/runlevels/{sysinit,boot,default,shutdown}
	install -m 755 "$example" "$BATS_FILE_TMPDIR/etc/init.d/web"
	sed 's|/run/web|/run/bad|; s|-- python3 .*|-- sh -c "echo its own words; exit 3"|' "$example" >"$BATS_FILE_TMPDIR/etc/init.d/bad"
	# What is in front of it, and stands for all that a machine has there.
	printf '#!/sbin/openrc-run\nstart() { :; }\n' >"$BATS_FILE_TMPDIR/etc/init.d/net"
	chmod 755 "$BATS_FILE_TMPDIR"/etc/init.d/*
	ln -s /etc/init.d/web "$BATS_FILE_TMPDIR/runlevels/default/web"
	machine_start sh -c 'for part in init.d conf.d; do mount --bind "$dir/etc/$part" "/etc/$part"; done
		mount --bind "$dir/runlevels" /etc/runlevels
		mkdir /run/lock
		for level in sysinit boot default; do openrc "$level"; done
		: >"$dir/up"
		while :; do sleep 1; done'
	[ -n "${machine_why-}" ] || eventually 60 test -e "$BATS_FILE_TMPDIR/up"
}
teardown_file() { machine_end; }
setup_more() { machine_or_skip; }

@test "OpenRC: the service is started with its runlevel, and its server is there" {
	tool -0 inside rc-status default
	assert_line --regexp 'web +\[ +started +\]'
	tool -0 inside rc-service web status
	assert_line --regexp '^state +running$'
	assert_serves /run/web
}

@test "OpenRC: stop ends it, status is 3 then, and start is over when the server listens" {
	tool -0 inside rc-service web stop
	no_server_inside 'http.server 0 --bind'
	tool -3 inside rc-service web status
	tool -0 inside rc-service web start
	assert_equal "$(inside otelop-meta -C /run/web get state)" ready
	assert_serves /run/web
}

@test "OpenRC: a daemon that was killed is dead, by its status; restart starts it" {
	tool -0 inside rc-service web start
	inside pkill -KILL -f 'python3 -m http.server 0 --bind'
	dead() { tool inside otelop -C /run/web status && [ "$status" -eq 1 ] || [ "$status" -eq 1 ]; }
	eventually 30 dead
	tool -1 inside rc-service web status
	tool -0 inside rc-service web restart
	assert_serves /run/web
}

@test "OpenRC: a start that fails is a failure, with the daemon's words" {
	tool -1 inside rc-service bad start
	assert_regex "$output$stderr" 'sh: exited with status 3'
	assert_regex "$output$stderr" 'its own words'
	assert_regex "$output$stderr" 'bad failed to start'
}
