"""A house whose clock says what a file says, by libfaketime."""

import contextlib
import json
import pathlib
import sqlite3
import subprocess
import time

from house import House, binary

LIBRARIES = [pathlib.Path(folder) / "faketime/libfaketimeMT.so.1"
             for folder in ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib")]
WAIT_SECONDS_MAX = 20
MATERIAL = 4


def library():
    return next((path for path in LIBRARIES if path.exists()), None)


class Faked(House):
    """A house whose clock says what a file says, and so do the clocks of those who ask it."""

    def __init__(self, scratch, name, library, boot_too=False):
        super().__init__(scratch, name)
        self.library, self.boot_too = library, boot_too
        self.offset = pathlib.Path(scratch) / f"{name}.offset"
        self.set(0)

    def set(self, days):
        fresh = self.offset.with_suffix(".fresh")
        # A minute more, so that no rounding takes a day away.
        fresh.write_text(f"{days * 86_400 + (60 if days > 0 else 0):+d}\n")
        fresh.rename(self.offset)

    def environment(self):
        faked = {"LD_PRELOAD": str(self.library), "FAKETIME_TIMESTAMP_FILE": str(self.offset), "FAKETIME_NO_CACHE": "1",
                 "KEYWARD_LOG": "info"}
        if not self.boot_too:
            faked["FAKETIME_DONT_FAKE_MONOTONIC"] = "1"
        return {**super().environment(), **faked}

    def ask(self, *arguments, site=False, text=None):
        """Exit code, and what standard output and error say; every byte of them, for a ciphertext is no text."""
        client, half = self.client_file(), "site_" if site else ""
        who = {"AWS_ACCESS_KEY_ID": client[f"{half}access_key_id"], "AWS_SECRET_ACCESS_KEY": client[f"{half}secret_access_key"],
               "AWS_REGION": client["region"], "KEYWARD_ADDR": self.http}
        done = subprocess.run([binary(), *map(str, arguments)], env={**self.environment(), **who}, capture_output=True,
                              input=text and text.encode("latin-1"), timeout=60)
        return done.returncode, done.stdout.decode("latin-1"), done.stderr.decode("latin-1")

    def clock(self):
        code, out, err = self.ask("clock", "show", "-o", "json", site=True)
        assert code == 0, err
        return json.loads(out)["clock"]

    def eventually(self, holds):
        until = time.monotonic() + WAIT_SECONDS_MAX
        while time.monotonic() < until:
            if holds():
                return True
            time.sleep(0.1)
        return False

    def logged_times(self, words):
        return self.logged().count(words)

    def materials(self):
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as database:
            return database.execute("SELECT count(*) FROM rows WHERE tbl = ? AND slot IS NOT NULL", (MATERIAL,)).fetchone()[0]
