#!/bin/sh
# Each package where nothing else is.  Read by run for the target packages.
# shellcheck disable=SC2030,SC2031,SC2154 # run sets them; what is another one in a subshell is meant to be

# PACKAGES: some of these, if not all.
all_packages() {
	for step in ${PACKAGES:-dist static deb rpm arch others npm}; do
		case $step in
		dist) make_dist; try_same ;;
		static) for machine in x86_64 aarch64; do try_static "$machine"; done ;;
		deb) make_deb; try_deb ;;
		rpm) make_rpm; try_rpm ;;
		arch) try_pkgbuild ;;
		others) try_stand_ins ;;
		npm) make_npm; try_npm ;;
		*) row "$step" failed 'PACKAGES names it, and there is no such step' ;;
		esac
	done
}

# try_same: the tarball makes itself again; and so does a clone of another time and umask, with what is static, too.
try_same() {
	again "$work/otelop-$version" recipes "$source_tar" 'unpacked, it makes itself again'
	in_git || return 0
	if ! git -C "$top" diff --quiet HEAD; then
		row "$source_tar" skipped 'a clone would be of another tree: not all is committed'
		return
	fi
	(umask 077 && git clone -q "$top" "$work/clone" && find "$work/clone" -exec touch -h -d 2001-02-03 {} +)
	again "$work/clone" dist SHA256SUMS 'those of a clone with another time and umask'
}
# again TREE TARGET FILE NOTE
again() {
	if env -u SOURCE_DATE_EPOCH BUILD="$work/again" PACKAGES_FETCHED=1 sh "$1/share/packaging/run" "$2" >"$work/again.log" 2>&1 &&
		cmp "$work/again/packages/$3" "$out/$3" >>"$work/again.log" 2>&1; then
		row "$3" same "$4"
	else
		tail -n 20 "$work/again.log" >&2
		row "$3" failed "not so: $4"
	fi
	rm -rf "$work/again"
}

# inside ROOT MACHINE COMMAND...: there, as root, in namespaces of our own with a /proc of their own and our /dev.  The
# first sh is process 1 there, which reaps what is orphaned.  Of another machine, qemu runs the programs.
inside() {
	# shellcheck disable=SC2016 # for that sh
	unshare --map-root-user --mount --pid --fork --kill-child sh -c '
		root=$1 machine=$2
		shift 2
		mkdir -p "$root/proc" "$root/dev" "$root/tmp"
		mount -t proc proc "$root/proc" && mount --rbind /dev "$root/dev" || exit 125
		if [ "$machine" != "$(uname -m)" ]; then
			mount -t binfmt_misc none /proc/sys/fs/binfmt_misc || exit 125
			elf="\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"
			mask="\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff"
			printf "%s" ":otelop:M::$elf:$mask:$(command -v "qemu-$machine-static"):PF" >/proc/sys/fs/binfmt_misc/register ||
				exit 125
		fi
		env -i PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin HOME=/ chroot "$root" "$@"
		exit $?
	' sh "$@"
}
can_inside() { unshare --map-root-user --mount --pid --fork --kill-child true 2>/dev/null; }

# lives NAME ROOT MACHINE NOTE: what is installed there lives through life.
lives() {
	cp "$here/life" "$2/life"
	if inside "$2" "$3" sh /life "$version" >"$work/life.log" 2>&1; then
		row "$1" lives "$4"
	else
		cat "$work/life.log" >&2
		row "$1" failed "it does not live $4"
	fi
	rm -f "$2/life"
}

# try_static MACHINE: in a root that has one static busybox and nothing else.
try_static() (
	name=otelop-$version-linux-$1.tar.gz root=$work/tiny-$1
	make_static "$1"
	[ -f "$work/static-$1" ] || return 0
	can_inside || { row "$name" skipped 'no namespaces are to be had'; return 0; }
	[ "$1" = "$(uname -m)" ] || has "qemu-$1-static" || { row "$name" skipped "there is no qemu for it"; return 0; }
	fetched busybox-static "$(debian_name "$1")" "$root" || { row "$name" skipped 'there is no busybox for its root'; return 0; }
	for command in sh sleep cat grep sed mktemp rm mkdir test env kill readlink; do
		ln -sf busybox "$root/bin/$command"
	done
	tar -C "$root" -xf "$out/$name"
	mkdir -p "$root/usr"
	cp -R "$root/${name%.tar.gz}/." "$root/usr/"
	lives "$name" "$root" "$1" 'beside a static busybox, no libc'
)

# find_root NAME: a smallest Debian, once for all, in root.
root=
find_root() {
	root=$work/debian
	[ ! -d "$root/usr" ] || return 0
	# What others make would belong to users that rpm and pacman cannot be.
	if ! has mmdebstrap || ! can_inside || [ "$(id -u)" -ne 0 ]; then
		row "$1" skipped 'no clean root can be made'
		return 1
	fi
	# shellcheck disable=SC1091 # the system's
	run_logged root mmdebstrap --variant=essential "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$root"
}
# gone NAME ROOT: nothing with our name is left.
gone() {
	left=$(find "$2" -xdev -name '*otelop*' ! -path "$2/proc/*" ! -path "$2/dev/*" | head -n 5 | tr '\n' ' ')
	if [ -z "$left" ]; then row "$1" gone 'removed, nothing is left'; else row "$1" failed "removed, and there is $left"; fi
}
# links NAME ROOT LIBDIR: a program is built with what is there alone, by what pkg-config says of it.
links() {
	has pkg-config && has cc || return 0
	echo '#include <otelop.h>' >"$work/program.c"
	echo 'int main(void) { return otelop_process_alive(1) != 1; }' >>"$work/program.c"
	words=$(PKG_CONFIG_LIBDIR="$2$3/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$2" pkg-config --cflags --libs otelop) || words=--none
	# shellcheck disable=SC2086 # options
	if cc -o "$work/program" "$work/program.c" $words 2>"$work/links.log" && "$work/program"; then
		row "$1" links 'by its pkg-config file'
	else
		cat "$work/links.log" >&2
		row "$1" failed 'no program links with it'
	fi
}

try_deb() {
	ls "$out"/otelop_*.deb >/dev/null 2>&1 && find_root deb || return 0
	mkdir "$root/debs"
	cp "$out"/otelop_*.deb "$out"/libotelop-dev_*.deb "$root/debs"
	deb=$(cd "$root/debs" && echo otelop_*) dev=$(cd "$root/debs" && echo libotelop-dev_*)
	# shellcheck disable=SC2016 # for that sh
	run_logged deb-install inside "$root" "$(uname -m)" sh -c 'dpkg -i /debs/*.deb' || return 0
	lives "$deb" "$root" "$(uname -m)" 'in a Debian that has nothing but what is essential'
	links "$dev" "$root" "/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)"
	run_logged deb-remove inside "$root" "$(uname -m)" dpkg -P otelop libotelop-dev || return 0
	rm -rf "$root/debs"
	gone "$deb" "$root"
}

# rpm and pacman of this machine, into that root; whose libc and sh they do not know of.
try_rpm() {
	ls "$out"/otelop-"$version"-*.rpm >/dev/null 2>&1 && find_root rpm || return 0
	# shellcheck disable=SC2046 # our own names
	set -- $(cd "$out" && find ./*.rpm ! -name '*.src.rpm' | sed 's|^\./||')
	# shellcheck disable=SC2015 # what grep finds nothing of is well, too
	needs=$(cd "$out" && rpm -qpR "$@" 2>/dev/null | sort -u | grep -v -e '^rpmlib(' -e '^libc\.so' -e '^ld-linux' -e '^rtld(' \
		-e '^/bin/sh$' -e '^/usr/bin/pkg-config$' -e '^pkgconfig' || :)
	[ -z "$needs" ] || row rpm failed "it needs $needs"
	(cd "$out" && run_logged rpm-install unshare --map-root-user rpm --root "$root" --nodeps --nosignature -i "$@") || return 0
	for package; do
		case $package in
		*-devel-*) links "$package" "$root" "$(rpm --eval '%{_libdir}')" ;;
		*) lives "$package" "$root" "$(uname -m)" 'in the same root'; main=$package ;;
		esac
	done
	run_logged rpm-remove unshare --map-root-user rpm --root "$root" -e otelop otelop-devel || return 0
	rm -rf "$root/var/lib/rpm" "$root/usr/lib/sysimage"
	gone "$main" "$root"
}

# recipe NAME FOLDER: filled in for the tarball that lies beside it.
recipe() {
	mkdir -p "$2"
	cp "$here/$1" "$2/$1"
	cp "$out/$source_tar" "$2"
	# shellcheck disable=SC2034
	(SOURCE='' out=$2 && fill "$2/$1")
}
try_pkgbuild() {
	make_source
	if ! has makepkg pacman bsdtar fakeroot || ! can_inside; then
		row PKGBUILD skipped 'there is no makepkg'
		return
	fi
	recipe PKGBUILD "$work/arch"
	# makepkg does not work for root, nor need it be root.
	user='' home=$work/arch
	[ "$(id -u)" -ne 0 ] || user='unshare --map-user=1000 --map-group=1000'
	# shellcheck disable=SC2016,SC2086 # for that sh; a list of words
	run_logged PKGBUILD $user sh -c 'cd "$1" && HOME=$1 PKGEXT=.pkg.tar.gz PACKAGER=$2 makepkg --nodeps' sh "$home" "$MAINTAINER" || return 0
	package=$(cd "$home" && ls ./*.pkg.tar.gz) package=${package#./}
	cp "$home/$package" "$out"
	row "$package" made 'by makepkg'
	find_root "$package" || return 0
	printf '[options]\nArchitecture = auto\nSigLevel = Never\n' >"$work/pacman.conf"
	mkdir -p "$root/var/lib/pacman" "$work/pacman"
	set -- unshare --map-root-user pacman --config "$work/pacman.conf" --root "$root" --dbpath "$root/var/lib/pacman" \
		--cachedir "$work/pacman" --gpgdir "$work/pacman" --logfile "$work/pacman/log" --noconfirm
	run_logged pacman-install "$@" -Udd "$home/$package" || return 0
	lives "$package" "$root" "$(uname -m)" 'in the same root'
	links "$package" "$root" /usr/lib
	run_logged pacman-remove "$@" -R otelop || return 0
	rm -rf "$root/var/lib/pacman"
	gone "$package" "$root"
}

# Homebrew, nixpkgs and abuild are no packages of Debian's: something small reads the recipes as they do.
try_stand_ins() {
	make_source
	try_stand_in otelop.rb ruby ruby "$here/stand-in.rb"
	(
		export NIX_STORE_DIR="$work/nix/store" NIX_STATE_DIR="$work/nix/state" NIX_LOG_DIR="$work/nix/log" NIX_CONFIG='build-users-group =
sandbox = false
substitute = false'
		try_stand_in otelop.nix nix-build sh "$here/stand-in.nix.sh"
	)
	try_stand_in APKBUILD sh sh "$here/stand-in.apk.sh"
}
# try_stand_in RECIPE PROGRAM COMMAND...: COMMAND gets the folder, the recipe in it, and the place to install into.
try_stand_in() {
	name=$1
	has "$2" || { row "$name" skipped "there is no $2"; return 0; }
	shift 2
	recipe "$name" "$work/recipe-$name"
	run_logged "$name" "$@" "$work/recipe-$name" "$name" "$work/recipe-$name/to" || return 0
	row "$name" lives 'read by a stand-in: built, its own test run'
}

# In an empty project, with the npm of this machine.
try_npm() {
	name=otelop-$version.tgz
	[ -f "$out/$name" ] && has npx || return 0
	project=$work/project
	mkdir "$project"
	cp "$out/$name" "$project"
	# shellcheck disable=SC2016 # for the shell of npm
	echo '{ "name": "project", "version": "1.0.0", "scripts": { "test": "test -n \"$OTELOP_STATE_DIR\" && echo tests have run" } }' \
		>"$project/package.json"
	(cd "$project" && run_logged npm-install quiet_npm install "./$name") || return 0
	if (
		cd "$project"
		PATH=$project/node_modules/.bin:$PATH sh "$here/life" "$version" &&
			npm_config_offline=true npm_config_cache=$work/npm-cache \
				npx otelop with --ready fd -s 'echo ok >&3; exec sleep 600' -- npm test | grep -x 'tests have run'
	) >"$work/npm-life.log" 2>&1; then
		row "$name" lives 'in an empty project, by npx and by name'
	else
		cat "$work/npm-life.log" >&2
		row "$name" failed 'it does not live'
	fi
	# Another system is refused by npm, and where it was told not to, by the programs.
	mkdir "$work/elsewhere" "$work/names"
	echo 'Object.defineProperty(process, "platform", { value: "darwin" })' >"$work/darwin.js"
	printf '#!/bin/sh\necho Darwin arm64\n' >"$work/names/uname"
	chmod 755 "$work/names/uname"
	if (cd "$work/elsewhere" && NODE_OPTIONS="--require $work/darwin.js" quiet_npm install "$out/$name") >"$work/elsewhere.log" 2>&1 ||
		! grep -q EBADPLATFORM "$work/elsewhere.log" ||
		PATH=$work/names:$PATH "$project/node_modules/.bin/otelop" version >"$work/elsewhere.log" 2>&1 ||
		! grep -q 'this is Darwin arm64' "$work/elsewhere.log"; then
		cat "$work/elsewhere.log" >&2
		row "$name" failed 'another system is not refused'
	else
		row "$name" refuses 'another system, by npm and by the programs'
	fi
}
