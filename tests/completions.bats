# What the shells offer behind -n.
# shellcheck disable=SC2016 # what stands in single quotes is for another shell
# bats file_tags=once
load helper

setup_more() {
	completions=$BATS_TEST_DIRNAME/../share/completions
	umask 077
	mkdir -p "$OTELOP_STATE_DIR"/{web,other,db/inner}
	touch "$OTELOP_STATE_DIR"/{otelop,web/otelop,db/otelop,db/inner/otelop}.json
}

# offers SHELL [WORD...]: the names that it offers behind `otelop WORD... -n`, sorted, in $output.
offers() {
	local shell=$1
	shift
	case $shell in
	bash) run -0 bash -c '. "$0/otelop.bash"; COMP_WORDS=("$@" ""); COMP_CWORD=$#; COMP_LINE="$* "; COMP_POINT=${#COMP_LINE}
		_otelop otelop ""; printf "%s\n" "${COMPREPLY[@]}"' "$completions" otelop "$@" -n ;;
	zsh) run -0 zsh -fc '_arguments() { :; }; _wanted() { print -l -- $names; }; file=$0/_otelop; otelop_dir=${2-}
		set --; . "$file"; _otelop_instances' "$completions" "$@" ;;
	fish) run -0 env HOME="$PWD" fish -N -c 'source $argv[1]/otelop.fish; complete -C "otelop $argv[2..] -n " | cut -f1' \
		"$completions" "$@" ;;
	esac
	output=$(sort <<<"$output" | tr '\n' ' ')
}

# What is offered is what the program would take.
offers_names() {
	command -v "$1" >/dev/null || skip "no $1"
	offers "$1"
	assert_output 'db web '
	OTELOP_STATE_DIR=$OTELOP_STATE_DIR/db OTELOP_NAME=db offers "$1"
	assert_output 'db web '
	OTELOP_STATE_DIR=$OTELOP_STATE_DIR/db offers "$1"
	assert_output 'inner '
	local dir=$OTELOP_STATE_DIR/db
	OTELOP_STATE_DIR=$PWD OTELOP_NAME=none offers "$1" -C "$dir"
	assert_output 'inner '
}

@test "-n in bash: the names that it means there, inside a named daemon too" { offers_names bash; }
@test "-n in zsh: the names that it means there, inside a named daemon too" { offers_names zsh; }
@test "-n in fish: the names that it means there, inside a named daemon too" { offers_names fish; }
