"""The same searches: in fresh processes, from rebuilt indexes, and on lesser processors."""
