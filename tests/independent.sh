#!/bin/sh
# Formats against their independent scripts, both ways. Needs a Python with the package `cryptography`: $PYTHON,
# else python3.
set -eu
cd "$(dirname "$0")/.."
python="${PYTHON:-python3}"
made=$(mktemp -d)
# As scripts/test builds, so that nothing is built twice.
cargo build --quiet --locked --workspace --all-targets
vectors_of_crypto="${CARGO_TARGET_DIR:-target}/debug/examples/vectors"
trap 'rm -rf "$made"' EXIT

for format in envelope seal material; do
    script="tools/independent/$format.py"
    vectors="docs/formats/vectors/$format-v1.json"
    "$python" "$script" self-test
    "$python" "$script" make >"$made/$format.json"
    cmp "$made/$format.json" "$vectors"
    "$python" "$script" open <"$vectors"
    # What the other language made is opened by the crate's tests; here it opens what the crate has made.
    "$vectors_of_crypto" "$format" >"$made/ours.json"
    "$python" "$script" open <"$made/ours.json"
done
"$python" tools/independent/log.py self-test
"$python" tools/independent/state.py self-test
"$python" tools/independent/certificate.py self-test
"$python" tools/independent/certificate.py make >"$made/certificate.json"
cmp "$made/certificate.json" docs/formats/vectors/certificate.json
"$python" tools/independent/recover.py self-test
"$python" tools/independent/backup.py self-test
"$python" tools/independent/backup.py make >"$made/backup.json"
cmp "$made/backup.json" docs/formats/vectors/backup-v1.json
"$python" tools/independent/file.py self-test
"$python" tools/independent/file.py make >"$made/file.json"
cmp "$made/file.json" docs/formats/vectors/file-v1.json
for format in recovery_key:recovery anchor:anchor report:report; do
    "$python" "tools/independent/${format%:*}.py" self-test
    "$python" "tools/independent/${format%:*}.py" make >"$made/${format#*:}.json"
    cmp "$made/${format#*:}.json" "docs/formats/vectors/${format#*:}-v1.json"
done
