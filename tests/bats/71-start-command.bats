# examples/start-command: the one line, in every place that lacks something. It runs here, with SSH
# switched off, and once in a pod.

load ../lib/bed

setup() {
	SITE=$BATS_TEST_TMPDIR/site VOLUME=$BATS_TEST_TMPDIR/volume ARCH=$(uname -m)
	mkdir -p "$SITE" "$VOLUME"
	cp "$SSHINIT" "$SITE/sshinit-$ARCH"
	cat >"$BATS_TEST_TMPDIR/command" <<-'END'
		#!/bin/sh
		printf '%s|' "$@"
		exit 7
	END
	chmod +x "$BATS_TEST_TMPDIR/command"
	export SSHINIT_ENABLED=no
	TOOLS="sh sha256sum uname chmod mv rm"
}

# line [URL [SUM]]: the example with what a user changes in it changed
line() {
	local sum=${2-$(sha256sum <"$SSHINIT" | cut -c 1-64)}
	sed -e "s,^\(sh -c 'url=\)[^;]*,\1${1-file://$SITE/sshinit-}," -e "s,SUM_[A-Z0-9_]*,$sum,g" \
		-e "s,file=/workspace/,file=$VOLUME/," -e "s,sleep infinity\$,$BATS_TEST_TMPDIR/command 'two words' '' \\\\\$x," \
		"$TOP/examples/start-command/line"
}

# with TOOL... : a PATH that holds these alone
with() {
	local tool dir=$BATS_TEST_TMPDIR/bin
	rm -rf "$dir"
	mkdir "$dir"
	# shellcheck disable=SC2086
	for tool in $TOOLS "$@"; do
		ln -s "$(PATH=/usr/bin:/bin type -P "$tool")" "$dir/"
	done
	PATH_THERE=$dir
}

# The command ran, once, with its own words and exit status.
started() {
	run -7 --separate-stderr env PATH="$PATH_THERE" "${SHELL_THERE:-/bin/sh}" -c "$1"
	assert_output 'two words||$x|'
}

served_by_sshinit() {
	started "$@"
	[[ $stderr == *'sshinit: '* ]] || fail "sshinit did not run: $stderr"
}

runs_without() {
	local words=$1
	shift
	started "$@"
	[[ $stderr == "start-command: "*"$words"*"; the command runs without SSH" ]] || fail "said: $stderr"
}

@test "it is one line of less than 4000 characters, for sh and bash" {
	run -0 wc -l <"$TOP/examples/start-command/line"
	assert_output 1
	(($(wc -c <"$TOP/examples/start-command/line") < 4000))
	# What stands between the quotes is a script that shellcheck reads.
	need shellcheck
	sed "s/^sh -c '//; s/' start-command.*//" "$TOP/examples/start-command/line" | shellcheck -s sh -
}

@test "the binary is fetched with curl, and kept on the volume" {
	need curl
	with curl
	served_by_sshinit "$(line)"
	cmp "$SSHINIT" "$VOLUME/sshinit"
	assert_equal "$(ls -A "$VOLUME")" sshinit
	# The next start fetches nothing, with no tool and no address; a read-only volume will do.
	with
	chmod a-w "$VOLUME"
	SHELL_THERE=$(type -P bash) served_by_sshinit "$(line file:///gone/)"
}

@test "without curl by wget, without both by python3" {
	need wget python3
	local port=$((30000 + RANDOM % 1000)) server
	/usr/bin/python3 -m http.server --bind 127.0.0.1 --directory "$SITE" "$port" >/dev/null 2>&1 3>&- &
	server=$!
	poll 10 bash -c ": </dev/tcp/127.0.0.1/$port"
	with wget
	served_by_sshinit "$(line "http://127.0.0.1:$port/sshinit-")"
	rm "$VOLUME/sshinit"
	with python3
	served_by_sshinit "$(line "http://127.0.0.1:$port/sshinit-")"
	rm "$VOLUME/sshinit"
	with wget
	runs_without 'cannot be fetched' "$(line "http://127.0.0.1:$port/none-")"
	with python3
	runs_without 'cannot be fetched' "$(line "http://127.0.0.1:$port/none-")"
	kill "$server"
	assert_equal "$(ls -A "$VOLUME")" ''
}

@test "another SHA-256 is never run, and not kept" {
	need curl
	with curl
	runs_without 'another SHA-256' "$(line "file://$SITE/sshinit-" 0000)"
	assert_equal "$(ls -A "$VOLUME")" ''
	# Somebody's binary on the volume is replaced by the right one.
	printf '#!/bin/sh\necho evil\n' >"$VOLUME/sshinit"
	chmod +x "$VOLUME/sshinit"
	served_by_sshinit "$(line)"
	cmp "$SSHINIT" "$VOLUME/sshinit"
	# Without a tool that can tell, nothing is run either.
	rm "$VOLUME/sshinit"
	TOOLS='sh uname chmod mv rm' with curl
	runs_without 'another SHA-256' "$(line)"
}

@test "the line as it stands here runs the command" {
	with
	runs_without 'no curl, wget or python3' "$(line file:///x SUM)"
	TOOLS='sh' with
	runs_without '' "$(line)"
}

@test "where the volume cannot be written, /tmp serves" {
	need curl
	with curl
	rmdir "$VOLUME"
	served_by_sshinit "$(line)"
	rm -f /tmp/sshinit
}

@test "a pod whose volume holds the binary: the line brings SSH" {
	need_engine
	# (Fetching is not tried in this image: the wget of Debian's static busybox crashes.)
	pod_start --image busybox --bare --key ed25519 -e SSHINIT_ENABLED=yes -v "$SITE/sshinit-$ARCH:/workspace/sshinit:ro" -- \
		sh -c "exec $(line | sed "s,file=[^;]*,file=/workspace/sshinit,; s,[^ ]*/command.*,sh -c 'echo command runs; exec sleep 100',")"
	pod_wait_log '^command runs'
	pod_wait_login
	run -0 client_ssh 'tr "\0" " " </proc/1/cmdline'
	assert_output 'sleep 100 '
}
