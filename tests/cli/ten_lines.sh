#!/bin/bash
# The first two minutes: ten lines, as the README has them. Needs a built `keyward` ($KEYWARD), and for two lines the
# AWS CLI.
. "$(dirname "$0")/lib.sh"
begin
cd "$scratch" || exit 1

said 0 '^payments  AES-256  enabled  next rotation 20[0-9-]+$' 'key create --rotate 90d' \
    "$keyward" key create payments --rotate 90d
said 0 '^109 bytes, key payments v1$' 'encrypt' \
    bash -c 'echo "4111 1111" | "$0" encrypt payments > c' "$keyward"
said 0 '^4111 1111$' 'decrypt needs no name' bash -c '"$0" decrypt < c' "$keyward"
if command -v aws >/dev/null; then
    said 0 'alias/payments' 'another tool sees the same key' aws kms list-aliases
    said 0 '^arn:aws:kms:' 'another tool uses the same key' \
        aws kms encrypt --key-id alias/payments --plaintext fileb://c --query KeyId --output text
else
    skipped=$((skipped + 2))
    echo 'SKIP client=aws reason=not-installed untested=the-same-key-in-another-tool'
fi
said 0 'v2 primary; v1 still decrypts \([1-9][0-9]* ciphertexts? seen\)' 'rotate' "$keyward" rotate payments
said 0 '^4111 1111$' 'the former version still decrypts' bash -c '"$0" decrypt < c' "$keyward"
said 0 'disabled' 'disable' "$keyward" disable payments
said 3 'denied: key payments disabled by you [0-9]+ s ago · undo: keyward enable payments$' 'a disabled key decrypts nothing' \
    bash -c '"$0" decrypt < c' "$keyward"
said 0 'enabled' 'enable undoes it' "$keyward" enable payments
said 0 '^[0-9]+ entries, chain verified to seq [0-9]+ in the signed tree of [0-9]+, root [0-9a-f]{8}…$' 'audit' \
    "$keyward" audit --key payments
said 0 '^[0-9]+ ok, [0-9]+ notes?: .*dev mode' 'doctor' "$keyward" doctor
said 0 '^sound: ' 'audit verify, without the server' "$keyward" audit verify --data "$scratch/data"
finish
