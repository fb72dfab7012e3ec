"""A network of the rig's own, in which packets can be dropped: the loopback of a namespace that goes with the process."""

import contextlib
import os
import shutil
import subprocess
import sys

SEPARATED = "KEYWARD_RIG_NETWORK"
TABLE = "keyward_rig"


def separate():
    """Goes on in a network namespace, and in one for users where only that allows it."""
    if os.environ.get(SEPARATED) or not shutil.which("unshare"):
        return
    way = ["unshare", "--net"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
    if subprocess.run([*way, "true"], capture_output=True).returncode == 0:
        os.environ[SEPARATED] = "1"
        os.execvp("unshare", [*way, sys.executable, *sys.argv])


def lacking():
    missing = [name for name in ("ip", "nft", "unshare") if not shutil.which(name)]
    if missing:
        return f"not installed: {' '.join(missing)}"
    if not os.environ.get(SEPARATED):
        return "no network namespace can be made"
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    tried = subprocess.run(["nft", "add", "table", "inet", TABLE], capture_output=True, text=True)
    return tried.stderr.strip()


@contextlib.contextmanager
def dropped(*which):
    """Packets that these match do not arrive."""
    chain = f"add chain inet {TABLE} in {{ type filter hook input priority 0; }}\n"
    rules = "".join(f"add rule inet {TABLE} in {match} drop\n" for match in which)
    subprocess.run(["nft", "-f", "-"], input=chain + rules, text=True, check=True)
    try:
        yield
    finally:
        subprocess.run(["nft", "flush", "table", "inet", TABLE], check=True)
