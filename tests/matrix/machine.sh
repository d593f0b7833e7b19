# MACHINE-LIBC: programs for another machine, static, so that no loader of it is needed; run by this kernel where it can, else by
# qemu-user, which the kernel calls for them: by a binfmt_misc of our own, so that nothing changes outside.
# shellcheck shell=sh disable=SC2046,SC2086,SC2154
machine=${what%-*} libc=${what##*-}
# In machines: its name, the compiler's, Debian's, qemu's; its number, class and byte order in ELF.
set -- $(awk -v machine="$machine" '$1 == machine' "$here/machines")
triplet=$2 debian=$3 emulator=qemu-$4 number=$5 class=$6 order=$7
need "$triplet-gcc" "gcc-$triplet"
echo '#include <stdio.h>' | "$triplet-gcc" -E - >/dev/null 2>&1 || missing "glibc for $machine" "libc6-dev-$debian-cross"

CC=$triplet-gcc
if [ "$libc" = musl ]; then
	musl=$BUILD/matrix/musl-$debian
	sh "$here/fetch_musl.sh" "$debian" "$musl" >"$room/fetched" 2>&1 ||
		missing "musl for $machine" "musl-dev:$debian ($(tail -n 1 "$room/fetched"))"
	CC=$(sh "$here/musl.sh" "$room" "$musl/include" "$musl/lib" "$CC") || fault "there is no musl in $musl"
fi
build LIBC=system LDFLAGS=-static CC="$CC"
describe "$triplet-gcc"

# This kernel's or another's?
if ! "$programs/otelop-statedir" --version >/dev/null 2>&1; then
	need "$emulator" qemu-user
	rule=$(sh "$here/binfmt.sh" rule "$machine" "$number" "$class" "$order" "$(command -v "$emulator")")
	below() { sh "$here/binfmt.sh" below "$rule" "$@"; }
	below "$programs/otelop-statedir" --version || {
		echo "there is no binfmt_misc of our own here: Linux 6.7 has that, in a user namespace" >"$room/why"
		exit 77
	}
fi
# What a test compiles is for the same machine, and needs no loader either.
CC="$CC -static"
export CC
probe $CC
"$programs/otelop-statedir" --version >/dev/null 2>&1 || LACKS="$LACKS
strace
way to libc's own signals
way to give a stack back"
case $libc in
glibc) check $(files ready 'meta lock spawn stop run') ;;
musl) check $(files ready 'meta spawn stop') ;;
esac
