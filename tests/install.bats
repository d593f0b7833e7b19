# Building, installing, and using what was installed.
load helper

setup_file() {
	# A build of our own: making anything in $BUILD would pull it away from other tests.
	make -s -C "$BATS_TEST_DIRNAME/.." BUILD="$BATS_FILE_TMPDIR/build" CFLAGS=-O1 all >"$BATS_FILE_TMPDIR/log" 2>&1 || {
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

built() { make -s -C "$tree" BUILD="$BATS_FILE_TMPDIR/build" CFLAGS=-O1 DESTDIR="$dest" PREFIX=/usr/x "$@"; }

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
		for program in otelop $programs; do echo "755 bin/$program"; done
		echo "644 include/otelop.h"
		echo "644 lib/libotelop.a"
		echo "644 lib/pkgconfig/otelop.pc"
		for program in otelop $programs; do echo "644 share/man/man1/$program.1"; done
		echo "644 share/man/man3/otelop.3"
		echo "644 share/man/man7/otelop.7"
		echo "644 share/bash-completion/completions/otelop"
		echo "644 share/fish/vendor_completions.d/otelop.fish"
		echo "644 share/zsh/site-functions/_otelop"
	} | sort >wanted
	find "$prefix" -type f -printf '%m %P\n' | sort >found
	diff wanted found
	find "$dest" -type d -printf '%m %p\n' >directories
	run -1 grep -v '^755' directories
}

@test "make install: every program has its completion, and no link leads nowhere" {
	built install
	for program in otelop $programs; do
		assert_file_exists "$prefix/share/bash-completion/completions/$program"
		assert_file_exists "$prefix/share/fish/vendor_completions.d/$program.fish"
	done
	assert_equal "$(find "$dest" -xtype l)" ""
}

@test "make install without DESTDIR: into PREFIX" {
	tool -0 make -s -C "$tree" BUILD="$BATS_FILE_TMPDIR/build" CFLAGS=-O1 PREFIX="$PWD/here" install
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
	if command -v g++ >/dev/null; then
		cp alone.c alone.cc
		# shellcheck disable=SC2046 # options
		g++ -Wall -Wextra -Werror -fsyntax-only $(config --cflags otelop) alone.cc
	fi
}

@test "bmake: it builds all, the programs run" {
	command -v bmake >/dev/null || skip "no bmake"
	tool -0 bmake -C "$tree" BUILD="$PWD/b" LIBC=system CFLAGS=-O0 all
	for program in otelop $programs; do tool -0 "b/$program" --version; done
	PATH=/usr/bin:/bin
	tool -0 b/otelop start --ready exec -- sleep 600
	tool -0 b/otelop stop
}

@test "BSD make with two jobs: it builds all" {
	command -v bmake >/dev/null || skip "no bmake"
	tool -0 bmake -j2 -C "$tree" BUILD="$PWD/b" LIBC=system CFLAGS=-O0 all
	tool -0 b/otelop version
}

@test "make -j2 into a new directory: it builds all, the programs run" {
	tool -0 make -j2 -C "$tree" BUILD="$PWD/deep/er" CFLAGS=-O0 all
	for program in otelop $programs; do tool -0 "deep/er/$program" --version; done
	assert_exists deep/er/library/libotelop.a
}

@test "make where musl-gcc is: the programs need no loader" {
	command -v musl-gcc >/dev/null || skip "no musl-gcc"
	for program in $programs; do
		tool -0 readelf -lW "$BATS_FILE_TMPDIR/build/$program"
		refute_output --partial INTERP
	done
}

@test "make in a copy of the tree with a blank in its path, BUILD relative: all is made in there; again: nothing is; clean removes it" {
	mkdir "a copy"
	cp -R "$tree/Makefile" "$tree/bin" "$tree/lib" "$tree/share" "a copy"
	find "a copy" | sort >before
	tool -0 make -s -C "a copy" BUILD=out/one CFLAGS=-O0 all
	tool -0 "a copy/out/one/otelop" version
	find "a copy" ! -path 'a copy/out*' | sort >after
	diff before after
	echo '# changed' >>"a copy/bin/otelop"
	tool -0 make -C "a copy" BUILD=out/one CFLAGS=-O0 all
	refute_output --regexp '(^|[^a-z])(cc|gcc|musl-gcc|clang) '
	cmp "a copy/bin/otelop" "a copy/out/one/otelop"
	tool -0 make -s -C "a copy" BUILD=out/one clean
	assert_not_exists "a copy/out/one"
}

@test "make without jsmn.h: no success, one line says what is missing and what to do" {
	tool ! make -s -C "$tree" BUILD="$PWD/b" CPPFLAGS=-nostdinc all
	[[ ${stderr_lines[0]} == *jsmn.h* && ${stderr_lines[0]} == *".ci/deps"* && ${stderr_lines[0]} == *libjsmn-dev* ]]
	assert_equal "$(grep -vc '^make' <<<"$stderr")" 1
	refute_output --partial jsmn
	assert_not_exists b/otelop
}
