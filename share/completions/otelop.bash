# bash completion for otelop and the otelop-* programs.
#
# Source this file, or install it as `otelop` where bash-completion looks and link the other
# programs' names to it.  It works without bash-completion; where that is loaded, the command
# behind `--` is completed as it would be on a line of its own.  bash 3.2 is enough.
#
# The functions share the local variables of _otelop:
#   words at count	the words up to the cursor, joined where readline broke them at = or :,
#			and the index of each in COMP_WORDS
#   cur keep		the word at the cursor, and the part of it that readline keeps
#   options operands	what may stand here; an option that takes a value is -o=KIND
#   tail		where a command may begin: `dashes`, `operand`, or nowhere
#   state_dir bin	the value of -C, and the directory the program was called from

_otelop_split() {
    local line=${COMP_LINE:0:COMP_POINT} i word joined
    count=0
    for ((i = 0; i <= COMP_CWORD; i++)); do
        joined=$((i > 0))
        while [[ $line == [[:blank:]]* ]]; do
            line=${line#?}
            joined=0
        done
        word=${COMP_WORDS[i]}
        ((i < COMP_CWORD)) || word=$line
        line=${line#"$word"}
        if ((joined)); then
            words[count - 1]+=$word
        else
            words[count]=$word
            at[count]=$i
            ((count += 1))
        fi
    done
    cur=${words[count - 1]}
    keep=
    if [[ $COMP_WORDBREAKS == *=* && $cur == *=* ]]; then keep=${cur%"${cur##*=}"}; fi
    if [[ $COMP_WORDBREAKS == *:* && $cur == *:* ]]; then
        word=${cur%"${cur##*:}"}
        ((${#word} <= ${#keep})) || keep=$word
    fi
}

# What program $1, or subcommand $1 of the form PROGRAM/WORD, takes.
_otelop_describe() {
    local help='-h --help -V --version' dir='-C=dir --state-dir=dir -n=instance --name=instance'
    local run='--ready=mode --try=text --with-parent=pid --max-lifetime=text --grace=text --parent-grace=text --no-sweep
        --stop-signal=signal --stop-all
        --log-max=text --log-keep=text --respawn --stdin=stdin'
    local outfit='-l=file --log=file -d=dir --chdir=dir -m=text --umask=text -e=variable --env=variable
        -u=variable --unset=variable'
    options='' operands='' tail=''
    case $1 in
    otelop)
        options="$help $dir"
        operands='start stop restart status logs list wait with version help'
        ;;
    otelop/start | otelop/restart)
        options="$run $outfit -t=text --timeout=text --native --strict -f --foreground"
        [[ $1 == */start ]] || options+=' -k=text --kill-after=text'
        operands=-- tail=dashes
        ;;
    otelop/stop) options='-t=text --timeout=text -k=text --kill-after=text' ;;
    otelop/status) options='--json -q --quiet' ;;
    otelop/logs) options='-f --follow -N=text --lines=text' ;;
    otelop/wait) options='--ready --stopped -t=text --timeout=text' ;;
    otelop/help) operands='start stop restart status logs list wait with version help' ;;
    otelop/with | otelop-with)
        run=${run/--with-parent=pid/}
        options="-s=text --server=text -n=text --name=text ${run/--parent-grace=text/} $outfit -t=text --timeout=text"
        [[ $1 == otelop/* ]] || options="$help -C=dir --state-dir=dir $options"
        operands=-- tail=dashes
        ;;
    otelop-statedir)
        options="$help $dir -e --ensure -l --log -m --metadata
            --tail=text --follow --as=text --complain=text --say=text --note=text --notes"
        ;;
    otelop-spawn)
        options="$help $dir $outfit -q --quiet-busy -t=text --timeout=text
            --tail=text --as=text --progress=text
            --run --native --strict --again --dry-run --start=text --behind=text --servers=text --server=text"
        tail=operand
        ;;
    otelop-ready) options="$help -e=text --error=text -q --query" ;;
    otelop-lock)
        options="$help $dir -w=text --wait=text -F=text --fd=text -p --probe -W --until-free"
        operands=-- tail=dashes
        ;;
    otelop-meta)
        options="$help $dir"
        operands='write read get running show list args again remove'
        ;;
    otelop-meta/get) options='-s --shell' operands=@keys ;;
    otelop-meta/running) options='-w=text --wait=text -a --appear -q --quiet' operands=-- tail=dashes ;;
    otelop-meta/again) options='--as=text -t=text --timeout=text' operands=-- tail=dashes ;;
    otelop-meta/show) options='--json -q --quiet' ;;
    otelop-stop)
        options="$help ${dir% -n=*} --name=instance -t=text --timeout=text -s=signal --signal=signal
            -k=text --kill-after=text -n=pid --check=pid --as=text"
        operands=@pids tail=dashes
        ;;
    otelop-run)
        options="$help $dir $run --join --started-with=text --unnamed --notify-fd=text --dry-run --attend --then=text --as=text"
        operands=-- tail=dashes
        ;;
    esac
}

# Put the kind of value that option $1 takes into kind; empty: none.
_otelop_kind() {
    local option
    kind=
    for option in $options; do
        [[ $option == "$1"=* ]] && kind=${option#*=}
    done
}

# Offer those of the words that continue the word at the cursor.
_otelop_offer() {
    local word
    for word in "$@"; do
        [[ $word == "$cur"* ]] && COMPREPLY+=("${word#"$keep"}")
    done
}

# Offer the lines of standard input behind prefix $1.
_otelop_offer_lines() {
    local line
    while read -r line; do
        [[ -z $line ]] || _otelop_offer "$1$line"
    done
}

# Offer file names as readline does; $1 is `default` or `dirnames`.
_otelop_offer_files() {
    local action=-f
    [[ $1 == default ]] || action=-d
    compopt -o "$1" 2>/dev/null ||
        _otelop_offer_lines "$keep" < <(compgen "$action" -- "${cur#"$keep"}")
}

# Run a program of ours from where the completed one came from, on the same state directory.
_otelop_ask() {
    local program=$1
    shift
    "$bin$program" ${state_dir:+-C "$state_dir"} "$@" 2>/dev/null
}

# The names that are beside or below the directory; which, the program knows.
_otelop_instances() {
    local root file
    root=$(_otelop_ask otelop-statedir -n any) || return
    for file in "${root%/*}"/*/otelop.json; do
        [[ ! -e $file ]] || (file=${file%/*} && echo "${file##*/}")
    done
}

_otelop_keys() {
    _otelop_ask otelop-meta read | sed -n 's/^  "\([A-Za-z_][A-Za-z0-9_]*\)":.*/\1/p'
    printf '%s\n' address port
}

# Offer values of kind $1 behind prefix $2, which belongs to the same word.
_otelop_offer_values() {
    local before=$2 mode
    case $1 in
    dir) _otelop_offer_files dirnames ;;
    file) _otelop_offer_files default ;;
    instance) _otelop_offer_lines "$before" < <(_otelop_instances) ;;
    pid) _otelop_offer_lines "$before" < <(ps -A -o pid=) ;;
    variable) _otelop_offer_lines "$before" < <(compgen -e) ;;
    stdin) _otelop_offer "${before}open" ;;
    signal)
        for mode in HUP INT QUIT KILL USR1 USR2 TERM CONT STOP; do
            _otelop_offer "$before$mode"
        done
        ;;
    mode)
        [[ ${cur#"$before"} != *,* ]] || before=${cur%"${cur##*,}"}
        for mode in auto fd notify listen listen: connect: http:// https:// check: log: up: exec; do
            _otelop_offer "$before$mode"
        done
        [[ ${#COMPREPLY[@]} != 1 || ${COMPREPLY[0]} != *[:/] ]] || compopt -o nospace 2>/dev/null
        ;;
    esac
}

# Complete the command that begins at word $1.
_otelop_offer_command() {
    if declare -F _comp_command_offset >/dev/null; then
        _comp_command_offset "${at[$1]}"
    elif declare -F _command_offset >/dev/null; then
        _command_offset "${at[$1]}"
    elif (($1 == count - 1)) && [[ $cur != */* ]]; then
        _otelop_offer_lines '' < <(compgen -c -- "$cur" | sort -u)
    else
        _otelop_offer_files default
    fi
}

_otelop_offer_operands() {
    local option names=()
    for option in $options; do names+=("${option%%=*}"); done
    case $operands in
    @keys) _otelop_offer_lines '' < <(_otelop_keys) ;;
    @pids) _otelop_offer_lines '' < <(ps -A -o pid=) ;;
    *)
        # shellcheck disable=SC2086 # a list of words
        _otelop_offer $operands
        ;;
    esac
    if [[ $cur == -* || (-z $operands && -z $tail) ]]; then
        _otelop_offer ${names[@]+"${names[@]}"}
    fi
}

_otelop() {
    local words=() at=() count cur keep options operands tail state_dir='' bin=''
    local program=${1##*/} word option kind subcommand='' seen='' i
    COMPREPLY=()
    _otelop_split
    [[ $1 != */* ]] || bin=${1%/*}/
    bin=${bin/#\~\//$HOME/}
    _otelop_describe "$program"
    for ((i = 1; i < count - 1; i++)); do
        word=${words[i]} option='' kind=''
        case $word in
        --)
            if [[ -n $tail ]]; then
                _otelop_offer_command $((i + 1))
                return
            fi
            ;;
        --*=*) [[ $word != --state-dir=* ]] || state_dir=${word#*=} ;;
        --*) option=$word ;;
        -?*)
            # Of several letters, the last one may take the next word.
            option=-${word#"${word%?}"}
            _otelop_kind "${word:0:2}"
            [[ -z $kind || ${#word} == 2 ]] || option=
            ;;
        *)
            if [[ $tail == operand ]]; then
                _otelop_offer_command "$i"
                return
            elif [[ -z $subcommand && " otelop otelop-meta " == *" $program "* ]]; then
                subcommand=$word
                _otelop_describe "$program/$word"
                continue
            fi
            seen=1
            ;;
        esac
        [[ -z $option ]] || _otelop_kind "$option"
        [[ -n $option && -n $kind ]] || continue
        if ((i + 1 == count - 1)); then
            _otelop_offer_values "$kind" ''
            return
        fi
        ((i += 1))
        case $option in -C | --state-dir) state_dir=${words[i]/#\~\//$HOME/} ;; esac
    done
    if [[ $cur == --*=* && -z $seen ]]; then
        _otelop_kind "${cur%%=*}"
        _otelop_offer_values "$kind" "${cur%%=*}="
    elif [[ $tail == operand && $cur != -* ]]; then
        _otelop_offer_command $((count - 1))
    else
        [[ -z $seen ]] || options=
        _otelop_offer_operands
    fi
}

complete -F _otelop otelop otelop-statedir otelop-spawn otelop-ready otelop-lock otelop-meta \
    otelop-stop otelop-run otelop-with
