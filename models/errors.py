"""The errors of models. Every message is one sentence that names the repair.

ModelError
├── ProfileError      a profile that does not exist
"""


class ModelError(Exception):
    """Something about local weights or the engine that the user can repair."""


class ProfileError(ModelError):
    """A prompt profile that does not exist or is incomplete."""
