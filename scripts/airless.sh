#!/bin/sh
# Ask the demo questions in a network namespace with nothing in it, not even loopback.
set -eu
cd "$(dirname "$0")/.."
export APPLIANCE_HOME="$PWD/data-demo"
user=
[ "$(id -u)" = 0 ] || user="--user --map-current-user"
# shellcheck disable=SC2086
unshare --net $user sh -c '
  echo "interfaces here, none of them up: $(sed -n "3,\$s/:.*//p" /proc/net/dev | xargs)"
  .build/venv/bin/appliance eval appliance/demo/questions.jsonl --model demo --restart
  .build/venv/bin/appliance replay last
'
