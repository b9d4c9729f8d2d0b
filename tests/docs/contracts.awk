# awk -f contracts.awk XML...: fails when a public function or macro with arguments has no text of its own in the reference.
/<memberdef kind="(function|define)"/ {
    inside = 1
    name = ""
    described = takes = 0
}
inside && /<name>/ {
    name = $0
    gsub(/^.*<name>|<\/name>.*$/, "", name)
}
inside && /<(argsstring|param)>/ {
    takes = 1
}
inside && /^ *<para>[^ ]/ {
    described = 1
}
inside && /<location/ && match($0, /file="[^"]*" line="[0-9]*"/) {
    place = substr($0, RSTART, RLENGTH)
}
/<\/memberdef>/ && inside {
    inside = 0
    if (takes && name ~ /^(eddy_[a-z]|EDDY_[A-Z])/) {
        count++
        if (!described) {
            print place ": " name " has no contract"
            faults++
        }
    }
}
END {
    print count " functions and macros, " faults + 0 " without a contract"
    exit count == 0 || faults > 0
}
