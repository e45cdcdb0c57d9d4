"""A page that is read up to where it ended last time is the page that would be read without that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from gateway.horizon import Horizon

ROWS = 3
CHANGES = some.lists(some.tuples(some.sampled_from(["come", "go"]), some.integers(0, 9)), max_size=20)


@given(CHANGES, some.sampled_from([1, -1]))
async def test_whatever_comes_and_goes_meanwhile_each_page_is_the_first_of_all(
    changes: list[tuple[str, int]], direction: int
) -> None:
    there: list[int] = []
    horizon = Horizon()

    def matching(conditions: Sequence[Mapping[str, Any]]) -> list[int]:
        bounds = [each["view.order"] for each in conditions if "view.order" in each]
        kept = [n for n in there if all(n <= b.get("$lte", n) and n >= b.get("$gte", n) for b in bounds)]
        return sorted(kept, reverse=direction < 0)[:ROWS]

    async def read(conditions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return [{"view": {"order": number}} for number in matching(conditions)]

    for change, number in changes:
        if change == "come":
            there.append(number)
        elif number in there:
            there.remove(number)
        page = await horizon.page([{"country": "FI"}], ("view.order", direction), ROWS, read)
        assert [row["view"]["order"] for row in page] == matching([])


async def test_a_question_asked_again_is_asked_up_to_where_it_ended() -> None:
    asked: list[Sequence[Mapping[str, Any]]] = []
    horizon = Horizon()

    async def read(conditions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        asked.append(conditions)
        return [{"order": number} for number in range(ROWS)]

    for _ in range(2):
        await horizon.page([{"country": "FI"}], ("order", 1), ROWS, read)

    assert asked == [[{"country": "FI"}], [{"country": "FI"}, {"order": {"$lte": ROWS - 1}}]]
