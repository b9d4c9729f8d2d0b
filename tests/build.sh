# What examples/run, tests/run and .ci/run share. They source it at the top of the tree.
# stdout is left to the program that is run in the end.
jobs=$(nproc 2>/dev/null || echo 2)
export CMAKE_BUILD_PARALLEL_LEVEL="${CMAKE_BUILD_PARALLEL_LEVEL:-$jobs}" CTEST_PARALLEL_LEVEL="${CTEST_PARALLEL_LEVEL:-$jobs}"

has() { command -v "$1" >/dev/null 2>&1; }
has_header() { echo "#include <$1>" | ${CC:-cc} -E -x c - >/dev/null 2>&1; }

# ensure [cmocka] [zlib] [strace] [c++] [clang] [gdb]: have a C compiler, cmake and these; install the packages that lack.
ensure() {
    cc=${CC:-cc}
    cc=${cc%% *} libc='' cmocka=cmocka cxx=g++ zlib=zlib
    if has apt-get; then install='apt-get install -y --no-install-recommends' libc=libc6-dev cmocka=libcmocka-dev zlib=zlib1g-dev
    elif has dnf; then install='dnf install -y' cmocka=libcmocka-devel cxx=gcc-c++ zlib=zlib-devel
    elif has zypper; then install='zypper --non-interactive install' cmocka=libcmocka-devel cxx=gcc-c++ zlib=zlib-devel
    elif has pacman; then install='pacman -Sy --noconfirm --needed' cxx=gcc
    elif has apk; then install='apk add' libc='musl-dev linux-headers' cmocka=cmocka-dev zlib=zlib-dev
    else install=''; fi

    packages=''
    has "$cc" || packages=$([ "$cc" = cc ] && echo gcc || basename "$cc")
    has_header stdio.h || packages="$packages${libc:+ $libc}"
    has cmake || packages="$packages cmake"
    has make || has ninja || packages="$packages make"
    for want; do
        case $want in
        cmocka) has_header cmocka.h || packages="$packages $cmocka" ;;
        zlib) has_header zlib.h || packages="$packages $zlib" ;;
        c++) has c++ || packages="$packages $cxx" ;;
        *) has "$want" || packages="$packages $want" ;;
        esac
    done
    if [ -n "$packages" ]; then install_packages; fi
    if ! has make; then export CMAKE_GENERATOR=Ninja; fi
}

install_packages() {
    as_root=''
    [ "$(id -u)" = 0 ] || as_root=$(command -v sudo || command -v doas || echo 'as root:')
    echo "missing; to install: ${as_root:+$as_root }${install:-the packages} $packages" >&2
    if [ -z "$install" ] || [ "$as_root" = 'as root:' ]; then exit 1; fi
    if has apt-get && [ -z "$(find /var/lib/apt/lists -name '*_Packages*' 2>/dev/null | head -n 1)" ]; then
        $as_root apt-get -q update >&2 || exit 1
    fi
    $as_root $install $packages >&2 || exit 1
}

# build PRESET [TARGET]: in $build, which is build/PRESET, or build/PRESET-CC where CC is set.
build() {
    build=build/$1${CC:+-$(basename "${CC%% *}")}
    mkdir -p "$build"
    # CMake before 3.25 cannot read the presets.
    if cmake --list-presets >/dev/null 2>&1; then configure="--preset $1"
    else
        case $1 in
        release) configure='-S . -DCMAKE_BUILD_TYPE=Release' ;;
        dev) configure='-S . -DCMAKE_BUILD_TYPE=Debug' ;;
        asan) configure='-S . -DCMAKE_BUILD_TYPE=Debug -DEDDY_SANITIZE=ON' ;;
        *) echo "this cmake knows only release, dev and asan" >&2; exit 2 ;;
        esac
    fi
    echo "building $build" >&2
    { cmake $configure -B "$build" && cmake --build "$build" ${2:+--target "$2"}; } >"$build/log" 2>&1 ||
        { cat "$build/log" >&2; exit 1; }
}
