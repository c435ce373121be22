# machine.sh WORK LOCAL DEB: types WORK/page.sh in a copy-on-write view of this machine's root.
# TestOneMachine runs it in namespaces of its own, so that all mounts and processes end with it.
work=$1 local=$2 deb=$3
view=$work/view
mkdir "$view"
mount -t tmpfs tmpfs "$view"
mkdir "$view/upper" "$view/work" "$view/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$view/upper,workdir=$view/work" "$view/root"
root=$view/root
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
for folder in tmp run; do mount -t tmpfs -o mode=1777 tmpfs "$root/$folder"; done
ip link set lo up

install -m 755 "$work/systemctl" "$root/usr/local/bin/systemctl"
install -d "$root/srv/servers" "$root/srv/machine"
install -m 755 "$local" "$root/srv/servers/calotype-local"
cp "$deb" "$work/photo.jpg" "$work/page.sh" "$root/srv/machine/"
# No service starts at its installation, and nothing newer is fetched.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
echo 'APT::Get::Upgrade "false";' >"$root/etc/apt/apt.conf.d/99machine"
# As on a machine that has none of this: what is installed here may have been configured.
rm -rf "$root/etc/calotype" "$root/etc/nginx/conf.d/"* "$root/usr/local/bin/calotype"

# The store keeps its attributes in those of files.
mkdir "$work/data"
mkdir -p "$root/srv/data"
mount --bind "$work/data" "$root/srv/data"
chroot "$root" /srv/servers/calotype-local --aws-only --data /srv/data >"$work/servers.log" 2>&1 </dev/null &
until grep -q ready "$work/servers.log"; do kill -0 $! || { cat "$work/servers.log"; exit 1; }; sleep 0.1; done

chroot "$root" bash -euo pipefail -c 'cd /srv/machine && export PATH=/usr/local/bin:$PATH && . ./page.sh' </dev/null || {
	status=$?
	tail -n 50 "$root"/var/log/calotype-*.log "$root/var/log/nginx/error.log" 2>/dev/null || true
	exit "$status"
}
echo "photo.webp: $(head -c 4 "$root/srv/machine/photo.webp"), $(tail -c +9 "$root/srv/machine/photo.webp" | head -c 4)"
echo "edge runs as $(stat -c %u "$root/proc/$(cat "$root/run/calotype-edge.pid")")"
