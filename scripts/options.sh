# shellcheck shell=sh
# The options that all verbs share.

state_dir=/var/lib/sidestep
listen=127.0.0.1:7070
cgroup=
pin_dir=/sys/fs/bpf/sidestep
tls_cert=
tls_key=
max_connections=
detach=no
purge=no
now=no
fuzz=
torture=
load=no
soak=
out=
plain=no
kernels=no
seed=

parse_options() {
	options_verb=$1
	shift
	while [ $# -gt 0 ]; do
		option=$1
		shift
		case $option in
		--detach)
			[ "$options_verb" = up ] || misused "Only up can be detached."
			detach=yes
			continue
			;;
		--purge | --now)
			[ "$options_verb" = down ] || misused "Only down takes $option."
			if [ "$option" = --purge ]; then purge=yes; else now=yes; fi
			continue
			;;
		--plain)
			[ "$options_verb" = test ] || misused "Only test takes --plain."
			plain=yes
			continue
			;;
		--kernels)
			[ "$options_verb" = test ] || misused "Only test takes --kernels."
			kernels=yes
			continue
			;;
		--load)
			[ "$options_verb" = test ] || misused "Only test takes --load."
			load=yes
			continue
			;;
		--help | -h)
			help
			exit 0
			;;
		--*=*)
			value=${option#*=}
			option=${option%%=*}
			;;
		--state-dir | --listen | --cgroup | --pin-dir | --tls-cert | --tls-key | --max-connections | --fuzz | --torture | --soak | --out | --seed)
			[ $# -gt 0 ] || misused "$option needs a value."
			value=$1
			shift
			;;
		*) misused "$options_verb does not know '$option'." ;;
		esac
		[ -n "$value" ] || misused "$option needs a value."
		case $option in
		--state-dir) state_dir=$(absolute "$value") ;;
		--listen) listen=$value ;;
		--cgroup) cgroup=$(absolute "$value") ;;
		--pin-dir) pin_dir=$(absolute "$value") ;;
		--tls-cert) tls_cert=$(absolute "$value") ;;
		--tls-key) tls_key=$(absolute "$value") ;;
		--max-connections)
			whole_number "$option" "$value"
			max_connections=$value
			;;
		--torture | --soak)
			[ "$options_verb" = test ] || misused "Only test takes $option."
			span_of_time "$option" "$value"
			if [ "$option" = --torture ]; then torture=$value; else soak=$value; fi
			;;
		--out)
			[ "$options_verb" = test ] || misused "Only test takes --out."
			out=$(absolute "$value")
			;;
		--fuzz | --seed)
			[ "$options_verb" = test ] || misused "Only test takes $option."
			whole_number "$option" "$value"
			if [ "$option" = --fuzz ]; then fuzz=$value; else seed=$value; fi
			;;
		*) misused "$options_verb does not know '$option'." ;;
		esac
	done
	[ "$plain" = no ] || [ -n "$torture" ] || misused "--plain goes with --torture."
	[ -z "$out" ] || [ "$load" = yes ] || misused "--out goes with --load."
	set -- ${fuzz:+--fuzz} ${torture:+--torture} ${soak:+--soak}
	[ "$load" = no ] || set -- "$@" --load
	[ "$kernels" = no ] || set -- "$@" --kernels
	[ $# -le 1 ] || misused "$1 and $2 do not go together."
	[ "$now" = no ] || [ "$purge" = yes ] || misused "--now goes with --purge."
	refuse_bad_address
}

refuse_bad_address() {
	host=${listen%:*}
	port=${listen##*:}
	case $listen in
	?*:*) ;;
	*) port= ;;
	esac
	case $port in
	'' | *[!0-9]* | ??????*) port=0 ;;
	esac
	if [ "$port" -lt 1 ] || [ "$port" -gt 65535 ]; then
		misused "--listen takes an address and a port, such as 127.0.0.1:7070, not '$listen'."
	fi
	case ${tls_cert:+cert}-${tls_key:+key} in
	cert- | -key) misused "--tls-cert and --tls-key go together." ;;
	cert-key) return 0 ;;
	esac
	case $host in
	127.* | localhost | '[::1]') ;;
	*) misused "--listen $listen can be reached from other hosts: add --tls-cert and --tls-key, or use 127.0.0.1." ;;
	esac
}

span_of_time() {
	case $2 in
	[1-9]*[smh]) ;;
	*) misused "$1 takes a time such as 90s, 2m or 1h, not '$2'." ;;
	esac
	case ${2%?} in
	*[!0-9]* | ???????*) misused "$1 takes a time such as 90s, 2m or 1h, not '$2'." ;;
	esac
}

whole_number() {
	case $2 in
	*[!0-9]* | ??????????*) misused "$1 takes a whole number below 1000000000, not '$2'." ;;
	esac
}

absolute() {
	case $1 in
	/*) printf '%s' "$1" ;;
	*) printf '%s/%s' "$PWD" "$1" ;;
	esac
}
