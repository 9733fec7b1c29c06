"""Invented names, numbers, dates and addresses: everything that a trace copies.

All are made of random syllables, letters and digits from the generator that is handed in, so
that no answer can be known beforehand and the model has to read. This module does not know what
a relation or a page is.
"""

import random
import unicodedata
from collections.abc import Callable, Sequence

from .words import ADJECTIVES, HOSTS, NOUNS, TOPICS, listed

_ONSETS = listed(
    "b c d f g h j k l m n p r s t v w z br ch cl cr dr fl fr gl gr kh kl kr ph pl pr qu sc sh sk"
    " sl sm sn sp st str sw th tr ts tz v w wh y zh"
)
_NUCLEI = listed(
    "a e i o u a e i o u a e i o ai au ea ee ei eu ia ie io oa oe oo ou ua ue ui y ae ay ey oy"
)
_CODAS = listed(
    "n r s l t d m k p b g x th nd nt rd rt rk rn rm ng ck ll ss st sk lt ld lm mp nn tt tz ch sh"
    " gh v z c ff ns rs ls ft pt ct"
)
_ENDINGS = listed(
    "a o e i ia io us um is os as es en er or ar on an in el al il ham ton ville berg burg grad"
    " stad mark wick ford holm vik feld bach dorf hof by ness mouth port field wood worth ley land"
    " sen son ov ev ova escu ini etti elli ez es ano ino eau oux ier ard ert olf ich itz ak ek ik"
    " uk aki iko ura awa oto ima ang ong eng abad pur nagar istan"
)
_ACCENTS = {
    "a": "áàâäãåā", "e": "éèêëēę", "i": "íìîïī", "o": "óòôöõøō", "u": "úùûüūů",
    "c": "çćč", "n": "ñńň", "s": "šśş", "z": "žźż", "l": "ł", "r": "ř", "y": "ý", "g": "ğ",
}  # fmt: skip
_PARTICLES = listed("de von van di da del la le du der ten af al ibn bin")
_HAN = (
    "山水江河湖海城门桥塔林石金银木火风云天地东西南北中大小长高"
    "古新安平明光华文武龙凤松竹梅兰青白红黄春夏秋冬日月星"
)
_GROUNDS = listed("Mountains Forest Plateau Hills Valley Coast")
_WATERS = listed("River Sea Bay Lake Canal Glacier Falls Ocean")
_BODIES = listed("Company Society Prize School Railway Orchestra")
_BEFORE_PLACES = listed("San Santa New Port Fort Upper North")
_MONTHS = listed(
    "January February March April May June July August September October November December"
)


def chance(rng: random.Random, probability: float) -> bool:
    """True with the given probability."""
    return rng.random() < probability


def syllables(rng: random.Random, count: int) -> str:
    """Return a lower-case string of `count` random syllables."""
    parts = []
    for number in range(count):
        onset = "" if number == 0 and chance(rng, 0.22) else rng.choice(_ONSETS)
        coda = rng.choice(_CODAS) if chance(rng, 0.35) else ""
        parts.append(onset + rng.choice(_NUCLEI) + coda)
    return "".join(parts)


class Echoing(random.Random):
    """A source of chance whose words come again, whole or in part, as they do on real pages.

    "The White Nile and the Blue Nile", "Mississippi": what follows a piece of a name is known only
    from all that went before it. Names that never share a piece do not teach that.
    """

    SHARE, KEPT = 0.12, 8

    def __init__(self, seed: str, loose: bool = False) -> None:
        """Seed the source; nothing has been said yet. `loose` questions say more or less."""
        super().__init__(seed)
        self.recent: list[str] = []
        self.loose = loose


def is_loose(rng: random.Random) -> bool:
    """True when questions are to share less than all their words with their sentences."""
    return isinstance(rng, Echoing) and rng.loose


def pseudo_word(rng: random.Random) -> str:
    """Return a lower-case word that is spelt like one but means nothing."""
    if not isinstance(rng, Echoing):
        return _fresh_word(rng)
    if chance(rng, rng.SHARE):
        if rng.recent and chance(rng, 0.6):
            return rng.choice(rng.recent)
        part = syllables(rng, 1)
        return part + rng.choice(("", "", rng.choice("aeioustn"))) + part + rng.choice(_ENDINGS)
    word = _fresh_word(rng)
    rng.recent = [*rng.recent[1 - rng.KEPT :], word]
    return word


def _fresh_word(rng: random.Random) -> str:
    draw = rng.random()
    if draw < 0.03:
        return "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randint(3, 8)))
    if draw < 0.6:
        return simple_word(rng)
    if draw < 0.74:
        return syllables(rng, rng.choice((1, 2, 2)))
    return syllables(rng, 1) + rng.choice(_ENDINGS)


def simple_word(rng: random.Random) -> str:
    """Return a lower-case word of single consonants and vowels, as most languages have them."""
    parts = [rng.choice("aeiou") if chance(rng, 0.25) else ""]
    for _ in range(rng.choice((1, 2, 2, 3))):
        parts.append(rng.choice("bcdfghjklmnprstvwzbdlmnrst") + rng.choice("aeiou"))
    return "".join(parts) + (rng.choice("nrsltdmkbgnrsl") if chance(rng, 0.5) else "")


def accented(rng: random.Random, word: str) -> str:
    """Put one or two accents on a word."""
    letters = list(word)
    places = [i for i, letter in enumerate(letters) if letter in _ACCENTS]
    for place in rng.sample(places, min(len(places), rng.choice((1, 1, 2)))):
        letters[place] = rng.choice(_ACCENTS[letters[place]])
    return "".join(letters)


def proper(rng: random.Random) -> str:
    """Return one capitalised name word, sometimes accented, hyphenated or with an apostrophe."""
    word = pseudo_word(rng)
    if chance(rng, 0.1):
        word = accented(rng, word)
    word = word[0].upper() + word[1:]
    draw = rng.random()
    if draw < 0.04:
        other = pseudo_word(rng)
        word += "-" + other[0].upper() + other[1:]
    elif draw < 0.06:
        word = rng.choice(("O'", "D'", "L'", "Mc", "Mac", "St. ")) + word
    return word


def english_name(rng: random.Random) -> str:
    """Return a name of plain words in capitals, such as a bridge or a ship may carry."""
    first = rng.choice(ADJECTIVES if chance(rng, 0.6) else NOUNS).capitalize()
    return first if chance(rng, 0.3) else f"{first} {rng.choice(NOUNS).capitalize()}"


def stem(rng: random.Random) -> str:
    """Return the distinctive part of a place's name: invented, or of plain words."""
    draw = rng.random()
    if draw < 0.2:
        return english_name(rng)
    if draw < 0.32:
        return f"{proper(rng)} {proper(rng)}"
    return proper(rng)


def person(rng: random.Random) -> str:
    """Return a person's name of one to four words."""
    first, last = proper(rng), proper(rng)
    draw = rng.random()
    if draw < 0.55:
        return f"{first} {last}"
    if draw < 0.67:
        return f"{first} {rng.choice('ABCDEFGHIJKLMNOPRSTVW')}. {last}"
    if draw < 0.79:
        return f"{first} {proper(rng)} {last}"
    if draw < 0.9:
        return f"{first} {rng.choice(_PARTICLES)} {last}"
    if draw < 0.94:
        initials = ". ".join(rng.sample("ABCDEFGHJKLMNPRST", 2))
        return f"{initials}. {last}"
    return last


def place(rng: random.Random) -> str:
    """Return a town, region or country."""
    draw = rng.random()
    if draw < 0.62:
        return proper(rng)
    if draw < 0.72:
        return f"{rng.choice(_BEFORE_PLACES)} {proper(rng)}"
    if draw < 0.8:
        return f"{proper(rng)}, {proper(rng)}"
    if draw < 0.88:
        return english_name(rng)
    if draw < 0.94:
        return f"{proper(rng)} {rng.choice(_GROUNDS)}"
    return f"{proper(rng)} {proper(rng)}"


def thing(rng: random.Random) -> str:
    """Return the name of some work, body of water, company or other named thing."""
    draw = rng.random()
    if draw < 0.35:
        return proper(rng)
    if draw < 0.55:
        return english_name(rng)
    if draw < 0.7:
        return f"{proper(rng)} {rng.choice(_WATERS)}"
    if draw < 0.8:
        return f"Lake {proper(rng)}"
    if draw < 0.9:
        return f"{stem(rng)} {rng.choice(_BODIES)}"
    return f"The {rng.choice(NOUNS).capitalize()} of {proper(rng)}"


def plain_word(rng: random.Random) -> str:
    """Return a lower-case word, real or invented."""
    return pseudo_word(rng) if chance(rng, 0.35) else rng.choice(NOUNS)


def term(rng: random.Random) -> str:
    """Return a lower-case phrase, as a material, a trade or a kind may be written."""
    draw = rng.random()
    if draw < 0.4:
        return plain_word(rng)
    if draw < 0.7:
        return f"{rng.choice(ADJECTIVES)} {plain_word(rng)}"
    if draw < 0.85:
        return f"{plain_word(rng)} and {plain_word(rng)}"
    if draw < 0.93:
        return f"{plain_word(rng)} {plain_word(rng)}"
    return f"{plain_word(rng)}, {plain_word(rng)} and {plain_word(rng)}"


def year(rng: random.Random) -> str:
    """Return a year; the last three centuries are the most frequent, as on real pages."""
    draw = rng.random()
    if draw < 0.85:
        return str(rng.randint(1650, 2024))
    if draw < 0.97:
        return str(rng.randint(1000, 1650))
    return f"{rng.randint(2, 990)} {rng.choice(('BC', 'AD'))}"


def date(rng: random.Random) -> str:
    """Return a date in one of several forms, or only a year."""
    day, month, when = rng.randint(1, 31), rng.choice(_MONTHS), rng.randint(1400, 2024)
    draw = rng.random()
    if draw < 0.45:
        return f"{day} {month} {when}"
    if draw < 0.6:
        return f"{month} {day}, {when}"
    if draw < 0.72:
        return f"{month} {when}"
    if draw < 0.75:
        return f"{when}–{when + rng.randint(1, 20)}"
    if draw < 0.78:
        return f"{when}-{rng.randint(1, 12):02}-{day:02}"
    return str(when)


def integer(rng: random.Random) -> str:
    """Return a number of one to eight digits, mostly with separators."""
    size = rng.choice((1, 2, 2, 3, 3, 4, 4, 5, 6, 7))
    value = rng.randint(10 ** (size - 1), 10**size - 1)
    if chance(rng, 0.5):
        value = value // 10 * 10 if size > 1 else value
    return str(value) if chance(rng, 0.12) else f"{value:,}"


def figure(rng: random.Random) -> str:
    """Return a measured number: an integer or a decimal."""
    if chance(rng, 0.3):
        return f"{rng.randint(0, 999)}.{rng.randint(0, 99) or 5}"
    if chance(rng, 0.06):
        return f"{rng.randint(1, 99)}.{rng.randint(1, 9)} {rng.choice(('million', 'billion'))}"
    return integer(rng)


_UNITS: dict[str, Sequence[str]] = {
    "length": listed("kilometres km metres m miles feet kilometres metres mi"),
    "height": listed("metres m feet metres m centimetres"),
    "weight": listed("tonnes kilograms kg tons grams t"),
    "area": ["square kilometres", "km²", "hectares", "square metres", "square miles"],
    "speed": ["km/h", "kilometres per hour", "metres per second", "m/s"],
    "heat": ["°C", "degrees Celsius", "degrees"],
    "volume": ["cubic kilometres", "litres", "km³", "cubic metres per second"],
    "span": listed("years days hours months minutes weeks"),
    "power": listed("watts kilowatts megawatts volts hertz"),
}
_SMALL = listed(
    "one two three four five six seven eight nine ten eleven twelve thirteen sixteen twenty thirty"
    " twenty-four thirty-six forty fifty-two sixty-eight"
)


def quantity(rng: random.Random, unit: str) -> str:
    """Return a number with a unit of the family `unit`."""
    if unit == "money":
        return f"{rng.choice('$£€')}{figure(rng)}" + (" million" if chance(rng, 0.4) else "")
    if unit == "percent":
        return f"{rng.randint(1, 99)}{rng.choice(('%', ' per cent', ' percent'))}"
    number = figure(rng)
    if unit == "heat" and chance(rng, 0.2):
        number = "−" + number
    return f"{number} {rng.choice(_UNITS[unit])}"


def count(rng: random.Random) -> str:
    """Return a small number, in digits or in words."""
    if chance(rng, 0.04):
        low = rng.randint(2, 40)
        return f"{low} {rng.choice(('or', 'to'))} {low + rng.randint(1, 8)}"
    return rng.choice(_SMALL) if chance(rng, 0.4) else str(rng.randint(1, 120))


def value(rng: random.Random, kind: str) -> str:
    """Return a value: a person, place, thing, term, year, date, integer, count or a quantity."""
    if kind == "person" and chance(rng, 0.05):
        return f"{person(rng)} and {person(rng)}"
    makers: dict[str, Callable[[random.Random], str]] = {
        "person": person, "place": place, "thing": thing, "term": term, "year": year,
        "date": date, "integer": integer, "count": count, "han": han,
        "han_year": lambda r: f"{r.randint(1000, 2024)}年",
        "han_length": lambda r: f"{r.randint(2, 9999)}{r.choice(('公里', '米', '千米'))}",
    }  # fmt: skip
    return makers[kind](rng) if kind in makers else quantity(rng, kind)


def han(rng: random.Random) -> str:
    """Return an invented Chinese name of two to four characters."""
    return "".join(rng.choice(_HAN) for _ in range(rng.randint(2, 4)))


def slug(rng: random.Random, title: str, style: str) -> str:
    """Return a title as the last part of an address, in a style shared by a whole site."""
    if style == "number":
        return str(rng.randint(10, 99_999))
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    if style == "wiki":
        return title.replace(" ", "_")
    joiner = "_" if style == "under" else "-"
    words = "".join(c.lower() if c.isalnum() else " " for c in plain).split()
    return joiner.join(words) or f"p{rng.randint(1, 999)}"


class Site:
    """A made-up site: its addresses share a scheme, a host, folders and a style of slugs."""

    def __init__(self, rng: random.Random) -> None:
        """Draw the site's host and style."""
        self._rng = rng
        name = rng.choice(TOPICS) if chance(rng, 0.4) else pseudo_word(rng)
        draw = rng.random()
        if draw < 0.12:
            host = f"{rng.choice(('127.0.0.1', 'localhost'))}:{rng.randint(1024, 65535)}"
        elif draw < 0.3:
            host = f"{rng.choice(('www', 'en', 'docs', 'wiki'))}.{name}.{rng.choice(HOSTS)}"
        else:
            host = f"{name}.{rng.choice(HOSTS)}"
        self.root = f"{rng.choice(('http', 'https', 'https'))}://{host}"
        self._folders = rng.choice(("", "/{t}", "/{t}", "/{t}", "/{t}/{w}", "/{w}", "/wiki"))
        self._style = rng.choice(("hyphen", "hyphen", "hyphen", "under", "wiki", "number"))
        self._suffix = rng.choice(("", "", "", ".html", "/", ".htm"))
        self._topics = [rng.choice(TOPICS), rng.choice(TOPICS)]

    def address(self, title: str) -> str:
        """Return the address of a page of this site."""
        folder = self._folders.format(t=self._rng.choice(self._topics), w=self._topics[0])
        return f"{self.root}{folder}/{slug(self._rng, title, self._style)}{self._suffix}"
