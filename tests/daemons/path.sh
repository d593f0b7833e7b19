#!/bin/sh
# Where the programs of a daemon are: path DIRECTORY NAME.  What was fetched for it, the system's, the caller's.
postgresql=
for directory in /usr/lib/postgresql/*/bin; do
	[ ! -d "$directory" ] || postgresql=$directory:
done
echo "$1/npm/$2/node_modules/.bin:$1/pip/$2/bin:$postgresql/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:$PATH"
