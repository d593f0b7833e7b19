# Daemons in bats tests: share/bats, under the bats that runs us, or that BATS names.
# bats file_tags=once
load helper

setup_more() {
	mkdir inner
	cd inner || return
	cat >lines <<-'END'
		bats_load_library otelop
		# What is told of a daemon stays when it has gone.
		tell() { otelop_start "$@" && otelop-meta -C "$(otelop_dir "$1")" get pid >"$OTELOP_TEST_MARK/$1.pid"; }
	END
}

# file NAME: a file of tests; bats takes each @test at the beginning of a line for one of ours.
file() { sed 's/^TEST /@test /' lines - >"$1"; }
# bats_command [OPTION...] FILE...: with nothing of ours around it.
bats_command() {
	command=(env -i OTELOP_LOG_LINES=3 PATH="$PATH" HOME="$HOME" OTELOP_TEST_MARK="$OTELOP_TEST_MARK" ASAN_OPTIONS="${ASAN_OPTIONS-}"
		BATS_LIB_PATH="$BATS_TEST_DIRNAME/../share/bats" "${BATS:-$BATS_ROOT/bin/bats}" "$@")
}
bats_is() {
	local expected=$1
	shift
	bats_command --tap "$@"
	tool "$expected" timeout 100 "${command[@]}"
}
pid_of() { cat "$OTELOP_TEST_MARK/$1.pid"; }

@test "a daemon for the suite, one for a file and one for a test: each test finds them, and none outlives its scope" {
	file setup_suite.bash <<-'END'
		setup_suite() { tell suite --ready exec -- sleep 600; }
	END
	for name in a b; do
		file "$name.bats" <<-END
			setup_file() {
				tell $name --ready exec -- sleep 600
				kill -0 "\$(<"\$OTELOP_TEST_MARK/suite.pid")"
			}
			setup() { tell $name-\$BATS_TEST_NUMBER --ready exec -- sleep 600; }
		END
		sed 's/^TEST /@test /' >>"$name.bats" <<-'END'
			finds() { [ "$(otelop-meta -C "$(otelop_dir "$1")" get pid)" = "$(<"$OTELOP_TEST_MARK/$1.pid")" ]; }
			is_mine() {
				local name=${BATS_TEST_FILENAME##*/}
				name=${name%.bats}
				for daemon in suite "$name" "$name-$BATS_TEST_NUMBER"; do finds "$daemon"; done
				[ "$(otelop_dir suite)" = "$BATS_SUITE_TMPDIR/otelop/suite" ]
				[ "$(otelop_dir "$name")" = "$BATS_FILE_TMPDIR/otelop/$name" ]
				# The one before has gone with its test.
				if [ ! -e parallel ] && [ "$BATS_TEST_NUMBER" -gt 1 ]; then
					if kill -0 "$(<"$OTELOP_TEST_MARK/$name-$((BATS_TEST_NUMBER - 1)).pid")"; then return 1; fi
				fi
			}
			TEST one { is_mine; }
			TEST two { is_mine; }
		END
	done
	# shellcheck disable=SC2086 # words
	for jobs in '' '-j 4'; do
		if [ -n "$jobs" ]; then
			command -v parallel >/dev/null || continue
			touch parallel
		fi
		bats_is -0 $jobs .
		assert_equal "$(grep -c '^ok' <<<"$output")" 4
		assert_nothing_runs
	done
}

@test "the address and the logs of a daemon; the innermost of a name is meant; stopped and started again" {
	echo hello >page
	file a.bats <<-'END'
		setup_file() { tell web --ready exec -- sleep 600; }
		TEST one {
			run -1 otelop_address web
			[[ $output == *"no such member"* ]]
		}
		TEST two {
			otelop_start web -e A='a  b' colour=blue -- python3 -m http.server 0 --bind 127.0.0.1
			python3 -c "import urllib.request as u; print(u.urlopen('http://$(otelop_address web)/page').read())"
			[[ $(otelop_logs web) == *'GET /page '* ]]
			[[ $(otelop_logs web -N 1) == *'GET /page '* ]]
			[ "$(otelop-meta -C "$(otelop_dir web)" get colour)" = blue ]
			otelop_stop web -t 5 -k 5
			otelop_start web --ready exec -- sleep 601
			[ "$(otelop-meta -C "$(otelop_dir web)" get command)" = "sleep 601" ]
			otelop_start db --ready exec -- sleep 600
			otelop_stop
			[[ $(otelop -C "$BATS_TEST_TMPDIR/otelop" list) != *running* ]]
			[ "$(otelop -C "$BATS_FILE_TMPDIR/otelop" list)" = "web running $(<"$OTELOP_TEST_MARK/web.pid")" ]
		}
		TEST three {
			for command in address logs stop dir; do
				run -3 "otelop_$command" none
				[ "$output" = "otelop: none: not started in this test, its file or its suite" ]
			done
		}
	END
	bats_is -0 a.bats
	assert_nothing_runs
}

@test "a test fails: what its daemons wrote last is a part of the failure, and of no other test" {
	file a.bats <<-'END'
		say='echo "$0 says hello"; otelop-ready; exec 3>&-; exec sleep 600'
		setup_file() { otelop_start shared -- sh -c "$say" shared; }
		setup() { otelop_start own -- sh -c "for i in 1 2 3 4 5; do echo \$i; done; $say" "own $BATS_TEST_NUMBER"; }
		TEST good { :; }
		TEST bad { false; }
		TEST skipped { skip; }
		TEST died {
			kill -KILL "$(otelop-meta -C "$(otelop_dir own)" get pid)"
			otelop -C "$(otelop_dir own)" wait --stopped
			false
		}
	END
	bats_is -1 a.bats
	assert_line --regexp '^not ok 2 bad'
	assert_line '# shared says hello'
	assert_line '# 5'
	refute_line '# 3'
	assert_line --regexp '^# -- own \(running [0-9]+\) wrote last:$'
	assert_line --regexp '^# -- own \(stale [0-9]+\) wrote last:$'
	assert_line '# own 2 says hello'
	assert_line '# own 4 says hello'
	refute_output --partial 'own 1'
	refute_output --partial 'own 3'
	assert_nothing_runs
}

@test "setup_file or setup_suite fails behind a start: what the daemon wrote last is a part of the failure" {
	file a.bats <<-'END'
		setup_file() {
			otelop_start web -- sh -c 'echo hello; otelop-ready; exec 3>&-; exec sleep 600'
			false
		}
		TEST one { touch "$OTELOP_TEST_MARK/ran"; }
	END
	mkdir suite
	sed 's/setup_file/setup_suite/; /^@test/d' a.bats >suite/setup_suite.bash
	echo '@test "one" { touch "$OTELOP_TEST_MARK/ran"; }' >suite/b.bats
	for tests in a.bats suite; do
		bats_is -1 "$tests"
		assert_line '# hello'
		assert_nothing_runs
	done
	assert_not_exists "$OTELOP_TEST_MARK/ran"
}

@test "a daemon that cannot be started: what needs it fails, with the daemon's own words" {
	file a.bats <<-'END'
		setup_file() { otelop_start web -- sh -c 'echo no configuration; exit 3'; }
		TEST one { touch "$OTELOP_TEST_MARK/ran"; }
	END
	sed 's/setup_file/setup/' a.bats >b.bats
	for file in a b; do
		bats_is -1 "$file.bats"
		assert_line '# otelop: sh: exited with status 3'
		assert_line '# no configuration'
	done
	assert_not_exists "$OTELOP_TEST_MARK/ran"
}

@test "a file with a teardown of its own: it is the one that runs, and its daemons end all the same" {
	file a.bats <<-'END'
		setup() { tell "own-$BATS_TEST_NUMBER" -- sh -c 'echo hello; otelop-ready; exec 3>&-; exec sleep 600'; }
		teardown() {
			touch "$OTELOP_TEST_MARK/torn"
			if [ "$BATS_TEST_NUMBER" = 2 ]; then otelop_teardown; fi
		}
		teardown_file() { :; }
		TEST one { false; }
		TEST two { false; }
		TEST three { :; }
	END
	bats_is -1 a.bats
	assert_equal "$(grep -c '^# hello$' <<<"$output")" 1
	assert_exists "$OTELOP_TEST_MARK/torn"
	assert_nothing_runs
}

@test "it does not end in time: the teardown ends it by force; it is nowhere: a call outside says where it belongs" {
	file a.bats <<-'END'
		TEST one { otelop_start deaf --grace 300ms -- sh -c 'trap "" TERM; otelop-ready; exec 3>&-; exec sleep 600'; otelop_stop deaf -t 300ms -k 5; }
	END
	bats_is -0 a.bats
	assert_nothing_runs
	file b.bats <<-'END'
		otelop_start web --ready exec -- sleep 600
		TEST one { :; }
	END
	bats_is -1 b.bats
	assert_regex "$output$stderr" '# otelop: otelop_start: only in setup_suite, setup_file, setup, a test, and their teardowns'
}

@test "bats is killed, or what runs the file or the test: the daemons end" {
	file setup_suite.bash <<-'END'
		setup_suite() { tell suite --ready exec -- sleep 600; }
	END
	file a.bats <<-'END'
		setup_file() {
			tell file --ready exec -- sleep 600
			echo $$ >"$OTELOP_TEST_MARK/exec-file.pid"
		}
		TEST one {
			tell own --ready exec -- sleep 600
			echo "$BATS_ROOT_PID" >"$OTELOP_TEST_MARK/exec-root.pid"
			echo $$ >"$OTELOP_TEST_MARK/exec-test.pid"
			touch "$OTELOP_TEST_MARK/ready"
			until [ -e "$OTELOP_TEST_MARK/over" ]; do sleep 0.1; done
		}
	END
	bats_command --tap .
	for victim in root file test; do
		rm -f "$OTELOP_TEST_MARK/ready" "$OTELOP_TEST_MARK/over"
		background "${command[@]}" >/dev/null 2>&1
		bats=$!
		eventually 30 test -e "$OTELOP_TEST_MARK/ready"
		kill -KILL "$(pid_of "exec-$victim")"
		case $victim in
		root) gone=(suite file own) left=() ;;
		file) gone=(file) left=(own) ;;
		test) gone=(own) left=() ;;
		esac
		for daemon in "${gone[@]}"; do assert_gone "$(pid_of "$daemon")"; done
		for daemon in "${left[@]}"; do kill -0 "$(pid_of "$daemon")"; done
		touch "$OTELOP_TEST_MARK/over"
		wait "$bats" || :
		for daemon in suite file own; do assert_gone "$(pid_of "$daemon")"; done
	done
}

@test "what bats has open: a daemon has none of it, and bats does not wait for one" {
	file a.bats <<-'END'
		setup_file() { tell file --ready exec -- sleep 600; }
		teardown_file() { :; }
		TEST one {
			tell own --ready exec -- sleep 600
			for daemon in own file; do
				for fd in /proc/"$(<"$OTELOP_TEST_MARK/$daemon.pid")"/fd/*; do
					case $(readlink "$fd") in pipe:* | */bats-run-*/*.out) echo "$daemon: $fd"; return 1 ;; esac
				done
			done
		}
	END
	bats_is -0 a.bats
	assert_nothing_runs
}
