# What examples/run, tests/run and .ci/run share. They source it at the top of the tree.
# stdout is left to the program that is run in the end.
jobs=$(nproc 2>/dev/null || echo 2)
export CMAKE_BUILD_PARALLEL_LEVEL="${CMAKE_BUILD_PARALLEL_LEVEL:-$jobs}" CTEST_PARALLEL_LEVEL="${CTEST_PARALLEL_LEVEL:-$jobs}"

has() { command -v "$1" >/dev/null 2>&1; }
has_header() { echo "#include <$1>" | ${CC:-cc} -E -x c - >/dev/null 2>&1; }

# ensure [cmocka] [zlib] [llhttp] [uthash] [redis] [wrk] [curl] [nc] [c++] [pkg-config] [chromedriver] [PROGRAM]...: have a
# C compiler, cmake and these; install the packages that lack.
ensure() {
    cc=${CC:-cc}
    cc=${cc%% *} libc='' cmocka=cmocka cxx=g++ zlib=zlib llhttp=llhttp-devel uthash=uthash-devel redis=redis nc=netcat-openbsd driver=chromedriver
    if has apt-get; then install='apt-get install -y --no-install-recommends' libc=libc6-dev cmocka=libcmocka-dev zlib=zlib1g-dev uthash=uthash-dev redis=redis-tools driver=chromium-driver
    elif has dnf; then install='dnf install -y' nc=nmap-ncat cmocka=libcmocka-devel cxx=gcc-c++ zlib=zlib-devel
    elif has zypper; then install='zypper --non-interactive install' cmocka=libcmocka-devel cxx=gcc-c++ zlib=zlib-devel
    elif has pacman; then install='pacman -Sy --noconfirm --needed' nc=openbsd-netcat cxx=gcc llhttp=llhttp uthash=uthash
    elif has apk; then install='apk add' libc='musl-dev linux-headers' cmocka=cmocka-dev zlib=zlib-dev llhttp=llhttp-dev uthash=uthash-dev
    else install=''; fi

    packages='' extras='' # without an extra some examples and tests are left out; a system may not have it
    has "$cc" || packages=" $([ "$cc" = cc ] && echo gcc || basename "$cc")"
    has_header stdio.h || packages="$packages${libc:+ $libc}"
    has cmake || packages="$packages cmake"
    has make || has ninja || packages="$packages make"
    for want; do
        case $want in
        cmocka) has_header cmocka.h || packages="$packages $cmocka" ;;
        zlib) has_header zlib.h || packages="$packages $zlib" ;;
        llhttp) has_header llhttp.h || [ -e /usr/share/llhttp/llhttp.c ] || extras="$extras $(llhttp_package)" ;;
        uthash) has_header uthash.h || extras="$extras $uthash" ;;
        redis) has redis-cli || extras="$extras $redis" ;;
        nc) has nc || extras="$extras $nc" ;;
        curl | wrk) has "$want" || extras="$extras $want" ;;
        pkg-config) has pkg-config || packages="$packages $({ has dnf || has zypper; } && echo pkgconf-pkg-config || echo pkgconf)" ;;
        chromedriver) has chromedriver || packages="$packages $driver" ;;
        c++) has c++ || packages="$packages $cxx" ;;
        *) has "$want" || packages="$packages $want" ;;
        esac
    done
    if [ -n "$packages$extras" ]; then install_packages; fi
    if ! has make; then export CMAKE_GENERATOR=Ninja; fi
}

# Debian 12 has llhttp as sources, in another package.
llhttp_package() {
    if ! has apt-get; then echo "$llhttp"
    else refresh_lists; if apt-cache show libllhttp-dev >/dev/null 2>&1; then echo libllhttp-dev; else echo node-llhttp; fi; fi
}

become_root() {
    as_root=''
    [ "$(id -u)" = 0 ] || as_root=$(command -v sudo || command -v doas || echo 'as root:')
}

# Without its lists of packages apt-get finds none.
refresh_lists() {
    become_root
    if [ "$as_root" != 'as root:' ] && [ -z "$(find /var/lib/apt/lists -name '*_Packages*' 2>/dev/null | head -n 1)" ]; then
        $as_root apt-get -q update >&2 || exit 1
    fi
}

install_packages() {
    become_root
    echo "missing; to install: ${as_root:+$as_root }${install:-the packages}$packages$extras" >&2
    if [ -z "$install" ] || [ "$as_root" = 'as root:' ]; then
        if [ -n "$packages" ]; then exit 1; fi
        return
    fi
    if has apt-get; then refresh_lists; fi
    if [ -n "$packages" ]; then $as_root $install $packages >&2 || exit 1; fi
    for extra in $extras; do $as_root $install "$extra" >&2 || echo "going on without $extra" >&2; done
}

# build PRESET [TARGET...]: in $build, which is build/PRESET, or build/PRESET-CC where CC is set.
build() {
    preset=$1; shift
    build=build/$preset${CC:+-$(basename "${CC%% *}")}
    mkdir -p "$build"
    # CMake before 3.25 cannot read the presets.
    if cmake --list-presets >/dev/null 2>&1; then configure="--preset $preset"
    else
        case $preset in
        release) configure='-S . -DCMAKE_BUILD_TYPE=Release' ;;
        dev) configure='-S . -DCMAKE_BUILD_TYPE=Debug' ;;
        asan) configure='-S . -DCMAKE_BUILD_TYPE=Debug -DEDDY_SANITIZE=ON' ;;
        *) echo "this cmake knows only release, dev and asan" >&2; exit 2 ;;
        esac
    fi
    echo "building $build" >&2
    { cmake $configure -B "$build" && cmake --build "$build" ${1:+--target "$@"}; } >"$build/log" 2>&1 ||
        { cat "$build/log" >&2; exit 1; }
}
