"""What a page is tried for in a browser: the rules of WCAG 2.2 AA, and what is held for good practice beside them."""

from __future__ import annotations

import json
from typing import Final

from stack import places

SCRIPT: Final = places.TREE / "services/gateway/ui/node_modules/axe-core/axe.min.js"
TAGS: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
RUN: Final = f"axe.run({json.dumps({'runOnly': TAGS, 'resultTypes': ['violations']})})"
"""Evaluated in a page that has the script. What passed is not described, which would take longer than to try it."""
