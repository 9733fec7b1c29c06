"""The engine on llama.cpp: a worker process around the low-level API of llama-cpp-python.

The parent side is `client.py`; everything else runs in the child, which alone loads the library.
"""
