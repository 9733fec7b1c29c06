"""The demo researcher: invented traces, training, export and evaluation of a tiny model."""
