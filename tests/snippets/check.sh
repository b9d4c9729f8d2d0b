# sh check.sh ROOT WORK LIBRARY COMPILER [CXX] -- FLAGS -- FILE...: every code block of these headers, Markdown files and man pages compiles, with
# -Wall -Werror; what they show as output is what comes out. A block of C or C++ is covered by
#     a preamble tests/snippets/NAME.c (.cpp for a .hpp) that says where it is pasted: see snippets.awk;
#     or, in Markdown, being a whole program: a block `text` that follows it is its output, in which its file is called as the
#     fence says (```c hello.c), or else as the Markdown file;
#     or, in Markdown, standing so in a file of examples/ or tests/consumer/, which are compiled elsewhere; a block `text` likewise in
#     tests/examples/, where the outputs of the examples are.
# Anything else fails. Blocks in other languages are not looked at.
set -u
root=$1 work=$2 library=$3 cc=$4 cxx=$5
shift 5
[ "$1" = -- ] && shift
flags=''
while [ "$1" != -- ]; do flags="$flags $1"; shift; done
shift
here=$root/tests/snippets
warnings='-Wall -Wextra -Wpedantic -Wno-unused-variable -Wno-unused-but-set-variable -Wno-unused-function -Wno-unused-parameter -Werror'
faults=0

fault() { echo "$*" >&2; faults=$((faults + 1)); }

# compile LANGUAGE SOURCE PROGRAM|-: "-" is to compile only.
compile() {
    compiler=$cc standard=gnu11 kind=c
    if [ "$1" = cpp ]; then
        [ -n "$cxx" ] || return 0
        compiler=$cxx standard=gnu++20 kind=c++
    fi
    if [ "$3" = - ]; then set -- "$1" "$2" "$2.o" '' -c; else set -- "$1" "$2" "$3" "$library" ''; fi
    $compiler -std=$standard $warnings $flags -I "$root/include" -I "$here" $5 -o "$3" -x $kind "$2" -x none $4 -pthread
}

# prints PROGRAM EXPECTED WHERE
prints() {
    timeout 20 "$1" >"$1.printed" 2>&1 || fault "$3: the program ends with $?"
    # Debug builds tell of a wake that took 10 ms, be it that the machine had others to run: it counts where it is expected.
    grep -q 'kept the loop for' "$2" || sed -i '/kept the loop for/d' "$1.printed"
    diff -u "$2" "$1.printed" >&2 || fault "$3: this is not what it prints"
}

# An open block K of a Markdown file.
markdown_block() {
    block=$dir/block.$k
    case $language in
    c | cpp)
        if grep -q '^int main(' "$block"; then
            place="$line \"$file\""
            [ "$saved_as" = - ] || place="1 \"$saved_as\""
            sed "1s|^|#line $place\n|" "$block" >"$dir/program.$k.$language"
            compile $language "$dir/program.$k.$language" "$dir/program.$k" || fault "$file:$line: does not compile"
            program=$dir/program.$k
        else
            [ -n "$(awk -f "$here/excerpt.awk" "$block" $(find "$root/examples" -name '*.[ch]' -o -name '*.cpp'))" ] ||
                fault "$file:$line: this block is no program, no excerpt of an example, and nothing in $preamble pastes it"
        fi ;;
    cmake)
        [ -n "$(awk -f "$here/excerpt.awk" "$block" $(find "$root/tests/consumer" -name CMakeLists.txt))" ] ||
            fault "$file:$line: this block stands in no CMakeLists.txt of tests/consumer" ;;
    text)
        if [ -n "$program" ]; then
            if [ "$language_before" != cpp ] || [ -n "$cxx" ]; then prints "$program" "$block" "$file:$line"; fi
            program=''
        else
            [ -n "$(awk -f "$here/excerpt.awk" "$block" "$root"/tests/examples/*.txt)" ] ||
                fault "$file:$line: no program above it, and no example, prints this"
        fi ;;
    esac
    language_before=$language
}

for file; do
    name=$(echo "$file" | sed 's|^include/eddy/||; s|^include/||; s|/|_|g')
    dir=$work/$name
    rm -rf "$dir"
    mkdir -p "$dir"
    language=c preamble=tests/snippets/${name%.*}.c
    case $file in *.hpp) language=cpp preamble=tests/snippets/${name%.*}.cpp ;; esac
    given=$root/$preamble
    [ -e "$given" ] || given=''
    (cd "$root" && awk -v source="$file" -v shown="$file" -v preamble="${given:+$preamble}" -v out="$dir" -f "$here/snippets.awk") \
        >"$dir/blocks" || faults=$((faults + 1))
    if [ -s "$dir/snippets.c" ]; then
        if [ -e "$dir/expected.txt" ]; then
            if compile $language "$dir/snippets.c" "$dir/program"; then prints "$dir/program" "$dir/expected.txt" "$file"
            else fault "$file: does not compile"; fi
        else
            compile $language "$dir/snippets.c" - || fault "$file: does not compile"
        fi
    fi
    program='' language_before=''
    while read -r k line language state saved_as; do
        [ "$state" = open ] || { program=''; continue; }
        case $file in
        *.md | *.[0-9]) markdown_block ;;
        *) fault "$file:$line: this block is not in $preamble" ;;
        esac
    done <"$dir/blocks"
done
if [ $faults -gt 0 ]; then echo "$faults faults" >&2; exit 1; fi
echo "$# files"
