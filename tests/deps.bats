# .ci/deps: what it would run where.  Each package manager here is a name in PATH, and none is ever called.
# bats file_tags=once
load helper

setup_more() {
	local tool
	mkdir tools
	for tool in sh grep id ls printf; do ln -s "$(type -P "$tool")" "tools/$tool"; done
}
# deps_with MANAGER [ARG...]: with that one there, and nothing that is needed.
deps_with() {
	rm -rf manager
	mkdir manager
	printf '#!/bin/sh\necho "$0 $*" >>called\n' >"manager/$1"
	chmod +x "manager/$1"
	shift
	BATS_LIB_PATH=$PWD run --separate-stderr env PATH="$PWD/manager:$PWD/tools" sh "$BATS_TEST_DIRNAME/../.ci/deps" "$@"
	assert_not_exists called
}

@test ".ci/deps -n on other systems: one command of their package manager, by its own names, and nothing is run" {
	local manager command
	while IFS=: read -r manager command; do
		deps_with "$manager" -n check
		assert_success
		assert_equal "$output" "$command"
	done <<-'END'
		apk:apk add bats python3 curl jq procps util-linux
		dnf:dnf install -y bats python3 curl jq procps-ng util-linux
		pacman:pacman -S --needed --noconfirm bats python curl jq procps-ng util-linux
		brew:brew install bats-core python jq util-linux
		pkg:pkg install -y bats-core python3 curl jq
		pkg_add:pkg_add python3 curl jq
		pkgin:pkgin -y install python312 curl jq
	END
}

@test ".ci/deps -n on other systems: what they have no package of is named with where it comes from" {
	local manager
	for manager in apk dnf pacman brew pkg pkg_add pkgin; do
		deps_with "$manager" -n check
		[[ $stderr == "otelop: not packaged here:"*" bats-assert (https://github.com/bats-core/bats-assert)"* ]]
	done
}

@test ".ci/deps on other systems: it ends, and says the command" {
	deps_with apk demo
	assert_failure 1
	assert_output ""
	assert_regex "$stderr" 'otelop: run this, then try again: (sudo )?apk add python3$'
	deps_with brew demo
	assert_failure 1
	assert_regex "$stderr" 'otelop: run this, then try again: brew install python$'
}

@test ".ci/deps without a package manager: it ends, and names what is missing" {
	deps_with none demo
	assert_failure 1
	assert_equal "$stderr" "otelop: missing, and not packaged here: python3"
}

@test ".ci/deps -n on Debian: apt-get and Debian's names; where nothing is missing, no word" {
	deps_with apt-get -n demo
	assert_success
	assert_output "apt-get install -y --no-install-recommends python3"
	ln -s "$(type -P true)" tools/python3
	deps_with apt-get -n demo
	assert_success
	assert_output ""
	assert_equal "$stderr" ""
}
