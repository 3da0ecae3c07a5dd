# shellcheck shell=bash disable=SC2034
# Sourced by the scripts of deploy/: where things are, and how a step is told.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
LOCAL=$ROOT/.local          # everything that is made here and is not build output
LOGS=$LOCAL/log
TOOL=${0##*/}

say() { printf '%s: %s\n' "$TOOL" "$*"; }

die() {
    printf '%s: %s\n' "$TOOL" "$*" >&2
    exit 1
}

# Makes .local. Others may pass through it (the database server of root is one) but see nothing in it.
make_local() {
    mkdir -p "$LOCAL" "$LOGS"
    chmod 711 "$LOCAL"
    chmod 700 "$LOGS"
}

# Runs a command with its output in a log file, and shows the end of it only when the command fails.
#   quietly NAME COMMAND...
quietly() {
    local name=$1
    shift
    local log=$LOGS/$name.log
    if ! "$@" >"$log" 2>&1 </dev/null; then
        tail -n 40 "$log" >&2
        die "$name failed; the whole output is in $log"
    fi
}

# Runs the rest as root: directly, or through sudo.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        die "this needs root and there is no sudo; run as root: $*"
    fi
}

# A random secret of 48 hexadecimal digits.
random_secret() { od -An -v -tx1 -N24 /dev/urandom | tr -d ' \n'; }

# Does something accept connections on HOST PORT?
port_taken() { (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; }

# The first port from PORT upwards that nobody serves on HOST.
free_port() {
    local host=$1 port=$2 last=$(($2 + 200))
    while port_taken "$host" "$port"; do
        port=$((port + 1))
        [ "$port" -le "$last" ] || die "no free port from $2 to $last on $host"
    done
    printf '%s\n' "$port"
}
