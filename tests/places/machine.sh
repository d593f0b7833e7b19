#!/bin/sh
# A machine of its own, for file systems that this kernel has not: Debian's kernel under qemu, with this system's files
# below an overlay, and Debian's packages of NFS unpacked into that.
#	sh tests/places/machine.sh WORK SCRIPT [ARG...]
# WORK is where what is fetched stays, and WORK/share is the same directory in the machine (by 9p); SCRIPT is run there by sh as
# root, its words are printed, and its status is ours.  3: the machine cannot be had, and a line says why.
set -eu
work=$1
shift
cannot() { echo "$*"; exit 3; }

command -v qemu-system-x86_64 >/dev/null || cannot "no qemu-system-x86_64: install qemu-system-x86"
[ "$(uname -m)" = x86_64 ] || cannot "only for x86_64"
case $(LC_ALL=C ldd "$(command -v busybox)" 2>&1) in
*"not a dynamic"*) ;;
*) cannot "no busybox that needs no library: install busybox-static" ;;
esac
mkdir -p "$work/packages" "$work/share"

# What is fetched is unpacked, not installed.
if [ ! -e "$work/files/done" ]; then
	command -v apt-get >/dev/null || cannot "no apt-get, which fetches the kernel"
	image=$(apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
	[ -n "$image" ] || cannot "no package linux-image-amd64"
	(cd "$work/packages" && apt-get download "$image" nfs-kernel-server nfs-common libnfsidmap1 rpcbind keyutils \
		libtirpc3 libevent-core-2.1-7 libwrap0 kmod libkmod2) >"$work/fetched" 2>&1 ||
		cannot "what is needed cannot be fetched: $(tail -n 1 "$work/fetched")"
	for package in "$work"/packages/*.deb; do
		case $package in
		*/linux-image-*) dpkg-deb -x "$package" "$work/kernel" ;;
		*) dpkg-deb -x "$package" "$work/files" ;;
		esac
	done
	: >"$work/files/done"
fi
version=$(ls "$work/kernel/lib/modules")

# The first files: busybox, and the modules by which it finds all the others.
first=$work/first
rm -rf "$first"
mkdir -p "$first/bin" "$first/dev" "$first/proc" "$first/sys" "$first/low" "$first/up" "$first/root" "$first/lib/modules"
cp "$(command -v busybox)" "$first/bin/busybox"
ln -s busybox "$first/bin/sh"
ln -sf "$work/files/bin/kmod" "$work/depmod"
[ -e "$work/kernel/lib/modules/$version/modules.dep.bin" ] ||
	LD_LIBRARY_PATH=$work/files/lib/x86_64-linux-gnu "$work/depmod" -b "$work/kernel" "$version" || cannot "depmod does not run"
modules=$work/kernel/lib/modules/$version
# needs MODULE: it and all that it needs, those first.
needs() {
	line=$(grep "/$1\.ko:" "$modules/modules.dep")
	for file in ${line#*:}; do printf '%s\n' "$file"; done | sed '1!G;h;$!d'
	printf '%s\n' "${line%%:*}"
}
for module in virtio_pci 9pnet_virtio 9p overlay; do needs "$module"; done | awk '!seen[$0]++' >"$first/modules"
while read -r file; do
	mkdir -p "$first/lib/modules/$(dirname "$file")"
	cp "$modules/$file" "$first/lib/modules/$file"
done <"$first/modules"
cat >"$first/init" <<-'INIT'
	#!/bin/busybox sh
	export PATH=/bin
	busybox mount -t proc proc /proc
	busybox mount -t sysfs sysfs /sys
	busybox mount -t devtmpfs dev /dev
	while read -r module; do busybox insmod "/lib/modules/$module"; done </modules
	busybox mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=262144,cache=loose,access=any system /low
	busybox mount -t tmpfs -o mode=755 up /up
	busybox mkdir -m 755 /up/upper /up/work
	busybox mount -t overlay -o lowerdir=/low,upperdir=/up/upper,workdir=/up/work over /root
	for mount in proc sys dev; do busybox mount --move /$mount /root/$mount; done
	busybox mkdir -p /root/places
	busybox mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,access=any share /root/places
	exec busybox switch_root /root /bin/sh /places/init
INIT
chmod 755 "$first/init"
(cd "$first" && find . | busybox cpio -o -H newc 2>/dev/null | gzip -1) >"$work/first.img"

# What goes on there, once the system's files are there.
cat >"$work/share/init" <<-INIT
	export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
	rm -rf /lib/modules && ln -s '$work/kernel/lib/modules' /lib/modules
	tar -C '$work/files' -cf - . | tar -C / --keep-directory-symlink -xf -
	ldconfig
	mkdir -p /dev/pts /dev/shm
	mount -t devpts pts /dev/pts
	mount -t tmpfs -o mode=1777 shm /dev/shm
	mount -t tmpfs -o mode=755 run /run
	ln -sfn /proc/self/fd /dev/fd
	ip link set lo up || busybox ip link set lo up
	sh /places/words >/places/said 2>&1
	echo \$? >/places/status
	sync
	busybox poweroff -f
INIT
{
	printf 'exec sh'
	for word; do printf " '%s'" "$(printf %s "$word" | sed "s/'/'\\\\''/g")"; done
	echo
} >"$work/share/words"
rm -f "$work/share/status" "$work/share/said"
timeout -k 5 "${PLACES_MACHINE_SECONDS:-1800}" qemu-system-x86_64 -M pc -accel "${PLACES_ACCEL:-tcg}" -cpu max -smp 2 -m 2G -nodefaults -display none -no-reboot \
	-serial "file:$work/console" -kernel "$work"/kernel/boot/vmlinuz-* -initrd "$work/first.img" \
	-append "console=ttyS0 quiet panic=-1" \
	-fsdev local,id=system,path=/,security_model=none,readonly=on,multidevs=remap \
	-device virtio-9p-pci,fsdev=system,mount_tag=system \
	-fsdev "local,id=share,path=$work/share,security_model=none,multidevs=remap" \
	-device virtio-9p-pci,fsdev=share,mount_tag=share </dev/null || :
[ -e "$work/share/status" ] || cannot "the machine did not come to its end: $(tail -n 1 "$work/console" 2>/dev/null)"
cat "$work/share/said"
exit "$(cat "$work/share/status")"
