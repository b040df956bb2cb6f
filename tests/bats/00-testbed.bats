# The bed tests itself: every client logs in to a pod that runs Debian's own sshd, so that a failing
# test of sshinit is not the bed's fault.
#
# bed: any engine

load ../lib/bed

setup_file() {
	engine_find || return 0
	pod_sshd --key ed25519 --key rsa2048 --key ecdsa256
	pod_wait_login
}

setup() {
	need_engine
}

@test "ssh logs in with ed25519, RSA and ECDSA, and gets the exit status" {
	local type
	for type in ed25519 rsa2048 ecdsa256; do
		run -0 client_ssh --key "$type" -- id -un
		assert_output root
	done
	run -7 client_ssh exit 7
}

@test "a key that is not authorised is refused" {
	run -255 client_ssh --key ed25519-eve -- true
	assert_output --partial 'Permission denied'
}

@test "scp, sftp and rsync carry a file both ways" {
	head -c 100000 /dev/urandom >"$BATS_TEST_TMPDIR/sent"
	client_scp -- "$BATS_TEST_TMPDIR/sent" pod:/tmp/by-scp
	client_sftp <<-END
		put $BATS_TEST_TMPDIR/sent /tmp/by-sftp
		get /tmp/by-scp $BATS_TEST_TMPDIR/back
	END
	cmp "$BATS_TEST_TMPDIR/sent" "$BATS_TEST_TMPDIR/back"
	client_rsync -a -- pod:/tmp/by-sftp "$BATS_TEST_TMPDIR/back2"
	cmp "$BATS_TEST_TMPDIR/sent" "$BATS_TEST_TMPDIR/back2"
}

@test "dropbear's client logs in" {
	run -0 client_dbclient id -un
	assert_output root
	run -0 client_dbclient --key rsa2048 -- id -un
	assert_output root
}

@test "PuTTY's client logs in" {
	run -0 client_plink id -un
	assert_output root
	run -0 client_plink --key ecdsa256 -- id -un
	assert_output root
}

@test "paramiko logs in, and reads a file over sftp" {
	run -3 client_paramiko 'id -un; exit 3'
	assert_output root
	run -0 client_paramiko --sftp /etc/hostname --
	assert_output "${POD:0:12}"
}

@test "a pod without a network is reached through its namespace" {
	pod_sshd --network none --key ed25519
	pod_wait_login
}

@test "a pod keeps its file system and its host key over a restart" {
	pod_sshd --key ed25519
	pod_wait_login
	pod_exec touch /kept
	pod_restart
	pod_wait_login
	run -0 client_ssh ls /kept
}

@test "streams, exit status and log are told apart" {
	pod_start --bare -- sh -c 'echo out; echo err >&2; exit 5'
	assert_equal "$(pod_exit)" 5
	assert_equal "$(pod_log --out)" out
	assert_equal "$(pod_log --err)" err
	run -6 pod_run --image busybox --bare -- sh -c 'exit 6'
}

@test "the probe reports two equal starts alike, and sees each thing that differs" {
	pod_run --bare --probe -- /probe 'two words' '' >"$BATS_TEST_TMPDIR/first"
	pod_run --bare --probe -- /probe 'two words' '' | diff "$BATS_TEST_TMPDIR/first" -
	assert_file_contains "$BATS_TEST_TMPDIR/first" '^argv.0002 length 0: $'

	# Nothing that sshinit might forget to put back may escape it.
	local -A differs=(
		[process.umask]='umask 077'
		[process.cwd]='cd /tmp'
		[process.nice]='renice -n 5 $$ >/dev/null'
		[env]='export MORE=1'
		[limit.core]='ulimit -c 17'
		[signal.ignored]='trap "" USR1'
		[fd.0007]='exec 7</etc/passwd'
		[proc.oom_score_adj]='echo 100 >/proc/self/oom_score_adj'
		[children]='sleep 100 &'
		[fd.0000]='exec 0<&-'
	)
	local -a common=(--bare --probe -e PWD=/ -e SHLVL=0 -e _=x -e OLDPWD=/ -e HOME=/root)
	pod_run "${common[@]}" -- bash -c 'exec /probe' >"$BATS_TEST_TMPDIR/first"
	local what
	for what in "${!differs[@]}"; do
		pod_run "${common[@]}" -- bash -c "${differs[$what]}"$'\n''exec /probe' >"$BATS_TEST_TMPDIR/other"
		run -1 diff "$BATS_TEST_TMPDIR/first" "$BATS_TEST_TMPDIR/other"
		assert_line --regexp "^[<>] $what"
	done
}

@test "the probe's modes" {
	run -3 pod_run --bare --probe -- /probe exit 3
	run -132 pod_run --bare --probe -- /probe signal 4
	run -99 pod_run --bare --probe -- /probe signal 9
	run -0 pod_run --bare --probe -- /probe wait
	assert_output 'waited for 0 children: No child processes'
	run -0 pod_run --bare --probe -- /probe orphans 100
	assert_output 'orphans 100, reaped here 100, zombies 0'
	run -0 pod_run --init --bare --probe -- /probe orphans 100
	assert_output 'orphans 100, reaped here 0, zombies 0'
	pod_start --image busybox --bare --probe -- /probe signals
	pod_wait_log ready
	engine kill -s USR1 "$POD" >/dev/null
	pod_wait_log 'signal 10'
	pod_stop
	assert_equal "$(pod_exit)" 0
}

@test "an image is made from another, once" {
	local image
	image=$(image_from bookworm-plain <<<'RUN useradd -m ann')
	assert_equal "$(image_from bookworm-plain <<<'RUN useradd -m ann')" "$image"
	run -0 pod_run --bare --image "$image" --user ann -- id -un
	assert_output ann
}
