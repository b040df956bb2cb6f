#!/usr/bin/env bats
# From a fresh laptop to `ssh mypod`: two commands in a container that plays the laptop, against real
# pods; then everything that people do with an alias.

bats_require_minimum_version 1.5.0
load ../lib/bed

setup() {
	need_engine
	need ssh-keygen:openssh-client
	pod_start --bare -- sleep infinity
	LAPTOP=$POD
	engine exec -i "$LAPTOP" sh -c 'umask 077 && cat >/root/id_ed25519' <"$(key ed25519)"
}

# laptop COMMAND...: on the laptop, with this standard input
laptop() {
	engine exec -i "$LAPTOP" "$@" 3>&-
}

# connect NAME [OPTION...]: the first of the two commands; POD is the pod
connect() {
	local name=$1
	shift
	# shellcheck disable=SC2153 # pod_start sets it
	laptop sshinit --config-ssh "$name" --yes --wait=100 \
		--from "ssh root@$POD_HOST -p $POD_PORT -i /root/id_ed25519" "$@" </dev/null
}

@test "two commands; again after the pod started anew on another port" {
	local volume=$BATS_TEST_TMPDIR/volume
	mkdir "$volume"
	pod_start --key ed25519 -e RUNPOD_POD_ID=abc -v "$volume:/workspace" -- sleep infinity
	run -0 connect mypod
	refute_output --partial 'did not confirm' # the pod's own --connect answered
	assert_output --partial "Host key pinned: ssh-ed25519 SHA256:"
	run -0 laptop ssh mypod 'echo works; echo $HOME' </dev/null
	assert_output $'works\n/root'
	run -0 laptop grep -c 'StrictHostKeyChecking yes' /root/.ssh/config </dev/null
	run -0 laptop stat -c %a /root/.ssh /root/.ssh/config /root/.ssh/sshinit_known_hosts </dev/null
	assert_output $'700\n600\n600'

	pod_stop 1
	pod_start --key ed25519 -e RUNPOD_POD_ID=abc -v "$volume:/workspace" -- --port 2244 sleep infinity
	POD_PORT=2244
	run -0 connect mypod --use-previous-options
	run -0 laptop ssh mypod echo again </dev/null
	assert_output again

	# a pod of somebody else at the same address
	pod_stop 1
	pod_start --key ed25519 -e RUNPOD_POD_ID=xyz -- --port 2244 sleep infinity
	POD_PORT=2244
	pod_wait_login
	run -1 laptop sshinit --config-ssh mypod --yes --from "ssh root@$POD_HOST -p 2244 -i /root/id_ed25519"
	assert_output --partial 'another host key answers'
	run -1 connect mypod --wait=1
}

@test "scp, sftp and rsync over the alias" {
	pod_start --key ed25519 -- sleep infinity
	run -0 connect mypod
	laptop sh -ec '
		cd /root && head -c 3000000 /dev/urandom >file
		scp -q file mypod:/tmp/by-scp
		scp -q mypod:/tmp/by-scp back && cmp file back
		printf "put file /tmp/by-sftp\nget /tmp/by-sftp back2\n" | sftp -q -b - mypod
		cmp file back2
		mkdir tree && cp file tree/a && ln -s a tree/b
		rsync -a tree/ mypod:/tmp/tree/ && rsync -a mypod:/tmp/tree/ tree2/
		diff -r tree tree2
	' </dev/null
	run -0 pod_exec ls /tmp/by-scp /tmp/by-sftp /tmp/tree/a
}

@test "VS Code's sequence: ssh -T -D PORT NAME bash, a server started by standard input" {
	pod_start --key ed25519 -- sleep infinity
	run -0 connect mypod
	laptop sh -c 'cat >/root/remote-ssh; mkfifo /root/in
		(cat /root/remote-ssh; sleep 300) | ssh -v -T -D 1080 -o ConnectTimeout=60 mypod bash >/root/out 2>/root/err &' <<-'END'
		echo "begin $(uname -s) $HOME"
		perl -MIO::Socket::INET -e '$| = 1;
			my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 0, Listen => 5);
			print "listeningOn==", $s->sockport, "==\n";
			while (my $c = $s->accept) { my $l = <$c>; print $c "server heard $l"; close $c }' &
	END
	poll 20 laptop grep -q 'listeningOn==[0-9]*==' /root/out </dev/null
	run -0 laptop sh -c 'cat >/root/socks; perl /root/socks "$(sed -n "s/.*On==\([0-9]*\)==.*/\1/p" /root/out)"' <<-'END'
		use IO::Socket::INET;
		my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => 1080) or die;
		syswrite $s, "\5\1\0"; sysread $s, my $r, 2;
		syswrite $s, "\5\1\0\1" . pack("C4n", 127, 0, 0, 1, $ARGV[0]); sysread $s, $r, 10;
		syswrite $s, "hello\n"; print scalar <$s>;
	END
	assert_output 'server heard hello'
	run -0 laptop grep -c '^begin Linux /root$' /root/out </dev/null
}

@test "a jump through one pod to another, both by name" {
	local gate
	pod_start --key ed25519 -- sleep infinity
	gate=$POD_HOST
	run -0 connect gate
	pod_start --key ed25519 -- sleep infinity
	run -0 connect inner --jump gate
	run -0 laptop ssh inner 'echo ${SSH_CONNECTION%% *}' </dev/null
	assert_output "$gate"
	laptop sh -ec 'head -c 100000 /dev/urandom >/tmp/f; scp -q /tmp/f inner:/tmp/f; scp -q inner:/tmp/f /tmp/g; cmp /tmp/f /tmp/g' </dev/null
	run -0 laptop sshinit --config-ssh --list </dev/null
	assert_line --partial --index 0 gate
	assert_line --partial --index 1 inner
}

# here COMMAND: a shell on this machine with an empty home of its own, for tools the images lack
here() {
	((EUID == 0)) || skip 'needs root, for a home of its own'
	unshare -m sh -ec '
		mount --make-rprivate /
		mount -t tmpfs -o mode=700 none /root
		export HOME=/root
		unset SSH_AUTH_SOCK
		cat >/root/id_ed25519 && chmod 600 /root/id_ed25519
		"$1" --config-ssh mypod --yes --wait=100 --from "$2" >/root/said </dev/null
		cd /root
		eval "$3"
	' - "$SSHINIT" "ssh root@$POD_HOST -p $POD_PORT -i ~/id_ed25519" "$1" <"$(key ed25519)" 3>&-
}

@test "git over the alias" {
	need git:git unshare:util-linux
	local each args=()
	# The images have no git; this machine's is lent to the pod, with the libraries it needs.
	for each in /usr/bin/git $(ldd /usr/bin/git | grep -o '/[^ ]*libpcre2[^ ]*'); do
		args+=(-v "$each:$each:ro")
	done
	args+=(-v "$(git --exec-path):$(git --exec-path):ro")
	pod_start --key ed25519 "${args[@]}" -- sleep infinity
	pod_exec git --version >/dev/null || skip 'the git of this machine does not run in the image'
	pod_exec sh -c 'ln -s "$(git --exec-path)"/git-upload-pack "$(git --exec-path)"/git-receive-pack /usr/local/bin/ && git init -q --bare /srv/repo'
	run -0 here '
		git config --global user.name n && git config --global user.email e@example
		git init -q -b main work && cd work && echo text >file && git add file && git commit -qm first
		git push -q mypod:/srv/repo main
		cd .. && git clone -q -b main mypod:/srv/repo again && cat again/file'
	assert_line text
}

@test "sshfs over the alias" {
	need sshfs:sshfs unshare:util-linux
	[[ -e /dev/fuse ]] || skip 'no /dev/fuse'
	pod_start --key ed25519 -- sleep infinity
	pod_wait_login
	run -0 here '
		mkdir mnt && sshfs mypod:/srv mnt
		echo from-laptop >mnt/file && cat mnt/file
		umount mnt'
	assert_line from-laptop
	run -0 pod_exec cat /srv/file
	assert_output from-laptop
}

@test "older and newer clients read the same from the section" {
	local image path script
	script='
		p=$1
		rm -rf /root/.ssh
		sshinit --config-ssh mypod --offline --yes --host 2001:db8::7 --port 17445 --user root --identity "$p" >/dev/null 2>&1
		ssh -G mypod | grep -E "^(hostname|port|user|identityfile|hostkeyalias|userknownhostsfile|stricthostkeychecking) "'
	for image in bullseye-ssh trixie-ssh; do
		pod_start --bare --image "$image" -- sleep infinity
		for path in /k/id '/k/my key' '~/.ssh/50%' 'C:\Users\My Name\id' "/k/it's" '/k/#1' '/k/a=b'; do
			run -0 pod_exec sh -c "$script" - "$path"
			assert_line 'hostname 2001:db8::7'
			assert_line 'port 17445'
			assert_line 'user root'
			assert_line "identityfile ${path//'%'/%%}"
			assert_line 'hostkeyalias mypod'
			assert_line --regexp '^userknownhostsfile (~|/root)/.ssh/sshinit_known_hosts$'
			assert_line --regexp '^stricthostkeychecking accept-new$'
		done
	done
}
