"""The topics of the platform as reviewed data: who writes, who reads, how long a record is kept, and why.

One TOML file a topic in `contracts/topics/`; an installed wheel carries them as `contracts/_topics`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CAMPUS: Final = "campus"
"""The reader that is no service: the campus systems, each with a read-only user of its own."""

DLQ: Final = ".dlq."


class TopicError(ValueError):
    """A topic file that does not say what every topic file says."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. `readers` are services, and `campus` where campus systems may read; the owner alone writes.

    An owner also reads its own state topic, to correct a record that came too late, without being named.
    `config` holds Kafka's own topic settings, ready for its admin client.
    """

    name: str
    owner: str
    readers: tuple[str, ...]
    partitions: int
    config: Mapping[str, str]
    key: str
    why: str

    @property
    def services(self) -> tuple[str, ...]:
        """The readers that are services of the platform."""
        return tuple(reader for reader in self.readers if reader != CAMPUS)

    @property
    def is_parking(self) -> bool:
        """True for a topic where a reader parks what it cannot take."""
        return DLQ in self.name

    def parking(self, service: str) -> str:
        """The name of the topic where this reader parks this topic's records."""
        return f"{self.name}{DLQ}{service}"


def load(folder: Path | None = None) -> dict[str, Topic]:
    """All topics by name, from the package's own files unless told otherwise.

    Raises `TopicError` naming the file.
    """
    files = sorted((folder or _folder()).glob("*.toml"))
    topics = [_read(file) for file in files]
    return {topic.name: topic for topic in topics}


def _folder() -> Path:
    here = Path(__file__).parent
    packed = here / "_topics"
    return packed if packed.is_dir() else here.parent / "topics"


def _read(file: Path) -> Topic:
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
        topic = Topic(
            name=found["name"],
            owner=found["owner"],
            readers=tuple(found["readers"]),
            partitions=found["partitions"],
            config={name: str(value) for name, value in found["config"].items()},
            key=found["key"],
            why=found["why"].strip(),
        )
    except KeyError as missing:
        raise TopicError(f"{file.name}: {missing.args[0]} is missing") from missing
    except tomllib.TOMLDecodeError as malformed:
        raise TopicError(f"{file.name}: {malformed}") from malformed
    if file.stem != topic.name:
        raise TopicError(f"{file.name} describes {topic.name}")
    return topic
