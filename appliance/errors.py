"""The errors of the appliance. Every message is one sentence that names the repair.

ApplianceError
├── ConfigError       a setting that cannot be used
├── SealError         an outside connection that the seal refused
├── RunError          a run that is unknown, unreadable or of another format
│   └── RunBusy       a run that another process is writing to
├── ReplayDiffers     a replayed tool call gave another result than the recorded one
├── QuestionsError    a question file that cannot be read
├── HomeBusy          another process is writing to the same home
└── HomeUnusable      the home folder cannot be written (permissions, full disk)
"""


class ApplianceError(Exception):
    """Something that the user can repair; the command line prints it as one sentence."""

    exit_code = 1


class ConfigError(ApplianceError):
    """A setting in a file, an environment variable or a flag that cannot be used."""

    exit_code = 2


class SealError(ApplianceError):
    """An attempt to reach outside the machine, refused by the seal. Names the caller."""

    exit_code = 4


class RunError(ApplianceError):
    """A run that does not exist, cannot be read, or was written in another format."""


class RunBusy(RunError):
    """A run that another process is writing to."""


class ReplayDiffers(ApplianceError):
    """A replayed tool call whose result is not the recorded one."""

    exit_code = 3


class QuestionsError(ApplianceError):
    """A question file that is missing or has a malformed line; names the line."""


class HomeBusy(ApplianceError):
    """Another process holds the home's writer lock; names its pid."""


class HomeUnusable(ApplianceError):
    """The home folder cannot be created or written."""
