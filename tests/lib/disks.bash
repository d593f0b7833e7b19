# Small, full and read-only file systems that nobody else sees.

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
