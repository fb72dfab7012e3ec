"""One line for each thing that was tried: `ok NAME`, `not ok NAME`, `skip NAME`. Then the sum, and an exit code."""

import contextlib
import sys
import threading
import time
import traceback


class Suite:
    def __init__(self, name):
        self.name = name
        self.passed = self.failed = self.skipped = 0
        self.failures = []
        self.lock = threading.Lock()
        self.begun = time.monotonic()

    def say(self, line):
        with self.lock:
            print(line, flush=True)

    def ok(self, name, good, detail=""):
        """Counts one thing. `detail` is told only if it is not so."""
        with self.lock:
            if good:
                self.passed += 1
            else:
                self.failed += 1
                self.failures.append(name)
            print(f"{'ok' if good else 'not ok'} {name}", flush=True)
            if not good and detail != "":
                for line in str(detail).splitlines():
                    print(f"    {line}", flush=True)
        return bool(good)

    def equal(self, name, got, wanted):
        return self.ok(name, got == wanted, f"got    {got!r}\nwanted {wanted!r}")

    def skip(self, what, reason, untested):
        """What is not tried here is said aloud, with what stays untested."""
        with self.lock:
            self.skipped += 1
            print(f"SKIP client={what} reason={reason} untested={untested}", flush=True)

    @contextlib.contextmanager
    def part(self, name):
        """A part that breaks off counts as one failure, and the next part goes on."""
        try:
            yield
        except Exception:
            self.ok(f"{name}: goes to its end", False, traceback.format_exc())

    def end(self):
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        print(f"{self.passed} passed, {self.failed} failed{skipped}", flush=True)
        print(f"{self.name}: {time.monotonic() - self.begun:.1f} s", file=sys.stderr)
        sys.exit(1 if self.failed or not self.passed else 0)
