# shellcheck shell=sh
# What this machine must be able to do. Everything here is asked before anything is changed.

# Linux capability numbers.
cap_net_admin=12
cap_sys_admin=21

refuse_impossible() {
	[ "$(uname -s)" = Linux ] || refuse "Sidestep works in the Linux kernel, and this is $(uname -s); run it on a Linux host."
	[ "$(id -u)" -eq 0 ] || refuse "Loading programs into the kernel takes root; run sudo ./sidestep $1."
	case $(uname -m) in
	x86_64 | aarch64) ;;
	*) refuse "Sidestep runs on x86-64 and arm64 machines, and this one is $(uname -m)." ;;
	esac
	case $root in
	*[:\"\`\$\\]* | *"
"*) refuse "The path of this folder has a character in it that set-up cannot work with (: \" \` \$ \\ or a line break); move it to another place." ;;
	esac
	for capability in $cap_net_admin $cap_sys_admin; do
		has_capability "$capability" ||
			refuse "This root is confined (a container?) and may not load programs into the kernel; run Sidestep on the host itself."
	done
	case $1 in
	up | dev | test | bench) refuse_machine ;;
	esac
}

refuse_machine() {
	own_kernel="start Debian's own kernel (package linux-image-amd64 or linux-image-arm64)."
	is_debian_12 ||
		refuse "Sidestep knows how to install what it needs on Debian 12 only, and this is $(distribution); run it on Debian 12."
	has_filesystem bpf || refuse "This kernel has no eBPF; $own_kernel"
	[ -r /sys/kernel/btf/vmlinux ] ||
		refuse "This kernel does not describe its own types (no /sys/kernel/btf/vmlinux); $own_kernel"
	has_filesystem tracefs || refuse "This kernel has no tracepoints; $own_kernel"
	has_filesystem cgroup2 ||
		refuse "This kernel has no cgroup v2; $own_kernel"
	if [ -n "$cgroup" ] && [ ! -e "$cgroup/cgroup.procs" ]; then
		refuse "--cgroup must be a folder of the cgroup v2 tree, and $cgroup is none; leave the option out to cover the whole host."
	fi
	for file in "$tls_cert" "$tls_key"; do
		[ -z "$file" ] || [ -r "$file" ] || refuse "There is no file $file; check --tls-cert and --tls-key."
	done
	[ -x "$node" ] || refuse_small_disk
}

is_debian_12() {
	command -v apt-get >/dev/null && [ "$(os_release ID)" = debian ] && [ "$(os_release VERSION_ID)" = 12 ]
}

distribution() {
	name=$(os_release PRETTY_NAME)
	printf '%s' "${name:-an unknown distribution}"
}

os_release() {
	sed -n "s/^$1=\"\{0,1\}\([^\"]*\)\"\{0,1\}\$/\1/p" /etc/os-release 2>/dev/null
}

has_filesystem() {
	grep -qw "$1" /proc/filesystems
}

has_capability() {
	effective=$(sed -n 's/^CapEff:[[:space:]]*/0x/p' /proc/self/status)
	[ $((effective >> $1 & 1)) -eq 1 ]
}

# MiB that the first set-up takes: packages under /usr, their archives under /var, everything else in this folder.
refuse_small_disk() {
	for need in "$root:1500" /usr:1800 /var:600; do
		folder=${need%:*}
		free=$(df -Pm "$folder" | awk 'NR == 2 { print $4 }')
		[ "$free" -ge "${need##*:}" ] ||
			refuse "Setting up takes ${need##*:} MiB in $folder, and $free are free; make room and run the same command again."
	done
}
