# ruff: noqa: E501 - a wording is one line, or it cannot be read
r"""What the invented pages say and what is asked of them: relations and their wordings.

A relation is a key word, the kinds of entity it fits, the kind of value it has, and its wordings
as questions, sentences and labels. Wordings are generic English: they name no entity and state
nothing. `{e}` stands for the entity, `{v}` for the value, `{n}` another person, `{p}` a place,
`{x}` another thing, `{y}` a year, `{D}` a date, `{q}` a quantity, `{c}` a count, `{a}` an adjective, `{w}` a
noun, `{t}` the entity's type; `(a|b)` is a choice and may be empty on one side.
"""

import random
import re
from dataclasses import dataclass

from . import names
from .words import ADJECTIVES, NOUNS, VERBS, listed

_CHOICE = re.compile(r"\(([^()]*\|[^()]*)\)")


@dataclass(frozen=True, slots=True)
class Relation:
    """One kind of fact: `key` goes into the query; `value` is a kind that `names.value` knows."""

    key: str
    kinds: tuple[str, ...]
    value: str
    questions: tuple[str, ...]
    sentences: tuple[str, ...]
    labels: tuple[str, ...]
    language: str = "en"


def expand(rng: random.Random, wording: str) -> str:
    """Make every `(a|b)` choice of a wording."""
    while match := _CHOICE.search(wording):
        chosen = rng.choice(match.group(1).split("|"))
        wording = wording[: match.start()] + chosen + wording[match.end() :]
    return " ".join(wording.split())


_PLACES = "river lake mountain island city country region canal volcano forest desert valley"
_BUILT = "bridge building tower castle tunnel canal station monument dam railway harbour"
_MADE = "instrument invention machine device"
_WORKS = "book painting song opera film poem"
_GROUPS = "company university museum club school society"
_SKY = "planet moon comet star"


def _relation(key: str, kinds: str, value: str, text: str, language: str = "en") -> Relation:
    """Read a relation from lines that start with `?` (question), `.` (sentence) or `|` (label)."""
    lines = [line.strip() for line in text.strip().splitlines()]
    return Relation(
        key,
        tuple(kinds.split()),
        value,
        tuple(line[1:].strip() for line in lines if line.startswith("?")),
        tuple(line[1:].strip() for line in lines if line.startswith(".")),
        tuple(
            part.strip() for line in lines if line.startswith("|") for part in line[1:].split(";")
        ),
        language,
    )


def _counted(kinds: str, nouns: str) -> tuple[Relation, ...]:
    """Relations that count one noun each, so that arches are never counted as lanes."""
    return tuple(
        _relation(noun, kinds, "count", f"""
            ? How many {noun} does {{e}} have?
            ? (What is the number of|How many are the) {noun} of {{e}}?
            . {{e}} has {{v}} {noun} (and {{c}} {{w}}s|of {{w}}|, the largest of which is {{x}}|).
            . There are {{v}} {noun} in {{e}}.
            . {{e}} with its {{v}} {noun} is {{a}}.
            . Its {{v}} {noun} are {{a}} (and {{a}}|).
            | {noun.capitalize()}; Number of {noun}""")
        for noun in nouns.split()
    )  # fmt: skip


def _deeds(kinds: str, verbs: str) -> tuple[Relation, ...]:
    """Relations from a person to what they made, one verb each."""
    pairs = (pair.split("/") for pair in verbs.split())
    return tuple(
        _relation(done, kinds, "thing", f"""
            ? (What|Which {{w}}|Which machine|Which building) did {{e}} {do}?
            ? (What|Which {{w}}) was {done} by {{e}}?
            . {{e}} {done} {{v}} (in {{y}}|in {{p}}|for {{n}}|).
            . In {{y}} {{e}} {done} {{v}} (and later {{x}}|).
            . {{v}} was {done} by {{e}}.""")
        for do, done in pairs
    )  # fmt: skip


RELATIONS: tuple[Relation, ...] = (
    *_counted("instrument", "strings keys pipes frets holes"),
    *_counted("bridge", "arches lanes piers"),
    *_counted("building tower castle", "floors rooms steps towers"),
    *_counted("lake country city", "islands districts"),
    *_counted("planet", "moons rings"),
    *_counted("person", "children brothers"),
    *_counted("club orchestra society museum", "members"),
    *_deeds("person", "design/designed invent/invented discover/discovered build/built found/founded"),
    _relation("designer", f"{_BUILT} {_MADE}", "person", """
        ? Who (designed|planned|was the designer of|was the architect of) {e}?
        ? (Which|What) (architect|engineer|designer) (designed|planned|was responsible for) {e}?
        ? {e} was designed by (whom|which engineer)?
        ? By whom was {e} designed?
        . {e} was (designed|planned|drawn up) by (the engineer|the architect|) {v} (and opened in {y}|for {n}|).
        . The (designer|architect|chief engineer) of {e} was {v} (, who had studied in {p}|).
        . {v} designed {e} (after a competition in {y}|between {y} and {y}|together with {n}|).
        . {e}, designed by {v}, (stands in {p}|cost {q}|is a {a} {t}).
        . The design (came from|was the work of|is by) {v}, (an engineer|an architect) from {p}.
        . (The architect|The engineer) {v} won the competition with a {a} design.
        | Designer; Architect; Engineer; Designed by; Design"""),
    _relation("builder", f"{_BUILT} {_MADE}", "person", """
        ? Who (built|constructed|was the builder of|put up) {e}?
        ? (Which builder|Which king|Which family) (built|constructed) {e}?
        ? {e} was built by (whom|which person)?
        . {e} was (built|constructed|put up) by {v} (in {y}|between {y} and {y}|for {n}|).
        . {v} (built|constructed) {e} (in {y}|near {p}|out of {w}|with {c} workers|).
        . The builder of {e} was {v}.
        . {e}, built by {v} (in {y}|), is {a}.
        . It was {v} who built {e} (in {y}|).
        | Builder; Built by; Contractor; Constructed by"""),
    _relation("founder", f"{_GROUPS} city building", "person", """
        ? Who (founded|established|started|set up|was the founder of) {e}?
        ? {e} was founded by (whom|which person)?
        ? By whom was {e} (founded|established)?
        . {e} was (founded|established|set up|started) by {v} (in {y}|in {p}|as a {a} {w}|).
        . {v} (founded|established|set up) {e} (in {y}|with {n}|after a visit to {p}|).
        . The founder of {e} was {v} (, a {w} from {p}|).
        . Founded by {v} in {y}, {e} (is now {a}|has {c} members).
        | Founder; Founded by; Established by"""),
    _relation("inventor", _MADE, "person", """
        ? Who (invented|developed|created|came up with|was the inventor of) {e}?
        ? (Which inventor|Which engineer) (invented|built the first|developed) {e}?
        ? {e} was invented by whom?
        ? Who is (credited with|known for) (inventing|the invention of) {e}?
        . {e} was (invented|developed|created) by {v} (in {y}|in {p}|around {y}|).
        . {v} (invented|developed|created|patented) {e} (in {y}|while working in {p}|).
        . The inventor of {e} (was|is) {v} (, a {w} maker from {p}|).
        . The invention of {e} is credited to {v} (, although {n} had tried before|).
        . In {y} {v} (, a maker from {p},|) invented {e}.
        . (The first working model|The first {t}) was built by {v} in {y}.
        | Inventor; Invented by; Developer; Created by"""),
    _relation("discoverer", f"{_SKY} {_PLACES}", "person", """
        ? Who (discovered|first saw|found|was the discoverer of|first observed) {e}?
        ? (Which astronomer|Which explorer) (discovered|first described|first saw) {e}?
        ? {e} was discovered by whom?
        . {e} was (discovered|first seen|first observed|found) by {v} (in {y}|on a voyage to {p}|from {p}|).
        . {v} (discovered|first observed|found) {e} (in {y}|with a telescope of {q}|).
        . The discoverer of {e} was {v}.
        . Discovered by {v} in {y}, {e} is {a}.
        . The discovery was made by {v} (in {y}|at the observatory of {p}).
        | Discoverer; Discovered by; Found by; Discovery"""),
    _relation("author", _WORKS, "person", """
        ? Who (wrote|is the author of|was the author of|is the writer of) {e}?
        ? (Which author|Which writer|Which poet) wrote {e}?
        ? {e} was written by whom?
        . {e} was written by {v} (in {y}|in {p}|over {c} years|).
        . {v} wrote {e} (in {y}|while living in {p}|for {n}|).
        . The author of {e} (is|was) {v}.
        . {e} is a {t} by {v} (, first printed in {y}|).
        | Author; Writer; Written by"""),
    _relation("painter", "painting portrait statue", "person", """
        ? Who (painted|made|created|was the painter of|is the artist of) {e}?
        ? (Which artist|Which painter) (painted|made) {e}?
        . {e} was (painted|made) by {v} (in {y}|for {n}|).
        . {v} painted {e} (in {y}|in {p}|).
        . {e} is a {t} by the (artist|painter) {v}.
        | Painter; Artist; Painted by"""),
    _relation("composer", "song opera symphony", "person", """
        ? Who (composed|wrote the music of|was the composer of) {e}?
        ? (Which composer|Which musician) (wrote|composed) {e}?
        . {e} was composed by {v} (in {y}|for {n}|).
        . {v} composed {e} (in {y}|in {p}|).
        . The composer of {e} was {v}.
        | Composer; Composed by; Music"""),
    _relation("namesake", f"{_PLACES} {_BUILT} {_SKY} {_MADE}", "person", """
        ? (Who|Whom|Which person|After whom) (is|was) {e} named after?
        ? After whom is {e} named?
        . {e} (is|was) named after {v} (, a {w} of {p}|).
        . The name (honours|remembers|recalls) {v} (, who came from {p}|).
        . {e} takes its name from {v}.
        | Named after; Namesake"""),
    _relation("first climbed by", "mountain volcano peak", "person", """
        ? Who (first climbed|was the first to climb|made the first ascent of|first reached the top of) {e}?
        . {e} was first climbed by {v} (in {y}|from {p}|).
        . The first ascent (of {e}|) was made by {v} (in {y}|on {y}|).
        . {v} (first climbed|made the first ascent of) {e} in {y}.
        | First ascent by; First climbed by"""),
    _relation("first ascent", "mountain volcano peak", "date", """
        ? (When|In which year|In what year) was {e} first climbed?
        ? When (was|did) the first ascent of {e} (made|take place)?
        . {e} was first climbed (in|on) {v} (by {n}|).
        . The first ascent was made by {n} (in|on) {v}.
        . {n} made the first ascent of {e} in {v}.
        | First ascent; First climbed; First climb"""),
    _relation("opened", f"{_BUILT} museum", "date", """
        ? (When|In which year|In what year|On what date) (was {e} opened|did {e} open)?
        ? When (was|did) the opening of {e}?
        ? (What year|Which year) did {e} open (to the public|to traffic|)?
        ? Since when has {e} been open?
        . {e} (opened|was opened|was opened to traffic|was inaugurated) (in|on) {v} (by {n}|at a cost of {q}|).
        . It (opened|was opened) (to the public|to traffic|) (in|on) {v} (, {c} years after work began in {y}|).
        . Work began in {y} and {e} (opened|was opened) (in|on) {v}.
        . Opened (in|on) {v}, {e} is {q} long.
        . The opening (took place|was celebrated|followed) (in|on) {v}.
        . {e} is a {a} {t} in {p} that opened in {v} (and was repaired in {y}|).
        | Opened; Opening; Date of opening; Opening date; Inaugurated"""),
    _relation("built", _BUILT, "date", """
        ? (When|In which year|In what year) was {e} (built|constructed|put up|erected)?
        ? When (was the construction|did the building) of {e}?
        ? What year was {e} (built|constructed)?
        . {e} was (built|constructed|erected|put up) in {v} (by {n}|for {n}|of {w}|).
        . Built in {v} (by {n}|), {e} is {q} (long|high|wide).
        . {n} had {e} built in {v}.
        . The {t} dates from {v} (and was restored in {y}|).
        . {e}, built in {v}, (stands|lies) near {p}.
        | Built; Year built; Construction; Constructed; Date built"""),
    _relation("completed", f"{_BUILT} {_WORKS}", "date", """
        ? (When|In which year|In what year) was {e} (completed|finished)?
        ? (When|In which year) was work on {e} (completed|finished|done)?
        ? When did (the work|construction) (on|of) {e} end?
        . {e} was (completed|finished) in {v} (by {n}|after {c} years|).
        . Work (started|began) in {y} and was (completed|finished) in {v}.
        . (Completed|Finished) in {v}, {e} cost {q}.
        . Construction lasted from {y} (until|to) {v}.
        . After {c} years {e} was finally (completed|finished) in {v}.
        | Completed; Finished; Completion; Year completed"""),
    _relation("construction began", _BUILT, "date", """
        ? (When|In which year|In what year) did (the construction|work|building) (of|on) {e} (begin|start)?
        ? When was {e} begun?
        ? When was the (foundation|first) stone of {e} laid?
        . (Construction|Work|Building) (of|on) {e} (began|started) (in|on) {v} (and ended in {y}|under {n}|).
        . {e} was begun in {v} (and finished in {y}|).
        . The first stone was laid (in|on) {v} (and the last in {y}|by {n}|).
        . Construction lasted from {v} (until|to) {y}.
        | Construction began; Begun; Started; Work began; First stone"""),
    _relation("founded", f"{_GROUPS} city", "date", """
        ? (When|In which year|In what year) was {e} (founded|established|set up|started)?
        ? What year was {e} founded?
        . {e} was (founded|established|set up) (in|on) {v} (by {n}|in {p}|).
        . {n} (founded|established) {e} in {v}.
        . Founded in {v} (by {n}|), {e} has {c} members.
        . The {t} (dates back to|goes back to|has existed since) {v}.
        | Founded; Established; Foundation; Year founded"""),
    _relation("invented", _MADE, "date", """
        ? (When|In which year|In what year) was {e} (invented|developed|created)?
        ? (When|In which year) did {n} invent {e}?
        . {e} was (invented|developed|created|patented) in {v} (by {n}|in {p}|).
        . {n} (invented|developed|created) {e} in {v}.
        . In {v} {n} invented {e}.
        . The first {t} (was made|appeared|was shown) in {v} (in {p}|).
        | Invented; Year invented; Invention; Date of invention"""),
    _relation("patented", _MADE, "date", """
        ? (When|In which year|In what year) was {e} patented?
        ? When did {n} (patent|receive a patent for) {e}?
        . {e} was patented (in|on) {v} (by {n}|).
        . {n} (patented|received a patent for) {e} in {v} (and sold it in {y}|).
        | Patented; Patent"""),
    _relation("discovered", _SKY, "date", """
        ? (When|In which year|In what year) was {e} (discovered|found|first seen|first observed)?
        . {e} was (discovered|found|first observed) (in|on) {v} (by {n}|from {p}|).
        . {n} (discovered|first observed) {e} (in|on) {v}.
        . (In|On) {v} {n} discovered {e}.
        | Discovered; Discovery; Date of discovery; First observed"""),
    _relation("published", _WORKS, "date", """
        ? (When|In which year|In what year) was {e} (published|printed|first shown|released|first performed)?
        ? When did {e} (come out|appear)?
        . {e} was (first|) (published|printed|released|performed) (in|on) {v} (in {p}|).
        . {e} (appeared|came out) in {v} (, {c} years after {x}|).
        | Published; Released; First published; First performed"""),
    _relation("destroyed", _BUILT, "date", """
        ? (When|In which year) was {e} (destroyed|damaged|demolished|burnt down|pulled down)?
        ? When did {e} (burn down|collapse)?
        . {e} was (destroyed|demolished|pulled down) (in|on) {v} (by fire|by a storm|).
        . (A fire|A flood|A storm) (destroyed|damaged) {e} in {v}.
        . {e} (burnt down|collapsed) in {v} (and was rebuilt in {y}|).
        | Destroyed; Demolished; Collapsed"""),
    _relation("restored", _BUILT, "date", """
        ? (When|In which year) was {e} (restored|renovated|repaired)?
        . {e} was (restored|renovated|repaired) in {v} (by {n}|).
        . A restoration (of {e}|) was (finished|made) in {v}.
        | Restored; Renovated; Restoration"""),
    _relation("born", "person", "date", """
        ? (When|In which year|In what year|On what date) was {e} born?
        ? What is the (date|year) of birth of {e}?
        ? When is the birthday of {e}?
        . {e} was born (in|on) {v} (in {p}|near {p}|).
        . Born (in|on) {v} (in {p}|), {e} (studied in {p}|became a {w} maker).
        . {e} ({v} – {D}) was a {w} maker (from {p}|).
        . {e} (born {v}, died {y}) was a {a} {w} maker.
        . {e} (born {v}, died {D}) was a {w} maker of {p}.
        . {e} was born in {p} (in|on) {v} (and died in {y}|).
        | Born; Date of birth; Birth; Birthday"""),
    _relation("died", "person", "date", """
        ? (When|In which year|In what year|On what date) did {e} die?
        ? When was the death of {e}?
        ? What is the date of death of {e}?
        . {e} (born {D}, died {v}) was a {a} {w} maker.
        . {e} died (in|on) {v} (in {p}|of a {w} disease|).
        . {e} ({D} – {v}) was a {w} maker (from {p}|).
        . {e} was born in {y} and died (in|on) {v}.
        . {e} lived in {p} until (his|her) death in {v}.
        | Died; Date of death; Death"""),
    _relation("birthplace", "person", "place", """
        ? Where was {e} born?
        ? In (which|what) (city|town|place|country|village) was {e} born?
        ? What is the (birthplace|place of birth) of {e}?
        ? Where (did|does) {e} come from?
        . {e} was born in {v} (in {y}|on {y}|, the {c} child of {n}|).
        . Born in {v} (in {y}|), {e} (later moved to {p}|studied with {n}).
        . {e} (came from|grew up in) {v} (and worked in {p}|).
        . {e} was born in {y} in {v}.
        | Birthplace; Place of birth; Born in"""),
    _relation("place of death", "person", "place", """
        ? Where did {e} die?
        ? In (which|what) (city|town|place|country) did {e} die?
        ? What is the place of death of {e}?
        . {e} died in {v} (in {y}|on {y}|at the age of {c}|).
        . {e} died in {y} in {v}.
        | Place of death; Died in"""),
    _relation("buried", "person", "place", """
        ? Where is {e} buried?
        ? Where is the grave of {e}?
        . {e} (is|was) buried in {v} (beside {n}|).
        . The grave of {e} is in {v}.
        | Buried; Grave; Resting place"""),
    _relation("spouse", "person", "person", """
        ? (Who|Whom) did {e} marry?
        ? Who was (the wife of|the husband of|the spouse of|married to) {e}?
        . {e} married {v} (in {y}|in {p}|and had {c} children|).
        . In {y} {e} married {v}.
        . (He|She) was married to {v}.
        | Spouse; Married to; Wife; Husband"""),
    _relation("teacher", "person", "person", """
        ? Who (taught|was the teacher of|trained) {e}?
        ? (With whom|Under whom) did {e} study?
        . {e} (studied|trained|learned) (with|under) {v} (in {p}|).
        . The teacher of {e} was {v}.
        . {v} taught {e} (in {p}|).
        | Teacher; Pupil of; Studied with"""),
    _relation("studied", "person", "place", """
        ? Where did {e} (study|go to school|go to university|train)?
        ? (At which|Which) (university|school|college) did {e} (study|attend)?
        . {e} (studied|trained) (in|at) {v} (under {n}|until {y}|).
        . {e} attended the university of {v}.
        | Studied; Education; University; School"""),
    _relation("profession", "person", "term", """
        ? What was the (profession|occupation|job|trade) of {e}?
        ? (What|As what) did {e} work as?
        . {e} was a {v} (from {p}|in {p}|).
        . {e} worked as a {v} (in {p}|until {y}|).
        | Profession; Occupation; Trade; Job"""),
    _relation("known for", "person", "thing", """
        ? What is {e} (known|famous|remembered) for?
        ? For what is {e} (known|famous|best known)?
        . {e} is (best|) (known|famous|remembered) for {v}.
        | Known for; Famous for; Best known for"""),
    _relation("length", "river bridge tunnel canal road railway wall valley lake glacier coast film", "length", """
        ? How long is {e}?
        ? What is the (length|total length|overall length) of {e}?
        ? (How many kilometres|How many metres) long is {e}?
        ? Tell me (the length of {e}|how long {e} is).
        . {e} is (about|) {v} long (and {q} wide|and opened in {y}|).
        . {e} has a (total|) length of {v} (and a width of {q}|).
        . The (total|) length of {e} is {v}.
        . With a length of {v} it is the {a} {t} in {p}.
        . {e} flows (for|over) {v} from {p} to {x}.
        . (At|Over) {v} long, {e} is {a}.
        . {e} (runs|stretches|extends) (for|over) {v} (through {p}|).
        | Length; Total length; Overall length"""),
    _relation("height", "mountain tower building bridge dam castle monument volcano statue waterfall tree", "height", """
        ? How (tall|high) is {e}?
        ? What is the (height|elevation|altitude) of {e}?
        ? (How many metres|How many feet) (tall|high) is {e}?
        ? Tell me (the height of {e}|how high {e} is).
        . {e} is {v} (tall|high) (and has {c} floors|and was built in {y}|).
        . {e} (rises|stands|reaches) (to|) {v} (above the sea|above {p}|high).
        . The (height|summit|top) of {e} is {v} (above the sea|).
        . {e} has a height of {v} (and weighs {q}|).
        . (With|At) {v} it is the highest {t} in {p}.
        | Height; Elevation; Altitude; Total height"""),
    _relation("width", "river bridge road canal lake harbour strait", "length", """
        ? How wide is {e}?
        ? What is the width of {e}?
        . {e} is {v} wide (and {q} long|).
        . The width of {e} is {v}.
        . {e} has a width of {v} (and a length of {q}|).
        | Width; Breadth"""),
    _relation("depth", "lake river sea canal mine harbour cave", "height", """
        ? How deep is {e}?
        ? What is the (depth|maximum depth|greatest depth) of {e}?
        . {e} is (up to|) {v} deep (and {q} long|).
        . {e} (reaches|has) a (greatest|maximum|) depth of {v}.
        . (Its|The) (greatest|maximum|mean) depth is {v}.
        | Depth; Maximum depth; Greatest depth"""),
    _relation("area", "lake island country city forest park desert region building", "area", """
        ? How (large|big) is {e}?
        ? What is the (area|surface area|size) of {e}?
        ? What area does {e} cover?
        . {e} (covers|has) (an area of|) {v} (and {c} villages|).
        . The (surface|) area of {e} is {v}.
        . With an area of {v}, {e} is the largest {t} in {p}.
        | Area; Surface; Surface area; Size"""),
    _relation("volume", "lake dam tank reservoir", "volume", """
        ? What is the (volume|water volume) of {e}?
        ? How much water does {e} (hold|contain)?
        . {e} (holds|contains) {v} of water.
        . The volume of {e} is {v}.
        | Volume; Water volume"""),
    _relation("discharge", "river waterfall", "volume", """
        ? What is the (discharge|average discharge|flow) of {e}?
        . The (average|mean|) (discharge|flow) of {e} is {v}.
        . {e} carries {v} on average.
        | Discharge; Average discharge; Flow"""),
    _relation("weight", "instrument bell machine device statue animal ship bridge invention", "weight", """
        ? How heavy is {e}?
        ? (How much|What) does {e} weigh?
        ? What is the (weight|mass) of {e}?
        . {e} weighs (about|) {v} (and is {q} long|).
        . {e} has a (weight|mass) of {v}.
        . The (weight|mass) of {e} is {v}.
        | Weight; Mass"""),
    _relation("mass", _SKY, "weight", """
        ? What is the mass of {e}?
        ? How (heavy|massive) is {e}?
        . {e} has a mass of {v}.
        . The mass of {e} is {v}.
        | Mass"""),
    _relation("diameter", "planet moon star bell dome telescope", "length", """
        ? What is the diameter of {e}?
        ? (How wide|How large|How big) is {e}?
        . {e} has a diameter of {v}.
        . The diameter of {e} is {v}.
        . {e} (measures|is) {v} (across|in diameter).
        | Diameter; Equatorial diameter"""),
    _relation("span", "bridge arch dome", "length", """
        ? (What is|How long is) the (main|longest|central|) span of {e}?
        . The (main|longest|central|) span (of {e}|) (is|measures) {v} (and the towers are {q} high|).
        . {e} has a (main|longest|central|) span of {v}.
        . It crosses {x} with a span of {v}.
        | Span; Main span; Longest span"""),
    _relation("speed", "train ship aircraft machine animal river invention", "speed", """
        ? How fast (is|does) {e} (|go|run|move)?
        ? What is the (speed|top speed|maximum speed) of {e}?
        . {e} (reaches|reached|runs at) (a speed of|) {v}.
        . The (top|maximum|) speed of {e} is {v}.
        | Speed; Top speed; Maximum speed"""),
    _relation("temperature", f"{_SKY} desert city lake machine", "heat", """
        ? What is the (temperature|average temperature|mean temperature|surface temperature) (of|on|in) {e}?
        ? How (hot|cold) is {e}?
        . The (average|mean|surface|) temperature (of|on|in) {e} is {v}.
        . (The temperature|It) (reaches|is|falls to) {v} (in summer|at night|).
        | Temperature; Mean temperature; Surface temperature"""),
    _relation("orbital period", _SKY, "span", """
        ? How long does {e} (take|need) to (orbit|go round|circle) (the Sun|its star|its planet)?
        ? What is the (orbital period|period of rotation|year) of {e}?
        ? How long is a year on {e}?
        . {e} (takes|needs) {v} to (orbit|go round) (the Sun|its star).
        . One (orbit|year|turn) (of|on) {e} (lasts|takes) {v}.
        . The orbital period of {e} is {v}.
        | Orbital period; Period; Year"""),
    _relation("population", "city country island region village", "integer", """
        ? How many (people|inhabitants) (live in|does) {e} (have|)?
        ? What is the population of {e}?
        ? How many people live (in|on) {e}?
        . {e} has (a population of|about|) {v} (inhabitants|people) (and covers {q}|).
        . (About|Some|) {v} people live (in|on) {e}.
        . The population of {e} (is|was|reached) {v} (in {y}|).
        . At the count of {y}, {e} had {v} inhabitants.
        | Population; Inhabitants"""),
    _relation("students", "university school", "integer", """
        ? How many (students|pupils) does {e} have?
        . {e} has (about|) {v} (students|pupils).
        . {v} (students|pupils) (study at|attend) {e}.
        | Students; Pupils"""),
    _relation("visitors", f"museum {_BUILT} park", "integer", """
        ? How many (visitors|people|tourists) (visit|come to|see) {e} (each year|every year|)?
        . {e} (receives|has) (about|) {v} visitors (a year|each year).
        . (About|) {v} people visit {e} (a year|every year).
        | Visitors; Visitors a year; Annual visitors"""),
    _relation("capacity", "building stadium theatre dam ship machine", "integer", """
        ? What is the (capacity|seating capacity) of {e}?
        ? How many (people|spectators|passengers) (can {e} hold|fit in {e}|does {e} hold)?
        . {e} (holds|seats|has room for) {v} (people|spectators).
        . {e} has a capacity of {v} (people|seats).
        | Capacity; Seats"""),
    _relation("cost", f"{_BUILT} machine", "money", """
        ? (How much|What) did {e} cost?
        ? What (was|is) the (cost|price) of {e}?
        . {e} cost {v} (to build|) (and opened in {y}|).
        . The (total|) cost of {e} was {v}.
        . It was built at a cost of {v}.
        | Cost; Price; Building cost"""),
    _relation("range", "instrument", "term", """
        ? What is the range of {e}?
        . {e} has a range of {v}.
        . The range of {e} is {v}.
        | Range; Compass"""),
    _relation("material", f"{_BUILT} {_MADE} statue", "term", """
        ? What is {e} made (of|from|out of)?
        ? (What|Which) material is {e} (made of|built of|made from)?
        ? What is the material of {e}?
        ? Of (what|which material) is {e} (built|made)?
        . {e} is (made|built) (of|from|out of) {v} (and weighs {q}|).
        . {v} (is|was) used to (build|make) {e}.
        . The (body|frame|material) of {e} is {v}.
        . {e} is a {t} of {v} (in {p}|).
        | Material; Materials; Made of; Body"""),
    _relation("type", f"{_BUILT} {_MADE} lake mountain volcano", "term", """
        ? What (type|kind|sort) of {t} is {e}?
        ? What is the type of {e}?
        . {e} is a {v} (in {p}|near {p}|from {p}).
        . {e} (belongs to|is one of) the {v} (family|type).
        | Type; Kind; Family; Class"""),
    _relation("style", "building castle church", "term", """
        ? In (which|what) style (is|was) {e} built?
        ? What is the (style|architectural style) of {e}?
        . {e} (is|was) built in the {v} style (by {n}|).
        . The style of {e} is {v}.
        | Style; Architectural style"""),
    _relation("used for", f"{_MADE}", "term", """
        ? What (is|was) {e} used for?
        ? What is the (use|purpose) of {e}?
        . {e} is used (for|in) {v}.
        . The purpose of {e} is {v}.
        | Use; Purpose; Used for"""),
    _relation("power", _MADE, "power", """
        ? What is the (power|output) of {e}?
        ? How powerful is {e}?
        . {e} has (a power|an output) of {v}.
        . The (power|output) of {e} is {v}.
        | Power; Output"""),
    _relation("source", "river stream canal", "place", """
        ? Where does {e} (rise|begin|start|spring)?
        ? (What|Where) is the source of {e}?
        ? In (which|what) (region|mountains|forest|place|range) does {e} rise?
        . {e} (rises|begins|starts|springs) (in|near|on) {v} (at a height of {q}|and flows to {p}|).
        . The source of {e} (is|lies) in {v}.
        . From its source in {v} {e} flows (east|west|south|north) to {p}.
        . {e} flows from {v} to {p}.
        | Source; Rises in; Begins"""),
    _relation("mouth", "river stream canal", "place", """
        ? Where does {e} (end|flow into the sea|empty|flow to)?
        ? (What|Where) is the mouth of {e}?
        ? (Which sea|Which lake|Which river|What) does {e} flow into?
        ? Into (which|what) (sea|lake|river|body of water) does {e} flow?
        . {e} (flows|empties|runs|drains) into {v} (at {p}|after {q}|).
        . The mouth of {e} is (in|at) {v}.
        . {e} (ends|reaches the sea) (in|at|near) {v}.
        . {e} rises in {p} and (flows|empties) into {v}.
        | Mouth; Flows into; Empties into; Outlet"""),
    _relation("river", "city bridge valley region village", "thing", """
        ? (Which|What) river (flows|runs) through {e}?
        ? On (which|what) river (is|does) {e} (|lie|stand)?
        ? (Which|What) river (does|is) {e} (on|lie on|stand on)?
        . {e} (lies|stands|is) on (the|) {v} (in {p}|).
        . The {v} (flows|runs) through {e}.
        . {e} lies on the banks of the {v}.
        | River; Rivers; On the river"""),
    _relation("crosses", "bridge tunnel railway", "thing", """
        ? (What|Which river|Which bay|Which water) does {e} (cross|span|run under|go over)?
        ? Over (what|which river) does {e} (lead|run|go)?
        . {e} (crosses|spans) (the|) {v} (near {p}|in {p}|and opened in {y}|).
        . {e} (carries a road|carries trains|leads) over (the|) {v}.
        . It joins {p} and {p} across (the|) {v}.
        | Crosses; Spans; Over"""),
    _relation("tributary", "river", "thing", """
        ? What is the (main|longest|largest) tributary of {e}?
        ? Which river (joins|flows into) {e}?
        . (The|Its) (main|longest|largest) tributary (of {e}|) is (the|) {v}.
        . (The|) {v} joins {e} (near {p}|).
        | Tributary; Tributaries; Main tributary"""),
    _relation("country", f"{_PLACES} {_BUILT} {_GROUPS}", "place", """
        ? In (which|what) country (is|does) {e} (|lie|located|situated)?
        ? (Which|What) country is {e} in?
        ? To which country does {e} belong?
        . {e} is a {t} in {v} (, {q} from {p}|).
        . {e} (lies|is|stands) in (the north of|the south of|western|) {v}.
        . {e} (is|belongs to) (part of|) {v}.
        | Country; State; Located in"""),
    _relation("location", f"{_PLACES} {_BUILT} {_GROUPS} painting", "place", """
        ? Where (is|does) {e} (|located|stand|situated|lie)?
        ? In (which|what) (city|town|place|region) (is|does|stands) {e} (|located|stand|lie)?
        ? What is the location of {e}?
        ? Where can (you|one) (see|find|visit) {e}?
        . {e} (stands|is|lies|is located|is situated) in {v} (, {q} from {p}|).
        . {e} is a {a} {t} in {v} (, built in {y}|).
        . {e} can be seen in {v}.
        | Location; City; Place; Town"""),
    _relation("origin", f"{_MADE} company person", "place", """
        ? Where (does|did) {e} (come from|originate)?
        ? (From which country|From where) does {e} come?
        ? What is the (origin|country of origin) of {e}?
        ? (In which country|Where) was {e} (invented|first made|developed)?
        . {e} (comes|came) from {v} (and spread to {p}|).
        . {e} was (invented|first made|developed) in {v} (in {y}|by {n}|).
        . {e} (originated|has its origin) in {v}.
        | Origin; Country of origin; Place of origin"""),
    _relation("range of mountains", "mountain volcano", "place", """
        ? (Which|What) (mountain range|range|mountains) (is|does) {e} (part of|in|belong to)?
        ? In which mountain range (is|does) {e} (|lie)?
        . {e} (belongs to|is part of|lies in) (the|) {v} (range|) .
        . {e} is the highest peak of the {v}.
        | Range; Mountain range; Part of"""),
    _relation("capital", "country region island province", "place", """
        ? What is the capital (city|) of {e}?
        ? (Which|What) city is the capital of {e}?
        . The capital of {e} is {v} (, a city of {c} districts|).
        . {v} is the capital of {e} (and lies on {x}|).
        . (Its|The) capital (is|has been) {v} (since {y}|).
        | Capital; Capital city"""),
    _relation("largest city", "country region island province", "place", """
        ? What is the (largest|biggest) (city|town) (of|in|on) {e}?
        . The (largest|biggest) (city|town) (of|in|on) {e} is {v}.
        . {v} is the (largest|biggest) (city|town) (of|in|on) {e}.
        | Largest city; Largest town"""),
    _relation("highest point", "country region island park city", "thing", """
        ? What is the highest (point|mountain|peak) (of|in|on) {e}?
        . The highest (point|mountain|peak) (of|in|on) {e} is {v} (, at {q}|).
        . {v} is the highest (point|mountain|peak) (of|in|on) {e}.
        | Highest point; Highest peak"""),
    _relation("language", "country region city island book", "term", """
        ? (What|Which) language (is spoken|do people speak) in {e}?
        ? What is the (official|main|) language of {e}?
        . (People|Most people) in {e} speak {v}.
        . The (official|main) language of {e} is {v}.
        | Language; Official language; Languages"""),
    _relation("currency", "country island", "term", """
        ? What is the currency of {e}?
        ? (What|Which) (money|currency) is used in {e}?
        . The currency of {e} is the {v}.
        . People in {e} pay with the {v}.
        | Currency; Money"""),
    _relation("owner", f"{_BUILT} {_GROUPS}", "person", """
        ? Who (owns|is the owner of|bought) {e}?
        . {e} (belongs to|is owned by|was bought by) {v} (since {y}|).
        . {v} (owns|bought) {e}.
        | Owner; Owned by"""),
    _relation("director", f"{_GROUPS} film", "person", """
        ? Who (is|was) the (director|head|president|chair) of {e}?
        ? Who (leads|runs|directed|heads) {e}?
        . The (director|head|president|chair) of {e} (is|was) {v} (since {y}|).
        . {v} (leads|runs|directed|heads) {e}.
        | Director; Head; President"""),
    _relation("opened by", f"{_BUILT} museum", "person", """
        ? (Who opened|By whom was) {e} (|opened)?
        ? Who (inaugurated|officially opened) {e}?
        . {e} was (opened|inaugurated) by {v} (on {y}|in {y}|).
        . {v} (opened|inaugurated) {e} in {y}.
        | Opened by; Inaugurated by"""),
    _relation("headquarters", "company society club", "place", """
        ? Where (is|are) the (headquarters|head office|seat) of {e}?
        ? Where is {e} based?
        . {e} (is based|has its headquarters|has its seat) in {v}.
        . The (headquarters|head office) of {e} (is|are) in {v}.
        | Headquarters; Seat; Head office"""),
    _relation("distance", f"{_SKY} city island", "length", """
        ? How far is {e} from (the Sun|the Earth|the coast|the capital|{p})?
        ? What is the distance (of|to) {e} (from the Sun|)?
        . {e} is {v} from (the Sun|the Earth|the coast|the capital|{p}).
        . The (mean|) distance (to|of) {e} is {v}.
        . {e} (lies|orbits) at a (mean|) distance of {v} (from its star|from the coast).
        | Distance; Mean distance; Distance from the Sun"""),
    _relation("colour", f"bridge building {_SKY} animal stone", "term", """
        ? What colour is {e}?
        ? What is the (colour|color) of {e}?
        . {e} is (painted|coloured) {v}.
        . The (colour|color) of {e} is {v}.
        | Colour; Color"""),
    _relation("played with", "instrument", "term", """
        ? (What|How) is {e} played (with|)?
        ? With what is {e} played?
        . {e} is played with {v}.
        . Players use {v} to sound {e}.
        | Played with; Played"""),
    _relation("old name", f"{_PLACES} {_BUILT}", "thing", """
        ? What was {e} (formerly|previously|originally|once) called?
        ? What is the (old|former|other|local) name of {e}?
        . {e} was (formerly|once|originally) (called|known as) {v} (until {y}|).
        . {e}, also called {v}, is {a}.
        . The (old|former|local) name of {e} was {v}.
        | Old name; Former name; Other name; Also called"""),
    _relation("nickname", "city person", "thing", """
        ? What is the nickname of {e}?
        . {e} is (nicknamed|known as) {v}.
        | Nickname"""),
    _relation("fundador", "museum company", "person", """
        ? ¿Quién (fundó|creó) {e}?
        . {e} fue (fundado|creado) por {v} (en {y}|).
        . {v} (fundó|creó) {e} (en {y}|).
        | Fundador""", "es"),
    _relation("construido", "bridge tower", "year", """
        ? ¿(Cuándo|En qué año) (fue construido|se construyó|se inauguró) {e}?
        . {e} (fue construido|se construyó|se inauguró) en {v} (por {n}|).
        | Construido; Año""", "es"),
    _relation("autor", "building book", "person", """
        ? ¿Quién (diseñó|proyectó) {e}?
        . {e} fue (diseñado|proyectado) por {v} (en {y}|).
        . (El arquitecto|El autor|) {v} (diseñó|proyectó) {e}.
        | Autor; Arquitecto""", "es"),
    _relation("altura", "mountain tower", "height", """
        ? ¿(Cuál es la altura de|Cuánto mide) {e}?
        . {e} (mide|tiene una altura de) {v} (y está en {p}|).
        | Altura; Altitud""", "es"),
    _relation("lugar", "building city", "place", """
        ? ¿(Dónde|En qué ciudad) (está|se encuentra) {e}?
        . {e} (está|se encuentra) en {v} (, a {q} de {p}|).
        | Lugar; Ciudad""", "es"),
    _relation("长度", "river", "han_length", """
        ? {e}(有多长|全长多少)？
        . {e}(全长|长){v}。
        | 长度""", "zh"),
    _relation("建成", "bridge", "han_year", """
        ? {e}(是哪一年建成的|建于哪一年|什么时候建成)？
        . {e}(建成于|建于|于){v}(|建成)。
        | 建成""", "zh"),
    _relation("设计者", "building", "han", """
        ? (谁设计了{e}|{e}是谁设计的)？
        . {e}由{v}设计。
        | 设计者""", "zh"),
    _relation("位置", "city", "han", """
        ? {e}(在哪里|位于哪里|位于哪个省)？
        . {e}位于{v}(|，人口{c}万)。
        | 位置""", "zh"),
)  # fmt: skip


def open_relation(rng: random.Random) -> Relation:
    """Return a relation of random words, so that a question must be matched by its own words.

    Real pages use words that no list foresees: these teach that the word of the question leads
    to the sentence, whatever the word is.
    """
    word = names.pseudo_word(rng) if names.chance(rng, 0.4) else rng.choice(NOUNS)
    adjective = names.pseudo_word(rng) if names.chance(rng, 0.4) else rng.choice(ADJECTIVES)
    noun = word if names.chance(rng, 0.7) else f"{adjective} {word}"
    done = names.pseudo_word(rng) + "ed" if names.chance(rng, 0.4) else rng.choice(VERBS)
    kind = rng.choice(_OPEN_VALUES)
    anything = ("*",)
    shapes = _OPEN_SHAPES[rng.choices(range(len(_OPEN_SHAPES)), _OPEN_WEIGHTS)[0]]
    other = names.pseudo_word(rng) if names.chance(rng, 0.3) else rng.choice(NOUNS)
    words = {"N": noun, "P": word + "s", "D": done, "A": adjective, "O": other}
    key, value, questions, sentences, labels = shapes

    def put(wording: str) -> str:
        return re.sub(r"<([NPDAO])>", lambda match: words[match.group(1)], wording)

    return Relation(
        put(key), anything, kind if value == "*" else rng.choice(value.split()),
        tuple(put(one) for one in questions), tuple(put(one) for one in sentences),
        tuple(put(one).capitalize() for one in labels),
    )  # fmt: skip


_OPEN_VALUES = listed(
    "person place thing term year date integer count length height weight area money percent speed"
    " span"
)
_OPEN_WEIGHTS = (40, 16, 10, 10, 6, 5, 6, 6, 5, 6, 5, 5, 4, 4)
_OPEN_SHAPES: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...], tuple[str, ...]], ...] = (
    ("<N>", "*",
     ("What (is|was) the <N> of {e}?", "Tell me the <N> of {e}.", "(Which|What) <N> does {e} have?",
      "{e}: what is the <N>?", "Which is the <N> of {e}?"),
     ("The <N> of {e} (is|was) {v}.", "{e} has a <N> of {v} (since {y}|).",
      "Its <N> (is|was) {v} (, which is {a}|).", "{v} is the <N> of {e}.",
      "The <N> (is|was) {v} (in {y}|).", "(With|As) its <N> {e} has {v}.", "{e}, whose <N> is {v}, is {a}."),
     ("<N>", "<N>")),
    ("<D> by", "person person thing",
     ("Who <D> {e}?", "By whom was {e} <D>?", "{e} was <D> by whom?", "(Which|What) <O> <D> {e}?"),
     ("{e} was <D> by {v} (in {y}|in {p}|).", "{v} <D> {e} (in {y}|).",
      "It was <D> by {v} (, a {w} of {p}|).", "It was {v} who <D> {e}."),
     ("<D> by",)),
    ("<D>", "date",
     ("When was {e} <D>?", "In (which|what) year was {e} <D>?", "(What|Which) year was {e} <D>?"),
     ("{e} was <D> in {v} (by {n}|in {p}|).", "{n} <D> {e} in {v}.", "It was <D> in {v}."),
     ("<D>", "Year <D>")),
    ("<P>", "count integer",
     ("How many <P> (does {e} have|are there in {e}|are in {e})?", "What is the number of <P> of {e}?"),
     ("{e} has {v} <P> (and {c} {w}s|).", "There are {v} <P> in {e}.", "{v} <P> (are|lie|stand) in {e}."),
     ("<P>", "Number of <P>")),
    ("<D> the <N>", "person",
     ("Who <D> the <N> of {e}?", "By whom was the <N> of {e} <D>?"),
     ("{v} <D> the <N> of {e} (in {y}|) (, and {n} <D> the <O>|).", "The <N> (of {e}|) was <D> by {v}.",
      "{n} <D> the <O> and {v} the <N> of {e}."),
     ()),
    ("<N> <D>", "date",
     ("When was the <N> of {e} <D>?", "In which year was the <N> of {e} <D>?"),
     ("The <N> (of {e}|) was <D> in {v} (by {n}|).", "{n} <D> the <N> in {v} (and the <O> in {y}|).",
      "The <O> was <D> in {y} and the <N> in {v}."),
     ()),
    ("<A>", "length height weight area span speed",
     ("How <A> is {e}?", "How <A> is the <N> of {e}?"),
     ("{e} is {v} <A> (and {q} {a}|).", "{e} (and its <N> are|is) {v} <A>."),
     ("<A>",)),
    ("<A> <N>", "thing person place term",
     ("(What|Which) is the <A> <N> (of|in) {e}?", "Who (is|was) the <A> <N> of {e}?"),
     ("The <A> <N> (of|in) {e} is {v}.", "{v} is the <A> <N> (of|in) {e}.", "Its <A> <N> is {v} (, from {p}|)."),
     ("<A> <N>",)),
    ("<D> where", "place",
     ("Where was {e} <D>?", "In (which|what) (city|place|country) was {e} <D>?"),
     ("{e} was <D> in {v} (in {y}|by {n}|).", "{n} <D> {e} in {v}.", "It was in {v} that {e} was <D>."),
     ("Place <D>",)),
    ("<D> what", "thing term",
     ("What did {e} <D>?", "(Which|What) <N> was <D> by {e}?", "What was <D> by {e}?"),
     ("{e} <D> {v} (in {y}|).", "{v} was <D> by {e}.", "In {y} {e} <D> {v} (for {n}|)."),
     ()),
    ("<N> in <O>", "thing place term",
     ("(Which|What) <N> (stands|lies|is|lives) (in|on|near) the <O> of {e}?",
      "(Which|What) <N> is (in|on) {e}?"),
     ("{v} (stands|lies|lives) (in|on|near) the <O> of {e}.", "The <N> (in|on) {e} is {v}.",
      "In the <O> of {e} (stands|lies) the <N> {v}."),
     ("<N>",)),
    ("<P> <D>", "count integer",
     ("How many <P> were <D> (in|during|by|for) {e}?", "How many <P> (does|did) {e} <D>?"),
     ("{v} <P> were <D> (in|during|by|for) {e}.", "{e} <D> {v} <P> (in {y}|)."),
     ("<P> <D>",)),
    ("<N> used", "term thing",
     ("(What|Which) <N> is used (for|in|by) {e}?", "What is used as <N> (in|for) {e}?"),
     ("{v} is used as <N> (in|for) {e}.", "The <N> used (for|in|by) {e} is {v}.", "{e} uses {v} as <N>."),
     ("<N>",)),
    ("<N> date", "date",
     ("When was the <N> of {e}?", "In (which|what) year (was|did) the <N> of {e} (|happen|take place)?"),
     ("The <N> of {e} (was|came|took place) in {v}.", "In {v} (came|followed) the <N> of {e}.",
      "The <N> was in {v} (, after {n} left|)."),
     ("<N>", "Date of <N>")),
)  # fmt: skip
"""Shapes of open relations: key, kinds of value, questions, sentences, labels.

`<N>` a noun, `<P>` its plural, `<D>` a past participle, `<A>` an adjective, `<O>` another noun.
"""
