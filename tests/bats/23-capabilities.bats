# Capabilities: with each of the 128 subsets of those that matter, as root, logins work or the start
# names what is missing, and adding just that makes them work. Makes the table of tests/places.md.

load ../lib/bed
load ../lib/box
load ../lib/places

# Four boxes at a time: most of a row is waiting for a login.
@test "every subset of the seven capabilities: a login, or the name of what is missing" {
	need_box
	need jq:jq setpriv:util-linux ssh:openssh-client perl:perl
	local caps=(chown dac_override fowner setuid setgid sys_chroot net_bind_service) i c subset
	local rows=$BATS_TEST_TMPDIR/rows login_key
	login_key=$(key ed25519)
	for ((i = 0; i < 128; i++)); do
		subset=
		for ((c = 0; c < 7; c++)); do
			((i >> c & 1)) && subset+=${subset:+,}${caps[c]}
		done
		echo "$subset"
	done | xargs -d '\n' -P 4 -I{} unshare --mount --pid --net --fork --kill-child --mount-proc --propagation private \
		"$TOP/tests/lib/box-init" "$TOP/tests/lib/capability-row" "$SSHINIT" "$login_key" {} >"$rows" 3>&- 4>&-
	"$TOP/tests/lib/capability-table" <"$rows" >"$BATS_TEST_TMPDIR/table" || fail "wrong (above), of $(wc -l <"$rows") rows"
	table capabilities <"$BATS_TEST_TMPDIR/table"
}

@test "a workload ends as it would, whatever capabilities are missing" {
	need_engine
	local drop
	for drop in ALL SETUID SETGID SYS_CHROOT CHOWN; do
		run -9 pod_run --image busybox --cap-drop "$drop" --key ed25519 -- sh -c 'exit 9'
	done
	run -9 pod_run --image busybox --cap-drop ALL --security-opt no-new-privileges --read-only --key ed25519 -- sh -c 'exit 9'
}
