"""One file a revision of the schema; a released one is never changed."""
