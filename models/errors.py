"""The errors of models. Every message is one sentence that names the repair.

ModelError
├── ProfileError      a profile that does not exist
├── RegistryError     a model name that is not there, is taken, or is not a name
├── ModelFileError    a weights file that is missing, corrupt or not what its card says
├── TrainingError     a folder of the demo model's training that is missing or damaged
└── EngineError       the engine could not do what was asked
    ├── ContextFull   the tokens do not fit in the context
    └── WorkerDied    the process that runs llama.cpp ended by itself
"""


class ModelError(Exception):
    """Something about local weights or the engine that the user can repair."""


class ProfileError(ModelError):
    """A prompt profile that does not exist or is incomplete."""


class RegistryError(ModelError):
    """A model name that the registry does not hold, holds already, or cannot hold."""


class ModelFileError(ModelError):
    """A weights file that is missing, truncated, not GGUF, or altered since its import."""


class TrainingError(ModelError):
    """A checkpoint or tokenizer of the demo model's training that cannot be read."""


class EngineError(ModelError):
    """The engine was asked for something it cannot do, or llama.cpp reported a failure."""


class ContextFull(EngineError):
    """The tokens do not fit; the session is as it was before the call."""


class WorkerDied(EngineError):
    """The worker process ended by itself (a GGML assertion, a signal, no memory)."""
