"""The description that the gateway serves is valid, its examples too, and what it describes is there."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from tests.support.office import Office

from agreements import agreement
from events import committee, meeting
from mobility import stay
from partners import country, partner

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
Json = Any
HERE = "urn:described"


@pytest.fixture(scope="module")
async def described(office: Office) -> Json:
    answer = await office.campus.client.get("/openapi.json")
    assert answer.status_code == 200
    return answer.json()


def test_it_is_valid_openapi_3_1(described: Json) -> None:
    assert described["openapi"].startswith("3.1")
    assert [str(fault) for fault in OpenAPIV31SpecValidator(described).iter_errors()] == []


def examples(value: Json, place: str = "#") -> Iterator[tuple[str, Json, Json]]:
    """Every example with the schema that it stands beside, and where."""
    if isinstance(value, Mapping):
        schema = value.get("schema", value if "type" in value or "$ref" in value else None)
        if schema is not None and "example" in value:
            yield place, schema, value["example"]
        listed = value.get("examples")
        if schema is not None and isinstance(listed, list):
            yield from ((f"{place}/examples/{no}", schema, example) for no, example in enumerate(listed))
        if schema is not None and isinstance(listed, Mapping):
            yield from ((f"{place}/examples/{name}", schema, each["value"]) for name, each in listed.items())
        for name, inner in value.items():
            if name not in ("example", "examples", "properties") or not isinstance(inner, list):
                yield from examples(inner, f"{place}/{name}")
    elif isinstance(value, list):
        for no, inner in enumerate(value):
            yield from examples(inner, f"{place}/{no}")


def test_every_example_is_valid_against_its_schema(described: Json) -> None:
    named = json.loads(json.dumps(described).replace('"#/', f'"{HERE}#/'))
    whole = Resource.from_contents(named, default_specification=DRAFT202012)
    registry: Registry[Json] = Registry().with_resource(HERE, whole)
    tried = list(examples(named))
    faults = {
        place: [fault.message for fault in Draft202012Validator(schema, registry=registry).iter_errors(example)]
        for place, schema, example in tried
    }
    assert {place: found for place, found in faults.items() if found} == {}
    assert {place.split("/")[3] for place, _, _ in tried if "/schemas/" in place} >= described["components"][
        "schemas"
    ].keys()


def test_each_example_of_a_body_is_one_that_its_service_takes(described: Json) -> None:
    owners = (partner, country, agreement, committee, meeting, stay)
    rows = {(owner.AGGREGATE.name, row.name): row for owner in owners for row in owner.AGGREGATE.commands}
    for (aggregate, command), row in rows.items():
        (example,) = described["components"]["schemas"][f"{aggregate}.{command}"]["examples"]
        assert row.model.model_validate(example, extra="forbid"), f"{aggregate}.{command}"


async def test_whatever_it_describes_is_there(described: Json, office: Office) -> None:
    missing = []
    for path, operations in described["paths"].items():
        where = path.replace("{id}", str(uuid4())).replace("{document_id}", str(uuid4()))
        for method in operations:
            if path.endswith("/stream"):
                continue
            answer = await office.officer.asks(method.upper(), where, **({"json": {}} if method == "post" else {}))
            slug = answer.json().get("type", "").rpartition(":")[2]
            if slug == "no-such-route" or answer.status_code >= 500:
                missing.append((method, path, answer.status_code, slug))
    assert missing == []
