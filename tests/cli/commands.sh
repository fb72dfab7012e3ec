#!/bin/bash
# The command line against a real server: data of any size, exit codes, forms of output, people, policy, proofs.
# Needs a built `keyward` ($KEYWARD); python3 with `cryptography` ($PYTHON) for the independent scripts.
. "$(dirname "$0")/lib.sh"
python="${PYTHON:-python3}"
begin
cd "$scratch" || exit 1
"$keyward" key create payments >/dev/null

# Data of any size
head -c 70000000 /dev/urandom >big
said 0 'key payments v1$' 'a large file becomes an envelope' "$keyward" encrypt payments big --out big.kw --context app=shop
said 0 '' 'it comes back' "$keyward" decrypt big.kw --out back --context app=shop
said 0 '' 'and is the same' cmp big back
said 1 'cannot be opened' 'another context opens nothing' "$keyward" decrypt big.kw --context app=other
said 0 '^within' 'in bounded memory' bash -c '
    /usr/bin/env python3 - "$0" <<"PY"
import resource, subprocess, sys
subprocess.run([sys.argv[1], "decrypt", "big.kw", "--context", "app=shop"], stdout=subprocess.DEVNULL, check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print("within" if used < 48 * 1024 else "beyond", used, "KiB")
PY' "$keyward"
head -c $((153 + 65552 * 100)) big.kw >cut.kw
said 1 'cut or was changed at chunk 99' 'a file cut between chunks is refused' \
    "$keyward" decrypt cut.kw --out cut --context app=shop
said 1 '' 'and leaves no file' test -e cut
said 1 'cut or was changed' 'to standard output too' bash -c '"$0" decrypt cut.kw --context app=shop >/dev/null' "$keyward"
"$python" - <<'PY'
data = bytearray(open("big.kw", "rb").read())
head, chunk = 153, 65552
moved = data[:head] + data[head + chunk : head + 2 * chunk] + data[head : head + chunk] + data[head + 2 * chunk :]
open("moved.kw", "wb").write(moved)
data[head + 5 * chunk + 7] ^= 1
open("edited.kw", "wb").write(data)
PY
said 1 'at chunk 0' 'a reordered file is refused' "$keyward" decrypt moved.kw --out x --context app=shop
said 1 'at chunk 5' 'an edited file is refused' "$keyward" decrypt edited.kw --out x --context app=shop
said 0 '' 'no half of them is left' bash -c '[ -z "$(find . -name ".keyward-*")" ] && [ ! -e x ]'
for size in 0 1 4095 4096 65536 65537; do
    head -c "$size" big >some
    said 0 '' "$size bytes come back" bash -c '"$0" encrypt payments <some 2>/dev/null | "$0" decrypt | cmp - some' "$keyward"
done
said 1 'no ciphertext of Keyward' 'what is no ciphertext is refused' "$keyward" decrypt big
said 1 'not-found: there is no key' 'an unknown key is told' bash -c 'echo x | "$0" encrypt nothing' "$keyward"

# Signatures and codes
said 0 'P-256' 'a key that signs' "$keyward" key create releases --purpose sign --algorithm P-256
said 0 'BEGIN PUBLIC KEY' 'its public half' "$keyward" key public releases
"$keyward" key public releases >releases.pem
echo 'version 1.0' >release
echo 'version 1.1' >other
said 0 'signed by version 1, ECDSA-SHA-256' 'sign' "$keyward" sign releases release --out release.sig
said 0 '^Verified OK' 'OpenSSL verifies it' openssl dgst -sha256 -verify releases.pem -signature release.sig release
said 0 'is right, by version 1' 'and so does verify' "$keyward" verify releases release --signature release.sig
said 1 'is not right' 'of another file it is not one' "$keyward" verify releases other --signature release.sig
openssl dgst -sha256 -binary release >release.sha256
said 0 '' 'sign a digest' "$keyward" sign releases release.sha256 --digest SHA-256 --out digest.sig
said 0 '^Verified OK' 'which is the same' openssl dgst -sha256 -verify releases.pem -signature digest.sig release
said 0 '' 'a signature in a pipe' bash -c '"$0" sign releases <release >piped.sig' "$keyward"
said 0 '"signature": "' 'and in JSON' bash -c '"$0" sign releases -o json <release' "$keyward"
said 1 'give the digest of more' 'a large file is not signed as it is' "$keyward" sign releases big --out x
said 0 '' 'a key for codes' "$keyward" key create admissions --purpose mac --algorithm HMAC-SHA-256
said 0 '' 'mac' "$keyward" mac admissions release --out release.mac
said 0 'is right' 'verify-mac' "$keyward" verify-mac admissions release --mac release.mac
said 1 'is not right' 'of another file it is none' "$keyward" verify-mac admissions other --mac release.mac
said 1 'wrong-purpose' 'a key for codes does not sign' "$keyward" sign admissions release --out x
said 1 'one of RSASSA' 'an RSA key asks for its scheme' bash -c '
    "$0" key create rsa --purpose sign --algorithm RSA-2048 2>&1 >/dev/null; "$0" sign rsa release --out x' "$keyward"
said 0 'v2' 'a signing key is rotated by hand' bash -c '"$0" rotate releases; "$0" key list' "$keyward"
said 0 'is right, by version 1' 'and the former version still verifies' \
    "$keyward" verify releases release --signature release.sig --version 1

# Forms of output
said 0 '"algorithm": "AES-256"' 'JSON' "$keyward" key show payments -o json
said 0 '^  algorithm: AES-256$' 'YAML' "$keyward" -o yaml key show payments
said 0 'azure \(' 'where a key cannot be shown, and why' "$keyward" key show payments
said 0 '^payments  ' 'keys in a list' "$keyward" key list

# Life
said 0 'to be destroyed' 'delete orders a destruction' "$keyward" key delete payments --after 7d
said 3 'ordered to be destroyed by you' 'such a key serves nobody' bash -c 'echo x | "$0" encrypt payments' "$keyward"
said 0 'disabled' 'undelete gives it back disabled' "$keyward" key undelete payments
said 0 'enabled' 'enable' "$keyward" key enable payments
said 0 '' 'tag' "$keyward" key tag payments team=red stage=live
said 0 'team +red' 'tags' "$keyward" key tags payments
said 0 '' 'untag' "$keyward" key untag payments team
said 0 'next rotation' 'schedule' "$keyward" key schedule payments 30d
said 0 'no rotation' 'no schedule' "$keyward" key schedule payments --never
said 0 '' 'alias' "$keyward" key alias create pay payments
said 0 'pay' 'aliases' "$keyward" key alias list
said 0 '' 'an alias works' bash -c 'echo x | "$0" encrypt pay >/dev/null' "$keyward"

# People and policy
said 0 '^dev|principal' 'whoami' "$keyward" whoami
said 0 'bob' 'principal create' "$keyward" principal create bob --role ReadOnly
said 0 'shown this once' 'principal key create' bash -c '"$0" principal key create bob >bob.env' "$keyward"
said 0 '' 'its secret goes to standard output' grep -q '^export AWS_SECRET_ACCESS_KEY=' bob.env
said 3 'denied' 'who may only read encrypts nothing' \
    bash -c '. ./bob.env; echo x | "$0" encrypt payments' "$keyward"
said 0 '^denied' 'explain says no' "$keyward" policy explain payments Encrypt --principal bob
said 0 '^allowed' 'explain says yes' "$keyward" policy explain payments DescribeKey --principal bob
said 0 'EncryptDecrypt' 'assign' "$keyward" principal assign bob EncryptDecrypt
said 0 '' 'and now it may' bash -c '. ./bob.env; echo x | "$0" encrypt payments >/dev/null' "$keyward"
said 0 '' 'forbid put' bash -c 'echo "forbid (principal, action == Action::\"Encrypt\", resource);" | "$0" policy forbid put freeze -' "$keyward"
said 3 'denied' 'a forbid stops everybody' bash -c 'echo x | "$0" encrypt payments' "$keyward"
said 0 'freeze' 'forbid list' "$keyward" policy forbid list
said 0 '' 'forbid remove' "$keyward" policy forbid remove freeze
said 0 'suspended' 'suspend' "$keyward" principal suspend bob
said 1 'unknown-credential|denied' 'a suspended principal is nobody' bash -c '. ./bob.env; "$0" whoami' "$keyward"
said 0 '111122223333' 'the site makes tenants' "$keyward" --as-site tenant create acme --account 111122223333
said 3 'denied' 'a tenant does not' "$keyward" tenant create other
said 0 '^200 None' 'the log holds the status of an answer' bash -c '
    "$0" audit list --limit 20 -o json | "$1" -c "
import json, sys
for entry in json.load(sys.stdin)[\"entries\"]:
    detail = entry[\"detail\"]
    if entry[\"tongue\"] == \"native\": print(detail.get(\"status\"), detail.get(\"code\"))
"' "$keyward" "$python"
said 0 '60' 'settings' "$keyward" --as-site settings set --signature-window 60
said 0 'retention months +12' 'how long the log is kept' "$keyward" --as-site settings set --retention-months 12
said 1 '1 to 1200 months' 'not longer than a hundred years' "$keyward" --as-site settings set --retention-months 1201
said 0 'says +as agreed' 'wall and steady time agree' "$keyward" clock show
said 0 'destruction, retention of the log follow steady' 'and what follows which' "$keyward" clock show
said 3 'AcceptClock' 'only the site says that the clock is right' "$keyward" clock accept --reason checked
said 1 'reason: 1 to 256' 'and why' "$keyward" --as-site clock accept --reason ''
said 1 'lacks nothing' 'no time passed that is missing' "$keyward" --as-site clock accept --reason checked --passed
said 0 'says +as agreed' 'it is accepted' "$keyward" --as-site clock accept --reason checked
said 0 'as agreed' 'status says so' "$keyward" status
said 3 'SetSettings' 'only the site says so' "$keyward" settings set --retention-months 1
said 0 'retention months +for ever' 'or for ever' "$keyward" --as-site settings set --retain-for-ever
said 0 'retention months +12' 'and for some time again' "$keyward" --as-site settings set --retention-months 12

# The log
sleep 1.2
said 0 '' 'a proof' bash -c '"$0" audit prove 1 >proof.json' "$keyward"
said 0 '' 'that a verifier without our code accepts' "$python" "$root/tools/independent/log.py" verify-proof proof.json
said 0 'SuspendPrincipal' 'audit by action' "$keyward" audit list --action SuspendPrincipal
said 0 '^keyward' 'a signed checkpoint' "$keyward" audit checkpoint

# Pages
said 0 'complete' 'completions' "$keyward" completions bash
said 0 '' 'man pages' bash -c '"$0" man pages && [ -s pages/keyward-key-create.1 ]' "$keyward"

# The native API from another client
if "$python" -c 'import botocore' 2>/dev/null; then
    cat >native.py <<'PY'
import json, os, ssl, sys, urllib.error, urllib.request
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

url, body = os.environ["KEYWARD_ADDR"] + "/v1/" + sys.argv[1], sys.argv[2]
request = AWSRequest("POST", url, data=body, headers={"Content-Type": "application/json"})
keys = Credentials(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
SigV4Auth(keys, "keyward", os.environ["AWS_REGION"]).add_auth(request)
trusted = ssl.create_default_context(cafile=os.environ["KEYWARD_CA_FILE"])
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trusted))
try:
    print(opener.open(urllib.request.Request(url, body.encode(), dict(request.headers))).read().decode())
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
PY
    said 0 '"name":"dev"' "another SDK's signer is understood" "$python" native.py who-am-i '{}'
    said 0 '^400 .*"word":"invalid".*no such member' 'an unknown member is refused' \
        "$python" native.py describe-key '{"key":"payments","x":1}'
    said 0 '^404 .*unknown-operation' 'so is an unknown operation' "$python" native.py nonsense '{}'
    said 0 '^400 .*unreadable' 'and what is no JSON' "$python" native.py describe-key '{'
    said 0 '^413 .*too-large' 'and too much' bash -c '
        "$0" - <<PY
import runpy, sys
sys.argv = ["native.py", "encrypt", "x" * 300_000]
runpy.run_path("native.py")
PY' "$python"
else
    skipped=$((skipped + 5))
    echo 'SKIP client=botocore reason=not-installed untested=the-native-API-from-another-client'
fi

# Limits
said 0 '' 'a key with a limit' "$keyward" key create tickets --uses-max 2
for use in first second; do
    said 0 '' "the $use use" bash -c 'echo ticket | "$0" encrypt tickets >/dev/null' "$keyward"
done
said 1 'version 1 has protected as often as its limit allows' 'the third is refused' \
    bash -c 'echo ticket | "$0" encrypt tickets >/dev/null' "$keyward"
said 0 '"uses": 2' 'the limit is shown' "$keyward" key show tickets -o json
said 0 '' 'the next version begins anew' bash -c '"$0" key rotate tickets && echo ticket | "$0" encrypt tickets >/dev/null' "$keyward"

# Usage
said 1 'Usage:' 'what makes no sense is a failure, not sealed' "$keyward" key create
said 0 'Usage:' 'help' "$keyward" encrypt --help

# Connections
said 0 '^keyward.dev|site' 'status over plaintext' bash -c 'eval "$("$0" env --plain)"; unset AWS_CA_BUNDLE KEYWARD_CA_FILE; "$0" status' "$keyward"
said 0 '^set -gx AWS_REGION' 'env for fish' "$keyward" env --shell fish
said 1 'bad-signature' 'a wrong secret' env AWS_SECRET_ACCESS_KEY=wrong "$keyward" whoami
said 1 'cannot be reached' 'no server' env KEYWARD_ADDR=https://127.0.0.1:1 "$keyward" whoami
said 1 'loopback' 'no plaintext to elsewhere' env KEYWARD_ADDR=http://192.0.2.1:80 "$keyward" whoami
stop
said 0 'entries a second' 'verify tells how fast it is' bash -c '"$0" audit verify --data "$1" 2>&1' "$keyward" "$scratch/data"
said 0 '^sound' 'verify when the server is down' "$keyward" audit verify --data "$scratch/data"

# Tampering, without a server and without its root key
said 0 '^sound' 'verify by the verifier key alone' "$keyward" audit verify --data data --verifier "$("$python" -c '
import json; print(json.load(open("proof.json"))["verifier"])')"
tamper() {
    rm -rf edited && cp -r data edited && "$python" - "$1" <<'PY'
import sqlite3, sys
with sqlite3.connect("edited/keyward.db") as database:
    assert database.execute(sys.argv[1]).rowcount == 1
PY
}
tamper "UPDATE batches SET entries = CAST(substr(entries, 1, 60) || X'00' || substr(entries, 62) AS BLOB) WHERE first = 3"
said 1 'FOUND  entry 3 was edited' 'an edited entry is named' "$keyward" audit verify --data edited
tamper "DELETE FROM batches WHERE first = 4"
said 1 'FOUND  batch at 4 is missing' 'a missing batch is named' "$keyward" audit verify --data edited
tamper "UPDATE rows SET position = position + 1 WHERE tbl = 3 AND position = (SELECT max(position) FROM rows WHERE tbl = 3)"
said 1 'row Key/' 'an edited row is named' "$keyward" audit verify --data edited -o json

# Sealed
"$keyward" init --data "$scratch/site" --root-key "$scratch/root.key" >admin.env 2>/dev/null
mv root.key away.key
port=$(free_port)
"$keyward" serve --data "$scratch/site" --root-key "$scratch/root.key" --listen "127.0.0.1:$port" 2>"$scratch/server.log" &
server=$!
. ./admin.env
export KEYWARD_ADDR="https://127.0.0.1:$port" KEYWARD_CA_FILE="$scratch/site/tls/ca.pem"
for _ in $(seq 50); do "$keyward" whoami 2>&1 | grep -q 'cannot be reached' || break; sleep 0.1; done
said 2 'sealed' 'without its root key a server is sealed' "$keyward" whoami
said 2 'sealed' 'and doctor says so' "$keyward" doctor
mv away.key root.key
sleep 3
said 0 'admin' 'with it, it opens' "$keyward" whoami
finish
