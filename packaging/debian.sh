#!/bin/sh
# What a plain Debian or Ubuntu lacks: Python's venv, and the libraries of Qt named in resources/debian-packages.txt.
# Installs what is missing; does nothing where all is there, and on other systems.
command -v apt-get >/dev/null || exit 0
here=$(dirname "$0")
PATH=$PATH:/sbin:/usr/sbin
missing=$(while read -r library package; do
    ldconfig -p | grep -qF "$library " || echo "$package"
done <"$here/../resources/debian-packages.txt")
python3 -c 'import ensurepip' 2>/dev/null || missing="$missing python3-venv"
[ -n "$(echo $missing)" ] || exit 0
root=
[ "$(id -u)" = 0 ] || root=sudo
$root apt-get update -q && $root apt-get install -y -q --no-install-recommends $missing
