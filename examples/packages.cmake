# What some examples need, where the system has it: targets llhttp and uthash. Their headers are the system's: no warnings.

# llhttp, the HTTP parser of Node.js: a library, or as in Debian 12 (node-llhttp) its C sources.
find_path(LLHTTP_HEADERS llhttp.h PATHS /usr/share/include/llhttp)
find_library(LLHTTP_BINARY llhttp)
find_path(LLHTTP_SOURCES llhttp.c PATHS /usr/share/llhttp NO_DEFAULT_PATH)
mark_as_advanced(LLHTTP_HEADERS LLHTTP_BINARY LLHTTP_SOURCES)
if(LLHTTP_HEADERS AND LLHTTP_BINARY)
    add_library(llhttp UNKNOWN IMPORTED)
    set_target_properties(llhttp PROPERTIES
        IMPORTED_LOCATION "${LLHTTP_BINARY}" INTERFACE_INCLUDE_DIRECTORIES "${LLHTTP_HEADERS}")
elseif(LLHTTP_HEADERS AND LLHTTP_SOURCES)
    add_library(llhttp STATIC EXCLUDE_FROM_ALL
        "${LLHTTP_SOURCES}/llhttp.c" "${LLHTTP_SOURCES}/http.c" "${LLHTTP_SOURCES}/api.c")
    target_compile_definitions(llhttp PUBLIC LLHTTP_STRICT_MODE=1)
    target_compile_options(llhttp PRIVATE -w)
    target_include_directories(llhttp SYSTEM PUBLIC "${LLHTTP_HEADERS}")
    if(CMAKE_C_COMPILER_ID STREQUAL "GNU") # its three files call one another for every piece of a request
        target_compile_options(llhttp PRIVATE $<$<CONFIG:Release>:-flto -ffat-lto-objects>)
    endif()
endif()

find_path(UTHASH_HEADERS uthash.h)
mark_as_advanced(UTHASH_HEADERS)
if(UTHASH_HEADERS)
    add_library(uthash INTERFACE)
    target_include_directories(uthash SYSTEM INTERFACE "${UTHASH_HEADERS}")
endif()
