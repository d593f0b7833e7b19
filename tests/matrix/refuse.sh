# CALL-REASON: below a kernel that gives this reason instead of doing what the call asks for.
# shellcheck shell=sh disable=SC2046,SC2086,SC2154
call=${what%-*} reason=${what##*-}
build_once
cc -Wall -Wextra -Werror -o "$room/refuse" "$tree/tests/tools/refuse.c" || fault "tests/tools/refuse.c is not compiled"
files=
case $call in
all)
	call=$("$room/refuse" list)
	# What is opened below `children` begins anew behind a stop, where a test waits for the file that was made.  stat(1)
	# and ls(1), which the tests use, take EPERM from statx for an answer.
	case $reason in
	ENOENT) call=$(echo "$call" | grep -v -x -e openat2 -e renameat2 -e statx -e children) ;;
	EPERM) call=$(echo "$call" | grep -v -x statx) ;;
	esac
	files=$(files 'stop' 'lock keepers spawn run sweep end processes vanish')
	;;
pidfd_*) files='stop processes' ;;
close_range) files='detach exec' ;;
clone3 | waitid_pidfd) files='spawn' ;;
prctl) files='stop sweep lock' ;;
sock_diag) files='modes readiness' ;;
openat2) files='statedir' ;;
renameat2) files='lock probe' ;;
statx) files='modes keepers' ;;
inotify) files='lock vanish' ;;
children) files='stop sweep end' ;;
esac
below() { "$room/refuse" "$reason" $call -- "$@"; }
below true 2>/dev/null || {
	echo "no call can be refused here: seccomp(2) is not to be had" >"$room/why"
	exit 77
}
probe cc
echo "$(uname -sr) without" $call >"$room/built"
check $files
