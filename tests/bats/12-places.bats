# Every place where sshinit has to work: images without openssh-server, without a shell, without
# anything; read-only roots, no network, no root, few capabilities.
#
# shellcheck disable=SC2030,SC2031,SC2034,SC2153 # POD_HOST, POD_PORT and POD_VIA are the bed's
# shellcheck disable=SC2016 # what stands in single quotes is for the pod's shell

load ../lib/bed

setup() {
	need_engine
	DIR=$BATS_TEST_TMPDIR
}

# place USER [POD_START OPTION...] [-- WORD...]: a pod in which USER can do all that SSH promises.
# Without WORDs the command is `sleep infinity`.
place() {
	local user=$1
	shift
	[[ " $* " == *' -- '* ]] || set -- "$@" -- sleep infinity
	pod_start --key ed25519 "$@"
	pod_wait_login --user "$user"
	all_works "$user"
}

all_works() {
	local user=$1
	run -0 client_ssh --user "$user" -- 'echo "$LOGNAME $((6 * 7))"'
	assert_output "$user 42"
	run -3 client_ssh --user "$user" -tt -- 'tty; exit 3'
	assert_output --partial /dev/pts/
	files_and_forwards "$user"
}

files_and_forwards() {
	local user=$1 where=${2:-/dev/shm}
	head -c 100000 /dev/urandom >"$DIR/sent"
	client_sftp --user "$user" <<-END
		put $DIR/sent $where/by-sftp
		get $where/by-sftp $DIR/back
	END
	cmp "$DIR/sent" "$DIR/back"
	rm "$DIR/back"
	client_scp --user "$user" -O -- "pod:$where/by-sftp" "$DIR/back"
	cmp "$DIR/sent" "$DIR/back"
	rm "$DIR/back"
	run -0 client_ssh --user "$user" -W "127.0.0.1:$POD_PORT" -- </dev/null
	assert_output --partial SSH-2.0-OpenSSH
}

assert_log() {
	pod_wait_log "$1"
}

refute_log() {
	run -0 pod_log --err
	refute_output --regexp "$1"
}

@test "Debian without openssh-server, three releases" {
	local suite
	for suite in bookworm trixie bullseye; do
		place root --image "$suite-plain"
		refute_log 'warning|error'
		assert_log 'listening on port 22: OpenSSH_1[0-9.p]+, embedded \(the same in every image\)'
	done
}

@test "a busybox root" {
	place root --image busybox
	refute_log 'error'
}

@test "a scratch image: sftp, scp and forwards work, and who wants a shell is told" {
	pod_start --image scratch --key ed25519
	pod_wait_port
	files_and_forwards root
	run -127 client_ssh -tt </dev/null
	assert_output --partial 'this image has no shell'
	run -127 client_ssh 'echo a | cat'
	assert_output --partial 'this image has no shell'
	assert_log 'root: the account.s shell does not exist'
	assert_log 'host key: SHA256'
	# A plain command needs no shell.
	run -0 client_ssh sshinit --version
	assert_output --partial sshinit
}

@test "a read-only root, with and without other places to write to" {
	place root --image bookworm-plain --read-only
	assert_log "keys stand in sshinit's state directory"
	place root --image bookworm-plain --read-only --tmpfs /run --tmpfs /tmp
	# docker's tmpfs is noexec; so that it stays one where that changes:
	place root --image bookworm-plain --read-only --tmpfs /run:noexec --tmpfs /tmp:noexec
	place root --image bookworm-plain --read-only --tmpfs /run:noexec --tmpfs /root:noexec,mode=700
	refute_log 'state directory'
	place root --image busybox --read-only --ipc none --tmpfs /tmp:mode=1777 --tmpfs /dev/shm:mode=1777
}

@test "a /run that anybody may write to: nobody can put keys in place of ours" {
	local sshinit_in='exec sshinit -- sleep infinity'
	# As podman --read-only mounts it: sticky. Then as Kubernetes mounts an emptyDir: not even that.
	# (docker gives a tmpfs the mode that the image's directory has, whatever it is told.)
	place root --image bookworm-plain --read-only --tmpfs /run --bare -- sh -c "chmod 1777 /run; $sshinit_in"
	assert_equal "$(pod_exec find /run /dev/shm -maxdepth 1 -name 'sshinit*')" /run/sshinit
	place root --image bookworm-plain --read-only --tmpfs /run --bare -- sh -c "chmod 777 /run; $sshinit_in"
	assert_equal "$(pod_exec find /run /dev/shm -maxdepth 1 -name 'sshinit*')" /dev/shm/sshinit-0
	# Nothing better: root would run what somebody else puts there, so it does not.
	pod_start --key ed25519 --image bookworm-plain --read-only --tmpfs /run --bare -- sh -c "chmod 777 /run /dev/shm; $sshinit_in"
	pod_wait_log 'error: /run: other users of this container could replace'
	assert_log 'mount a tmpfs at /run'
	pod_running
	assert_equal "$(pod_exec find /run /dev/shm -maxdepth 1 -name 'sshinit*')" ''
	# Anybody else risks no more than the own account.
	pod_start --key ed25519 --image bookworm-plain --user 65534:65534 --read-only --tmpfs /dev/shm:mode=777 --bare \
		-- sh -c "chmod 777 /dev/shm; $sshinit_in"
	pod_wait_log 'warning: /dev/shm/sshinit-65534: other users of this container could replace'
	pod_wait_log 'listening on port'
	# Ours, but others may write there.
	place root --image bookworm-plain --bare -- sh -c 'mkdir -m 777 /run/sshinit; exec sshinit -- sleep infinity'
	assert_log 'warning: /run/sshinit: somebody else has made'
	# Somebody was there first, with the very mode.
	place root --image bookworm-plain --bare -- sh -c 'mkdir -m 711 /run/sshinit; chown daemon /run/sshinit; exec sshinit -- sleep infinity'
	assert_log "warning: /run/sshinit: somebody else has made sshinit's state directory: /run/sshinit-[0-9a-f]{16} is used instead"
	# The other programs find it, and a reload forgets nothing of it.
	run -0 pod_exec sshinit --reload
	assert_output --partial '1 usable'
	run -0 pod_exec sh -c 'cat /run/sshinit-*/status.json'
	assert_output --partial state-taken
	pod_exec sh -c 'kill -9 $(cat /run/sshinit-*/worker)'
	poll 10 pod_exec sh -c 'kill -0 $(cat /run/sshinit-*/worker)'
	assert_equal "$(pod_exec sh -c 'ls -d /run/sshinit-* | wc -l')" 1
	place root --image bookworm-plain --bare -- sh -c 'ln -s /tmp /run/sshinit; exec sshinit -- sleep infinity'
	assert_log 'somebody else has made'
	assert_equal "$(pod_exec ls /tmp)" ''
}

@test "two in one container: one serves, the other runs its command, and follows when the first ends" {
	# An image with sshinit, and a start command with it: both begin at the same moment.
	for _ in 1 2 3; do
		pod_start --key ed25519 --image busybox -- sshinit sleep 600
		pod_wait_login
		pod_wait_log 'process [0-9]+: another sshinit in this container keeps SSH up, so this one only runs its command'
		assert_equal "$(pod_log --err | grep -c 'listening on port 22:')" 1
		run ! grep -E 'error|warning|fix' <<<"$(pod_log --err)"
		run -0 pod_exec sshinit --check
	done
	# strict asks whether SSH answers, which it does, and for keys of its own.
	run -0 pod_exec sshinit --strict=yes -- echo ran
	assert_line ran
	run -78 pod_exec env PUBLIC_KEY=null sshinit --strict=yes -- echo ran
	refute_line ran

	pod_start --key ed25519 --image busybox --bare -- sleep 600
	pod_exec sh -c 'sshinit sleep 500 2>/dev/null & echo $! >/first'
	pod_wait_login
	pod_exec sh -c 'sshinit sleep 400 2>/second >&2 &'
	poll 20 pod_exec grep -q 'another sshinit' /second
	pod_exec sh -c 'kill $(cat /first)'
	poll 30 pod_exec grep -q 'listening on port 22:' /second
	pod_wait_login
}

@test "nowhere at all to write to: a finding, and the command runs" {
	pod_start --image busybox --read-only --ipc none --key ed25519 -- sh -c 'echo ran; exec sleep 1000'
	pod_wait_log 'no place for sshinit.s own files'
	assert_log '--tmpfs /run'
	pod_wait_log '^ran'
}

@test "no network at the start, one later" {
	pod_start --image bookworm-plain --network none --key ed25519 -- sleep infinity
	pod_wait_login
	all_works root
	[[ $ENGINE == docker ]] || skip 'podman connects no network to a pod that began without one'
	engine network disconnect none "$POD"
	engine network connect bridge "$POD"
	pod_use "$POD"
	POD_VIA='' POD_HOST=$(engine inspect --format '{{.NetworkSettings.Networks.bridge.IPAddress}}' "$POD")
	pod_wait_login
}

@test "--user with and without a passwd entry" {
	local image
	place user --image bookworm-plain --user 12345
	run -0 client_ssh --user user -- 'id -u; id -g; pwd'
	assert_output $'12345\n0\n/'
	assert_log 'note: user: the running user has no passwd entry|user: the running user has no passwd entry'
	run -255 client_ssh --user root -- true
	# Nor is the made-up user there under any other name.
	run -255 client_ssh --user anyone -- true
	place user --image bookworm-plain --user 12345:12345 -e HOME=/tmp
	place user --image bookworm-plain --user 12345 -e HOME=/tmp/a:b --bare -- sh -c 'mkdir /tmp/a:b; exec sshinit -- sleep infinity'
	run -0 client_ssh --user user -- 'pwd; id -u'
	assert_output $'/tmp/a:b\n12345'
	image=$(image_from bookworm-plain <<<'RUN useradd -u 12345 -m -s /bin/bash ann')
	place ann --image "$image" --user 12345
	run -0 client_ssh --user ann -- 'pwd; stat -c "%a %U" ~/.ssh/authorized_keys'
	assert_output $'/home/ann\n600 ann'
	refute_log 'warning|error'
	place user --image busybox --user 12345
	# Any name will do for who has none, but only for oneself.
	place me --image bookworm-plain --user 12345 -e SSHINIT_USER=me
	pod_start --image bookworm-plain --user 12345 --key ed25519 -e SSHINIT_USER=root -- sleep infinity
	pod_wait_log 'error: root: only root can let in another user: sshinit runs as user id 12345'
	refute_log 'no usable key'
}

@test "--user, no capabilities, no new privileges, read-only: all at once" {
	place user --image bookworm-plain --user 12345 --cap-drop ALL --security-opt no-new-privileges --read-only
	pod_start --image scratch --user 12345 --cap-drop ALL --security-opt no-new-privileges --read-only --key ed25519
	pod_wait_port
	files_and_forwards user
}

@test "an unprivileged user where ports below 1024 are root's: 2222, and it is said" {
	POD_PORT_DEFAULT=2222 place user --image bookworm-plain --user 12345 --sysctl net.ipv4.ip_unprivileged_port_start=1024
	assert_log 'warning: port 22: this port cannot be bound.*Permission denied; sshd listens on 2222'
	pod_start --image bookworm-plain --user 12345 --sysctl net.ipv4.ip_unprivileged_port_start=1024 --key ed25519 -e SSHINIT_PORT=22 -- sleep infinity
	pod_wait_log 'error: port 22: this user may not bind this port'
	pod_running
}

LEAST=(SETUID SETGID SYS_CHROOT)

@test "root with three capabilities logs in" {
	place root --image bookworm-plain --cap-drop ALL "${LEAST[@]/#/--cap-add=}"
	refute_log 'error'
}

@test "one capability less: the finding names it and what to add, and the command runs" {
	local missing each
	local -a rest
	for missing in "${LEAST[@]}"; do
		rest=()
		for each in "${LEAST[@]}"; do
			[[ $each == "$missing" ]] || rest+=(--cap-add "$each")
		done
		pod_start --image bookworm-plain --cap-drop ALL "${rest[@]}" --key ed25519 -- sh -c 'echo ran; exec sleep 1000'
		pod_wait_log "error: $missing: a capability is missing"
		assert_log "fix: docker run --cap-add $missing"
		pod_wait_log '^ran$'
		# And it is true: with all but this one nobody gets in.
		run -255 client_ssh true
	done
	# Without CHOWN, a terminal of a user other than root stays root's; all works, and it is noted.
	local image
	image=$(image_from bookworm-plain <<<'RUN useradd -m -s /bin/bash ann')
	pod_start --image "$image" --cap-drop ALL "${LEAST[@]/#/--cap-add=}" --key ed25519 -e SSHINIT_USER=ann -- sleep infinity
	pod_wait_log 'CHOWN: a capability is missing'
	pod_wait_login --user ann
	run -0 client_ssh --user ann -- id -un
	assert_output ann
	# Where the kernel lets only the privileged bind 22.
	pod_start --image bookworm-plain --cap-drop NET_BIND_SERVICE --sysctl net.ipv4.ip_unprivileged_port_start=1024 --key ed25519 -- sleep infinity
	pod_wait_log 'listening on port 2222'
	pod_start --image bookworm-plain --cap-drop NET_BIND_SERVICE --sysctl net.ipv4.ip_unprivileged_port_start=1024 \
		-e SSHINIT_PORT=22 --key ed25519 -- sleep infinity
	pod_wait_log 'error: NET_BIND_SERVICE: a capability is missing'
}

@test "no new privileges" {
	place root --image bookworm-plain --security-opt no-new-privileges
	refute_log 'error'
}

@test "a user that useradd made, with its locked password" {
	local image
	image=$(image_from bookworm-ssh <<<'RUN useradd -m -s /bin/bash ann && grep -q "^ann:!" /etc/shadow')
	place ann --image "$image" -e SSHINIT_USER=ann
	refute_log 'warning|error'
}

@test "an account that has expired stays out" {
	local image
	image=$(image_from bookworm-ssh <<<'RUN useradd -m -s /bin/bash -e 2001-01-01 ann')
	pod_start --image "$image" --key ed25519 -e SSHINIT_USER=root,ann -- sleep infinity
	pod_wait_login
	run -255 client_ssh --user ann -- true
}

@test "no /etc/passwd, no /etc/group, no /etc/shadow" {
	local image
	image=$(image_from bookworm-plain <<<'RUN rm /etc/passwd')
	place root --image "$image"
	image=$(image_from bookworm-plain <<<'RUN rm /etc/passwd* /etc/group* /etc/shadow* /etc/gshadow* && rm -r /root')
	place root --image "$image"
}

@test "no IPv6" {
	place root --image bookworm-plain --sysctl net.ipv6.conf.all.disable_ipv6=1 --sysctl net.ipv6.conf.default.disable_ipv6=1 \
		--sysctl net.ipv6.conf.lo.disable_ipv6=1
	refute_log 'error|warning'
}

@test "an engine whose seccomp profile is older than the kernel's calls" {
	[[ $ENGINE == docker ]] || skip 'the profile is written for docker'
	cat >"$DIR/profile" <<-'END'
		{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [ { "action": "SCMP_ACT_ERRNO", "names": [
			"pidfd_open", "pidfd_send_signal", "pidfd_getfd", "clone3", "close_range", "openat2",
			"faccessat2", "statx", "flock", "memfd_create", "renameat2", "execveat" ] } ] }
	END
	place root --image bookworm-plain --security-opt seccomp="$DIR/profile"
	refute_log error
}

@test "too few processes allowed for SSH: the command runs" {
	local limit
	for limit in 1 2 3 4 6; do
		run -0 pod_run --image busybox --key ed25519 --pids-limit "$limit" -- echo ran
		assert_line ran
	done
	# Enough to listen, and too few for a session: the client cannot tell why, the log can.
	pod_start --image busybox --key ed25519 --pids-limit 6 -- sleep 600
	pod_wait_port
	says_why() {
		client_ssh true >/dev/null 2>&1 || true
		pod_log --err | grep -q "warning: sshd: a login got no process: this container may have no more: .*fork"
	}
	poll 30 says_why
	assert_log 'docker run --pids-limit'
}

@test "privilege separation: who is not logged in speaks to a process that can do nothing" {
	need python3:python3
	# docker's own seccomp filter would hide that there is none of ours.
	pod_start --image bookworm-plain --key ed25519 --security-opt seccomp=unconfined -- sleep infinity
	pod_wait_login
	# A stranger: has the banner, then is silent.
	exec 8<>"/dev/tcp/$POD_HOST/22"
	printf 'SSH-2.0-stranger\r\n' >&8
	# Seen from the host: even root in the pod may not look into that process.
	poll 5 sh -c '"$1" top "$2" -eo pid,uid | grep -w 65534' - "$ENGINE" "$POD"
	run -0 sh -c 'pid=$("$1" top "$2" -eo pid,uid | awk "\$2 == 65534 { print \$1 }")
		grep -E "^(Uid|Gid|NoNewPrivs|Seccomp|CapEff):" /proc/$pid/status | tr "\t" " "
		readlink /proc/$pid/root; ls -A /proc/$pid/root/' - "$ENGINE" "$POD"
	exec 8>&-
	assert_line --regexp '^Uid: 65534 65534 65534 65534'
	assert_line --regexp '^Gid: 65534 65534 65534 65534'
	assert_line 'CapEff: 0000000000000000'
	assert_line 'NoNewPrivs: 1'
	assert_line 'Seccomp: 2'
	assert_line /run/sshinit/empty
	assert_equal "${#lines[@]}" 6
}

@test "a binary that others could replace: said where others may log in" {
	local bin image
	image=$(image_from bookworm-plain <<<'RUN useradd -m ann')
	bin=$BATS_TEST_TMPDIR/bin
	mkdir "$bin" && cp "$SSHINIT" "$bin/sshinit" && chmod 777 "$bin"
	open_pod() { pod_start --image "$image" --key ed25519 -v "$bin:/workspace$1" -e SSHINIT_USER="$2" --entrypoint /workspace/sshinit -- sleep infinity; }
	open_pod '' root,ann
	pod_wait_login
	run -0 pod_log
	assert_output --partial 'warning: /workspace/sshinit: other users of this container could replace this program'
	for each in ' root' ':ro root,ann'; do
		open_pod "${each% *}" "${each#* }"
		pod_wait_login
		run -0 pod_log
		refute_output --partial 'could replace'
	done
}

@test "the embedded sshd reads no file of the image but those it has to" {
	need strace:strace
	local listener
	pod_start --image bookworm-ssh --key ed25519 -- sleep infinity
	pod_wait_login
	listener=$(engine top "$POD" -eo pid,args | awk '/sshd.*-D/ { print $1; exit }')
	timeout 200 strace -f -q -e trace=open,openat,openat2,execve -o "$DIR/trace" -p "$listener" >/dev/null 2>&1 3>&- 4>&- &
	local tracer=$!
	poll 10 grep -q 'TracerPid:.[1-9]' "/proc/$listener/status"
	client_ssh true
	client_ssh -tt -- true </dev/null
	client_sftp <<<pwd >/dev/null
	kill "$tracer"
	wait "$tracer" || true
	# What an exec brings (the shell) is not sshd's; its process is left out from there on.
	run -0 awk '/execve|ld.so|ld-linux/ { shell[$1] = 1 } !shell[$1] && match($0, /"[^"]*"/) { print substr($0, RSTART + 1, RLENGTH - 2) }' "$DIR/trace"
	run -0 sh -c 'sort -u | grep -vE "^(/run/sshinit|/proc/|/dev/|/etc/sshinit/|/root/.ssh/authorized_keys$|/etc/(passwd|shadow|group|resolv.conf|hosts|nologin|localtime)$)" || true' <<<"$output"
	assert_output ''
}

@test "beside another init, as a child of a shell, and in the host's pid namespace" {
	place root --image bookworm-plain --init
	place root --image bookworm-plain --pid host
	place root --image bookworm-plain --bare -- sh -c '/usr/local/bin/sshinit -- sleep infinity; echo after'
}

@test "podman" {
	unset ENGINE ENGINE_WHY
	SSHINIT_TEST_ENGINE=podman engine_find || skip "$ENGINE_WHY"
	place root --image bookworm-plain
	# podman gives the user a passwd entry, and leaves the ports below 1024 to root.
	POD_PORT_DEFAULT=2222 place 12345 --image busybox --user 12345 --cap-drop all --read-only
}
