# COMPILER-STANDARD-LIBC: warnings as errors, the library's units and every program.
# shellcheck shell=sh disable=SC2046,SC2086,SC2154
libc=${what##*-} compiler=${what%%-*} standard=${what#*-}
standard=${standard%-*}

case $compiler in gcc | clang | tcc) need "$compiler" "$compiler" ;; esac
takes() { echo 'int main(void) { return 0; }' | "$compiler" -Werror "-std=$1" -x c -c -o "$room/takes.o" - >/dev/null 2>&1; }
if [ "$standard" = c23 ] && ! takes c23; then
	standard=c2x
fi
if [ "$compiler" = tcc ]; then
	# It takes any name, and has one language.
	case $standard in c2*) echo "$(tcc -v) has no C23" >"$room/why" && exit 77 ;; esac
elif ! takes "$standard"; then
	echo "$compiler has no $standard" >"$room/why"
	exit 77
fi

CC=$compiler
set -- LIBC=system
if [ "$libc" = musl ]; then
	need musl-gcc musl-tools
	triplet=$(gcc -dumpmachine | sed 's/-gnu/-musl/')
	CC=$(sh "$here/musl.sh" "$room" "/usr/include/$triplet" "/usr/lib/$triplet" "$compiler") || fault "musl is not where it is looked for"
	set -- "$@" LDFLAGS=-static
fi
build "$@" CC="$CC" STD="$standard"
describe $compiler
export CC
# What the programs do does not depend on the edition.
case $standard in
c99) check $(files ready 'meta units spawn stop') ;;
*) check ready ;;
esac
