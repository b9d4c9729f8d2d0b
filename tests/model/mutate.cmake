# cmake -DMUTANT=file -DSOURCES=dir -DOUTPUT=file -P mutate.cmake: write a source in which something is broken.
# A mutant's file names the source in its first line; then come an old text, a line of "----" and a new one. If the old
# text is not there exactly once, the source is written as it is, so that the test of the mutant fails, and nothing else.
file(READ "${MUTANT}" mutant)
string(FIND "${mutant}" "\n" line_end)
string(SUBSTRING "${mutant}" 0 ${line_end} name)
math(EXPR line_end "${line_end} + 1")
string(SUBSTRING "${mutant}" ${line_end} -1 mutant)
string(FIND "${mutant}" "----\n" middle)
string(SUBSTRING "${mutant}" 0 ${middle} old)
math(EXPR middle "${middle} + 5")
string(SUBSTRING "${mutant}" ${middle} -1 new)

file(READ "${SOURCES}/${name}" source)
string(FIND "${source}" "${old}" first)
string(FIND "${source}" "${old}" last REVERSE)
if(first EQUAL -1 OR NOT first EQUAL last)
    message(WARNING "${MUTANT}: its old text is not in ${name} once: the mutant has to be written anew")
else()
    string(REPLACE "${old}" "${new}" source "${source}")
endif()
file(WRITE "${OUTPUT}" "${source}")
