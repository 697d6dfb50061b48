#!/usr/bin/env bash
# Builds the server and puts it where it is wanted. It can be piped into bash, as uWSGI's installer is.
#
# usage: install.sh PROFILE BINARY
#        curl -fsS ADDRESS | bash -s PROFILE BINARY
#
#   PROFILE        pypy or default: everything is in it; others are in tools/profile
#   BINARY         the absolute path of the program to make
#   BASK_SOURCE    a source tree, an archive (.tar.gz, .tar.xz; a file or a URL) or a git repository; where
#                  it is not set, the tree that this file lies in
#   BASK_SHA256    the checksum that an archive must have
#
# Nothing is left behind but BINARY, and that only if everything went well.
set -euo pipefail

fail() {
    echo "install.sh: $*" >&2
    exit 1
}

# Into the folder $1, from $2.
unpack() {
    local archive=$1.archive
    case $2 in
    *://*.tar.*) curl -fsSL --proto '=https,http,file' -o "$archive" "$2" || fail "$2 cannot be fetched" ;;
    *) cp "$2" "$archive" ;;
    esac
    if [ -n "${BASK_SHA256:-}" ] && ! echo "$BASK_SHA256  $archive" | sha256sum --check --status; then
        fail "$2 has another checksum than BASK_SHA256 says"
    fi
    tar -xf "$archive" -C "$1" --strip-components=1 || fail "$2 is no archive"
}

# The source in the folder $1, from $2. A tree that is there is copied: it may be read-only, or in use.
get() {
    case $2 in
    *.tar.*) unpack "$1" "$2" ;;
    *)
        if [ -f "$2/meson.build" ]; then
            tar -C "$2" --exclude='./build*' --exclude=./.git -cf - . | tar -C "$1" -xf -
        else
            git clone --quiet --depth 1 "$2" "$1" || fail "$2 is no source tree, archive or repository"
        fi
        ;;
    esac
    [ -f "$1/meson.build" ] || fail "there is no server in $2"
}

main() {
    [ $# = 2 ] || fail "usage: install.sh PROFILE BINARY (say, pypy /tmp/bask)"
    local profile=$1 binary=$2 here="" source
    [[ $binary = /* ]] || fail "\"$binary\", expected the absolute path of the program to make"
    [ -d "$(dirname "$binary")" ] || fail "there is no folder $(dirname "$binary")"
    if [ -f "${BASH_SOURCE[0]:-}" ]; then
        here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
    fi
    source=${BASK_SOURCE:-$here}
    [ -n "$source" ] || fail "BASK_SOURCE is not set: a source tree, an archive or a git repository"

    work=$(mktemp -d)
    trap 'rm -rf "$work" "$work.archive"' EXIT
    get "$work" "$source"
    UWSGI_PROFILE=$profile make -C "$work" --no-print-directory all >&2
    install -m 755 "$work/build/bask" "$binary"
    echo "$binary $("$binary" --version)"
}

main "$@"
