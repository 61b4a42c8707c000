# shellcheck shell=sh
# Everything that Sidestep has made on this machine goes; what it must leave is named.

# File systems that set-up has mounted, one `type folder` a line. Like the mounts, it is gone with the next boot.
mounts_made=/run/sidestep/mounts
# Where daemons lock their pin folders; one that was killed leaves its file.
locks=/run/sidestep/locks
# Debian packages that set-up has installed, one a line.
packages_made=$root/.sidestep/packages

verb_purge() {
	pid=$(running_pid)
	if [ -n "$pid" ]; then
		disable_running
		stop_running
	fi
	remove_remains
	restore_policy
	unmount_ours
	name_the_rest
}

disable_running() {
	require_set_up
	# Where the daemon could not take over or drain, removing what remains tries it again, in whatever cgroup, and says why not.
	case $(ask_running status --json 2>/dev/null) in *'"state":"failed"'*) return 0 ;; esac
	set -- disable
	[ "$now" = no ] || set -- "$@" --now
	ask_running "$@" >/dev/null || refuse "Acceleration is still on, so nothing was removed. Try again, or add --now to reset what does not drain."
}

ask_running() {
	"$node" --disable-warning=ExperimentalWarning "$root/apps/cli/src/main.ts" "$@" --state-dir "$state_dir"
}

# What is in the kernel can be taken out without losing a byte only by the programs that put it there.
remove_remains() {
	if [ ! -e "$state_dir" ] && [ ! -e "$pin_dir" ]; then
		# The locks that are left may be others', and are no reason to set anything up.
		[ -e $locks ] && [ -x "$node" ] || return 0
	fi
	require_set_up
	set -- "$node" --disable-warning=ExperimentalWarning "$main" purge --state-dir "$state_dir" --pin-dir "$pin_dir"
	[ "$now" = no ] || set -- "$@" --now
	"$@" || exit 1
}

# Some kernels put two files of their own (CONFIG_BPF_PRELOAD) into each file system of the kind.
has_pins() {
	[ -n "$(ls -A -I maps.debug -I progs.debug "$1")" ]
}

unmount_ours() {
	[ -e $mounts_made ] || return 0
	if another_runs; then
		say "Left: the file systems that set-up has mounted, for another daemon of Sidestep runs."
		return 0
	fi
	while read -r type at; do
		is_mounted "$type" "$at" || continue
		if [ "$type" = bpf ] && has_pins "$at"; then
			say "Left: the $type file system at $at, where others have pinned something."
		elif umount "$at" 2>/dev/null; then
			say "Removed: the mount of $type at $at."
		else
			say "Left: the $type file system at $at, which is in use; run umount $at when it no longer is."
		fi
	done <$mounts_made
	rm -f $mounts_made
	rmdir /run/sidestep/cgroup /run/sidestep 2>/dev/null || :
}

another_runs() {
	for line in /proc/[0-9]*/cmdline; do
		if { tr '\0' ' ' <"$line"; } 2>/dev/null | grep -q '^[^ ]*node .*apps/server/src/main\.ts '; then return 0; fi
	done
	return 1
}

# Those that nobody has removed since, each with a space in front.
packages_of_ours() {
	[ -e "$packages_made" ] || return 0
	sort -u "$packages_made" | while read -r package; do
		if dpkg_has "$package"; then printf ' %s' "$package"; fi
	done
}

name_the_rest() {
	kept=$(packages_of_ours)
	[ -z "$kept" ] || say "Left: Debian packages that set-up has installed. Remove them with: apt-get remove$kept"
	say "Left: this folder, with all that was built in it. Remove it with: rm -r $root"
}
