#!/bin/sh
# A job for any CI: start, test, stop; the status is that of the tests.  Where they fail the end of the server's log is shown,
# and the whole of it stays.  A job that is cancelled leaves no server, even if it is killed.
set -eu
OTELOP_STATE_DIR=$PWD/otelop
export OTELOP_STATE_DIR
trap 'otelop stop -k 5s' 0
trap 'exit 1' HUP INT TERM

otelop start -t 2m --with-parent $$ -- python3 -m http.server 0 --bind 127.0.0.1
if ! curl -fsS "http://$(otelop-meta get address)/"; then
	otelop logs -N 100 >&2
	echo "ci: all that the server wrote is in $OTELOP_STATE_DIR/otelop.log" >&2
	exit 1
fi
