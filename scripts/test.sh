#!/bin/sh
# Run the tests; says first what will be skipped and why. Arguments go to pytest.
set -eu
cd "$(dirname "$0")/.."
bin=.build/venv/bin
"$bin/python" -c 'import torch, FlagEmbedding' 2>/dev/null ||
  echo "test: without torch and FlagEmbedding the tests of BGE-M3 are skipped (make setup-encode)"
[ -d ../shared/data ] ||
  echo "test: without ../shared/data the tests that read real data are skipped"
command -v chromium >/dev/null || command -v google-chrome >/dev/null ||
  echo "test: without Chromium the tests in a real browser are skipped"
exec "$bin/python" -m pytest "$@"
