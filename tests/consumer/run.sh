#!/bin/sh
# sh run.sh KIND TREE SCRATCH: builds and runs a program that uses eddy in one way. CMAKE, CC, CXX and READELF are set.
# `install` comes first: a release build of TREE with both libraries, installed to SCRATCH/prefix.
set -eu
kind=$1 tree=$2 scratch=$3
here=$tree/tests/consumer
prefix=$scratch/prefix
work=$scratch/$kind
: "${CMAKE:=cmake}" "${CC:=cc}" "${CXX:=c++}" "${READELF:=readelf}"
export CC CXX
unset DESTDIR CFLAGS CXXFLAGS LDFLAGS

version=$(sed -n 's/.*EDDY_VERSION_STRING "\(.*\)"/\1/p' "$tree/include/eddy/api.h")
soname=libeddy.so.${version%.*}

fail() {
    echo "FAILED $kind: $*" >&2
    exit 1
}

need() {
    command -v "$1" >/dev/null || fail "$1 is missing: sh tests/run installs it"
}

# links static|shared PROGRAM: it has the library inside, or asks for it by its soname.
links() {
    needed=$("$READELF" -d "$2" | grep NEEDED | grep eddy || true)
    case $1 in
    static)
        [ -z "$needed" ] || fail "$2 needs $needed"
        ! nm "$2" | grep -E 'pthread_create|getaddrinfo' || fail "$2 starts no threads, but has this"
        ;;
    shared) case $needed in *"[$soname]"*) ;; *) fail "$2 does not need $soname" ;; esac ;;
    esac
}

# cmake_project LIBRARY OPTION...: eddy::LIBRARY, in each of the ways of project/CMakeLists.txt.
cmake_project() {
    library=$1
    shift
    "$CMAKE" -S "$here/project" -B "$work" -DLIBRARY="$library" -DCMAKE_BUILD_TYPE=Release "$@"
    "$CMAKE" --build "$work"
    "$work/consumer"
}

# pkg_config static|shared PREFIX
pkg_config() {
    need pkg-config
    PKG_CONFIG_PATH=$(dirname "$(find "$2" -name eddy.pc)")
    export PKG_CONFIG_PATH
    pkg-config --exact-version="$version" eddy || fail "pkg-config finds no eddy $version"
    flags=$(pkg-config --cflags --libs $([ "$1" = shared ] || echo --static) eddy)
    # Where both libraries are installed, the linker takes the shared one unless it is told.
    case $1 in
    static) flags="-Wl,-Bstatic $flags -Wl,-Bdynamic" ;;
    shared) flags="$flags -Wl,-rpath,$(dirname "$(find "$2" -name libeddy.so)")" ;;
    esac
    # The flags are words.
    # shellcheck disable=SC2086
    "$CC" "$here/project/main.c" $flags -o "$work/consumer"
    "$work/consumer"
    links "$1" "$work/consumer"
}

# cxx STANDARD: with every public header.
cxx() {
    need pkg-config
    need "$CXX"
    suffixes=h
    [ "$1" = 17 ] || suffixes='h hpp'
    for suffix in $suffixes; do
        (cd "$prefix/include" && find . -name "*.$suffix" | sort | sed 's|^\./\(.*\)|#include <\1>|')
    done >"$work/all.h"
    [ "$(wc -l <"$work/all.h")" -gt 20 ] || fail 'there are no headers'
    flags=$(PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name eddy.pc)") pkg-config --cflags --libs eddy)
    # shellcheck disable=SC2086
    "$CXX" -std=c++"$1" -Wall -Wextra -Wpedantic -Werror -I"$work" "$here/project/main.cpp" $flags \
        -Wl,-rpath,"$(dirname "$(find "$prefix" -name libeddy.so)")" -o "$work/consumer"
    "$work/consumer"
}

# eddy.c and eddy.h are those that the build has written.
amalgamation() {
    need "$CXX"
    cp -R "$scratch/../../../amalgamation/." "$work"
    "$CC" -O2 -Wall -Wextra -Werror -c "$work/eddy.c" -o "$work/eddy.o"
    "$CC" -O2 -Wall -Wextra -Werror -DEDDY_NO_THREADS -c "$work/eddy.c" -o "$work/eddy_no_threads.o"
    "$CC" -Wall -Wextra -Werror -I"$work" "$here/project/main.c" "$work/eddy_no_threads.o" -o "$work/no_threads"
    "$work/no_threads"
    "$CC" -Wall -Wextra -Werror -I"$work" "$here/project/main.c" "$work/eddy.o" -pthread -o "$work/threads"
    "$work/threads"
    echo '#include <eddy.h>' >"$work/all.h"
    "$CXX" -std=c++17 -Wall -Wextra -Werror -I"$work" "$here/project/main.cpp" "$work/eddy.o" -pthread -o "$work/cxx"
    "$work/cxx"
}

# Each component brings what it should, and no more.
components() {
    for component in runtime dev examples; do
        "$CMAKE" --install "$scratch/eddy" --prefix "$work/$component" --component $component
        (cd "$work/$component" && find . ! -type d | sort) >"$work/$component.txt"
    done
    (cd "$prefix" && find . ! -type d | sort) >"$work/all.txt"
    grep -qv "/libeddy\.so\.${version%.*}[^/]*\$" "$work/runtime.txt" && fail "runtime is $(cat "$work/runtime.txt")"
    [ "$(wc -l <"$work/runtime.txt")" = 2 ] || fail "runtime is $(cat "$work/runtime.txt")"
    grep -q '/examples/02_hello\.c$' "$work/examples.txt" || fail 'examples are not in their component'
    grep -q 02_hello "$work/all.txt" && fail 'examples are installed without being asked for'
    sort "$work/runtime.txt" "$work/dev.txt" | cmp - "$work/all.txt" || fail 'a file has no component'
    (cd "$tree/include" && find . -name '*.h*' | sort) >"$work/headers.txt"
    (cd "$prefix/include" && find . ! -type d | sort) | cmp - "$work/headers.txt" || fail 'not all headers are installed'
}

# What the shared library exports is what public headers mark as EDDY_API, and stands in the list of symbols.
exports() {
    library=$(find "$prefix" -name libeddy.so)
    "$READELF" -d "$library" | grep -q "SONAME.*\[$soname\]" || fail "the soname is not $soname"
    nm -D --defined-only "$library" | sed 's/.* //' | LC_ALL=C sort >"$work/exported.txt"
    cat "$prefix"/include/eddy/*.h | tr '\n' ' ' | sed 's/EDDY_CORO_DECLARE(/void /g; s/EDDY_API/\n&/g' |
        sed -n 's/^EDDY_API[^();]*[ *]\(eddyi\{0,1\}_[a-z0-9_]*\)[();].*/\1/p' | LC_ALL=C sort -u >"$work/declared.txt"
    diff "$work/declared.txt" "$work/exported.txt" >"$work/diff" || fail "declared (<) is not exported (>): $(cat "$work/diff")"
    LC_ALL=C sort "$tree/tests/structure/symbols.txt" >"$work/listed.txt"
    LC_ALL=C comm -13 "$work/listed.txt" "$work/exported.txt" >"$work/unlisted.txt"
    [ ! -s "$work/unlisted.txt" ] || fail "not in tests/structure/symbols.txt: $(cat "$work/unlisted.txt")"
    LC_ALL=C comm -23 "$work/listed.txt" "$work/exported.txt" | grep '^eddy_' >"$work/hidden.txt" &&
        fail "public, but not exported: $(cat "$work/hidden.txt")"
    true
}

# Every recipe names this version.
versions() {
    cd "$tree/.packaging"
    grep -q "\"version\": \"$version\"" vcpkg/eddy/vcpkg.json || fail 'vcpkg.json has another version'
    sed 1q debian/changelog | grep -q "^eddy ($version-" || fail 'debian/changelog has another version'
    grep -q "^Package: libeddy${version%.*}\$" debian/control || fail 'debian/control has another soname'
    grep -q "Version: $version\$" "$(find "$prefix" -name eddy.pc)" || fail 'eddy.pc has another version'
}

rm -rf "$work"
mkdir -p "$work"
case $kind in
install)
    rm -rf "$prefix" "$scratch/eddy"
    "$CMAKE" -S "$tree" -B "$scratch/eddy" -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$prefix" -DEDDY_BOTH=ON \
        -DEDDY_TESTS=OFF -DEDDY_EXAMPLES=OFF
    "$CMAKE" --build "$scratch/eddy" --parallel 2
    "$CMAKE" --install "$scratch/eddy"
    ;;
find_static)
    cmake_project eddy -DHOW=find_package -DCOMPONENTS=static -DCMAKE_PREFIX_PATH="$prefix"
    links static "$work/consumer"
    ;;
find_shared)
    cmake_project eddy -DHOW=find_package -DCMAKE_PREFIX_PATH="$prefix"
    links shared "$work/consumer"
    ;;
pkg_static) pkg_config static "$prefix" ;;
pkg_shared) pkg_config shared "$prefix" ;;
add_subdirectory | FetchContent)
    cmake_project eddy -DHOW="$kind" -DEDDY_SOURCE="$tree"
    links static "$work/consumer"
    "$CMAKE" --install "$work" --prefix "$work/installed"
    [ ! -e "$work/installed" ] || fail 'it installs itself with its host'
    ;;
relocated)
    cp -R "$prefix" "$work/moved"
    grep -rl "$prefix" "$work/moved" && fail 'these files name the prefix'
    pkg_config shared "$work/moved"
    pkg_config static "$work/moved"
    cmake_project static -DHOW=find_package -DCMAKE_PREFIX_PATH="$work/moved"
    grep -q "eddy_DIR.*$work/moved" "$work/CMakeCache.txt" || fail 'another eddy was found'
    # With one library alone: who would rather have the other gets it.
    find "$work/moved" -name 'eddy-shared-targets*' -exec rm {} +
    cmake_project eddy -DHOW=find_package -DOPTIONAL=shared -DCMAKE_PREFIX_PATH="$work/moved"
    links static "$work/consumer"
    ;;
cpp17) cxx 17 ;;
cpp20) cxx 20 ;;
amalgamation | components | exports | versions) $kind ;;
*) fail 'there is no such kind' ;;
esac
