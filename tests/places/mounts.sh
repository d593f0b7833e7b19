#!/bin/sh
# In the machine of machine.sh: file systems that this system's kernel has not, and a row for what was seen in each.
PATH=/places/bin:$PATH
export PATH
mkdir /run/bin
cp /places/bin/* /run/bin
PATH=/run/bin:$PATH

# seen PLACE DIR: a life there.
seen() {
	echo "== $1"
	if ! [ -d "$2" ]; then
		echo "row skipped $1 could not be mounted"
		return
	fi
	if timeout -k 5 1500 sh /run/bin/life.sh "$2/state" >/run/said 2>&1; then
		echo "row ok $1"
	else
		echo "row failed $1 $? $(tr '\n' ' ' </run/said)"
	fi
	cat /run/said
}
# disk OPTION...: a new ext4 at /mnt/$1.
disk() {
	name=$1
	shift
	mkdir -p "/mnt/$name"
	truncate -s 64M "/run/$name.img"
	mkfs.ext4 -q "$@" "/run/$name.img" && mount -o loop "/run/$name.img" "/mnt/$name"
}

for module in loop ext4 nfsd nfsv3 nfsv4; do modprobe "$module"; done

disk fold -O casefold -E encoding=utf8 && mkdir -m 700 /mnt/fold/dir && chattr +F /mnt/fold/dir
seen ext4-casefold /mnt/fold/dir

# The kernel's server, which this machine's own clients mount by both versions.
disk served
mkdir /mnt/served/three /mnt/served/four /mnt/three /mnt/four
echo '_rpc:x:31999:65534::/run/rpcbind:/bin/false' >>/etc/passwd
echo '/mnt/served 127.0.0.1(rw,fsid=0,no_root_squash,insecure,no_subtree_check)' >/etc/exports
mkdir -p /run/rpcbind /var/lib/nfs/sm /var/lib/nfs/sm.bak /var/lib/nfs/v4recovery
touch /var/lib/nfs/etab /var/lib/nfs/rmtab /var/lib/nfs/state
mount -t nfsd nfsd /proc/fs/nfsd
echo 10 >/proc/fs/nfsd/nfsv4leasetime
echo 10 >/proc/fs/nfsd/nfsv4gracetime
rpcbind
exportfs -ra
rpc.mountd
rpc.statd --no-notify
rpc.nfsd 2
timeout 200 mount -t nfs4 -o vers=4.2 127.0.0.1:/ /mnt/four
timeout 200 mount -t nfs -o vers=3 127.0.0.1:/mnt/served /mnt/three
seen NFS-4.2 /mnt/four/four
seen NFS-3 /mnt/three/three

mkdir -p /places/nine
chmod 700 /places/nine
seen 9p /places/nine
