#!/bin/sh
# The first process of a virtual host.  The kernel's words name it: host=one is 10.0.0.1, and serves /export as well;
# host=two is 10.0.0.2.  Then each line of the second serial port is a mark and a command, answered by
# what that says and its status, between two lines with the mark.
export PATH=/bin:/sbin HOME=/
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
read -r words </proc/cmdline
host=${words##*host=}
hostname "$host"
modprobe virtio_pci
modprobe virtio_net
ip link set lo up
case $host in one) address=10.0.0.1 ;; *) address=10.0.0.2 ;; esac
ip address add "$address/24" dev eth0
ip link set eth0 up
echo "127.0.0.1 localhost
10.0.0.1 one
10.0.0.2 two" >/etc/hosts
modprobe nfsv4
if [ "$host" = one ]; then
	# Not of the file system that a host boots from, which cannot be exported.
	mount -t tmpfs tmpfs /export
	modprobe nfsd
	mount -t nfsd nfsd /proc/fs/nfsd
	echo 10 >/proc/fs/nfsd/nfsv4leasetime
	echo 10 >/proc/fs/nfsd/nfsv4gracetime
	mkdir -p /var/lib/nfs/rmtab.d /run/rpc_pipefs
	: >/var/lib/nfs/etab
	exportfs -o rw,no_root_squash,no_subtree_check,insecure,fsid=0 '*:/export'
	rpc.mountd -N 3
	rpc.nfsd -N 3 -V 4 8
fi
stty -F /dev/ttyS1 raw -echo
exec </dev/ttyS1 >/dev/ttyS1
while read -r mark line; do
	[ -n "$line" ] || continue
	# Through a file: to a terminal some of it would be said otherwise.
	(eval "$line") </dev/null >/run/said 2>&1
	status=$?
	echo "<$mark"
	cat /run/said
	echo ">$mark $status"
done
