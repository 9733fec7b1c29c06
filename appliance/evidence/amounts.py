"""Numbers and the units behind them: what is the same amount, and which unit measures what.

An amount is the same when its digits and its unit are: 3,530 km is 3 530 kilometres, and 2.5
million is 2,500,000, but 2,467 m is not 2.5 km and five is not minus five. Nothing is rounded and
no unit is converted. Text is folded before it comes here (`letters.fold`).
"""

import re
from decimal import Decimal, InvalidOperation

from .letters import fold

THIN = "\u202f\u00a0\u2009'’"
NUMBER = rf"(?<!\d:)(?:(?<!\w)[-−])?(?:(?<!\d)\d{{1,3}}(?:[,{THIN} ]\d{{3}})+(?!\d)|\d+)(?:\.\d+)?"

# What is measured, then its units, each with all its spellings in folded letters. A unit that is
# no word ends where a word would.
_UNITS = {
    "length": (
        "km kilometer kilometers kilometre kilometres kilometro kilometros 公里 千米",
        "m meter meters metre metres metro metros 米",
        "cm centimeter centimeters centimetre centimetres centimetro centimetros 厘米",
        "mm millimeter millimeters millimetre millimetres milimetro milimetros 毫米",
        "mi mile miles milla millas 英里",
        "ft foot feet pie pies 英尺",
        "inch inches pulgada pulgadas",
        "yd yard yards",
        "ly light-year light-years 光年",
        "au",
    ),
    "area": (
        "km² km2 km^2 sq_km square_kilometer square_kilometers square_kilometre square_kilometres "
        "kilometro_cuadrado kilometros_cuadrados 平方公里 平方千米",
        "m² m2 m^2 square_meter square_meters square_metre square_metres metros_cuadrados 平方米",
        "sq_mi square_mile square_miles mi²",
        "sq_ft square_foot square_feet",
        "ha hectare hectares hectarea hectareas 公顷",
        "acre acres 英亩",
    ),
    "volume": (
        "km³ km3 cubic_kilometer cubic_kilometers cubic_kilometre cubic_kilometres 立方公里",
        "m³ m3 cubic_meter cubic_meters cubic_metre cubic_metres 立方米",
        "l liter liters litre litres litro litros 升",
    ),
    "mass": (
        "kg kilogram kilograms kilogramme kilogrammes kilo kilos kilogramo kilogramos 公斤 千克",
        "g gram grams gramme grammes gramo gramos 克",
        "t ton tons tonne tonnes tonelada toneladas 吨",
        "lb lbs pound pounds libra libras 磅",
    ),
    "density": ("g/cm³ g/cm3 grams_per_cubic_centimetre grams_per_cubic_centimeter 克/立方厘米",),
    "speed": (
        "km/h kph kilometres_per_hour kilometers_per_hour kilometres_an_hour kilometers_an_hour",
        "m/s metres_per_second meters_per_second",
        "mph miles_per_hour miles_an_hour",
    ),
    "power": (
        "mw megawatt megawatts 兆瓦",
        "kw kilowatt kilowatts 千瓦",
        "gw gigawatt gigawatts",
        "w watt watts",
        "hp horsepower",
    ),
    "temperature": (
        "°c degrees_celsius degrees_centigrade 摄氏度 ℃",
        "°f degrees_fahrenheit",
        "k kelvin",
    ),
    "duration": (
        "s sec second seconds segundo segundos 秒",
        "min minute minutes minuto minutos 分钟",
        "h hour hours hora horas 小时",
        "day days dia dias 天",
        "week weeks semana semanas",
        "month months mes meses 个月",
        "year years ano anos 年",
    ),
    "share": ("% percent per_cent por_ciento",),
    "money": ("dollars dollar usd us$", "euros euro eur", "pounds pound gbp", "yuan rmb 元"),
}
_MULTIPLES = {
    "thousand": 3, "million": 6, "billion": 9, "trillion": 12,
    "mil": 3, "millones": 6, "millon": 6, "万": 4, "亿": 8,
}  # fmt: skip
_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
)
_TENS = {
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
}
_IN_WORDS = {word: number for number, word in enumerate(_WORDS.split())} | _TENS | {"dozen": 12}
# "Once", eleven in Spanish, is left out: it is a word of other languages.
_IN_SPANISH = {
    "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6, "siete": 7, "ocho": 8, "nueve": 9,
    "diez": 10, "doce": 12, "quince": 15, "veinte": 20,
}  # fmt: skip
_IN_WORDS |= _IN_SPANISH
_IN_WORDS |= {
    f"{ten}-{_WORDS.split()[one]}": tens + one
    for ten, tens in _TENS.items()
    for one in range(1, 10)
}
_WORDS_OF: dict[int, list[str]] = {}
for _word, _number in _IN_WORDS.items():
    _WORDS_OF.setdefault(_number, []).append(_word)


def _spelling(word: str) -> str:
    return r"[\s-]?".join(re.escape(part) for part in word.split("_"))


def _rows() -> list[tuple[str, tuple[str, ...]]]:
    return [(kind, tuple(row.split())) for kind, rows in _UNITS.items() for row in rows]


_KIND_OF: dict[str, set[str]] = {}
for _kind, _row in _rows():
    for _word in _row:
        _KIND_OF.setdefault(_word.replace("_", " "), set()).add(_kind)
_ANY_UNIT = "|".join(
    sorted((_spelling(word) for _, row in _rows() for word in row), key=len, reverse=True)
)
_MULTIPLE = "|".join(sorted(_MULTIPLES, key=len, reverse=True))
AMOUNT = re.compile(
    rf"(?P<number>{NUMBER})(?:[\s-]?(?P<multiple>{_MULTIPLE})(?![a-z]))?"
    rf"(?:[\s-]?(?P<unit>{_ANY_UNIT})(?![a-z²³]))?"
)
"""A number of a folded text with its multiple and its unit, where it has them."""


def unit_kinds(unit: str) -> set[str]:
    """Return what a folded unit measures: `length` for km, nothing for no unit."""
    return _KIND_OF.get(re.sub(r"[\s-]+", " ", unit), set()) or _KIND_OF.get(unit, set())


def column_kinds(header: str) -> frozenset[str]:
    """Return what the unit in a column's header measures: `length` for "Height (m)"."""
    found = re.findall(r"[(\[,]\s*([^()\[\],]{1,20})\s*[)\]]?", fold(header))
    return frozenset(kind for unit in found for kind in unit_kinds(unit.strip()))


def value_of(number: str, multiple: str = "") -> Decimal | None:
    """Return the value of a number as it is written, times its multiple."""
    digits = re.sub(rf"[,{THIN} ]", "", number).replace("−", "-")
    try:
        return Decimal(digits).scaleb(_MULTIPLES.get(multiple, 0))
    except InvalidOperation:
        return None


def in_words(word: str) -> int | None:
    """Return the number that a folded word says, or None."""
    return _IN_WORDS.get(word)


def unit_pattern(unit: str) -> str:
    """Return the pattern of all spellings of a folded unit, the unit itself if it is unknown."""
    plain = re.sub(r"[\s-]+", "_", unit)
    for _, row in _rows():
        if plain in row or unit in row:
            return (
                "(?:"
                + "|".join(sorted(map(_spelling, row), key=len, reverse=True))
                + r")(?![a-z²³]|/[a-z]|(?<=[a-z])\d)"
            )
    return re.escape(unit) + r"(?!\w)"


def number_pattern(number: str) -> str:
    """Return the pattern of one number with any separator of thousands, never part of another."""
    whole, _, part = number.lstrip("-−").partition(".")
    digits = re.sub(r"\D", "", whole)
    first = len(digits) % 3 or 3
    groups = [digits[:first], *(digits[i : i + 3] for i in range(first, len(digits), 3))]
    minus = "[-−]" if number[0] in "-−" else r"(?<!(?<!\w)[-−])"
    decimals = rf"[.,]{part}" if part else ""
    if len(digits) == 4 and digits.endswith("0") and not part:
        decimals = r"(?!s(?![a-z])|年代)"  # The 1990s are not 1990.
    return (
        rf"{minus}(?<!\d)(?<!\d[.,{THIN}]){f'[,{THIN} ]?'.join(groups)}{decimals}"
        rf"(?!\d)(?![.,{THIN}]\d)"
    )


def other_writings(match: "re.Match[str]") -> list[str]:
    """Return patterns of the same number written otherwise: 2.5 million, 2,500,000, twenty."""
    value = value_of(match["number"], match["multiple"] or "")
    if value is None or value != value.to_integral_value() or value < 0:
        return []
    whole = int(value)
    found = []
    if match["multiple"]:
        found.append(number_pattern(str(whole)))
    for name, power in _MULTIPLES.items():
        share = value / 10**power
        # Two decimals at most: nobody writes 3.000017 million.
        if whole >= 10**power and share == share.quantize(Decimal("0.01")):
            shown = format(share.normalize(), "f")
            found.append(rf"{number_pattern(shown)}[\s-]?{name}(?![a-z])")
    if whole in _WORDS_OF and not match["multiple"]:
        found.append(rf"(?<!\w)(?:{'|'.join(_WORDS_OF[whole])})(?!\w)")
    return found
