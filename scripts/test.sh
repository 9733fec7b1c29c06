#!/bin/sh
# Run the tests, a file on each core at a time; says first what will be skipped and why. Arguments go
# to pytest: -n0 runs them in one process, for a debugger.
set -eu
cd "$(dirname "$0")/.."
bin=.build/venv/bin
"$bin/python" -c 'import torch, FlagEmbedding' 2>/dev/null ||
  echo "test: without torch and FlagEmbedding the tests of BGE-M3 are skipped (make setup-encode)"
[ -d ../shared/data ] ||
  echo "test: without ../shared/data the tests that read real data are skipped"
command -v chromium >/dev/null || command -v google-chrome >/dev/null ||
  echo "test: without Chromium the tests in a real browser are skipped"
exec "$bin/python" -m pytest -n logical --dist loadfile "$@"
