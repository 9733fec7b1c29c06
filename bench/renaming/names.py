"""Invented names for the renamed copy, from lists of its own.

They share nothing with the generator that the demo model is trained on, or the copy would flatter
the model. This module knows neither corpus nor questions.
"""

import random
import re
from collections.abc import Iterable
from typing import Literal

from .words import fold, listed

Kind = Literal["person", "place", "thing"]

_STEMS = listed(
    "aber ach adr aft ald amb ang arv ask bal barr bel bir bodd bray cad calv cast corr cren"
    " dag darr del dov drum dun eld emb ent esk evv fald farr fen fid fosk gal gan gerr glin"
    " gorm hald harr hest hov ild imm ing isk jar jol kall karr kest kild kol lann lev lind lor"
    " lund madr mall merr moll morv nadd nev nim norr oll omb ord orr osk palt pend pir quar"
    " quell rad ramm renn rosk rudd sald sarr sell sith sorv tall tamm tarv tell torr ved vall"
    " varr vell vold wenn wirr yarr yev zall zarr zind"
)
_MIDDLES = listed("a e i o u am an ar el en er il in ol on or ul un av ev")
_ENDS: dict[Kind, tuple[str, ...]] = {
    "person": listed(
        "ack ard arro aux bane bert bourne by cott dale dell dottir ebo eda egger enko ero essi"
        " etz gard gaard heim ias idis iere ilde imba ingham isch kainen lau lo man mere mond nola"
        " nyi oglu ois okwe ola onde oux quist ram rieth rup seth sky stam thal uchi ulla unga"
        " verra waite wen yemi zade"
    ),
    "place": listed(
        "acre adh ago aire alto ava beck bia bourg bridia caster cay dah dra edo ela ensk esa eth"
        " evo fell firth forsa gate geri haven heath idra ika illa ira issa jord kesh landa lava"
        " lund mar mere mesh mouna nesk nia ola ondo oque ora oska ovia pool qa ria rith rona sele"
        " stow strand tara thwaite umbra una uria vaara vale voda wen yal yssa zan"
    ),
    "thing": listed("ael ba bine dola fel gora lim lune mba netta phone rin tta vina zeen"),
}
_ACCENTS = {"a": "áàâäã", "e": "éèêë", "i": "íï", "o": "óôöõ", "u": "úü", "n": "ñ", "s": "š"}
_HAN = "沅澜沧漓湘汾洛沔颍浔澄濮潞泸滁澧沁淄郁黔邛岷"
_HAN_TAILS = "江河山湖桥橋城"
_CYRILLIC = dict(zip("abvgdezijklmnoprstufhcyqwx", "абвгдезийклмнопрстуфхцыкукс", strict=False))


class Names:
    """Names that no word of the corpus resembles and that are handed out once. Seeded."""

    def __init__(self, rng: random.Random, taken: Iterable[str]) -> None:
        self._rng = rng
        self._taken = set(taken)
        """Folded words that a new name may neither be, hold, nor be held by."""

    def word(self, kind: Kind) -> str:
        """A new name of one word, capitalised, at times with an accent or a hyphen."""
        while True:
            name = self._spelt(kind)
            key = fold(name)
            if not any(key in old or (len(old) > 3 and old in key) for old in self._taken):
                self._taken.add(key)
                return name

    def _spelt(self, kind: Kind) -> str:
        rng = self._rng
        name = rng.choice(_STEMS) + (rng.choice(_MIDDLES) if rng.random() < 0.3 else "")
        name += rng.choice(_ENDS[kind])
        name = re.sub(r"(.)\1\1+", r"\1\1", name)
        places = [i for i, letter in enumerate(name) if i and letter in _ACCENTS]
        if places and rng.random() < 0.2:
            place = rng.choice(places)
            name = name[:place] + rng.choice(_ACCENTS[name[place]]) + name[place + 1 :]
        if kind != "thing" and rng.random() < 0.08:
            name = f"{name}-{rng.choice(_STEMS).title()}{rng.choice(_ENDS[kind])}"
        return name[0].upper() + name[1:]

    def han(self, old: str) -> str:
        """A Chinese name as long as the old one and ending as it does (a river stays a river)."""
        tail = "".join(letter for letter in old if letter in _HAN_TAILS)
        return "".join(self._rng.sample(_HAN, max(1, len(old) - len(tail)))) + tail

    def code(self) -> str:
        """A letter and a digit, for a mountain that surveyors named."""
        return self._rng.choice("CDFHJLQX") + self._rng.choice("3456789")


def cyrillic(name: str) -> str:
    """A Latin name in Russian letters, roughly."""
    return "".join(_CYRILLIC.get(letter, "") for letter in fold(name)).capitalize()
