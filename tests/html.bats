# The pages of `make html`: each link leads somewhere, and what the tutorial shows is what happens.
# bats file_tags=once
load helper

setup_more() {
	top=$BATS_TEST_DIRNAME/..
	export no_proxy=127.0.0.1
}

make_pages() {
	can cmark-gfm --version
	can command -v mandoc
	mkdir out
	BUILD=$PWD/out tool -0 sh "$top/share/html/run"
	assert_output "$PWD/out/html/index.html"
}

@test "html: every link, picture and heading that is named is there" {
	make_pages
	cd out/html
	for page in *.html; do
		grep -o '\(href\|src\)="[^"]*"' "$page" | sed 's/^[a-z]*="//; s/"$//; s/&amp;/\&/g'
		printf '%s\n' "$page"
	done | sort -u | grep -v '^https://' >links
	[ "$(wc -l <links)" -gt 20 ]
	while read -r link; do
		case $link in \#*) continue ;; esac
		assert_exists "${link%%#*}"
		case $link in *\#*) grep -q "id=\"${link#*#}\"" "${link%%#*}" || fail "$link: no such heading" ;; esac
	done <links
	for page in *.html; do
		for name in $(grep -o 'href="#[^"]*"' "$page" | sed 's/^href="#//; s/"$//'); do
			grep -q "id=\"$name\"" "$page" || fail "$page: no heading $name"
		done
	done
}

@test "html: every man page is in the list of pages, and has its own" {
	make_pages
	for page in "$top"/share/man/*; do
		page=$(basename "$page")
		grep -q "href=\"$page.html\"" out/html/index.html
		grep -q 'class="Sh"' "out/html/$page.html"
	done
}

@test "html: a tool is missing: it is named with its package, and 1" {
	mkdir none
	for name in sh sed awk cat grep ls dirname; do ln -s "$(command -v "$name")" none; done
	BUILD=$PWD tool -1 env PATH="$PWD/none" sh "$top/share/html/run"
	assert_equal "$stderr" "make html needs mandoc: install the package mandoc"
	assert_not_exists html
}

@test "html: the tutorial's commands run as they stand there" {
	can command -v curl
	awk '/^```run$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$top/share/html/index.md" |
		sed 's/^\$ //' >commands
	[ "$(wc -l <commands)" -gt 10 ]
	tool -0 timeout 120 sh -e commands
	assert_regex "$stderr" "is ready, listening on 127.0.0.1:"
	assert_regex "$stderr" "no such database"
	assert_line "status 1"
	assert_nothing_runs
}

@test "html: the first minute's command runs as it stands there" {
	can command -v curl
	sed -n 's/^\$ \(otelop with -s .python3.*\)/\1/p' "$top/share/html/index.md" >commands
	[ "$(wc -l <commands)" -eq 1 ]
	tool -0 timeout 60 sh -e commands
	assert_line --partial '<html'
	assert_nothing_runs
}
