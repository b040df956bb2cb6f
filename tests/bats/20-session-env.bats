# An SSH session has the container's environment: 1,000 generated variables, byte for byte, in every
# kind of session, in four images with the embedded sshd and in two with the image's own. Then PATH
# in login shells, and that nobody but the login user can read a value.

load ../lib/bed

SESSION_ENV=$TOP/tests/lib/session-env

setup() {
	need_engine
	need /usr/bin/python3:python3
}

# What a container may have and no session gets.
NEVER=(HOME=/of-the-container USER='of the container' LOGNAME='of the container' PWD=/nowhere OLDPWD=/nowhere
	SHELL='of the container' SHLVL=77 TERM=of-the-container _=x SSH_CONTAINER=x SSHINIT_LOG_LEVEL=info
	SSHINIT_WAIT=no PUBLIC_KEY_FILE='')

# env_pod FILE OPTION...: a pod with the variables of FILE and those of NEVER.
env_pod() {
	local -a variables options=()
	local each
	mapfile -t -d '' variables <"$1"
	for each in "${variables[@]}" "${NEVER[@]}"; do
		options+=(-e "$each")
	done
	pod_start "${@:2}" "${options[@]}" --key ed25519 -- sleep infinity
	pod_wait_login
}

# seen WHAT [NAMES]: /proc/PID/environ as the session wrote it to "$BATS_TEST_TMPDIR/seen" is right.
seen() {
	run "$SESSION_ENV" "check${2-}" "$WANTED" "$BATS_TEST_TMPDIR/seen"
	((status == 0)) || fail "$1: $output"
}

# Fetch what a session left in /tmp/seen.
fetch() {
	pod_exec cat /tmp/seen >"$BATS_TEST_TMPDIR/seen"
	pod_exec rm -f /tmp/seen
}

# Every kind of session of the pod has the variables of $WANTED.
all_kinds() {
	local out=$BATS_TEST_TMPDIR/seen shell=$1

	# What sshd hands to the shell, and what a program started by the shell gets.
	client_ssh -- 'cat /proc/$$/environ; :' >"$out"
	seen "ssh host command (shell)"
	client_ssh -- 'cat /proc/self/environ' >"$out"
	seen "ssh host command" -names

	client_ssh -T -- <<<'cat /proc/self/environ >/tmp/seen'
	fetch
	seen "login shell without a terminal" -names

	printf '%s\n' 'stty -echo' 'cat /proc/self/environ >/tmp/seen' 'exit' | client_ssh -tt -- >/dev/null
	fetch
	seen "interactive login shell" -names

	printf '%s\n' 'cat /proc/self/environ >/tmp/seen' 'exit' | client_ssh -tt -- "$shell -i" >/dev/null
	fetch
	seen "interactive shell that is no login shell" -names

	client_ssh -T -D "$((20000 + RANDOM % 10000))" -- "$shell" <<-'END' >"$out"
		cat /proc/self/environ
	END
	seen "VS Code: ssh -T -D PORT host $shell, script on standard input" -names

	client_sftp -s 'cat /proc/$$/environ >/tmp/seen; exec sftp-server' <<<"ls /" >/dev/null 2>&1 \
		|| client_sftp -s 'cat /proc/$$/environ >/tmp/seen; exec /usr/lib/openssh/sftp-server' <<<"ls /" >/dev/null
	fetch
	seen "sftp with a server program"

	if [[ ${2-} == rsync ]]; then
		echo carried >"$BATS_TEST_TMPDIR/file"
		client_rsync --rsync-path='cat /proc/$$/environ >/tmp/seen; rsync' -- "$BATS_TEST_TMPDIR/file" pod:/tmp/by-rsync
		fetch
		seen "rsync"
	fi
	echo carried >"$BATS_TEST_TMPDIR/file"
	client_scp -O -- "$BATS_TEST_TMPDIR/file" pod:/tmp/by-scp
	client_sftp <<<"get /tmp/by-scp $BATS_TEST_TMPDIR/back" >/dev/null
	cmp "$BATS_TEST_TMPDIR/file" "$BATS_TEST_TMPDIR/back"
}

# embedded IMAGE SHELL [rsync]
embedded() {
	export WANTED=$BATS_TEST_TMPDIR/wanted
	"$SESSION_ENV" make 1000 "$WANTED"
	env_pod "$WANTED" --image "$1"
	all_kinds "$2" "${3-}"
	refute [ -n "$(pod_log | grep -E 'session-env|too many env')" ]
}

@test "embedded sshd, bookworm: 1,000 variables in every kind of session" {
	embedded bookworm-ssh bash rsync
	# The function that bash exports is one in the session.
	run -0 client_ssh 'greet you'
	assert_output 'hi you'
}

@test "embedded sshd, trixie: 1,000 variables in every kind of session" {
	embedded trixie-plain bash
}

@test "embedded sshd, bullseye: 1,000 variables in every kind of session" {
	embedded bullseye-plain bash
}

@test "embedded sshd, busybox: 1,000 variables in every kind of session" {
	embedded busybox sh
}

# system IMAGE: SetEnv carries at most 950 variables, so they come in two halves.
system() {
	local all=$BATS_TEST_TMPDIR/all half
	local -a variables
	"$SESSION_ENV" plain 1000 "$all"
	mapfile -t -d '' variables <"$all"
	export WANTED=$BATS_TEST_TMPDIR/wanted
	for half in 0 500; do
		printf '%s\0' "${variables[@]:0:2}" "${variables[@]:half+2:500}" >"$WANTED"
		env_pod "$WANTED" --image "$1" -e SSHINIT_SSHD=system
		all_kinds bash rsync
		refute [ -n "$(pod_log | grep session-env)" ]
	done
}

@test "the image's sshd, bookworm: 1,000 variables in every kind of session" {
	system bookworm-ssh
}

@test "the image's sshd, trixie: 1,000 variables in every kind of session" {
	system trixie-ssh
}
