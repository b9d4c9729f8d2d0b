# awk -f doxygen.awk HEADER: the header as Doxygen wants it. Our comments are plain ones; where they stand says what they
# document:
#
#     the first comment           the file
#     right above a declaration   it, and those that follow without an empty line; inline functions also with one
#     behind a member             it
#     private                     what is below, until the next word of that kind: it is left out
#     anything else               if it has more than one line, the file
#
# Lines that are indented by five stay as they are: Markdown takes them for code.
function opens_comment(text)
{
    return text ~ /^ *\/\*/
}

# Text that no command, tag or emphasis may be found in; between backticks Markdown sees to that.
function plain(text,    parts, count, i, result)
{
    count = split(text, parts, "`")
    for (i = 1; i <= count; i++) {
        if (i % 2 == 1) {
            gsub(/\\/, "\\\\\\\\", parts[i])
            gsub(/@/, "\\@", parts[i])
            gsub(/</, "\\<", parts[i])
            gsub(/>/, "\\>", parts[i])
            gsub(/\*/, "\\*", parts[i])
            gsub(/#/, "\\#", parts[i])
        }
        result = result (i > 1 ? "`" : "") parts[i]
    }
    return result
}

# Line i of a comment without its marks; `code` is set where it is an example.
function bare(i,    text)
{
    text = line[i]
    sub(/ *\*\/ *$/, "", text)
    sub(/^ *\/?\*+ ?/, "", text)
    code = text ~ /^    / && (was_blank || code)
    if (text !~ /^ *$/) {
        was_blank = 0
        return code ? text : plain(text)
    }
    was_blank = 1
    return ""
}

# Lines first to last, a comment, as documentation.
function document(first, last, head,    i)
{
    was_blank = code = 0
    print "/** " head bare(first)
    for (i = first + 1; i <= last; i++) {
        print " * " bare(i)
    }
    print " */"
}

function last_of_comment(i)
{
    while (i < lines && line[i] !~ /\*\/ *$/) {
        i++
    }
    return i
}

# What a comment between members says of those below; "" when it documents the next one.
function kind_of(text)
{
    sub(/^ *\/\* */, "", text)
    return match(text, /^(private|read-only|yours|to be set|options|the outcome|arguments)/) ? substr(text, 1, RLENGTH) : ""
}

function braces(text,    copy, opened)
{
    gsub(/\/\*.*\*\//, "", text)
    gsub(/'[^']*'/, "", text)
    gsub(/"[^"]*"/, "", text)
    copy = text
    opened = gsub(/\{/, "", copy)
    return opened - gsub(/\}/, "", copy)
}

function hide(what)
{
    if (what && !hidden) {
        print "/** @cond */"
    } else if (!what && hidden) {
        print "/** @endcond */"
    }
    hidden = what
}

# The comment in lines first to last, and what it belongs to. Returns the next line to look at.
function comment(first, last,    kind)
{
    kind = depth > 0 ? kind_of(line[first]) : ""
    if (in_body) {
        return last + 1
    }
    if (kind != "") {
        hide(kind == "private")
        return last + 1
    }
    if (line[last + 1] ~ /^ *$/ || line[last + 1] ~ /^#(end|else|pragma|include|undef)/ || last == lines) {
        if (last > first && depth == 0) {
            title = line[first]
            gsub(/^\/\* -* ?| ?-* *$/, "", title)
            line[first] = "/*"
            document(first, last, "@file " name "\n * @par " title "\n * ")
        }
        return last + 1
    }
    if (line[last + 1] ~ /^#if/) {
        print line[++last]
    }
    document(first, last_of_comment(first), "")
    doc_first = first
    doc_last = last_of_comment(first)
    shares = depth == 0
    return last + 1
}

function declaration(i,    text)
{
    text = line[i]
    if (depth > 0 && !in_body && !is_cpp && !hidden && match(text, /\/\*.*\*\/ *$/)) {
        was_blank = code = 0
        comment_text = substr(text, RSTART + 2)
        sub(/ *\*\/ *$/, "", comment_text)
        text = substr(text, 1, RSTART - 1) "/**<" plain(comment_text) " */"
    }
    if (depth == 0 && text !~ /^ / && braces(text) > 0) {
        in_body = text !~ /^(struct|union|enum|typedef|namespace|template|class)/
    }
    if (depth == 0 && text == "{") {
        in_body = !is_cpp
    }
    depth += braces(text)
    if (depth == 0) {
        hide(0)
        in_body = 0
    }
    print text
    if (shares && depth == 0 && text ~ /[;}] *$/ && line[i + 1] ~ /^[A-Za-z]/) {
        document(doc_first, doc_last, "")
    }
    if (shares && text == "}" && line[i + 1] ~ /^ *$/ && line[i + 2] ~ /^static inline/) {
        print ""
        document(doc_first, doc_last, "")
        i++
    }
    return i + 1
}

# A directive and its continuations.
function directive(i)
{
    if (line[i] ~ /^# [0-9]/ || line[i] ~ /^#pragma/) {
        return i + 1
    }
    print line[i]
    while (line[i] ~ /\\$/ && i < lines) {
        print line[++i]
    }
    if (shares && line[i + 1] ~ /^(#define EDDY_[A-Z]|EDDY_API)/) {
        document(doc_first, doc_last, "")
    }
    return i + 1
}

# The main page: what eddy.h includes, and its words for it.
function index_of_headers(    i, header, words)
{
    print "/** @mainpage The headers\n *"
    for (i = 1; i <= lines; i++) {
        if (line[i] ~ /^#include </) {
            header = words = line[i]
            gsub(/^.*<|>.*$/, "", header)
            gsub(/^.*\/\* *| *\*\/.*$/, "", words)
            print " * - " header ": " plain(words)
        }
    }
    print " */"
}

{
    line[++lines] = $0
}

END {
    name = FILENAME
    sub(/^.*include\//, "", name)
    is_cpp = name ~ /pp$/
    last = last_of_comment(1)
    sub(/^\/\* [^ ]* - /, "/* ", line[1])
    document(1, last, "@file " name "\n * @brief ")
    if (name == "eddy.h") {
        index_of_headers()
    }
    for (i = last + 1; i <= lines;) {
        if (opens_comment(line[i]) && line[last_of_comment(i)] ~ /\*\/ *$/) {
            i = comment(i, last_of_comment(i))
        } else if (line[i] ~ /^#/) {
            i = directive(i)
        } else {
            if (line[i] ~ /^ *$/ && depth == 0) {
                shares = 0
            }
            i = declaration(i)
        }
    }
}
