# Daemons in a makefile: share/make, under GNU make and BSD make.
# bats file_tags=once
load helper

setup_more() {
	share=$BATS_TEST_DIRNAME/../share/make
	# What is in front of every makefile; otelop.posix.mk comes last.
	printf 'include %s\n' "$share/otelop.mk" >include
	unset MAKEOVERRIDES OTELOP_DIR OTELOP_MAKE OTELOP_STOP_AT_END OTELOP_STOP_OPTIONS
	makes=(make)
	! command -v bmake >/dev/null || makes+=(bmake)
}

# makefile: what is read, for GNU make; posix_makefile: for every make.
makefile() { cat include - >Makefile; }
posix_makefile() { cat <(echo .POSIX:) - <(printf 'include %s\n' "$share/otelop.posix.mk") >Makefile; }
# made STATUS MAKE...: within a minute.
made() {
	local expected=$1
	shift
	tool "$expected" timeout 60 "$@"
}
in_project() { otelop -C .otelop "$@"; }
pid_of() { otelop-meta -C .otelop -n "$1" get pid; }
runs_in_project() { [ "$(otelop-meta -C .otelop -n "$1" running 2>/dev/null)" != stopped ]; }
is_stopped_in_project() { [ "$(otelop-meta -C .otelop -n "$1" running 2>/dev/null)" = stopped ]; }

## GNU make

@test "otelop-daemon: start, status, logs, restart and stop, with the address, and the state in .otelop" {
	makefile <<'END'
test: web-start
	python3 -c "import urllib.request as u; print(u.urlopen('http://$(call otelop-address,web)/Makefile').status)"
$(eval $(call otelop-daemon,web,python3 -m http.server 0 --bind 127.0.0.1))
END
	no_proxy='*' made -0 make -s
	assert_output 200
	assert_regex "$stderr" '^otelop: python3 is ready, listening on 127\.0\.0\.1:[0-9]+$'
	pid=$(pid_of web)
	made -0 make -s web-status
	assert_line --regexp "^pid +$pid\$"
	assert_line --regexp "^command +python3 -m http.server 0 --bind 127.0.0.1\$"
	made -0 make -s web-logs
	assert_line --partial 'GET /Makefile '
	made -0 make -s web-restart
	assert_not_equal "$(pid_of web)" "$pid"
	assert_gone "$pid"
	made -0 make -s web-stop
	made -2 make -s web-status
	assert_output --regexp 'state +stopped'
	assert_nothing_runs
}

@test "a command of words: it is run as it is; any other: as a line of a recipe" {
	makefile <<'END'
comma := ,
print = python3 -c 'import os$(comma) sys; print(sys.argv[1:] + [os.environ["A"]], flush=True); sys.stdout.close(); import time; time.sleep(600)'
$(eval $(call otelop-daemon,quoted,exec $(print) "a  b" "it's" '$$MINE' "$$MINE" '#' '\' 'a$(comma)b;' \
	"$$OTELOP_NAME",--ready exec -e A="b  $$MINE"))
$(eval $(call otelop-daemon,set,A=1 $(print) x,--ready log:x))
$(eval $(call otelop-daemon,plain,  sleep 600  ,--ready exec))
$(eval $(call otelop-daemon,both,cd / && exec sleep 600,--ready exec))
END
	export MINE='my  own'
	made -0 make -s quoted-start set-start plain-start both-start
	eventually 20 grep -q own .otelop/quoted/otelop.log
	assert_equal "$(cat .otelop/quoted/otelop.log)" \
		"['a  b', \"it's\", '\$MINE', 'my  own', '#', '\\\\', 'a,b;', 'quoted', 'b  my  own']"
	assert_equal "$(cat .otelop/set/otelop.log)" "['x', '1']"
	assert_equal "$(otelop-meta -C .otelop -n plain get command)" "sleep 600"
	assert_equal "$(readlink "/proc/$(pid_of both)/cwd")" /
	made -0 make -s otelop-stop
	assert_nothing_runs
}

@test "-j8, several targets that need one daemon, and makes below that do: it is started once" {
	makefile <<'END'
all: a b c d e
a b c: web-start
	@$(OTELOP_META) -n web get pid
d e:
	@$(MAKE) -s web-start && $(OTELOP_META) -n web get pid
$(eval $(call otelop-daemon,web,sleep 600,--ready up:300ms))
END
	made -0 make -s -j8
	assert_equal "$output" "$(printf '%s\n' "$(pid_of web)"{,,,,})"
	assert_equal "$(grep -c 'sleep is ready' <<<"$stderr")" 1
	made -0 make -s otelop-stop
	assert_nothing_runs
}

@test "a start that fails: make fails with the daemon's words, and what needs it is not made" {
	makefile <<'END'
test: web-start
	touch made
$(eval $(call otelop-daemon,web,echo no configuration >&2; exit 3))
END
	for option in -s -j4 "OTELOP_STOP_AT_END=yes"; do
		made -2 make "$option"
		assert_equal "${stderr_lines[0]}" "otelop: /bin/sh: exited with status 3"
		assert_equal "${stderr_lines[1]}" "no configuration"
		[[ $stderr == *"web-start] Error 1"* ]]
	done
	assert_not_exists made
}

@test "make -n: nothing is started, and nothing is made" {
	makefile <<'END'
OTELOP_STOP_AT_END = yes
test: web-start ; touch made
$(eval $(call otelop-daemon,web,touch ran))
END
	made -0 make -n
	assert_output --partial 'touch ran'
	assert_not_exists ran
	assert_not_exists made
	assert_not_exists .otelop
}

@test "OTELOP_STOP_AT_END: a daemon ends with its make, and one of a make below with the first" {
	cat - include >Makefile <<'END'
OTELOP_STOP_AT_END = yes
END
	cat >>Makefile <<'END'
all: web-start
	$(MAKE) -s db-start
	otelop -C .otelop list >list
$(eval $(call otelop-daemon,web,sleep 600,--ready exec))
$(eval $(call otelop-daemon,db,sleep 600,--ready exec))
END
	made -0 make -s -j2
	assert_equal "$(cut -d' ' -f1,2 list)" $'db running\nweb running'
	eventually 20 is_stopped_in_project web
	eventually 20 is_stopped_in_project db
	assert_nothing_runs
	made -0 make -s web-start OTELOP_STOP_AT_END=no
	runs_in_project web
	made -0 make -s otelop-stop
}

@test "OTELOP_STOP_AT_END, make is killed: its daemons end" {
	makefile <<'END'
all: web-start
	touch ready; sleep 600
$(eval $(call otelop-daemon,web,sleep 600,--ready exec))
END
	for make in "${makes[@]}"; do
		if [ "$make" = bmake ]; then
			posix_makefile <<'END'
all: web-start
	touch ready; sleep 600
web-start:
	@$(OTELOP_START) web --ready exec -- sleep 600
END
		fi
		rm -f ready
		background "$make" -s OTELOP_STOP_AT_END=yes 2>/dev/null
		eventually 20 test -e ready
		daemon=$(pid_of web)
		end "$!"
		assert_gone "$daemon"
		eventually 20 is_stopped_in_project web
	done
}

@test "OTELOP_STOP_AT_END, the daemon of a make that has gone still ends: the next one waits, and starts its own" {
	makefile <<'END'
slow = trap "touch asked; until [ -e go ]; do sleep 0.1; done; exit" TERM; touch up; while :; do sleep 0.1; done
all: web-start
	touch made; until [ -e over ]; do sleep 0.1; done
$(eval $(call otelop-daemon,web,$(slow),--ready check:'test -e up' --grace 60))
END
	export OTELOP_STOP_AT_END=yes
	touch over
	made -0 make -s
	first=$(pid_of web)
	eventually 20 test -e asked
	rm made over
	background make -s 2>err
	second=$!
	sleep 0.3
	assert_not_exists made
	assert_equal "$(pid_of web)" "$first"
	touch go
	eventually 20 test -e made
	assert_not_equal "$(pid_of web)" "$first"
	touch over
	assert_ended "$second" 0
	eventually 20 is_stopped_in_project web
	assert_nothing_runs
}

@test "OTELOP_STOP_AT_END, the daemon is another make's: it is used, and that is said" {
	makefile <<'END'
all: web-start
	touch ready; until [ -e over ]; do sleep 0.1; done
$(eval $(call otelop-daemon,web,sleep 600,--ready exec))
END
	background make -s OTELOP_STOP_AT_END=yes 2>/dev/null
	first=$!
	eventually 20 test -e ready
	pid=$(pid_of web)
	for end in yes no; do
		made -0 make -s web-start OTELOP_STOP_AT_END="$end"
		assert_equal "$(pid_of web)" "$pid"
		assert_equal "${stderr_lines[-1]}" "web: process $first has started it, and it ends with that"
	done
	touch over
	assert_ended "$first" 0
	assert_gone "$pid"
}

@test "the command has changed: start says so, restart runs the new one" {
	makefile <<'END'
$(eval $(call otelop-daemon,web,sleep $(TIME),--ready exec))
END
	for end in no yes; do
		made -0 make -s web-restart TIME=600 OTELOP_STOP_AT_END=no
		made -2 make -s web-start TIME=601 OTELOP_STOP_AT_END="$end"
		assert_regex "${stderr_lines[0]}" ': another command runs here: sleep 600, .*otelop restart in its place'
		made -0 make -s web-restart TIME=601 OTELOP_STOP_AT_END=no OTELOP_STOP_OPTIONS='-t 5 -k 5'
		assert_equal "$(otelop-meta -C .otelop -n web get command)" "sleep 601"
	done
	made -0 make -s otelop-stop
}

@test "otelop-stop: all that runs there is stopped, the last one first, also what the makefile does not name; nothing there: 0" {
	makefile <<'END'
say = trap 'echo $(1) >>order; exit' TERM; otelop-ready; exec 3>&-; while :; do sleep 0.05; done
$(eval $(call otelop-daemon,web,$(call say,web)))
$(eval $(call otelop-daemon,db,$(call say,db)))
web-start: db-start
END
	made -0 make -s otelop-stop
	assert_output ""
	assert_not_exists .otelop
	made -0 make -s web-start
	in_project start --ready exec -- sleep 600
	in_project -n other start --ready exec -- sleep 600
	made -0 make -s otelop-stop
	assert_equal "$(cat order)" $'web\ndb'
	assert_nothing_runs
	made -0 make -s otelop-stop
	assert_equal "$stderr" ""
}

@test "otelop-stop, one does not end: the others do, make fails and says which" {
	makefile <<'END'
$(eval $(call otelop-daemon,deaf,trap "" TERM; otelop-ready; exec 3>&-; exec sleep 600))
$(eval $(call otelop-daemon,web,sleep 600,--ready exec))
web-start: deaf-start
deaf-start: other-start
$(eval $(call otelop-daemon,other,sleep 600,--ready exec))
END
	made -0 make -s web-start
	made -2 make -s otelop-stop OTELOP_STOP_OPTIONS='-t 300ms'
	[[ $stderr == *"process $(pid_of deaf)"* ]]
	is_stopped_in_project web
	is_stopped_in_project other
	made -0 make -s deaf-stop OTELOP_STOP_OPTIONS='-t 100ms -k 10'
	assert_nothing_runs
}

@test "a makefile with habits: strict shell, another recipe prefix, warnings of all kinds; and its first target is its own" {
	cat >Makefile <<'END'
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.DELETE_ON_ERROR:
MAKEFLAGS += --warn-undefined-variables --no-builtin-rules
.RECIPEPREFIX = >
OTELOP_DIR = my state
OTELOP_STOP_AT_END = yes
END
	cat include - >>Makefile <<'END'
$(eval $(call otelop-daemon,web,true && sleep 600 2> >(cat),--ready exec))
$(eval $(call otelop-daemon,db,sleep 600))
first: web-start web-restart
> echo "made $@"
include again
END
	cp include again
	made -0 make -s
	assert_output 'made first'
	assert_equal "$(sort -u <<<"$stderr")" "otelop: bash is ready"
	assert_exists "my state/web"
	assert_nothing_runs
}

@test "what otelop-daemon cannot take: make stops with the reason, before anything runs" {
	refused() {
		made -2 make -s
		assert_equal "$stderr" "Makefile:$(wc -l <Makefile): *** otelop-daemon: $1.  Stop."
	}
	makefile <<<'$(eval $(call otelop-daemon,web,./server,--port 0,1))'
	refused 'web: put what has a comma into a variable: --port 0,1'
	makefile <<<'$(eval $(call otelop-daemon,my web,./server))'
	refused 'the name has a blank: my web'
	makefile <<<'$(eval $(call otelop-daemon,,./server))'
	refused 'there is no name'
	makefile <<<'$(eval $(call otelop-daemon,web, ))'
	refused 'web: there is no command'
	makefile <<'END'
define command
cd web
./server
endef
$(eval $(call otelop-daemon,web,$(command)))
END
	refused 'web: a command is one line'
}

## every make

@test "the plain variant, under each make: prerequisites of several targets, -j, the address, restart, stop, an end with make" {
	posix_makefile <<'END'
all: a b
web = web --ready listen -- python3 -c 'import socket, sys, time; s = socket.create_server(("127.0.0.1", 0)); print(sys.argv[1:], flush=True); time.sleep(600)' "it's" '$$HOME' "$$MINE"
web-start:
	@$(OTELOP_START) $(web)
web-stop:
	@$(OTELOP) -n web stop
db-start:
	@$(OTELOP_START) db --ready exec -- sleep 600
db-restart:
	@$(OTELOP_RESTART) db --ready exec -- sleep 600
a b: web-start
	@echo "$$($(OTELOP_META) -n web get address)"
END
	export MINE='my  own'
	for make in "${makes[@]}"; do
		rm -rf .otelop
		for jobs in '' -j8; do
			made -0 "$make" -s $jobs
			run -0 grep -c '^127\.0\.0\.1:' <<<"$output"
			assert_output 2
		done
		assert_equal "$(cat .otelop/web/otelop.log)" "[\"it's\", '\$HOME', 'my  own']"
		made -0 "$make" -s web-stop db-start
		is_stopped_in_project web
		first=$(pid_of db)
		made -0 "$make" -s db-restart
		assert_not_equal "$(pid_of db)" "$first"
		made -0 "$make" -s -j8 db-restart OTELOP_STOP_AT_END=yes
		eventually 20 is_stopped_in_project db
		made -0 "$make" -s -j8 db-start OTELOP_STOP_AT_END=yes
		eventually 20 is_stopped_in_project db
		assert_nothing_runs
	done
}

@test "the plain variant, under each make: -n starts nothing, a start that fails fails make with the daemon's words" {
	posix_makefile <<'END'
all: web-start
	@touch made
web-start:
	@$(OTELOP_START) web -- sh -c 'touch ran; echo no configuration; exit 3'
END
	for make in "${makes[@]}"; do
		made -0 "$make" -n OTELOP_STOP_AT_END=yes
		assert_output --partial 'touch ran'
		assert_not_exists .otelop
		for end in no yes; do
			made '!' "$make" OTELOP_STOP_AT_END="$end"
			assert_equal "${stderr_lines[0]}" "otelop: sh: exited with status 3"
			assert_equal "${stderr_lines[1]}" "no configuration"
			assert_exists ran
			assert_not_exists made
		done
		rm -rf ran .otelop
	done
}
