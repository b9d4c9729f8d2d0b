# awk -f excerpt.awk BLOCK FILE...: prints the first file in which the block stands: its lines, in pieces that lines of
# "..." separate, whatever their indentation.
function bare(text)
{
    sub(/^ +/, "", text)
    sub(/ +$/, "", text)
    return text
}

function look(    i, at, rest)
{
    rest = whole
    for (i = 1; i <= pieces; i++) {
        at = index(rest, piece[i])
        if (at == 0) {
            return
        }
        rest = substr(rest, at + length(piece[i]) - 1)
    }
    print file
    found = 1
    exit
}

FNR == 1 && NR > 1 && file != "" {
    look()
}
FNR == 1 {
    file = NR == 1 ? "" : FILENAME
    whole = "\n"
    pieces = pieces < 1 ? 1 : pieces
}
{
    text = bare($0)
    gsub(/line [0-9]+/, "line N", text)
}
text == "" {
    next
}
file == "" && text ~ /^(\/\* *)?\.\.\.( *\*\/)?$/ {
    pieces++
    next
}
file == "" {
    piece[pieces] = (piece[pieces] == "" ? "\n" : piece[pieces]) text "\n"
    next
}
{
    whole = whole text "\n"
}
END {
    if (!found && file != "") {
        look()
    }
}
