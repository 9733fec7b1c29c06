"""Measurements (`python -m bench`) and the check of every promise (`python -m bench.accept`)."""
