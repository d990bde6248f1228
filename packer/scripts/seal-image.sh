#!/usr/bin/env bash
# Last step of a build: takes away what must not be shared by the machines that start from the image. Run as root.
# SSH host keys stay: Packer may still connect, and cloud-init makes new ones on the first boot of each machine.
set -euo pipefail

if command -v apt-get >/dev/null; then
  apt-get -q clean
  rm -rf /var/lib/apt/lists/*
elif command -v dnf >/dev/null; then
  dnf -q clean all
fi

if command -v cloud-init >/dev/null; then
  cloud-init clean --logs
fi
# Empty, not missing: systemd then makes a new id on the first boot.
: >/etc/machine-id
rm -f /var/lib/dbus/machine-id
rm -f ~root/.bash_history /home/*/.bash_history
sync
