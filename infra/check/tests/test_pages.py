"""The pages for people are kept true: what they name is there."""

import ast
import importlib
import re
import subprocess
from pathlib import Path

import pytest
from pydantic import AliasChoices

from chassis.settings import ServiceSettings
from stack import ports

TREE = Path(__file__).resolve().parents[3]
PAGES = sorted([TREE / "README.md", *TREE.glob("docs/**/*.md"), *TREE.glob("services/*/README.md")])
PLACE = re.compile(r"`([\w./-]+\.py):([\w.]+)`")
LINK = re.compile(r"\[[^]]*\]\(([^)#\s]*)(?:#([^)\s]+))?\)")
GLOSSARY_CODE = re.compile(r"^\|[^|]+\|[^|]+\| `([^`]+)` \|", re.MULTILINE)
OF_A_MACHINE = re.compile(r"(?<![\w.:/])/(?:home|root|work|Users)/")

named = pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(TREE)) for page in PAGES])


def names_in(file: Path) -> set[str]:
    """What a module defines at its top, and inside its classes as `Class.name`."""
    found: set[str] = set()
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{inner.name}" for inner in node.body if hasattr(inner, "name")}
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


def anchors_of(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def test_the_followed_request_goes_through_places_that_exist() -> None:
    places = PLACE.findall((TREE / "docs" / "architecture.md").read_text())

    missing = [f"{file}:{name}" for file, name in places if name not in names_in(TREE / file)]

    assert len(places) > 20
    assert not missing


def test_the_spine_of_the_chassis_is_there_and_short_enough_for_half_an_hour() -> None:
    folder = TREE / "infra" / "chassis"
    places = PLACE.findall((folder / "README.md").read_text())

    lengths = [length_of(folder / "chassis" / file, name.split(".")) for file, name in places]

    assert len(set(places)) == len(places) > 40
    assert sum(lengths) < 1_000


def length_of(file: Path, name: list[str]) -> int:
    """The lines of a class or function."""
    found: ast.Module | ast.stmt = ast.parse(file.read_text())
    for part in name:
        found = next(each for each in getattr(found, "body", []) if getattr(each, "name", None) == part)
    assert isinstance(found, ast.stmt)
    return (found.end_lineno or 0) - found.lineno + 1


@named
def test_a_link_leads_somewhere(page: Path) -> None:
    broken = []
    for target, anchor in LINK.findall(page.read_text()):
        if target.startswith(("http:", "https:")):
            continue
        there = (page.parent / target).resolve() if target else page
        if not there.exists() or (anchor and anchor not in anchors_of(there)):
            broken.append(f"{target}#{anchor}")

    assert not broken


@named
def test_a_page_names_no_place_of_one_machine(page: Path) -> None:
    assert not OF_A_MACHINE.findall(page.read_text())


@named
def test_what_make_is_asked_for_it_can_do(page: Path) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (TREE / "Makefile").read_text(), re.MULTILINE))

    text = page.read_text()
    asked = set(re.findall(r"`make ([a-z][a-z-]*)", text))
    for block in text.split("```")[1::2]:
        asked |= set(re.findall(r"^(?:[A-Z_]+=\S+ )*make ([a-z][a-z-]*)", block, re.MULTILINE))

    assert asked <= targets


def test_every_word_of_the_glossary_is_used_in_the_code() -> None:
    words = GLOSSARY_CODE.findall((TREE / "docs" / "glossary.md").read_text())
    listed = subprocess.run(
        ["git", "ls-files", "*.py", "contracts/topics/*.toml"], cwd=TREE, capture_output=True, text=True, check=True
    )
    code = "\n".join((TREE / file).read_text() for file in listed.stdout.splitlines() if (TREE / file).exists())

    assert len(words) > 50
    assert not [word for word in words if not re.search(rf"(?<![a-z]){re.escape(word)}", code)]


def test_every_decision_is_listed() -> None:
    folder = TREE / "docs" / "decisions"

    listed = {target for target, _ in LINK.findall((folder / "README.md").read_text())}

    assert listed == {page.name for page in folder.glob("[0-9]*.md")}


@pytest.mark.parametrize("service", ports.SERVICES)
def test_every_setting_of_a_service_is_explained(service: str) -> None:
    told = set(re.findall(r"`([A-Z_<>]+[A-Z_<>…])`", (TREE / "docs" / "operating.md").read_text()))
    settings = importlib.import_module(f"{service}.settings")
    classes = [each for each in vars(settings).values() if isinstance(each, type) and issubclass(each, ServiceSettings)]

    names = {name for each in classes if each is not ServiceSettings for name in names_of(each)}

    assert names
    assert not {
        name for name in names if name not in told and name.replace(service.upper(), "<SERVICE>", 1) not in told
    }


def names_of(settings: type[ServiceSettings]) -> set[str]:
    """The environment names; addresses of services are explained together."""
    prefix = settings.model_config.get("env_prefix", "")
    found = set()
    for name, field in settings.model_fields.items():
        alias = field.validation_alias
        spelt = str(alias.choices[0]) if isinstance(alias, AliasChoices) else f"{prefix}{name.upper()}"
        if not spelt.endswith("_URL") or spelt == "PASSERELLE_MONGO_URL":
            found.add(spelt)
    return found


def test_every_port_is_in_the_table() -> None:
    rows = re.findall(r"^\| [^|]+ \| (\d+) \| `(\w+)` \|", (TREE / "docs" / "operating.md").read_text(), re.MULTILINE)

    assert {(setting, int(port)) for port, setting in rows} == {
        (ports.setting(name), port) for name, port in ports.DEFAULTS.items()
    }


def test_what_readiness_says_in_red_is_explained() -> None:
    table = (TREE / "docs" / "operating.md").read_text().partition("| it says |")[2].partition("\n\n")[0]
    said = [row.split("|")[1].strip() for row in table.splitlines()[2:]]
    code = "".join(file.read_text() for file in (TREE / "infra" / "chassis" / "chassis").glob("*.py"))

    pieces = [piece.strip(" :") for each in said for piece in each.split("…")]

    assert len(said) > 5
    assert not [piece for piece in pieces if len(piece) > 1 and piece not in code]


def test_every_measure_that_is_named_is_taken() -> None:
    taken = (TREE / "infra" / "chassis" / "chassis" / "telemetry.py").read_text()

    named_measures = re.findall(r"`(passerelle_[a-z_]+?)(?:_total)?`", (TREE / "docs" / "operating.md").read_text())

    assert [name for name in named_measures if f'"{name}"' not in taken] == []
