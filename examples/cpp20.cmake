# Sets EDDY_HAS_CPP20: there is a C++ compiler that knows coroutines. For each directory that has C++ in it.
include(CheckLanguage)
check_language(CXX)
set(EDDY_HAS_CPP20 OFF)
if(CMAKE_CXX_COMPILER)
    enable_language(CXX)
    include(CheckCXXSourceCompiles)
    set(CMAKE_REQUIRED_FLAGS -std=c++20)
    check_cxx_source_compiles("#include <coroutine>
        int main() { return std::coroutine_handle<>() ? 1 : 0; }" EDDY_CPP20_COMPILES)
    unset(CMAKE_REQUIRED_FLAGS)
    if(EDDY_CPP20_COMPILES)
        set(EDDY_HAS_CPP20 ON)
    endif()
endif()

# How C++ of this project is compiled.
function(eddy_own_cpp target)
    target_compile_options(${target} PRIVATE -std=c++20)
    if(EDDY_TOP_LEVEL)
        target_compile_options(${target} PRIVATE
            -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion $<$<BOOL:${EDDY_WERROR}>:-Werror>)
    endif()
endfunction()
