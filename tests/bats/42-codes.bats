# Every code of src/base/codes.def is produced by some test; here are those of a start and of --check
# that no other test has a reason to produce.

load ../lib/bed

# told CODE [POD_START ARGUMENT...]: --check of such a container tells the code, with words and a fix
# where the table has one.
told() {
	local code=$1
	shift
	need_engine
	pod_run "$@" -- --check --json >"$BATS_TEST_TMPDIR/json" || true
	tells "$code" "$BATS_TEST_TMPDIR/json"
}

tells() {
	python3 - "$1" "$2" <<-'END' || fail "$1 is not among $(grep '"code": "[a-z]' "$2" | sort -u)"
		import json, sys
		o = json.load(open(sys.argv[2]))
		every = o["entries"] + o["findings"] + [w for e in o["entries"] for w in e["warnings"]]
		found = [x for x in every if x["code"] == sys.argv[1]]
		sys.exit(not (found and all(x["message"] for x in found)))
	END
}

# started CODE [POD_START ARGUMENT...]: the status file of such a start tells the code.
started() {
	local code=$1
	shift
	need_engine
	pod_start "$@" -- sleep infinity
	poll 20 pod_exec sshinit --version >/dev/null
	poll 20 has_status "$code"
}

has_status() {
	pod_exec sh -c 'cat /run/sshinit/status.json /dev/shm/sshinit*/status.json 2>/dev/null' >"$BATS_TEST_TMPDIR/status"
	tells "$1" "$BATS_TEST_TMPDIR/status"
}

@test "every code is used by the source, and produced by a test" {
	run -0 "$TOP/tests/codes" unused
	assert_output ''
	run -0 "$TOP/tests/codes" untested
	assert_output ''
}

@test "settings, sources and keys" {
	need_engine
	local keys=$BATS_TEST_TMPDIR/keys
	told disabled -e SSHINIT_ENABLED=no
	told not-running --key ed25519
	told url-refused --key ed25519 -e SSHINIT_KEYS_URL=http://example.com/keys
	told url-tool --image busybox --key ed25519 -e SSHINIT_KEYS_URL=https://example.com/keys
	told user-ca --key ed25519 -e SSHINIT_USER_CA=nonsense
	told revoked-unreadable --key ed25519 -e SSHINIT_REVOKED_KEYS=/nonexistent
	told expires-soon -e "PUBLIC_KEY=expiry-time=\"$(date -d tomorrow +%Y%m%d)\" $(key_pub ed25519)"
	told forced-command -e "PUBLIC_KEY=command=\"date\" $(key_pub ed25519)"
	# A file that loses its key while the pod runs keeps it; one that never had any is empty.
	mkdir "$keys" && chmod 0755 "$keys"
	key_pub ed25519 >"$keys/one" && echo nonsense >"$keys/other"
	pod_start -v "$keys:/keys:ro" -e SSHINIT_KEYS_FILE=/keys/one,/keys/other -- sleep infinity
	pod_wait_login
	echo nonsense >"$keys/one" && echo nonsense and more >"$keys/other"
	poll 20 has_status source-kept
	poll 20 has_status source-empty
	told example-key -e "PUBLIC_KEY=$(cut -d ' ' -f 1,2 "$TOP/tests/vectors/runpod-example.txt")"
}

@test "accounts" {
	need_engine
	local image
	image=$(image_from bookworm-ssh <<-'END'
		RUN useradd -m ann && usermod -p '!' ann && useradd -m -s /nonexistent bob && \
		    useradd -m -s /usr/sbin/nologin cat && useradd -M dan && usermod -p '*' dan
	END
	)
	told account-unknown --key ed25519 -e SSHINIT_USER=eve
	told account-locked --image "$image" --key ed25519 -e SSHINIT_USER=ann -e SSHINIT_SSHD=system
	told shell-missing --image "$image" --key ed25519 -e SSHINIT_USER=bob
	told shell-refuses --image "$image" --key ed25519 -e SSHINIT_USER=cat
	told home-missing --image "$image" --key ed25519 -e SSHINIT_USER=dan
}

@test "the image's sshd" {
	need_engine
	local image
	image=$(image_from bookworm-ssh <<-'END'
		RUN printf '#!/bin/sh\necho OpenSSH_7.4p1 >&2\n' >/usr/local/sbin/sshd && chmod +x /usr/local/sbin/sshd
	END
	)
	told system-old --image "$image" --key ed25519 -e SSHINIT_SSHD=system
	image=$(image_from trixie-ssh <<<'RUN rm /usr/lib/openssh/sshd-session')
	told system-helper --image "$image" --key ed25519 -e SSHINIT_SSHD=system
	image=$(image_from bookworm-ssh <<<'RUN sed -i /^sshd:/d /etc/passwd')
	told system-privsep --image "$image" --key ed25519 -e SSHINIT_SSHD=system
	told system-no-entry --user 1234 --key ed25519 -e SSHINIT_SSHD=system
	told install-none --image busybox --key ed25519 -e SSHINIT_SSHD=install
	told install-root --image bookworm-plain --user 1234 --key ed25519 -e SSHINIT_SSHD=install
	told install-readonly --image bookworm-plain --read-only --key ed25519 -e SSHINIT_SSHD=install
	told installing --image bookworm-plain --key ed25519 -e SSHINIT_SSHD=install
	# /run cannot be written, /dev/shm can.
	started system-rundir --read-only --key ed25519 -e SSHINIT_SSHD=system
}

@test "host keys, and no place at all" {
	started host-key-place --key ed25519 -v "$BATS_TEST_TMPDIR:/workspace:ro"
	started host-key-none --key ed25519 -e SSHINIT_HOST_KEYS=/proc/nowhere
	started host-cert --key ed25519 -e "SSHINIT_HOST_KEY=$(<"$(key ed25519-host)")" -e SSHINIT_HOST_CERT=/nonexistent
	need_engine
	run -0 pod_run --key ed25519 --read-only --ipc=none -e SSHINIT_WAIT=yes -- true
	assert_output --partial "there is no place for sshinit's own files"
}

@test "keys that stand outside the block, and keys that were removed" {
	need_engine
	local image
	image=$(image_from bookworm-ssh <<-END
		RUN mkdir -m 0700 /root/.ssh && echo '$(key_pub ed25519-eve)' >/root/.ssh/authorized_keys
	END
	)
	told key-outside --image "$image" --key ed25519
	pod_start --key ed25519 --key rsa2048 -- sleep infinity
	pod_wait_login
	pod_exec sshinit --keys remove "$(key_print rsa2048)"
	pod_exec sshinit --check --json >"$BATS_TEST_TMPDIR/json"
	tells key-kept-out "$BATS_TEST_TMPDIR/json"
}

@test "the laptop" {
	local conf
	need ssh:openssh-client
	export HOME=$BATS_TEST_TMPDIR/home
	conf=$HOME/.ssh/config
	mkdir "$HOME" && mkdir -m 0700 "$HOME/.ssh"
	add() {
		"$SSHINIT" --config-ssh mypod --yes "$@" </dev/null 2>&1
	}
	mkdir "$conf"
	run ! add --offline --from 'ssh root@127.0.0.1 -p 1'
	assert_output --partial 'this file cannot be used' # ssh-config-file
	rmdir "$conf"
	run ! add --offline --from 'ssh root@127.0.0.1 -p 1' --ssh-option 'Nonsense=1'
	assert_output --partial 'ssh does not accept the configuration' # ssh-config-check
	run -0 add --offline --from 'ssh root@127.0.0.1 -p 1' --identity /nonexistent
	assert_output --partial 'ssh will not be able to use this identity file' # identity-file
	run ! add --from 'ssh root@127.0.0.1 -p 1' --wait=1
	assert_output --partial 'the pod did not answer in time' # pod-silent
	run -0 add --from 'ssh root@127.0.0.1 -p 1'
	assert_output --partial 'the pod could not be asked' # pod-unasked
	printf 'Host mypod\n User me\n\n%s' "$(<"$conf")" >"$conf"
	run -0 add --offline --from 'ssh root@127.0.0.1 -p 2'
	assert_output --partial 'another part of your ssh configuration' # ssh-config-other
	sed -i '/END/d' "$conf"
	run ! add --offline --from 'ssh root@127.0.0.1 -p 2'
	assert_output --partial 'the sshinit section in this file is damaged' # ssh-config-section
	# A certificate for nobody, which sshd does not take for everybody's.
	ssh-keygen -q -t ed25519 -N '' -f "$HOME/ca"
	ssh-keygen -q -s "$HOME/ca" -I nobody -V +1h "$HOME/ca.pub"
	run -1 "$SSHINIT" --check "$HOME/ca-cert.pub"
	assert_output --partial 'it carries none' # cert-principal
}

@test "a pod without sshinit, asked from the laptop" {
	pod_sshd --key ed25519
	pod_wait_login
	pod_exec rm /usr/local/bin/sshinit
	export HOME=$BATS_TEST_TMPDIR/home
	mkdir "$HOME" && mkdir -m 0700 "$HOME/.ssh"
	run -0 "$SSHINIT" --config-ssh mypod --yes --from "ssh root@$POD_HOST -i $(key ed25519)" </dev/null
	assert_output --partial "$("$TOP/tests/codes" sentence pod-untold)" # pod-untold
}
