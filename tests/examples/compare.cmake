# Run PROGRAM with ARGUMENTS, and compare all it prints with the file EXPECTED.
execute_process(COMMAND "${PROGRAM}" ${ARGUMENTS} OUTPUT_VARIABLE printed ERROR_VARIABLE printed RESULT_VARIABLE status TIMEOUT 20)
file(READ "${EXPECTED}" expected)
# Debug builds tell of a wake that took 10 ms, be it that the machine had others to run.
string(REGEX REPLACE "eddy: [^\n]*kept the loop for [^\n]*\n" "" printed "${printed}")
foreach(text IN ITEMS printed expected)
    string(REGEX REPLACE "line [0-9]+" "line N" ${text} "${${text}}")
endforeach()
if(NOT status STREQUAL "0" OR NOT printed STREQUAL expected)
    message(FATAL_ERROR "status ${status}\n---- printed:\n${printed}---- expected:\n${expected}")
endif()
