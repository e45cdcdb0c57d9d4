"""The description of the HTTP interface, OpenAPI 3.1, made of the views' table and the contracts' command bodies."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from contracts.bodies import load
from contracts.registry import CONTRACTS
from gateway.samples import body
from gateway.views import VIEWS, View

CREATORS: Final[Mapping[str, str]] = {
    "partner": "register_partner",
    "country": "add_country",
    "agreement": "draft_agreement",
    "committee": "set_up_committee",
    "meeting": "schedule_meeting",
    "stay": "announce_stay",
}
OTHER_CREATORS: Final = frozenset({"suggest_partner", "import_agreement"})
PROBLEM: Final = {"$ref": "#/components/responses/Problem"}
ID: Final = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
KEY: Final = {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "maxLength": 200}}
MATCH: Final = {"name": "If-Match", "in": "header", "schema": {"type": "string"}, "example": '"3"'}
MIN_VERSION: Final = {"name": "Min-Version", "in": "header", "schema": {"type": "string"}}


@cache
def document() -> dict[str, Any]:
    """The whole description; every example in it is valid against its schema."""
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    for (aggregate, command), schema in load().items():
        contract = CONTRACTS[aggregate]
        name = f"{aggregate}.{command}"
        schemas[name] = {**_inlined(schema, name), "examples": [body(name, schema)]}
        path, parameters = _place(contract.collection, aggregate, command)
        paths.setdefault(path, {})["post"] = _command(contract.collection, command, name, parameters)
    for view in VIEWS.values():
        _reads(paths, view)
    _registers(paths)
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Passerelle",
            "version": "1",
            "description": "The international relations office, over HTTP.",
        },
        "security": [{"bearer": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "schemas": {**schemas, **_SHAPES},
            "responses": {"Problem": _answer("A refusal", "Problem", "application/problem+json")},
        },
    }


_SHAPES: Final[dict[str, Any]] = {
    "Aggregate": {
        "type": "object",
        "required": ["id", "version", "state"],
        "properties": {
            "id": {"type": "string"},
            "version": {"type": "integer", "minimum": 1},
            "state": {"type": ["string", "null"]},
        },
        "additionalProperties": True,
        "examples": [{"id": "01900000-0000-7000-8000-000000000001", "version": 1, "state": "draft"}],
    },
    "List": {
        "type": "object",
        "required": ["items", "next"],
        "properties": {
            "items": {"type": "array", "items": {"type": "object"}},
            "next": {"type": ["string", "null"], "description": "the cursor of what follows"},
            "total": {"type": "integer", "description": "with count=true"},
        },
        "examples": [{"items": [], "next": None, "total": 0}],
    },
    "Problem": {
        "type": "object",
        "required": ["type", "title", "status"],
        "properties": {
            "type": {"type": "string", "pattern": "^urn:passerelle:problem:[a-z-]+$"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "reasons": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["code", "fr", "en"],
                    "properties": {name: {"type": "string"} for name in ("code", "fr", "en", "pointer")},
                },
            },
        },
        "additionalProperties": True,
        "examples": [{"type": "urn:passerelle:problem:unknown-id", "title": "There is no such item.", "status": 404}],
    },
}


def _inlined(schema: Mapping[str, Any], name: str) -> Any:
    """The body's schema with its own definitions found from the document's root."""

    def walk(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {
                key: f"#/components/schemas/{name}/$defs/{inner.rpartition('/')[2]}"
                if key == "$ref" and isinstance(inner, str) and inner.startswith("#/$defs/")
                else walk(inner)
                for key, inner in value.items()
                if key not in ("$schema", "$id")
            }
        return [walk(each) for each in value] if isinstance(value, list) else value

    return walk(schema)


def _place(collection: str, aggregate: str, command: str) -> tuple[str, list[Mapping[str, Any]]]:
    slug = command.replace("_", "-")
    if CREATORS.get(aggregate) == command:
        return f"/api/v1/{collection}", [{**KEY, "required": True}]
    if command in OTHER_CREATORS:
        return f"/api/v1/{collection}/{slug}", [{**KEY, "required": True}]
    return f"/api/v1/{collection}/{{id}}/{slug}", [ID, {**MATCH, "required": True}, KEY]


def _command(collection: str, command: str, schema: str, parameters: list[Mapping[str, Any]]) -> dict[str, Any]:
    creating = ID not in parameters
    return {
        "operationId": f"{collection}_{command}",
        "tags": [collection],
        "parameters": parameters,
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}},
        },
        "responses": {
            "201" if creating else "200": _answer("What it is now", "Aggregate"),
            "default": PROBLEM,
        },
    }


def _answer(description: str, schema: str, media_type: str = "application/json") -> dict[str, Any]:
    return {
        "description": description,
        "content": {media_type: {"schema": {"$ref": f"#/components/schemas/{schema}"}}},
    }


def _query(*names: str) -> list[Mapping[str, Any]]:
    return [{"name": name, "in": "query", "schema": {"type": "string"}} for name in names]


def _get(name: str, tag: str, schema: str, parameters: list[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "operationId": name,
        "tags": [tag],
        "parameters": parameters,
        "responses": {"200": _answer("As known now", schema), "default": PROBLEM},
    }


def _reads(paths: dict[str, Any], view: View) -> None:
    name, base = view.collection, f"/api/v1/{view.collection}"
    paging = _query("q", "cursor", "limit", "count", *view.filters)
    paths.setdefault(base, {})["get"] = _get(f"list_{name}", name, "List", [*paging, MIN_VERSION])
    paths.setdefault(f"{base}/{{id}}", {})["get"] = _get(f"read_{name}", name, "Aggregate", [ID, MIN_VERSION])
    for part in ("commands", "history"):
        described = {"type": "object"} if part == "commands" else None
        operation = _get(f"{part}_of_{name}", name, "List", [ID])
        if described:
            operation["responses"]["200"]["content"]["application/json"]["schema"] = described
        paths.setdefault(f"{base}/{{id}}/{part}", {})["get"] = operation


def _registers(paths: dict[str, Any]) -> None:
    paging = _query("cursor", "limit")
    paths["/api/v1/partners/{id}/timeline"] = {"get": _get("timeline_of_partner", "partners", "List", [ID, *paging])}
    listed = _query("year", "q", "kind", "state", "count")
    paths["/api/v1/register"] = {"get": _get("register", "agreements", "List", [*listed, *paging])}
    refused = _query("rule", "slug", "aggregate", "partner_id")
    paths["/api/v1/refusals"] = {"get": _get("refusals", "refusals", "List", [*refused, *paging])}
    stream = _get("stream", "stream", "List", _query("aggregate", "id"))
    stream["responses"]["200"] = {
        "description": "Server-sent events `changed` {aggregate, id, version, state} and `reset`",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
    paths["/api/v1/stream"] = {"get": stream}
