# What ./run and ./check share. Sourced by both after `set -euo pipefail`, from any directory.
# shellcheck shell=bash

# Numbers with a point, whatever the machine speaks.
export LC_ALL=C.UTF-8

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
logs="$root/build/logs"
mkdir -p "$logs"

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
fail() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}
seconds_since() { echo "$((SECONDS - $1)) s"; }

# install <file in .ci>: installs the Debian packages of that list that are missing; says nothing if none is. A line
# package|command is content with the command.
install() {
    command -v dpkg-query >/dev/null || fail "this is no Debian system; Daybook is built on Debian 12 with the packages of .ci/$1"
    local wanted missing=() package sudo=()
    mapfile -t wanted < <(sed -e 's/#.*//' -e 's/[[:space:]]//g' -e '/^$/d' "$root/.ci/$1")
    for package in "${wanted[@]}"; do
        if [[ $package == *"|"* ]]; then
            ! command -v "${package#*|}" >/dev/null || continue
            package=${package%%|*}
        fi
        # shellcheck disable=SC2016
        [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
    done
    ((${#missing[@]} == 0)) && return
    say "Installing ${missing[*]}, because the build needs them (apt-get; once)"
    if ((EUID != 0)); then
        command -v sudo >/dev/null || fail "these packages are missing, and installing them needs root: ${missing[*]}"
        sudo=(sudo)
    fi
    # --no-remove: nothing that is installed here is taken away without being asked.
    if ! { "${sudo[@]}" apt-get update -q && DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -q -y \
        --no-install-recommends --no-remove "${missing[@]}"; } >"$logs/apt.log" 2>&1; then
        fail "apt could not install ${missing[*]}: $(grep -m1 '^E:' "$logs/apt.log" || tail -n1 "$logs/apt.log") (all of it in build/logs/apt.log)"
    fi
}

# build <preset> [target ...]: configures and builds; on a terminal with ninja's own progress, else into a log.
build() {
    local preset=$1 log="$logs/build-$1.log" targets=() started=$SECONDS
    shift
    (($# == 0)) || targets=(--target "$@")
    cd "$root" || fail "the checkout is gone: $root"
    if [[ -t 1 ]]; then
        cmake --preset "$preset" >"$log" 2>&1 || { cat "$log" >&2; fail "CMake could not configure the preset $preset"; }
        NINJA_STATUS='    [%f/%t, %es] ' cmake --build --preset "$preset" "${targets[@]}" || fail "the preset $preset does not build"
    elif ! { cmake --preset "$preset" && cmake --build --preset "$preset" "${targets[@]}"; } >"$log" 2>&1; then
        grep -E -A12 'error:|FAILED|CMake Error' "$log" | head -n 60 >&2
        fail "the preset $preset does not build (all of it in build/logs/build-$preset.log)"
    fi
    echo "    built in $(seconds_since "$started")"
}
