#!/bin/sh
# An APKBUILD is read as abuild does it, up to the folder that the package is made of.  cc is musl's where that is there,
# as on Alpine.
#	sh stand-in.apk.sh FOLDER RECIPE FOLDER-OF-THE-PACKAGE
set -eu

mkdir "$1/bin"
if command -v musl-gcc >/dev/null; then ln -s "$(command -v musl-gcc)" "$1/bin/cc"; fi
cd "$1"
PATH=$1/bin:$PATH CFLAGS='-Os -fstack-clash-protection -Wformat -Werror=format-security' LDFLAGS='-Wl,--as-needed,-O1,--sort-common'
export PATH CFLAGS LDFLAGS
# shellcheck disable=SC1090 # the recipe
. "./$2"
# shellcheck disable=SC2154 # it sets them
for word in "$pkgname" "$pkgver" "$pkgrel" "$pkgdesc" "$arch" "$license" "$source"; do [ -n "$word" ]; done
# shellcheck disable=SC2154
echo "$sha512sums" | grep . | sha512sum -c
tar -xf "$source"
pkgdir=$3
for phase in build check package; do
	(cd "$pkgname-$pkgver" && "$phase")
done
PATH=$pkgdir/usr/bin:$PATH
unset CFLAGS LDFLAGS
sh "$pkgname-$pkgver/share/packaging/life" "$pkgver"
