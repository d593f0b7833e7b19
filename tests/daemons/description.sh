# What the description of a daemon may say, and what it is if it does not.  A description is a shell script in table/,
# read by this directory's programs; its name is the daemon's.
# shellcheck shell=sh disable=SC2034,SC2317 # for those who read it

# The command that must be there, and the packages that bring it: Debian's, npm's, pip's.
program=''
apt='' npm='' pip=''
# How it tells its version: the first number of that output is it.
version='"$program" --version'
# 1: it refuses to be root.
ordinary=''
# The command line, as a shell reads it, with a free $port and a $second one; and the line, if it has one, that puts
# itself into the background.
foreground='' background=''
# Options of `otelop start` for the foreground, and `notify` if it tells systemd that it is ready.
options='' says=''

# Both are called in a directory of the daemon's own: what it needs there, and what is to end after it.
prepare() { :; }
after() { :; }

# Does it answer, at once, at the address that `otelop-meta get address` gives?
answers() { http; }

# ask WORDS: what it answers.  http [PATH]: it speaks HTTP, and found the page.
ask() { python3 "$tools/ask.py" "$(otelop-meta get address)" "$1"; }
http() {
	answer=$(ask "GET ${1:-/} HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n" | tr -d '\0\r')
	case $answer in HTTP/1.[01]\ [23]*) ;; *) echo "$answer" | head -n 3; return 1 ;; esac
}
# bytes WORDS PATTERN: its answer to these bytes, as hexadecimal digits, matches.
bytes() {
	answer=$(ask "$1" | od -An -v -tx1 | tr -d ' \n')
	# shellcheck disable=SC2254 # a pattern
	case $answer in $2) ;; *) echo "$answer"; return 1 ;; esac
}
# dns: it knows the address 127.0.0.9 of the name `here.test` (DNS over TCP).
dns() { bytes '\0\x1b\0\x07\x01\0\0\x01\0\0\0\0\0\0\x04here\x04test\0\0\x01\0\x01' '*7f000009*'; }

# A server of a few lines, for what runs JavaScript.
javascript() {
	cat >server.js <<'JS'
const server = require('http').createServer((request, response) => response.end('here\n'));
server.listen(Number(process.env.PORT || 0), '127.0.0.1', () => console.log('on', server.address().port));
JS
	cat >package.json <<'JSON'
{"name": "here", "version": "1.0.0", "private": true, "scripts": {"start": "node server.js"}}
JSON
}
