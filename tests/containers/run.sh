#!/bin/sh
# Builds the images, and runs the tests of the containers: run.sh [PYTEST ARGUMENT...]
#
# Needs root, and Debian's buildah, podman, runc, mmdebstrap, docker-compose (77: skipped, without).
# The base image is made from Debian's packages, since no registry need be reachable; it is kept in
# HOOPSCOUT_CONTAINER_CACHE when that names a folder. The last line is "containers: N passed, M failed".
set -u

here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
build=${HOOPSCOUT_BUILD_DIR:-$source/build}
for tool in buildah podman runc mmdebstrap docker-compose unshare ip; do
	command -v "$tool" >/dev/null || {
		echo "skipped: there is no $tool"
		exit 77
	}
done
[ "$(id -u)" = 0 ] || {
	echo "skipped: images are built as root"
	exit 77
}

state=$(mktemp -d /tmp/hs-containers-XXXXXX) || exit 99
cleanup() {
	podman rm -fa -t 2 >/dev/null 2>&1
	buildah rm -a >/dev/null 2>&1
	# what an interrupted build has left mounted, the innermost first
	grep -F " $state/" /proc/mounts | cut -d ' ' -f 2 | sort -r | while read -r mounted; do
		umount "$mounted"
	done
	rm -rf "$state"
}
trap cleanup EXIT
trap 'exit 99' INT TERM HUP

# layers upon each other are quicker than copies, where the kernel lays them
mkdir "$state/lower" "$state/upper" "$state/work" "$state/merged"
driver=vfs
if mount -t overlay -o "lowerdir=$state/lower,upperdir=$state/upper,workdir=$state/work" none "$state/merged" 2>/dev/null; then
	umount "$state/merged"
	driver=overlay
fi

cat >"$state/storage.conf" <<END
[storage]
driver = "$driver"
graphroot = "$state/graph"
runroot = "$state/run"
END
cat >"$state/containers.conf" <<END
[containers]
default_ulimits = ["nofile=20000:20000","nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
END
export CONTAINERS_STORAGE_CONF="$state/storage.conf" CONTAINERS_CONF="$state/containers.conf"

# run NAME COMMAND...: its words only when it fails
run() {
	name=$1
	shift
	"$@" >"$state/$name.log" 2>&1 && return 0
	tail -n 60 "$state/$name.log"
	echo "$name failed"
	echo "containers: 0 passed, 1 failed"
	exit 1
}

# image NAME:TAG CONTEXT OPTION...: builds one
image() {
	tag=$1
	context=$2
	shift 2
	run build buildah bud --layers --isolation chroot --network host --pull-never --format docker -t "$tag" "$@" "$context"
}

base=${HOOPSCOUT_CONTAINER_CACHE:-$state}/bookworm.tar
[ -s "$base" ] || run base mmdebstrap --variant=minbase --include=ca-certificates bookworm "$base"
container=$(buildah from scratch) && run base buildah add "$container" "$base" / &&
	run base buildah commit "$container" docker.io/library/debian:bookworm-slim && buildah rm "$container" >/dev/null || exit 99

# the context is what a release's tarball holds: its npm packages are in it, so none is fetched again
run tarball make -s -C "$build" distdir distdir="$state/context"
version=$("$build/hsctl" --version | sed -n '1s/^[^0-9]*//p')
registry=registry.younerd.org/hoopscout
image "docker.io/library/postgres:15-bookworm" "$here/postgres"
for target in web scheduler; do
	image "$registry/$target:latest" "$state/context" -f "$state/context/docker/web/Dockerfile" --target "$target" \
		--build-arg "VERSION=$version"
done
image "$registry/nginx:latest" "$state/context" -f "$state/context/docker/nginx/Dockerfile" --build-arg "VERSION=$version"

export PYTHONDONTWRITEBYTECODE=1
cd "$here" || exit 99
# a network of its own, with a loopback only: every port is free, and nothing leaves
unshare --net sh -c 'ip link set lo up && exec "$@"' sh \
	/usr/bin/python3 -m pytest -q -p no:cacheprovider --rootdir="$here" -rfE --durations=5 "$@"
