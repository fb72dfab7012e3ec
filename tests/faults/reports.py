"""What a rig did and found, as one JSON object, for whoever was not there: docs/formats/report.md. $REPORT names the file.

It is signed by a key of this machine: $REPORT_KEY names its file, else it lies beside the report, and is made if need be."""

import contextlib
import datetime
import hashlib
import json
import os
import pathlib
import subprocess
import time

import house

FORMAT = "keyward-report/1"


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Report:
    def __init__(self, kind, seed, **facts):
        self.begun, self.path = time.monotonic(), os.environ.get("REPORT")
        self.told = {"format": FORMAT, "kind": kind, "seed": seed, **self.binary(), **facts, "started": now(), "steps": [],
                     "counts": {}, "measured": {}}

    @staticmethod
    def binary():
        binary = house.binary()
        said = subprocess.run([binary, "--version"], capture_output=True, text=True)
        return {"version": said.stdout.strip(), "binary_sha256": hashlib.sha256(binary.read_bytes()).hexdigest()}

    @contextlib.contextmanager
    def step(self, name):
        begun = time.monotonic()
        try:
            yield
        finally:
            self.told["steps"].append({"name": name, "seconds": round(time.monotonic() - begun, 3)})

    def count(self, **counts):
        self.told["counts"].update(counts)

    def measure(self, recoveries):
        """Seconds from the start of the process until it is ready."""
        if recoveries:
            ordered = sorted(recoveries)
            self.told["measured"]["recovery_seconds"] = {
                "median": round(ordered[len(ordered) // 2], 3), "max": round(ordered[-1], 3)}

    def write(self, suite):
        self.told |= {"ended": now(), "seconds": round(time.monotonic() - self.begun, 3),
                      "checks": {"passed": suite.passed, "failed": suite.failed, "skipped": suite.skipped},
                      "failures": suite.failures[:100], "verdict": "failed" if suite.failed else "passed"}
        if self.path:
            pathlib.Path(self.path).write_text(json.dumps(self.told, indent=2) + "\n")
            key = os.environ.get("REPORT_KEY") or pathlib.Path(self.path).with_name("report.key")
            signed = subprocess.run([house.binary(), "drill", "sign", self.path, "--key", key], capture_output=True, text=True)
            suite.ok("the report is signed", signed.returncode == 0, signed.stderr)
            suite.say(f"    report: {self.path}, signed by {signed.stdout.strip()}")
