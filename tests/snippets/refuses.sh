# sh refuses.sh ROOT SCRATCH LIBRARY COMPILER FLAG...: in a tree of its own, check.sh accepts what is right, and refuses a snippet
# that is broken, one that no preamble covers, lines that were left out, an output that is another, a row that does not compile.
set -u
root=$1 scratch=$2 library=$3 cc=$4
shift 4
rm -rf "$scratch"
mkdir -p "$scratch/include/eddy" "$scratch/tests/snippets" "$scratch/tests/examples" "$scratch/tests/consumer" "$scratch/examples"
cp "$root"/tests/snippets/*.awk "$root"/tests/snippets/scene.h "$scratch/tests/snippets/"
cp -r "$root"/include/. "$scratch/include/"
touch "$scratch/examples/none.c" "$scratch/tests/examples/none.txt" "$scratch/tests/consumer/CMakeLists.txt"
cd "$scratch" || exit 1
faults=0

# a_header LINE...: include/eddy/x.h with these lines as its block.
a_header() {
    { printf '/* eddy/x.h - something.\n *\n'; for text; do printf ' *     %s\n' "$text"; done; printf ' *\n * More.\n */\n'; } \
        >include/eddy/x.h
}
a_preamble() { printf '#include "scene.h"\nvoid snippet(void);\nvoid snippet(void)\n{\n%s\n}\n' "$1" >tests/snippets/x.c; }
markdown() { printf '%s\n' "$@" >x.md; rm -f tests/snippets/x.c; }

# expect 0|1 WHAT FILE
expect() {
    sh "$root/tests/snippets/check.sh" "$scratch" "$scratch/work" "$library" "$cc" '' -- $flags -- "$3" >log 2>&1
    status=$?
    if [ $status -ne "$1" ]; then
        echo "$2: status $status"
        cat log
        faults=$((faults + 1))
    fi
}
flags="$*"

a_header 'use(NULL);' '...' 'if (loop != NULL) ...      words about it'
a_preamble '//@ 1'
expect 0 'a snippet that is right' include/eddy/x.h
a_header 'use(NULL, NULL);'
expect 1 'a call with an argument too many' include/eddy/x.h
a_header 'eddy_sleep(0, &waiter);'
expect 1 'a result that is not looked at' include/eddy/x.h
a_header 'use(NULL);' '' 'work(NULL);'
a_preamble '//@ 1 1'
expect 1 'lines that were left out' include/eddy/x.h
a_preamble '//@ 2'
expect 1 'a marker without a block' include/eddy/x.h
rm tests/snippets/x.c
expect 1 'a block without a preamble' include/eddy/x.h

markdown '```c' '#include <stdio.h>' 'int main(void)' '{' '    puts("hello");' '}' '```' '```text' 'hello' '```'
expect 0 'a program and what it prints' x.md
markdown '```c' '#include <stdio.h>' 'int main(void)' '{' '    puts("hello");' '}' '```' '```text' 'goodbye' '```'
expect 1 'a program that prints something else' x.md
markdown '```c x.c' '#include <stdio.h>' 'int main(void)' '{' '    puts(__FILE__);' '    return __LINE__ - 5;' '}' '```' '```text' 'x.c' '```'
expect 0 'a program whose file has a name' x.md
markdown '```c' 'int main(void)' '{' '    return x;' '}' '```'
expect 1 'a program that does not compile' x.md
markdown '```c' 'eddy_loop_stop(loop);' '```'
expect 1 'an excerpt of nothing' x.md
printf 'int f(void)\n{\n    eddy_loop_stop(loop);\n    g();\n    h();\n}\n' >examples/01_f.c
markdown '```c' 'eddy_loop_stop(loop);' '...' 'h();' '```'
expect 0 'an excerpt of an example, in two pieces' x.md
markdown '```c' 'h();' '...' 'eddy_loop_stop(loop);' '```'
expect 1 'pieces in another order' x.md
markdown '```text' 'hello' '```'
expect 1 'an output of nothing' x.md

printf '//@ row\nvoid row_@ROW@(void);\nvoid row_@ROW@(void)\n{\n@CODE@\n}\n//@ end\n' >row.c
markdown '| a | b |' '|---|---|' '| `x` | `eddy_loop_stop(loop)`, no more |'
{ echo '#include "scene.h"'; cat row.c; } >tests/snippets/x.c
expect 0 'a row that compiles' x.md
sed -i 's/loop_stop/loop_stopp/' x.md
expect 1 'a row that does not' x.md
[ $faults -eq 0 ] && echo 'all as expected'
exit $((faults > 0))
