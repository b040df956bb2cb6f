# make demo, both ways.

load ../lib/bed

setup() {
	need unshare ssh busybox:busybox-static
	# A home that the demo must not touch, and ssh would read.
	export HOME=$BATS_TEST_TMPDIR/home
	mkdir -p "$HOME/.ssh"
	echo 'Host *'$'\n''ProxyCommand false' >"$HOME/.ssh/config"
	find "$HOME" -printf '%p %T@ %s\n' >"$BATS_TEST_TMPDIR/before"
}

is_the_story() {
	assert_line --regexp '^sshinit: key: ssh-ed25519 256 SHA256:[A-Za-z0-9+/]{43} you@laptop \(PUBLIC_KEY\)$'
	assert_line --regexp '^sshinit: error: PUBLIC_KEY line 2: this is the fingerprint of a key, not the key'
	assert_line --regexp '^sshinit: +fix: paste what this prints: cat ~/.ssh/id_ed25519.pub'
	assert_line --regexp '^the command runs, as process [0-9]+$'
	assert_line --regexp "^I am $1 on .*, and MODEL is: a value with spaces, \"quotes\" and \\\$signs\$"
	assert_line --regexp '^refused .*line 2 '
	assert_line --regexp '^== Done: '
	find "$HOME" -printf '%p %T@ %s\n' | diff "$BATS_TEST_TMPDIR/before" -
}

@test "with a container engine" {
	need_engine
	run -0 env -u BATS_VERSION "$TOP/tests/demo"
	assert_line "(the container is $ENGINE's)"
	assert_line 'the command runs, as process 1'
	is_the_story root
	run -0 engine ps -aq --filter "label=sshinit-demo" --filter "status=exited"
	assert_output ''
}

@test "without one, in namespaces" {
	unshare --mount --pid --net --uts --ipc --fork true || skip "this machine allows no namespaces"
	SSHINIT_TEST_ENGINE=none run -0 env -u BATS_VERSION -u ENGINE -u ENGINE_WHY "$TOP/tests/demo"
	assert_line --partial 'no container engine'
	assert_line 'the command runs, as process 1'
	is_the_story root
	run ! grep -q sshinit-demo /proc/mounts
}

@test "without one, and not as root" {
	((EUID == 0)) || skip "not root, so the test above was this one"
	local -a nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	"${nobody[@]}" unshare --user --map-current-user true || skip "only root may make user namespaces here"
	"${nobody[@]}" test -x "$SSHINIT" -a -r "$TOP/tests/demo" || skip "this checkout is root's alone"
	mkdir -m 0777 "$BATS_TEST_TMPDIR/tmp"
	chmod a+rx "$BATS_TEST_TMPDIR" "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/*
	SSHINIT_TEST_ENGINE=none HOME=/ TMPDIR=$BATS_TEST_TMPDIR/tmp run "${nobody[@]}" env -u BATS_VERSION -u ENGINE -u ENGINE_WHY "$TOP/tests/demo"
	assert_success
	is_the_story you
	run -0 find "$BATS_TEST_TMPDIR/tmp" -mindepth 1
	assert_output ''
}

@test "inside a container that allows no namespaces" {
	need_engine
	run -0 pod_run --bare -v "$TOP:$TOP:ro" -v "$(type -P busybox):/bin/busybox:ro" -- "$TOP/tests/demo"
	assert_line --partial 'nor does this machine allow namespaces'
	is_the_story root
}
