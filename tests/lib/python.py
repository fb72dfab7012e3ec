"""Finds the Python that the suites run with: $PYTHON, $VENV, or the environment that the test command made."""

import importlib.util
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def candidates():
    if os.environ.get("PYTHON"):
        yield pathlib.Path(os.environ["PYTHON"])
    if os.environ.get("VENV"):
        yield pathlib.Path(os.environ["VENV"]) / "bin/python"
    yield ROOT / ".cache/venv/bin/python"


def enter():
    """Goes on in an interpreter that has what tests/requirements.txt names."""
    sys.path.append(str(ROOT / "tests/oracle"))
    sys.path.append(str(ROOT / "tools/independent"))
    if not os.environ.get("KEYWARD_SUITE_ENTERED"):
        os.environ["KEYWARD_SUITE_ENTERED"] = "1"
        for python in candidates():
            if python.is_file() and os.access(python, os.X_OK):
                os.execv(python, [str(python), *sys.argv])
    if importlib.util.find_spec("boto3") and importlib.util.find_spec("cryptography"):
        return
    sys.exit("no Python with boto3 and cryptography: make .cache/venv from tests/requirements.txt, or set $PYTHON")


enter()
