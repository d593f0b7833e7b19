#!/bin/sh
# What two virtual hosts boot: hosts.sh OUT makes OUT/kernel and OUT/initramfs, of Debian's kernel and NFS server, which are
# fetched and not installed.  The hosts' first process is guest.sh.
set -eu
out=$1
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$out/packages" "$out/files"
cd "$out"

kernel=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^  Depends: //p')
for package in "$kernel" nfs-kernel-server; do
	ls packages/"$package"_* >/dev/null 2>&1 || (cd packages && apt-get download -qq "$package")
done
for package in packages/*.deb; do dpkg -x "$package" files; done
ln -f files/boot/vmlinuz-* kernel

rm -rf root
mkdir -p root/bin root/sbin root/dev root/proc root/sys root/etc root/run root/mnt root/mnt2 root/export root/var/lib/nfs/v4recovery
cp "$(command -v busybox)" root/bin/busybox
for applet in $(busybox --list); do [ -e "root/bin/$applet" ] || ln -s busybox "root/bin/$applet"; done
ln -s /bin/busybox root/sbin/modprobe
cp "$BUILD"/otelop "$BUILD"/otelop-* root/bin
cp "$here/guest.sh" root/init
chmod 755 root/init
echo 'root:x:0:0:root:/root:/bin/sh' >root/etc/passwd
echo 'tcp 6 TCP' >root/etc/protocols
echo 'nfs 2049/tcp' >root/etc/services
# The programs of the server, of ours where they are not static, and their libraries.
for program in files/usr/sbin/exportfs files/usr/sbin/rpc.mountd files/usr/sbin/rpc.nfsd; do cp "$program" root/sbin; done
for program in root/sbin/exportfs root/sbin/rpc.* root/bin/otelop-run; do
	ldd "$program" 2>/dev/null | sed -n 's/.*[[:space:]]\(\/[^ ]*\) (0x.*/\1/p'
done | sort -u | while read -r library; do
	mkdir -p "root$(dirname "$library")"
	cp -L "$library" "root$library"
done
# The parts of the kernel that NFS, its disk and its network are made of.
version=$(ls files/lib/modules)
for part in drivers/virtio drivers/net/virtio_net.ko drivers/net/net_failover.ko net/core fs/nfs fs/nfsd fs/lockd fs/nfs_common \
	fs/fscache fs/netfs net/sunrpc net/dns_resolver crypto; do
	[ -e "files/lib/modules/$version/kernel/$part" ] || continue
	mkdir -p "root/lib/modules/$version/kernel/$(dirname "$part")"
	cp -r "files/lib/modules/$version/kernel/$part" "root/lib/modules/$version/kernel/$part"
done
cp files/lib/modules/"$version"/modules.* "root/lib/modules/$version"
busybox depmod -b root "$version"
(cd root && find . | cpio --quiet -o -H newc | gzip -1) >initramfs
