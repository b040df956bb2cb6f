# The start: settings and exit codes, bad input of every kind, an sshd that does not work, host keys,
# the end. That the command sees nothing of sshinit is proved elsewhere (transparency).
#
# shellcheck disable=SC2016 # what stands in single quotes is for the pod's shell
# shellcheck disable=SC2154 # stderr is set by bats' run

load ../lib/bed

setup() {
	need_engine
	DIR=$BATS_TEST_TMPDIR
}

# start STATUS [POD_RUN OPTION...] [-- WORD...]: a pod to its end, which must have this status.
# $output is what the command printed, $stderr the log.
start() {
	local status=$1
	shift
	POD=''
	run "-$status" --separate-stderr pod_run "$@"
}

# prepared STATUS PREPARE WORDS [POD_RUN OPTION...]: the same; the container runs PREPARE, a shell
# script, before `sshinit WORDS`.
prepared() {
	local status=$1 prepare=$2 words=$3
	shift 3
	POD=''
	run "-$status" --separate-stderr pod_run "$@" --bare -- sh -ec "$prepare"$'\n'"exec sshinit $words"
}

# In the background.
pod_prepared() {
	local prepare=$1 words=$2
	shift 2
	pod_start "$@" --bare -- sh -ec "$prepare"$'\n'"exec sshinit $words"
}

assert_log() {
	if [[ -n $POD ]]; then
		pod_wait_log "$1"
	else
		grep -E -q -e "$1" <<<"$stderr" || fail "the log has no $1 in: $stderr"
	fi
}

refute_log() {
	local log=${stderr-}
	[[ -z $POD ]] || log=$(pod_log --err)
	! grep -E -e "$1" <<<"$log" || fail "the log has $1"
}

# A shell command that says whether something listens on a port: 0016 is 22, 08AE is 2222.
LISTENS='cat /proc/net/tcp /proc/net/tcp6 | grep -q ":0016 0*:0000 0A" && echo open || echo shut'

# ---- the command -------------------------------------------------------------------------------

@test "exit codes: the command's own, 127, 126, 64" {
	start 5 --key ed25519 -- sh -c 'exit 5'
	start 127 --key ed25519 -- no-such-command
	assert_log 'no-such-command'
	start 127 --key ed25519 -- /no/such/path
	start 126 --key ed25519 -- /etc/passwd
	start 126 --key ed25519 -- /etc
	start 64 --key ed25519 -- --prot 22 true
	assert_log '--prot.*--port'
	start 64 --key ed25519 -- --port 70000 true
	start 64 --key ed25519 -- --mode=sideways true
	start 64 --key ed25519 -- --port=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17 true
	start 0 --key ed25519 -- -- printf '%s|' --port 70000 ''
	assert_output '--port|70000||'
}

@test "a bad value in the environment or the file is a finding, and the default is used" {
	start 0 --key ed25519 -e SSHINIT_PORT=banana -e SSHINIT_NONSENSE=1 -- --wait=60 sh -c "$LISTENS"
	assert_output open
	assert_log 'SSHINIT_PORT: this setting cannot have that value'
	assert_log 'SSHINIT_NONSENSE: there is no such setting'
	prepared 0 'echo "port = 70000" >/etc/sshinit.ini' "--wait=60 sh -c '$LISTENS'" --key ed25519
	assert_output open
	assert_log '/etc/sshinit.ini: the configuration file cannot be used'
}

@test "later wins: default, file, environment, option" {
	local file='echo "port = 2201" >/etc/sshinit.ini'
	prepared 0 "$file" '--wait=60 true' --key ed25519
	assert_log 'listening on port 2201:'
	prepared 0 "$file" '--wait=60 true' --key ed25519 -e SSHINIT_PORT=2202
	assert_log 'listening on port 2202:'
	prepared 0 "$file" '--wait=60 --port=2203,2204 true' --key ed25519 -e SSHINIT_PORT=2202
	assert_log 'listening on port 2203:'
	assert_log 'listening on port 2204:'
	refute_log 'port (22|2201|2202):'
	prepared 0 'echo "port = 2205" >/mine' '--wait=60 --config /mine true' --key ed25519
	assert_log 'listening on port 2205:'
}

@test "strict: a refused key, no key or no SSH stops the start with 78 before the command" {
	start 78 -e PUBLIC_KEY="$(key_pub ed25519)"$'\n'null -- --strict echo ran
	assert_output ''
	assert_log 'strict: the command is not started'
	start 78 -- --strict echo ran
	assert_output ''
	start 78 --image bookworm-plain --key ed25519 -- --strict --sshd=system echo ran
	assert_output ''
	start 78 --key ed25519 -- --strict --user=nobody-here echo ran
	assert_output ''
	start 6 --key ed25519 -- --strict --wait=60 sh -c "$LISTENS; exit 6"
	assert_output open
}

# An sshd that says its version and then does what $1 says.
false_sshd() {
	# shellcheck disable=SC2028 # printf is for the pod's shell
	echo 'printf "%s\n" "#!/bin/sh" "[ \$1 != -V ] || { echo OpenSSH_9.2p1; exit; }" "'"$1"'" >/usr/sbin/sshd'
}

@test "wait: SSH answers before the command runs, or the time is over" {
	local began
	start 0 --key ed25519 -- --wait sh -c "$LISTENS"
	assert_output open
	# No answer at all: after the time, the command; strict: not.
	began=$SECONDS
	prepared 0 "$(false_sshd 'sleep 1000')" '--sshd=system --wait=2 echo ran' --key ed25519
	assert_output ran
	((SECONDS - began >= 2 && SECONDS - began < 60)) || fail "waited $((SECONDS - began)) s"
	prepared 78 "$(false_sshd 'sleep 1000')" '--sshd=system --wait=2 --strict echo ran' --key ed25519
	assert_output ''
	assert_log 'SSH did not answer within 2 seconds'
	# What cannot come up is not waited for.
	began=$SECONDS
	start 0 -- --wait=200 echo ran
	assert_output ran
	((SECONDS - began < 100)) || fail "waited $((SECONDS - began)) s for nothing"
}

@test "enabled = no: the command just runs, and the log says so" {
	start 3 --key ed25519 -e SSHINIT_ENABLED=no -- sh -c "$LISTENS; ls -A ~ /run | grep -E 'ssh' ; exit 3"
	assert_output shut
	assert_log 'SSH is switched off'
}

@test "standard output is the command's, and levels of the log" {
	start 0 --key ed25519 -- --wait=60 echo mine
	assert_output mine
	assert_log '^sshinit: '
	run ! grep -v '^sshinit: ' <<<"$stderr"
	start 0 --key ed25519 -- --wait=60 --log-level=quiet echo mine
	assert_equal "$stderr" ''
	start 0 --key ed25519 -e SSH_PUBLIC_KEY=null -- --wait=60 --log-level=error echo mine
	assert_log 'error: SSH_PUBLIC_KEY line 1'
	refute_log 'listening'
}

@test "how to connect is one line to paste, where the platform tells" {
	start 0 --key ed25519 -e RUNPOD_POD_ID=abc123 -e RUNPOD_PUBLIC_IP=203.0.113.7 -e RUNPOD_TCP_PORT_22=10022 -- --wait=60 true
	assert_log 'ssh .*root@203.0.113.7.* -p 10022|ssh .*-p 10022.* root@203.0.113.7'
	start 0 --key ed25519 -e PUBLIC_IPADDR=203.0.113.8 -e VAST_TCP_PORT_22=10023 -e VAST_CONTAINERLABEL=C.1 -- --wait=60 true
	assert_log 'ssh .*root@203.0.113.8.* -p 10023|ssh .*-p 10023.* root@203.0.113.8'
}

# ---- keys --------------------------------------------------------------------------------------

@test "all variables count, with CRLF, comments, blank lines and indentation" {
	local types=(ed25519-1 ed25519-2 ed25519-3 ed25519-4 ed25519-5 ecdsa256) type
	pod_start -e PUBLIC_KEY=$'# my key\r\n\r\n'"$(key_pub ed25519-1)"$'\r\n' \
		-e SSH_PUBLIC_KEY="  $(key_pub ed25519-2)" -e RUNPOD_SSH_PUBLIC_KEY=$'\n\n'"$(key_pub ed25519-3)" \
		-e SSH_PUBKEY="$(key_pub ed25519-4)"$'\n' -e AUTHORIZED_KEYS="no-pty $(key_pub ed25519-5)" \
		-e SSH_AUTHORIZED_KEYS="$(key_pub ecdsa256)" -- sleep infinity
	pod_wait_port
	for type in "${types[@]}"; do
		run -0 client_ssh --key "$type" -- true
	done
	run client_ssh --key ed25519-5 -tt -- tty
	refute_output --partial /dev/pts
	refute_log 'error'
}

@test "what is no public key is refused with its own fix, and the others count" {
	local pub blob type row
	pub=$(key_pub ed25519) blob=$(cut -d ' ' -f 2 <<<"$pub")
	cp "$(key ed25519).pub" "$DIR/k.pub"
	ssh-keygen -q -s "$(key ed25519-ca)" -I me -n root "$DIR/k.pub"
	local rows=(
		"$(key_print ed25519)"
		'ssh-ed25519 YOUR_PUBLIC_KEY'
		'pod.example.com ssh-ed25519 AAAAC3'
		'ssh-dss AAAAB3NzaC1kc3M= me'
		"ssh-ed25519 ${blob:0:40} me"
		"ssh-rsa $blob me"
		"$(cat "$DIR/k-cert.pub")"
		"$(head -c 200 <(sed 's/=*$//' "$(key rsa2048).pub"))"
	)
	local value=$pub
	for row in "${rows[@]}"; do
		value+=$'\n'$row
	done
	pod_start -e PUBLIC_KEY="$value" -- sleep infinity
	pod_wait_login
	run -0 pod_log --err
	assert_equal "$(grep -c '^sshinit: error: PUBLIC_KEY line' <<<"$output")" "${#rows[@]}"
	assert_equal "$(grep -c '^sshinit:   fix: .' <<<"$output")" "${#rows[@]}"
	# Each has a message of its own: who pastes a fingerprint needs other help than who pastes half a key.
	(($(grep '^sshinit: error' <<<"$output" | sed 's/.*line [0-9]*: //' | sort -u | wc -l) >= 6)) || fail "too few messages"
}

@test "a private key in PUBLIC_KEY is refused, and not a word of it is logged or written" {
	local secret line
	secret=$(cat "$(key ed25519-eve)")
	pod_start -e PUBLIC_KEY="$secret" -e SSH_PUBLIC_KEY="$(key_pub ed25519)" -- --log-level=debug sleep infinity
	pod_wait_login
	assert_log 'error: PUBLIC_KEY line 1: '
	assert_log '(private|PRIVATE)'
	while read -r line; do
		refute_log "${line//+/.}"
		# The file "context" is root's copy of the environment, as /proc/1/environ is.
		run ! pod_exec grep -rqF --exclude=context -e "$line" /run/sshinit /root/.ssh /etc/sshinit
	done < <(sed -n '4,$p' <<<"$secret" | sed '/----/d' | head -c 140) # in front is the public half
}

@test "no secret of the environment is in the log, in sshd's environment, or readable by others" {
	pod_start --key ed25519 -e API_TOKEN=sekrit-token -e LD_LIBRARY_PATH=/nowhere/sekrit \
		-e SSHINIT_USER=root,daemon -- --log-level=debug sleep infinity
	pod_wait_login
	refute_log '^sshinit.*sekrit'
	run -0 pod_exec find /run/sshinit /etc/sshinit -type f -perm /077 -not -name '*.pub' -not -path '/run/sshinit/principals/*'
	# What a user's session may know of root's sshinit: how the pod is reached, and its host key.
	assert_output /run/sshinit/connect.json
	run -0 pod_exec cat /run/sshinit/connect.json
	refute_output --partial sekrit
	# Sessions get it all the same.
	run -0 client_ssh 'echo $API_TOKEN'
	assert_output --partial sekrit-token
	# What sshd starts with: a script in its place writes it down.
	prepared 0 "$(false_sshd 'env >/env; kill -9 \$\$')" '--sshd=system sh -c "until [ -s /env ]; do sleep 0.1; done; cat /env"' \
		--key ed25519 -e API_TOKEN=sekrit-token -e LD_LIBRARY_PATH=/nowhere/sekrit
	refute_output --partial sekrit
	refute_output --partial LD_
	assert_output --partial PATH=
}

@test "bad input: an empty variable, garbage, NUL and control bytes, a megabyte, 10,000 keys" {
	start 0 -e PUBLIC_KEY= -- --wait=60 sh -c "$LISTENS"
	assert_output shut
	assert_log 'no usable key was given'
	start 0 -e PUBLIC_KEY=$' \r\n\t\n' -- --wait=60 sh -c "$LISTENS"
	assert_output shut
	start 0 -e PUBLIC_KEY="$(head -c 90000 /dev/urandom | tr -d '\0')" --key ed25519 -- --wait=60 echo ran
	assert_output ran

	# A file of 1 MB of noise, one of control bytes, and a good key among them.
	pod_prepared 'head -c 1000000 /dev/urandom >/noise; printf "ssh-ed25519\0AAAA \033[31mred\n\001\002\n\377\376\n%s\n" "$KEY" >/controls' \
		'sleep infinity' -e KEY="$(key_pub ed25519)" -e SSHINIT_KEYS_FILE=/noise,/controls
	pod_wait_login
	run -0 pod_log --err
	(($(wc -c <<<"$output") < 60000)) || fail "$(wc -c <<<"$output") bytes of log"
	run ! grep -qP '[\x00-\x08\x0b-\x1f\x7f]' <<<"$output"

	pod_prepared 'i=0; while [ $i -lt 9999 ]; do i=$((i + 1)); printf "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI%043d k%d\n" $i $i; done | sed "s/I0/IA/" >/many; echo "$KEY" >>/many' \
		'sleep infinity' -e KEY="$(key_pub ed25519)" -e SSHINIT_KEYS_FILE=/many
	pod_wait_login
	assert_equal "$(pod_exec grep -c '^ssh-ed25519' /root/.ssh/authorized_keys)" 10000
	assert_log 'and 9950 more keys'
}

# ---- sshd ----------------------------------------------------------------------------------------

@test "a forced sshd that cannot work is a clear error, and nothing else is started" {
	# row FINDING IMAGE PREPARE
	row() {
		prepared 0 "$3" "--wait=60 --sshd=system sh -c 'ps ax | grep -c \"[s]shd.*-D\"; $LISTENS'" --image "$2" --key ed25519
		assert_output $'0\nshut'
		assert_log "error: .*$1"
		assert_log 'fix: .'
	}
	row 'the image has no sshd' bookworm-plain ''
	row 'privilege separation is missing' bookworm-ssh 'sed -i /^sshd:/d /etc/passwd'
	row 'older than 8.0: OpenSSH_7.4' bookworm-ssh 'printf "#!/bin/sh\necho OpenSSH_7.4p1\n" >/usr/sbin/sshd'
	row 'helper program.*sshd-session' trixie-ssh 'rm /usr/lib/openssh/sshd-session'
	row 'helper program.*sshd-auth' trixie-ssh 'rm /usr/lib/openssh/sshd-auth'
}

@test "an account that the image's sshd refuses is named" {
	prepared 0 'useradd -m ann' '--wait=60 --sshd=system --user=ann true' --key ed25519
	assert_log 'error: ann: the account.s password is locked'
	prepared 0 'useradd -m ann' '--wait=60 --user=ann true' --key ed25519
	refute_log locked
}

@test "a broken sshd: its words and the end are logged, the command runs on, and it is tried again" {
	pod_prepared "$(false_sshd 'echo something is wrong >&2; exit 255')" '--sshd=system sh -c "echo ran; exec sleep 1000"' --key ed25519
	pod_wait_log 'sshd ended with status 255'
	assert_log 'something is wrong'
	pod_wait_log 'started again in 1 s'
	pod_wait_log 'started again in 2 s'
	pod_wait_log '^ran'
	pod_running
}

@test "a port in use: 2222 where none was set, else an error; the command runs" {
	local taken='mkdir -p /run/sshd; /usr/sbin/sshd'
	prepared 0 "$taken" '--wait=60 true' --key ed25519
	assert_log 'warning: port 22: .*Address in use; sshd listens on 2222'
	assert_log 'listening on port 2222:'
	prepared 0 "$taken" '--wait --port=22 echo ran' --key ed25519
	assert_output ran
	assert_log 'error: port 22: another program holds this port'
	refute_log 'listening on'
	prepared 78 "$taken" '--strict --port=22 echo ran' --key ed25519
	assert_output ''
}

@test "listen: only the addresses that were named" {
	pod_start --key ed25519 -- --listen=127.0.0.1 sleep infinity
	pod_wait_log 'listening on port 22'
	run ! _pod_answers
	run -0 pod_exec bash -c 'exec 3<>/dev/tcp/127.0.0.1/22 && read -r said <&3 && echo $said'
	assert_output --partial SSH-2.0
	pod_start --key ed25519 -- --listen=localhost sleep infinity
	pod_wait_log 'listening on port 22'
	run -0 pod_exec sshinit --check
	assert_output --partial 'localhost answers SSH-2.0'
	# What another program holds elsewhere is nothing to us; where we are to listen, it is.
	local other='/usr/local/bin/sshinit --port=22 --listen=127.0.0.2 sleep 600 2>/dev/null &
		until (: </dev/tcp/127.0.0.2/22) 2>/dev/null; do sleep 0.1; done; setpriv --reuid 65534 --regid 65534 --clear-groups'
	pod_start --key ed25519 --bare -- bash -c "$other sshinit --port=22 --listen=127.0.0.1 sleep infinity"
	pod_wait_log 'listening on port 22'
	refute_log 'another program|cannot be bound'
	pod_start --key ed25519 --bare -- bash -c "$other sshinit --listen=127.0.0.1,127.0.0.2 sleep infinity"
	pod_wait_log 'warning: port 22: this port cannot be bound: .*; sshd listens on 2222'
	pod_wait_log 'listening on port 2222'
}

@test "sshd is started again when it dies, and open sessions go on" {
	pod_start --key ed25519 -- sleep infinity
	pod_wait_login
	client_ssh -f -N -o ControlMaster=yes -o ControlPath="$DIR/c" --
	pod_exec pkill -KILL -f 'sshd.*-D'
	pod_wait_log 'sshd was ended by signal 9'
	pod_wait_login
	run -0 client_ssh -o ControlPath="$DIR/c" -- echo still
	assert_output still
	pod_exec pkill -KILL -f 'sshd.*-D'
	pod_wait_login
	client_ssh -o ControlPath="$DIR/c" -O exit -- 2>/dev/null
	# Nothing is left unreaped.
	poll 10 pod_no_zombies
}

@test "nothing else in the image is changed" {
	local backend
	for backend in embedded system; do
		pod_start --key ed25519 -e SSHINIT_SSHD=$backend -- sleep infinity
		pod_wait_login
		client_ssh -tt -- true
		run -0 engine diff "$POD"
		# What is changed ("C") is a directory in which something of ours was added, or the
		# machine's own record of logins.
		assert_equal "$(grep -vE '^[AC] (/run/sshinit|/etc/sshinit|/run/sshd|/root/.ssh|/etc/profile.d/sshinit.sh$)' <<<"$output" \
			| grep -vE '^C (/run|/etc|/root|/etc/profile.d|/var|/var/log|/var/log/(wtmp|lastlog|btmp)|/run/utmp)$')" ''
	done
}

# ---- the end -------------------------------------------------------------------------------------

@test "the command's end is the container's end, with its status and open sessions" {
	pod_start --key ed25519 -- sh -c 'while [ ! -e /end ]; do sleep 0.1; done; exit 9'
	pod_wait_login
	client_ssh -f -N -o ControlMaster=yes -o ControlPath="$DIR/c" --
	pod_exec touch /end
	assert_equal "$(pod_exit)" 9
}

@test "hold mode: without a command the pod stays, with or without a key, and stops at once" {
	local began
	pod_start --key ed25519
	pod_wait_login
	began=$SECONDS
	pod_stop 90
	((SECONDS - began < 60)) || fail "docker stop took $((SECONDS - began)) s"
	pod_start
	pod_wait_log 'no usable key'
	pod_running
	began=$SECONDS
	pod_stop 90
	((SECONDS - began < 60)) || fail "docker stop took $((SECONDS - began)) s"
}

# ---- the host key --------------------------------------------------------------------------------

host_key() {
	pod_wait_port
	# shellcheck disable=SC2086
	$POD_VIA ssh-keyscan -p "$POD_PORT" "$POD_HOST" 2>/dev/null 3>&- | cut -d ' ' -f 2- | sort
}

@test "the host key is the pod's own: kept over a restart, logged, never the image's" {
	local first
	pod_start --key ed25519 -- sleep infinity
	first=$(host_key)
	[[ $first == 'ssh-ed25519 '* && $first != *$'\n'* ]] || fail "host keys: $first"
	assert_log "host key: $(ssh-keygen -lf - <<<"$first" | cut -d ' ' -f 2 | sed 's/+/[+]/g') \(new\)"
	run ! pod_exec grep -qF "$first" /etc/ssh/ssh_host_ed25519_key.pub
	pod_restart
	assert_equal "$(host_key)" "$first"
	pod_start --key ed25519 -- sleep infinity
	[[ $(host_key) != "$first" ]] || fail "two containers of one image share a host key"
}

@test "the host key stays on the volume at /workspace, in the pod's own directory" {
	local first volume="$DIR/volume"
	mkdir "$volume"
	pod_start --key ed25519 -v "$volume:/workspace" -e RUNPOD_POD_ID=pod-a -- sleep infinity
	first=$(host_key)
	assert_file_exists "$volume/.sshinit/pod-a/ssh_host_ed25519_key"
	assert_equal "$(stat -c %a "$volume/.sshinit/pod-a/ssh_host_ed25519_key")" 600
	pod_start --key ed25519 -v "$volume:/workspace" -e RUNPOD_POD_ID=pod-a -- sleep infinity
	assert_equal "$(host_key)" "$first"
	pod_start --key ed25519 -v "$volume:/workspace" -e RUNPOD_POD_ID=pod-b -- sleep infinity
	[[ $(host_key) != "$first" ]] || fail "two pods on one volume share a host key"
	# Others could have read it: it is made anew.
	chmod 0644 "$volume/.sshinit/pod-a/ssh_host_ed25519_key"
	pod_start --key ed25519 -v "$volume:/workspace" -e RUNPOD_POD_ID=pod-a -- sleep infinity
	[[ $(host_key) != "$first" ]] || fail "a host key that others could read is used"
	assert_equal "$(stat -c %a "$volume/.sshinit/pod-a/ssh_host_ed25519_key")" 600
	# Not a mount: a directory of that name in the image is no volume.
	pod_prepared 'mkdir /workspace' 'sleep infinity' --key ed25519
	pod_wait_port
	run ! pod_exec test -e /workspace/.sshinit
	# A mount that is full or read-only: the next place, and a warning.
	pod_start --key ed25519 -v "$volume:/workspace:ro" -e RUNPOD_POD_ID=pod-c -- sleep infinity
	pod_wait_port
	assert_log 'warning: /workspace.*host key cannot be kept here'
	rm -r "$volume/.sshinit"
}

@test "a host key that was given, and a directory that was named" {
	local pub
	pub=$(key_pub ecdsa256-host | cut -d ' ' -f 1,2)
	pod_start --key ed25519 -e SSHINIT_HOST_KEY="$(cat "$(key ecdsa256-host)")" -- sleep infinity
	assert_equal "$(host_key)" "$pub"
	refute_log "$(sed -n 3p "$(key ecdsa256-host)" | tr + .)"
	pod_start --key ed25519 -v "$(key ecdsa256-host):/secret:ro" -e SSHINIT_HOST_KEY=/secret -- sleep infinity
	assert_equal "$(host_key)" "$pub"
	start 0 --key ed25519 -e SSHINIT_HOST_KEY=nonsense -- --wait=60 echo ran
	assert_output ran
	assert_log 'error: SSHINIT_HOST_KEY: the given host key cannot be used'
	# In the image: only because it was named.
	pod_start --key ed25519 -- --host-keys=/etc/ssh sleep infinity
	assert_equal "$(host_key)" "$(pod_exec cut -d ' ' -f 1,2 /etc/ssh/ssh_host_ed25519_key.pub)"
}

# ---- sessions ------------------------------------------------------------------------------------

@test "session-env: yes, no and patterns, with either sshd" {
	local backend
	local -a odd=(-e API_TOKEN=secret -e PLAIN='two  words' -e QUOTES="it's \"quoted\" \\ and # \$HOME" -e EMPTY=)
	for backend in embedded system; do
		pod_start --key ed25519 "${odd[@]}" -e SSHINIT_SSHD=$backend -- sleep infinity
		pod_wait_login
		run -0 client_ssh 'printf "%s|" "$API_TOKEN" "$PLAIN" "$QUOTES" "${EMPTY-unset}"'
		assert_output "secret|two  words|it's \"quoted\" \\ and # \$HOME||"
		run -0 client_ssh 'printf "%s|" "${SSHINIT_SSHD-none}" "${PUBLIC_KEY-none}" "$HOME"'
		assert_output 'none|none|/root|'
		pod_start --key ed25519 "${odd[@]}" -e SSHINIT_SSHD=$backend -e SSHINIT_SESSION_ENV='-*_TOKEN' -- sleep infinity
		pod_wait_login
		run -0 client_ssh 'printf "%s|" "${API_TOKEN-none}" "$PLAIN"'
		assert_output 'none|two  words|'
		pod_start --key ed25519 "${odd[@]}" -e SSHINIT_SSHD=$backend -e SSHINIT_SESSION_ENV=no -- sleep infinity
		pod_wait_login
		run -0 client_ssh 'printf "%s|" "${API_TOKEN-none}" "${PLAIN-none}"'
		assert_output 'none|none|'
	done
	# A line end: the embedded one passes it on, the image's own cannot, and that is said.
	pod_start --key ed25519 -e LINES_OF=$'a\nb' -- sleep infinity
	pod_wait_login
	run -0 client_ssh 'echo "$LINES_OF"'
	assert_output $'a\nb'
	pod_start --key ed25519 -e LINES_OF=$'a\nb' -- --sshd=system sleep infinity
	pod_wait_login
	assert_log 'these variables cannot be passed on to sessions.*LINES_OF'
}
