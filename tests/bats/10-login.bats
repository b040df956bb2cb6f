# Logging in: every key type on every image with either sshd, every client, and what a session can do.
#
# Most tests share one pod, whose sshd is the embedded one.
#
# shellcheck disable=SC2016 # what stands in single quotes is for the pod's shell
#
# bed: any engine

load ../lib/bed

ALL_TYPES=(ed25519 rsa2048 rsa3072 ecdsa256 ecdsa384 ecdsa521 sked25519 skecdsa)

setup_file() {
	engine_find || return 0
	local image
	image=$(image_from bookworm-ssh <<-'END'
		RUN echo root:secret | chpasswd && useradd -m -s /bin/bash -p '' ann
	END
	)
	pod_start --image "$image" --key ed25519 --key rsa2048 --key ecdsa256 -e SSHINIT_USER=root,ann \
		-e WORD='two words' -- sleep infinity
	pod_wait_login
}

setup() {
	need_engine
	DIR=$BATS_TEST_TMPDIR
}

# logs_in IMAGE BACKEND: with every type of key, and files come across.
logs_in() {
	local type
	local -a keys=()
	for type in "${ALL_TYPES[@]}"; do
		keys+=(--key "$type")
	done
	pod_start --image "$1" "${keys[@]}" -e SSHINIT_SSHD="$2" -- sleep infinity
	pod_wait_login
	for type in "${ALL_TYPES[@]}"; do
		run -0 client_ssh --key "$type" -- id -un
		assert_output root
		run -0 pod_log --err
		assert_output --partial " $(key_print "$type") $type@bed (PUBLIC_KEY)"
	done
	assert_output --regexp "listening on port 22: OpenSSH_[0-9.p]+, $2 \("
	run -255 client_ssh --key ed25519-eve -- true
	assert_output --partial 'Permission denied (publickey)'
	head -c 300000 /dev/urandom >"$DIR/sent"
	client_scp -- "$DIR/sent" pod:/tmp/there
	client_sftp <<<"get /tmp/there $DIR/back"
	cmp "$DIR/sent" "$DIR/back"
	client_scp -O -- pod:/tmp/there "$DIR/back-by-rcp"
	cmp "$DIR/sent" "$DIR/back-by-rcp"
	run -0 client_ssh -tt -- tty
	assert_output --partial /dev/pts/
}

@test "bookworm, embedded sshd: every type of key logs in" {
	logs_in bookworm-ssh embedded
}

@test "bookworm, its own sshd: every type of key logs in" {
	logs_in bookworm-ssh system
}

@test "trixie, embedded sshd: every type of key logs in" {
	logs_in trixie-ssh embedded
}

@test "trixie, its own sshd: every type of key logs in" {
	logs_in trixie-ssh system
}

@test "bullseye, embedded sshd: every type of key logs in" {
	logs_in bullseye-ssh embedded
}

@test "bullseye, its own sshd: every type of key logs in" {
	logs_in bullseye-ssh system
}

@test "a certificate of the CA logs in, and no other certificate or key does" {
	local ca
	ca=$(key ed25519-ca)
	pod_start -e SSHINIT_USER_CA="$(key_pub ed25519-ca)" -- sleep infinity
	pod_wait_port

	# row NAME STATUS SSH-KEYGEN-OPTION...
	row() {
		local made=$DIR/$1 status=$2
		shift 2
		cp "$(key ed25519)" "$made"
		cp "$(key ed25519).pub" "$made.pub"
		ssh-keygen -q -s "$ca" -I test "$@" "$made.pub"
		run "-$status" client_ssh -o "CertificateFile=$made-cert.pub" -- id -un
	}
	row good 0 -n root -V -5m:+1h
	assert_output root
	row other-name 255 -n ann -V -5m:+1h
	row expired 255 -n root -V -2h:-1h
	run -255 client_ssh true
	ca=$(key ed25519-eve)
	row other-ca 255 -n root -V -5m:+1h
}

@test "dropbear, PuTTY and paramiko log in" {
	local client type
	for client in client_dbclient client_plink client_paramiko; do
		for type in ed25519 rsa2048 ecdsa256; do
			run -0 "$client" --key "$type" -- id -un
			assert_output root
		done
	done
	run -0 client_paramiko --sftp /etc/hostname --
	assert_output "${POD:0:12}"
}

@test "the key exchange is safe against quantum computers" {
	run -0 client_ssh -v -- true
	assert_output --regexp 'kex: algorithm: (mlkem768x25519|sntrup761x25519)'
}

@test "no password is offered, and none works" {
	local user
	for user in root ann; do
		run -255 client_ssh --user "$user" -o PubkeyAuthentication=no -o NumberOfPasswordPrompts=1 -- true
		assert_output --partial 'Permission denied (publickey).'
	done
	/usr/bin/python3 -c 'import paramiko' || skip "needs paramiko: apt-get install python3-paramiko"
	# A client that does not ask what is offered, with the right passwords: ann's is empty.
	run -0 /usr/bin/python3 - "$POD_HOST" <<-'END'
		import paramiko, sys
		for user, password in ("root", "secret"), ("ann", ""):
		    for ask in "password", "keyboard", "none":
		        transport = paramiko.Transport((sys.argv[1], 22))
		        transport.connect()
		        try:
		            if ask == "none":
		                transport.auth_none(user)
		            elif ask == "password":
		                transport.auth_password(user, password, fallback=False)
		            else:
		                transport.auth_interactive(user, lambda *_: [password])
		            print(user, ask, "got in")
		        except paramiko.SSHException as said:
		            print(user, ask, said.__class__.__name__, getattr(said, "allowed_types", ""))
		        transport.close()
	END
	assert_line --regexp "^root password BadAuthenticationType \['publickey'\]"
	assert_line --regexp "^ann password BadAuthenticationType \['publickey'\]"
	refute_output --partial 'got in'
}

@test "both users log in, each as itself with its groups, and nobody else does" {
	run -0 client_ssh id
	assert_output 'uid=0(root) gid=0(root) groups=0(root)'
	run -0 client_ssh --user ann -- 'id -un; pwd; echo $HOME; test -r /run/sshinit/status.json || echo shut out'
	assert_output $'ann\n/home/ann\n/home/ann\nshut out'
	run -255 client_ssh --user daemon -- true
	# A user of the image whose own authorized_keys would let the key in.
	key_pub ed25519 | engine exec -i "$POD" sh -c 'useradd -m -p "*" bob && cd ~bob && mkdir -m 700 .ssh \
		&& cat >.ssh/authorized_keys && chown -R bob .ssh'
	run -255 client_ssh --user bob -- true
}

@test "scp in both protocols, sftp and rsync carry trees both ways" {
	mkdir "$DIR/tree"
	head -c 1000000 /dev/urandom >"$DIR/tree/a file"
	: >"$DIR/tree/empty"
	local way
	for way in -s -O; do
		client_scp -r "$way" -- "$DIR/tree" "pod:/tmp/tree$way"
		client_scp -r "$way" -- "pod:/tmp/tree$way" "$DIR/back$way"
		diff -r "$DIR/tree" "$DIR/back$way"
	done
	client_rsync -a -- "$DIR/tree/" pod:/tmp/by-rsync/
	client_rsync -a -- pod:/tmp/by-rsync/ "$DIR/back-rsync"
	diff -r "$DIR/tree" "$DIR/back-rsync"
	client_sftp <<-END
		put -r $DIR/tree /tmp/by-sftp
		get -r /tmp/by-sftp $DIR/back-sftp
	END
	diff -r "$DIR/tree" "$DIR/back-sftp"
}

@test "exit status and signals come back" {
	local status
	for status in 0 1 7 127 255; do
		run "-$status" client_ssh "exit $status"
	done
	run -127 client_ssh no-such-command
	run -143 client_ssh "sh -c 'kill \$\$'; exit \$?"
	run -0 client_ssh 'cat; echo err >&2' <<<in
	assert_output $'in\nerr'
}

# A terminal for ssh: script(1) makes one, of the size that a user's could have.
@test "a terminal has the client's size and type" {
	mapfile -t options < <(client_options)
	local ssh="ssh ${options[*]} -tt $POD_HOST"
	run -0 script -qec "stty rows 33 cols 97; TERM=xterm-256color $ssh 'stty size; echo \$TERM; tty'" /dev/null
	assert_line --partial '33 97'
	assert_line --partial xterm-256color
	assert_line --partial /dev/pts/
}

@test "job control works: ^Z stops, jobs lists, ^C interrupts" {
	mkfifo "$DIR/in"
	TERM=dumb client_ssh -tt -- 'exec bash --norc -i' <"$DIR/in" >"$DIR/out" 2>&1 &
	local client=$!
	exec 7>"$DIR/in"
	echo "PS1=; trap 'echo inter''rupted' INT; echo rea''dy; cat" >&7
	poll 10 grep -q '^ready' "$DIR/out"
	poll 10 cat_in_front
	printf '\x1a' >&7
	poll 10 grep -q Stopped "$DIR/out"
	printf 'fg; echo fg was $?\n' >&7
	poll 10 cat_in_front
	printf '\x03' >&7
	poll 10 grep -q '^fg was 130' "$DIR/out"
	printf 'exit 9\n' >&7
	exec 7>&-
	local status=0
	wait "$client" || status=$?
	cat "$DIR/out"
	assert_equal "$status" 9
	run ! grep 'no job control' "$DIR/out"
}

# The keys are for cat; a shell that still has the terminal would swallow them.
cat_in_front() {
	pod_exec ps -C cat -o stat= | grep '^S.*[+]'
}

@test "a session sees the container's environment, and its PATH reaches scp" {
	run -0 client_ssh 'printf "%s\n" "$WORD" "$PATH" "${PUBLIC_KEY-none}" "${SSHINIT_USER-none}"; command -v scp sftp-server sshinit | wc -l'
	assert_line --index 0 'two words'
	assert_line --index 1 --regexp '^/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/.*/bin$'
	assert_line --index 2 none
	assert_line --index 3 none
	assert_line --index 4 3
	# A login shell reads /etc/profile, which sets PATH again.
	run -0 client_ssh -tt -- 'exec bash -lc "echo \$WORD"'
	assert_output --partial 'two words'
}

banner_at() { # PORT of this machine
	# shellcheck disable=SC2016
	timeout 60 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && read -r said <&3 && echo "$said"' - "$1" 3>&-
}

free_port() {
	local port
	while port=$((31000 + RANDOM % 1700)); do
		banner_at "$port" 2>/dev/null || break
	done
	echo "$port"
}

@test "-L, -D and -R forward, and so do their UNIX sockets" {
	local here socks
	here=$(free_port) socks=$(free_port)
	client_ssh -f -N -o ControlMaster=yes -o ControlPath="$DIR/control" -o ExitOnForwardFailure=yes \
		-L "$here:127.0.0.1:22" -D "$socks" -L "$DIR/socket:127.0.0.1:22" \
		-R "7001:$POD_HOST:22" -R "/tmp/remote-socket:$POD_HOST:22" -- 2>"$DIR/said"
	run -0 banner_at "$here"
	assert_output --partial SSH-2.0-OpenSSH
	# The words of SOCKS 5: no authentication; connect to 127.0.0.1 port 22.
	# shellcheck disable=SC2016
	run -0 timeout 60 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1"
		printf "\5\1\0" >&3; head -c 2 <&3 | od -An -tx1
		printf "\5\1\0\1\x7f\0\0\1\0\x16" >&3; head -c 10 <&3 >/dev/null
		read -r said <&3; echo "$said"' - "$socks"
	assert_output --partial SSH-2.0-OpenSSH
	run -0 /usr/bin/python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); print(s.recv(20))' "$DIR/socket"
	assert_output --partial SSH-2.0-OpenSSH
	# shellcheck disable=SC2016
	run -0 client_ssh "bash -c 'exec 3<>/dev/tcp/127.0.0.1/7001; read -r said <&3; echo \"\$said\"; test -S /tmp/remote-socket'"
	assert_output --partial SSH-2.0-OpenSSH
	client_ssh -o ControlPath="$DIR/control" -O exit -- 2>/dev/null
}

@test "-J jumps through the pod, and ControlMaster shares one connection" {
	{
		printf 'Host outer\n HostName %s\nHost inner\n HostName 127.0.0.1\nHost *\n' "$POD_HOST"
		client_options | sed -n 's/^\([A-Za-z]*\)=/ \1 /p'
	} >"$DIR/config"
	run -0 timeout 100 ssh -F "$DIR/config" -J outer inner 'echo "${SSH_CONNECTION%% *}"'
	assert_output 127.0.0.1

	ssh -F "$DIR/config" -o ControlMaster=yes -o ControlPath="$DIR/c" -f -N outer 3>&-
	local first
	for _ in 1 2 3; do
		run -0 ssh -F "$DIR/config" -o ControlPath="$DIR/c" outer 'echo "$SSH_CONNECTION"'
		assert_output "${first:=$output}"
	done
	ssh -F "$DIR/config" -o ControlPath="$DIR/c" -O exit outer 2>/dev/null
}

@test "the agent is forwarded" {
	eval "$(ssh-agent -a "$DIR/agent")" >/dev/null 3>&-
	ssh-add -q "$(key ecdsa256)"
	mapfile -t options < <(client_options | sed 's/^IdentityAgent=.*/ForwardAgent=yes/')
	run timeout 100 ssh "${options[@]}" "$POD_HOST" ssh-add -l
	kill "$SSH_AGENT_PID"
	assert_success
	assert_output --partial "$(key_print ecdsa256)"
}
