#!/bin/sh
# The names of all cells, in the order in which they are run: KIND/WHAT, where KIND.sh knows how.
set -eu
for libc in glibc musl; do
	for compiler in gcc clang tcc; do
		for standard in c99 c11 c23; do echo "compile/$compiler-$standard-$libc"; done
	done
done
for libc in glibc musl; do
	for machine in s390x armhf riscv64 aarch64 i686; do echo "machine/$machine-$libc"; done
done
for maker in gnu-4.3 gnu-j8 bmake bmake-j8; do echo "make/$maker"; done
for shell in dash bash busybox toybox mksh ksh93 yash posh zsh; do echo "shell/$shell"; done
for version in 1.8.0 1.10.0 newest; do echo "bats/$version"; done
# shellcheck disable=SC2043 # one list of calls, which refuse.sh knows
for reason in ENOSYS EPERM ENOENT; do
	for call in pidfd_open pidfd_send_signal close_range clone3 prctl waitid_pidfd sock_diag openat2 renameat2 statx \
		inotify children all; do
		# There it is an answer, about a file.
		case $call-$reason in openat2-ENOENT | renameat2-ENOENT | statx-ENOENT) continue ;; esac
		echo "refuse/$call-$reason"
	done
done
