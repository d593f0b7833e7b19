#!/bin/sh
# report ROWS FILE: FILE is the table of these rows, in Markdown; whether all is well is the status.
set -eu
processor=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1)
{
	echo "${processor:-$(uname -m)}, $(getconf _NPROCESSORS_ONLN) processors, $(uname -sr), on $(date +%Y-%m-%d)."
	echo
	echo '| cell | what was built | passed | failed | skipped | s | |'
	echo '|---|---|--:|--:|--:|--:|---|'
	awk -F '\t' '
	function plain(text) { gsub(/\|/, "\\|", text); return text }
	{ print "| " $1 " | " plain($3) " | " $4 " | " $5 " | " $6 " | " $7 " | " ($2 == "ok" ? "" : $2 ": " plain($8)) " |" }' "$1"
} >"$2"
awk -F '\t' -v file="$2" '
	{ count[$2]++ }
	END {
		printf "%d cells are ok, %d failed, %d skipped; %s has them\n", count["ok"], count["failed"], count["skipped"], file
		exit count["failed"] > 0 || NR == 0
	}' "$1"
