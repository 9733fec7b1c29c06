"""Words that ask for the same fact though no stemmer joins them, and what an answer looks like.

Plain lists and patterns of a few languages for choosing sentences inside one page. Nothing here
is encoded or indexed, and nothing is about any corpus.
"""

import re
from functools import lru_cache

from .tokens import terms

# Irregular derivations first (long ~ length), then words that state the same relation
# (source ~ rises). A match through a family counts less than the word itself.
_FAMILIES = """
long length lengthy longest stretch
high height tall tallest highest elevation altitude summit
deep depth deepest
wide width broad breadth widest
heavy weight weigh mass
old age aged
strong strength
hot temperature warm cold
fast speed velocity
big size large dimensions
area surface extent cover
born birth birthplace native
died die death dead
buried grave tomb
build built builder construction constructed construct erected
open opened opening inaugurated
complete completed completion finished inaugurated
begin began begun start started beginning
design designed designer architect engineer planned
invent invented inventor invention devised developed patented
discover discovered discoverer discovery noticed detected identified
found founded founder foundation established created
write wrote written author writer
compose composed composer composition
paint painted painter painting
make made maker material consist
name named called known
source rise rises origin originates headwaters springs begins starts
mouth empties flows discharges drains ends
flow flows runs passes
population inhabitants people residents live lived
capital seat
country nation state land
located location lies stands situated
cross crosses crossing spans
span spans
marry married wife husband spouse
child children son daughter
father mother parents
teach taught teacher pupil student studied
study studied university educated education
win won prize award awarded
string strings stringed
key keys keyboard
language spoken speak spoke
currency money
diameter radius across
moon moons satellite satellites
orbit orbits revolve circle circles
last lasts take takes duration period
climb climbed climber ascent summit
distance far away
destroyed destroy demolished
restored rebuilt restoration reconstruction
visitor visitors tourists
replace replaced successor
use used purpose
longitud largo larga mide kilómetros
altura alto alta altitud elevación
ancho anchura
nacer nació nacido nacimiento
morir murió muerte
cuerda cuerdas
inventar inventó inventor
construir construyó construido construida
fundar fundó fundada
río fluye desemboca nace
país países
länge lang
höhe hoch
"""
_FAMILIES_UNSPACED = (
    ("长度", "全长", "公里", "多长"),
    ("源头", "发源", "起源"),
    ("注入", "流入", "入海", "河口"),
    ("高度", "海拔", "多高"),
    ("人口", "居民"),
    ("面积", "平方"),
    ("最大", "最长", "第一"),
    ("支流", "汇入"),
    ("流经", "经过", "穿过"),
    ("建成", "建造", "修建", "竣工"),
)
FAMILY_WEIGHT = 0.7

_NUMBER = r"(?<![\w.])\d[\d,. ]*\d|\d"
_LENGTH = re.compile(
    rf"(?:{_NUMBER})[\s-]*(?:km|kilomet\w*|kilómet\w*|m|met(?:er|re)s?|metros?|miles?|mi|feet|foot|ft"
    r"|cm|mm|centimet\w*|centímet\w*|millimet\w*|inch\w*|yards?|公里|千米|米|里|厘米)(?!\w)"
)
_MASS = re.compile(
    rf"(?:{_NUMBER})[\s-]*(?:kg|kilogram\w*|t|tonn?es?|tons?|grams?|g|pounds?|lbs?|公斤|吨|千克)(?!\w)"
)
_AREA = re.compile(
    rf"(?:{_NUMBER})[\s-]*(?:million\s+)?(?:km²|km2|m²|square|sq\.?|hectares?|acres?|平方|万平方)"
)
_YEAR = re.compile(
    r"(?<!\d)(?:1\d{3}|20\d\d)(?!\d)|\b\d{1,4}\s*(?:BC|AD|BCE|CE)\b|世纪|century|siglo"
)
_COUNT = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand"
    r"|million|billion|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|doce)\b|[一二三四五六七八九十百千万亿]"
)
_NAME = re.compile(r"(?<![.!?|\-#*] )(?<!^)\b[A-ZÀ-Þ][\w'’-]+")
_DURATION = re.compile(
    rf"(?:{_NUMBER})[\s-]*(?:seconds?|minutes?|min|hours?|h|days?|weeks?|months?|years?"
    r"|años|días|天|年|小时)(?!\w)"
)
_TEMPERATURE = re.compile(rf"(?:{_NUMBER})\s*(?:°|degrees|grados|度)")

_EXPECTED: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = (
    (
        re.compile(
            r"\b(?:how (?:long|tall|high|deep|wide|far)|length|height|depth|width|altitude"
            r"|elevation|distance|diameter|span|tall|longitud|altura|altitud|ancho|mide|profundidad)\b"
            r"|多长|多高|多深|长度|高度|海拔|全长"
        ),
        _LENGTH,
    ),
    (
        re.compile(
            r"\bhow long (?:did|does|do|was|were)\b.*\b(?:take|last|reign|live|under)\b"
            r"|\bduration\b|length of (?:a|the|its) (?:year|day)|\blasts?\b"
        ),
        _DURATION,
    ),
    (re.compile(r"\b(?:how heavy|weigh\w*|mass|weight|peso|pesa)\b|重量|多重"), _MASS),
    (re.compile(r"\b(?:area|surface|superficie)\b|面积"), _AREA),
    (re.compile(r"\b(?:temperature|hot|cold|temperatura)\b|温度"), _TEMPERATURE),
    (
        re.compile(
            r"\b(?:when|(?<!of a )year|date|century|cuándo|cuando|año|siglo|fecha)\b"
            r"|什么时候|哪一年|哪年|何时|年份"
        ),
        _YEAR,
    ),
    (
        re.compile(
            r"\b(?:how many|how much|number|population|inhabitants|cuántos|cuántas|cuantos|cuantas"
            r"|número|población)\b|多少|几|人口|数量"
        ),
        _COUNT,
    ),
    (
        re.compile(
            r"\b(?:who|whom|whose|designer|architect|inventor|founder|author|composer|discoverer"
            r"|builder|engineer|painter|quién|quien|where|which|city|country|river|capital|dónde|donde"
            r"|país|ciudad)\b"
        ),
        _NAME,
    ),
)


@lru_cache(maxsize=64)
def _index(language: str) -> dict[str, frozenset[str]]:
    """Map each stem to the stems of its families."""
    related: dict[str, set[str]] = {}
    rows = [line.split() for line in _FAMILIES.strip().splitlines()]
    for row in (*rows, *_FAMILIES_UNSPACED):
        stems = {term for word in row for term in terms(word, language, single=False)}
        for stem in stems:
            related.setdefault(stem, set()).update(stems - {stem})
    return {stem: frozenset(others) for stem, others in related.items()}


def relatives(term: str, language: str) -> frozenset[str]:
    """Return the stems that ask for the same fact as `term`; `language` is a stemmer key."""
    return _index(language).get(term, frozenset())


def expected(goal: str) -> list[re.Pattern[str]]:
    """Return the patterns of what would answer `goal`: a length, a year, a name, a number."""
    lowered = goal.lower()
    return [answer for question, answer in _EXPECTED if question.search(lowered)]
