# The state directory: what the programs say of it, and what is in it.

# state_is WORD: what lock, metadata and process together say: running, starting, stale or stopped (with a pid, if need be).
state_is() { [ "$(otelop-meta running 2>/dev/null)" = "$1" ] || [[ $(otelop-meta running 2>/dev/null) == "$1 "* ]]; }
# metadata_says WORD: what otelop-run has recorded: starting, ready or exited.
metadata_says() { [ "$(otelop-meta get state 2>/dev/null)" = "$1" ]; }
# Has otelop-run recorded how the daemon ended?
has_left_a_word() { [ -n "$(otelop-meta get exitedAt 2>/dev/null)" ]; }
# The start has said who it is; whoever asks before that waits for another file first.
has_published() { [[ $(otelop-meta running 2>/dev/null) == "starting "* ]]; }

# The state directory has these files and no other, but for what serialises chains, which stays.
assert_state_files() {
	assert_equal "$(cd "$OTELOP_STATE_DIR" && find . -mindepth 1 ! -name otelop.start | sed 's|^\./||' | sort | tr '\n' ' ')" \
		"$(printf '%s\n' "$@" | sort | tr '\n' ' ')"
}
# Nobody claims the directory, and nothing is in it but what is named here.
assert_left() {
	tool -3 otelop-lock -p
	assert_equal "$(find state -mindepth 1 -printf '%f\n' | sort)" "$(printf '%s' "$*" | tr ' ' '\n')"
}

# The metadata file is exactly this text (a format of printf).
file_is() {
	[ -d "$OTELOP_STATE_DIR" ] || mkdir -m 700 "$OTELOP_STATE_DIR"
	# shellcheck disable=SC2059 # a format
	printf "$@" >"$OTELOP_STATE_DIR/otelop.json"
}
# Upstream's file for a pid, as Go's MarshalIndent writes it: no final newline, an offset time.
upstream_text() {
	printf '{\n  "pid": %d,\n  "startedAt": "2024-05-06T07:08:09.123456789+02:00",\n' "$1"
	printf '  "httpAddr": "127.0.0.1:4319",\n  "otlpGrpcAddr": "127.0.0.1:4317",\n'
	printf '  "otlpHttpAddr": "127.0.0.1:4318",\n  "proxyUrl": "",\n  "proxyProtocol": "",\n'
	printf '  "version": "v1.2.3"\n}'
}
