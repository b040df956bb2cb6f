# authorized_keys: what sshinit writes, what it leaves alone, and what nobody can make it write.
#
# Two helpers, which prepare a container before sshinit runs in it:
#	start_with PREPARE LOOK [POD_RUN OPTION...]
#		a new container runs PREPARE, then sshinit with LOOK as its command, which begins when SSH
#		is up or has failed. $output is what LOOK printed, $stderr is the log
#	pod_with PREPARE [POD_START OPTION...]   the same in the background, to log in to
# The image has a user ann with a home and a second group; the user eve has another uid.
#
# shellcheck disable=SC2016 # what stands in single quotes is for the pod's shell
# shellcheck disable=SC2154 # stderr and stderr_lines are set by bats' run

load ../lib/bed
load ../lib/box

setup() {
	need_engine
	IMAGE=$(image_from bookworm-plain <<-'END'
		RUN groupadd -g 4000 team && useradd -m -s /bin/bash -G team ann && useradd -m -s /bin/bash eve
	END
	)
}

PREPARED='eval "$PREPARE"; unset PREPARE; exec sshinit'

start_with() {
	local prepare=$1 look=$2
	shift 2
	run -0 --separate-stderr pod_run --image "$IMAGE" -e PREPARE="$prepare" "$@" --bare -- \
		sh -ec "$PREPARED"' --wait=60 -- sh -c "$1"' - "$look"
}

pod_with() {
	local prepare=$1
	shift
	pod_start --image "$IMAGE" -e PREPARE="$prepare" "$@" --bare -- sh -ec "$PREPARED -- sleep infinity"
}

# The file as sshinit writes it where there was none.
block() {
	local type
	echo '# BEGIN sshinit'
	echo '# (made anew at each start; edit the lines outside, not these)'
	(($# == 0)) || echo '# from PUBLIC_KEY'
	for type; do
		key_pub "$type"
	done
	echo '# END sshinit'
}

assert_log() {
	grep -E -q -e "$1" <<<"$stderr" || fail "the log has no $1 in: $stderr"
}

refute_log() {
	! grep -E -e "$1" <<<"$stderr" || fail "the log has $1"
}

@test "~/.ssh is 0700, the file 0600, both the user's, whatever the umask" {
	start_with 'umask 000' 'stat -c "%a %U:%G %h" ~/.ssh ~/.ssh/authorized_keys; cat ~/.ssh/authorized_keys' \
		--key ed25519 --key rsa2048
	assert_output "700 root:root 2
600 root:root 1
$(block ed25519 rsa2048)"
	start_with 'umask 077; mkdir -m 0755 ~/.ssh; touch ~/.ssh/authorized_keys; chmod 644 ~/.ssh/authorized_keys' \
		'stat -c "%a %U:%G" ~/.ssh ~/.ssh/authorized_keys' --key ed25519
	assert_output $'700 root:root\n600 root:root'
	start_with '' 'stat -c "%a %U:%G" /home/ann/.ssh /home/ann/.ssh/authorized_keys; ls -A /root' \
		--key ed25519 -e SSHINIT_USER=ann
	assert_line --index 0 '700 ann:ann'
	assert_line --index 1 '600 ann:ann'
	refute_line .ssh
}

@test "sshd itself refuses a file in the home that others have been let write to" {
	pod_start --key ed25519 -- sleep infinity
	pod_wait_login
	pod_exec chmod 0666 /root/.ssh/authorized_keys
	run -255 client_ssh true
	pod_exec chmod 0600 /root/.ssh/authorized_keys
	run -0 client_ssh true
}

@test "all that stands outside the block is kept byte for byte" {
	# Comments, blank lines, CRLF, a byte that is no UTF-8, NUL, no final line end.
	local before='printf "# mine\n\n  \r\nssh-ed25519 AAAA\377 broken\r\n\0\n# last" >before'
	local look='cmp -n $(stat -c %s before) before ~/.ssh/authorized_keys && tail -c +$(($(stat -c %s before) + 1)) ~/.ssh/authorized_keys'
	start_with "cd /; mkdir -m 700 ~/.ssh; $before; cp before ~/.ssh/authorized_keys" "cd /; $look" --key ed25519
	# The line end that was missing, then the block.
	assert_output "
$(block ed25519)"

	# A block in the middle is replaced where it stands.
	start_with 'mkdir ~/.ssh; cd ~/.ssh; { printf "# above\n"; printf "# BEGIN sshinit\nssh-ed25519 AAAA old\n# END sshinit\n"
		printf "# below\r\n# no line end"; } >authorized_keys' 'cat ~/.ssh/authorized_keys' --key ed25519
	assert_equal "$output" "$(printf '# above\n%s\n# below\r\n# no line end' "$(block ed25519)")"
}

@test "a key that left its source leaves the block at the next start, and an empty source empties it" {
	start_with "sshinit --wait=60 -- true; PUBLIC_KEY='$(key_pub rsa2048)' sshinit --wait=60 -- true
		cp ~/.ssh/authorized_keys /second; PUBLIC_KEY='nonsense' sshinit --wait=60 -- true
		cp ~/.ssh/authorized_keys /third; unset PUBLIC_KEY" \
		'cat /second; echo; cat /third; echo; cat ~/.ssh/authorized_keys' --key ed25519 --key rsa2048
	assert_output "$(block rsa2048)

$(block)

$(block)"
	assert_log 'no usable key was given'
}

@test "a key removed from PUBLIC_KEY cannot log in after the restart, though it could before" {
	pod_with 'test ! -e /later || export PUBLIC_KEY=$(cat /later)' --key ed25519 --key ecdsa256
	pod_wait_login --key ecdsa256
	key_pub ed25519 | engine exec -i "$POD" sh -c 'cat >/later'
	pod_restart
	pod_wait_login
	run -255 client_ssh --key ecdsa256 -- true
}

@test "20 restarts of one container leave the same file: bytes, inode and time" {
	local i
	pod_start --image "$IMAGE" --key ed25519 --key rsa2048 -- \
		--wait=60 sh -c 'stat -c "%i %y %Z" ~/.ssh/authorized_keys; sha256sum <~/.ssh/authorized_keys'
	pod_exit
	for ((i = 0; i < 20; i++)); do
		engine start -a "$POD" >/dev/null 2>&1
	done
	run -0 pod_log --out
	assert_equal "${#lines[@]}" 42
	assert_equal "$(sort -u <<<"$output" | wc -l)" 2
}

@test "a key is written once, however often it was given" {
	local pub
	pub=$(key_pub ed25519)
	start_with '' 'grep -c "^ssh-ed25519" ~/.ssh/authorized_keys' \
		-e PUBLIC_KEY="$pub"$'\n'"${pub% *} another comment" -e SSH_PUBLIC_KEY="$pub"
	assert_output 1
}

@test "a key that stands outside already is not repeated, and is listed" {
	start_with 'mkdir -m 700 ~/.ssh; echo "$PUBLIC_KEY" | sed "s/ [^ ]*$/ by hand/" >~/.ssh/authorized_keys
		cp ~/.ssh/authorized_keys /before' 'cat /before ~/.ssh/authorized_keys | sort | uniq -c' --key ed25519
	assert_output --regexp '^ *2 ssh-ed25519 [^ ]+ by hand$'
	assert_log "this key stands outside.*$(key_print_re ed25519) by hand"
	assert_log 'listening on port 22'
}

@test "a key outside alone opens no port" {
	start_with 'mkdir -m 700 ~/.ssh; echo "$KEY" >~/.ssh/authorized_keys' 'cat ~/.ssh/authorized_keys; cat /proc/net/tcp /proc/net/tcp6 | grep -c ":0016 0*:0000 0A" || true' \
		-e KEY="$(key_pub ed25519)"
	assert_output "$(key_pub ed25519)
0"
	assert_log 'no usable key was given'
	refute_log listening
}

@test "markers that do not pair up: the file is left alone, and the keys still log in" {
	local row rows=(
		'# BEGIN sshinit\nssh-ed25519 AAAA x\n'
		'ssh-ed25519 AAAA x\n# END sshinit\n'
		'# BEGIN sshinit\n# BEGIN sshinit\n# END sshinit\n'
		'# BEGIN sshinit\n# END sshinit\n# END sshinit\n'
	)
	for row in "${rows[@]}"; do
		start_with "mkdir -m 700 ~/.ssh; printf '$row' >~/.ssh/authorized_keys; cp -p ~/.ssh/authorized_keys /before" \
			'cmp ~/.ssh/authorized_keys /before && stat -c %Y ~/.ssh/authorized_keys /before | uniq | wc -l' --key ed25519
		assert_output 1
		assert_log "error: /root/.ssh/authorized_keys: sshinit's markers do not pair up"
	done
	pod_with "mkdir -m 700 ~/.ssh; printf '${rows[0]}' >~/.ssh/authorized_keys" --key ed25519
	pod_wait_login
}

# Each row: what eve, or a volume, has made of ann's home. Root's files stay as they are, nothing
# hangs, the log says why, and ann logs in.
hostile() { # PREPARE FINDING
	pod_with "mkdir -m 700 /root/.ssh; echo victim >/root/.ssh/authorized_keys; chmod 600 /root/.ssh/authorized_keys
		cd /home/ann; $1" -e SSHINIT_USER=ann --key ed25519
	pod_wait_login --user ann || fail "no login after: $1"
	run -0 pod_log --err
	assert_output --regexp "ann: the keys stand in sshinit's state directory.*$2"
	run -0 pod_exec sh -c 'cat /root/.ssh/authorized_keys; stat -c "%a %U" /root/.ssh /root/.ssh/authorized_keys'
	assert_output $'victim\n700 root\n600 root'
	engine rm -f "$POD" >/dev/null
}

@test "links in another user's home: nothing is read or written through them" {
	hostile 'ln -s /root/.ssh .ssh' 'is a symbolic link'
	hostile 'mkdir -m 700 .ssh; ln -s /root/.ssh/authorized_keys .ssh/; chown -R ann: .ssh' 'is a symbolic link'
	hostile 'mkdir -m 700 .ssh; ln /root/.ssh/authorized_keys .ssh/; chown ann: .ssh' 'hard link'
}

@test "what is no file in another user's home: nothing waits for it or writes to it" {
	hostile 'mkdir -m 700 .ssh; mkfifo .ssh/authorized_keys; chown -R ann: .ssh' 'not a regular file'
	hostile 'mkdir -m 700 .ssh; mknod .ssh/authorized_keys c 1 3; chown -R ann: .ssh' 'not a regular file'
	hostile 'mkdir -m 700 -p .ssh/authorized_keys; chown -R ann: .ssh' 'not a regular file'
	hostile 'echo text >.ssh; chown ann: .ssh' 'not a directory'
}

@test "homes that sshd would not accept: the keys stand in the state directory" {
	hostile 'chown eve: .' 'belongs to user id'
	hostile 'chmod 775 .' 'can be written by others \(mode 0775\)'
	hostile 'mkdir -m 700 .ssh; chown root: .ssh' 'authorized_keys|making|opening|Permission denied'
	hostile 'chmod 777 .' 'can be written by others'
	hostile 'usermod -d /nowhere ann' '/nowhere: No such file'
}

@test "one unfit home among two: sshd is told one place for both, and it holds each user's keys only" {
	pod_with 'chmod 777 /home/ann; printf "%s\n" "[user ann]" "keys-env = ANN_KEY" >/etc/sshinit.ini' \
		--key ed25519 -e SSHINIT_USER=root -e ANN_KEY="$(key_pub rsa2048)"
	pod_wait_login
	run -0 client_ssh --user ann --key rsa2048 -- id -un
	assert_output ann
	run -255 client_ssh --user ann --key ed25519 -- true
	run -255 client_ssh --user root --key rsa2048 -- true
	run -255 client_ssh --user eve --key rsa2048 -- true
	run -0 pod_exec sh -c 'grep -hE "^(AuthorizedKeysFile|AllowUsers)" /run/sshinit/sshd_config; stat -c "%n %a %U" /run/sshinit/keys /run/sshinit/keys/*'
	assert_output 'AllowUsers root
AllowUsers ann
AuthorizedKeysFile /run/sshinit/keys/%u
/run/sshinit/keys 711 root
/run/sshinit/keys/ann 600 ann
/run/sshinit/keys/root 600 root'
}

@test "another user's home is touched with that user's ids and groups only" {
	# Root without the right to pass over permissions cannot enter; ann can.
	start_with 'chmod 700 /home/ann; su ann -c "mkdir -m 700 ~/.ssh"' 'id -u; stat -c "%U %a" /home/ann' \
		-e SSHINIT_USER=ann --key ed25519 --cap-drop DAC_OVERRIDE --cap-drop DAC_READ_SEARCH
	refute_log 'state directory'
	assert_log 'listening'
	# The same where only her second group may pass.
	start_with 'mkdir -m 0710 /deep; mkdir -m 0700 /deep/ann; chown ann: /deep/ann; chgrp team /deep; usermod -d /deep/ann ann' 'true' \
		-e SSHINIT_USER=ann --key ed25519 --cap-drop DAC_OVERRIDE --cap-drop DAC_READ_SEARCH
	refute_log 'state directory'
	# And where root can pass but ann cannot, nothing is written.
	start_with 'mkdir -m 0700 /deep; mv /home/ann /deep/; usermod -d /deep/ann ann' 'ls -A /deep/ann | grep ssh || echo none' \
		-e SSHINIT_USER=ann --key ed25519
	assert_output none
	assert_log 'ann: the keys stand in sshinit.s state directory.*Permission denied'
}

@test "a home that changes while sshinit writes never leads it to another file" {
	start_with 'mkdir -m 700 ~/.ssh; echo victim >~/.ssh/authorized_keys
		su ann -c "cd; mkdir -m 700 real; while :; do ln -sfn /root/.ssh .ssh; rm .ssh; mv -T real .ssh; mv -T .ssh real; done" 2>/dev/null &
		i=0; while [ $i -lt 60 ]; do SSHINIT_LOG_LEVEL=quiet SSHINIT_PORT=$((3000 + i)) sshinit --wait -- true; i=$((i + 1)); done; kill $!' \
		'cat ~/.ssh/authorized_keys; stat -c %U ~/.ssh/authorized_keys' -e SSHINIT_USER=ann --key ed25519
	assert_output $'victim\nroot'
}

@test "killed at any call that concerns ~/.ssh: the file is the old or the new one, and the next start mends it" {
	need_box
	need strace:strace
	export PUBLIC_KEY SSHINIT
	PUBLIC_KEY=$(key_pub ed25519)
	{
		printf '# mine\n'
		block rsa2048
	} >"$BATS_TEST_TMPDIR/old"
	{
		printf '# mine\n'
		block ed25519
	} >"$BATS_TEST_TMPDIR/new"
	# strace counts each kind of call of each process by itself; the paths leave those of interest.
	run -0 box timeout 280 bash -c '
		killed=0
		for call in open openat mkdirat fstat flock read close renameat; do
			for ((n = 1; n < 20; n++)); do
				rm -rf ~/.ssh && mkdir -m 700 ~/.ssh && cp "$1/old" ~/.ssh/authorized_keys
				strace -f -q -o "$1/trace" -P ~ -P ~/.ssh -P ~/.ssh/authorized_keys \
					-e "inject=$call:signal=KILL:when=$n" "$SSHINIT" --log-level=quiet --wait=20 -- true
				cmp -s ~/.ssh/authorized_keys "$1/old" || cmp -s ~/.ssh/authorized_keys "$1/new" \
					|| { echo "killed at $call $n:"; cat ~/.ssh/authorized_keys; exit 1; }
				grep -q "killed by SIGKILL" "$1/trace" || break
				((++killed))
				"$SSHINIT" --log-level=quiet --wait=60 -- true
				cmp ~/.ssh/authorized_keys "$1/new" || exit 1
			done
		done
		echo "killed at $killed calls"' - "$BATS_TEST_TMPDIR"
	[[ ${lines[-1]} =~ ^killed\ at\ ([0-9]+)\ calls$ ]]
	((BASH_REMATCH[1] >= 15)) || fail "$output"
}

@test "the port is open before anything is flushed to disk, and then all that must last is" {
	need_box
	need strace:strace
	local trace=$BATS_TEST_TMPDIR/trace renamed listens flushed
	export PUBLIC_KEY SSHINIT
	PUBLIC_KEY=$(key_pub ed25519)
	# shellcheck disable=SC2016
	run -0 box timeout 200 bash -c '
		strace -f -q -y -e trace=rename,renameat,renameat2,listen,fsync,fdatasync,syncfs,sync -o "$1" "$SSHINIT" -- sleep 1000 &
		for each in authorized_keys ssh_host_ed25519_key; do
			until grep -q "sync([0-9]*</.*/$each>)" "$1"; do sleep 0.1; done
		done' - "$trace"
	renamed=$(grep -n 'rename.*"authorized_keys"' "$trace" | head -n 1)
	# With a backlog of one, the port was only tried.
	listens=$(grep -n 'listen(.*, 128)' "$trace" | head -n 1)
	flushed=$(grep -n 'sync(' "$trace" | head -n 1)
	((${renamed%%:*} < ${listens%%:*} && ${listens%%:*} < ${flushed%%:*})) || fail "$(cat "$trace")"
}

# full MOUNT-OPTIONS PREPARE FINDING: the home cannot take the file, and the old one stays.
full() {
	pod_with "$2" --key ed25519 --tmpfs "/root:$1"
	pod_wait_login || fail "no login with $1"
	run -0 pod_log --err
	assert_output --regexp "root: the keys stand in sshinit's state directory.*$3"
	[[ -z $2 ]] || assert_equal "$(pod_exec cat /root/.ssh/authorized_keys)" old
	assert_equal "$(pod_exec ls -A /root/.ssh 2>/dev/null)" "${2:+authorized_keys}"
	engine rm -f "$POD" >/dev/null
}

@test "a home that is full or read-only keeps its old file, and the keys log in" {
	local old='mkdir -m 700 ~/.ssh; echo old >~/.ssh/authorized_keys'
	full size=64k,mode=700 "$old; cat /dev/zero >~/fill 2>/dev/null || true" 'No space left'
	full nr_inodes=3,mode=700 "$old" 'No space left'
	full ro,mode=700 '' 'Read-only file system'
}

@test "keys from files, from directories and from a mounted Secret" {
	start_with 'mkdir -p /keys/..data-1; ln -s ..data-1 /keys/..data; echo "$RSA" >/keys/..data-1/rsa; ln -s ..data/rsa /keys/rsa
		printf "%s\r\n" "$ECDSA" >/one; mkfifo /fifo' 'grep -E "^(# from|ssh-|ecdsa-)" ~/.ssh/authorized_keys' \
		--key ed25519 -e RSA="$(key_pub rsa2048)" -e ECDSA="$(key_pub ecdsa256)" \
		-e SSHINIT_KEYS_FILE=/one,/missing,/fifo -e PUBLIC_KEY_DIR=/keys
	assert_line "$(key_pub ed25519)"
	assert_line "$(key_pub rsa2048)"
	assert_line "$(key_pub ecdsa256)"
	assert_line '# from /one'
	assert_log 'error: /missing: this source of keys cannot be read: No such file'
	assert_log 'error: /fifo: this source of keys cannot be read'
}

@test "[user NAME] sections: each user has its own keys and no other's" {
	pod_with 'printf "%s\n" "[user ann]" "keys-env = ANN_KEY" "[user eve]" "keys-file = /eve" >/etc/sshinit.ini; echo "$EVE_KEY" >/eve' \
		--key ed25519 -e SSHINIT_USER=root -e ANN_KEY="$(key_pub rsa2048)" -e EVE_KEY="$(key_pub ecdsa256)"
	pod_wait_login
	local row
	for row in root:ed25519:0 root:rsa2048:255 ann:rsa2048:0 ann:ed25519:255 eve:ecdsa256:0 eve:rsa2048:255; do
		IFS=: read -r user type status <<<"$row"
		run "-$status" client_ssh --user "$user" --key "$type" -- true
	done
}
