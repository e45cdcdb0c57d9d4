"""An invented domain for trying the chassis: the service `lamps` hangs lanterns in harbours that the service `coast` opens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, Field

from chassis.decide import (
    CREATION,
    Aggregate,
    Also,
    Command,
    Context,
    Decision,
    Doc,
    Find,
    Found,
    New,
    Next,
    Nothing,
    Other,
    Outcome,
    Reach,
    Refusal,
    Rows,
    Text,
    refuse,
)
from contracts.record import Contract, Fact, State
from contracts.refusal import PolicyRefusal, Recorded
from contracts.refusal import evolve as refused
from contracts.types import Body, LocalizedText

LIT_PER_PLACE = 3
KEEPER, MASTER, STROLLER, CLOCK, SERVICE = "keeper", "master", "stroller", "clock", "service"


class Stage(StrEnum):
    HUNG = "hung"
    LIT = "lit"
    DOWN = "down"


class LanternFact(Fact):
    lantern_id: str = ""


class Hung(LanternFact):
    name: str
    number: int
    place: str
    harbour_id: str | None = None
    oil_until: date | None = None


class Lit(LanternFact):
    brightness: int = 1


class Dimmed(LanternFact):
    brightness: int


class OilChecked(LanternFact):
    due_on: date


class TakenDown(LanternFact):
    pass


class Engraved(LanternFact):
    text: str


class Lantern(State):
    state: Stage
    name: str
    number: int
    place: str
    brightness: int = 0
    harbour_id: str | None = None
    oil_until: date | None = None
    checks: int = 0
    text: str | None = None


def evolve(lantern: Lantern | None, fact: Any) -> Lantern:
    if isinstance(fact, Hung):
        return Lantern(id=fact.lantern_id, state=Stage.HUNG, **fact.model_dump(include=HUNG_WITH))
    assert lantern is not None
    match fact:
        case Lit(brightness=brightness):
            return lantern.model_copy(update={"state": Stage.LIT, "brightness": brightness})
        case Dimmed(brightness=brightness):
            return lantern.model_copy(update={"brightness": brightness})
        case OilChecked(due_on=due_on):
            return lantern.model_copy(update={"checks": lantern.checks + 1, "oil_until": later(due_on)})
        case TakenDown():
            return lantern.model_copy(update={"state": Stage.DOWN, "brightness": 0, "oil_until": None})
        case Engraved(text=text):
            return lantern.model_copy(update={"text": text})
        case _:
            return lantern


HUNG_WITH = {"name", "number", "place", "harbour_id", "oil_until"}


def later(day: date) -> date:
    return day.replace(year=day.year + 1)


class HarbourFact(Fact):
    harbour_id: str = ""


class Opened(HarbourFact):
    name: str


class Closed(HarbourFact):
    pass


class Greeted(HarbourFact):
    words: str


class Harbour(State):
    state: str
    name: str
    greetings: int = 0


def evolve_harbour(harbour: Harbour | None, fact: Any) -> Harbour:
    match fact:
        case Opened(harbour_id=id_, name=name):
            return Harbour(id=id_, state="open", name=name)
        case Closed():
            assert harbour is not None
            return harbour.model_copy(update={"state": "closed"})
        case _:
            assert harbour is not None
            return harbour.model_copy(update={"greetings": harbour.greetings + 1})


@dataclass(frozen=True)
class RoomContract(Contract[Any]):
    """`room` keeps the topics of one test apart from those of another on the same broker."""

    room: str = ""

    @property
    def events_topic(self) -> str:
        return f"{self.room}.{self.aggregate}.events.v1"

    @property
    def state_topic(self) -> str:
        return f"{self.room}.{self.aggregate}.state.v1"


@dataclass(frozen=True)
class Language:
    """The contracts of one test."""

    lantern: RoomContract
    harbour: RoomContract
    refusal: RoomContract

    @property
    def topics(self) -> list[str]:
        both = [t for c in (self.lantern, self.harbour) for t in (c.events_topic, c.state_topic)]
        dead = [f"{topic}.dlq.lamps" for topic in (*both, self.refusal.events_topic)]
        return [*both, self.refusal.events_topic, *dead]


def language(room: str) -> Language:
    lantern_facts = (Hung, Lit, Dimmed, OilChecked, TakenDown, Engraved)
    return Language(
        RoomContract("lantern", "lamps", "lanterns", Lantern, lantern_facts, evolve, room=room),
        RoomContract("harbour", "coast", "harbours", Harbour, (Opened, Closed, Greeted), evolve_harbour, room=room),
        RoomContract("refusal", "lamps", "refusals", PolicyRefusal, (Recorded,), refused, keeps_state=False, room=room),
    )


class Memory(BaseModel):
    """What only the service knows of a lantern."""

    notes: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()


class Hang(Body):
    name: str = Field(min_length=1, max_length=80)
    place: str = "quay"
    harbour_id: str | None = None
    oil_until: date | None = None


class Light(Body):
    brightness: int = Field(default=1, ge=1, le=9)


class Engrave(Body):
    text: str


class Swap(Body):
    with_id: str


class Attach(Body):
    document_id: str


class Hand(Body):
    note: LocalizedText


def hang_needs(state: Any, private: Any, body: Hang | None, found: Found) -> Iterable[Find]:
    if body is None:
        return []
    finds: list[Find] = [Doc("names", body.name), Next(f"lanterns:{found.today.year}")]
    return [*finds, Doc("harbour_copies", body.harbour_id)] if body.harbour_id else finds


def hang(state: None, private: None, body: Hang, context: Context) -> Outcome:
    found = context.found
    if found.doc("names", body.name):
        return refuse("name-taken", Text("Ce nom est pris.", "This name is taken."), pointer="/name")
    relies_on: tuple[tuple[str, str], ...] = ()
    if body.harbour_id:
        harbour = found.doc("harbour_copies", body.harbour_id)
        if harbour is None:
            return Refusal("reference-not-known-yet", members={"retry_after_seconds": 1})
        if harbour["state"] != "open":
            text = Text("Le port est fermé (POL-99).", "The harbour is closed (POL-99).")
            return refuse("harbour-closed", text, rule="POL-99")
        relies_on = (("harbour_copies", body.harbour_id),)
    number = found.number(f"lanterns:{context.today.year}")
    fact = Hung(name=body.name, number=number, place=body.place, harbour_id=body.harbour_id, oil_until=body.oil_until)
    claim = New("names", {"_id": body.name, "lantern_id": context.id})
    return Decision((fact,), Memory(), relies_on=relies_on, rows=(claim,), answer={"welcome": body.name})


def lit_here(state: Lantern, private: Any, body: Any, found: Found) -> Iterable[Find]:
    return [Rows("lit", "lantern", {"public.place": state.place, "state": "lit"})]


def light(state: Lantern, private: Memory, body: Light, context: Context) -> Outcome:
    if len(context.found.rows("lit")) >= LIT_PER_PLACE:
        return refuse("too-bright", Text("Trop de lumière ici.", "Too much light here."))
    return Decision((Lit(brightness=body.brightness),), guards=(f"lit:{state.place}",))


def light_held(state: Lantern, private: Memory, context: Context) -> Iterable[Refusal]:
    if len(context.found.rows("lit")) >= LIT_PER_PLACE:
        yield refuse("too-bright", Text("Trop de lumière ici.", "Too much light here."))


def dim(state: Lantern, private: Memory, body: Light, context: Context) -> Outcome:
    return Decision((Dimmed(brightness=body.brightness),))


def engrave(state: Lantern, private: Memory, body: Engrave, context: Context) -> Outcome:
    return Decision((Engraved(text=body.text),))


def note(state: Lantern, private: Memory, body: Hand, context: Context) -> Outcome:
    return Decision((), private.model_copy(update={"notes": (*private.notes, body.note.fr or "")}))


def take_down(state: Lantern, private: Memory, body: Nothing, context: Context) -> Outcome:
    return Decision((TakenDown(),))


def swap_needs(state: Any, private: Any, body: Swap | None, found: Found) -> Iterable[Find]:
    return [Other("lantern", body.with_id)] if body else []


def swap(state: Lantern, private: Memory, body: Swap, context: Context) -> Outcome:
    if context.found.other("lantern", body.with_id) is None:
        return Refusal("unknown-id")
    return Decision((TakenDown(),), also=(Also("lantern", body.with_id, (Lit(),)),))


def attach_needs(state: Any, private: Any, body: Attach | None, found: Found) -> Iterable[Find]:
    return [Doc("documents", body.document_id)] if body else []


def attach(state: Lantern, private: Memory, body: Attach, context: Context) -> Outcome:
    if context.found.doc("documents", body.document_id) is None:
        return refuse("unknown-id", pointer="/document_id")
    kept = private.model_copy(update={"documents": (*private.documents, body.document_id)})
    return Decision((), kept, attaches=(body.document_id,))


def check_oil(state: Lantern, private: Memory, body: Nothing, context: Context) -> Outcome:
    assert state.oil_until is not None
    return Decision((OilChecked(due_on=state.oil_until),))


def next_due(state: Lantern, private: Memory) -> date | None:
    return state.oil_until


def reach(state: Lantern | None, private: Any, body: Any, found: Found) -> Reach:
    place = state.place if state else getattr(body, "place", None)
    return {"places": frozenset({place} if place else set())}


HANGING = frozenset({Stage.HUNG, Stage.LIT})
HUMANS = (KEEPER, MASTER, SERVICE)
COMMANDS = (
    Command("hang_lantern", Hang, CREATION, HUMANS, hang, ("hung",), ("name-taken", "harbour-closed"), hang_needs),
    Command(
        "light_lantern", Light, frozenset({Stage.HUNG}), HUMANS, light, ("lit",), ("too-bright",), lit_here, light_held
    ),
    Command("dim_lantern", Light, frozenset({Stage.LIT}), HUMANS, dim),
    Command("engrave_lantern", Engrave, HANGING, (MASTER,), engrave),
    Command("note_by_hand", Hand, HANGING, (KEEPER,), note),
    Command("attach_document", Attach, HANGING, (KEEPER,), attach, needs=attach_needs),
    Command("swap_lantern", Swap, HANGING, HUMANS, swap, ("down",), needs=swap_needs),
    Command("take_down_lantern", Nothing, HANGING, HUMANS, take_down, ("down",)),
)
PROBLEMS = {
    "name-taken": Text("Ce nom est pris.", "The name is taken."),
    "harbour-closed": Text("Le port est fermé.", "The harbour is closed."),
    "too-bright": Text("Trop de lumière.", "Too bright."),
}


def aggregate(contract: Contract[Any]) -> Aggregate:
    return Aggregate(
        contract,
        COMMANDS,
        creator="hang_lantern",
        problems=PROBLEMS,
        private=Memory,
        reach=reach,
        next_due=next_due,
        on_clock=Command("advance_clock", Nothing, HANGING, (CLOCK,), check_oil),
        indexes=(("public.place", "state"),),
    )
