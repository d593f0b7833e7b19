# MAKER: another make, and many jobs: everything is built at once, and nothing the second time; it is as good as ever.
# shellcheck shell=sh disable=SC2046,SC2086,SC2154,SC2209
maker=make
jobs=
case $what in
gnu-4.3)
	need make make
	make --version | grep -q '^GNU Make 4\.3$' || {
		echo "make is $(make --version | head -n 1), and not GNU Make 4.3 of Debian 11 and 12" >"$room/why"
		exit 77
	}
	;;
bmake*) need bmake bmake && maker=bmake ;;
esac
case $what in *-j8) jobs=-j8 ;; esac

build $jobs
{
	"$maker" --version 2>/dev/null || echo "bmake $("$maker" -V MAKE_VERSION)"
} | sed "1s/\$/ $jobs/; q" >"$room/built"
build $jobs
again=$(grep -E '^([a-z-]*cc|ar) ' "$room/make" || :)
[ -z "$again" ] || fault "the second time it makes $again"
check $(files ready 'meta build')
