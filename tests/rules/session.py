"""A pytest session that runs each test once to learn which rules it asks about, then turns each rule off and looks for a
test that fails. A test that fails is run again with the rule on: only when it passes then, the rule is why it failed.
"""

from __future__ import annotations

import inspect
import math
import signal
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any, Final

import pytest
from _pytest.runner import runtestprotocol
from tests.rules.importing import install
from tests.rules.results import Found, Looked, code_of, digest, keep, keep_looked, kept, looked, of_files, outcome
from tests.rules.switchboard import BOARD
from tests.rules.switches import Rule, every_rule

install()

MACHINES: Final = (
    frozenset({"session_documents", "documents"}),
    frozenset({"session_broker", "broker"}),
)
"""Tests that need nothing are looked at first, then those that need the store, then those that need Kafka."""
PATIENCE_SECONDS: Final = 10
PATIENCE_TIMES: Final = 5
"""Without its rule a test may wait for what never comes: it has so long, and so many times as long as it took before."""
LONG_ENOUGH_SECONDS: Final = 90
"""So long tests are tried for a rule, those first that name it or speak of its kind, the quickest before the others."""
SPEAKS_OF: Final = {
    **dict.fromkeys(("guards", "relies_on", "attaches", "also", "claim"), ("tied", "rests on", "frees")),
    "at_least": ("that new", "waits"),
    "access log": ("access log", "logged"),
}
PATIENCE: Final = pytest.StashKey[float]()


@dataclass
class Seen:
    """What the first run of a test showed."""

    item: pytest.Item
    seconds: float
    rules: set[str]
    text: str = field(repr=False, default="")

    def names(self, rule: Rule) -> bool:
        return not rule.words or says(self.text, rule.words)

    def promises(self, rule: Rule) -> tuple[bool, bool, bool, float]:
        """Sorts before others the test that is likelier to see the rule."""
        speaks = says(self.text, SPEAKS_OF.get(rule.kind, rule.words))
        function = rule.id.split(":")[1].rpartition(".")[2].strip("_")
        return not self.names(rule), not speaks, not says(self.text, (function,)), self.seconds


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("rules")
    group.addoption("--rules-of", default="", help="the package whose rules are switched off")
    group.addoption("--rules-matching", default="", help="only rules whose id contains this")
    group.addoption("--rules-minutes", type=float, default=0.0, help="stop after so long, to go on another time")
    group.addoption("--rules-afresh", action="store_true", help="forget what earlier runs found")


def pytest_configure(config: pytest.Config) -> None:
    from hypothesis import Phase, settings

    settings.register_profile("rules", database=None, phases=[Phase.explicit, Phase.generate], deadline=None)
    settings.load_profile("rules")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    with patience(item.stash.get(PATIENCE, 60.0)):
        yield


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    group = session.config.getoption("--rules-of")
    if not group or session.config.option.collectonly:
        return None
    try:
        Hunt(session, group).run()
    except TimeIsUp as over:
        raise session.Interrupted("time is up") from over
    finally:
        session._setupstate.teardown_exact(None)
    return True


class TimeIsUp(Exception):
    """What is left is looked at another time."""


class Hunt:
    def __init__(self, session: pytest.Session, group: str) -> None:
        self.group, self.items = group, session.items
        matching = session.config.getoption("--rules-matching")
        self.rules = [rule for rule in every_rule() if rule.group == group and matching in rule.id]
        afresh = session.config.getoption("--rules-afresh")
        self.found: dict[str, Found] = {} if afresh and not matching else kept(group)
        self.looked: dict[str, Looked] = {} if afresh else looked(group)
        self.code, self.among = code_of(group), of_files(item.path for item in self.items)
        minutes = session.config.getoption("--rules-minutes")
        self.until = time.monotonic() + minutes * 60 if minutes else math.inf
        self.repeatable: set[str] = set()
        self.broken: set[str] = set()

    def run(self) -> None:
        """In the order of the folders given, and in each those first that need no machine; no further than is needed."""
        known = {rule.id for rule in every_rule()}
        self.found = {id_: found for id_, found in self.found.items() if id_ in known}
        self.offered_everywhere()
        for number, stage in enumerate(sorted({self.stage(item) for item in self.items}), start=1):
            if rules := [rule for rule in self.left() if not self.tried(rule, number)]:
                self.hunt(rules, self.look([item for item in self.items if self.stage(item) == stage]), number)
        for rule in self.left():
            self.found.setdefault(rule.id, outcome(rule, "", False, 0))
        keep(self.group, self.found)

    def tried(self, rule: Rule, stage: int) -> bool:
        """Whether an earlier run went through this stage for nothing, and nothing changed since."""
        found = self.found.get(rule.id)
        if found is None or found.among != self.among or found.module != outcome(rule, "", False, 0).module:
            return False
        return found.tried >= stage

    def stage(self, item: pytest.Item) -> tuple[int, int]:
        folders = item.config.args
        place = next((no for no, folder in enumerate(folders) if item.nodeid.startswith(folder)), len(folders))
        return place, _machines(item)

    def offered_everywhere(self) -> None:
        """A row that is offered in every state has no state to be refused in."""
        for rule in self.rules:
            if rule.kind != "state":
                continue
            aggregate = import_module(rule.module.rpartition(".")[0]).AGGREGATE
            states = aggregate.command(rule.words[0]).from_states
            every: Any = type(next(iter(states)))
            if every is str:
                every = aggregate.contract.state.model_fields[aggregate.contract.state_field].annotation
            if states >= set(every):
                self.found[rule.id] = outcome(rule, "(offered in every state)", True, 0)

    def left(self) -> list[Rule]:
        return [rule for rule in self.rules if not (f := self.found.get(rule.id)) or not f.holds_for(rule)]

    def look(self, items: Sequence[pytest.Item]) -> list[Seen]:
        """What each of these tests asks about, by running it unless that is known already; those that fail are left out."""
        seen, new = [], 0
        for item in items:
            code = f"{self.code} {digest(item.path)}"
            known = self.looked.get(item.nodeid)
            if known is None or known.code != code:
                self.in_time()
                known, new = self.first_run(item, code), new + 1
                if known is None:
                    continue
                self.looked[item.nodeid] = known
                keep_looked(self.group, self.looked)
            item.stash[PATIENCE] = PATIENCE_SECONDS + PATIENCE_TIMES * known.seconds
            seen.append(Seen(item, known.seconds, set(known.rules), f"{item.nodeid}\n{source(item)}"))
        print(f"{len(seen)} tests looked at, {new} of them now", flush=True)
        return seen

    def first_run(self, item: pytest.Item, code: str) -> Looked | None:
        BOARD.listened()
        began = time.monotonic()
        failed = failure(item)
        if failed is None:
            return Looked(item.nodeid, time.monotonic() - began, tuple(sorted(BOARD.listened())), code)
        print(f"left out, it fails by itself: {item.nodeid}\n{failed[-600:]}", flush=True)
        return None

    def in_time(self) -> None:
        if time.monotonic() > self.until:
            raise TimeIsUp

    def hunt(self, rules: Iterable[Rule], seen: Sequence[Seen], stage: int) -> None:
        for rule in rules:
            self.in_time()
            reaching = [each for each in seen if rule.id in each.rules and each.item.nodeid not in self.broken]
            reaching.sort(key=lambda each: each.promises(rule))
            before = self.found.get(rule.id)
            now = replace(self.caught(rule, reaching), tried=stage, among=self.among)
            if not now.test and before and before.test and before.holds_for(rule, named=False):
                now = replace(before, tried=stage, among=self.among)
            self.found[rule.id] = now
            mark = "guarded" if now.guarded else ("not named" if now.test else "not yet")
            if reaching:
                print(f"{mark:9} {rule.id}  {now.test}", flush=True)
            keep(self.group, self.found)

    def caught(self, rule: Rule, reaching: Sequence[Seen]) -> Found:
        unnamed = ""
        until = time.monotonic() + LONG_ENOUGH_SECONDS
        for each in reaching:
            if time.monotonic() > until or (unnamed and not each.names(rule)):
                break
            with BOARD.without(rule.id):
                failed = failure(each.item)
            if failed is None:
                self.repeatable.add(each.item.nodeid)
                continue
            if not self.passes(each.item):
                continue
            if each.names(rule) or says(failed, rule.words):
                return outcome(rule, each.item.nodeid, True, len(reaching))
            unnamed = unnamed or each.item.nodeid
        return outcome(rule, unnamed, False, len(reaching))

    def passes(self, item: pytest.Item) -> bool:
        """Whether the test can be run again and passes while every rule holds."""
        if item.nodeid in self.repeatable:
            return True
        if failure(item) is None:
            self.repeatable.add(item.nodeid)
            return True
        self.broken.add(item.nodeid)
        print(f"left out, it cannot be run twice: {item.nodeid}", flush=True)
        return False


def _machines(item: pytest.Item) -> int:
    """How much a test needs, by the last of the machines among its fixtures."""
    names = set(getattr(item, "fixturenames", ()))
    return max((number for number, fixtures in enumerate(MACHINES, start=1) if fixtures & names), default=0)


def failure(item: pytest.Item) -> str | None:
    """How the test fails; None when it passes or is skipped. What its module set up stays for the next one there."""
    item.session._setupstate.teardown_exact(item)
    reports = runtestprotocol(item, log=False, nextitem=item.parent)  # type: ignore[arg-type]
    failed = [report for report in reports if report.failed]
    return "\n".join(report.longreprtext for report in failed) or "failed" if failed else None


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    def over(*_: Any) -> None:
        pytest.fail(f"longer than {seconds:.0f} s")

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def source(item: pytest.Item) -> str:
    function = getattr(item, "function", None)
    try:
        return inspect.getsource(inspect.unwrap(function)) if function else ""
    except (OSError, TypeError):
        return ""


def says(text: str, words: Iterable[str]) -> bool:
    """Whether one of the words stands there, with hyphens, underscores or blanks in it."""
    plain = text.replace("-", " ").replace("_", " ").lower()
    return any(word.replace("-", " ").replace("_", " ") in plain for word in words)
