#!/bin/sh
# Make .venv if there is none that works, and install a requirements file into it:  sh scripts/setup.sh requirements.txt
# PYTHON=... chooses the interpreter; otherwise the first of python3, python3.13, 3.12, 3.11 that is new enough.
set -eu

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if new_enough "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    echo "Phase Atlas needs Python 3.11 or later; ${PYTHON:-python3} is $("${PYTHON:-python3}" --version 2>&1 || true)." >&2
    echo "Install one (macOS: brew install python@3.13; Debian, Ubuntu: apt install python3 python3-venv)," >&2
    echo "or name it:  make setup PYTHON=/path/to/python3" >&2
    return 1
}

works() {
    new_enough .venv/bin/python && .venv/bin/python -m pip --version >/dev/null 2>&1
}

if ! works; then
    python=$(find_python)
    echo "Making .venv with $("$python" --version)"
    rm -rf .venv
    "$python" -m venv .venv >/dev/null 2>&1 || true
    if ! works; then
        echo "\"$python -m venv\" does not work here (ensurepip is missing); trying virtualenv"
        rm -rf .venv
        "$python" -m virtualenv --quiet .venv || virtualenv --quiet --python "$python" .venv || true
    fi
    if ! works; then
        echo "No virtual environment can be made with $python. One of these helps:" >&2
        echo "  Debian, Ubuntu:  apt install python3-venv" >&2
        echo "  anywhere:        $python -m pip install --user virtualenv" >&2
        exit 1
    fi
fi

echo "Installing $1"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement "$1"
