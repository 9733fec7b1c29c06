"""The errors of importers. Every message is one sentence that names the repair.

ImporterError
├── UnknownFormatError   a path whose format no importer knows
├── DamagedError         an archive that cannot be read at all, or from some place on
└── LockedError          a document or archive that wants a password
"""


class ImporterError(Exception):
    """Something about an import that the user can repair."""


class UnknownFormatError(ImporterError):
    """A path whose format no importer knows."""


class DamagedError(ImporterError):
    """An archive that cannot be read at all, or not from some place on."""


class LockedError(ImporterError):
    """A document or an archive that wants a password."""
