# shellcheck shell=sh
# Debian packages: only what is missing, by name.

# To compile the data plane and the binding (clang, libbpf, gcc), and to run both (libbpf).
run_time_packages='clang-14 llvm-14 libbpf-dev libelf-dev zlib1g-dev gcc make libc6-dev linux-libc-dev ca-certificates'

# Real programs that the tests put on the bypass, and the benchmark measures there.
program_packages='redis-server redis-tools nginx-light wrk postgresql postgresql-client'

# More of them, tools that the tests look through, and a browser.
test_packages='chromium-headless-shell socat netcat-openbsd curl nftables iproute2 procps bpftool shellcheck cpio'

# An emulator, and the newest Debian kernel of each series that is to be tried in it: only for ./sidestep test --kernels.
kernel_test_packages='qemu-system-x86 cpio kmod iproute2 nftables bpftool procps'
kernel_series='linux-image-cloud-amd64 linux-image-6.12-cloud-amd64'

install_packages() {
	missing=
	for package in "$@"; do
		dpkg_has "$package" || missing="$missing $package"
	done
	# shellcheck disable=SC2086 # a list of words
	set -- $missing
	[ $# -eq 0 ] || step "Debian packages ($#)" apt_install "$@"
}

dpkg_has() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

apt_install() {
	export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
	printf '%s\n' "$*"
	# Before they are: one that fails half-way has installed some, and those are named as ours, and looked after, all the same.
	printf '%s\n' "$@" >>"$packages_made"
	packages_held=$*
	hold_services
	apt-get -qq -o DPkg::Lock::Timeout=300 update &&
		apt-get -qq -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 install --no-install-recommends "$@"
	apt_status=$?
	release_services
	return $apt_status
}

services_held=no
# Those that are being installed, perhaps in vain.
packages_held=
policy=/usr/sbin/policy-rc.d
policy_mark='# made by sidestep while it installs packages'

# Debian starts a server as soon as it is installed, and this script is the way to say no. The tests start their own.
hold_services() {
	services_held=yes
	if [ -e $policy ] && ! grep -qF "$policy_mark" $policy; then
		mv $policy $policy.before-sidestep
	fi
	printf '#!/bin/sh\n%s\nexit 101\n' "$policy_mark" >$policy
	chmod +x $policy
}

release_services() {
	[ $services_held = yes ] || return 0
	services_held=no
	# shellcheck disable=SC2086 # a list of words
	disable_services $packages_held
	restore_policy
}

# Also after a set-up that was killed.
restore_policy() {
	if [ -e $policy ] && grep -qF "$policy_mark" $policy; then rm -f $policy; fi
	if [ -e $policy.before-sidestep ]; then mv $policy.before-sidestep $policy; fi
}

# Nor should they start with the machine, where nobody had asked for them before.
disable_services() {
	command -v systemctl >/dev/null || return 0
	for package in "$@"; do
		dpkg_has "$package" || continue
		case $package in
		redis-server) systemctl -q disable redis-server ;;
		nginx-light) systemctl -q disable nginx ;;
		postgresql) systemctl -q disable postgresql ;;
		esac || :
	done
}
