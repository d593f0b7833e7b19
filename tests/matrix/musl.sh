#!/bin/sh
# musl.sh ROOM HEADERS LIBRARY COMPILER...: a compiler for static programs with the musl that has its headers and its
# library there, made of one that is for another libc; its name is printed.
set -eu
room=$1 headers=$2 library=$3
shift 3
[ -f "$headers/stdio.h" ] && [ -f "$library/libc.a" ] || exit
script=$room/${1##*/}-musl name=${1##*/}
case $name in
*gcc)
	# As musl-gcc does it.
	sed "s|/usr/include/[a-z0-9_]*-linux-musl[a-z]*|$headers|g; s|/usr/lib/[a-z0-9_]*-linux-musl[a-z]*|$library|g; s|Scrt1|crt1|g" \
		"$library/musl-gcc.specs" >"$room/musl.specs"
	printf '#!/bin/sh\nexec %s "$@" -fno-pie -static -specs "%s"\n' "$*" "$room/musl.specs" >"$script"
	;;
*)
	case $name in
	clang) own=$(clang -print-resource-dir)/include last=$(gcc -print-libgcc-file-name) && set -- "$@" -Qunused-arguments ;;
	tcc) own=$(tcc -print-search-dirs | sed -n 's/^ *\(.*tcc\)\/include$/\1\/include/p' | head -n 1) last= ;;
	esac
	cat >"$script" <<SCRIPT
#!/bin/sh
for word; do
	case \$word in -c | -E | -S | -r | -print* | --version) exec $* -nostdinc -isystem "$headers" -isystem "$own" "\$@" ;; esac
done
exec $* -nostdinc -isystem "$headers" -isystem "$own" -nostdlib -static -L"$library" "$library/crt1.o" "$library/crti.o" "\$@" -lc $last "$library/crtn.o"
SCRIPT
	;;
esac
chmod 755 "$script"
echo "$script"
