# shellcheck shell=bash
# Pods: containers of a test. All of them are labelled, and removed when the test is over.
#
#	pod_start [OPTION...] [ENGINE OPTION...] [-- WORD...]
#		Start a container in the background and make it "the pod", the one that all helpers
#		(and the clients) speak of. The WORDs are sshinit's arguments: options of its own and
#		the user's command. ENGINE OPTIONs are those of `docker run`: -e, -v, --read-only, ...
#		Options of our own come first or in between:
#		--image NAME   the base image (default bookworm-ssh; see images.bash), to which
#		               build/sshinit is added as the entrypoint
#		--bare         the same image without the entrypoint: the WORDs are the command
#		--key TYPE     put this key (keys.bash) into $PUBLIC_KEY; may be repeated
#		--probe        mount the probe program (tests/probe) at /probe, and name the host "pod":
#		               what it prints bare and under sshinit can be compared by diff
#	pod_run [the same]     run in the foreground, print its output, answer its exit status
#	pod_sshd [the same]    a pod that runs the image's own `sshd -D` instead of sshinit, for
#	                       showing that a failure is not the bed's
#
#	pod_log [--out|--err]  what it wrote on both streams, or on one of them (`docker logs`)
#	pod_exec COMMAND...    run in the pod by the engine, without SSH
#	pod_stop [SECONDS]     stop it as `docker stop -t` does (default 60: nothing is killed that
#	                       would have ended by itself)
#	pod_restart            stop at once and start again; same file system
#	pod_exit [SECONDS]     wait until it has ended, and print its exit status
#	pod_running            true while it runs
#	pod_no_zombies         true where nothing in it waits to be reaped (poll it; the image has ps)
#	pod_wait_port [SECONDS]         until something listens and says SSH-2.0 (default 20)
#	pod_wait_login [SECONDS] [CLIENT_SSH OPTION...]   until an ssh login succeeds
#	pod_wait_log PATTERN [SECONDS]  until a line of its log matches (grep -E)
#	                                (SECONDS as poll counts them)
#
#	$POD  its id      $POD_HOST, $POD_PORT  where it is reached (set POD_PORT when sshd is elsewhere)
#	$POD_VIA  a command in front of every client; empty but for `--network none`
#
# To work with two pods: keep what pod_start set (a=$POD), then `pod_use "$a"`.
# A pod started in setup_file serves all tests of the file; start it only `if engine_find`, and begin
# every test's setup with need_engine (bats 1.8 cannot skip in setup_file).
#
# No port is published where the pod's address can be reached; rootless podman publishes one on
# 127.0.0.1. A pod with `--network none` is reached by entering its network namespace (as root).

POD_PORT_DEFAULT=22

pod_start() {
	need_engine
	local -a _args _words
	_pod_arguments "$@" || return 1
	local id
	id=$(engine run -d "${_args[@]}" "${_words[@]}") || return 1
	pod_use "$id"
}

pod_run() {
	need_engine
	local -a _args _words
	_pod_arguments "$@" || return 1
	engine run --rm "${_args[@]}" "${_words[@]}"
}

pod_sshd() {
	local -a before=()
	while (($#)) && [[ $1 != -- ]]; do
		before+=("$1")
		shift
	done
	# shellcheck disable=SC2016
	pod_start "${before[@]}" --bare -- /bin/sh -ec '
		mkdir -p -m 0755 /run/sshd
		mkdir -p -m 0700 /root/.ssh
		printf "%s\n" "$PUBLIC_KEY" >/root/.ssh/authorized_keys
		chmod 0600 /root/.ssh/authorized_keys
		exec /usr/sbin/sshd -D -e -o UsePAM=no'
}

pod_use() {
	export POD=$1 POD_PORT=$POD_PORT_DEFAULT POD_HOST='' POD_VIA=''
	local network pid
	read -r pid network POD_HOST _ < <(engine inspect --format \
		'{{.State.Pid}} {{.HostConfig.NetworkMode}} {{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}' "$POD") || true
	case $network in
	host)
		POD_HOST=127.0.0.1
		;;
	none)
		POD_HOST=127.0.0.1 POD_VIA="nsenter -t $pid -n"
		;;
	*)
		if _engine_rootless; then
			POD_HOST=$(engine port "$POD" 22/tcp 2>/dev/null | head -n 1) || true
			POD_PORT=${POD_HOST##*:} POD_HOST=${POD_HOST%:*}
		fi
		;;
	esac
}

pod_log() {
	case ${1-} in
	--out) engine logs "$POD" 2>/dev/null ;;
	--err) { engine logs "$POD" >/dev/null; } 2>&1 ;;
	*) engine logs "$POD" 2>&1 ;;
	esac
}

pod_exec() {
	engine exec "$POD" "$@"
}

pod_stop() {
	engine stop -t "${1:-60}" "$POD" >/dev/null
}

pod_restart() {
	engine restart -t 0 "$POD" >/dev/null
	pod_use "$POD"
}

pod_running() {
	[[ $(engine inspect --format '{{.State.Running}}' "$POD") == true ]]
}

pod_exit() {
	ENGINE_SECONDS=$((${1:-30} * BED_PATIENCE)) engine wait "$POD"
}

pod_no_zombies() {
	! pod_exec ps -e -o stat=,args= | grep '^Z'
}

pod_wait_port() {
	poll "${1:-20}" _pod_answers
}

pod_wait_login() {
	local seconds=20
	if [[ ${1-} =~ ^[0-9]+$ ]]; then
		seconds=$1
		shift
	fi
	pod_wait_port "$seconds" && poll "$seconds" client_ssh "$@" -- true
}

pod_wait_log() {
	poll "${2:-20}" _pod_logged "$1"
}

# Show and remove: what the teardowns call.
pods_show() {
	local id
	[[ -n ${ENGINE-} ]] || return 0
	for id in $(_pods); do
		echo "-- log of pod ${id:0:12} ($(engine inspect --format '{{.Config.Image}} {{.State.Status}} {{.State.ExitCode}}' "$id")):"
		engine logs --tail 100 "$id" 2>&1
	done
}

pods_remove() {
	[[ -z ${ENGINE-} ]] || _pods_remove "sshinit-test-pod=$(_pod_label)"
}

# Every container of the run, for tests/run to call when all is over.
pods_remove_all() {
	_pods_remove "sshinit-test-run=$BED_RUN"
}

# Until there is none: the engine refuses to remove what it is removing itself (run --rm).
_pods_remove() {
	local tries said=''
	local -a ids
	for ((tries = 0; tries < 30; tries++)); do
		mapfile -t ids < <(engine ps -aq --filter "label=$1")
		((${#ids[@]})) || return 0
		said=$(_engine_remove "${ids[@]}" 2>&1) && return 0
		sleep 1
	done
	echo "$said" >&2
	return 1
}

_pods() {
	engine ps -aq --filter "label=sshinit-test-pod=$(_pod_label)"
}

# One label for each test, and one for each file's setup_file.
_pod_label() {
	echo "${BATS_RUN_TMPDIR:?}:${BATS_TEST_FILENAME##*/}:${BATS_TEST_NUMBER:-file}"
}

# Sets _args (the engine's options and the image) and _words of the caller.
_pod_arguments() {
	local image=bookworm-ssh bare='' keys='' network=''
	mapfile -t _args < <(_engine_options)
	_args+=(--pull=never --label "sshinit-test-pod=$(_pod_label)" --label "sshinit-test-run=${BED_RUN:-none}")
	while (($#)) && [[ $1 != -- ]]; do
		case $1 in
		--image) image=$2 && shift ;;
		--key) keys+=${keys:+$'\n'}$(key_pub "$2") && shift ;;
		--bare) bare=yes ;;
		--probe) _args+=(-v "$(probe):/probe:ro" --hostname pod) ;;
		--network* | --net | --net=* | -p | --publish*) network=given && _args+=("$1") ;;
		*) _args+=("$1") ;;
		esac
		shift
	done
	if [[ ${1-} == -- ]]; then
		shift
	fi
	_words=("$@")
	if [[ -n $keys ]]; then
		_args+=(-e "PUBLIC_KEY=$keys")
	fi
	if [[ -z $network ]] && _engine_rootless; then
		_args+=(-p 127.0.0.1::22)
	fi
	if [[ -n $bare ]]; then
		_args+=(--entrypoint '')
		# Where there is a binary, the same file system as with sshinit, to the last byte.
		if [[ -x $SSHINIT ]]; then
			image=$(image_with_sshinit "$image") || return 1
		else
			image=$(image "$image") || return 1
		fi
	else
		image=$(image_with_sshinit "$image") || return 1
	fi
	_args+=("$image")
}

_pod_answers() {
	# The subshell's descriptor ends with it. A port that hangs must not hang the test.
	# shellcheck disable=SC2016,SC2086
	timeout 5 $POD_VIA bash -c 'exec 3<>"/dev/tcp/$1/$2" && read -r -t 4 said <&3 && [[ $said == SSH-2.0-* ]]' \
		- "$POD_HOST" "$POD_PORT" 3>&- || {
		pod_running || echo "the pod has ended"
		return 1
	}
}

_pod_logged() {
	local log
	log=$(pod_log --both)
	grep -E -q -e "$1" <<<"$log" || {
		tail -n 20 <<<"$log"
		return 1
	}
}
