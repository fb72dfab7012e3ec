"""Starts and stops Keyward for a suite, on a port of its own, and makes clients that can reach nothing else."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
REGION = "eu-central-1"
START_SECONDS_MAX = 30

# Machines preset these for their own purposes, and a left-over one beats what a test sets.
FOREIGN = (
    "AWS_CA_BUNDLE REQUESTS_CA_BUNDLE SSL_CERT_FILE SSL_CERT_DIR NIX_SSL_CERT_FILE CURL_CA_BUNDLE NODE_EXTRA_CA_CERTS "
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH HTTPLIB2_CA_CERTS CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE PIP_CERT TF_CLI_CONFIG_FILE "
    "AWS_PROFILE AWS_DEFAULT_REGION AWS_REGION AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN "
    "AWS_ENDPOINT_URL AWS_ENDPOINT_URL_KMS AWS_ENDPOINT_URL_STS AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE "
    "HTTP_PROXY HTTPS_PROXY http_proxy https_proxy ALL_PROXY all_proxy "
    "KEYWARD_DATA KEYWARD_STORE KEYWARD_ROOT_KEY KEYWARD_TLS_CERT KEYWARD_TLS_KEY CREDENTIALS_DIRECTORY"
).split()


def binary():
    """$KEYWARD, else the newest build."""
    if os.environ.get("KEYWARD"):
        return pathlib.Path(os.environ["KEYWARD"])
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    built = [target / kind / "keyward" for kind in ("debug", "release")]
    built = [path for path in built if path.is_file()]
    if not built:
        raise SystemExit("there is no keyward: run `cargo build --workspace --all-targets`, or set $KEYWARD")
    return max(built, key=lambda path: path.stat().st_mtime)


def clean_environment(**more):
    """The environment without what would lead a client elsewhere."""
    kept = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    nowhere = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null", "AWS_PAGER": "",
               "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_MAX_ATTEMPTS": "1", "NO_PROXY": "127.0.0.1,localhost"}
    return {**kept, **nowhere, **{name: str(value) for name, value in more.items()}}


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Scratch:
    """A directory that goes when the suite ends, unless $KEEP is set."""

    def __init__(self, name):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix=f"keyward-{name}-"))

    def __enter__(self):
        return self.path

    def __exit__(self, kind, *_):
        if os.environ.get("KEEP"):
            print(f"kept: {self.path}")
        else:
            shutil.rmtree(self.path, ignore_errors=True)


class NotReady(Exception):
    pass


class House:
    """One server process after the other on the same data."""

    def __init__(self, scratch, name="site", kind="dev"):
        """`kind`: `dev`, which keeps its root key with its data, or `serve`, whose root key lies elsewhere."""
        self.kind, self.who, self.store = kind, None, None
        self.scratch = pathlib.Path(scratch)
        self.data = self.scratch / name
        self.log = self.scratch / f"{name}.log"
        self.port = free_port()
        self.process = None
        self.sealed = False
        self.anchors = []  # Where not beside the root key

    # Starting and stopping

    def environment(self):
        # The place where `dev` leaves its whereabouts must not be that of a developer who works here.
        return clean_environment(XDG_RUNTIME_DIR=self.scratch, TMPDIR=self.scratch)

    def run(self, *arguments, **options):
        """A command to its end."""
        environment = {**self.environment(), **options.pop("environment", {})}
        return subprocess.run([binary(), *map(str, arguments)], env=environment, text=True,
                              capture_output=True, timeout=options.pop("timeout", 60), **options)

    def spawn(self, *arguments):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([binary(), *map(str, arguments)], env=self.environment(),
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return self.process

    def dev(self, *more):
        self.spawn("dev", "--data", self.data, "--listen", f"127.0.0.1:{self.port}", *more)
        self.wait_ready()
        return self

    def beginning(self):
        """The command line that starts it, whatever it is."""
        kept = ("--data", self.data, "--listen", f"127.0.0.1:{self.port}", *self.stored())
        return ("dev", *kept) if self.kind == "dev" else ("serve", *kept, "--root-key", self.root_key, *self.anchored())

    def anchored(self):
        return [word for anchor in self.anchors for word in ("--anchor", anchor)]

    def start(self):
        """Starts it; the first time it is made, with somebody who may do everything in a tenant."""
        made = self.kind == "dev" or self.data.exists()
        if not made:
            self.init(self.root_key)
        self.spawn(*self.beginning())
        self.wait_ready()
        if not made:
            self.settle()
        return self

    def stored(self):
        """Where the log is, if not in the data directory."""
        return ("--store", self.store) if self.store else ()

    def joined_by(self, node):
        """Another server on the same log: it is given the root key, an anchor and the certificate, and nothing else."""
        node.store, node.who = node.store or self.store, self.who
        node.data.mkdir()
        shutil.copytree(self.data / "tls", node.data / "tls")
        shutil.copy(self.root_key, node.root_key)
        for anchor in self.scratch.glob(f"{self.root_key.name}.anchor*"):
            shutil.copy(anchor, node.scratch / anchor.name.replace(self.root_key.name, node.root_key.name))
        return node.start()

    def settle(self):
        """A tenant, and in it somebody with all rights in every tongue."""
        site = (self.administrator["AWS_ACCESS_KEY_ID"], self.administrator["AWS_SECRET_ACCESS_KEY"])
        self.command(site, "tenant", "create", "acme", "--account", "111122223333")
        self.command(site, "principal", "create", "alice", "--tenant", "acme", "--role", "Administrator")
        made = self.command(site, "principal", "key", "create", "alice", "--tenant", "acme")
        told = dict(line.removeprefix("export ").split("=", 1) for line in made.splitlines())
        self.who = (told["AWS_ACCESS_KEY_ID"], told["AWS_SECRET_ACCESS_KEY"])
        everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        self.command(self.who, "policy", "identity", "put", "alice", "everything", "-", input=json.dumps(everything))

    def command(self, credentials, *arguments, **options):
        """What somebody's command line prints."""
        environment = {**self.environment(), "KEYWARD_ADDR": self.https, "KEYWARD_CA_FILE": str(self.ca),
                       "AWS_ACCESS_KEY_ID": credentials[0], "AWS_SECRET_ACCESS_KEY": credentials[1], "AWS_REGION": REGION}
        done = subprocess.run([binary(), *arguments], env=environment, text=True, capture_output=True, timeout=60, **options)
        if done.returncode:
            raise NotReady(f"{' '.join(arguments)}: {done.stderr}")
        return done.stdout

    def init(self, root_key):
        made = self.run("init", "--data", self.data, "--root-key", root_key, *self.stored(), *self.anchored())
        if made.returncode:
            raise NotReady(made.stderr)
        self.administrator = dict(
            line.removeprefix("export ").split("=", 1) for line in made.stdout.splitlines() if line.startswith("export ")
        )
        self.recovery = next((line.strip() for line in made.stderr.splitlines() if "keyward-recovery-" in line), None)
        return self

    def serve(self, *more, ready=True):
        self.spawn("serve", "--data", self.data, "--listen", f"127.0.0.1:{self.port}", *more)
        if ready:
            self.wait_ready()
        return self

    def wait_ready(self, seconds=START_SECONDS_MAX):
        self.wait_for(lambda: self.page("/readyz")[0] == 200, seconds, "ready")

    def wait_up(self, seconds=START_SECONDS_MAX):
        self.wait_for(lambda: self.page("/livez")[0] == 200, seconds, "up")

    def wait_for(self, holds, seconds, what):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise NotReady(f"ended with {self.process.returncode}: {self.logged()[-2000:]}")
            try:
                if holds():
                    return
            except OSError:
                pass
            time.sleep(0.02)
        raise NotReady(f"not {what} within {seconds} s: {self.logged()[-2000:]}")

    def logged(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def kill(self):
        """As a power cut would end it: without a word."""
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait()

    def stop(self, seconds=30):
        """As a service manager would. Its exit code."""
        if self.process is None or self.process.poll() is not None:
            return self.process.returncode if self.process else None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=seconds)

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    # What it publishes

    @property
    def https(self):
        return f"https://127.0.0.1:{self.port}"

    @property
    def http(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def ca(self):
        return self.data / "tls/ca.pem"

    @property
    def root_key(self):
        return self.data / "root.key" if self.kind == "dev" else self.scratch / f"{self.data.name}.root.key"

    @property
    def database(self):
        return self.data / "keyward.db"

    def client_file(self):
        return json.loads((self.data / "client.json").read_text())

    def page(self, path):
        """Status and text of a public document."""
        import ssl

        trusted = ssl.create_default_context(cafile=self.ca)
        plain = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trusted))
        try:
            with plain.open(self.https + path, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except urllib.error.URLError as error:
            raise OSError(str(error)) from error

    def metric(self, name, **labels):
        """The sum of a metric over all its series that carry these labels."""
        total = 0.0
        for line in self.page("/metrics")[1].splitlines():
            series, _, value = line.rpartition(" ")
            if series.partition("{")[0] == name and all(f'{k}="{v}"' in series for k, v in labels.items()):
                total += float(value)
        return total

    # Clients

    def credentials(self):
        if self.who:
            return self.who
        client = self.client_file()
        return client["access_key_id"], client["secret_access_key"]

    def aws_environment(self, credentials=None, region=REGION, plain=False):
        identity, secret = credentials or self.credentials()
        endpoint = self.http if plain else self.https
        more = {} if plain else {"AWS_CA_BUNDLE": self.ca}
        return clean_environment(AWS_ENDPOINT_URL_KMS=endpoint, AWS_ENDPOINT_URL_STS=endpoint, AWS_REGION=region,
                                 AWS_DEFAULT_REGION=region, AWS_ACCESS_KEY_ID=identity, AWS_SECRET_ACCESS_KEY=secret,
                                 **more)

    def boto(self, service="kms", credentials=None, region=REGION, plain=False, attempts=1, connections=16):
        import boto3
        from botocore.config import Config

        os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
        identity, secret = credentials or self.credentials()
        config = Config(retries={"total_max_attempts": attempts, "mode": "standard"}, proxies={},
                        max_pool_connections=connections, parameter_validation=False,
                        connect_timeout=5, read_timeout=40)
        session = boto3.Session(aws_access_key_id=identity, aws_secret_access_key=secret, region_name=region)
        return session.client(service, config=config, endpoint_url=self.http if plain else self.https,
                              verify=None if plain else str(self.ca))
