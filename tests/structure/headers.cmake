# cmake -D ROOT=tree -D SCRATCH=directory -D COMPILER=cc -D STANDARD=c11 -D SUFFIX=c -P headers.cmake
# Each public header compiles alone, and bears being included twice.
cmake_minimum_required(VERSION 3.16)

file(GLOB headers RELATIVE "${ROOT}/include" "${ROOT}/include/eddy.h" "${ROOT}/include/eddy/*.h")
if(NOT headers)
    message(FATAL_ERROR "no header was found")
endif()
set(sources "")
foreach(header IN LISTS headers)
    string(REPLACE "/" "_" name "${header}")
    file(WRITE "${SCRATCH}/${name}.${SUFFIX}" "#include <${header}>\n#include <${header}>\ntypedef int nothing;\n")
    list(APPEND sources "${SCRATCH}/${name}.${SUFFIX}")
endforeach()
execute_process(
    COMMAND "${COMPILER}" -std=${STANDARD} -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I "${ROOT}/include" ${sources}
    RESULT_VARIABLE result)
if(NOT result EQUAL 0)
    message(FATAL_ERROR "a header does not compile alone as ${STANDARD}")
endif()
