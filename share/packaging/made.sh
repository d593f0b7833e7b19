#!/bin/sh
# The packages.  Read by run.
# shellcheck disable=SC2154

make_recipes() {
	make_source
	for recipe in otelop.rb otelop.nix PKGBUILD APKBUILD; do
		cp "$here/$recipe" "$out/$recipe"
		fill "$out/$recipe"
		row "$recipe" made ''
	done
}

# The source package, too: that is what lintian sees all of.
make_deb() {
	has dpkg-buildpackage dh || { row deb skipped 'there is no debhelper'; return 0; }
	make_source
	mkdir "$work/deb"
	cp "$out/$source_tar" "$work/deb/otelop_$version.orig.tar.gz"
	tar -C "$work/deb" -xf "$out/$source_tar"
	cp -R "$here/debian" "$work/deb/otelop-$version/debian"
	find "$work/deb/otelop-$version/debian" -type f >"$work/templates"
	while read -r template; do fill "$template"; done <"$work/templates"
	# shellcheck disable=SC2016 # for that shell
	run_logged deb sh -c 'cd "$1" && dpkg-buildpackage -us -uc' sh "$work/deb/otelop-$version" || return 0
	rm -f "$out"/*.deb
	cp "$work/deb"/*.deb "$out"
	note='there is no lintian'
	if has lintian; then
		note='lintian: nothing'
		lintian --allow-root --fail-on error,warning,info "$work/deb"/*.changes >"$out/lintian" 2>&1 || note=wrong
		[ ! -s "$out/lintian" ] || { cat "$out/lintian" >&2; note=wrong; }
	fi
	for package in "$out"/*.deb; do
		if [ "$note" = wrong ]; then
			row "${package##*/}" failed "see $out/lintian"
		else
			row "${package##*/}" made "$note"
		fi
	done
}

make_rpm() {
	has rpmbuild || { row rpm skipped 'there is no rpmbuild'; return 0; }
	make_source
	mkdir -p "$work/rpm/SOURCES"
	cp "$out/$source_tar" "$work/rpm/SOURCES"
	cp "$here/otelop.spec" "$work/rpm"
	fill "$work/rpm/otelop.spec"
	# What it needs to be built was not put here by rpm.  Debian's rpm gives a script for bash to sh.
	run_logged rpm rpmbuild --nodeps --define '__brp_compress bash %{_rpmconfigdir}/brp-compress %{?_prefix}' \
		--define "_topdir $work/rpm" --define 'use_source_date_epoch_as_buildtime 1' --define 'clamp_mtime_to_source_date_epoch 1' --define '_buildhost otelop' \
		-ba "$work/rpm/otelop.spec" || return 0
	rm -f "$out"/*.rpm
	cp "$work"/rpm/RPMS/*/*.rpm "$work"/rpm/SRPMS/*.rpm "$out"
	note='there is no rpmlint'
	if has rpmlint; then
		rpmlint -c "$here/rpmlint.toml" "$work/rpm/otelop.spec" "$out"/*.rpm >"$out/rpmlint" 2>&1 || :
		note="rpmlint: $(grep -o '[0-9]* errors, [0-9]* warnings' "$out/rpmlint")"
	fi
	for package in "$out"/*.rpm; do
		case $note in
		'rpmlint: 0 errors, 0 warnings' | there*) row "${package##*/}" made "$note" ;;
		*) row "${package##*/}" failed "$note: see $out/rpmlint" ;;
		esac
	done
}

# make_npm [X86_64-FOLDER AARCH64-FOLDER]
make_npm() {
	has npm || { row npm skipped 'there is no npm'; return 0; }
	if [ $# -eq 0 ]; then
		for machine in x86_64 aarch64; do
			make_static "$machine"
			[ -f "$work/static-$machine" ] || { row npm skipped 'it wants programs for both machines'; return 0; }
		done
		set -- "$work/otelop-$version-linux-x86_64" "$work/otelop-$version-linux-aarch64"
	fi
	make_source
	folder=$work/npm/otelop
	mkdir -p "$folder/bin" "$folder/linux-x64" "$folder/linux-arm64" "$folder/man"
	for program in $programs; do
		cp "$here/npm/launch" "$folder/bin/$program"
		cp "$1/bin/$program" "$folder/linux-x64"
		cp "$2/bin/$program" "$folder/linux-arm64"
	done
	cp "$top"/share/man/*.[17] "$folder/man"
	mkdir "$folder/copyright"
	for copyright in "$1"/share/doc/otelop/copyright.*; do
		[ ! -f "$copyright" ] || cp "$copyright" "$folder/copyright/${copyright##*/copyright.}"
	done
	cp "$here/npm/package.json" "$here/npm/README.md" "$top/LICENSE" "$folder"
	bins=$(for program in $programs; do printf ', "%s": "bin/%s"' "$program" "$program"; done)
	mans=$(cd "$folder" && printf ', "%s"' man/*)
	sed -i "s|@BIN@| ${bins#, } |; s|@MAN@|${mans#, }|" "$folder/package.json"
	fill "$folder/package.json"
	chmod -R u=rwX,go=rX "$folder"
	chmod 755 "$folder"/bin/* "$folder"/linux-*/*
	run_logged npm quiet_npm pack --pack-destination "$out" "$folder" || return 0
	row "otelop-$version.tgz" made ''
}

# Nothing of the caller's settings is read, nothing is asked for, and what npm keeps goes with us.
quiet_npm() {
	npm --offline --no-audit --no-fund --no-update-notifier --userconfig "$work/npmrc" --cache "$work/npm-cache" "$@"
}
