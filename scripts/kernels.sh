# shellcheck shell=sh
# Debian's own kernels, for tests in an emulator. Their packages are unpacked in this folder; nothing of them is installed.

kernels_dir=$root/.sidestep/kernels

refuse_no_emulator() {
	[ "$(uname -m)" = x86_64 ] ||
		refuse "--kernels boots x86-64 kernels with the programs of this host, which is $(uname -m); run it on an x86-64 host."
}

fetch_kernels() {
	apt-get -qq -o DPkg::Lock::Timeout=300 update || return 1
	mkdir -p "$kernels_dir/packages"
	images=
	for series in $kernel_series; do
		image=$(apt-cache depends "$series" | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p')
		[ -n "$image" ] || {
			printf 'No package %s: is bookworm-security among the sources of apt?\n' "$series"
			return 1
		}
		fetch_kernel "$image" || return 1
		images="$images $image"
	done
	# Those of earlier runs that are no longer the newest of their series.
	for folder in "$kernels_dir/packages"/*; do
		case " $images " in
		*" ${folder##*/} "*) ;;
		*) rm -rf "$folder" ;;
		esac
	done
}

# fetch_kernel PACKAGE
fetch_kernel() {
	[ ! -e "$kernels_dir/packages/$1" ] || return 0
	unpacked=$kernels_dir/unpacked
	rm -rf "$unpacked" && mkdir -p "$unpacked" &&
		(cd "$unpacked" && apt-get -qq download "$1" && dpkg-deb -x ./*.deb . && rm ./*.deb) &&
		depmod -b "$unpacked" "${1#linux-image-}" &&
		mv "$unpacked" "$kernels_dir/packages/$1"
}
