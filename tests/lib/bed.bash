# shellcheck shell=bash
# The test bed: what every tests/bats/*.bats file loads.
#
#	load ../lib/bed
#
#	@test "ed25519 logs in" {
#		pod_start --key ed25519 -- sleep infinity     # sshinit is the entrypoint
#		pod_wait_login
#		run -0 client_ssh id -un
#		assert_output root
#	}
#
# It loads bats-support, bats-assert and bats-file, and its own rooms:
#
#	engine.bash   which container engine answers, and starting one where none does
#	images.bash   the base images, made on this machine and cached
#	keys.bash     key pairs for tests, made once per run
#	pods.bash     containers: start, look at, stop; removed after each test
#	clients.bash  OpenSSH, dropbear, PuTTY and paramiko, none of which touches ~/.ssh
#
# Two more a file loads itself, where it wants them:
#
#	box.bash      namespaces in place of containers: start in 20 ms, need no engine
#	places.bash   tables of containers, each row with what works there and what sshinit says
#
# A file that needs nothing special writes no setup and no teardown: the teardowns here remove every
# container the test made, and show the logs of those when the test failed. A file with a
# teardown of its own calls bed_teardown (or bed_teardown_file) in it.
#
# What a test sets or reads:
#	TOP       the root of the source tree
#	BUILD     where things are built ($TOP/build)
#	SSHINIT   the binary under test ($BUILD/sshinit)
#
# And four helpers that are about no pod at all:
#	poll SECONDS COMMAND...   run COMMAND (in a subshell) until it succeeds; fail, showing its last
#	                          words, when SECONDS are over, which is what an idle machine needs at
#	                          most: a busy one gets six times as long. Never write a fixed sleep.
#	need COMMAND[:PACKAGE]... skip the test when a command is missing, naming the package
#	need_engine               skip the test when no container engine answers, saying why; with podman
#	                          too, unless the file says `# bed: any engine`: its containers have
#	                          fewer capabilities and mount options than many tests ask for
#	fail MESSAGE              (bats-support) fail now

TOP=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
BUILD=${BUILD:-$TOP/build}
SSHINIT=${SSHINIT:-$BUILD/sshinit}
export TOP BUILD SSHINIT
BED_PATIENCE=6 # the factor of poll

# shellcheck source=SCRIPTDIR/engine.bash
source "$TOP/tests/lib/engine.bash"
# shellcheck source=SCRIPTDIR/images.bash
source "$TOP/tests/lib/images.bash"
# shellcheck source=SCRIPTDIR/keys.bash
source "$TOP/tests/lib/keys.bash"
# shellcheck source=SCRIPTDIR/pods.bash
source "$TOP/tests/lib/pods.bash"
# shellcheck source=SCRIPTDIR/clients.bash
source "$TOP/tests/lib/clients.bash"

poll() {
	local seconds=$1 said
	shift
	local end=$((${EPOCHREALTIME/./} + seconds * BED_PATIENCE * 1000000))
	until said=$("$@" 2>&1); do
		if ((${EPOCHREALTIME/./} >= end)); then
			printf 'not within %s s: %s\n%s\n' "$seconds" "$*" "$said" >&2
			return 1
		fi
		sleep 0.05
	done
}

need() {
	local each
	for each; do
		command -v "${each%%:*}" >/dev/null \
			|| skip "needs ${each%%:*}: apt-get install ${each##*:}"
	done
}

need_engine() {
	engine_find || skip "no container engine: $ENGINE_WHY"
	[[ $ENGINE == docker || ${SSHINIT_TEST_ENGINE-} == podman ]] || grep -q '^# bed: any engine' "$BATS_TEST_FILENAME" \
		|| skip "written for docker; SSHINIT_TEST_ENGINE=podman tries it with podman"
}

bed_teardown() {
	if [[ -z ${BATS_TEST_COMPLETED-} && -z ${BATS_TEST_SKIPPED-} ]]; then
		pods_show
	fi
	pods_remove
}

bed_teardown_file() {
	pods_remove
}

if [[ -n ${BATS_VERSION-} ]]; then
	bats_require_minimum_version 1.5.0
	bats_load_library bats-support
	bats_load_library bats-assert
	bats_load_library bats-file

	teardown() { bed_teardown; }
	teardown_file() { bed_teardown_file; }
fi
