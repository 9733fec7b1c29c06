"""The check of every promise: `python -m bench.accept`; docs/acceptance.md lists them."""
