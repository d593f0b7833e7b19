# What is packaged: the tarball, npm's package, and the lists of files of the others.  `make packages` tries all of it.
# bats file_tags=once
load helper

setup_more() {
	tree=$BATS_TEST_DIRNAME/..
	version=$(sed -n 's/^#define OTELOP_VERSION "\(.*\)"/\1/p' "$tree/lib/otelop.h")
	programs="otelop otelop-lock otelop-meta otelop-ready otelop-run otelop-spawn otelop-statedir otelop-stop otelop-with"
	export PACKAGES_FETCHED=1
}

# package TREE WORD...: into out here.
package() {
	local from=$1
	shift
	env -u SOURCE -u HOMEPAGE -u MAINTAINER -u SOURCE_DATE_EPOCH BUILD="$PWD/out" sh "$from/share/packaging/run" "$@"
}

@test "make dist in two clones with other times and umasks, and in its own tarball: the same bytes" {
	command -v git >/dev/null || skip "no git"
	tar --sort=name -cf /dev/null /dev/null 2>/dev/null || skip "no GNU tar"
	local each
	mkdir origin
	cp -R "$tree"/.ci "$tree"/*.md "$tree/LICENSE" "$tree/Makefile" "$tree/bin" "$tree/lib" "$tree/share" "$tree/tests" origin
	(
		cd origin
		git init -q
		git add .
		git -c user.name=x -c user.email=x@packages.invalid commit -qm x --date 2020-02-02T02:02:02
	)
	(umask 077 && git clone -q origin one)
	(umask 002 && git clone -q origin "the other")
	find one -exec touch -h -d 2001-02-03 {} +
	touch one/stray "the other/tests/stray"
	for each in one "the other" "otelop-$version"; do
		tool -0 package "$each" recipes
		mv "out/packages/otelop-$version.tar.gz" "$each.tar.gz"
		[ -e "otelop-$version" ] || tar -xf one.tar.gz
	done
	cmp one.tar.gz "the other.tar.gz"
	cmp one.tar.gz "otelop-$version.tar.gz"
	assert_exists "otelop-$version/share/packaging/jsmn/jsmn.h"
	assert_not_exists "otelop-$version/stray"
	# What the recipes say of it is true.
	grep -qF "$(sha256sum <one.tar.gz | cut -d ' ' -f 1)" out/packages/otelop.rb
	grep -qF "$(sha512sum <one.tar.gz | cut -d ' ' -f 1)" out/packages/APKBUILD
	run -1 grep '@[A-Z0-9]*@' out/packages/otelop.rb out/packages/otelop.nix out/packages/PKGBUILD out/packages/APKBUILD
}

@test "npm's package, installed from its tarball without a network: npx otelop with runs the tests; another system is refused" {
	command -v npx >/dev/null || skip "no npm"
	mkdir -p programs/bin project elsewhere names
	for program in $programs; do cp "$BUILD/$program" programs/bin; done
	tool -0 package "$tree" npm "$PWD/programs" "$PWD/programs"
	export npm_config_cache=$PWD/cache npm_config_offline=true npm_config_audit=false npm_config_update_notifier=false
	cp "out/packages/otelop-$version.tgz" project
	cd project
	# shellcheck disable=SC2016 # for npm's shell
	echo '{ "name": "project", "version": "1.0.0", "scripts": { "test": "test -n \"$(otelop list)\" && exit 7" } }' >package.json
	tool -0 npm install --offline "./otelop-$version.tgz"
	tool -7 npx otelop with --ready fd -s 'echo ok >&3; exec sleep 600' -- npm test
	PATH=$PWD/node_modules/.bin:/usr/bin:/bin
	tool -0 sh "$tree/share/packaging/life" "$version"
	printf '#!/bin/sh\necho Darwin arm64\n' >../names/uname
	chmod 755 ../names/uname
	PATH=$PWD/../names:$PATH
	tool -125 otelop-lock -p
	[[ $stderr == "otelop-lock: this is Darwin arm64, and "* ]]
	cd ../elsewhere
	echo 'Object.defineProperty(process, "platform", { value: "darwin" })' >../darwin.js
	NODE_OPTIONS="--require $PWD/../darwin.js" tool ! npm install --offline "../project/otelop-$version.tgz"
	[[ $stderr == *EBADPLATFORM* ]]
}

@test "what is installed, into a DESTDIR with a blank: each file is in one of Debian's packages and one of rpm's, and each of their lines is of some file" {
	# A copy of what is built, for making anything there would pull it away from other tests.
	mkdir -p b/library
	cp "$BUILD"/otelop "$BUILD"/otelop-* b
	cp "$BUILD/library/libotelop.a" b/library
	tool -0 make -s -o all -C "$tree" BUILD="$PWD/b" DESTDIR="$PWD/in st" PREFIX=/usr LIBDIR=/usr/lib/x install
	(cd "in st" && find . ! -type d | sed 's|^\.||' | sort) >installed
	cd "$tree/share/packaging"
	sed 's|^|/|; s| .*||; s|\.|\\.|g; s|\*|[^/]*|g; s|$|(/.*)?|' debian/*.install >"$OLDPWD/debian"
	sed -n '/^%files/,/^%changelog/ { /^%{_/p; }' otelop.spec | sed 's|%{_bindir}|/usr/bin|; s|%{_mandir}|/usr/share/man|
		s|%{_datadir}|/usr/share|; s|%{_libdir}|/usr/lib/x|; s|%{_includedir}|/usr/include|; s|%{_prefix}|/usr|
		s|\.|\\.|g; s|\*|[^/]*|g; s|$|(/.*)?|' >"$OLDPWD/rpm"
	cd "$OLDPWD"
	local list line
	for list in debian rpm; do
		[ "$(wc -l <"$list")" -ge 9 ]
		while read -r line; do
			grep -xE "$line" installed >"of line" || fail "$list: $line: there is no such file"
			cat "of line"
		done <"$list" | sort >"of $list"
		diff installed "of $list"
	done
}
