# The files of systems that are not at hand: each compiles, and together they give what is declared.
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
