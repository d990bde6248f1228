#!/usr/bin/env bash
# Installs ansible-core from the system's own packages, on the machine that becomes the image. Run as root by Packer.
# ANSIBLE_CORE_VERSION: the version to install, as apt or dnf understands it (2.19.*).
set -euo pipefail

version="${ANSIBLE_CORE_VERSION:?set it to a version such as 2.19.*}"

# A fresh instance is still being set up by cloud-init when SSH answers. Exit code 2 means "done, with complaints".
if command -v cloud-init >/dev/null; then
  code=0
  cloud-init status --wait >/dev/null || code=$?
  if [ "$code" -ne 0 ] && [ "$code" -ne 2 ]; then
    echo "install-ansible: cloud-init failed with exit code $code; see /var/log/cloud-init.log" >&2
    exit 1
  fi
fi

# retry COMMAND...: five tries with growing pauses, for mirrors that stumble.
retry() {
  local try
  for try in 1 2 3 4 5; do
    if "$@"; then return 0; fi
    echo "install-ansible: try $try of 5 failed: $*" >&2
    if [ "$try" -lt 5 ]; then sleep "$((try * 3))"; fi
  done
  return 1
}

if command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  lock=(-o DPkg::Lock::Timeout=300)
  retry apt-get "${lock[@]}" -o APT::Update::Error-Mode=any -q update
  retry apt-get "${lock[@]}" -q -y --no-install-recommends install "ansible-core=$version" python3-apt
elif command -v dnf >/dev/null; then
  retry dnf -q -y install "ansible-core-$version"
else
  echo "install-ansible: neither apt-get nor dnf on this machine; use a Debian or Red Hat like source AMI" >&2
  exit 1
fi
ansible --version | head -n 1
