#!/bin/sh
# The version, the templates and the tarballs.  Read by run, which has set top, out and work.
# shellcheck disable=SC2154

version=$(sed -n 's/^#define OTELOP_VERSION "\(.*\)"/\1/p' "$top/lib/otelop.h")
programs='otelop-statedir otelop-spawn otelop-ready otelop-lock otelop-meta otelop-stop otelop-run otelop otelop-with'
source_tar=otelop-$version.tar.gz
# RFC 2606: a name that will never be anybody's.
: "${MAINTAINER:=${DEBFULLNAME:-the otelop authors} <${DEBEMAIL:-otelop@packages.invalid}>}"
: "${HOMEPAGE=}" "${SOURCE=}"

in_git() { [ "$(git -C "$top" rev-parse --show-toplevel 2>/dev/null)" = "$top" ]; }

# When what is packed was made.  All files of a tarball have this time, and so the Makefile of an unpacked one.
if [ -z "${SOURCE_DATE_EPOCH-}" ]; then
	if in_git; then
		SOURCE_DATE_EPOCH=$(git -C "$top" log -1 --format=%ct)
	else
		SOURCE_DATE_EPOCH=$(stat -c %Y "$top/Makefile")
	fi
fi
export SOURCE_DATE_EPOCH

# fill FILE...: what is between two @ gets its value, in place.  Where it has none, the line goes.
fill() {
	for value in "VERSION=$version" "MAINTAINER=$MAINTAINER" "HOMEPAGE=$HOMEPAGE" "SOURCE=$SOURCE" \
		"URL=${SOURCE:-file://$(printf %s "$out" | sed 's/%/%25/g; s/ /%20/g')/}$source_tar" \
		"DATE=$(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")" \
		"RPMDATE=$(LC_ALL=C date -u -d "@$SOURCE_DATE_EPOCH" '+%a %b %d %Y')" \
		"SHA256=$(sum sha256sum)" "SHA512=$(sum sha512sum)"; do
		[ "$value" != HOMEPAGE= ] || sed -i '/@HOMEPAGE@/d' "$@"
		sed -i "s|@${value%%=*}@|$(printf %s "${value#*=}" | sed 's/[\\&|]/\\&/g')|g" "$@"
	done
}
sum() { "$1" <"$out/$source_tar" | sed 's/ .*//'; }

# pack FOLDER FILE: all that is in the folder, sorted, nobody's, and with modes that no umask has touched.
pack() {
	tar -C "${1%/*}" --format=ustar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
		--mode=u=rwX,go=rX -c "${1##*/}" | gzip -9n >"$2.new"
	mv "$2.new" "$2"
}

# tracked: the names of all files that belong to the source, each with a NUL.
tracked() {
	if in_git; then
		git -C "$top" ls-files -z
	else
		(
			cd "$top" || exit
			find . -mindepth 1 -maxdepth 1 ! -type d -print0
			for of_ours in .ci .github bin lib share tests; do
				[ ! -d "$of_ours" ] || find "$of_ours" ! -type d -print0
			done
		)
	fi
}

# make_source: the tarball, once for all that asks for it; unpacked it is in $work.
make_source() {
	[ ! -d "$work/otelop-$version" ] || return 0
	folder=$work/otelop-$version
	mkdir "$folder"
	tracked >"$work/tracked"
	tar -C "$top" --null -T "$work/tracked" -c | tar -C "$folder" -x
	# Not every distribution has jsmn.h.
	make -s -C "$top" BUILD="$work/jsmn" jsmn
	mkdir -p "$folder/share/packaging/jsmn"
	cp "$work/jsmn/include/jsmn.h" "$folder/share/packaging/jsmn"
	pack "$folder" "$out/$source_tar"
	rm -rf "$folder"
	tar -C "$work" -xf "$out/$source_tar"
	row "$source_tar" made ''
}

# fetched NAME ARCHITECTURE DIR: Debian's package is unpacked there; nothing is installed, and the system need not be of
# that architecture.  What apt knows of it is kept for the next one.
fetched() (
	apt=$work/apt-$2 name=$1 to=$3
	mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$to"
	set -- -q -o "APT::Architecture=$2" -o "APT::Architectures=$2" -o "Dir::State::lists=$apt/lists" \
		-o "Dir::Cache=$apt" -o Dir::State::status=/dev/null -o Debug::NoLocking=1 -o APT::Sandbox::User=
	exec >>"$work/apt.log" 2>&1
	cd "$apt" || exit
	[ -e updated ] || { apt-get "$@" update && : >updated; }
	apt-get "$@" download "$name" && dpkg-deb -x "$name"_*.deb "$to"
)

# find_static MACHINE: the compiler and the linker's words for static programs of that machine, in CC, static and libc.
find_static() {
	CC=$1-linux-gnu-gcc static=-static libc=glibc notice=
	if [ "$1" = "$(uname -m)" ] && command -v musl-gcc >/dev/null; then
		CC=musl-gcc libc=musl notice=/usr/share/doc/musl/copyright
	elif ! command -v "$CC" >/dev/null; then
		return 1
	elif fetched musl-dev "$(debian_name "$1")" "$work/musl-$1"; then
		cross_musl "$1"
		CC=$work/$1-linux-musl-gcc libc=musl notice=$work/musl-$1/usr/share/doc/musl-dev/copyright
	fi
	[ "$libc" = glibc ] || static='-static -Wl,-z,norelro'
}
debian_name() { case $1 in aarch64) echo arm64 ;; x86_64) echo amd64 ;; *) echo "$1" ;; esac }
# cross_musl MACHINE: what musl-gcc is, with what was fetched.
cross_musl() {
	specs=$work/musl-$1/usr/lib/$1-linux-musl/musl-gcc.specs
	sed -i "s|/usr/|$work/musl-$1/usr/|g" "$specs"
	printf '#!/bin/sh\nexec %s-linux-gnu-gcc "$@" -specs %s\n' "$1" "$specs" >"$work/$1-linux-musl-gcc"
	chmod 755 "$work/$1-linux-musl-gcc"
}

# make_static MACHINE: its tarball; what is in it stays in $work, and so does a file static-MACHINE if all is well.
make_static() {
	[ ! -f "$work/static-$1" ] || return 0
	make_source
	folder=$work/otelop-$version-linux-$1
	find_static "$1" || { row "${folder##*/}.tar.gz" skipped 'there is no compiler for it'; return 0; }
	run_logged "static-$1" make -s -j2 -C "$work/otelop-$version" BUILD="$work/build-$1" CC="$CC" LIBC=system CFLAGS=-Oz \
		LDFLAGS="$static -Wl,--build-id=none" DESTDIR="$work/root-$1" PREFIX=/usr install || return 0
	mkdir -p "$folder/share/doc/otelop"
	cp -R "$work/root-$1/usr/bin" "$folder/bin"
	cp -R "$work/root-$1/usr/share/." "$folder/share"
	rm -rf "$folder/share/man/man3"
	cp "$top/LICENSE" "$top/README.md" "$top/CHANGELOG.md" "$folder/share/doc/otelop"
	# Whose code is in the programs, too.
	sed '/\*\//q' "$work/otelop-$version/share/packaging/jsmn/jsmn.h" >"$folder/share/doc/otelop/copyright.jsmn"
	[ ! -f "$notice" ] || cp "$notice" "$folder/share/doc/otelop/copyright.$libc"
	pack "$folder" "$out/${folder##*/}.tar.gz"
	if for program in $programs; do readelf -lW "$folder/bin/$program" 2>/dev/null; done | grep -q INTERP; then
		row "${folder##*/}.tar.gz" failed "a program needs a loader"
	else
		row "${folder##*/}.tar.gz" made "static, $libc"
		: >"$work/static-$1"
	fi
}

make_dist() {
	make_recipes
	make_static x86_64
	make_static aarch64
	(cd "$out" && sha256sum "otelop-$version"*.tar.gz >SHA256SUMS)
}
