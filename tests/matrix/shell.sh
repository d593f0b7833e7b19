# SHELL: the scripts are this shell's, and with them all that they are part of.  Of busybox and toybox they also have every other
# program: these come first in the search of the scripts, and so of what they start.
# shellcheck shell=sh disable=SC2046,SC2154
case $what in
busybox) need busybox busybox && interpreter="$(command -v busybox) sh" userland=busybox ;;
toybox) need busybox busybox && need toybox toybox && interpreter="$(command -v busybox) sh" userland=toybox ;;
ksh93) need ksh93 ksh93u+m && interpreter=$(command -v ksh93) userland= ;;
*) need "$what" "$what" && interpreter=$(command -v "$what") userland= ;;
esac

# As README says: for such a word it gives a program an empty one.
[ "$what" != yash ] || LACKS='words that are no text'
export LACKS="${LACKS-}"

build_once
mkdir "$room/build"
cp -R "$programs/." "$room/build"
programs=$room/build
first="#!$interpreter"
if [ -n "$userland" ]; then
	mkdir "$room/userland"
	# The shell of what they start stays the system's, for busybox's takes its own programs first; and setpriv(1) the tests
	# alone call, as util-linux has it.
	case $userland in busybox) words=$(busybox --list) ;; toybox) words=$(toybox) ;; esac
	for word in $words; do
		case $word in sh | setpriv) continue ;; esac
		ln -s "$(command -v "$userland")" "$room/userland/$word" 2>/dev/null || :
	done
	first="$first
PATH=$room/userland:\$PATH"
fi
for script in otelop otelop-with; do
	{
		echo "$first"
		sed 1d "$tree/bin/$script"
	} >"$programs/$script"
done
echo "the scripts: $interpreter${userland:+, with the programs of $userland}" >"$room/built"
check $(files 'otelop with' 'start restart list with_ends')
