#!/bin/sh
# sh tests/docs/reference.sh: the reference in build/reference/html/index.html; installs doxygen if it is missing.
set -eu
cd "$(dirname "$0")/../.."
. tests/build.sh
ensure doxygen
sh tests/docs/check.sh "$PWD/build/reference"
echo "build/reference/html/index.html"
