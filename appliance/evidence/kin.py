"""Words that say the same as a word of a question, beyond those that search knows.

`indexer.families` is for choosing sentences and is part of what a model was trained on, so what
only evidence needs stands here: irregular verbs, and relations that answers state otherwise.
"""

from functools import lru_cache

from indexer.families import relatives
from indexer.tokens import terms

_ALIKE = """
lead led leader leading headed head
take took taken
give gave given
hold held
lose lost loss
win won winner victory
drive drove driven driver
rise rose risen
fall fell fallen
fly flew flown flight
sing sang sung singer
speak spoke spoken
steal stole stolen
break broke broken
choose chose chosen
grow grew grown
sink sank sunk wreck
teach taught
buy bought bought
sell sold
think thought
bring brought
find found discovered
run ran
wear wore worn
swim swam swum
shoot shot
strike struck
come came
become became
go went gone
leave left
meet met
send sent
spend spent
keep kept
make made
build built
receive received awarded award given won
join joins meet meets joined confluence
sit lie lay
buried burial rests interred lies
star starred starring cast role played
play played plays
direct directed director
publish published publication
produce produced producer
own owned owner
serve served serving
marry married wife husband spouse
die died dead death
kill killed murdered
own owns belongs
locate located situated
headquarter headquartered headquarters based
release released
establish established founded
origin original originally
coin coined
record recorded
employ employed worked work
study studied educated graduated attended
reign reigned ruled ruler
elect elected election
write wrote written author story novel poem book
summit top peak highest point
big large largest biggest size area surface
collapse collapsed fell fall
outflow flows flow drains
fall fell waterfall drop
make made build built constructed crafted manufactured
start started begin began begun
finish finished complete completed end ended
reach reached arrive arrived came
call called name named known nickname
appoint appointed
move moved transferred relocated
burn burned burnt fire
measure measures measuring measured
visit visited visitors
apply applied application filed
host hosted held
inhabit inhabitants people residents population live
weigh weighs weighed weight heavy
cost costs price paid
travel travelled journey voyage trip
carry carries carried
raise raised lift lifted
rebuild rebuilt restored reconstruction
rename renamed
replace replaced succeeded successor
worth value
lack lacks without
cause caused causes due because
hit struck strike
attack attacked
sign signed
marry married wedding
capacity output
span spans
"""


@lru_cache(maxsize=32)
def _index(language: str) -> dict[str, frozenset[str]]:
    related: dict[str, set[str]] = {}
    for row in _ALIKE.strip().splitlines():
        stems = {term for word in row.split() for term in terms(word, language, single=False)}
        for stem in stems:
            related.setdefault(stem, set()).update(stems - {stem})
    return {stem: frozenset(others) for stem, others in related.items()}


def kin(term: str, language: str) -> frozenset[str]:
    """Return the stems that ask for the same fact as `term`; `language` is a stemmer key."""
    return relatives(term, language) | _index(language).get(term, frozenset())
