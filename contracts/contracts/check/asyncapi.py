"""`asyncapi.yaml`: what campus systems may read, derived from the topic files and the schemas (AsyncAPI 3.0)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from contracts.check.tree import ASYNCAPI, SCHEMA_SUFFIX, Json, file_name
from contracts.registry import CONTRACTS
from contracts.topics import CAMPUS, Topic, load

HEADERS: Final[Mapping[str, tuple[str, str]]] = {
    "ce_specversion": ("1.0", "CloudEvents 1.0, binary mode"),
    "ce_id": ("", "the record's id; the same record may come twice under it"),
    "ce_type": ("", "what the value is"),
    "ce_source": ("", "the service that tells it"),
    "ce_subject": ("", "aggregate and id, with a slash between"),
    "ce_time": ("", "when it was recorded, UTC"),
    "ce_dataschema": ("", "the schema's $id"),
    "ce_partitionkey": ("", "the aggregate's id, which is the record's key"),
    "ce_sequence": ("", "the aggregate's version, 12 digits"),
    "ce_actor": ("", "who caused it: an opaque id, `service:<name>` or `clock`"),
    "ce_cause": ("", "id of the command or of the record that led to it"),
    "ce_factno": ("", "place among the facts of one version; 0 for a state"),
    "ce_traceparent": ("", "W3C trace context of its creation, when traced"),
    "content-type": ("application/json", "of the value"),
}
OPTIONAL: Final = frozenset({"ce_traceparent"})
PLAIN: Final = re.compile(r"[A-Za-z_/][A-Za-z0-9_./{}-]*")


def document() -> str:
    """The file's text; it changes exactly when topics or schemas that campus reads change."""
    topics = [topic for topic in load().values() if CAMPUS in topic.readers]
    described = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Passerelle for campus systems",
            "version": "1",
            "description": "Partners, countries and agreements of the international relations office, as they "
            "happen and as they are. How to subscribe: docs/subscribing.md.",
        },
        "defaultContentType": "application/json",
        "servers": {
            "campus": {
                "host": "{bootstrap}",
                "protocol": "kafka-secure",
                "variables": {"bootstrap": {"description": "host:port, given with your user"}},
                "security": [{"$ref": "#/components/securitySchemes/subscriber"}],
            }
        },
        "channels": {topic.name: _channel(topic) for topic in topics},
        "operations": {_operation(topic): _receiving(topic) for topic in topics},
        "components": {
            "messages": {name: message for topic in topics for name, message in _messages(topic).items()},
            "schemas": {"headers": _headers()},
            "securitySchemes": {"subscriber": {"type": "scramSha512"}},
        },
    }
    return "# Derived from topics/ and schemas/ by `python -m contracts.check --write`.\n" + "".join(
        _yaml(described, 0)
    )


def _types(topic: Topic) -> list[str]:
    contract = next(each for each in CONTRACTS.values() if topic.name in (each.events_topic, each.state_topic))
    return [contract.snapshot_type] if topic.name == contract.state_topic else list(contract.fact_types)


def _channel(topic: Topic) -> Json:
    references = {file_name(type_): {"$ref": f"#/components/messages/{file_name(type_)}"} for type_ in _types(topic)}
    return {
        "address": topic.name,
        "description": topic.why,
        "messages": references,
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": _configuration(topic),
            }
        },
    }


def _configuration(topic: Topic) -> Json:
    """What AsyncAPI's Kafka binding can say of the topic's settings."""
    numbers = ("retention.ms", "retention.bytes", "delete.retention.ms", "max.message.bytes")
    return {
        "cleanup.policy": topic.config["cleanup.policy"].split(","),
        **{name: int(topic.config[name]) for name in numbers if name in topic.config},
    }


def _operation(topic: Topic) -> str:
    return "receive." + topic.name.removeprefix("passerelle.")


def _receiving(topic: Topic) -> Json:
    return {"action": "receive", "channel": {"$ref": f"#/channels/{topic.name}"}}


def _messages(topic: Topic) -> dict[str, Json]:
    return {
        file_name(type_): {
            "name": type_,
            "contentType": "application/json",
            "headers": {"$ref": "#/components/schemas/headers"},
            "payload": {
                "schemaFormat": "application/schema+json;version=draft-2020-12",
                "schema": {"$ref": f"./schemas/{file_name(type_)}{SCHEMA_SUFFIX}"},
            },
            "bindings": {"kafka": {"key": {"type": "string", "description": topic.key}}},
        }
        for type_ in _types(topic)
    }


def _headers() -> Json:
    members = {
        name: {"type": "string", **({"const": always} if always else {}), "description": says}
        for name, (always, says) in HEADERS.items()
    }
    return {
        "type": "object",
        "properties": members,
        "required": [name for name in HEADERS if name not in OPTIONAL],
    }


def _yaml(node: Any, depth: int) -> Iterator[str]:
    """Block YAML of mappings and lists; every value that could be misread is written as JSON, which is YAML."""
    indent = "  " * depth
    if isinstance(node, Mapping):
        for name, each in node.items():
            yield f"{indent}{_scalar(name)}:"
            yield from _below(each, depth)
    else:
        for each in node:
            yield f"{indent}-"
            yield from _below(each, depth)


def _below(each: Any, depth: int) -> Iterator[str]:
    if isinstance(each, (Mapping, list)) and each:
        yield "\n"
        yield from _yaml(each, depth + 1)
    else:
        yield f" {_scalar(each)}\n"


def _scalar(value: Any) -> str:
    if isinstance(value, str) and PLAIN.fullmatch(value) and value not in ("true", "false", "null", "yes", "no"):
        return value
    return json.dumps(value, ensure_ascii=False)


def stale() -> Iterator[str]:
    if not ASYNCAPI.exists() or ASYNCAPI.read_text(encoding="utf-8") != document():
        yield "asyncapi.yaml is not what topics and schemas give"


def write() -> None:
    ASYNCAPI.write_text(document(), encoding="utf-8")
