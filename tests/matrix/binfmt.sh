#!/bin/sh
# binfmt.sh rule NAME NUMBER CLASS ORDER INTERPRETER: the line for /proc/sys/fs/binfmt_misc/register: programs of this ELF
# machine are run by this interpreter, which is opened at once (F), is told their
# argv[0] (P), and is whom their modes say (C).
# binfmt.sh below RULE COMMAND [ARG...]: COMMAND in a user namespace with a binfmt_misc of its own that has the rule.  Everybody is
# in root's; in another user's he is alone.
set -eu

if [ "$1" = rule ]; then
	executable='\x02\x00' either='\xfe\xff' version='\x01\x00\x00\x00'
	[ "$5" = 1 ] || executable='\x00\x02' either='\xff\xfe' version='\x00\x00\x00\x01'
	printf '%s\n' ":otelop-$2:M::\\x7fELF\\x0$4\\x0$5\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00$executable$3$version:\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff$either\\xff\\xff\\xff\\xff\\xff\\xff:$6:FPC"
	exit
fi
rule=$2
shift 2

# shellcheck disable=SC2016 # for that sh
inside='mount -t binfmt_misc none /proc/sys/fs/binfmt_misc && printf "%s\n" "$1" >/proc/sys/fs/binfmt_misc/register || exit 125
	shift
	exec "$@"'
if [ "$(id -u)" -ne 0 ]; then
	# Only a root may write the rule, and is who he was again afterwards, one namespace deeper, which finds it.
	exec unshare --user --map-root-user --mount sh -c "$inside" sh "$rule" \
		unshare --user --map-user="$(id -u)" --map-group="$(id -g)" "$@"
fi
# Only from outside everybody can be mapped.
go=$(mktemp -d)
mkfifo "$go/made" "$go/mapped"
# In the background is who maps: what is there ignores signals and has no input.
{
	: <"$go/made"
	for map in uid_map gid_map; do echo '0 0 4294967295' >"/proc/$$/$map"; done
	echo >"$go/mapped"
	rm -rf "$go"
} &
# shellcheck disable=SC2016
exec unshare --user --mount sh -c ': >"$1/made"; read -r _ <"$1/mapped"; shift; '"$inside" sh "$go" "$rule" "$@"
