# The Dockerfile of share/examples/supervisors, run by crun, one of the programs that Docker runs containers with.
load ../helper
load machine

BATS_TEST_TIMEOUT=180
example=$BATS_TEST_DIRNAME/../../share/examples/supervisors/Dockerfile

setup_file() {
	command -v crun >/dev/null || { export machine_why="needs crun"; return; }
	machine_start sh -c 'mkdir -p /run/box/rootfs /run/volume && mount --rbind / /run/box/rootfs && while :; do sleep 1; done'
}
teardown_file() { machine_end; }

# A bundle as docker makes it of ENTRYPOINT, CMD and ENV; the volume is the state directory.
setup_more() {
	machine_or_skip
	python3 - "$example" >config.json <<-'PYTHON'
		import json, sys
		words, variables = {}, ["PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"]
		for line in open(sys.argv[1]):
		    name, _, value = line.strip().partition(" ")
		    if name in ("ENTRYPOINT", "CMD"):
		        words[name] = json.loads(value)
		    elif name == "ENV":
		        variables.append(value)
		mount = lambda path, kind, *options: {"destination": path, "type": kind, "source": kind, "options": list(options)}
		capabilities = ["CAP_KILL", "CAP_SETUID", "CAP_SETGID", "CAP_NET_BIND_SERVICE", "CAP_CHOWN", "CAP_DAC_OVERRIDE"]
		print(json.dumps({
		    "ociVersion": "1.0.0", "hostname": "box", "root": {"path": "rootfs", "readonly": False},
		    "process": {"terminal": False, "user": {"uid": 0, "gid": 0}, "cwd": "/", "noNewPrivileges": True,
		        "args": words["ENTRYPOINT"] + words["CMD"], "env": variables,
		        "capabilities": {set: capabilities for set in ("bounding", "effective", "permitted")}},
		    "mounts": [mount("/proc", "proc"), mount("/dev", "tmpfs", "nosuid", "mode=755"), mount("/run", "tmpfs", "mode=755"),
		        {"destination": "/run/web", "type": "bind", "source": "/run/volume", "options": ["bind"]}],
		    "linux": {"namespaces": [{"type": kind} for kind in ("pid", "mount", "ipc", "uts", "network")]}}))
	PYTHON
	inside cp "$PWD/config.json" /run/box
}
crun_inside() { inside crun --cgroup-manager=disabled "$@"; }
is_up() { [ "$(inside otelop-meta -C /run/volume get state 2>/dev/null)" = ready ]; }
is_down() { crun_inside list -q | { ! grep -qx "$1"; }; }
start_box() {
	background crun_inside run -b /run/box "$1" >"$1.out" 2>&1
	box=$!
	eventually 30 is_up
}

@test "a container: ready at its port; its HEALTHCHECK is 0; a TERM ends it, and nothing is left in the volume" {
	start_box one
	assert_equal "$(inside otelop-meta -C /run/volume get port)" 8000
	tool -0 crun_inside exec one otelop -C /run/web wait --ready -t 2
	tool -0 crun_inside exec one python3 "$BATS_TEST_DIRNAME/../tools/ask.py" 127.0.0.1:8000
	crun_inside kill one TERM
	assert_ended "$box" 143
	tool -3 inside otelop -C /run/volume status
}

@test "a container: what the daemon leaves behind is reaped by process 1" {
	start_box one
	tool -0 crun_inside exec one sh -c 'setsid -f sh -c "setsid -f sleep 0.1"'
	no_zombies() { ! crun_inside exec one grep -ls '^State:.Z' -r /proc --include=status 2>/dev/null | grep -q .; }
	eventually 30 no_zombies
	crun_inside kill one TERM
	assert_ended "$box" 143
}

@test "a container that was killed: its volume's state is stale, and the next container has it" {
	start_box one
	tool -4 inside otelop -C /run/volume stop
	assert_regex "$stderr" namespace
	crun_inside kill one KILL
	assert_ended "$box" 137
	tool -1 inside otelop -C /run/volume status
	background crun_inside run -b /run/box two >two.out 2>&1
	box=$!
	running() { tool inside otelop-meta -C /run/volume running && [ "$status" -eq 0 ]; }
	eventually 30 running
	crun_inside kill two TERM
	assert_ended "$box" 143
}
