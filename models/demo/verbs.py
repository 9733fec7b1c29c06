"""Verbs in their forms, common ones and invented ones, so that "did … lead" finds "led".

Lists written by hand. This module knows nothing of sentences.
"""

import random
from dataclasses import dataclass

from . import names
from .words import listed


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb: `base` as after "did", `past` as in "she led", `participle` as in "was led"."""

    base: str
    past: str
    participle: str


def regular(base: str) -> Verb:
    """Return a regular verb's forms, by the rules of spelling."""
    if base.endswith("e"):
        past = base + "d"
    elif base.endswith("y") and base[-2:-1] not in "aeiou":
        past = base[:-1] + "ied"
    else:
        past = base + "ed"
    return Verb(base, past, past)


def invented_verb(rng: random.Random) -> Verb:
    """Return a regular verb that means nothing."""
    return regular(names.pseudo_word(rng))


def _irregular(text: str) -> tuple[Verb, ...]:
    return tuple(Verb(*line.split("/")) for line in text.split())


DOES = (
    *(regular(base) for base in listed(
        """design invent discover found establish paint carve compose open close complete finish
        restore repair destroy damage demolish rebuild name rename publish print translate record
        describe study measure survey map climb explore visit inspect govern direct manage own
        inherit purchase donate present award receive launch test improve develop patent produce
        manufacture assemble install remove replace raise lower extend enlarge widen shorten move
        transport import export plant harvest cultivate educate train instruct appoint elect
        dismiss crown marry defeat attack capture conquer occupy defend besiege liberate rescue
        save cure treat vaccinate identify observe predict calculate prove solve explain introduce
        abolish adopt approve reject sign ratify announce reveal uncover excavate bury unearth
        collect exhibit display perform conduct record film photograph sketch engrave decorate
        gild polish furnish heat light cover roof dedicate consecrate bless inaugurate celebrate
        organise finance fund sponsor support order commission request plan propose suggest
        supervise lead-up create devise coin popularise standardise classify catalogue number
        count weigh review criticise praise copy steal hide lock seal pump drain dam flood cross
        span connect link join divide separate surround guard protect police tax license register
        operate pilot steer sail board tow sink-test load unload deliver ship post answer edit
        correct illustrate dictate recite chant hum whistle cook serve taste grow feed tame hunt
        trap chase free release arrest accuse punish pardon exile banish welcome invite entertain
        host employ hire pay reward thank honour bribe advise consult warn threaten push jump
        slash smash crack polish scrape wash clean dry freeze melt boil burn roast mine quarry
        smelt hammer weld solder glue tie weave-in knit dye bleach stretch tune pluck strike-up
        accompany arrange orchestrate premiere revive stage produce cast-off dub voice narrate"""
    ) if "-" not in base),
    *_irregular(
        """build/built/built write/wrote/written draw/drew/drawn make/made/made lead/led/led
        buy/bought/bought sell/sold/sold give/gave/given take/took/taken teach/taught/taught
        find/found/found win/won/won lose/lost/lost begin/began/begun cast/cast/cast
        drive/drove/driven ride/rode/ridden fly/flew/flown steal/stole/stolen hold/held/held
        keep/kept/kept see/saw/seen hear/heard/heard sing/sang/sung sew/sewed/sewn
        weave/wove/woven dig/dug/dug lay/laid/laid hang/hung/hung bring/brought/brought
        send/sent/sent break/broke/broken tear/tore/torn wear/wore/worn choose/chose/chosen
        forge/forged/forged swim/swam/swum read/read/read shoot/shot/shot strike/struck/struck
        set/set/set cut/cut/cut split/split/split spend/spent/spent pay/paid/paid
        undertake/undertook/undertaken rebuild/rebuilt/rebuilt overthrow/overthrew/overthrown
        foresee/foresaw/foreseen know/knew/known leave/left/left meet/met/met catch/caught/caught
        fight/fought/fought seek/sought/sought speak/spoke/spoken eat/ate/eaten drink/drank/drunk"""
    ),
)  # fmt: skip
HAPPENS = (
    *(regular(base) for base in listed(
        """open close collapse explode erupt vanish disappear appear emerge arrive depart land crash
        overturn retire graduate perform end start last survive return resign start rest live work
        settle dock anchor drift turn topple crack leak flood reopen assemble gather march wander
        race compete debut premiere surrender rebel revolt strike-out migrate emigrate bloom"""
    ) if "-" not in base),
    *_irregular(
        """sink/sank/sunk burn/burnt/burnt fall/fell/fallen rise/rose/risen begin/began/begun
        break/broke/broken freeze/froze/frozen die/died/died stand/stood/stood lie/lay/lain
        swim/swam/swum run/ran/run meet/met/met sleep/slept/slept sing/sang/sung
        flow/flowed/flowed grow/grew/grown shrink/shrank/shrunk spread/spread/spread
        stop/stopped/stopped leave/left/left ride/rode/ridden fly/flew/flown"""
    ),
)  # fmt: skip
