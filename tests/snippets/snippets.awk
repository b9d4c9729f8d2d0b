# awk -v source=FILE -v shown=NAME -v preamble=FILE -v out=DIRECTORY -f snippets.awk
# Finds the code blocks of a header (indented by five in its first comment, after an empty line), of a Markdown file (fenced) or
# of a man page (literal), and pastes them into the preamble, where these lines stand for them:
#
#     //@ 2           block 2;  //@ 2 1-6: lines 1 to 6 of it;  //@ /text/ 1-6: of the first block that has this text
#     //@ text 2      block 2 is no code; nor, with //@ text 2 3-, are its lines from 3 on
#     //@ output 2    block 2, or these lines of it, is what the pasted program prints
#     //@ row         until //@ end: once for each row of the file's tables; @ROW@ is its number, the line @CODE@ what is
#                     between backticks in its last column, but for definitions of coroutines, which are the line @TOP@
#
# Writes DIRECTORY/snippets.c, perhaps expected.txt, and each block as block.N; prints "N line language state name" for each block,
# the state being open (nothing covers it) or taken, the name what a fence says behind its language, or "-". Exits with 1 when a
# marker has no block or a line of a taken one is left out.
function fault(line, text)
{
    print shown ":" line ": " text > "/dev/stderr"
    faults++
}

function begin_block(line, fence,    words)
{
    blocks++
    split(fence, words, " ")
    from[blocks] = line
    lang[blocks] = words[1]
    name[blocks] = words[2]
    size[blocks] = 0
}

function add_line(text)
{
    lines[blocks, ++size[blocks]] = text
}

function end_block()
{
    while (size[blocks] > 0 && lines[blocks, size[blocks]] == "") {
        size[blocks]--
    }
}

function read_header(    text, number, inside, blank)
{
    blank = 0
    while ((getline text < source) > 0) {
        number++
        if (text ~ /^ \*\//) {
            break
        }
        sub(/^\/?[ ]?\*/, "", text)
        if (text ~ /^     / && (inside || blank)) {
            if (!inside) {
                begin_block(number, source ~ /pp$/ ? "cpp" : "c")
            }
            inside = 1
            add_line(substr(text, 6))
        } else if (inside && text ~ /^ *$/) {
            add_line("")
        } else {
            if (inside) {
                end_block()
            }
            inside = 0
        }
        blank = text ~ /^ *$/
    }
    if (inside) {
        end_block()
    }
}

function read_markdown(    text, number, inside)
{
    while ((getline text < source) > 0) {
        number++
        if (text ~ /^```/) {
            if (inside) {
                end_block()
            } else {
                begin_block(number + 1, substr(text, 4))
            }
            inside = !inside
        } else if (inside) {
            add_line(text)
        } else if (text ~ /^\|/ && text !~ /^\|[-| :]*$/) {
            row_line[++rows] = number
            row[rows] = text
        } else if (text ~ /^\|[-| :]*$/) {
            rows-- # the head of the table
        }
    }
}

# The literal displays of a man page in mdoc, which are C.
function read_man(    text, number, inside)
{
    while ((getline text < source) > 0) {
        number++
        if (text ~ /^\.Bd -literal/) {
            inside = 1
            begin_block(number + 1, "c")
        } else if (text ~ /^\.Ed/ && inside) {
            inside = 0
            end_block()
        } else if (inside) {
            gsub(/\\e/, "\\", text)
            add_line(text)
        }
    }
}

# What stands for "something" or explains, as C: "..." is an empty block, and words far behind a statement are a comment.
function as_code(text)
{
    if (match(text, /([;{}]|\.\.\.)    +[^ ]/) && text !~ /[;{})]$/ && text !~ /    \/[\/*]/) {
        text = substr(text, 1, RSTART + (substr(text, RSTART, 3) == "..." ? 2 : 0))
    }
    gsub(/\.\.\.[^{};]*\.\.\./, "{ }", text)
    gsub(/\.\.\./, "{ }", text)
    return text
}

function is_gap(text)
{
    return text ~ /^ *$/ || text ~ /^ *\.\.\. *$/
}

function find_block(text,    k, i)
{
    for (k = 1; k <= blocks; k++) {
        for (i = 1; i <= size[k]; i++) {
            if (index(lines[k, i], text)) {
                return k
            }
        }
    }
    return 0
}

# Lines first to last of block k: "code" pastes them, "output" expects them, "text" has seen them.
function take(k, what, first, last,    i)
{
    if (what == "code") {
        print "#line " from[k] + first - 1 " \"" shown "\"" > code
    }
    for (i = first; i <= last; i++) {
        if (what == "code") {
            print as_code(lines[k, i]) > code
        } else if (what == "output") {
            print lines[k, i] > (out "/expected.txt")
        }
        covered[k, i] = 1
    }
    state[k] = "taken"
}

function marker(text, number,    words, count, what, k, range, lines_wanted)
{
    sub(/^\/\/@ */, "", text)
    what = "code"
    if (text ~ /^(text|output) /) {
        what = text ~ /^text/ ? "text" : "output"
        sub(/^[a-z]+ */, "", text)
    }
    count = split(text, words, " ")
    lines_wanted = words[count] ~ /^[0-9]+(-[0-9]*)?$/ && count > 1 ? words[count] : "1-"
    if (text ~ /^\//) {
        sub(/^\//, "", text)
        sub(/\/ *[-0-9]* *$/, "", text)
        k = find_block(text)
    } else {
        k = words[1] >= 1 && words[1] <= blocks ? words[1] + 0 : 0
    }
    split(lines_wanted, range, "-")
    if (lines_wanted !~ /-/) {
        range[2] = range[1]
    }
    if (k == 0) {
        fault(1, preamble ":" number ": there is no such block: " text)
        return
    }
    take(k, what, range[1] + 0, range[2] == "" ? size[k] : range[2] + 0)
    print "#line " number + 1 " \"" preamble "\"" > code
}

# Each thing between backticks in the last column is a definition, a statement, an expression or a name; a blank row has none.
function read_row(text,    cells, count, spans, n, i)
{
    top = made = ""
    gsub(/\\\|/, "\001", text)
    count = split(text, cells, "|")
    n = split(cells[count - 1], spans, "`")
    for (i = 2; i <= n; i += 2) {
        gsub(/\001/, "|", spans[i])
        spans[i] = as_code(spans[i])
        if (spans[i] ~ /^EDDY_CORO\(/ || spans[i] ~ /^struct [a-z_]+ \{/) {
            top = top " " spans[i]
        } else if (spans[i] ~ /[;}]$/) {
            made = made " " spans[i]
        } else if (spans[i] ~ /^EDDY_[A-Z_]*\(/ && spans[i] !~ /^EDDY_(CONTAINER|RESULT)/ || spans[i] ~ /^[^(]* = /) {
            made = made " " spans[i] ";"
        } else if (spans[i] ~ /^[a-z]/ || spans[i] ~ /\(/) {
            made = made " (void)(__typeof__(" spans[i] ") *)0;"
        }
    }
    return top made != ""
}

function paste_rows(template, count,    r, i, text)
{
    for (r = 1; r <= rows; r++) {
        if (!read_row(row[r])) {
            continue
        }
        for (i = 1; i <= count; i++) {
            text = template[i]
            gsub(/@ROW@/, r, text)
            if (text == "@TOP@" || text == "@CODE@") {
                print "#line " row_line[r] " \"" shown "\"" > code
                text = text == "@TOP@" ? top : made
            }
            print text > code
        }
    }
}

BEGIN {
    code = out "/snippets.c"
    if (source ~ /\.md$/) {
        read_markdown()
    } else if (source ~ /\.[0-9]$/) {
        read_man()
    } else {
        read_header()
    }
    while (preamble != "" && (getline text < preamble) > 0) {
        number++
        if (text ~ /^\/\/@ row/) {
            in_row = 1
            template_size = 0
        } else if (text ~ /^\/\/@ end/) {
            in_row = 0
            paste_rows(template, template_size)
            print "#line " number + 1 " \"" preamble "\"" > code
        } else if (in_row) {
            template[++template_size] = text
        } else if (text ~ /^\/\/@ /) {
            marker(text, number)
        } else {
            print text > code
        }
    }
    for (k = 1; k <= blocks; k++) {
        for (i = 1; i <= size[k]; i++) {
            print lines[k, i] > (out "/block." k)
            if (state[k] == "taken" && !covered[k, i] && !is_gap(lines[k, i])) {
                fault(from[k] + i - 1, "this line is not in " preamble)
            }
        }
        print k, from[k], (lang[k] == "" ? "-" : lang[k]), (state[k] == "" ? "open" : state[k]), (name[k] == "" ? "-" : name[k])
    }
    exit faults > 0
}
