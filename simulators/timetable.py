"""Which records fall due when, so that nobody has to look through all of them."""

import heapq


class Timetable:
    """A record may stand here more than once; who takes it out looks whether it is still due."""

    def __init__(self) -> None:
        self._entries: list[tuple[float, str]] = []

    def enter(self, moment: float, identifier: str) -> None:
        heapq.heappush(self._entries, (moment, identifier))

    def earliest(self) -> float | None:
        return self._entries[0][0] if self._entries else None

    def take_due(self, moment: float) -> list[str]:
        due = []
        while self._entries and self._entries[0][0] <= moment:
            due.append(heapq.heappop(self._entries)[1])
        return due
