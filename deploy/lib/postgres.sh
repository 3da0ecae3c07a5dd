# shellcheck shell=bash disable=SC2034,SC2015,SC2016
# Sourced: a private PostgreSQL cluster on a unix socket.
#
# PostgreSQL refuses to run as root, so root runs it as another user (postgres, else nobody). The cluster stays in the folder that it is given, also when that
# user may not enter a folder above it (a checkout under /root): then the server gets the one capability that lets it walk through
# closed folders. Where even that is not to be had, the cluster goes to /var/tmp and PG_HOME/location says so.

PG_AS=()      # how to run a command as the owner of the cluster
PG_BIN=''     # the folder of the executables
PG_DATA=''    # the data directory
PG_SOCKET=''  # the folder of the socket
PG_DSN=''     # what the services connect with
PG_NOTE=''    # who runs it and where, for the step's line
PG_PID=''

# Short and different for every folder.
path_hash() { printf '%s' "$1" | sha256sum | cut -c1-12; }

# Can the owner of the cluster work in a folder?
pg_reaches() { "${PG_AS[@]}" sh -c 'cd "$1" && : >.probe && rm .probe' sh "$1" 2>/dev/null; }

# Chooses user and place.
#   postgres_prepare FOLDER
postgres_prepare() {
    local home=$1 user group drop cap
    PG_BIN=$(postgres_bin) || die "no PostgreSQL server found under /usr/lib/postgresql"
    mkdir -p "$home"
    if [ "$(id -u)" -ne 0 ]; then
        PG_AS=()
        PG_NOTE="runs as $(id -un)"
        chmod 700 "$home"
    else
        user=postgres
        id -u "$user" >/dev/null 2>&1 || user=nobody
        group=$(id -g "$user")
        drop=(setpriv "--reuid=$user" "--regid=$group" --clear-groups)
        PG_NOTE="runs as $user"
        PG_AS=("${drop[@]}" --)
        chown "$user:$group" "$home"
        chmod 700 "$home"
        if ! pg_reaches "$home"; then
            for cap in dac_read_search dac_override; do
                PG_AS=("${drop[@]}" "--inh-caps=+$cap" "--ambient-caps=+$cap" --)
                ! pg_reaches "$home" || break
            done
            if pg_reaches "$home"; then
                PG_NOTE="runs as $user, which may not enter this folder, with cap_$cap"
            else
                PG_AS=("${drop[@]}" --)
                chown root: "$home"
                printf '/var/tmp/switchboard-%s\n' "$(path_hash "$home")" >"$home/location"
                home=$(cat "$home/location")
                [ -d "$home" ] || mkdir -m 700 "$home"
                [ -d "$home" ] && [ ! -L "$home" ] || die "$home is not a folder"
                chown "$user:$group" "$home"
                pg_reaches "$home" || die "user $user can work neither in $1 nor in $home"
                PG_NOTE="runs as $user, which may not enter this folder, so its cluster is in $home"
            fi
        fi
    fi
    PG_DATA=$home/data
    PG_SOCKET=$home/socket
    # A socket's path has at most 107 bytes, and libpq takes a comma in it for a list.
    if [ $((${#PG_SOCKET} + 15)) -gt 107 ] || [[ $PG_SOCKET =~ [^a-zA-Z0-9._/-] ]]; then PG_SOCKET=/tmp/switchboard-$(path_hash "$home"); fi
    if [ ! -d "$PG_SOCKET" ]; then "${PG_AS[@]}" mkdir -m 700 "$PG_SOCKET"; fi
    [ ! -L "$PG_SOCKET" ] && [ "$(stat -c %u "$PG_SOCKET")" = "$("${PG_AS[@]}" id -u)" ] ||
        die "$PG_SOCKET belongs to somebody else"
    PG_DSN="postgres://switchboard@/switchboard?host=$PG_SOCKET"
}

# Removes what postgres_prepare and postgres_start made for a folder.
#   postgres_wipe FOLDER
postgres_wipe() {
    local home=$1 location=''
    [ -d "$home" ] || return 0
    [ ! -f "$home/location" ] || location=$(cat "$home/location")
    [[ $location != /var/tmp/switchboard-* ]] || rm -rf "$location"
    rm -rf "$home" "/tmp/switchboard-$(path_hash "${location:-$home}")"
}

# Makes the cluster when there is none, starts it and waits until it answers. The server ends with this script, however that ends.
#   postgres_start LOG [SETTING=VALUE...]
postgres_start() {
    local log=$1 version='' settings=() setting tries=0
    shift
    if [ -e "$PG_DATA/PG_VERSION" ]; then
        version=$(cat "$PG_DATA/PG_VERSION")
        if [ -x "/usr/lib/postgresql/$version/bin/postgres" ]; then
            PG_BIN=/usr/lib/postgresql/$version/bin
        elif [[ "$("$PG_BIN/postgres" --version)" != *" $version."* ]]; then
            die "the cluster is of PostgreSQL $version, which is not installed; install it, or start anew with --fresh"
        fi
    else
        rm -rf "$PG_DATA"
        (cd / && quietly initdb "${PG_AS[@]}" "$PG_BIN/initdb" -D "$PG_DATA" -U switchboard --encoding=UTF8 \
            --locale=C.UTF-8 --auth-local=trust --auth-host=reject)
    fi
    for setting in "listen_addresses=" "unix_socket_directories=$PG_SOCKET" "logging_collector=off" "$@"; do
        settings+=(-c "$setting")
    done
    # A session of its own, so that Ctrl-C reaches only the script, which stops everything in order.
    (cd / && exec setsid "${PG_AS[@]}" setpriv --pdeathsig INT -- "$PG_BIN/postgres" -D "$PG_DATA" "${settings[@]}") \
        >>"$log" 2>&1 </dev/null 9>&- &
    PG_PID=$!
    until pg_psql postgres -c 'SELECT 1' >/dev/null 2>&1; do
        kill -0 "$PG_PID" 2>/dev/null || { tail -n 20 "$log" >&2; die "PostgreSQL did not start; its log is $log"; }
        tries=$((tries + 1))
        [ "$tries" -le 600 ] || die "PostgreSQL is not ready after 60 s; its log is $log"
        sleep 0.1
    done
    if [ -z "$(pg_psql postgres -c "SELECT 1 FROM pg_database WHERE datname = 'switchboard'")" ]; then
        pg_psql postgres -c 'CREATE DATABASE switchboard' >/dev/null
    fi
}

#   pg_psql DATABASE ARGUMENT...
pg_psql() {
    local database=$1
    shift
    PGCONNECT_TIMEOUT=5 "$PG_BIN/psql" -X -q -A -t -v ON_ERROR_STOP=1 -h "$PG_SOCKET" -U switchboard -d "$database" "$@"
}

# Stops it in its fast way: open transactions are rolled back, data is safe.
postgres_stop() {
    [ -n "$PG_PID" ] || return 0
    stop_process "$PG_PID" INT 30
    PG_PID=''
}
