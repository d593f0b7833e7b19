# Ports, and talking to what listens there.

# A TCP port for a daemon that cannot choose one itself: free, none that the kernel gives to who asks for any
# or connects, and given to no other test of this run.
free_port() {
	python3 -c '
import os, random, socket, sys
first = int(open("/proc/sys/net/ipv4/ip_local_port_range").read().split()[0]) if os.path.exists("/proc/sys/net") else 32768
while True:
    port = random.randint(11111, max(first, 20000) - 1)
    try:
        os.mkdir(sys.argv[1] + "/port-" + str(port))
        socket.socket().bind(("127.0.0.1", port))
    except OSError:
        continue
    print(port)
    break' "$BATS_RUN_TMPDIR"
}

# ask ADDRESS BYTES: sends these (with escapes), prints what is answered.
ask() { python3 "$BATS_TEST_DIRNAME/tools/ask.py" "$@"; }
