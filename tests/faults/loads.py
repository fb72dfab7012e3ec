"""Load by one worker at a time, so that what happens is nearly the same each time."""

import threading
import time

import oracle as oracles
import wire as wires

# So many requests served one after the other count as serving.
SERVED = 5


class Load:
    def __init__(self, house, told, seed):
        self.house, self.told, self.seed, self.number = house, told, seed, 0
        self.live = oracles.Live(told)
        self.begin()

    def begin(self):
        """Someone new, who owns nothing yet."""
        self.number += 1
        wire = wires.Wire(self.house, kept=True)
        self.worker = oracles.Worker(self.number, wire, self.live, self.seed, threading.Event())

    def step(self):
        """One request. Whether it was served; not, if it was turned away or broken off."""
        away = len(self.told.undone) + len(self.told.unsure)
        try:
            self.worker.step()
        except (OSError, wires.http.client.HTTPException):
            self.live.lose()
            self.worker.wire.close()
            return False
        return away == len(self.told.undone) + len(self.told.unsure)

    def serves_again(self, seconds):
        """After how long it does, if it does."""
        begun, served = time.monotonic(), 0
        while self.house.alive() and time.monotonic() < begun + seconds:
            served = served + 1 if self.step() else 0
            if served == SERVED:
                return time.monotonic() - begun
        return None
