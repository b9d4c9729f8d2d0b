#!/bin/sh
# sh refuses.sh COMPILER SCRATCH
# run.sh accepts a small good set of cases, and refuses each way to spoil it.
set -eu
here=$(dirname "$0") compiler=$1 scratch=$2
failed=0

make_cases() {
    rm -rf "$scratch"
    mkdir -p "$scratch/include" "$scratch/wrong" "$scratch/right"
    printf '/* Wrong: no type. */\n/* expect: gcc=error clang=error text="unknown type name" */\n' >"$scratch/wrong/case.c"
    printf '#ifdef WRONG\nnothing x;\n#endif\nint y;\n' >>"$scratch/wrong/case.c"
    echo 'int z;' >"$scratch/right/case.c"
}

# check WHAT EXPECTED: without EXPECTED it must be accepted, else refused with that in the output.
check() {
    status=0
    output=$(sh "$here/run.sh" "$compiler" "$scratch/include" "$scratch" 2>&1) || status=$?
    if [ -z "$2" ]; then
        [ "$status" = 0 ] || { echo "$1: refused: $output" && failed=1; }
    elif [ "$status" = 0 ] || ! printf '%s\n' "$output" | grep -qF "$2"; then
        echo "$1: expected \"$2\", got: $output"
        failed=1
    fi
    make_cases
}

make_cases
check 'good cases' ''
sed -i 's/^nothing/int/' "$scratch/wrong/case.c"
check 'wrong code that compiles' 'case.c: it compiles'
sed -i 's/unknown type/other text/' "$scratch/wrong/case.c"
check 'another diagnostic' 'no diagnostic has "other text name"'
sed -i 's/=error/=warning/g' "$scratch/wrong/case.c"
check 'an error where a warning is enough' ''
sed -i 's/=error/=warning/g; s/^nothing/int/' "$scratch/wrong/case.c"
check 'no warning' 'there is no diagnostic'
sed -i 's/=error/=silent/g; s/^nothing/int/' "$scratch/wrong/case.c"
check 'nothing, as it is said' ''
sed -i 's/=error/=perhaps/g' "$scratch/wrong/case.c"
check 'an unknown word' 'it expects nothing of'
sed -i '/expect:/d' "$scratch/wrong/case.c"
check 'wrong code without a word' 'it expects nothing of'
echo 'other y2;' >>"$scratch/wrong/case.c"
check 'code that is wrong anyway' 'right code must compile'
echo 'static int unused(void) { return 1; }' >>"$scratch/right/case.c"
check 'right code with a warning' 'right code must compile'
echo 'int f(void) { return 1.0 / 0 }' >>"$scratch/right/case.c"
check 'right code with an error' 'right code must compile'
rm "$scratch/right/case.c"
check 'nothing right' 'no cases'
rm "$scratch/wrong/case.c"
check 'nothing wrong' 'no cases'
printf '# 3 "x.h"\n\n' >"$scratch/include/x.h"
check 'a line marker that is off' 'x.h:1: this line marker must say 2'
exit "$failed"
