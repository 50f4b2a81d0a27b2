#!/bin/sh
# Install the named Debian packages that are missing; without root, print the line to run and fail.
set -eu

present() {
    case "$1" in
        libgomp1 | libatomic1)
            # What counts is the library, not who installed it.
            name=${1%1}.so.1
            for folder in /lib /usr/lib /lib64 /usr/lib64 /usr/local/lib; do
                find "$folder" -maxdepth 2 -name "$name" 2>/dev/null | grep -q . && return 0
            done
            return 1 ;;
        chromium) [ -x /usr/bin/chromium ] ;;
        fonts-noto-cjk) [ -e /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc ] ;;
        postgresql)
            for server in /usr/lib/postgresql/*/bin/postgres; do [ -x "$server" ] && return 0; done
            return 1 ;;
        *) dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'install ok installed' ;;
    esac
}

missing=""
for package in "$@"; do
    present "$package" || missing="$missing $package"
done
[ -z "$missing" ] && exit 0

if [ "$(id -u)" = 0 ]; then
    as_root=""
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    echo "Missing on this system:$missing. As root, run:" >&2
    echo "    apt-get update && apt-get install -y --no-install-recommends$missing" >&2
    exit 1
fi
if ! command -v apt-get >/dev/null; then
    echo "Missing on this system:$missing. There is no apt-get here: install them with the system's own tool." >&2
    exit 1
fi
echo "Installing$missing"
# shellcheck disable=SC2086 - both are lists of words
$as_root apt-get -o Acquire::Retries=3 update -qq
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 install -y -qq --no-install-recommends $missing </dev/null
