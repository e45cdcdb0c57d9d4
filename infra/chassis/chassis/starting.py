"""Imported first by every process: what it does without until `chassis.run.Settled` says that it has started, or for ever.

Starting is importing. Looking for garbage meanwhile would take a fifth of it, and nothing of it is garbage. Libraries that
colour terminals are loaded by others wherever they are found and would take another tenth; a service writes JSON lines.
"""

import gc
import sys

gc.disable()
for colours in ("rich", "pygments"):
    sys.modules[colours] = None  # type: ignore[assignment]
