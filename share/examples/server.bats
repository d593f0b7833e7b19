# One server for all tests of the file; if bats is killed, the server ends with it.
setup_file() {
	export OTELOP_STATE_DIR=$BATS_FILE_TMPDIR/state
	otelop start --with-parent $$ -- python3 -m http.server 0 --bind 127.0.0.1
}

teardown_file() { otelop stop; }

@test "the first page: it is there" {
	curl -fsS "http://$(otelop-meta get address)/"
}

@test "a page that does not exist: an error" {
	run curl -fsS "http://$(otelop-meta get address)/none"
	[ "$status" -ne 0 ]
}
