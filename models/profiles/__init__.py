"""Prompt profiles: what differs between one model and another, as values and prompt files.

A profile sets the system prompt, the sampling and the sizes of what the tools show. It holds no
code, and nothing outside it may branch on a model's name. `generic` is for every model that has
no profile of its own: it talks in the form of the model's own chat template.
"""

from dataclasses import dataclass
from importlib.resources import files

from ..chat import ChatForm
from ..errors import ProfileError
from ..transcript import QWEN3_THINKING, Transcript

GENERIC = "generic"


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is chosen. Temperature 0 is greedy decoding and ignores the rest."""

    temperature: float = 0.6
    top_p: float = 0.95
    top_k: int = 20
    min_p: float = 0.0
    presence_penalty: float = 1.1
    repetition_penalty: float = 1.0


@dataclass(frozen=True, slots=True)
class Profile:
    """One model family's settings. Sizes are in words (`*_words`), tokens or turns.

    `evidence_tokens` is what `visit` may say of one page (`models.tokens`). A model that was
    trained on bare sentences, without headings and links, has `evidence_words` instead.

    `families` are beginnings of the names that files of the family give themselves. `form` is how
    the model is talked to, None for the form of Qwen3-Thinking. `policy` names what makes room in
    a full context: `trim` or `none`.
    """

    name: str
    sampling: Sampling
    results: int
    snippet_words: int
    context: int
    turn_tokens: int
    max_turns: int
    evidence_tokens: int = 0
    evidence_words: int = 0
    policy: str = "trim"
    demonstration: bool = False
    families: tuple[str, ...] = ()
    form: ChatForm | None = None

    @property
    def transcript(self) -> Transcript:
        """The form in which the loop talks to the model."""
        return self.form or QWEN3_THINKING

    def system_prompt(self, date: str) -> str:
        """Return the system message; `date` (ISO) fills the prompt's `{date}` when it has one."""
        try:
            text = files(__package__).joinpath(self.name, "system.txt").read_text("utf-8")
        except FileNotFoundError as error:
            raise ProfileError(
                f"the profile {self.name!r} has no system.txt; reinstall the appliance"
            ) from error
        return text.strip().replace("{date}", date)


PROFILES = {
    profile.name: profile
    for profile in (
        Profile(
            name="literesearcher",
            sampling=Sampling(),
            results=10,
            snippet_words=40,
            evidence_tokens=1_200,
            context=32_768,
            turn_tokens=10_000,
            max_turns=40,
            families=("literesearcher",),
        ),
        Profile(
            name="demo",
            sampling=Sampling(temperature=0.0, presence_penalty=0.0),
            results=2,
            snippet_words=12,
            evidence_words=45,
            context=4_096,
            turn_tokens=300,
            max_turns=8,
            demonstration=True,
        ),
        Profile(
            name=GENERIC,
            sampling=Sampling(presence_penalty=0.0),
            results=8,
            snippet_words=40,
            evidence_tokens=700,
            context=16_384,
            turn_tokens=4_000,
            max_turns=24,
        ),
    )
}


def profile(name: str) -> Profile:
    """Return the profile called `name`; ProfileError names those that exist."""
    try:
        return PROFILES[name]
    except KeyError:
        raise ProfileError(
            f"there is no profile {name!r}; choose one of: {', '.join(sorted(PROFILES))}"
        ) from None


def profile_for(model: str) -> str:
    """Return the name of the profile for a model that calls itself `model`; else `generic`."""
    plain = "".join(letter for letter in model.casefold() if letter.isalnum())
    for known in PROFILES.values():
        if any(plain.startswith(family) for family in known.families):
            return known.name
    return GENERIC
