#!/bin/sh
# Build the virtual environment: pinned packages, llama.cpp with safe flags, the `appliance` command.
# Run by `make setup`; safe to run again, each step is skipped when it is done.
set -eu
cd "$(dirname "$0")/.."
build=.build
venv=$build/venv
wheels=$build/wheels
python=${PYTHON:-python3}
pip="$venv/bin/pip --disable-pip-version-check"

say() { echo "setup: $*"; }
fail() { echo "setup: $*" >&2; exit 1; }

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
  fail "Python 3.11 or newer is needed; install it, or name it: make setup PYTHON=/path/to/python3.11"
command -v cc >/dev/null || command -v gcc >/dev/null ||
  fail "a C compiler is needed for llama.cpp; install one (Debian: apt-get install build-essential)"

mkdir -p "$build/stamps" "$wheels"
if [ ! -x "$venv/bin/python" ]; then
  say "virtual environment in $venv"
  "$python" -m venv "$venv" || fail "venv is missing; install it (Debian: apt-get install python3-venv)"
fi

say "packages (pinned in requirements/core.txt)"
$pip install -qq -r requirements/core.txt

pin=$(sed -n 's/.*"llama-cpp-python==\([0-9.]*\)".*/\1/p' pyproject.toml)
if ! ls "$wheels"/llama_cpp_python-"$pin"-*.whl >/dev/null 2>&1; then
  say "building llama.cpp (about four minutes on two cores, once)"
  # GGML_NATIVE=OFF: code made for exactly this CPU crashes on AMX machines with GCC 12 when the
  # model is quantized. AVX2 and the like are still used.
  CMAKE_ARGS="-DGGML_NATIVE=OFF -DLLAVA_BUILD=OFF -DMTMD_BUILD=OFF ${CMAKE_ARGS:-}" \
    $pip wheel -qq --no-deps --no-binary llama-cpp-python --wheel-dir "$wheels" \
    "llama-cpp-python==$pin" >"$build/llama-build.log" 2>&1 ||
    fail "llama.cpp did not build; the log is $build/llama-build.log"
fi
$pip install -qq --no-deps "$wheels"/llama_cpp_python-"$pin"-*.whl
$pip install -qq --no-deps --no-build-isolation --editable .

say "checking that llama.cpp decodes"
"$venv/bin/python" -m models.verify_build || fail "this build of llama.cpp does not work; see above"

scripts/link_command.sh
touch "$build/stamps/setup"
say "done"
