#!/bin/sh
# Fetch what descriptions need and what is not there: fetch DIRECTORY DESCRIPTION...
# Debian's packages as root; npm's and pip's into DIRECTORY/npm/NAME and DIRECTORY/pip/NAME.  Why something cannot be had
# goes to DIRECTORY/why/NAME; as an ordinary user on Debian the one command to run is printed.  What is not there in the
# end is none of our affair: nothing here fails.
# shellcheck disable=SC1090,SC1091,SC2154,SC2317 # description.sh sets what every description may; `each` calls
set -u

here=$(cd "$(dirname "$0")" && pwd)
work=$1
shift
rm -rf "$work/why"
mkdir -p "$work/why" "$work/npm" "$work/pip"
log=$work/fetch.log
: >"$log"

# A daemon that a package brings must not begin to run: while we install, the answer to who asks is "no".  What is
# there before comes back; what one of us left who was killed does not.
policy=/usr/sbin/policy-rc.d
mark='while otelop fetches daemons, none of them starts'
forbid() {
	grep -qsF "$mark" "$policy" || [ ! -e "$policy" ] || mv "$policy" "$policy.kept"
	trap allow 0
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	printf '#!/bin/sh\n# %s\nexit 101\n' "$mark" >"$policy"
	chmod 755 "$policy"
}
allow() {
	rm -f "$policy"
	[ ! -e "$policy.kept" ] || mv "$policy.kept" "$policy"
	trap - 0
}

# is_there NAME: its program can be called.
is_there() (PATH=$(sh "$here/path.sh" "$work" "$1") && command -v "$program" >/dev/null)

# each ACTION: for every description that is not yet satisfied, with its words set.
each() {
	action=$1
	shift
	for description; do
		name=$(basename "$description")
		. "$here/description.sh"
		. "$description"
		is_there "$name" || "$action"
	done
}

# refused WORDS: what the last command said last, for people.
refused() { printf '%s: %s\n' "$1" "$(grep -E '^(E:|npm error|ERROR)' "$work/said" | head -n 1)" >"$work/why/$name"; }

from_debian() {
	[ -n "$apt" ] || return
	echo "daemons: installing $apt" >&2
	# shellcheck disable=SC2086 # a list of words
	apt-get install -y --no-install-recommends --no-remove --no-upgrade $apt >"$work/said" 2>&1 </dev/null || refused "apt-get"
	cat "$work/said" >>"$log"
}
list_debian() { wanted="$wanted${apt:+ }$apt"; }

from_npm() {
	[ -n "$npm" ] && command -v npm >/dev/null || return
	echo "daemons: fetching $npm from npm" >&2
	mkdir -p "$work/npm/$name"
	# shellcheck disable=SC2086 # a list of words
	npm install --prefix "$work/npm/$name" --no-fund --no-audit $npm >"$work/said" 2>&1 </dev/null || refused npm
	cat "$work/said" >>"$log"
}

from_pip() {
	[ -n "$pip" ] && command -v python3 >/dev/null || return
	echo "daemons: fetching $pip with pip" >&2
	# shellcheck disable=SC2086 # a list of words
	{
		python3 -m venv "$work/pip/$name" &&
			"$work/pip/$name/bin/pip" install -q --retries 1 $pip
	} >"$work/said" 2>&1 </dev/null || refused pip
	cat "$work/said" >>"$log"
}

if command -v apt-get >/dev/null; then
	wanted=
	each list_debian "$@"
	if [ -z "$wanted" ]; then
		:
	elif [ "$(id -u)" -eq 0 ]; then
		export DEBIAN_FRONTEND=noninteractive
		forbid
		apt-get update >>"$log" 2>&1 </dev/null || :
		each from_debian "$@"
		allow
	else
		echo "daemons: not all are there; run this for more: sudo apt-get install --no-install-recommends$wanted" >&2
	fi
fi
each from_npm "$@"
each from_pip "$@"
exit 0
