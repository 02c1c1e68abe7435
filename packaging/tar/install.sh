#!/bin/sh
# Installs EdgeProxy from this folder, without a network. As root; --root DIR installs below DIR and starts nothing.
set -eu

root=
start=yes
while [ $# -gt 0 ]; do
  case "$1" in
    --root)
      root=${2:?--root needs a folder}
      shift 2
      ;;
    --no-start)
      start=
      shift
      ;;
    *)
      echo "usage: install.sh [--root DIR] [--no-start]" >&2
      exit 2
      ;;
  esac
done

cd "$(dirname "$0")"
if ! sha256sum --quiet -c SHA256SUMS; then
  echo "install.sh: the files here are not those that were packed; nothing was installed" >&2
  exit 1
fi

if [ -z "$root" ] && [ "$(id -u)" -ne 0 ]; then
  echo "install.sh: run it as root, or with --root DIR" >&2
  exit 77
fi

# The file in use is replaced by name, never written over: what runs keeps what it has.
(cd files && find . -type f) | while read -r file; do
  target="$root/${file#./}"
  mkdir -p "$(dirname "$target")"
  if [ "$file" = ./etc/edgeproxy/edgeproxy.toml ] && [ -e "$target" ]; then
    cmp -s "files/$file" "$target" || cp -p "files/$file" "$target.new"
    continue
  fi
  cp -p "files/$file" "$target.installing"
  mv -f "$target.installing" "$target"
done
mkdir -p "$root/usr/lib/edgeproxy"
cp uninstall.sh "$root/usr/lib/edgeproxy/uninstall.sh"
(cd files && find . -type f ! -path './etc/*') > "$root/usr/lib/edgeproxy/installed"

if [ -n "$root" ]; then
  exit 0
fi

if command -v systemd-sysusers > /dev/null; then
  systemd-sysusers edgeproxy.conf
elif ! getent passwd edgeproxy > /dev/null; then
  useradd --system --user-group --home-dir /var/lib/edgeproxy --no-create-home \
    --shell /usr/sbin/nologin --comment EdgeProxy edgeproxy
fi
chown root:edgeproxy /etc/edgeproxy /etc/edgeproxy/edgeproxy.toml
chmod 0750 /etc/edgeproxy
chmod 0640 /etc/edgeproxy/edgeproxy.toml

if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  if [ -n "$start" ] && edgeproxy validate --config /etc/edgeproxy/edgeproxy.toml > /dev/null; then
    systemctl enable edgeproxy.service
    systemctl restart edgeproxy.service
  fi
fi
echo "edgeproxy is installed; its configuration is /etc/edgeproxy/edgeproxy.toml"
