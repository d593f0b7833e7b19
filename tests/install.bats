# Installing, and using what was installed.
load helper

setup_file() {
	# A build of our own: making anything in $BUILD would pull it away from other tests.
	make -s -C "$BATS_TEST_DIRNAME/.." BUILD="$BATS_FILE_TMPDIR/build" ${PLATFORM:+PLATFORM="$PLATFORM"} CFLAGS=-O1 all >"$BATS_FILE_TMPDIR/log" 2>&1 || {
		cat "$BATS_FILE_TMPDIR/log" >&2
		return 1
	}
}

setup_more() {
	tree=$BATS_TEST_DIRNAME/..
	dest=$PWD/dest
	prefix=$dest/usr/x
	programs="otelop-lock otelop-meta otelop-ready otelop-run otelop-spawn otelop-statedir otelop-stop"
}

built() { make -s -C "$tree" BUILD="$BATS_FILE_TMPDIR/build" ${PLATFORM:+PLATFORM="$PLATFORM"} CFLAGS=-O1 DESTDIR="$dest" PREFIX=/usr/x "$@"; }

config() {
	env PKG_CONFIG_PATH="$prefix/lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$dest" pkg-config "$@"
}

# compile FILE: against what is installed, and nothing else of ours, as strictly as a user might.
compile() {
	# shellcheck disable=SC2046 # options
	${CC:-cc} -std=c99 -pedantic -Wall -Wextra -Wstrict-prototypes -Werror -o program "$1" $(config --cflags --libs otelop)
}

@test "make install: these files with these modes and no other" {
	umask 077
	tool -0 built install
	{
		for program in otelop otelop-with $programs; do echo "755 bin/$program"; done
		for file in otelop.h otelop.mk otelop.posix.mk; do echo "644 include/$file"; done
		echo "644 lib/bats/otelop/load.bash"
		echo "644 lib/libotelop.a"
		echo "644 lib/pkgconfig/otelop.pc"
		for program in otelop otelop-with $programs; do echo "644 share/man/man1/$program.1"; done
		echo "644 share/man/man3/otelop.3"
		for page in otelop otelop-bats otelop-make otelop-supervisors; do echo "644 share/man/man7/$page.7"; done
		echo "644 share/bash-completion/completions/otelop"
		echo "644 share/fish/vendor_completions.d/otelop.fish"
		echo "644 share/zsh/site-functions/_otelop"
	} | sort >wanted
	find "$prefix" -type f -printf '%m %P\n' | sort >found
	diff wanted found
	find "$dest" -type d -printf '%m %p\n' >directories
	run -1 grep -v '^755' directories
}

@test "make install: the programs are without what only a debugger reads, and small where they are static" {
	tool -0 built CFLAGS='-Os -g' BUILD="$PWD/b" install
	local program bytes=0
	for program in $programs; do
		run -0 readelf -SW "$prefix/bin/$program"
		refute_output --partial .debug_info
		bytes=$((bytes + $(stat -c %s "$prefix/bin/$program")))
	done
	! ldd "$prefix/bin/otelop-run" 2>/dev/null | grep -q '=>' || return 0
	[ -n "${SANITIZE-}" ] || [ "$bytes" -le 1000000 ]
}

@test "make install: every program has its completion, and no link leads nowhere" {
	built install
	for program in otelop otelop-with $programs; do
		assert_file_exists "$prefix/share/bash-completion/completions/$program"
		assert_file_exists "$prefix/share/fish/vendor_completions.d/$program.fish"
	done
	assert_equal "$(find "$dest" -xtype l)" ""
}

@test "make install without DESTDIR: into PREFIX" {
	tool -0 make -s -C "$tree" BUILD="$BATS_FILE_TMPDIR/build" ${PLATFORM:+PLATFORM="$PLATFORM"} CFLAGS=-O1 PREFIX="$PWD/here" install
	assert_exists here/bin/otelop
	assert_equal "$(env PKG_CONFIG_PATH="$PWD/here/lib/pkgconfig" pkg-config --variable=prefix otelop)" "$PWD/here"
}

@test "the installed programs: a daemon's whole life with nothing else of ours on PATH" {
	built install
	PATH=$prefix/bin:/usr/bin:/bin
	tool -0 otelop start --ready exec -- sleep 600
	pid=$output
	tool -0 otelop status
	assert_line --regexp "^pid +$pid\$"
	tool -0 otelop restart
	tool -0 otelop stop
	assert_nothing_runs
}

@test "make install into a DESTDIR and a PREFIX with blanks: nothing goes elsewhere, pkg-config finds it, uninstall removes it" {
	dest="$PWD/in st"
	spaced() { make -s -C "$tree" BUILD="$BATS_FILE_TMPDIR/build" ${PLATFORM:+PLATFORM="$PLATFORM"} CFLAGS=-O1 DESTDIR="$dest" PREFIX="/usr/my own" "$@"; }
	# Where stray words would have become directories: here, and where make is.
	tool -0 spaced install
	assert_equal "$(find . -mindepth 1 -maxdepth 1 -type d)" "./in st"
	assert_not_exists "$tree/st"
	assert_not_exists "$tree/own"
	tool -0 "$dest/usr/my own/bin/otelop" version
	tool -0 spaced uninstall
	assert_equal "$(find "$dest" ! -type d)" ""
	tool -0 make -s -C "$tree" BUILD="$BATS_FILE_TMPDIR/build" ${PLATFORM:+PLATFORM="$PLATFORM"} CFLAGS=-O1 PREFIX="$PWD/my own" install
	echo '#include <otelop.h>' >program.c
	echo 'int main(void) { return otelop_process_alive(1) != 1; }' >>program.c
	eval "${CC:-cc} -o program program.c ${SANITIZE:+-fsanitize=address,undefined} \
		$(env PKG_CONFIG_PATH="$PWD/my own/lib/pkgconfig" pkg-config --cflags --libs otelop)"
	tool -0 ./program
}

@test "make uninstall: no file is left, and what is not ours stays" {
	built install
	touch "$prefix/bin/otelop-other"
	tool -0 built uninstall
	assert_equal "$(find "$dest" ! -type d)" "$prefix/bin/otelop-other"
}

@test "pkg-config: version, paths and library as they were installed" {
	built install
	assert_equal "otelop $(config --modversion otelop)" "$("$BATS_FILE_TMPDIR/build/otelop" version)"
	assert_equal "$(env PKG_CONFIG_PATH="$prefix/lib/pkgconfig" pkg-config --variable=prefix otelop)" /usr/x
	assert_equal "$(config --cflags otelop | xargs)" "-I$prefix/include"
	assert_equal "$(config --libs otelop | xargs)" "-L$prefix/lib -lotelop"
}

@test "the installed otelop.mk: make finds it by its name where it looks, and by pkg-config's word" {
	built install
	PATH=$prefix/bin:$PATH
	echo '$(eval $(call otelop-daemon,web,sleep 600,--ready exec))' >daemon.mk
	cat <(echo 'include otelop.mk') daemon.mk >Makefile
	tool -0 make -s -I "$prefix/include" web-start
	cat <(echo "include $dest$(env PKG_CONFIG_PATH="$prefix/lib/pkgconfig" pkg-config --variable=makedir otelop)/otelop.mk") \
		daemon.mk >Makefile
	tool -0 make -s web-status web-stop
	assert_nothing_runs
}

@test "the installed bats library: bats finds it by its name in the directory that pkg-config says" {
	built install
	cat >a.bats <<-'END'
		bats_load_library otelop
		one() { otelop_start web --ready exec -- sleep 600; }
	END
	echo '@test "one" { one; }' >>a.bats
	tool -0 env -i PATH="$prefix/bin:$PATH" OTELOP_TEST_MARK="$OTELOP_TEST_MARK" ASAN_OPTIONS="${ASAN_OPTIONS-}" \
		BATS_LIB_PATH="$dest$(env PKG_CONFIG_PATH="$prefix/lib/pkgconfig" pkg-config --variable=batslibdir otelop)" \
		"$BATS_ROOT/bin/bats" --tap a.bats
	assert_line 'ok 1 one'
	assert_nothing_runs
}

@test "make install with LIBDIR: the library and its pkg-config file are there and nowhere else, uninstall removes them" {
	tool -0 built LIBDIR=/usr/x/lib/here install
	assert_file_exists "$prefix/lib/here/libotelop.a"
	assert_file_exists "$prefix/lib/here/pkgconfig/otelop.pc"
	assert_equal "$(find "$prefix/lib" -name '*.a' -o -name '*.pc' | grep -v here)" ""
	assert_equal "$(env PKG_CONFIG_PATH="$prefix/lib/here/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$dest" pkg-config --libs otelop | xargs)" \
		"-L$prefix/lib/here -lotelop"
	# Moved to another prefix, it still points to what lies beside it.
	assert_equal "$(pkg-config --define-variable=prefix=/new --variable=libdir "$prefix/lib/here/pkgconfig/otelop.pc")" /new/lib/here
	tool -0 built LIBDIR=/usr/x/lib/here uninstall
	assert_equal "$(find "$dest" ! -type d)" ""
}

@test "a C program that uses the library: it builds against what is installed, and sees a daemon" {
	built install
	cat >program.c <<'END'
#include <otelop.h>
#include <stdio.h>

static struct otelop_metadata metadata = OTELOP_METADATA_INIT;

int
main(int argc, char *argv[])
{
	struct otelop_message message;
	char dir[OTELOP_PATH_SIZE], pid[32];
	int held;

	if (otelop_state_dir(argc > 1 ? argv[1] : NULL, dir, sizeof(dir), &message) < 0)
		return 2;
	if ((held = otelop_running(dir, &metadata, &message)) < 0)
		return 4;
	if (held && otelop_metadata_get(&metadata, "pid", pid, sizeof(pid)) == 1)
		printf("%s\n", pid);
	return held ? 0 : 3;
}
END
	compile program.c
	tool -3 ./program
	tool -0 otelop start --ready exec -- sleep 600
	pid=$output
	tool -0 ./program
	assert_output "$pid"
}

@test "a C program with our inner names for its own functions: it links" {
	built install
	cat >program.c <<'END'
#include <otelop.h>

int lock_claim(void), meta_set_pair(void), io_close(void), process_open(void), ready_read(void), run_command(void);
int lock_claim(void) { return 1; }
int meta_set_pair(void) { return 1; }
int io_close(void) { return 1; }
int process_open(void) { return 1; }
int ready_read(void) { return 1; }
int run_command(void) { return 1; }

int
main(void)
{
	struct otelop_message message;

	return otelop_process_alive(1) + lock_claim() + meta_set_pair() + io_close() + process_open() +
	    ready_read() + run_command() - 7 + otelop_remove_state("/nonexistent/otelop", NULL, &message);
}
END
	compile program.c
	tool -0 ./program
}

@test "the library: every global name begins with otelop_, and has what the header declares" {
	built install
	nm -g --defined-only "$prefix/lib/libotelop.a" | sed -n 's/^[0-9a-f]* [A-Z] //p' | sort >defined
	[ -s defined ]
	run -1 grep -v '^otelop_' defined
	grep -o '\botelop_[a-z_]*(' "$prefix/include/otelop.h" | tr -d '(' | sort -u >declared
	[ "$(wc -l <declared)" -ge 16 ]
	diff declared defined
}

@test "the header: it stands alone, also in C++" {
	built install
	echo '#include <otelop.h>' >alone.c
	# shellcheck disable=SC2046 # options
	${CC:-cc} -std=c99 -pedantic -Wall -Wextra -Werror -fsyntax-only $(config --cflags otelop) alone.c
	need_cxx
	cp alone.c alone.cc
	# shellcheck disable=SC2046 # options
	g++ -pedantic -Wall -Wextra -Werror -fsyntax-only $(config --cflags otelop) alone.cc
}

need_cxx() { command -v g++ >/dev/null || skip "no g++"; }

@test "a daemon in C++: it starts, holds the lock, is seen, and removes what it published" {
	need_cxx
	built install
	cat >daemon.cc <<'END'
#include <otelop.h>
#include <csignal>
#include <string>
#include <unistd.h>

int
main()
{
	otelop_metadata metadata = OTELOP_METADATA_INIT;
	struct otelop_spawn unused = OTELOP_SPAWN_INIT;
	otelop_message message;
	otelop_lock *lock = nullptr;
	std::string dir(OTELOP_PATH_SIZE, '\0');
	sigset_t ours;
	int number;

	sigemptyset(&ours);
	sigaddset(&ours, SIGTERM);
	sigprocmask(SIG_BLOCK, &ours, nullptr);
	if (unused.log != nullptr || otelop_state_dir(nullptr, &dir[0], dir.size(), &message) < 0 ||
	    otelop_lock_metadata(dir.c_str(), 0, &lock, &message) < 0 ||
	    otelop_metadata_init(&metadata, getpid()) < 0 ||
	    otelop_metadata_set(&metadata, "language", "C++", &message) < 0 ||
	    otelop_write_metadata(lock, &metadata, &message) < 0 ||
	    otelop_signal_ready(otelop_ready_pipe()) < 0)
		return otelop_signal_error(otelop_ready_pipe(), message.text), 1;
	otelop_metadata_free(&metadata);
	sigwait(&ours, &number);
	return otelop_remove_state(dir.c_str(), lock, &message) < 0;
}
END
	# shellcheck disable=SC2046 # options
	g++ -std=c++11 -pedantic -Wall -Wextra -Werror ${SANITIZE:+-fsanitize=address,undefined} -o daemon daemon.cc $(config --cflags --libs otelop)
	tool -0 otelop start --native -- ./daemon
	pid=$output
	tool -0 otelop-meta get pid language
	assert_output "$(printf '%s\nC++' "$pid")"
	tool -3 otelop-lock -n none -p
	tool -0 otelop stop
	assert_state_has_no_metadata
}
assert_state_has_no_metadata() { assert_not_exists "$OTELOP_STATE_DIR/otelop.json"; }

@test "a shared object that has the library in it, loaded by python3: it claims, is seen, and starts a daemon" {
	[ -z "${SANITIZE-}" ] || skip "the sanitizer must be there before python3 is"
	built CFLAGS='-O2 -fno-pie' BUILD="$PWD/b" install
	cat >plugin.c <<'END'
#include <otelop.h>
#include <stdlib.h>
#include <unistd.h>

pid_t plugin_start(const char *dir);

/* Hold the directory for a moment, then start a daemon there. */
pid_t
plugin_start(const char *dir)
{
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)"echo ok >&3; exec sleep 1000", NULL };
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	struct otelop_spawn options = OTELOP_SPAWN_INIT;
	struct otelop_spawn_result result;
	struct otelop_lock *lock;

	options.state_dir = dir;
	if (otelop_ensure_state_dir(dir, NULL) < 0 || otelop_lock_metadata(dir, 0, &lock, NULL) < 0 ||
	    otelop_metadata_init(&metadata, getpid()) < 0 || otelop_write_metadata(lock, &metadata, NULL) < 0 ||
	    otelop_running(dir, &metadata, NULL) != 1 || otelop_remove_state(dir, lock, NULL) < 0)
		return -1;
	otelop_metadata_free(&metadata);
	return otelop_spawn(&options, argv, &result) < 0 ? -1 : result.pid;
}
END
	# shellcheck disable=SC2046 # options
	${CC:-cc} -std=c99 -Wall -Wextra -Werror -shared -fPIC -o plugin.so plugin.c $(config --cflags --libs otelop)
	cat >load.py <<'END'
import ctypes, os, sys, threading
plugin = ctypes.CDLL("./plugin.so")
def start():
    print(plugin.plugin_start(sys.argv[1].encode()))
thread = threading.Thread(target=start)
thread.start()
thread.join()
END
	tool -0 timeout -s KILL 60 python3 load.py "$PWD/plugin-state"
	kill -0 "$output"
	kill "$output"
	# As a program at a changing address, too.
	echo 'int main(void) { return 0; }' >main.c
	# shellcheck disable=SC2046 # options
	${CC:-cc} -fPIE -pie -o main main.c plugin.c $(config --cflags --libs otelop)
	tool -0 ./main
}

@test "make where musl-gcc is: the programs need no loader" {
	command -v musl-gcc >/dev/null || skip "no musl-gcc"
	for program in $programs; do
		tool -0 readelf -lW "$BATS_FILE_TMPDIR/build/$program"
		refute_output --partial INTERP
	done
}
