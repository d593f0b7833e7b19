# Building: by several makes and compilers, in odd places, and where something is missing.
# bats file_tags=once
load helper

setup_more() {
	tree=$BATS_TEST_DIRNAME/..
	programs="otelop-lock otelop-meta otelop-ready otelop-run otelop-spawn otelop-statedir otelop-stop"
}

@test "bmake: it builds all, the programs run" {
	command -v bmake >/dev/null || skip "no bmake"
	tool -0 bmake -C "$tree" BUILD="$PWD/b" LIBC=system CFLAGS=-O0 all
	for program in otelop otelop-with $programs; do tool -0 "b/$program" --version; done
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
	for program in otelop otelop-with $programs; do tool -0 "deep/er/$program" --version; done
	assert_exists deep/er/library/libotelop.a
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

@test "make in a tree that cannot be written, BUILD elsewhere and with blanks, whatever the umask: all is made and installed" {
	mkdir "a tree" "a build"
	cp -R "$tree/Makefile" "$tree/bin" "$tree/lib" "$tree/share" "a tree"
	chmod -R a-w "a tree"
	local alone=(sh)
	if : 2>/dev/null >"a tree/written"; then
		# Whoever may write everywhere may not where nothing can be written.
		rm "a tree/written"
		can unshare -m true
		alone=(unshare -m sh -c 'mount --bind "a tree" "a tree" && mount -o remount,bind,ro "a tree" && exec sh "$@"' sh)
	fi
	tool -0 "${alone[@]}" -ec 'cd "a tree"
		! touch written 2>/dev/null
		umask "$1"
		make -s BUILD="../a build/b" LIBC=system CFLAGS=-O0 all
		make -s BUILD="../a build/b" DESTDIR="$2" PREFIX=/usr STRIP=: LIBC=system CFLAGS=-O0 install' sh 077 "$PWD/a root"
	tool -0 "a root/usr/bin/otelop" version
	find "a root" ! -perm -o+r >unreadable
	assert_equal "$(cat unreadable)" ""
	chmod -R u+w "a tree"
}

@test "make without jsmn.h: no success, one line says what is missing and what to do" {
	tool ! make -s -C "$tree" BUILD="$PWD/b" CPPFLAGS=-nostdinc all
	[[ ${stderr_lines[0]} == *jsmn.h* && ${stderr_lines[0]} == *".ci/deps"* && ${stderr_lines[0]} == *libjsmn-dev* ]]
	assert_equal "$(grep -vc '^make' <<<"$stderr")" 1
	refute_output --partial jsmn
	assert_not_exists b/otelop
}

@test "make with a compiler that is not there: one line says which, and the package" {
	local compiler package
	while IFS=: read -r compiler package; do
		tool ! make -s -C "$tree" BUILD="$PWD/b" CC="$compiler" all
		assert_equal "$(grep -v '^make' <<<"$stderr")" \
			"otelop needs a C compiler, and ${compiler%% *} is not there: install $package, or set CC"
	done <<'END'
mips-none-gcc:gcc-mips-none
no-such-compiler -m32:no-such-compiler
END
}

@test "make with a compiler for a machine whose libc is not there, and for musl that is not: one line says the package" {
	mkdir path
	printf '#!/bin/sh\nexec cc -nostdinc "$@"\n' >path/s390x-linux-gnu-gcc
	chmod 755 path/s390x-linux-gnu-gcc
	cp path/s390x-linux-gnu-gcc path/own-cc
	while IFS=: read -r compiler package; do
		PATH=$PWD/path:$PATH tool ! make -s -C "$tree" BUILD="$PWD/b" CC="$compiler" all
		assert_equal "$(grep -v '^make' <<<"$stderr")" \
			"otelop needs a C library for $compiler, and its headers are not there: install $package"
	done <<'END'
s390x-linux-gnu-gcc:libc6-dev-s390x-cross
own-cc:libc6-dev
END
	rm -r path
	mkdir path
	ln -s /usr/bin/* path
	rm -f path/musl-gcc
	PATH=$PWD/path tool ! make -s -C "$tree" BUILD="$PWD/b" LIBC=musl all
	assert_equal "$(grep -v '^make' <<<"$stderr")" \
		"otelop needs musl-gcc for LIBC=musl: install musl-tools, or set LIBC=system"
}

@test "make PLATFORM=posix: the programs run, and record nothing that POSIX does not tell" {
	tool -0 make -s -C "$tree" BUILD="$PWD/b" PLATFORM=posix CFLAGS=-O0 all
	tool -0 b/otelop-lock a=b -- b/otelop-meta get a
	assert_output b
	tool -1 b/otelop-lock a=b -- b/otelop-meta get bootId
}

@test "make PLATFORM=NAME of a system that it has no files for: one line says which there are" {
	local maker
	for maker in make bmake; do
		command -v "$maker" >/dev/null || continue
		tool ! "$maker" -s -C "$tree" BUILD="$PWD/b" PLATFORM=plan9 all
		assert_equal "$(grep '^otelop' <<<"$stderr")" "otelop has no files for PLATFORM=plan9: there are linux, freebsd, netbsd, openbsd, darwin, kqueue and posix"
		refute_output --partial "otelop has"
		assert_not_exists b/otelop
	done
}

# bats test_tags=anybody
@test "other compilers and machines: no warning, and an archive that a program links" {
	local compiler static found=0
	echo '#include <otelop.h>' >program.c
	echo 'int main(void) { return otelop_process_alive(1) != 1; }' >>program.c
	for compiler in tcc clang i686-linux-gnu-gcc aarch64-linux-gnu-gcc arm-linux-gnueabihf-gcc; do
		command -v "$compiler" >/dev/null || continue
		found=1 static=
		[[ $compiler != *linux* ]] || static=-static # then there need be no loader
		tool -0 make -s -C "$tree" BUILD="$PWD/$compiler" CC="$compiler" LDFLAGS=$static CFLAGS=-O1 all
		run -1 grep -E '(^|/)(lib|bin)/[a-z_]*\.[ch]:[0-9]' <<<"$stderr" # what glibc says of static programs is not ours
		# shellcheck disable=SC2086 # an option or none
		"$compiler" $static -I"$tree/lib" -o program program.c "$compiler/library/libotelop.a" 2>/dev/null
		run "$compiler/otelop-statedir" -C /x
		[ "$status" -ge 126 ] || { # where the machine can run it, it runs
			assert_equal "$status,$output" 0,/x
			./program
		}
	done
	((found)) || skip "there is no other compiler"
}

# bats test_tags=anybody
@test "a log of 3 GiB where offsets are 32 bits by default: it is written and read" {
	command -v i686-linux-gnu-gcc >/dev/null || skip "no i686-linux-gnu-gcc"
	make -s -C "$tree" BUILD="$PWD/narrow" CC=i686-linux-gnu-gcc LDFLAGS=-static CFLAGS=-O1 all
	narrow/otelop-statedir -C /x >/dev/null || skip "no program of 32 bits can be run"
	PATH=$PWD/narrow:$PATH
	otelop-statedir -e
	(umask 077 && truncate -s 3G "$OTELOP_STATE_DIR/otelop.log") || skip "no file can be so large"
	tool -1 otelop-spawn -- sh -c 'echo last words; exit 3'
	assert_equal "${stderr_lines[1]}" "last words"
	tool -0 otelop start --ready exec -- sleep 1000
	tool -124 otelop-lock -w 100ms -- true
	tool -0 otelop stop
}
