#!/bin/sh
# report ROWS NAME: NAME.csv and NAME.md from these rows, and whether all is well as the status.
set -eu
rows=$1 name=$2

{
	echo 'daemon,version,form,command,user,ready,address,ready_ms,notify_ms,listen_ms,end,end_ms,left,judgement,words'
	awk -F '\t' '{
		for (i = 1; i <= NF; i++) {
			gsub(/"/, "\"\"", $i)
			printf "%s\"%s\"", (i > 1 ? "," : ""), $i
		}
		print ""
	}' "$rows"
} >"$name.csv"

processor=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1)
system=$(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release 2>/dev/null || :)
{
	echo "${processor:-$(uname -m)}, $(getconf _NPROCESSORS_ONLN) processors, $(uname -sr), ${system:-unknown}, on $(date +%Y-%m-%d)."
	echo
	awk -F '\t' '
	function code(text) { gsub(/\|/, "\\|", text); gsub(/\\ +/, "", text); return "`" text "`" }
	function number(text) { return text == "-" ? "" : text }
	$14 == "skipped" { skipped = skipped (skipped ? "; " : "") $1 " (" $15 ")"; next }
	$14 == "failed" { failed = failed "\n- " $1 ", " $3 ": " $15; next }
	$3 == "foreground" {
		front[++fronts] = "| " $1 " " $2 " | " code($4) " | " $6 " | " $8 " | " number($9) " | " number($10) " | " \
			($7 == "-" ? "" : code($7)) " | " $12 " | " $13 " |"
	}
	$3 == "background" { back[++backs] = "| " $1 " | " code($4) " | " $6 " | " $13 " |" }
	END {
		print "| daemon | after `otelop start --` | ready by | after ms | `notify` alone | `listen` alone | address | stopped in ms | left |"
		print "|---|---|---|--:|--:|--:|---|--:|---|"
		for (i = 1; i <= fronts; i++) print front[i]
		print "\n| daemon | the form that puts itself into the background | told | left |"
		print "|---|---|---|---|"
		for (i = 1; i <= backs; i++) print back[i]
		if (skipped) print "\nNot to be had there: " skipped "."
		if (failed) print "\nFailed:" failed
	}' "$rows"
} >"$name.md"

awk -F '\t' -v name="$name" '
	{ count[$14]++ }
	END {
		printf "%d rows are ok, %d failed, %d skipped; %s.md and %s.csv have them\n", count["ok"], count["failed"],
			count["skipped"], name, name
		exit count["failed"] > 0
	}' "$rows"
