# cmake -D NM=nm -D LIBRARY=libeddy.a -P system_calls.cmake
# Only linux.c and threads.c call the system: all other objects need nothing but eddy's own functions and these, and a few
# print.
cmake_minimum_required(VERSION 3.16)

set(allowed
    # memory and text
    "mem(cpy|move|set|cmp|chr)" "str(len|nlen|cmp|ncmp|casecmp|chr|rchr|tol|toul)" "inet_(pton|ntop)" "[hn]to[hn][sl]" "v?snprintf"
    "malloc" "calloc" "realloc" "free"
    # a failed assertion
    "abort" "__assert_fail"
    # sets of signals are bits in memory
    "sig(empty|fill|add|del)set" "sigismember"
    # what the compiler and the C library's headers add
    "_GLOBAL_OFFSET_TABLE_" "__stack_chk_fail" "__tls_get_addr" "__errno_location" "__aarch64_[a-z0-9_]+"
    "__[a-z]+_chk" "__isoc23_strtou?l" "bcmp")
string(REPLACE ";" "|" allowed "${allowed}")
# What prints for people: the log's default, dumps, traces, and what went wrong when dialling.
set(printers "log|dump|run|trace|dial_text")
set(printing "f?printf|fput[cs]|fwrite|stderr|strerror|fopen(64)?|fclose|fflush|setvbuf")

execute_process(COMMAND "${NM}" -A -u "${LIBRARY}" OUTPUT_VARIABLE output RESULT_VARIABLE result)
string(REGEX MATCHALL "[^\n]+" lines "${output}")
set(of_linux "")
set(foreign "")
set(others "")
foreach(line IN LISTS lines)
    if(NOT line MATCHES "[:[]([a-z0-9_]+)\\.c\\.o[]bj]*: +[UwvWV] (.+)$")
        message(FATAL_ERROR "cannot read this line of ${NM}: ${line}")
    endif()
    set(module ${CMAKE_MATCH_1})
    set(symbol ${CMAKE_MATCH_2})
    if(module STREQUAL "linux" OR module STREQUAL "threads")
        list(APPEND of_linux ${symbol})
    elseif(symbol MATCHES "^eddyi?_")
        list(APPEND others ${module})
    elseif(NOT symbol MATCHES "^(${allowed})$" AND
           NOT (module MATCHES "^(${printers})$" AND symbol MATCHES "^(${printing})$") AND
           NOT (module STREQUAL "inherit" AND symbol STREQUAL "getenv")) # how sockets are passed
        list(APPEND foreign "${module}.c: ${symbol}")
    endif()
endforeach()

if(foreign)
    string(REPLACE ";" "\n  " foreign "${foreign}")
    message(FATAL_ERROR "only linux.c and threads.c may call the system:\n  ${foreign}")
endif()
# An empty list must not pass.
foreach(call IN ITEMS epoll_ctl epoll_wait recv close pthread_create)
    if(NOT call IN_LIST of_linux)
        message(FATAL_ERROR "linux.c does not call ${call}: is this the right library? ${LIBRARY}")
    endif()
endforeach()
if(NOT result EQUAL 0 OR NOT others)
    message(FATAL_ERROR "${NM} finds no other object in ${LIBRARY}")
endif()
