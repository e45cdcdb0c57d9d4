"""How every process begins, before it imports anything else."""

import gc
import sys


def begin() -> None:
    """Does without garbage collection until `chassis.run.Settled` has started, and without what colours terminals for ever.

    Starting is importing. Looking for garbage meanwhile would take a fifth of it, and nothing of it is garbage. Libraries that
    colour terminals are loaded by others wherever they are found and would take another tenth; a service writes JSON lines.

    Proved by `test_a_service_starts_without_what_it_never_uses`.
    """
    gc.disable()
    for colours in ("rich", "pygments"):
        sys.modules[colours] = None  # type: ignore[assignment]  # as the import system documents it
