# sshd = install: openssh-server by the image's package manager, from a local repository or a mirror
# that fails in every way mirrors do. Nothing leaves the machine: the mirror listens on the loopback
# of the pod's own network namespace. The packages are fetched once, from Debian's mirror, into the
# images' cache.
#
# shellcheck disable=SC2016 # what stands in single quotes is for the pod's shell
# shellcheck disable=SC2154 # stderr is set by bats' run

load ../lib/bed

setup_file() {
	engine_find || return 0
	export REPO PLAIN
	REPO=$IMAGE_CACHE/openssh-server-bookworm
	mkdir -p "$IMAGE_CACHE"
	(
		flock 9
		[[ -e $REPO/Packages.gz ]] || fetch_packages
	) 9>"$REPO.lock" 3>&-
	PLAIN=$(image_from bookworm-plain <<-'END'
		RUN rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/* /var/lib/apt/lists/*
	END
	)
}

setup() {
	need_engine
	DIR=$BATS_TEST_TMPDIR
}

teardown() {
	if [[ -n ${MIRROR-} ]]; then
		kill "$MIRROR" 2>/dev/null || true
	fi
	bed_teardown
}

# The packages that openssh-server needs in the plain image, as a flat repository. The machine's own
# apt does the work with a state of its own, which says what the image has already.
fetch_packages() {
	local work=$REPO.part mirror=${SSHINIT_TEST_MIRROR:-http://deb.debian.org/debian}
	rm -rf "$work" && mkdir -p "$work"/{lists/partial,debs/partial}
	engine run --rm --entrypoint cat "$(image bookworm-plain)" /var/lib/dpkg/status >"$work/status"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bookworm main" >"$work/sources"
	local apt=(apt-get -qq -o Dir::Etc::sourcelist="$work/sources" -o Dir::Etc::sourceparts=-
		-o Dir::State::lists="$work/lists" -o Dir::State::status="$work/status"
		-o Dir::Cache::archives="$work/debs" -o Debug::NoLocking=1 -o APT::Sandbox::User=root)
	"${apt[@]}" update >&2
	"${apt[@]}" install -y --download-only --no-install-recommends openssh-server >&2
	(cd "$work/debs" && dpkg-scanpackages -m . /dev/null >Packages 2>/dev/null && gzip -9k Packages)
	rm -rf "$REPO" "$work/debs/partial"
	mv "$work/debs" "$REPO"
	rm -rf "$work"
}

# installing SOURCE [POD OPTION...] [-- WORD...]: a pod whose image has no sshd and whose package
# source is the line SOURCE. The words default to a command that lasts.
installing() {
	local source=$1
	shift
	echo "$source" >"$DIR/sources.list"
	[[ " $* " == *' -- '* ]] || set -- "$@" -- sleep infinity
	pod_start --image "$PLAIN" --key ed25519 -e SSHINIT_SSHD=install -v "$REPO:/repo:ro" \
		-v "$DIR/sources.list:/etc/apt/sources.list:ro" "$@"
}

local_repository='deb [trusted=yes] file:/repo ./'
mirror_repository='deb [trusted=yes] http://127.0.0.1:8080 ./'

# mirror FAULT: a container that only holds a network namespace, and the mirror in it; options for
# the pod that shares it are in $SHARED.
mirror() {
	pod_start --image busybox --bare -- sleep infinity
	SHARED=(--network "container:$POD")
	nsenter --net --target "$(engine inspect -f '{{.State.Pid}}' "$POD")" \
		"$TOP/tests/lib/faulty-mirror" "$REPO" 8080 "$1" 3>&- &
	MIRROR=$!
	poll 10 nsenter --net --target "$(engine inspect -f '{{.State.Pid}}' "$POD")" \
		bash -c 'exec 3<>/dev/tcp/127.0.0.1/8080'
}

# fails_with CODE SECONDS: the pod's log names the failure within that time, and the command, which
# knows nothing of it, still runs.
fails_with() {
	local code=$1 sentence
	sentence=$(grep -A1 "\"$code\"" "$TOP/src/base/codes.def" | grep -o '"[^"]*"' | sed -n 2p | tr -d '"')
	pod_wait_log "openssh-server: $sentence" "$2"
	pod_log --err | grep -A1 -F "$sentence" | grep -q 'fix: '
	pod_running
	run -0 pod_exec sh -c 'tr "\0" " " </proc/1/cmdline'
	assert_output --partial 'sleep infinity'
}

@test "apt installs from a local repository while the command runs, and only our sshd is started" {
	installing "$local_repository" --network none -e LD_PRELOAD=/no/such.so -e LD_LIBRARY_PATH=/no/such
	pod_wait_log 'openssh-server, by apt-get: installing' 60
	run -0 pod_exec sh -c 'tr "\0" " " </proc/1/cmdline' # the command runs already
	assert_output --partial 'sleep infinity'
	pod_wait_log 'listening on port 22: OpenSSH_9\.2.* system' 120
	pod_wait_login
	run pod_log --err
	# (the command's own words about it are the command's)
	refute_line --regexp '^sshinit:.*preloaded'
	run -0 pod_exec sh -c 'ps -C sshd -o args= | grep -c "\[listener\]"'
	assert_line 1
	# A restart finds it there and installs nothing.
	pod_restart
	pod_wait_login
	run pod_log --err
	assert_equal "$(grep -c 'by apt-get: installing' <<<"$output")" 1
}

@test "faults: an unreachable mirror, no DNS, a full disk, a damaged list" {
	installing 'deb [trusted=yes] http://127.0.0.1:9 ./' --network none
	fails_with install-unreachable 60
	installing 'deb [trusted=yes] http://mirror.invalid ./' --network none
	fails_with install-dns 90
	installing "$mirror_repository" --network none --tmpfs /var/cache/apt:size=64k
	pod_wait_log 'error: openssh-server: ' 60
}

@test "faults: 404, 500" {
	mirror 404
	installing "$mirror_repository" "${SHARED[@]}"
	fails_with install-not-found 60
	pod_stop 0
	kill "$MIRROR"
	mirror 500
	installing "$mirror_repository" "${SHARED[@]}"
	fails_with install-unreachable 60
}

@test "faults: a package with a wrong byte, or cut off" {
	mirror corrupt
	installing "$mirror_repository" "${SHARED[@]}"
	fails_with install-hash 60
	pod_stop 0
	kill "$MIRROR"
	mirror truncated
	installing "$mirror_repository" "${SHARED[@]}" -e SSHINIT_INSTALL_SECONDS=20
	pod_wait_log 'error: openssh-server: ' 60
	pod_running
}

@test "faults: a mirror that resets, is slow, or hangs ends within the time, and nothing stays locked" {
	local fault
	for fault in reset slow hang; do
		mirror "$fault"
		installing "$mirror_repository" "${SHARED[@]}" -e SSHINIT_INSTALL_SECONDS=6
		pod_wait_log 'error: openssh-server: ' 40
		pod_running
		# Nobody of the package manager's family is left.
		poll 10 pod_exec sh -c '! ps -A -o comm= | grep -E "^(apt|dpkg|http)"'
		pod_stop 0
		kill "$MIRROR"
	done
}

@test "faults: a full disk" {
	installing "$local_repository" --network none --tmpfs /usr/lib/openssh:size=4k
	fails_with install-disk 90
}

@test "a package manager already at work is waited for" {
	installing "$local_repository" --network none -- perl -e '
		use Fcntl; open(my $l, ">", "/var/lib/dpkg/lock-frontend") or die;
		my $lock = pack("s s x4 l! l! i x4", F_WRLCK, 0, 0, 0, 0);
		fcntl($l, F_SETLKW, $lock) or die "lock: $!";
		sleep 8; close $l; exec "sleep", "infinity"'
	pod_wait_log 'listening on port 22' 120
	pod_wait_login
}

@test "killed in the middle: the next try, or the next start, mends it" {
	installing "$local_repository" --network none
	pod_wait_log 'by apt-get: installing' 60
	poll 60 pod_exec sh -c 'ps -C dpkg -o pid= | grep -q .'
	pod_exec sh -c 'kill -KILL $(ps -C apt-get,dpkg -o pid=)'
	pod_wait_log 'error: openssh-server: ' 60
	pod_restart
	pod_wait_log 'listening on port 22' 120
	pod_wait_login
}

@test "the command's time and status are its own, whatever the installation does" {
	mirror hang
	echo "$mirror_repository" >"$DIR/sources.list"
	run -7 --separate-stderr pod_run --image "$PLAIN" --key ed25519 -e SSHINIT_SSHD=install \
		-v "$DIR/sources.list:/etc/apt/sources.list:ro" "${SHARED[@]}" -- sh -c 'echo ran; exit 7'
	assert_output ran
}
