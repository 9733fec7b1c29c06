#!/bin/sh
# The Debian packages that CI uses: a browser and real pages for the tests, and a compiler.
set -eu
packages="chromium python3.11-doc util-linux build-essential"
missing=
for package in $packages; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get -q update >/dev/null
# shellcheck disable=SC2086
$sudo apt-get -q install -y --no-install-recommends $missing >/dev/null
echo "installed:$missing"
