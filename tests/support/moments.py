"""Fixed moments of tests and benches."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

DAY: Final = date(2026, 11, 2)
MOMENT: Final = datetime(2026, 11, 2, 9, tzinfo=UTC)
