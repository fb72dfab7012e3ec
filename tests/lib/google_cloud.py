"""What Google's clients need to find a house, as `keyward google env` prints it, and the clients themselves."""

import json
import os
import shlex

import house as houses


def crc32c(data):
    """CRC-32C (Castagnoli), bit by bit: nothing of the clients' own is used to check them."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


class World:
    """A house with a service account that may do everything."""

    def __init__(self, house):
        self.house = house
        told = house.run("google", "env", "--data", house.data)
        if told.returncode:
            raise SystemExit(f"keyward google env: {told.stderr}")
        self.variables = dict(exported(told.stdout))
        self.project = self.variables["GOOGLE_CLOUD_PROJECT"]
        self.credentials = self.variables["GOOGLE_APPLICATION_CREDENTIALS"]

    def token(self):
        """An access token of the developer, who may do everything too."""
        member = f"user:dev@{self.project}.iam.gserviceaccount.com"
        for words in (("iam", "bind", member, "roles/owner"), ("token",)):
            told = self.house.run("google", *words, "--data", self.house.data)
            if told.returncode:
                raise SystemExit(f"keyward google {words[0]}: {told.stderr}")
        return told.stdout.strip()

    def environment(self, **more):
        """Of another process: nothing in it leads elsewhere."""
        return houses.clean_environment(**{**self.variables, **more})

    def account(self, name):
        """A service account that may do nothing yet: its address. Made once."""
        file = self.file(f"{name}@")
        if not file.exists():
            for words in (("create", name), ("keys", "create", file, "--account", name)):
                told = self.house.run("google", "service-account", *words, "--data", self.house.data)
                if told.returncode:
                    raise SystemExit(f"keyward google service-account {words[0]}: {told.stderr}")
        return json.loads(file.read_text())["client_email"]

    def file(self, address):
        """Where the key of an account is."""
        return self.house.scratch / f"account-{address.partition('@')[0]}.json"

    def client(self, transport, address=None):
        """A client of this process, by gRPC or REST: of the developer, or of an account that was made."""
        for name in houses.FOREIGN:
            os.environ.pop(name, None)
        os.environ.update(self.variables)
        from google.oauth2 import service_account
        file = self.file(address) if address else self.credentials
        return self.client_with(service_account.Credentials.from_service_account_file(file), transport)

    def client_by_token(self, transport):
        """The same of the developer's, whose credential knows no time of its own."""
        for name in houses.FOREIGN:
            os.environ.pop(name, None)
        os.environ.update(self.variables)
        from google.oauth2 import credentials
        return self.client_with(credentials.Credentials(self.token()), transport)

    def client_with(self, credentials, transport):
        from google.api_core.client_options import ClientOptions
        from google.cloud import kms_v1
        at = f"127.0.0.1:{self.house.port}"
        options = ClientOptions(api_endpoint=at if transport == "grpc" else f"https://{at}")
        return kms_v1.KeyManagementServiceClient(credentials=credentials, transport=transport, client_options=options)


def exported(lines):
    """Names and values of `export NAME='VALUE'`."""
    for line in lines.splitlines():
        words = shlex.split(line)
        if words[:1] == ["export"]:
            name, _, value = words[1].partition("=")
            yield name, value
