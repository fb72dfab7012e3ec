"""A real PostgreSQL of a suite's own: started, copied to a standby, killed."""

import os
import pathlib
import shutil
import signal
import subprocess
import time

from house import free_port

# After a power cut it syncs its whole folder and replays before it takes anybody.
START_SECONDS_MAX = 120


def binaries():
    """The folder of the newest one that is installed; none if there is none."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return found[-1].parent if found else None


class Server:
    def __init__(self, scratch, name):
        self.bin, self.port, self.process = binaries(), free_port(), None
        self.folder = pathlib.Path(scratch) / name
        self.folder.mkdir()
        # PostgreSQL refuses to run as root, and its user must reach the folder.
        pathlib.Path(scratch).chmod(0o711)
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        self.data, self.addresses = self.folder / "data", "127.0.0.1"

    def user(self):
        return {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}

    def run(self, program, *arguments):
        done = subprocess.run([self.bin / program, *map(str, arguments)], cwd=self.folder, text=True, capture_output=True,
                              **self.user())
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr}")
        return done.stdout.strip()

    def make(self):
        self.run("initdb", "--no-sync", "-A", "trust", "-U", "postgres", "-E", "UTF8", "-D", self.data)
        return self.start()

    def emptied(self):
        """What it held is gone; it stays where it was."""
        shutil.rmtree(self.data)
        return self

    def copy(self, primary):
        """A standby, under its folder's name."""
        source = f"host={primary.folder} port={primary.port} user=postgres application_name={self.folder.name}"
        self.run("pg_basebackup", "--no-sync", "-R", "-c", "fast", "-d", source, "-D", self.data)
        return self.start()

    def start(self):
        settings = (f"listen_addresses={self.addresses}", "shared_buffers=32MB", "max_connections=200")
        options = [part for setting in settings for part in ("-c", setting)]
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [self.bin / "postgres", "-D", self.data, "-p", str(self.port), "-k", self.folder, *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **self.user())
        until = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < until:
            ready = subprocess.run([self.bin / "pg_isready", "-q", "-h", self.folder, "-p", str(self.port)], check=False)
            if ready.returncode == 0:
                return self
            time.sleep(0.05)
        raise RuntimeError((self.folder / "log").read_text())

    def sql(self, sql, database="postgres"):
        return self.run("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-h", self.folder,
                        "-p", self.port, "-d", database, "-c", sql)

    def promote(self):
        """As the runbook says."""
        self.run("pg_ctl", "promote", "-D", self.data)
        self.sql("ALTER SYSTEM SET synchronous_standby_names = ''")
        self.sql("SELECT pg_reload_conf()")

    def wait_for(self, standby):
        """Each commit waits for the standby from here on."""
        self.sql(f"ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 ({standby})'")
        self.sql("SELECT pg_reload_conf()")
        until = time.monotonic() + 20
        while self.sql("SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')") != "1":
            if time.monotonic() > until:
                raise RuntimeError("the standby does not follow")
            time.sleep(0.05)

    def kill(self):
        """As a machine that is gone: no process says goodbye."""
        if self.process and self.process.poll() is None:
            # Its children are sessions of their own.
            children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
            for process in (self.process.pid, *map(int, children)):
                try:
                    os.kill(process, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
