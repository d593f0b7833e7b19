#!/bin/sh
# Build the targets: build DIR.  CC, CFLAGS, LDFLAGS as usual, INCLUDE is where jsmn.h is; MAIN is what
# is linked to a target: -fsanitize=fuzzer, or nothing for our own main, which runs a target over files.
set -eu
cd "$(dirname "$0")/../.."
top=$PWD
dir=$1
cc="${CC:-cc} ${CFLAGS:-}"

# compile DIR FILE...: a few of those files a compiler, two compilers at once; top has no blank.
compile() {
	mkdir -p "$1"
	cd "$1"
	shift
	rm -f ./*
	ln -s "$top" top
	# shellcheck disable=SC2086 # flags are words
	printf 'top/%s\n' "$@" | xargs -n 4 -P 2 $cc -std=c99 -D_XOPEN_SOURCE=700 -D_DEFAULT_SOURCE \
		-Itop/lib -I"$INCLUDE" -c
	cd "$top"
}

link() {
	# shellcheck disable=SC2086
	$cc ${LDFLAGS:-} -o "$@" "$dir/library/libotelop.a"
}

# shellcheck disable=SC2046 # their names are words
compile "$dir/library" $(make -s sources)
compile "$dir/objects" tests/fuzz/*.c
ar rc "$dir/library/libotelop.a" "$dir"/library/*.o
for target in tests/fuzz/seeds/*/; do
	target=$(basename "$target")
	link "$dir/$target" "$dir/objects/$target.o" "${MAIN:-$dir/objects/replay.o}"
done
link "$dir/answer" "$dir/objects/answer.o"
