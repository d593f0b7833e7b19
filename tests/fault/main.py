"""The driver: main.py [PART [NAME...]].  Runs the parts; each prints its breaches and its table."""

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True

import descendants	# noqa: E402
import environment	# noqa: E402
import inject	# noqa: E402
from harness import Bench	# noqa: E402

WORKERS = 2 * os.cpu_count()	# a run under strace(1) waits half of its time
PARTS = {
	"inject": inject.run, "environment": environment.run, "descendants": descendants.run,
}


def in_parallel(jobs):
	with ThreadPoolExecutor(WORKERS) as pool:
		for future in [pool.submit(job) for job in jobs]:
			future.result()


def main(words):
	if words and words[0] not in PARTS:
		print("usage: tests/fault/run [%s] [NAME...]" % " | ".join(PARTS), file=sys.stderr)
		return 2
	began = time.monotonic()
	bench = Bench(os.environ["BUILD"])
	breaches = 0
	try:
		for part in words[:1] or PARTS:
			breaches += len(PARTS[part](bench, words[1:], in_parallel).names)
	finally:
		bench.close()
	print("fault: %d breaches, %.0f s" % (breaches, time.monotonic() - began))
	return 1 if breaches else 0


if __name__ == "__main__":
	sys.exit(main(sys.argv[1:]))
