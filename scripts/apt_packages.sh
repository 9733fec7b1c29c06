#!/bin/sh
# The Debian packages that CI uses: a browser and real pages for the tests, and a compiler.
# The two documentations are optional, because only Debian 12 has them; without them their rows of
# `make accept` fail and say so.
set -eu
installed() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'install ok installed'; }
wanted=
for package in chromium util-linux build-essential git python3.11-doc postgresql-doc-15; do
  installed "$package" || wanted="$wanted $package"
done
[ -n "$wanted" ] || exit 0
sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get -q update >/dev/null
for package in $wanted; do
  if $sudo apt-get -q install -y --no-install-recommends "$package" >/dev/null 2>&1; then
    echo "installed: $package"
  elif [ "$package" = python3.11-doc ] || [ "$package" = postgresql-doc-15 ]; then
    echo "not to be had here: $package" >&2
  else
    echo "apt-get could not install $package; install it by hand" >&2
    exit 1
  fi
done
