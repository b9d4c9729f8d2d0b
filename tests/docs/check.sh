# sh tests/docs/check.sh OUT: write the reference to OUT/html. Fails on any warning, and when a public function or
# macro has no text, or is not there. 77: there is no doxygen.
set -u
out=$1
cd "$(dirname "$0")/../.."
command -v doxygen >/dev/null || exit 77
rm -rf "$out/html" "$out/xml"
mkdir -p "$out"
version=$(sed -n 's/.*EDDY_VERSION_STRING "\(.*\)"/\1/p' include/eddy/api.h)
{ cat tests/docs/Doxyfile; printf 'INPUT = include\nOUTPUT_DIRECTORY = "%s"\nPROJECT_NUMBER = %s\n' "$out" "$version"; } |
    doxygen - >"$out/log" 2>&1 || { cat "$out/log" >&2; exit 1; }
awk -f tests/docs/contracts.awk "$out"/xml/*_8h.xml "$out"/xml/*_8hpp.xml || exit 1
missing=$(grep '^eddy_' tests/structure/symbols.txt | while read -r name; do
    grep -q "<name>$name</name>" "$out"/xml/*_8h.xml || echo "$name"
done)
if [ -n "$missing" ]; then echo "not in the reference: $missing" >&2; exit 1; fi
