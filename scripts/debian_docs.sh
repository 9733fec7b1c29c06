#!/bin/sh
# Real pages that nobody here wrote: serve the HTML of Debian's python3.11-doc on loopback, crawl,
# index and search it. The home is $APPLIANCE_HOME or data-docs.
set -eu
cd "$(dirname "$0")/.."
bin=.build/venv/bin
export APPLIANCE_HOME="${APPLIANCE_HOME:-$PWD/data-docs}"
docs=/usr/share/doc/python3.11/html
if [ ! -d "$docs" ]; then
  docs=$PWD/.build/python3.11-doc/usr/share/doc/python3.11/html
fi
if [ ! -d "$docs" ]; then
  mkdir -p .build/python3.11-doc
  (cd .build/python3.11-doc && apt-get -q download python3.11-doc >/dev/null && dpkg-deb -x python3.11-doc_*.deb .) || {
    echo "the package python3.11-doc cannot be had; install it (apt-get install python3.11-doc)" >&2
    exit 1
  }
fi
"$bin/appliance" crawl "$docs"
"$bin/appliance" index
"$bin/appliance" search "run blocking function in executor event loop" -k 3
