"""`audit` compares the store, Milvus and the frozen index, and repairs what differs."""

from .findings import Audit, Finding
from .run import Outcome, audit

__all__ = ["Audit", "Finding", "Outcome", "audit"]
