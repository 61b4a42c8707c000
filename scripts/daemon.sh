# shellcheck shell=sh
# The daemon: started in the foreground or detached, found by its pid file, stopped.

main=$root/apps/server/src/main.ts
daemon_log=

verb_up() {
	refuse_foreign_state
	pid=$(running_pid)
	if [ -n "$pid" ]; then
		say "Sidestep is already running (process $pid, state in $state_dir); ./sidestep sign-in-link prints a fresh link."
		return 0
	fi
	set_up
	if [ "$detach" = yes ]; then start_detached; else daemon_command exec "$node"; fi
}

verb_down() {
	refuse_foreign_state
	if [ "$purge" = yes ]; then
		verb_purge
		return 0
	fi
	pid=$(running_pid)
	if [ -n "$pid" ]; then
		stop_running
	elif accelerates; then
		say "Sidestep is not running (state in $state_dir), but what a daemon has accelerated stays so: it is pinned in $pin_dir."
		say "./sidestep up takes it over, ./sidestep down --purge removes it."
	else
		say "Sidestep is not running (state in $state_dir)."
	fi
}

# Whether programs are pinned: after an upgrade they may be in a folder of their own.
accelerates() {
	for link in "$pin_dir/link_sockops" "$pin_dir"/generation_*/link_sockops; do
		if [ -e "$link" ]; then return 0; fi
	done
	return 1
}

stop_running() {
	kill -TERM "$pid"
	waited=0
	while kill -0 "$pid" 2>/dev/null; do
		[ $waited -lt 600 ] ||
			refuse "Process $pid is still stopping after a minute; its log in $state_dir/daemon.log may say why. Run ./sidestep down again."
		sleep 0.1
		waited=$((waited + 1))
	done
	say "Sidestep has stopped."
}

verb_dev() {
	refuse_foreign_state
	pid=$(running_pid)
	[ -z "$pid" ] || refuse "Sidestep is already running (process $pid); stop it with ./sidestep down first."
	set_up
	daemon_command exec "$node" "$root/scripts/dev.ts"
}

verb_test() {
	if [ "$kernels" = yes ]; then
		verb_test_kernels
		return
	fi
	# shellcheck disable=SC2086 # a list of words
	install_packages $run_time_packages $program_packages $test_packages
	set_up
	[ "$plain" = no ] || set -- --plain
	[ "$load" = no ] || set -- --load
	exec "$node" "$root/scripts/run-tests.ts" "$@" ${fuzz:+--fuzz "$fuzz"} ${torture:+--torture "$torture"} \
		${soak:+--soak "$soak"} ${out:+--out "$out"} ${seed:+--seed "$seed"}
}

verb_test_kernels() {
	refuse_no_emulator
	# shellcheck disable=SC2086 # a list of words
	install_packages $run_time_packages $kernel_test_packages
	set_up
	step 'Kernels' fetch_kernels
	exec "$node" "$root/scripts/run-tests.ts" --kernels
}

# daemon_command COMMAND...: runs it with the daemon's file and options.
daemon_command() {
	# What lives for a moment only has 12 MiB: with more the daemon is no faster, and takes all of it once there were many events.
	set -- "$@" --disable-warning=ExperimentalWarning --max-semi-space-size=4 "$main" \
		--state-dir "$state_dir" --listen "$listen" --pin-dir "$pin_dir" --web "$root/apps/web/out"
	[ -z "$cgroup" ] || set -- "$@" --cgroup "$cgroup"
	[ -z "$max_connections" ] || set -- "$@" --max-connections "$max_connections"
	[ -z "$tls_cert" ] || set -- "$@" --tls-cert "$tls_cert"
	[ -z "$tls_key" ] || set -- "$@" --tls-key "$tls_key"
	[ -z "$daemon_log" ] || set -- "$@" --log "$daemon_log"
	"$@"
}

# Returns when the page answers, after showing what the daemon has said so far: the address with the sign-in link.
start_detached() {
	(umask 077 && mkdir -p "$state_dir") ||
		refuse "The state folder $state_dir cannot be made; choose another with --state-dir."
	# Somebody may have been faster.
	refuse_foreign_state
	daemon_log=$state_dir/daemon.log
	[ ! -h "$daemon_log" ] || refuse "The log $daemon_log is a link; remove it and run the same command again."
	before=0
	[ ! -e "$daemon_log" ] || before=$(wc -c <"$daemon_log")
	(
		umask 077
		daemon_command exec setsid "$node" >>"$daemon_log" 2>&1 </dev/null
	) &
	pid=$!
	scheme=http
	[ -z "$tls_cert" ] || scheme=https
	answers=0
	"$node" "$root/scripts/wait-for-page.ts" "$scheme://$listen/healthz" "$pid" "$state_dir/daemon.pid" || answers=$?
	# The daemon may have begun it afresh.
	[ "$before" -le "$(wc -c <"$daemon_log")" ] || before=0
	tail -c "+$((before + 1))" "$daemon_log"
	[ $answers -eq 0 ] || {
		kill -TERM "$pid" 2>/dev/null || :
		refuse "The daemon did not start; what it said is above and in $daemon_log."
	}
}

# Of the daemon that has this state folder; empty when there is none. A pid file may have outlived its process, and its boot: whoever
# has the number now is our daemon only if it has the folder's lock open.
running_pid() {
	running=$(cat "$state_dir/daemon.pid" 2>/dev/null) || return 0
	case $running in
	'' | *[!0-9]*) return 0 ;;
	esac
	[ -z "$(find -L "/proc/$running/fd" -samefile "$state_dir/lock" 2>/dev/null)" ] || printf '%s' "$running"
}
