#!/bin/sh
# Put a small launcher called `appliance` on the PATH. Typed inside a checkout it runs that
# checkout's own environment; elsewhere the environment of the checkout that installed it.
# APPLIANCE_NO_LINK=1 leaves the PATH alone.
set -eu
cd "$(dirname "$0")/.."
[ -z "${APPLIANCE_NO_LINK:-}" ] || exit 0
mark="# launcher of the deep-research appliance"

target=
for folder in "$HOME/.local/bin" "$HOME/bin" /usr/local/bin; do
  case ":$PATH:" in
    *":$folder:"*) if [ -d "$folder" ] && [ -w "$folder" ]; then target=$folder/appliance; break; fi ;;
  esac
done
if [ -z "$target" ]; then
  echo "setup: no writable folder of your PATH; type .build/venv/bin/appliance, or add it to PATH"
  exit 0
fi
if [ -e "$target" ] && ! grep -q "$mark" "$target" 2>/dev/null; then
  echo "setup: $target exists and is not ours; type .build/venv/bin/appliance"
  exit 0
fi
temporary=$target.$$
cat >"$temporary" <<EOF
#!/bin/sh
$mark
folder=\$PWD
while [ -n "\$folder" ]; do
  if [ -x "\$folder/.build/venv/bin/appliance" ] && [ -O "\$folder/.build/venv/bin/appliance" ]; then
    exec "\$folder/.build/venv/bin/appliance" "\$@"
  fi
  folder=\${folder%/*}
done
if [ -x "$PWD/.build/venv/bin/appliance" ]; then
  exec "$PWD/.build/venv/bin/appliance" "\$@"
fi
echo "appliance: the checkout in $PWD is gone; run: make setup, in the one you use" >&2
exit 1
EOF
chmod 755 "$temporary"
mv "$temporary" "$target"
echo "setup: \`appliance\` is $target"
