"""A whole machine for one test: this one as it is, copied on write, with a systemd of its own.

Its root is an overlay of ours whose changes lie in memory; processes, mounts, network (loopback only), control
groups and host name are its own. All of it is gone after close(). Needs root; why_not() says what else is missing.

    with Machine() as machine:
        machine.run("systemctl", "start", "hoopscout")
        assert machine.ask("systemctl", "is-active", "hoopscout") == "active"
"""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

from house import is_root, until

UNIT_BINARIES = ("/lib/systemd/systemd", "/usr/lib/systemd/systemd")

# Run in the new namespaces, with the folder that becomes the root; ends as systemd.
BEGIN = r"""
set -e
base=$1
mount -t tmpfs -o size=2g,mode=755 tmpfs "$base"
mkdir "$base/up" "$base/work" "$base/root"
mount -t overlay -o lowerdir=/,upperdir="$base/up",workdir="$base/work" overlay "$base/root"
cd "$base/root"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
for name in null zero full random urandom tty; do
	touch dev/$name
	mount --bind /dev/$name dev/$name
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
if [ -d /sys/fs/cgroup/systemd ]; then
	mount -t tmpfs -o mode=755 tmpfs sys/fs/cgroup
	mkdir sys/fs/cgroup/systemd sys/fs/cgroup/unified
	mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd
	mount -t cgroup2 cgroup2 sys/fs/cgroup/unified
else
	mount -t cgroup2 cgroup2 sys/fs/cgroup
fi
# none of this machine's services, and no hardware
rm -rf etc/systemd/system/*
rm -f var/lib/man-db/auto-update usr/sbin/policy-rc.d
ln -s /lib/systemd/system/basic.target etc/systemd/system/default.target
for unit in systemd-udevd systemd-udev-trigger systemd-timesyncd systemd-modules-load systemd-sysctl \
	systemd-random-seed systemd-remount-fs systemd-update-utmp systemd-firstboot systemd-networkd-wait-online; do
	ln -s /dev/null etc/systemd/system/$unit.service
done
ip link set lo up
exec chroot . env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin "$2" --system --log-target=console --show-status=no
"""


def systemd():
    return next((path for path in UNIT_BINARIES if os.access(path, os.X_OK)), None)


def cgroup_roots():
    """The hierarchies that systemd uses."""
    hybrid = [pathlib.Path("/sys/fs/cgroup/systemd"), pathlib.Path("/sys/fs/cgroup/unified")]
    return [root for root in hybrid if root.is_dir()] if hybrid[0].is_dir() else [pathlib.Path("/sys/fs/cgroup")]


def why_not():
    """What keeps this machine from having one; None: nothing."""
    if not is_root():
        return "needs root"
    if systemd() is None:
        return "systemd is not installed"
    missing = [name for name in ("unshare", "nsenter", "ip", "mount") if not shutil.which(name)]
    if missing:
        return f"{', '.join(missing)} is not installed"
    if len({os.stat(path).st_dev for path in ("/", "/etc", "/usr", "/var")}) > 1:
        return "the overlay would miss what is mounted on /etc, /usr or /var"
    if not os.access(cgroup_roots()[0], os.W_OK):
        return "control groups cannot be made here"
    done = subprocess.run(["unshare", "-m", "-i", "-u", "-p", "-C", "-n", "--fork", "sh", "-c",
                           "mount -t tmpfs tmpfs /mnt && mkdir /mnt/u /mnt/w /mnt/r && "
                           "mount -t overlay -o lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w overlay /mnt/r"],
                          check=False, capture_output=True, text=True)
    return None if done.returncode == 0 else f"no namespaces or overlay here: {done.stderr.strip()}"


class Machine:
    def __init__(self):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="hs-machine-"))
        self.groups = [root / self.base.name for root in cgroup_roots()]
        for group in self.groups:
            group.mkdir()
        self.log = tempfile.TemporaryFile("w+")
        # it must be in its groups before they become the roots of its namespace
        line = ["sh", "-c", 'for group in "$@"; do [ "$group" != -- ] || break; echo $$ >"$group/cgroup.procs"; done; '
                'while [ "$1" != -- ]; do shift; done; shift; exec "$@"', "sh", *map(str, self.groups), "--",
                "unshare", "-m", "-i", "-u", "-p", "-C", "-n", "--fork", "--kill-child",
                "bash", "-c", BEGIN, "begin", str(self.base), systemd()]
        self.process = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self.inside = None
        try:
            self.inside = until(self._find_inside, 20, "no process begins inside")
            until(self._is_up, 60, lambda: f"systemd does not come up: {self.console()}")
        except BaseException:
            self.close()
            raise

    def _find_inside(self):
        assert self.process.poll() is None, self.console()
        found = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(found[0]) if found else None

    def _is_up(self):
        assert self.process.poll() is None, self.console()
        if os.path.basename(os.readlink(f"/proc/{self.inside}/exe")) != "systemd":
            return False
        return self.ask("systemctl", "is-system-running", check=False) in ("running", "degraded")

    def console(self):
        self.log.seek(0)
        return self.log.read()[-4000:]

    def run(self, *line, check=True, seconds=120, env=None, **kwargs):
        """Runs a command inside; returns what subprocess.run does."""
        inner = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
        done = subprocess.run(["nsenter", "-a", "-t", str(self.inside), "--root", "--wd", *map(str, line)],
                              check=False, capture_output=True, text=True, timeout=seconds, stdin=subprocess.DEVNULL,
                              env={**inner, **(env or {})}, **kwargs)
        if check:
            assert done.returncode == 0, f"{line} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done

    def ask(self, *line, check=True):
        return self.run(*line, check=check).stdout.strip()

    def path(self, inside):
        """A path inside, as we can open it; not through the symbolic links within."""
        return pathlib.Path(f"/proc/{self.inside}/root") / str(inside).lstrip("/")

    def close(self):
        if self.inside is not None:
            os.kill(self.inside, signal.SIGKILL)
        elif self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.log.close()
        for group in self.groups:
            until(lambda: self._remove_group(group), 10, f"processes survive in {group}")
        self.base.rmdir()

    @staticmethod
    def _remove_group(top):
        try:
            for folder, _, _ in os.walk(top, topdown=False):
                os.rmdir(folder)
        except OSError:
            return False
        return not top.exists()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
