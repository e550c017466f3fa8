"""Starts pymap so that a sign-in costs what one costs: by itself it hashes for half a second and looks through every installed package.

Whoever cuts lines all the time signs in all the time; nothing else of the server is changed.
"""

from __future__ import annotations

import functools
import importlib.metadata
import sys

importlib.metadata.entry_points = functools.cache(importlib.metadata.entry_points)  # before pymap takes hold of it

from pymap import config  # noqa: E402
from pymap.main import main  # noqa: E402

config.BuiltinHash = functools.partial(config.BuiltinHash, rounds=1)  # type: ignore[assignment, misc]

if __name__ == "__main__":
    sys.exit(main())
