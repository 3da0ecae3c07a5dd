# shellcheck shell=bash disable=SC2034
# Sourced: installs the Debian packages that are missing, and finds the Swift toolchain.

# What the build needs, and what the services need to run.
PACKAGES_BUILD=(g++ pkg-config libcurl4-openssl-dev libpq-dev libssl-dev libsimdjson-dev libmariadb-dev)
PACKAGES_RUN=(curl ca-certificates postgresql)
# What a Swift toolchain itself is linked with; installed only when it does not run.
PACKAGES_SWIFT=(libc6-dev libedit2 libncurses6 libsqlite3-0 libxml2 zlib1g)
# What only the tests and only the benchmarks need.
PACKAGES_TEST=(python3 python3-venv mariadb-server)
PACKAGES_BENCH=(nginx-light wrk python3)

# Is a package there, under its own name or as what it is wanted for?
have_package() {
    case $1 in
        postgresql) postgres_bin >/dev/null 2>&1 ;;
        nginx-light) [ -x /usr/sbin/nginx ] ;;
        python3-venv) python3 -c 'import venv, ensurepip' >/dev/null 2>&1 ;;
        mariadb-server) [ -x /usr/sbin/mariadbd ] && [ -x /usr/bin/mariadb-install-db ] ;;
        curl | wrk | python3) command -v "$1" >/dev/null 2>&1 ;;
        *) [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ] ;;
    esac
}

# The folder with initdb and postgres, newest version first.
postgres_bin() {
    local dir
    # Version sort, so that 17 comes before 9.6.
    while IFS= read -r dir; do
        if [ -x "$dir/initdb" ] && [ -x "$dir/postgres" ]; then
            printf '%s\n' "$dir"
            return 0
        fi
    done < <(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV)
    dir=$(command -v postgres 2>/dev/null) && dir=$(dirname "$(readlink -f "$dir")")
    [ -n "$dir" ] && [ -x "$dir/initdb" ] && printf '%s\n' "$dir"
}

# Installs without starting what the packages would start: the machine's own services are not ours to change.
apt_install() {
    local policy=/usr/sbin/policy-rc.d clusters=/etc/postgresql-common/createcluster.d/switchboard.conf made=() made_folder=''
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod 755 "$policy"
        made+=("$policy")
    fi
    if [ ! -e "$clusters" ]; then
        [ -d "${clusters%/*}" ] || { as_root mkdir -p "${clusters%/*}" && made_folder=${clusters%/*}; }
        printf 'create_main_cluster = false\n' | as_root tee "$clusters" >/dev/null
        made+=("$clusters")
    fi
    local result=0
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" || result=$?
    [ ${#made[@]} -eq 0 ] || as_root rm -f "${made[@]}"
    # The package may have brought the folder as its own meanwhile.
    if [ -n "$made_folder" ] && ! dpkg-query -S "$made_folder" >/dev/null 2>&1; then as_root rmdir "$made_folder" || true; fi
    return "$result"
}

apt_update_and_install() {
    as_root apt-get update -q && apt_install "$@"
}

#   ensure_packages NAME...
ensure_packages() {
    local name missing=()
    for name in "$@"; do
        have_package "$name" || missing+=("$name")
    done
    if [ ${#missing[@]} -eq 0 ]; then
        say "Debian packages: all there"
        return
    fi
    command -v apt-get >/dev/null 2>&1 || die "not a Debian or Ubuntu machine; install by hand: ${missing[*]}"
    say "Debian packages: installing ${missing[*]}"
    quietly packages apt_update_and_install "${missing[@]}"
}

# Puts swift on PATH, or says how to get one and stops.
ensure_swift() {
    local dir version major minor
    if ! command -v swift >/dev/null 2>&1; then
        for dir in /opt/swift/usr/bin /usr/local/swift/usr/bin "${HOME:-/root}/.local/share/swiftly/bin" "${HOME:-/root}/.swiftly/bin"; do
            if [ -x "$dir/swift" ]; then
                PATH=$dir:$PATH
                break
            fi
        done
    fi
    command -v swift >/dev/null 2>&1 ||
        die "no Swift toolchain: install Swift 6.3 as https://www.swift.org/install/linux/ says (swiftly), then run this again"
    if ! swift --version >/dev/null 2>&1; then
        say "the Swift toolchain does not run yet; it may lack libraries"
        ensure_packages "${PACKAGES_SWIFT[@]}"
        swift --version >"$LOGS/swift.log" 2>&1 ||
            die "the Swift toolchain $(command -v swift) does not run: $(head -n 1 "$LOGS/swift.log")"
    fi
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9]*\.[0-9][0-9]*\).*/\1/p' | head -n 1)
    major=${version%%.*} minor=${version#*.}
    if [ -z "$version" ] || [ "$major" -lt 6 ] || { [ "$major" -eq 6 ] && [ "$minor" -lt 2 ]; }; then
        die "Swift ${version:-of unknown version} is too old: install Swift 6.3 as https://www.swift.org/install/linux/ says (swiftly)"
    fi
    say "Swift toolchain: $version"
}

# Builds the release executables; BIN_RELEASE is where they are.
#   build_release PRODUCT...
build_release() {
    local flags=(-c release -Xswiftc -cross-module-optimization -Xswiftc -enforce-exclusivity=unchecked --static-swift-stdlib) product started=$SECONDS
    cd "$ROOT" || die "cannot enter $ROOT"
    say "building (release) …"
    for product in "$@"; do
        quietly "build-$product" swift build "${flags[@]}" --product "$product"
    done
    BIN_RELEASE=$(swift build "${flags[@]}" --show-bin-path)
    say "built in $((SECONDS - started)) s"
}
