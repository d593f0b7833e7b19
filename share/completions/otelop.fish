# fish completion for otelop and the otelop-* programs.
#
# fish loads completions by the name of the command: link the other programs' names to this file.

# The words before the cursor that are neither options nor their values: the program, a
# subcommand, operands.  $argv: the options that take the next word as their value.
function __otelop_operands
    set -l value no
    for word in (commandline -opc)
        if test $value = yes
            set value no
        else if contains -- $word $argv
            set value yes
        else if test "$word" = --
            return
        else if not string match -q -- '-*' $word
            echo $word
        end
    end
end

function __otelop_subcommand
    set -l words (__otelop_operands -C --state-dir -n --name)
    set -q words[2]; and echo $words[2]
end

function __otelop_needs_subcommand
    test -z "$(__otelop_subcommand)"
end

# Is the subcommand one of these, and does no command follow yet?
function __otelop_in
    contains -- "$(__otelop_subcommand)" $argv; and not __otelop_behind_dashes
end

function __otelop_behind_dashes
    contains -- -- (commandline -opc)
end

# Complete the words from number $argv[1] on as if they stood alone.
function __otelop_complete_from
    set -l words (commandline -opc)
    set -l before (string escape -- $words[$argv[1]..-1])
    set -l current (commandline -ct)
    # No command's name begins so.
    not set -q before[1]; and string match -q -- '-*' $current; and return
    complete -C "$(string join ' ' -- $before $current)"
end

function __otelop_complete_behind_dashes
    set -l at (contains -i -- -- (commandline -opc))
    __otelop_complete_from (math $at + 1)
end

# Where otelop-spawn's command begins; the number behind the last word if it has not begun.
function __otelop_spawn_command
    set -l words (commandline -opc)
    set -l takes -C --state-dir -n --name -l --log -t --timeout -d --chdir -m --umask -e --env -u --unset \
        --tail --as --progress --start --behind --servers --server
    set -l i 2
    while set -q words[$i]
        if test "$words[$i]" = --
            math $i + 1
            return
        else if contains -- $words[$i] $takes
            set i (math $i + 1)
        else if not string match -q -- '-*' $words[$i]
            break
        end
        set i (math $i + 1)
    end
    # An option still waits for its value: there is no command.
    test $i -gt (math (count $words) + 1); or echo $i
end

# Run a program of ours from where the completed one came from, on the same state directory.
function __otelop_ask
    set -l words (commandline -opc)
    set -l program $argv[1]
    set -l dir
    string match -q -- '*/*' $words[1]; and set program (dirname -- $words[1])/$program
    for i in (seq 2 (count $words))
        switch $words[$i]
            case --
                break
            case -C --state-dir
                set -q words[(math $i + 1)]; and set dir -C $words[(math $i + 1)]
            case '--state-dir=*'
                set dir -C (string replace -- --state-dir= '' $words[$i])
        end
    end
    command $program $dir $argv[2..-1] 2>/dev/null
end

# The names that are beside or below the directory; which, the program knows.
function __otelop_instances
    set -l root (__otelop_ask otelop-statedir -n any); or return
    for file in (dirname -- $root)/*/otelop.json
        basename (dirname -- $file)
    end
end

function __otelop_keys
    __otelop_ask otelop-meta read | string replace -rf '^  "([A-Za-z_][A-Za-z0-9_]*)":.*' '$1'
    printf '%s\n' address port
end

function __otelop_modes
    set -l before (commandline -ct | string replace -r '^--ready=' '' | string replace -rf '^(.*,)[^,]*$' '$1')
    printf '%s\t%s\n' "$before"auto 'fd, notify or listen' \
        "$before"fd 'the ready line on descriptor 3' \
        "$before"notify 'READY=1 to $NOTIFY_SOCKET' \
        "$before"listen 'it listens on a socket' \
        "$before"listen: 'PORT; it listens on this port' \
        "$before"connect: 'HOST:PORT or PATH; a connection succeeds' \
        "$before"check: 'COMMAND; sh -c COMMAND exits 0' \
        "$before"log: 'ERE; a line that it writes matches' \
        "$before"http:// 'the URL is answered' \
        "$before"https:// 'the URL is answered' \
        "$before"up: 'TIME; it lives so long' \
        "$before"exec 'it runs'
end

set -l signals HUP INT QUIT KILL USR1 USR2 TERM CONT STOP

for program in otelop otelop-statedir otelop-spawn otelop-ready otelop-lock otelop-meta otelop-stop otelop-run otelop-with
    complete -c $program -e
    complete -c $program -f
    set -l when true
    switch $program
        case otelop otelop-meta
            set when __otelop_needs_subcommand
        case otelop-spawn
            set when __otelop_spawn_options
        case otelop-lock otelop-run otelop-with
            set when 'not __otelop_behind_dashes'
    end
    complete -c $program -n $when -s h -l help -d 'print the usage'
    complete -c $program -n $when -s V -l version -d 'print the version'
    test $program = otelop-ready
    or complete -c $program -n $when -s C -l state-dir -x -a '(__fish_complete_directories)' -d 'the state directory'
    contains -- $program otelop-ready otelop-stop otelop-with
    or complete -c $program -n $when -s n -l name -x -a '(__otelop_instances)' -d 'the instance'
end

# Options that `otelop start` and `otelop restart` share with otelop-run.
for case in 'otelop:__otelop_in start restart' 'otelop-run:not __otelop_behind_dashes' 'otelop:__otelop_in with' \
        'otelop-with:not __otelop_behind_dashes'
    set -l part (string split -m 1 : $case)
    set -l run complete -c $part[1] -n $part[2]
    $run -l ready -x -a '(__otelop_modes)' -d 'how to see that it is ready'
    $run -l try -x -d 'so long may one check, connection or request last'
    string match -q -- '*with*' $case; or $run -l with-parent -x -a '(__fish_complete_pids)' -d 'end with this process'
    $run -l max-lifetime -x -d 'end after this time'
    $run -l grace -x -d 'between TERM and KILL'
    $run -l stop-signal -x -a "$signals" -d 'instead of TERM'
    $run -l stop-all -d 'signal all processes of the daemon at once'
    string match -q -- '*with*' $case; or $run -l parent-grace -x -d 'the same, when the parent is gone'
    $run -l no-sweep -d "leave the command's descendants alone"
    $run -l log-max -x -d 'how large the log may grow'
    $run -l log-keep -x -d 'how many old logs to keep'
    $run -l respawn -d 'start it again when it crashes'
    $run -l stdin -x -a open -d 'what it finds for stdin'
end
complete -c otelop-run -n 'not __otelop_behind_dashes' -l join -d 'answer as the start that is under way'
complete -c otelop-run -n 'not __otelop_behind_dashes' -l started-with -x -d 'record this'
complete -c otelop-run -n 'not __otelop_behind_dashes' -l unnamed -d 'nobody has named the instance'
complete -c otelop-run -n 'not __otelop_behind_dashes' -l notify-fd -x -d 'write a newline there when it is ready'
complete -c otelop-run -n 'not __otelop_behind_dashes' -l dry-run -d 'check the usage only'
complete -c otelop-run -n 'not __otelop_behind_dashes' -l attend -d 'stay above a command in the foreground'
complete -c otelop-run -n 'not __otelop_behind_dashes' -l then -x -d 'how many words to become afterwards'
complete -c otelop-run -n 'not __otelop_behind_dashes' -l as -x -d 'begin messages with this'

for case in 'otelop:__otelop_in with' 'otelop-with:not __otelop_behind_dashes'
    set -l part (string split -m 1 : $case)
    set -l with complete -c $part[1] -n $part[2]
    $with -s s -l server -x -d 'a command line for sh'
    $with -s n -l name -x -d 'the name of the next server'
    $with -s t -l timeout -x -d 'wait at most this time'
    $with -s l -l log -r -F -d 'the log'
    $with -s d -l chdir -x -a '(__fish_complete_directories)' -d 'run it there'
    $with -s m -l umask -x -d 'run it with this mask'
    $with -s e -l env -x -a '(set -nx)' -d 'set in its environment'
    $with -s u -l unset -x -a '(set -nx)' -d 'remove from its environment'
end

complete -c otelop -n __otelop_needs_subcommand -a start -d 'start a command as the daemon'
complete -c otelop -n __otelop_needs_subcommand -a stop -d 'end the daemon'
complete -c otelop -n __otelop_needs_subcommand -a restart -d 'stop it and start it again'
complete -c otelop -n __otelop_needs_subcommand -a status -d 'does it run?'
complete -c otelop -n __otelop_needs_subcommand -a logs -d 'print the end of the log'
complete -c otelop -n __otelop_needs_subcommand -a list -d 'all instances'
complete -c otelop -n __otelop_needs_subcommand -a wait -d 'until it is ready, or gone'
complete -c otelop -n __otelop_needs_subcommand -a with -d 'run a command with servers'
complete -c otelop -n __otelop_needs_subcommand -a version -d 'print the version'
complete -c otelop -n __otelop_needs_subcommand -a help -d 'print the usage'
complete -c otelop -n '__otelop_in start restart' -s t -l timeout -x -d 'wait at most this time'
complete -c otelop -n '__otelop_in start restart' -s l -l log -r -F -d 'the log'
complete -c otelop -n '__otelop_in start restart' -s d -l chdir -x -a '(__fish_complete_directories)' -d 'run it there'
complete -c otelop -n '__otelop_in start restart' -s m -l umask -x -d 'run it with this mask'
complete -c otelop -n '__otelop_in start restart' -s e -l env -x -a '(set -nx)' -d 'set in its environment'
complete -c otelop -n '__otelop_in start restart' -s u -l unset -x -a '(set -nx)' -d 'remove from its environment'
complete -c otelop -n '__otelop_in start restart' -l native -d 'the command takes the lock and writes its metadata'
complete -c otelop -n '__otelop_in start restart' -l strict -d 'busy even if the command is the same'
complete -c otelop -n '__otelop_in start restart' -s f -l foreground -d 'stay in the foreground'
complete -c otelop -n '__otelop_in stop' -s t -l timeout -x -d 'wait at most this time'
complete -c otelop -n '__otelop_in stop restart' -s k -l kill-after -x -d 'then KILL, and wait this time'
complete -c otelop -n '__otelop_in status' -l json -d 'print JSON'
complete -c otelop -n '__otelop_in status' -s q -l quiet -d 'print nothing'
complete -c otelop -n '__otelop_in logs' -s f -l follow -d 'go on printing'
complete -c otelop -n '__otelop_in logs' -s N -l lines -x -d 'the last lines'
complete -c otelop -n '__otelop_in help' -a 'start stop restart status logs list wait with version help'
complete -c otelop -n '__otelop_in wait' -l ready -d 'until it is ready'
complete -c otelop -n '__otelop_in wait' -l stopped -d 'until it is gone'
complete -c otelop -n '__otelop_in wait' -s t -l timeout -x -d 'wait at most this time'

complete -c otelop-statedir -s e -l ensure -d 'create it'
complete -c otelop-statedir -s l -l log -d 'print the path of the log'
complete -c otelop-statedir -s m -l metadata -d 'print the path of the metadata'
complete -c otelop-statedir -l tail -x -d 'print the last lines of the log'
complete -c otelop-statedir -l follow -d 'go on printing'
complete -c otelop-statedir -l say -x -d 'say this for a script'
complete -c otelop-statedir -l note -x -d 'take this down for a script'
complete -c otelop-statedir -l notes -d 'print that'

# May an option of otelop-spawn's own stand here?
function __otelop_spawn_options
    set -l start (__otelop_spawn_command)
    test -z "$start"; or begin
        test $start -gt (count (commandline -opc)); and not __otelop_behind_dashes
    end
end
set -l spawn complete -c otelop-spawn -n __otelop_spawn_options
$spawn -s q -l quiet-busy -d 'print nothing when busy'
$spawn -s l -l log -r -F -d 'the log'
$spawn -s t -l timeout -x -d 'wait at most this time'
$spawn -s d -l chdir -x -a '(__fish_complete_directories)' -d 'run it there'
$spawn -s m -l umask -x -d 'run it with this mask'
$spawn -s e -l env -x -d 'set in its environment'
$spawn -s u -l unset -x -a '(set -nx)' -d 'remove from its environment'
$spawn -l tail -x -d 'lines of the log to show after a failure'
$spawn -l as -x -d 'begin messages with this'
$spawn -l progress -x -d 'show this while waiting'
$spawn -l run -d 'the command is otelop-run'
$spawn -l native -d 'the command takes the lock'
$spawn -l strict -d 'busy if anything runs'
$spawn -l again -d 'this is a restart'
$spawn -l dry-run -d 'check the usage only'
$spawn -l behind -x -d 'look at the start behind so many words first'
$spawn -l start -x -d 'be otelop start, with this otelop-run'
$spawn -l servers -x -d 'look at the words of otelop-with'
$spawn -l server -x -d 'start the first server in them'
complete -c otelop-spawn -n 'string length -q -- (__otelop_spawn_command)' \
    -a '(__otelop_complete_from (__otelop_spawn_command))'

complete -c otelop-ready -s e -l error -x -d 'report a failure'
complete -c otelop-ready -s q -l query -d 'is this a daemon child?'

set -l lock complete -c otelop-lock -n 'not __otelop_behind_dashes'
$lock -s w -l wait -x -d 'wait at most this time'
$lock -s F -l fd -x -d 'lock this descriptor'
$lock -s p -l probe -d 'is it held?'
$lock -s W -l until-free -d 'wait until it is free'

complete -c otelop-meta -n __otelop_needs_subcommand -a write -d 'write the metadata'
complete -c otelop-meta -n __otelop_needs_subcommand -a read -d 'print the metadata'
complete -c otelop-meta -n __otelop_needs_subcommand -a get -d 'print values'
complete -c otelop-meta -n __otelop_needs_subcommand -a running -d 'print the state and the process id'
complete -c otelop-meta -n __otelop_needs_subcommand -a show -d 'print all for people'
complete -c otelop-meta -n __otelop_needs_subcommand -a list -d 'all instances'
complete -c otelop-meta -n __otelop_needs_subcommand -a again -d 'become a command, with what would start it again behind it'
complete -c otelop-meta -n __otelop_needs_subcommand -a args -d 'what would start it again'
complete -c otelop-meta -n __otelop_needs_subcommand -a remove -d 'remove the metadata'
complete -c otelop-meta -n '__otelop_in get' -s s -l shell -d 'quote for sh'
complete -c otelop-meta -n '__otelop_in get' -a '(__otelop_keys)'
complete -c otelop-meta -n '__otelop_in running' -s w -l wait -x -d 'wait for the verdict'
complete -c otelop-meta -n '__otelop_in running' -s a -l appear -d 'wait for a daemon that does not exist yet'
complete -c otelop-meta -n '__otelop_in running show' -s q -l quiet -d 'print nothing'
complete -c otelop-meta -n '__otelop_in again' -l as -x -d 'begin messages with this'
complete -c otelop-meta -n '__otelop_in again' -s t -l timeout -x -d 'wait at most so long for other restarts'
complete -c otelop-meta -n '__otelop_in show' -l json -d 'print JSON'

complete -c otelop-stop -s t -l timeout -x -d 'wait at most this time'
complete -c otelop-stop -s s -l signal -x -a "$signals" -d 'instead of TERM'
complete -c otelop-stop -s k -l kill-after -x -d 'then KILL, and wait this time'
complete -c otelop-stop -l name -x -a '(__otelop_instances)' -d 'the instance'
complete -c otelop-stop -l as -x -d 'begin messages with this'
complete -c otelop-stop -s n -l check -x -a '(__fish_complete_pids)' -d 'is it alive?'
complete -c otelop-stop -a '(__fish_complete_pids)'

# Behind `--`, the command.
for program in otelop otelop-lock otelop-meta otelop-run otelop-stop otelop-with
    complete -c $program -n __otelop_behind_dashes -a '(__otelop_complete_behind_dashes)'
end
