# shellcheck shell=sh
# What the script says, and how long steps show that they go on.

say() {
	printf '%s\n' "$*"
}

# What cannot be done, in one sentence with its remedy.
refuse() {
	printf 'sidestep: %s\n' "$*" >&2
	exit 1
}

misused() {
	printf 'sidestep: %s See ./sidestep help.\n' "$*" >&2
	exit 2
}

version() {
	sed -n 's/^  "version": "\(.*\)",$/\1/p' "$root/package.json"
}

log=$root/.sidestep/set-up.log
ticker=

# step NAME COMMAND...: its output goes to the log; its end is shown only when it fails.
step() {
	step_name=$1
	shift
	mkdir -p "$root/.sidestep"
	printf '\n== %s (%s)\n' "$step_name" "$(date '+%F %T')" >>"$log"
	step_from=$(wc -c <"$log")
	step_start=$(date +%s)
	show_progress &
	ticker=$!
	step_status=0
	"$@" >>"$log" 2>&1 </dev/null || step_status=$?
	stop_ticker
	elapsed=$(($(date +%s) - step_start))
	if [ "$step_status" -ne 0 ]; then
		end_line "$step_name: failed after $elapsed s"
		tail -c "+$((step_from + 1))" "$log" | tail -n 25 | sed 's/^/    /' >&2
		refuse "$step_name failed; what it said is in $log. Put that right and run the same command again."
	fi
	end_line "$step_name: done in $elapsed s"
}

stop_ticker() {
	[ -z "$ticker" ] || kill "$ticker" 2>/dev/null || :
	ticker=
}

# A terminal sees the seconds count; a log file gets a line now and then.
show_progress() {
	seconds=0
	while :; do
		if [ -t 1 ]; then
			printf '\r  %s: %d s' "$step_name" "$seconds"
		elif [ $((seconds % 30)) -eq 0 ] && [ "$seconds" -gt 0 ]; then
			printf '  %s: still going after %d s\n' "$step_name" "$seconds"
		fi
		# Not on our standard output: whoever reads that should not wait for the last sleep.
		sleep 1 >/dev/null 2>&1
		seconds=$((seconds + 1))
	done
}

end_line() {
	if [ -t 1 ]; then printf '\r\033[K'; fi
	printf '  %s\n' "$1"
}
