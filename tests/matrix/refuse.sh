# CALL-REASON: below a kernel that gives this reason instead of doing what the call asks for.
# shellcheck shell=sh disable=SC2046,SC2086,SC2154
call=${what%-*} reason=${what##*-}
build
cc -Wall -Wextra -Werror -o "$room/refuse" "$tree/tests/tools/refuse.c" || fault "tests/tools/refuse.c is not compiled"
[ "$call" != all ] || call=$("$room/refuse" list)
below() { "$room/refuse" "$reason" $call -- "$@"; }
below true 2>/dev/null || {
	echo "no call can be refused here: seccomp(2) is not to be had" >"$room/why"
	exit 77
}
probe cc
echo "$(uname -sr) without" $call >"$room/built"
check $(files 'stop keepers' 'lock spawn run sweep end processes')
