"""Journeys of one folder share one house, so one worker runs them; all else goes to any worker.

pytest-xdist's own marks for this do nothing under pytest 9.2, which keeps the ids of tests closed.
"""

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]


class ByHouse(LoadScopeScheduling):  # type: ignore[misc]
    def _split_scope(self, nodeid: str) -> str:
        folder = nodeid.partition("::")[0].rpartition("/")[0]
        return folder if folder.startswith("tests/journeys/") else nodeid
