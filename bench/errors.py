"""The errors of bench's measurements of retrieval. Every message is one sentence with the repair.

BenchError
├── CollectionError   the files of a test collection are missing, damaged or of another collection
├── SettingError      what was asked for on the command line cannot be measured
└── FloorsError       the floors hold for other data than those that are there
"""


class BenchError(Exception):
    """Something that the person who measures can repair."""


class CollectionError(BenchError):
    """A test collection cannot be read as it stands."""


class SettingError(BenchError):
    """An encoder, a field or an output that cannot be used."""


class FloorsError(BenchError):
    """The file of floors does not belong to the data."""
