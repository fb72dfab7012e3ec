"""Walks the installed botocore model of AWS KMS against a running server.

Every operation of the model is called with boto3. The report lists which the server answers, which this release
refuses, and which it does not know. It fails if an operation is unknown to the server, or if an error comes back
that the operation's model does not list and that is not common to all operations.

    AWS_ENDPOINT_URL_KMS=... AWS_CA_BUNDLE=... AWS_ACCESS_KEY_ID=... AWS_SECRET_ACCESS_KEY=... AWS_REGION=... \
        python3 contract.py            call every operation
    python3 contract.py --model        compare the model with crates/dialect-aws/tests/model.txt
    python3 contract.py --model --write  make that file anew
    python3 contract.py --newer        say whether there is a newer botocore than the installed one
"""

import json
import pathlib
import sys
import urllib.request

import boto3
import botocore
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

HERE = pathlib.Path(__file__).resolve().parent
MODEL_FILE = HERE.parent.parent / "crates/dialect-aws/tests/model.txt"
NOBODYS_KEY = "00000000-0000-4000-8000-000000000000"

# Answered by every operation of the service, and listed by none.
COMMON = {
    "AccessDeniedException",
    "NotAuthorizedException",
    "SerializationException",
    "ThrottlingException",
    "ValidationException",
}
# The server does not know the operation at all.
UNKNOWN = {"UnknownOperationException", "404"}

# Operations that must not only be known but work, with what they are called with. `{key}` is a key made for it.
SERVED = {
    "CreateKey": {},
    "DescribeKey": {"KeyId": "{key}"},
    "ListKeys": {},
    "UpdateKeyDescription": {"KeyId": "{key}", "Description": "contract"},
    "CreateAlias": {"AliasName": "alias/contract-{key}", "TargetKeyId": "{key}"},
    "UpdateAlias": {"AliasName": "alias/contract-{key}", "TargetKeyId": "{key}"},
    "ListAliases": {"KeyId": "{key}"},
    "DeleteAlias": {"AliasName": "alias/contract-{key}"},
    "TagResource": {"KeyId": "{key}", "Tags": [{"TagKey": "a", "TagValue": "1"}]},
    "ListResourceTags": {"KeyId": "{key}"},
    "UntagResource": {"KeyId": "{key}", "TagKeys": ["a"]},
    "GetKeyPolicy": {"KeyId": "{key}"},
    "PutKeyPolicy": {"KeyId": "{key}", "Policy": "{policy}"},
    "ListKeyPolicies": {"KeyId": "{key}"},
    "Encrypt": {"KeyId": "{key}", "Plaintext": b"hello"},
    "Decrypt": {"CiphertextBlob": "{ciphertext}"},
    "ReEncrypt": {"CiphertextBlob": "{ciphertext}", "DestinationKeyId": "{key}"},
    "GenerateDataKey": {"KeyId": "{key}", "KeySpec": "AES_256"},
    "GenerateDataKeyWithoutPlaintext": {"KeyId": "{key}", "NumberOfBytes": 16},
    "GenerateRandom": {"NumberOfBytes": 16},
    "EnableKeyRotation": {"KeyId": "{key}"},
    "GetKeyRotationStatus": {"KeyId": "{key}"},
    "RotateKeyOnDemand": {"KeyId": "{key}"},
    "ListKeyRotations": {"KeyId": "{key}"},
    "DisableKeyRotation": {"KeyId": "{key}"},
    "DisableKey": {"KeyId": "{key}"},
    "EnableKey": {"KeyId": "{key}"},
    "ScheduleKeyDeletion": {"KeyId": "{key}", "PendingWindowInDays": 7},
    "CancelKeyDeletion": {"KeyId": "{key}"},
}


def model():
    return botocore.session.get_session().get_service_model("kms")


def errors_of(operation):
    return sorted(shape.name for shape in operation.error_shapes)


def model_lines():
    service = model()
    names = sorted(service.operation_names)
    return [f"{name}: {' '.join(errors_of(service.operation_model(name)))}" for name in names]


def compare_model(write):
    lines = model_lines()
    if write:
        MODEL_FILE.write_text("\n".join(lines) + "\n")
        return 0
    kept = MODEL_FILE.read_text().splitlines()
    gone, new = set(kept) - set(lines), set(lines) - set(kept)
    for line in sorted(new):
        print(f"NEW   {line}")
    for line in sorted(gone):
        print(f"GONE  {line}")
    print(f"botocore {botocore.__version__}: {len(lines)} operations, {len(new)} new or changed")
    return 1 if new or gone else 0


def newest():
    with urllib.request.urlopen("https://pypi.org/pypi/botocore/json", timeout=30) as answer:
        found = json.load(answer)["info"]["version"]
    print(f"installed {botocore.__version__}, newest {found}")
    return 0 if found == botocore.__version__ else 1


def sample(shape, depth=0):
    """The least that the client's own validation lets through."""
    kind = shape.type_name
    if kind == "structure":
        return {name: sample(shape.members[name], depth + 1) for name in shape.required_members}
    if kind == "list":
        return [sample(shape.member, depth + 1)]
    if kind == "map":
        return {}
    if kind == "blob":
        return b"AAAA"
    if kind in ("integer", "long"):
        return shape.metadata.get("min", 1)
    if kind == "boolean":
        return False
    if getattr(shape, "enum", None):
        return shape.enum[0]
    if shape.name == "KeyIdType":
        return NOBODYS_KEY
    return "x" * max(shape.metadata.get("min", 1), 1)


def client():
    config = Config(retries={"max_attempts": 1}, parameter_validation=False)
    return boto3.client("kms", config=config)


def call(kms, name, parameters):
    """What came of it: nothing, or the error's code."""
    method = botocore.xform_name(name)
    try:
        return None, getattr(kms, method)(**parameters)
    except ClientError as error:
        return error.response["Error"]["Code"], None


def filled(parameters, known):
    def fill(value):
        if isinstance(value, str):
            if value in ("{ciphertext}", "{policy}"):
                return known[value.strip("{}")]
            return value.replace("{key}", known["key"])
        if isinstance(value, list):
            return [fill(item) for item in value]
        return value

    return {name: fill(value) for name, value in parameters.items()}


def served(kms):
    """Calls every served operation so that it works. Says which did not."""
    key = kms.create_key(Description="contract")["KeyMetadata"]["KeyId"]
    known = {
        "key": key,
        "ciphertext": kms.encrypt(KeyId=key, Plaintext=b"hello")["CiphertextBlob"],
        "policy": kms.get_key_policy(KeyId=key)["Policy"],
    }
    made, failed = [key], []
    for name, parameters in SERVED.items():
        code, answer = call(kms, name, filled(parameters, known))
        if code:
            failed.append(f"{name} should work and answered {code}")
        elif name == "CreateKey":
            made.append(answer["KeyMetadata"]["KeyId"])
    for key in made:
        call(kms, "ScheduleKeyDeletion", {"KeyId": key, "PendingWindowInDays": 7})
    return failed


def dry(kms):
    """A dry run always ends in an error, and names it."""
    key = kms.create_key(Description="contract, dry")["KeyMetadata"]["KeyId"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"hello")["CiphertextBlob"]
    uses = {
        "Encrypt": {"KeyId": key, "Plaintext": b"hello"},
        "Decrypt": {"CiphertextBlob": blob},
        "ReEncrypt": {"CiphertextBlob": blob, "DestinationKeyId": key},
        "GenerateDataKey": {"KeyId": key, "KeySpec": "AES_256"},
        "GenerateDataKeyWithoutPlaintext": {"KeyId": key, "KeySpec": "AES_256"},
    }
    failed = []
    for name, parameters in uses.items():
        code, _ = call(kms, name, {**parameters, "DryRun": True})
        if code != "DryRunOperationException":
            failed.append(f"{name} with DryRun answered {code}")
    call(kms, "ScheduleKeyDeletion", {"KeyId": key, "PendingWindowInDays": 7})
    return failed


def walk(kms):
    """Calls every operation of the model with next to nothing. Says what the model does not allow."""
    service, failed, missing = model(), [], []
    for name in sorted(service.operation_names):
        operation = service.operation_model(name)
        if name in ("CreateKey", "GenerateRandom", "ListKeys", "ListAliases"):
            parameters = {}
        else:
            parameters = sample(operation.input_shape) if operation.input_shape else {}
        code, answer = call(kms, name, parameters)
        if name == "CreateKey" and answer:
            call(kms, "ScheduleKeyDeletion", {"KeyId": answer["KeyMetadata"]["KeyId"], "PendingWindowInDays": 7})
        if code in UNKNOWN:
            print(f"UNKNOWN  {name}")
            failed.append(f"{name} is in the model and unknown to the server")
            continue
        if name in SERVED:
            print(f"served   {name}" + (f" ({code})" if code else ""))
        else:
            missing.append(name)
            print(f"missing  {name} ({code})")
            if code is None:
                failed.append(f"{name} answered, and this script holds it for missing")
        if code and code not in COMMON and code not in errors_of(operation):
            failed.append(f"{name} answered {code}, which its model does not list")
    names = set(service.operation_names)
    known = len(names & set(SERVED))
    print(f"botocore {botocore.__version__}: {known} of {len(names)} operations served, {len(missing)} missing")
    return failed


def main(arguments):
    if "--newer" in arguments:
        return newest()
    if "--model" in arguments:
        return compare_model("--write" in arguments)
    kms = client()
    failed = []
    for part in (walk, served, dry):
        try:
            failed += part(kms)
        except ClientError as error:
            failed.append(f"{part.__name__} could not go on: {error}")
    for line in failed:
        print(f"FAILED   {line}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
