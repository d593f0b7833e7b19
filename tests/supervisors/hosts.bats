# One state directory for several hosts: two virtual ones, with kernels and boots of their own, on NFS.  The first serves it,
# and mounts it itself.
load ../helper

BATS_TEST_TIMEOUT=400

setup_file() {
	export hosts_why='' hosts=$BATS_FILE_TMPDIR
	command -v qemu-system-x86_64 >/dev/null || { hosts_why="needs qemu"; return; }
	[ "$(uname -m)" = x86_64 ] || { hosts_why="the hosts' kernel is x86-64's"; return; }
	command -v apt-get >/dev/null || { hosts_why="needs apt-get, for a kernel and its NFS"; return; }
	local out=$BUILD/supervisors/hosts
	sh "$BATS_TEST_DIRNAME/hosts.sh" "$out" >"$hosts/made" 2>&1 || { hosts_why="cannot fetch the kernel: $(tail -n 1 "$hosts/made")"; return; }
	cd "$hosts" || return
	boot one -netdev stream,id=net,server=on,addr.type=unix,addr.path=net.sock
	eventually 30 test -S net.sock
	boot two -netdev stream,id=net,server=off,addr.type=unix,addr.path=net.sock
	eventually 30 test -S one.sock
	eventually 30 test -S two.sock
	if ! on one 'mount -i -t nfs4 -o vers=4.2,addr=127.0.0.1,clientaddr=127.0.0.1 127.0.0.1:/ /mnt' ||
		! on two 'mount -i -t nfs4 -o vers=4.2,addr=10.0.0.1,clientaddr=10.0.0.2 10.0.0.1:/ /mnt'; then
		tail -n 5 ./*.out ./*.console >&2
		return 1
	fi
}
# Without KVM, which many a machine that is virtual itself does not have.
boot() {
	local name=$1 number
	shift
	case $name in one) number=1 ;; *) number=2 ;; esac
	# No job of this shell's, which would tell of its end.
	setsid -f qemu-system-x86_64 -m 256 -pidfile "$name.pid" -display none -nodefaults -no-reboot -kernel "$out/kernel" -initrd "$out/initramfs" \
		-append "console=ttyS0 quiet panic=-1 host=$name" -serial "file:$name.console" -serial "unix:$name.sock,server=on,wait=off" \
		-device "virtio-net-pci,netdev=net,mac=52:54:00:00:00:0$number" "$@" >"$name.out" 2>&1 3>&- 4>&- </dev/null
	eventually 30 test -s "$name.pid"
}
teardown_file() {
	local host
	for host in one two; do
		if [ -s "$hosts/$host.pid" ]; then kill "$(cat "$hosts/$host.pid")" 2>/dev/null || true; fi
	done
}
setup_more() { [ -z "$hosts_why" ] || skip "$hosts_why"; }

on() { python3 "$BATS_TEST_DIRNAME/on.py" "$hosts/$1.sock" "$2"; }
daemon='--ready exec -- sleep 1000'

@test "two hosts on NFS: what runs on the other is told with its name, held, and not touched" {
	run -0 on one "otelop -C /mnt/told start $daemon"
	for command in status stop restart "start $daemon"; do
		run -4 on two "otelop -C /mnt/told $command"
		assert_output --regexp '^otelop.*: process [0-9]+ runs on host one, and this is two'
	done
	run -0 on two 'otelop-lock -C /mnt/told -p'
	run ! on two "otelop-lock -C /mnt/told -- true"
	run -0 on one 'otelop -C /mnt/told status'
	assert_output --regexp 'state +running'
	run -0 on one 'otelop -C /mnt/told stop'
	run -3 on two 'otelop -C /mnt/told status'
}

@test "two hosts on NFS: the lock goes with the daemon, whose otelop-run was killed; when that ends, the other host has it" {
	on one "otelop -C /mnt/goes start $daemon"
	on one 'kill -9 $(sed -n "s/^PPid:.//p" /proc/$(otelop-meta -C /mnt/goes get pid)/status)'
	run -0 on two 'otelop-lock -C /mnt/goes -p'
	run -4 on two 'otelop -C /mnt/goes stop'
	run -0 on one 'otelop -C /mnt/goes stop'
	run -0 on two "otelop -C /mnt/goes start $daemon"
	run -4 on one 'otelop -C /mnt/goes status'
	assert_output --partial 'runs on host two, and this is one'
	run -0 on two 'otelop -C /mnt/goes stop'
}

@test "two hosts on NFS: of starts at once on both, one wins" {
	local starts='for n in 1 2 3 4; do otelop -C /mnt/race start --strict --ready exec -- sleep 1000 >/tmp.$n 2>&1 & pids="$pids $!"; done;
		won=0; for pid in $pids; do if wait $pid; then won=$((won + 1)); fi; done; echo won $won'
	starts=$(tr '\n' ' ' <<<"$starts")
	background on two "$starts" >two.said
	local other=$!
	on one "$starts" >one.said
	wait "$other"
	assert_equal "$(cat one.said two.said | sed -n 's/^won //p' | sort | paste -sd ' ')" '0 1'
	on one 'otelop -C /mnt/race stop' || on two 'otelop -C /mnt/race stop'
}

@test "another host name on the same host: its daemon is still known, and can be stopped" {
	on one "otelop -C /mnt/names start $daemon"
	run -0 on one 'unshare -u sh -c "hostname other; otelop -C /mnt/names status; otelop -C /mnt/names stop"'
	assert_output --regexp 'state +running'
	run -3 on one 'otelop -C /mnt/names status'
}

@test "the same export mounted twice by one host, apart: the daemon is seen through both, and no second one starts" {
	on one 'mount -i -t nfs4 -o nosharecache,vers=4.2,addr=127.0.0.1,clientaddr=127.0.0.1 127.0.0.1:/ /mnt2'
	on one "otelop -C /mnt2/twice start $daemon"
	run -0 on one 'otelop -C /mnt/twice status'
	assert_output --regexp 'state +running'
	run -75 on one "otelop -C /mnt/twice start --strict $daemon"
	run -0 on one 'otelop -C /mnt/twice stop'
}

@test "a host that has died: its lock is free when its lease is over; who takes its place says so" {
	on two "otelop -C /mnt/died start $daemon"
	kill -KILL "$(cat "$hosts/two.pid")"
	rm "$hosts/two.pid"
	run -4 on one "otelop -C /mnt/died start $daemon"
	is_free() { on one 'otelop-lock -C /mnt/died -p; [ $? -eq 3 ]'; }
	eventually 60 is_free
	for command in status stop "start $daemon"; do
		run -4 on one "otelop -C /mnt/died $command"
		assert_output --partial 'runs on host two, and this is one'
	done
	run -0 on one 'otelop-meta -C /mnt/died remove'
	run -0 on one "otelop -C /mnt/died start $daemon"
	run -0 on one 'otelop -C /mnt/died stop'
}
