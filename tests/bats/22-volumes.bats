# Volumes: homes, key directories and places of sshinit's own on file systems that are full, read-only,
# somebody else's or deaf to chmod. One container for each row.
#
# shellcheck disable=SC2034 # PLACE_IMAGE is for places.bash
# shellcheck disable=SC2016 # $V is expanded by places.bash

load ../lib/bed
load ../lib/places

setup() {
	need_engine
	need jq:jq perl:perl
	((EUID == 0)) || skip 'makes volumes and looks into containers, as root only'
	V=$BATS_TEST_TMPDIR
	PLACE_IMAGE=$(image_from bookworm-plain <<<"RUN useradd -m -s /bin/bash -p '*' alice")
}

teardown() {
	bed_teardown
	local each
	for each in full inodes deaf; do
		! mountpoint -q "$V/$each" || umount -l "$V/$each"
	done
}

# Directories as volumes bring them.
make_volumes() {
	mkdir -p "$V"/{plain,empty,group,squash,squash-shut,pvc,full,inodes,deaf,deaf-source}
	chmod 0700 "$V/plain" "$V/empty"
	chmod 0775 "$V/group"
	# What a server with root squash shows: root is nobody there, and here has no right to pass over it.
	chmod 0755 "$V/squash" && chown 65534:65534 "$V/squash"
	chmod 0700 "$V/squash-shut" && chown 65534:65534 "$V/squash-shut"
	# Kubernetes' fsGroup.
	chmod 2775 "$V/pvc" && chgrp 2000 "$V/pvc"
	mount -t tmpfs -o size=16k,mode=0700 full "$V/full"
	dd if=/dev/zero of="$V/full/fill" bs=4k 2>/dev/null || true
	mount -t tmpfs -o nr_inodes=1,mode=0700 inodes "$V/inodes"
	# As network volumes of clouds are: everything is 0777 and nobody's, chmod and chown do nothing.
	if type -P bindfs >/dev/null && [[ -c /dev/fuse ]]; then
		bindfs -o allow_other --chmod-ignore --chown-ignore --perms=0777 --force-user=65534 --force-group=65534 \
			"$V/deaf-source" "$V/deaf" 3>&- || true
	fi
}

SQUASHED='--cap-drop DAC_OVERRIDE --cap-drop DAC_READ_SEARCH --cap-drop FOWNER --cap-drop CHOWN'

@test "volumes: every home and every place works or says what is wrong" {
	make_volumes
	local deaf=''
	if mountpoint -q "$V/deaf"; then
		deaf='a home that ignores chmod and chown | -v $V/deaf:/root | root | ssh pty sftp | home-unfit
			the same, of alice | -v $V/deaf:/home/alice -e SSHINIT_USER=alice | alice | ssh pty sftp | home-unfit
			/workspace that ignores chmod and chown | -v $V/deaf:/workspace | root | ssh pty sftp | host-key-place'
	fi
	places ${deaf:+volumes} <<-END
		a home on tmpfs | --tmpfs /root:mode=0700 | root | ssh pty sftp | -
		a volume as home | -v \$V/plain:/root | root | ssh pty sftp | -
		the same, read-only by now, with the keys in it | -v \$V/plain:/root:ro | root | ssh pty sftp | -
		a read-only home | -v \$V/empty:/root:ro | root | ssh pty sftp | home-unfit
		a group-writable home | -v \$V/group:/root | root | ssh pty sftp | home-unfit
		Kubernetes' fsGroup (2775) as alice's home | -v \$V/pvc:/home/alice -e SSHINIT_USER=alice | alice | ssh pty sftp | home-unfit
		root squash | $SQUASHED -v \$V/squash:/root | root | ssh pty sftp | home-unfit
		root squash, and root may not look in | $SQUASHED -v \$V/squash-shut:/root | root | ssh pty sftp | home-unfit
		/workspace with root squash | $SQUASHED -v \$V/squash:/workspace | root | ssh pty sftp | host-key-place
		a home on a full disk | -v \$V/full:/root | root | ssh pty sftp | home-unfit
		a home without inodes | -v \$V/inodes:/root | root | ssh pty sftp | home-unfit
		$deaf
		a full /run | --tmpfs /run:size=4k | root | ssh pty sftp | -
		/run without inodes | --tmpfs /run:nr_inodes=1 | root | ssh pty sftp | -
		everything full | --read-only --tmpfs /run:size=4k -v \$V/full:/root | root | ssh pty sftp | home-unfit path-reset
		a read-only root, nothing else | --read-only | root | ssh pty sftp | home-unfit path-reset
	END
	assert_equal "$(ls -A "$V/squash")" ''
	assert_equal "$(ls -A "$V/group")" ''
}

# secret DIR NAME FILE...: a Kubernetes Secret as the kubelet mounts it.
secret() {
	local dir=$1 name=$2
	mkdir -p "$dir/..2026_1"
	cat >"$dir/..2026_1/$name"
	ln -sfn ..2026_1 "$dir/..data"
	ln -sfn "..data/$name" "$dir/$name"
	chmod 1777 "$dir"
}

@test "Kubernetes Secrets: keys and a host key from mounts of mode 1777, links and odd modes" {
	local mode group
	secret "$V/keys" authorized < <(key_pub rsa2048)
	secret "$V/host" ssh_host_ed25519_key <"$(key ed25519-host)"
	for mode in 0400:0 0440:2000 0444:0; do
		group=${mode#*:} mode=${mode%:*}
		chmod "$mode" "$V/host/..2026_1/ssh_host_ed25519_key" "$V/keys/..2026_1/authorized"
		chgrp "$group" "$V/host/..2026_1/ssh_host_ed25519_key"
		pod_start --image "$PLACE_IMAGE" -v "$V/keys:/keys:ro" -v "$V/host:/host:ro" -e PUBLIC_KEY_DIR=/keys \
			-e SSHINIT_HOST_KEY=/host/ssh_host_ed25519_key -e SSHINIT_USER=root,alice -- sleep infinity
		pod_wait_login --key rsa2048
		run -0 client_ssh --key rsa2048 --user alice -- id -un
		assert_output alice
		run -0 pod_log
		assert_output --partial "host key: $(key_print ed25519-host)"
		refute_output --partial error
		engine rm -f "$POD" >/dev/null

		# The same Secret as the directory of the host keys.
		pod_start --image "$PLACE_IMAGE" -v "$V/host:/host:ro" --key ed25519 -e SSHINIT_HOST_KEYS=/host -- sleep infinity
		pod_wait_login
		run -0 pod_log
		assert_output --partial "host key: $(key_print ed25519-host)"
		engine rm -f "$POD" >/dev/null
	done
	# An arbitrary uid with fsGroup, as OpenShift starts it.
	chmod 0440 "$V/host/..2026_1/ssh_host_ed25519_key"
	chgrp 2000 "$V/host/..2026_1/ssh_host_ed25519_key"
	pod_start --image "$PLACE_IMAGE" --user 12345:0 --group-add 2000 -v "$V/keys:/keys:ro" -v "$V/host:/host:ro" \
		-e PUBLIC_KEY_DIR=/keys -e SSHINIT_HOST_KEY=/host/ssh_host_ed25519_key -- sleep infinity
	pod_wait_login --key rsa2048 --user user
	run -0 pod_log
	assert_output --partial "host key: $(key_print ed25519-host)"
}

host_key() {
	pod_wait_port
	# shellcheck disable=SC2086
	$POD_VIA ssh-keyscan -p "$POD_PORT" "$POD_HOST" 2>/dev/null 3>&- | cut -d ' ' -f 2- | sort
}

@test "a volume at /workspace in which others may rename cannot bring another host key" {
	local first volume=$V/open
	mkdir "$volume" && chmod 777 "$volume"
	open_pod() { pod_start --image "$PLACE_IMAGE" --key ed25519 -v "$volume:/workspace" -e RUNPOD_POD_ID=pod-a -- sleep infinity; }
	open_pod
	first=$(host_key)
	assert_file_exists "$volume/.sshinit/pod-a/ssh_host_ed25519_key"
	# sshd reads none of it: what it reads, nobody can swap.
	run -0 pod_exec grep -E '^HostKey ' /run/sshinit/sshd_config
	assert_output --regexp ' "?/run/sshinit/given/ssh_host_ed25519_key"?$'
	run -0 pod_exec sshinit --check
	assert_output --regexp 'host key .*in /workspace/.sshinit/pod-a, +outlives the container'
	open_pod
	assert_equal "$(host_key)" "$first"
	pod_restart
	assert_equal "$(host_key)" "$first"
	# Root's own directory, but others can put things there.
	chmod 777 "$volume/.sshinit/pod-a"
	pod_restart
	[[ $(host_key) != "$first" ]] || fail 'a host key is used from a directory that others can write to'
	chmod 700 "$volume/.sshinit/pod-a"
	open_pod
	assert_equal "$(host_key)" "$first"
	# A directory of alice's in its place: whatever is in it, root writes and reads nothing there.
	run -0 engine exec -u alice "$POD" sh -c 'cd /workspace && mv .sshinit away && mkdir -p .sshinit/pod-a && chmod 777 .sshinit/pod-a'
	pod_restart
	[[ $(host_key) != "$first" ]] || fail 'not from there, and yet the same key'
	run -0 pod_log
	assert_output --partial 'warning: /workspace/.sshinit/pod-a: the host key cannot be kept here: the directory .sshinit in it is another'
	run -0 pod_exec ls -A /workspace/.sshinit/pod-a
	assert_output ''
	run -0 engine exec -u alice "$POD" sh -c 'cd /workspace && rm -r .sshinit && ln -s /etc .sshinit'
	open_pod
	[[ $(host_key) != "$first" ]] || fail 'not from there, and yet the same key'
	run ! pod_exec test -e /etc/pod-a
	rm -rf "$volume/.sshinit" "$volume/away"
}

@test "a host key in a file that changed is another one after a restart" {
	local file=$V/host
	install -m 0600 "$(key ecdsa256-host)" "$file"
	pod_start --image "$PLACE_IMAGE" --key ed25519 -v "$file:/secret" -e SSHINIT_HOST_KEY=/secret -- sleep infinity
	assert_equal "$(host_key)" "$(key_pub ecdsa256-host | cut -d ' ' -f 1,2)"
	cat "$(key ed25519-host)" >"$file"
	pod_restart
	assert_equal "$(host_key)" "$(key_pub ed25519-host | cut -d ' ' -f 1,2)"
}
