"""The page store: pages, every version of them, and the private PostgreSQL they live in."""
