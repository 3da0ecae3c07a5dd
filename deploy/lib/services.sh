# shellcheck shell=bash disable=SC2034
# Sourced: starts the executables, waits until they are ready, stops them in order.

declare -A SERVICE_PID=()
SERVICE_ORDER=() # as started; stopped the other way round
STOP_NOW=no      # set by a second Ctrl-C

# Waits for a process of ours to end after a signal; kills it after a grace.
#   stop_process PID SIGNAL SECONDS
stop_process() {
    local pid=$1 signal=$2 left=$(($3 * 20))
    kill "-$signal" "$pid" 2>/dev/null || return 0
    while kill -0 "$pid" 2>/dev/null; do
        if [ "$left" -le 0 ] || [ "$STOP_NOW" = yes ]; then
            kill -KILL "$pid" 2>/dev/null || true
            break
        fi
        left=$((left - 1))
        sleep 0.05
    done
    wait "$pid" 2>/dev/null || true
}

# Starts an executable in a session of its own; it ends with this script, however that ends.
#   service_start NAME LOG COMMAND...     with the environment of the caller
service_start() {
    local name=$1 log=$2
    shift 2
    [ ! -s "$log" ] || mv -f "$log" "$log.previous"
    (exec setsid setpriv --pdeathsig TERM -- "$@") >"$log" 2>&1 </dev/null 9>&- &
    SERVICE_PID[$name]=$!
    SERVICE_ORDER+=("$name")
}

# Waits until a service says that it is ready.
#   service_ready NAME LOG URL SECONDS
service_ready() {
    local name=$1 log=$2 url=$3 deadline=$((SECONDS + $4))
    until curl -fsS --noproxy '*' --max-time 2 "$url" >/dev/null 2>&1; do
        if ! kill -0 "${SERVICE_PID[$name]}" 2>/dev/null; then
            tail -n 20 "$log" >&2
            die "$name ended at its start; its log is $log"
        fi
        if [ "$SECONDS" -ge "$deadline" ]; then
            tail -n 20 "$log" >&2
            curl -sS --noproxy '*' --max-time 2 "$url" >&2 || true
            die "$name is not ready after $4 s; its log is $log"
        fi
        sleep 0.05
    done
}

# Stops all services, the last started first.
#   services_stop SECONDS
services_stop() {
    local place name
    for ((place = ${#SERVICE_ORDER[@]} - 1; place >= 0; place--)); do
        name=${SERVICE_ORDER[place]}
        stop_process "${SERVICE_PID[$name]}" TERM "$1"
    done
    SERVICE_ORDER=()
}
