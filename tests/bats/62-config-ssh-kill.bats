#!/usr/bin/env bats
# sshinit --config-ssh killed at any system call: the user's ssh configuration is the old or the new
# one, whole, with the keys that belong to it, and the next run works as if nothing had been.

bats_require_minimum_version 1.5.0
load ../lib/bed

setup() {
	need ssh:openssh-client strace:strace
	export HOME=$BATS_TEST_TMPDIR/home
	CONF=$HOME/.ssh/config
	KNOWN=$HOME/.ssh/sshinit_known_hosts
	OLD_KEY='ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOldOldOldOldOldOldOldOldOldOldOldOldOldOldO'
}

before() {
	rm -rf "$HOME"
	mkdir -p "$HOME/.ssh"
	printf 'Host x\n\tUser y\n\nHost *\n\tUser bob\n' >"$CONF"
}

# sweep COMMAND...: kills it at each system call that can change something or comes between such, from
# the state that `before` makes. Calls check after each; then the same again has to lead to check_new.
# (strace counts each kind of call by itself.)
sweep() {
	local call n total=0 end
	for call in mkdir openat write fchown fchmod fsync close rename renameat unlink unlinkat flock \
		execve fork vfork clone clone3 wait4; do
		for ((n = 1; n < 200; n++)); do
			before
			end=0
			{ strace -qq -o /dev/null -e "inject=$call:signal=KILL:when=$n" "$@"; } &>/dev/null \
				|| end=$?
			check
			((end == 137)) || break
			total=$((total + 1))
			"$@" &>/dev/null || true
			check_new
			run -0 find "$HOME/.ssh" -name '.*.sshinit'
			assert_output ''
		done
	done 2>/dev/null
	((total >= 20)) || fail "killed at $total calls only"
	echo "# killed at each of $total calls" >&3
}

# either FILE OLD NEW: the file is exactly one of the two
either() {
	cmp -s "$1" "$2" || cmp -s "$1" "$3" || fail "neither old nor new: $(cat "$1")"
}

@test "adding a pod" {
	before
	run -0 "$SSHINIT" --config-ssh mypod --offline --yes --host 1.2.3.4
	cp "$CONF" "$BATS_TEST_TMPDIR/new"
	before
	cp "$CONF" "$BATS_TEST_TMPDIR/old"
	check() { either "$CONF" "$BATS_TEST_TMPDIR/old" "$BATS_TEST_TMPDIR/new"; }
	check_new() { cmp "$CONF" "$BATS_TEST_TMPDIR/new"; }
	sweep "$SSHINIT" --config-ssh mypod --offline --yes --host 1.2.3.4
}

@test "a file that is not there yet" {
	before() { rm -rf "$HOME" && mkdir -p "$HOME"; }
	before
	run -0 "$SSHINIT" --config-ssh mypod --offline --yes --host 1.2.3.4
	cp "$CONF" "$BATS_TEST_TMPDIR/new"
	check() { [[ ! -e $CONF ]] || cmp "$CONF" "$BATS_TEST_TMPDIR/new"; }
	check_new() { cmp "$CONF" "$BATS_TEST_TMPDIR/new"; }
	sweep "$SSHINIT" --config-ssh mypod --offline --yes --host 1.2.3.4
}

@test "taking a pinned pod out: while its block is there, its key is too" {
	eval "plain_$(declare -f before)"
	before() {
		plain_before
		printf 'mypod %s\nother %s\n' "$OLD_KEY" "$OLD_KEY" >"$KNOWN"
		"$SSHINIT" --config-ssh mypod --offline --yes --host 1.2.3.4 >/dev/null
		grep -q 'StrictHostKeyChecking yes' "$CONF"
	}
	before
	cp "$CONF" "$BATS_TEST_TMPDIR/old"
	cp "$CONF.bak" "$BATS_TEST_TMPDIR/new"
	check() {
		either "$CONF" "$BATS_TEST_TMPDIR/old" "$BATS_TEST_TMPDIR/new"
		! grep -q mypod "$CONF" || grep -q '^mypod' "$KNOWN"
		grep -q '^other' "$KNOWN"
	}
	check_new() { cmp "$CONF" "$BATS_TEST_TMPDIR/new" && ! grep -q '^mypod' "$KNOWN"; }
	sweep "$SSHINIT" --config-ssh --remove mypod --yes
}

@test "moving the pods to a file of their own" {
	eval "plain_$(declare -f before)"
	before() {
		plain_before
		"$SSHINIT" --config-ssh mypod --offline --yes --host 1.2.3.4 >/dev/null
	}
	check() {
		assert_equal "$(ssh -G -F "$CONF" mypod 2>/dev/null | sed -n 's/^hostname //p')" 1.2.3.4
		assert_equal "$(ssh -G -F "$CONF" x 2>/dev/null | sed -n 's/^user //p')" y
	}
	check_new() { grep -q '^Include' "$CONF"; }
	sweep "$SSHINIT" --config-ssh mypod --offline --yes --include
}
