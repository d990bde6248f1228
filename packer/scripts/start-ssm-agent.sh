#!/bin/sh
# User data of a build over Session Manager from an image without Amazon's agent for it, such as Debian's: installs it
# from the bucket of the region, by HTTPS. The image keeps the agent; without a role for its instances it does nothing.
set -eu

if command -v amazon-ssm-agent >/dev/null || [ -e /snap/amazon-ssm-agent ]; then exit 0; fi

command -v curl >/dev/null || { apt-get -q update && apt-get -q install -y --no-install-recommends curl ca-certificates; }
metadata() { curl -fsS --retry 5 --max-time 10 "$@"; }
token="$(metadata -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token)"
get() { metadata -H "X-aws-ec2-metadata-token: $token" "http://169.254.169.254/latest/meta-data/$1"; }
region="$(get placement/region)"
domain="$(get services/domain)"

case "$(uname -m)" in
  x86_64) arch=amd64 ;;
  aarch64) arch=arm64 ;;
  *) exit 1 ;;
esac
from="https://s3.$region.$domain/amazon-ssm-$region/latest"
folder="$(mktemp -d)"
if command -v dpkg >/dev/null; then
  curl -fsS --retry 5 -o "$folder/agent.deb" "$from/debian_$arch/amazon-ssm-agent.deb"
  dpkg -i "$folder/agent.deb"
else
  curl -fsS --retry 5 -o "$folder/agent.rpm" "$from/linux_$arch/amazon-ssm-agent.rpm"
  rpm -i "$folder/agent.rpm"
fi
rm -rf -- "$folder"
systemctl enable --now amazon-ssm-agent
