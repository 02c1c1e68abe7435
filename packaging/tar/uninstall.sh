#!/bin/sh
# Takes away what install.sh put here. Keeps configuration and state; --purge takes them, too.
set -eu

root=
purge=
while [ $# -gt 0 ]; do
  case "$1" in
    --root)
      root=${2:?--root needs a folder}
      shift 2
      ;;
    --purge)
      purge=yes
      shift
      ;;
    *)
      echo "usage: uninstall.sh [--root DIR] [--purge]" >&2
      exit 2
      ;;
  esac
done

list="$root/usr/lib/edgeproxy/installed"
if [ ! -f "$list" ]; then
  echo "uninstall.sh: nothing was installed here by install.sh" >&2
  exit 1
fi

if [ -z "$root" ] && [ -d /run/systemd/system ]; then
  systemctl disable --now edgeproxy.service || true
fi

while read -r file; do
  rm -f "$root/${file#./}"
done < "$list"
rm -rf "$root/usr/lib/edgeproxy" "$root/usr/share/doc/edgeproxy"
if [ -n "$purge" ]; then
  rm -rf "$root/etc/edgeproxy" "$root/var/lib/edgeproxy" "$root/var/log/edgeproxy"
  if [ -z "$root" ] && getent passwd edgeproxy > /dev/null; then
    userdel edgeproxy
  fi
fi

if [ -z "$root" ] && [ -d /run/systemd/system ]; then
  systemctl daemon-reload
fi
