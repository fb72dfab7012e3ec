# A server of its own for a script, and checks that count. Source it; then `begin`, `check`, `finish`.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
keyward="${KEYWARD:-${CARGO_TARGET_DIR:-$root/target}/debug/keyward}"
scratch=$(mktemp -d)
passed=0 failed=0 skipped=0 server=
# What a developer has set must not lead us elsewhere.
unset AWS_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL KEYWARD_ADDR KEYWARD_CA_FILE KEYWARD_DATA KEYWARD_ROOT_KEY
unset HTTP_PROXY HTTPS_PROXY http_proxy https_proxy ALL_PROXY all_proxy
export XDG_RUNTIME_DIR="$scratch" TMPDIR="$scratch" AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
export AWS_EC2_METADATA_DISABLED=true AWS_PAGER= NO_COLOR=1

stop() {
    if [ -n "$server" ]; then kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; fi
    server=
}
trap 'stop; rm -rf "$scratch"' EXIT

# A free port, as long as nobody else takes it.
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# Waits for a file that the server writes when it listens.
await() {
    for _ in $(seq 100); do [ -e "$1" ] && return 0; sleep 0.1; done
    echo "the server did not start: $(cat "$scratch/server.log")"
    exit 1
}

# begin: a development server, found by `keyward env`.
begin() {
    "$keyward" dev --data "$scratch/data" --listen 127.0.0.1:0 2>"$scratch/server.log" &
    server=$!
    await "$scratch/keyward-$(id -u)/dev.json"
    eval "$("$keyward" env)"
}

# said EXIT PATTERN WHAT COMMAND…: the exit code, and what standard output and error say together.
said() {
    wanted=$1 pattern=$2 what=$3
    shift 3
    out=$("$@" 2>&1)
    code=$?
    if [ "$code" -eq "$wanted" ] && { [ -z "$pattern" ] || grep -Eq -- "$pattern" <<<"$out"; }; then
        echo "ok $what"
        passed=$((passed + 1))
    else
        echo "not ok $what"
        printf '    exit %s, wanted %s and /%s/:\n%s\n' "$code" "$wanted" "$pattern" "$out" | head -20
        failed=$((failed + 1))
    fi
}

finish() {
    if [ "$skipped" -gt 0 ]; then echo "$passed passed, $failed failed, $skipped skipped"; else echo "$passed passed, $failed failed"; fi
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
