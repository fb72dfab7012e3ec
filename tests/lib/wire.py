"""Requests as bytes: a signer of our own (SigV4, header form), and connections that send what no SDK would."""

import contextlib
import datetime
import hashlib
import hmac
import http.client
import json
import socket
import ssl

SERVICE_TARGET = "TrentService"


def hmac256(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def stamp(offset_seconds=0):
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=offset_seconds)
    return now.strftime("%Y%m%dT%H%M%SZ")


def sign(headers, body, credentials, region, service="kms", method="POST", path="/", at=None, tamper=None):
    """The headers with `X-Amz-Date` and `Authorization`. `tamper` changes the parts before they are put together."""
    identity, secret = credentials
    at = at or stamp()
    date = at[:8]
    headers = {**headers, "X-Amz-Date": at}
    signed = sorted(name.lower() for name in headers)
    values = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    canonical = "\n".join([
        method, path, "", *(f"{name}:{values[name]}" for name in signed), "", ";".join(signed),
        hashlib.sha256(body).hexdigest(),
    ])  # fmt: skip
    scope = f"{date}/{region}/{service}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", at, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac256(key, part)
    parts = {"credential": f"{identity}/{scope}", "headers": ";".join(signed), "signature": hmac256(key, text).hex()}
    if tamper:
        parts = tamper(parts)
    authorization = (f"AWS4-HMAC-SHA256 Credential={parts['credential']}, SignedHeaders={parts['headers']}, "
                     f"Signature={parts['signature']}")
    return {**headers, "Authorization": authorization}


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def id(self):
        return self.headers.get("x-amzn-requestid", "")

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        """The error's code, as SDKs read it; nothing if this is no error of the service's shape."""
        with contextlib.suppress(ValueError, KeyError, AttributeError, TypeError):
            return self.json["__type"].rpartition("#")[2]
        return None

    @property
    def message(self):
        with contextlib.suppress(ValueError, AttributeError):
            return self.json.get("message", self.json.get("Message"))
        return None

    def __repr__(self):
        return f"{self.status} {self.body[:300]!r}"


class Wire:
    """Speaks to one server; each request on a connection of its own unless it is kept."""

    def __init__(self, house, credentials=None, region="eu-central-1", plain=False, kept=False):
        self.house, self.region, self.plain, self.kept = house, region, plain, kept
        self.credentials = credentials or house.credentials()
        self.connection = None

    def connect(self):
        if self.plain:
            return http.client.HTTPConnection("127.0.0.1", self.house.port, timeout=40)
        trusted = ssl.create_default_context(cafile=str(self.house.ca))
        return http.client.HTTPSConnection("127.0.0.1", self.house.port, timeout=40, context=trusted)

    def raw(self, timeout=40):
        """A bare connection, TLS or not."""
        bare = socket.create_connection(("127.0.0.1", self.house.port), timeout=timeout)
        if self.plain:
            return bare
        trusted = ssl.create_default_context(cafile=str(self.house.ca))
        return trusted.wrap_socket(bare, server_hostname="127.0.0.1")

    def headers(self, operation, kind="application/x-amz-json-1.1"):
        headers = {"Host": f"127.0.0.1:{self.house.port}"}
        if kind is not None:
            headers["Content-Type"] = kind
        if operation is not None:
            headers["X-Amz-Target"] = operation if "." in operation else f"{SERVICE_TARGET}.{operation}"
        return headers

    def send(self, headers, body, method="POST", path="/"):
        connection = self.connection or self.connect()
        try:
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            told = Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        except BaseException:
            connection.close()
            self.connection = None
            raise
        if self.kept:
            self.connection = connection
        else:
            connection.close()
        return told

    def call(self, operation, body, kind="application/x-amz-json-1.1", **signing):
        """A signed request. A body that is not bytes is written as JSON."""
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = self.headers(operation, kind)
        credentials = signing.pop("credentials", self.credentials)
        return self.send(sign(headers, body, credentials, signing.pop("region", self.region), **signing), body)

    def native(self, operation, body):
        """A signed request in the native tongue."""
        body, path = json.dumps(body).encode(), f"/v1/{operation}"
        headers = {"Host": f"127.0.0.1:{self.house.port}", "Content-Type": "application/json"}
        signed = sign(headers, body, self.credentials, self.region, service="keyward", path=path)
        return self.send(signed, body, path=path)

    def close(self):
        if self.connection:
            self.connection.close()
            self.connection = None
