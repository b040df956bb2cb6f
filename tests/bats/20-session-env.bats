# An SSH session has the container's environment: 1,000 generated variables, byte for byte, in every
# kind of session, in four images with the embedded sshd and in two with the image's own. Then PATH
# in login shells, and that nobody but the login user can read a value.

# shellcheck disable=SC2016 # what stands in single quotes is expanded in the pod

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

# ---- PATH in login shells --------------------------------------------------------------------

GIVEN=/opt/conda/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# path_stays USER: in every kind of shell of this user.
path_stays() {
	local kind got given="<$GIVEN:(/run/sshinit|/dev/shm/sshinit-0)/bin>"
	for kind in login interactive command; do
		case $kind in
		login) got=$(client_ssh -T --user "$1" -- <<<'printf "<%s>" "$PATH"') ;;
		interactive) got=$(printf '%s\n' 'stty -echo' 'printf "<%s>" "$PATH"' exit | client_ssh -tt --user "$1" --) ;;
		command) got=$(client_ssh --user "$1" -- 'printf "<%s>" "$PATH"') ;;
		esac
		[[ $got =~ $given ]] || fail "$1, $kind: $got"
	done
}

# same_as_template: the script in the pod is the template, byte for byte: it holds no value.
same_as_template() {
	pod_exec cat /etc/profile.d/sshinit.sh | diff "$TOP/templates/profile.sh" -
}

# zsh, as one static program, where the machine has it.
zsh_static() {
	type -P zsh-static
}

@test "PATH survives /etc/profile in bash, dash and zsh on Debian" {
	local image zsh_profile=$BATS_TEST_TMPDIR/zprofile
	local -a users=(root dan) options=()
	image=$(image_from bookworm-plain <<-'END'
		RUN useradd -m -s /bin/dash dan && useradd -m -s /bin/zsh zoe && useradd -m -s /bin/bash eve
	END
	)
	if zsh_static >/dev/null; then
		# As Alpine and Arch have it; Debian's zsh does not read /etc/profile at all.
		echo "emulate sh -c '. /etc/profile'" >"$zsh_profile"
		options=(-v "$(zsh_static):/bin/zsh:ro" -v "$zsh_profile:/etc/zsh/zprofile:ro")
		users+=(zoe)
	fi
	pod_start --image "$image" "${options[@]}" -e PATH="$GIVEN" -e "SSHINIT_USER=$(IFS=, && echo "${users[*]}")" \
		--key ed25519 -- sleep infinity
	pod_wait_login
	local user
	for user in "${users[@]}"; do
		path_stays "$user"
	done
	same_as_template

	# Nobody else's login shell changes: not that of another user, not one that the engine starts.
	run -0 client_ssh -- "su - eve -c 'echo \$PATH; env'"
	assert_line --index 0 /usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games
	refute_output --partial SSHINIT
	run -0 pod_exec bash -lc 'echo $PATH'
	assert_output /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

	# Idempotent: the next start does not touch the file.
	local before
	before=$(pod_exec stat -c '%i %y %a %U' /etc/profile.d/sshinit.sh)
	pod_restart
	pod_wait_login
	assert_equal "$(pod_exec stat -c '%i %y %a %U' /etc/profile.d/sshinit.sh)" "$before"
	assert_regex "$before" ' 644 root$'
}

# Alpine's /etc/profile.
alpine() {
	image_from "$1" <<-'END'
		RUN printf '%s\n' \
		'export PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"' \
		'for script in /etc/profile.d/*.sh ; do if [ -r "$script" ] ; then . "$script" ; fi ; done' \
		'unset script' >/etc/profile
	END
}

@test "PATH survives Alpine's /etc/profile in busybox ash" {
	pod_start --image "$(alpine busybox)" -e PATH="$GIVEN" --key ed25519 -- sleep infinity
	pod_wait_login
	path_stays root
	same_as_template
}

@test "the image's sshd keeps PATH in login shells too" {
	pod_start -e PATH="$GIVEN" -e SSHINIT_SSHD=system --key ed25519 -- sleep infinity
	pod_wait_login
	path_stays root
}

@test "on a read-only root the image stays as it is, and a note names what is lost" {
	pod_start --read-only --tmpfs /run --tmpfs /root -e PATH="$GIVEN" --key ed25519 -- sleep infinity
	pod_wait_login
	run -0 pod_log
	assert_equal "$(grep -c 'login shells get the PATH of this file' <<<"$output")" 1
	assert_output --partial 'sshinit: /etc/profile: login shells get the PATH of this file'
	run -0 client_ssh 'echo $PATH'
	assert_output "$GIVEN:/run/sshinit/bin"
	run -0 client_ssh -T -- <<<'echo $PATH'
	assert_output /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
}

# ---- who can read a value --------------------------------------------------------------------

# readers USER: the files and processes in which USER of the pod can read the secret.
# What the engine starts has the container's variables itself, hence `env -i`.
# shellcheck disable=SC2086 # a list
readers() {
	local files
	# A directory that cannot be listed hides no file whose name can be guessed.
	files=$(engine exec "$POD" find /run/sshinit -type f)
	engine exec -u "$1" "$POD" /usr/bin/env -i /bin/sh -c '
		cd /
		grep -asl "[t]op-secret" /proc/[0-9]*/environ /proc/[0-9]*/cmdline
		grep -asl "[t]op-secret" "$@"
		grep -arsl "[t]op-secret" /run /etc /tmp /dev/shm /var /root /home' - $files || true
}

@test "values reach only the login user: no other user can read one from a file or from /proc" {
	local image sshd clients
	image=$(image_from bookworm-ssh <<<"RUN useradd -m -s /bin/bash -p '*' alice && useradd -m eve")
	for sshd in embedded system; do
		pod_start --image "$image" -e API_KEY=top-secret-value -e SSHINIT_USER=root,alice -e "SSHINIT_SSHD=$sshd" \
			--key ed25519 -- sleep infinity
		pod_wait_login
		client_ssh -- 'sleep 1000' &
		clients=($!)
		client_ssh --user alice -- 'sleep 1000' &
		clients+=($!)
		poll 10 pod_exec sh -c '[ $(pgrep -c -x sleep) = 3 ]'
		# The search finds what there is to find.
		run -0 readers root
		assert_line /proc/1/environ
		run -0 readers eve
		assert_output ''
		run -0 readers nobody
		assert_output ''
		# And alice sees her own session and file, not root's.
		run -0 readers alice
		refute_line /proc/1/environ
		refute_output --partial sshd_config
		refute_output --partial context
		refute_line /run/sshinit/env/0
		pod_stop 0
		wait "${clients[@]}" || true # not for bats' own children
	done
}

@test "the monitor and sshd hold no value where their own user could read it" {
	local pid name
	pod_start --user 4321:0 -e API_KEY=top-secret-value -e SSHINIT_PORT=2222 --key ed25519 -- sleep infinity
	export POD_PORT=2222
	pod_wait_port
	for pid in $(pod_exec sh -c 'cd /proc; echo [0-9]*'); do
		name=$(pod_exec cat "/proc/$pid/comm" 2>/dev/null) || continue
		if [[ $name == sshd ]]; then
			run pod_exec cat "/proc/$pid/environ"
			refute_output --partial top-secret
		elif [[ $name == sshinit ]]; then
			run ! pod_exec cat "/proc/$pid/environ"
		fi
	done
}

# ---- patterns, place, umask, limits ----------------------------------------------------------

# session-env | names that the session has | names that it has not
PATTERNS='
yes              | KEEP HF_TOKEN NAME_TOKEN_2 |
no               | | KEEP HF_TOKEN NAME_TOKEN_2
-*_TOKEN         | KEEP NAME_TOKEN_2 | HF_TOKEN
-*_TOKEN,HF_*    | HF_TOKEN | KEEP NAME_TOKEN_2
KE?P             | KEEP | HF_TOKEN NAME_TOKEN_2
-*TOKEN*         | KEEP | HF_TOKEN NAME_TOKEN_2
'

@test "session-env chooses by patterns" {
	local setting has hasnot name
	while IFS='|' read -r setting has hasnot; do
		[[ -n ${setting// /} ]] || continue
		pod_start --image busybox -e KEEP=1 -e HF_TOKEN=1 -e NAME_TOKEN_2=1 -e "SSHINIT_SESSION_ENV=${setting// /}" \
			--key ed25519 -- sleep infinity
		pod_wait_login
		run -0 client_ssh env
		for name in $has; do
			assert_line "$name=1"
		done
		for name in $hasnot; do
			refute_line "$name=1"
		done
		assert_line --regexp '^PATH=.*:/dev/shm/sshinit-0/bin$'
		pod_stop 0
	done <<<"$PATTERNS"
}

@test "a session starts in the home, in session-dir, and on RunPod in the volume" {
	# options | where a session starts
	local options where rows='
		| /root
		-e SSHINIT_SESSION_DIR=/usr/local | /usr/local
		-e SSHINIT_SESSION_DIR=/not/there | /root
		-e RUNPOD_POD_ID=abc | /root
		-e RUNPOD_POD_ID=abc --tmpfs /workspace | /workspace
		-e RUNPOD_POD_ID=abc --tmpfs /workspace -e SSHINIT_SESSION_DIR=home | /root
		--tmpfs /workspace | /root'
	while IFS='|' read -r options where; do
		[[ -n $where ]] || continue
		# shellcheck disable=SC2086
		pod_start --image bookworm-plain $options --key ed25519 -- sleep infinity
		pod_wait_login
		run -0 client_ssh 'pwd; echo $HOME'
		assert_output "${where// /}"$'\n'/root
		run -0 client_sftp <<<pwd
		assert_output --partial "directory: ${where// /}"
		run -0 client_ssh -T -- <<<pwd
		assert_output "${where// /}"
		if [[ $options == *not/there* ]]; then
			pod_wait_log 'warning: /not/there: sessions cannot start in this directory'
		fi
		pod_stop 0
	done <<<"$rows"
}

@test "umask and limits are the container's" {
	local mask image limits=(--ulimit nofile=5000:6000 --ulimit memlock=123456:234567 --ulimit core=0:4096
		--ulimit nproc=3000:4000 --ulimit stack=4194304:8388608 --ulimit rtprio=0)
	image=$(image_from bookworm-plain <<<'RUN useradd -m -s /bin/bash alice')
	for mask in 0000 0002 0022 0077; do
		pod_start --image "$image" --entrypoint sh "${limits[@]}" -e SSHINIT_USER=root,alice --key ed25519 -- \
			-c "umask $mask; exec sshinit sleep infinity"
		pod_wait_login
		local user
		for user in root alice; do
			run -0 client_ssh --user "$user" -- 'umask; cat /proc/self/limits'
			assert_output "$mask"$'\n'"$(pod_exec cat /proc/1/limits)"
			client_sftp --user "$user" <<<"put /etc/passwd /tmp/by-$user"
			assert_equal "$(pod_exec stat -c %a "/tmp/by-$user")" "$(printf '%o' $((0644 & ~mask)))"
		done
		run -0 client_ssh -T --user alice -- <<<'umask'
		assert_output "$mask"
		pod_stop 0
	done
}

@test "what the image's sshd does its own way is named" {
	pod_start --entrypoint bash -e SSHINIT_SSHD=system -e SSHINIT_SESSION_DIR=/srv -e $'LINES2=a\nb' -e 'BASH_FUNC_f%%=() { :; }' \
		--key ed25519 -- -c 'umask 0002; exec sshinit sleep infinity'
	pod_wait_login
	run -0 pod_log
	assert_output --partial "warning: session-dir: the image's sshd does this its own way: sessions start in the home, not in /srv"
	assert_output --partial "sshinit: umask: the image's sshd does this its own way: sessions have 0022, the container 0002"
	assert_output --regexp 'warning: session-env: these variables cannot be passed on to sessions: (LINES2, BASH_FUNC_f%%|BASH_FUNC_f%%, LINES2)'
	run -0 client_ssh umask
	assert_output 0022
	run -0 client_ssh -- 'cat /proc/self/limits'
	assert_output "$(pod_exec cat /proc/1/limits)"
}
