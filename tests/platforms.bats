# The files of systems that are not at hand: each compiles, and together they give what is declared.
# bats file_tags=once
load helper

tree=$BATS_TEST_DIRNAME/..
warnings='-Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wmissing-prototypes -Wstrict-prototypes -Werror'

# The sources of a system, but for what stands in for its calls.
sources_of() { make -s -C "$tree" PLATFORM="$1" DOUBLE= sources | tr ' ' '\n' | grep '^lib/platform/'; }
# Against its calls as its man pages have them (tests/kqueue), beside this system's own.
compile() {
	# shellcheck disable=SC2086 # words
	"${CC:-cc}" -std=c99 -D_XOPEN_SOURCE=700 -D_DEFAULT_SOURCE $warnings -O0 -I "$tree/tests/kqueue/$1" \
		-I "$tree/tests/kqueue/include" -I "$tree/lib" -c -o "$3" "$tree/$2"
}
declared() { sed -n 's/^[^ *#].*[ *]\(platform_[a-z_0-9]*\)(.*/\1/p' "$tree/lib/platform/platform.h" | grep -v '^platform_take_' | sort -u; }

gives_all() {
	local source name
	mkdir "$1"
	for source in $(sources_of "$1"); do
		name=${source##*/}
		compile "$1" "$source" "$1/${name%.c}.o"
	done
	nm -g --defined-only "$1"/*.o | sed -n 's/.* [TD] \(platform_.*\)/\1/p' | grep -v '^platform_signals$' | sort >given
	declared >wanted
	[ "$(wc -l <wanted)" -gt 50 ]
	diff wanted given
}

@test "FreeBSD's files: no warning against its documented calls, and each function of the interface once" { gives_all freebsd; }
@test "NetBSD's files: no warning against its documented calls, and each function of the interface once" { gives_all netbsd; }
@test "OpenBSD's files: no warning against its documented calls, and each function of the interface once" { gives_all openbsd; }
@test "macOS's files: no warning against its documented calls, and each function of the interface once" { gives_all darwin; }
@test "the files of a system that has kqueue and nothing more: no warning, and each function of the interface once" { gives_all kqueue; }
@test "the files of POSIX alone: no warning, and each function of the interface once" { gives_all posix; }
@test "Linux's files: no warning, and each function of the interface once" { gives_all linux; }

@test "kqueue(2) by its double: the end of a process is told once and for all, a child has no queue, changes are told and forgotten" {
	local kqueue=$tree/tests/kqueue
	# shellcheck disable=SC2086 # words
	"${CC:-cc}" -std=c99 -D_XOPEN_SOURCE=700 -D_DEFAULT_SOURCE $warnings -I "$kqueue/include" -I "$tree/lib" -o try "$kqueue/try.c" \
		"$kqueue/double_kqueue.c" "$tree/lib/platform/kqueue.c" "$tree/lib/base/io.c" -lpthread
	tool -0 timeout 60 ./try
	assert_output - <<-'END'
		runs: nothing
		a child has it: 0
		a signal by it: -1 1
		killed: told
		a zombie: told
		reaped: told, told
		no process: -1 1
		watched: nothing
		another file: nothing
		written: 1, told
		drained: nothing
		mode: 0, told
		renamed over: 0, told
	END
}

@test "make of before GNU make 4, which knows no !=: one line says what to install" {
	tool ! make -s -C "$tree" BUILD="$PWD/b" PLATFORM= all
	assert_equal "$(grep '^otelop' <<<"$stderr")" \
		"otelop needs GNU make 4, or a BSD's: this one is older; on macOS install make, and call gmake"
}
