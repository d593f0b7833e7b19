# Small, full, read-only and hanging file systems that nobody else sees.

# with_small_disk SCRIPT: with a file system of its own at ./mnt, 64 KiB large.
with_small_disk() {
	local alone=(unshare -m)
	[ "$(id -u)" -eq 0 ] || alone=(unshare -rm)
	mkdir mnt
	"${alone[@]}" mount -t tmpfs none mnt 2>/dev/null || skip "needs a mount namespace"
	tool "${alone[@]}" sh -c "mount -t tmpfs -o size=64k none mnt; $1"
}
# In such a script: no room is left.
fill='dd if=/dev/zero of=mnt/fill bs=1k 2>/dev/null;'

# mounted -STATUS OPTIONS COMMAND...: with a tmpfs of its own at `state`.
mounted() {
	can unshare -m true
	mkdir -p state
	tool "$1" unshare -m sh -c 'mount -t tmpfs -o "mode=700,$1" none state && shift && exec "$@"' sh "${@:2}"
}

# with_hanging_server SCRIPT: at ./mount is a file server, which does not answer any more once there is a file `hang`;
# mount/f is a program, and `say` tells the last status.
with_hanging_server() {
	[ -w /dev/fuse ] || skip "needs /dev/fuse"
	can unshare -m true
	mkdir mount
	tool -0 timeout -s KILL 100 unshare -m sh -c 'python3 "$1" mount hang >server 2>&1 &
		server=$!
		until [ -e mount/f ]; do kill -0 "$server" || exit; sleep 0.02; done
		say() { echo "$* $?"; }
		eval "$2"
		kill "$server"
		wait "$server"
		exit 0' sh "$BATS_TEST_DIRNAME/tools/hangfs.py" "$1"
}
