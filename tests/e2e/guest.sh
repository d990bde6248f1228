#!/usr/bin/env bash
# Becomes a throw-away machine: run as root by guest.py, already in mount, pid, uts and ipc namespaces of its own.
# Usage: guest.sh ROOTFS SCRATCH PORT EMULATOR REGION. Nothing that it writes outlives the mount namespace.
set -euo pipefail
rootfs=$1 scratch=$2 port=$3 emulator=$4 region=$5

mount -t tmpfs -o mode=0755 guest "$scratch"
mkdir "$scratch/upper" "$scratch/work" "$scratch/root"
mount -t overlay -o "lowerdir=$rootfs,upperdir=$scratch/upper,workdir=$scratch/work" overlay "$scratch/root"
cd "$scratch/root"

mount -t proc proc proc
mount -t tmpfs -o mode=0755 dev dev
for node in null zero full random urandom tty; do
  touch "dev/$node"
  mount --bind "/dev/$node" "dev/$node"
done
mkdir -m 1777 dev/shm
mkdir dev/pts
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mount -t tmpfs -o mode=0755 run run
mkdir run/sshd run/lock
mkdir -m 1777 run/compiled
cp "${BASH_SOURCE[0]%/*}/compiled_once.py" usr/lib/python3/dist-packages/
echo 'import compiled_once' >usr/lib/python3/dist-packages/compiled_once.pth

hostname guest
echo '127.0.0.1 localhost guest' >etc/hosts
cp --dereference /etc/resolv.conf etc/resolv.conf
# The network is the host's, so no package may start a server here.
printf '#!/bin/sh\nexit 101\n' >usr/sbin/policy-rc.d
chmod 0755 usr/sbin/policy-rc.d
# Nobody reads a manual or a translation here; unpacking them takes time.
echo 'Acquire::Languages "none";' >etc/apt/apt.conf.d/90guest
# Of the formats of a package list, the one that takes least to unpack.
echo 'Acquire::CompressionTypes::Order { "gz"; };' >>etc/apt/apt.conf.d/90guest
printf 'path-exclude /usr/share/%s/*\n' doc man locale >etc/dpkg/dpkg.cfg.d/guest

# The emulator holds the key pair that Packer made for this build; EC2 would have put it into authorized_keys.
cat >usr/local/sbin/emulator-keys <<KEYS
#!/bin/sh
curl -fsS -m 5 -d 'Action=DescribeKeyPairs&IncludePublicKey=true&Version=2016-11-15' \\
  -H 'Authorization: AWS4-HMAC-SHA256 Credential=test/20250101/$region/ec2/aws4_request, SignedHeaders=host, Signature=0' \\
  '$emulator/' | sed -n 's:.*<publicKey>\(.*\)</publicKey>.*:\1:p'
KEYS
chmod 0755 usr/local/sbin/emulator-keys

chroot . useradd -m -s /bin/bash -p '*' admin
echo 'admin ALL=(ALL) NOPASSWD: ALL' >etc/sudoers.d/admin
install -d -m 0700 root/.ssh home/admin/.ssh
touch root/.ssh/authorized_keys home/admin/.ssh/authorized_keys
chroot . chown -R admin:admin /home/admin/.ssh

# Packer 1.6.6 signs with ssh-rsa only, which OpenSSH has switched off since 8.8.
exec chroot . /usr/sbin/sshd -D -e -p "$port" -o ListenAddress=127.0.0.1 -o UsePAM=no -o PidFile=none \
  -o AuthorizedKeysCommand=/usr/local/sbin/emulator-keys -o AuthorizedKeysCommandUser=nobody \
  -o PubkeyAcceptedAlgorithms=+ssh-rsa
