# Slurm with one node, and the job of share/examples/supervisors.
load ../helper
load machine

BATS_TEST_TIMEOUT=180
example=$BATS_TEST_DIRNAME/../../share/examples/supervisors/web.sbatch

setup_file() {
	for program in slurmctld slurmd srun munged; do
		command -v "$program" >/dev/null || { export machine_why="needs $program"; return; }
	done
	local slurm=$BATS_FILE_TMPDIR/slurm
	mkdir -p "$slurm"/{state,spool,jobs}
	# It listens only where there is an address that is no loopback one.
	printf '127.0.0.1 localhost\n192.0.2.1 machine\n' >"$slurm/hosts"
	dd if=/dev/urandom of="$slurm/munge.key" bs=128 count=1 status=none
	chmod 600 "$slurm/munge.key"
	cat >"$slurm/slurm.conf" <<-CONF
		ClusterName=one
		SlurmctldHost=machine
		SlurmUser=root
		SlurmdUser=root
		AuthType=auth/munge
		CredType=cred/munge
		ProctrackType=proctrack/linuxproc
		TaskPlugin=task/none
		JobAcctGatherType=jobacct_gather/none
		AccountingStorageType=accounting_storage/none
		SelectType=select/cons_tres
		ReturnToService=2
		KillWait=5
		MpiDefault=none
		SwitchType=switch/none
		StateSaveLocation=$slurm/state
		SlurmdSpoolDir=$slurm/spool
		SlurmctldPidFile=/run/slurmctld.pid
		SlurmdPidFile=/run/slurmd.pid
		NodeName=machine CPUs=1 State=UNKNOWN
		PartitionName=all Nodes=machine Default=YES MaxTime=INFINITE State=UP
	CONF
	machine_start sh -c 'ip address add 192.0.2.1/32 dev lo
		mount --bind "$dir/slurm/hosts" /etc/hosts
		mkdir -p /run/munge "$dir/etc"
		cp "$dir/slurm/slurm.conf" "$dir/etc"
		# Processes are tracked by their parents: control groups are not looked at, and it would refuse a mixture of them.
		echo CgroupPlugin=cgroup/v1 >"$dir/etc/cgroup.conf"
		mount --bind "$dir/etc" /etc/slurm
		chmod 755 /run/munge
		chown root: "$dir/slurm/munge.key"
		munged --force --foreground --key-file="$dir/slurm/munge.key" --socket=/run/munge/munge.socket.2 \
			--pid-file=/run/munge/pid --log-file=/run/munge/log --seed-file=/run/munge/seed &
		until [ -S /run/munge/munge.socket.2 ]; do sleep 0.1; done
		slurmctld -D -L "$dir/slurm/ctld.log" &
		slurmd -D -N machine -L "$dir/slurm/d.log" &
		while :; do sleep 1; done'
	[ -n "${machine_why-}" ] || eventually 60 node_is_idle || { tail -n 20 "$slurm"/*.log "$BATS_FILE_TMPDIR/console" >&2; return 1; }
}
teardown_file() { machine_end; }
setup_more() { machine_or_skip; }
node_is_idle() { [ "$(inside sinfo -ho %t 2>/dev/null)" = idle ]; }
job_is_over() { [ -z "$(inside squeue -ho %T)" ]; }
submit() { inside env -C "$BATS_FILE_TMPDIR/slurm/jobs" sbatch --parsable "$@"; }

@test "Slurm: the job's step finds the server, which ends with it" {
	command -v curl >/dev/null || skip "needs curl"
	submit "$example"
	eventually 60 job_is_over
	run cat "$BATS_FILE_TMPDIR/slurm/jobs/web.out"
	assert_output --partial 'Directory listing for /'
	no_server_inside 'http.server 0 --bind'
}

@test "Slurm: srun otelop with: the server is there for a step, and the step's status is the command's" {
	run -7 inside srun otelop with -s 'python3 -m http.server 0 --bind 127.0.0.1' -- \
		sh -c 'python3 "$0" "$OTELOP_ADDRESS" && exit 7' "$BATS_TEST_DIRNAME/../tools/ask.py"
	eventually 30 no_server_inside 'http.server 0 --bind'
}

@test "Slurm: a job that is cancelled: its server ends with it" {
	sed 's|srun .*|srun sh -c ": >step; exec sleep 1001"|' "$example" >"$BATS_FILE_TMPDIR/slurm/jobs/long"
	local job
	job=$(submit "$BATS_FILE_TMPDIR/slurm/jobs/long")
	eventually 60 test -e "$BATS_FILE_TMPDIR/slurm/jobs/step"
	inside pgrep -f 'http.server 0 --bind'
	inside scancel "$job"
	eventually 60 job_is_over
	eventually 30 no_server_inside 'http.server 0 --bind'
	eventually 30 no_server_inside 'sleep 1001'
	eventually 30 no_server_inside otelop
}

@test "Slurm: a server that cannot start fails the job, with its words" {
	sed "s|-s 'python3 .*' -- |-s 'echo its own words; exit 3' -- |; s|web.out|bad.out|" "$example" >"$BATS_FILE_TMPDIR/slurm/jobs/bad"
	local job
	job=$(submit "$BATS_FILE_TMPDIR/slurm/jobs/bad")
	eventually 60 job_is_over
	run -0 inside scontrol show job "$job"
	assert_output --regexp 'JobState=FAILED.*ExitCode=1:0'
	run -0 grep 'its own words' "$BATS_FILE_TMPDIR/slurm/jobs/bad.out"
}

@test "Slurm: a daemon that a step has started and not stopped goes on behind the job, where parents are what is tracked" {
	inside srun otelop -C /run/web start -- python3 -m http.server 0 --bind 127.0.0.1
	eventually 60 job_is_over
	sleep 1
	tool -0 inside otelop -C /run/web status
	assert_line --regexp '^state +running$'
	tool -0 inside otelop -C /run/web stop
}
