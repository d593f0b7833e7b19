# VERSION: what share/bats is under another bats, as npm has it.
# shellcheck shell=sh disable=SC2154
need npm npm
case $what in newest) version=latest ;; *) version=$what ;; esac
npm install --prefix "$room/npm" --no-audit --no-fund "bats@$version" >&2 || missing "bats of npm" "it by hand, and a network"

build_once
BATS=$room/npm/node_modules/bats/bin/bats
export BATS
"$BATS" --version >"$room/built" || fault "this bats does not run"
check bats
