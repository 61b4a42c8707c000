# shellcheck shell=sh
# Whose the state folder is.

# Before anything is read or written there: in somebody else's folder links may stand where the daemon's files should. As the daemon judges it
# (apps/server/src/state/folder.ts), in the same words.
refuse_foreign_state() {
	judged=$(realpath -ms -- "$state_dir")
	found=$(stat -c '%f %u' -- "$judged" 2>/dev/null) || return 0
	mode=$((0x${found% *}))
	[ $((mode & 0170000)) -eq $((0040000)) ] ||
		refuse "The state folder $judged is not a folder. Choose another with --state-dir."
	[ "${found#* }" -eq "$(id -u)" ] ||
		refuse "The state folder $judged belongs to another user. Choose another with --state-dir, or change its owner with chown."
	[ $((mode & 022)) -eq 0 ] ||
		refuse "Others may write to the state folder $judged. Choose another with --state-dir, or run chmod go-w $judged."
}
