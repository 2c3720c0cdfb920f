"""To be imported by processes of the tests that begin: they look for circular garbage as seldom as a command does
(``touchline.__main__``), and never among what had been imported before."""

from __future__ import annotations

import gc

gc.freeze()
gc.set_threshold(200_000, 20, 20)
