"""What a person may do with a file now: allowed commands as buttons, held ones with the reason and the way forward."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.pages.door import Action, Away, Item
from gateway.pages.forms.schemas import schema_of
from gateway.pages.visit import Visit
from gateway.pages.ways import Way, ways_from

ABSENT: Final = "not-permitted"
ELSEWHERE: Final = "transition-not-allowed"
FEW: Final = 3


@dataclass(frozen=True, slots=True)
class Why:
    text: str
    ways: Sequence[Way]


@dataclass(frozen=True, slots=True)
class Button:
    command: str
    words: str
    address: str
    reasons: Sequence[Why] = ()
    first: bool = False


@dataclass(frozen=True, slots=True)
class Actions:
    """`held` are offered in this state but a rule stands against them; `later` belong to another state.

    `besides` are allowed as well, and stand behind the others when there are many.
    """

    away: bool = False
    allowed: Sequence[Button] = ()
    besides: Sequence[Button] = ()
    held: Sequence[Button] = ()
    later: Sequence[Button] = ()

    def may(self, command: str) -> bool:
        return any(button.command == command for button in (*self.allowed, *self.besides))


async def actions_on(visit: Visit, aggregate: str, collection: str, item: Item, main: Collection[str] = ()) -> Actions:
    """Asked of the owner. `main` are the commands of the main path, the first allowed of them stands out."""
    offered = await visit.door.actions(visit.who, collection, item["id"])
    if isinstance(offered, Away):
        return Actions(away=True)
    about = {**item, "collection": collection}
    buttons = [(each, _button(visit, collection, item, each, about)) for each in offered]
    known = [(each, button) for each, button in buttons if schema_of(aggregate, each.command) is not None]
    allowed = [button for each, button in known if each.allowed]
    first = next((name for name in main if name in {button.command for button in allowed}), None)
    shown = [_standing_out(button, first) for button in allowed if button.command in main]
    besides = [button for button in allowed if button.command not in main]
    if len(besides) <= FEW:
        shown, besides = shown + besides, []
    return Actions(
        allowed=_ordered(shown, main),
        besides=besides,
        held=_ordered([button for each, button in known if _kind(each) == "held"], main),
        later=[button for each, button in known if _kind(each) == "later"],
    )


def _kind(action: Action) -> str:
    """A role that never has a command does not see it."""
    codes = {reason.get("code") for reason in action.reasons}
    if action.allowed or ABSENT in codes:
        return ""
    return "later" if ELSEWHERE in codes else "held"


def _button(visit: Visit, collection: str, item: Item, action: Action, about: Item) -> Button:
    return Button(
        action.command,
        visit.say("command", action.command),
        visit.url(collection, item["id"], "do", action.command.replace("_", "-")),
        [Why(visit.reason(reason), ways_from(visit, str(reason.get("code")), about)) for reason in action.reasons],
    )


def _standing_out(button: Button, first: str | None) -> Button:
    return Button(button.command, button.words, button.address, button.reasons, button.command == first)


def _ordered(buttons: Sequence[Button], main: Collection[str]) -> list[Button]:
    places = {command: place for place, command in enumerate(main)}
    return sorted(buttons, key=lambda button: places.get(button.command, len(places)))
