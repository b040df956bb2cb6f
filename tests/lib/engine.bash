# shellcheck shell=bash
# The container engine: docker or podman, whichever answers.
#
#	engine_find    0 when an engine answers; sets ENGINE to docker or podman. Otherwise 1, and
#	               ENGINE_WHY says why there is none. Asks only once.
#	engine_start   as engine_find, and where none answers starts a dockerd of our own, when that can
#	               be done: as root, with dockerd installed (in CI it is installed first)
#	engine_stop    ends the dockerd that engine_start started; does nothing to any other
#	engine ARG...  runs the engine, with a bounded time for all it does: no answer is an error
#
# Nothing here ever pulls an image. SSHINIT_TEST_ENGINE=docker|podman|none chooses by hand, with none
# to see what a machine without an engine does. tests/run calls engine_start and engine_stop; bats
# files run by hand use what answers.
#
# Our own dockerd has its socket, state and data away from the system's (under /run and
# build/docker), so that a Docker installed later is not disturbed; its log is
# build/test/dockerd.log. A second dockerd on one host removes the first one's bridge: that is
# why it is started only where none answers.

ENGINE_RUN=/run/sshinit-test-engine

engine_find() {
	[[ -n ${ENGINE-} ]] && return 0
	[[ -n ${ENGINE_WHY-} ]] && return 1
	local each said
	for each in ${SSHINIT_TEST_ENGINE:-docker podman}; do
		if [[ $each == none ]]; then
			ENGINE_WHY="SSHINIT_TEST_ENGINE=none"
		elif ! command -v "$each" >/dev/null; then
			ENGINE_WHY+="${ENGINE_WHY:+; }$each is not installed"
		elif ! said=$(timeout 60 "$each" info 2>&1 >/dev/null); then
			ENGINE_WHY+="${ENGINE_WHY:+; }$each does not answer (${said##*$'\n'})"
		else
			ENGINE=$each ENGINE_WHY=
			export ENGINE DOCKER_BUILDKIT=0
			return 0
		fi
	done
	export ENGINE_WHY
	return 1
}

engine_start() {
	# All tests are written for docker, so in CI one is started rather than podman used.
	if [[ ${CI-} == true && -z ${SSHINIT_TEST_ENGINE-} ]]; then
		SSHINIT_TEST_ENGINE=docker engine_find && return 0
		_engine_start_docker && return 0
		unset ENGINE_WHY
	fi
	engine_find && return 0
	[[ ${SSHINIT_TEST_ENGINE:-docker} == docker ]] || return 1
	_engine_start_docker
}

_engine_start_docker() {
	if ((EUID != 0)); then
		ENGINE_WHY+="; not root, so none was started"
		return 1
	fi
	mkdir -p "$BUILD/test" "$ENGINE_RUN"
	if ! command -v dockerd >/dev/null; then
		if [[ ${CI-} != true ]]; then
			ENGINE_WHY+="; apt-get install docker.io"
			return 1
		fi
		_engine_install || return 1
	fi

	local log=$BUILD/test/dockerd.log monitor=
	# In a process group of its own (set -m): ^C at the terminal must not take it away before the
	# containers. Disowned: it is no job that a `wait` should wait for.
	[[ $- == *m* ]] || monitor=off
	set -m
	dockerd --host "unix://$ENGINE_RUN/docker.sock" --pidfile "$ENGINE_RUN/docker.pid" \
		--exec-root "$ENGINE_RUN/exec" --data-root "$BUILD/docker" </dev/null >"$log" 2>&1 3>&- &
	ENGINE_PID=$!
	disown "$ENGINE_PID"
	[[ -z $monitor ]] || set +m
	export DOCKER_HOST=unix://$ENGINE_RUN/docker.sock
	local tries
	for ((tries = 0; tries < 1200; tries++)); do
		if timeout 20 docker info >/dev/null 2>&1; then
			ENGINE=docker ENGINE_WHY=
			export ENGINE ENGINE_WHY DOCKER_BUILDKIT=0
			return 0
		fi
		kill -0 "$ENGINE_PID" 2>/dev/null || break
		sleep 0.1
	done
	unset DOCKER_HOST
	ENGINE_WHY="dockerd does not start here: $(tail -n 1 "$log") ($log)"
	engine_stop
	return 1
}

_engine_install() {
	local packages=(docker.io)
	# From Debian 13 on, the client is a package of its own.
	apt-cache show docker-cli >/dev/null 2>&1 && packages+=(docker-cli)
	DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
		"${packages[@]}" iptables >"$BUILD/test/docker-install.log" 2>&1 && return 0
	ENGINE_WHY+="; apt-get install ${packages[*]} failed ($BUILD/test/docker-install.log)"
	return 1
}

engine_stop() {
	[[ -n ${ENGINE_PID-} ]] || return 0
	kill "$ENGINE_PID" 2>/dev/null
	local tries
	for ((tries = 0; tries < 200; tries++)); do
		kill -0 "$ENGINE_PID" 2>/dev/null || break
		sleep 0.1
	done
	ENGINE_PID=
}

# engine's stdin is what the caller's is; 3 is bats' own descriptor, which nothing of ours may keep.
engine() {
	timeout --foreground "${ENGINE_SECONDS:-180}" "$ENGINE" "$@" 3>&-
}

# podman's rm would first wait ten seconds for the container to stop.
_engine_remove() {
	if [[ $ENGINE == podman ]]; then
		engine rm -fv -t 0 "$@" >/dev/null
	else
		engine rm -fv "$@" >/dev/null
	fi
}

# Print the options that every container of this engine needs, one in each line.
#
# podman raises the limits of a container above ours, which the kernel forbids where even root has no
# CAP_SYS_RESOURCE (capability 24); there containers get low ones.
_engine_options() {
	local capabilities
	if [[ $ENGINE == podman ]]; then
		capabilities=$(awk '$1 == "CapEff:" { print $2 }' /proc/self/status)
		if ((EUID == 0 && (0x$capabilities >> 24 & 1) == 0)); then
			printf '%s\n' --ulimit=nofile=1024:4096 --ulimit=nproc=4096:4096
		fi
	fi
}

# True where containers have no address the host can reach.
_engine_rootless() {
	[[ $ENGINE == podman && $EUID != 0 ]]
}
