#!/bin/sh
# sh run.sh COMPILER INCLUDE CASES [all]
# What is wrong use of the coroutine macros does not compile, and what is right compiles without a warning.
#
# CASES/wrong/*.c: compiled with -DWRONG each must give what its lines `/* expect: gcc=error clang=error text="..."
# flags=... */` say, and without it nothing at all. `error`: it does not compile; `warning`: there is at least a
# warning; `silent`: the compiler sees nothing (it is told, but no failure, when one does). Alternatives in a text stand
# between |. `flags`, which come last, are added to those below; with -isystem among them eddy's headers come that way.
# CASES/right/*.c: no warning with any flags below; with `all` in every combination.
set -eu
export LC_ALL=C
strict='-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wimplicit-fallthrough'
tab=$(printf '\t')

# one JOB: its fields are kind, file, expected text, flags.
one() {
    IFS=$tab read -r kind file text flags <<EOF
$1
EOF
    where=-I
    case " $flags " in *' -isystem '*)
        where=-isystem
        flags=$(printf '%s\n' " $flags " | sed 's/ -isystem / /')
        ;;
    esac
    # gcc warns of some things only when it makes code.
    how=-S
    case "$family $kind $flags" in
    *-O* | *-Werror* | *right*) ;;
    clang* | *error*) how=-fsyntax-only ;;
    esac
    define=-DWRONG
    case $kind in right | control) define= ;; esac
    status=0
    # The flags are words.
    # shellcheck disable=SC2086
    output=$("$compiler" -std=gnu11 $how -o /dev/null $where "$include" $define $flags "$file" 2>&1) || status=$?
    told=$(printf '%s\n' "$output" | grep -E '(error|warning): ' || true)
    case $kind in
    right | control)
        if [ "$status" = 0 ] && [ -z "$told" ]; then return 0; fi
        why='right code must compile without a warning'
        ;;
    silent)
        if [ "$status" != 0 ] || [ -n "$told" ]; then echo "note: $file ($flags): this compiler sees it"; fi
        return 0
        ;;
    *)
        if [ "$kind" = error ] && [ "$status" = 0 ]; then
            why='it compiles'
        elif [ -z "$told" ]; then
            why='there is no diagnostic'
        elif [ -z "$(printf '%s\n' "$told" | grep -E -e "$text" || true)" ]; then
            why="no diagnostic has \"$text\""
        else
            return 0
        fi
        ;;
    esac
    printf 'FAILED %s: %s\n  %s %s %s %s %s\n%s\n' "$file" "$why" "$compiler" "$how" "$where" "$define" "$flags" "$output"
    return 1
}

jobs_wrong() {
    for file in "$cases"/wrong/*.c; do
        [ -e "$file" ] || continue
        printf 'control\t%s\t-\t-Wall -Wextra -Wconversion\n' "$file"
        sed -n "s|^/\* expect: \(.*\) \*/\$|\1|p" "$file" | while read -r line; do
            kind=$(printf '%s\n' " $line" | sed -n "s/^[^\"]* $family=\([a-z]*\).*/\1/p")
            text=$(printf '%s\n' "$line" | sed -n 's/.*text="\([^"]*\)".*/\1/p')
            flags=$(printf '%s\n' "$line" | sed -n 's/.*flags=\(.*\)/\1/p')
            case $kind in
            '') ;;
            error | warning | silent) printf '%s\t%s\t%s\t%s\n' "$kind" "$file" "${text:--}" "$flags" ;;
            *) echo "$file: what is \"$kind\"?" >&2 ;;
            esac
        done
    done
}

jobs_right() {
    for file in "$cases"/right/*.c; do
        [ -e "$file" ] || continue
        for level in 0 1 2 3; do
            for define in '' ' -DNDEBUG'; do
                if [ "$all" = all ]; then
                    for more in '' ' -isystem' ' -std=gnu17' ' -std=gnu17 -isystem' ' -DEDDY_LINT'; do
                        printf 'right\t%s\t-\t-O%s%s %s%s\n' "$file" "$level" "$define" "$strict" "$more"
                    done
                elif [ $((level % 2)) = 0 ]; then
                    printf 'right\t%s\t-\t-O%s%s %s\n' "$file" "$level" "$define" "$strict"
                else
                    printf 'right\t%s\t-\t-O%s%s %s -std=gnu17 -isystem\n' "$file" "$level" "$define" "$strict"
                fi
            done
        done
    done
}

if [ "$1" = --one ]; then
    one "$2"
    exit
fi

export compiler="$1" include="$2" cases="$3" all="${4:-}"
if "$compiler" --version | grep -q clang; then family=clang; else family=gcc; fi
export family

wrong=$(jobs_wrong)
right=$(jobs_right)
if [ -z "$wrong" ] || [ -z "$right" ]; then
    echo "no cases in $cases" >&2
    exit 1
fi
# Each wrong file has something to say of this compiler.
for file in "$cases"/wrong/*.c; do
    if ! printf '%s\n' "$wrong" | grep -v '^control' | grep -qF "$tab$file$tab"; then
        echo "$file: it expects nothing of $family" >&2
        exit 1
    fi
done
# A line marker in a header counts by hand.
if ! find "$include" -name '*.h' -exec awk '/^# [0-9]+ "/ && $2 != FNR + 1 {
        print FILENAME ":" FNR ": this line marker must say " FNR + 1; bad = 1
    } END { exit bad }' {} +; then
    exit 1
fi

printf '%s\n%s\n' "$wrong" "$right" | tr '\n' '\0' |
    xargs -0 -n 1 -P "$(nproc 2>/dev/null || echo 2)" sh "$0" --one || {
    echo "$compiler: some cases failed" >&2
    exit 1
}
echo "$compiler: $(printf '%s\n' "$wrong" | wc -l) checks of wrong use, $(printf '%s\n' "$right" | wc -l) of right use"
