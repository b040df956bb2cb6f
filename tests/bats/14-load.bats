# Many logins at once, and much data. SSHINIT_TEST_LONG=yes sends 1 GiB where a usual run sends 128 MiB.
#
# bed: alone
# shellcheck disable=SC2016 # what stands in single quotes is for the pod's shell

load ../lib/bed

setup_file() {
	engine_find || return 0
	pod_start --image bookworm-plain --key ed25519 -- sleep infinity
	pod_wait_login
}

setup() {
	need_engine
	DIR=$BATS_TEST_TMPDIR
}

@test "200 logins at once, none refused" {
	local i
	local -a options clients=()
	mapfile -t options < <(client_options)
	# The cheapest of the safe key exchanges: the two hundred clients share this machine.
	for ((i = 0; i < 200; i++)); do
		ssh -o KexAlgorithms=curve25519-sha256 -o ConnectTimeout=100 "${options[@]}" "$POD_HOST" echo in \
			</dev/null >"$DIR/$i" 2>&1 3>&- &
		clients+=($!)
	done
	# Not all there is: bats' own clock runs beside us.
	wait "${clients[@]}" || true
	run -0 bash -c 'cat "$1"/[0-9]* | sort | uniq -c' - "$DIR"
	assert_output --regexp '^ *200 in$'
}

@test "much data arrives unchanged, both ways" {
	local size=128M sum
	[[ ${SSHINIT_TEST_LONG-} != yes ]] || size=1G
	head -c "$size" /dev/urandom >"$DIR/sent"
	sum=$(sha256sum <"$DIR/sent")
	run -0 client_ssh 'tee /var/tmp/much | sha256sum' <"$DIR/sent"
	assert_output "$sum"
	assert_equal "$(client_ssh 'cat /var/tmp/much; rm /var/tmp/much' | sha256sum)" "$sum"
}
