#!/bin/sh
# One cell: cell.sh KIND WHAT ROOM.  The kind's own file says what is built and below what the tests run; here is what
# all of them need.  In ROOM is then `built`, a word about the programs, `tests`, what bats said, and, unless all is well, `why`.
# The status is 1 where something is wrong, and 77 where something is missing.
# shellcheck disable=SC1090,SC2016,SC2034,SC2046,SC2119,SC2120,SC2209,SC2317 # for the kinds; lists of words
set -euf

here=$(cd "$(dirname "$0")" && pwd)
tree=$(cd "$here/../.." && pwd)
kind=$1 what=$2 room=$3
programs=$room/build

fault() { echo "$*" >"$room/why"; exit 1; }
# missing WHAT PACKAGE
missing() { echo "$1 is not there: install $2" >"$room/why"; exit 77; }
need() { command -v "$1" >/dev/null || missing "$1" "$2"; }

maker=make

# build ARGUMENT...: by make, where a warning is an error: whoever says it, but for what glibc has to say of static programs.
build() {
	"$maker" -C "$tree" BUILD="$programs" CFLAGS='-O2 -g -Werror' "$@" all >"$room/make" 2>&1 ||
		fault "it is not built: $(grep -v '^make' "$room/make" | grep . | tail -n 1)"
	said=$(grep -i 'warning' "$room/make" | grep -v 'in statically linked applications requires at runtime' || :)
	[ -z "$said" ] || fault "a warning: $said"
}

# For cells in which nothing is compiled: the same programs for all of them, built once.
build_once() {
	programs=$BUILD/matrix/programs
	build
}

# describe COMPILER...: what was built, by whom.
describe() {
	set -- "$("$@" --version 2>/dev/null | head -n 1 | grep . || "$@" -v 2>&1 | head -n 1)"
	echo "$1; $(file -b "$programs/otelop-run" 2>/dev/null | cut -d, -f1,2,4 || :)" >"$room/built"
}

# probe COMPILER...: what this cell lacks, as the programs would see it: $LACKS.
probe() {
	"$@" -o "$room/probe" "$here/probe.c" || fault "the probe is not compiled"
	LACKS=$(below sh -c 'trap "" ALRM; exec "$1" <&-' sh "$room/probe") || fault "the probe ends with $?"
	export LACKS
}
below() { "$@"; }

# check FILE...: these bats files (without tests/ and .bats) with what was built.
check() {
	set -- $(printf 'tests/%s.bats ' "$@")
	code=0
	(cd "$tree" && BUILD=$programs JOBS=${JOBS:-1} below sh tests/run "$@") >"$room/tests" 2>&1 || code=$?
	[ "$code" -ne 0 ] || grep -q '^ok' "$room/tests" || fault "no test was run"
	[ "$code" -eq 0 ] || fault "$(grep '^not ok' "$room/tests" | sed 's/^not ok [0-9]* //' | paste -sd ';' | cut -c 1-200)"
}

# What each part of the matrix runs: MATRIX=quick has less.
files() {
	if [ "${MATRIX-}" = quick ]; then echo "$1"; else echo "$1 $2"; fi
}

. "$here/$kind.sh"; exit
