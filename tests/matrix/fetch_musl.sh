#!/bin/sh
# fetch_musl.sh ARCHITECTURE DIRECTORY: Debian's musl-dev of another architecture, unpacked into DIRECTORY as `include` and
# `lib`; by a state of apt's own, so that this system learns of no architecture and gets no package.
set -eu
architecture=$1 directory=$2
[ ! -f "$directory/lib/libc.a" ] || exit 0
command -v apt-get >/dev/null || { echo 'it is fetched by apt-get alone'; exit 1; }
rm -rf "$directory"
mkdir -p "$directory/lists/partial" "$directory/cache/archives/partial"
cd "$directory"
apt() {
	apt-get -qq -o "APT::Architecture=$architecture" -o "APT::Architectures=$architecture" -o Dir::State::status=/dev/null \
		-o "Dir::State::Lists=$directory/lists" -o "Dir::Cache=$directory/cache" -o Acquire::Languages=none \
		-o APT::Sandbox::User="$(id -un)" "$@" 2>&1
}
apt update || : "a list that is not needed may be behind"
apt download musl-dev
dpkg-deb -x musl-dev_*.deb unpacked
mv unpacked/usr/include/*-musl* include
mv unpacked/usr/lib/*-musl* lib
rm -rf lists cache unpacked ./*.deb
[ -f lib/libc.a ]
