#!/bin/sh
# The beginning of a machine of machine.bash: boot.sh DIR TOP COMMAND...  DIR/bin is its /usr/local/bin.
set -e
dir=$1
top=$2
shift 2
mount --make-rprivate /
mount --bind "$dir/bin" /usr/local/bin
groups=$(findmnt -rno TARGET /sys/fs/cgroup || :)
if [ -n "$groups" ]; then umount -R /sys/fs/cgroup || umount -lR /sys/fs/cgroup; fi
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs /run
hostname machine
ip link set lo up
: >"$dir/booted"
export top dir
exec env -i PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin dir="$dir" top="$top" "$@"
