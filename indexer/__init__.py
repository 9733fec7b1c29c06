"""Passages, encoders, the Milvus vector store, the frozen index and search."""
