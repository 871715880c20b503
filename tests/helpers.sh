# SPDX-License-Identifier: GPL-2.0
# Sourced by the tests; they run at the top of the tree. $out is a folder that vanishes.
set -u
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
soak=${TANDEM_SOAK:-}
kernel=${TANDEM_KERNEL:-6.1}
# On a checking kernel everything takes several times as long, and counts may be a tenth.
checking=
[ ! -f "lab/kernels/$kernel.config" ] || checking=1

t_fail() { echo "$*" >&2; exit 1; }
t_skip() { echo "$*"; exit 77; }

# t_status WANTED COMMAND...: the command must end with this status.
t_status() {
	local wanted=$1 got=0
	shift
	"$@" || got=$?
	[ "$got" = "$wanted" ] || t_fail "status $got instead of $wanted: $*"
}

# apart COMMAND...: with mounts of its own. In a chroot `/` is no mount that could be made private.
apart() { unshare -m --propagation unchanged sh -c 'mount --make-rprivate / 2>/dev/null; exec "$@"' apart "$@"; }
