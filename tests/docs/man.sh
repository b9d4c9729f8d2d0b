# sh tests/docs/man.sh: neither mandoc nor groff has anything to say about the man page. 77: there is neither.
set -u
cd "$(dirname "$0")/../.."
page=.packaging/eddy.3
checked=77
said() { if [ -n "$2" ]; then echo "$1:"; echo "$2"; exit 1; fi; checked=0; }
# Which pages this system has is not the page's fault.
if command -v mandoc >/dev/null; then said mandoc "$(mandoc -T lint -W style "$page" 2>&1 | grep -v 'mandoc.db')"; fi
if command -v groff >/dev/null; then said groff "$(groff -m mdoc -T utf8 -w w -z "$page" 2>&1)"; fi
exit $checked
