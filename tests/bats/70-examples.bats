# The Dockerfiles and the examples, each run as its reader would run it, with the images that it names
# replaced by local ones: nothing is pulled. Compiling in a container is replaced too (see maker);
# `.ci/run` on a fresh machine is where that is proven.

load ../lib/bed

setup_file() {
	engine_find || return 0
	export TAG=localhost/sshinit-test/examples-$$
	# The image of docker/Dockerfile, for all that copy from it.
	build "$TAG:sshinit" -f docker/Dockerfile --build-arg "BUILD=$(maker)" .
}

teardown_file() {
	pods_remove
	[[ -z ${TAG-} ]] || engine images -q "$TAG" | xargs -r "$ENGINE" rmi >/dev/null 2>&1 || true
}

setup() {
	need_engine
	cd "$TOP" || return
}

# build TAG ARG...: docker build, of images of this machine only
build() {
	local tag=$1
	shift
	(cd "$TOP" && engine build -q --pull=false --network none --label sshinit-test=image -t "$tag" "$@") >/dev/null
}

# An image whose "make" brings the binary under test instead of compiling one for minutes.
maker() {
	image_from "$(image_with_sshinit busybox)" <<-'END'
		RUN printf '%s\n' '#!/bin/sh -e' 'test "$1" = -C' 'test -f "$2/Makefile"' 'test ! -e "$2/build"' \
		    'mkdir "$2/build"' 'cp /usr/local/bin/sshinit "$2/build"' >/bin/make && chmod 755 /bin/make
	END
}

# start IMAGE [ENGINE OPTION...] [-- WORD...]: a pod of the image as it is, entrypoint and all
start() {
	local image=$1 options=()
	shift
	while (($#)) && [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	shift $(($# > 0))
	# shellcheck disable=SC2046
	pod_use "$(engine run -d $(_engine_options) --label "sshinit-test-pod=$(_pod_label)" "${options[@]}" "$image" "$@")"
}

logs_in() {
	pod_wait_login
	run -0 client_ssh id -un
	assert_output root
}

# from_local FILE DIR: the Dockerfile with the sshinit of this run
from_local() {
	mkdir -p "$2"
	sed "s,--from=sshinit ,--from=$TAG:sshinit ," "$1" >"$2/Dockerfile"
	run -0 grep -c -- "--from=$TAG:sshinit" "$2/Dockerfile"
}

@test "docker/Dockerfile: nothing but the binary, and it runs" {
	run -0 engine run --rm "$TAG:sshinit" --version
	assert_line --index 0 --regexp '^sshinit [0-9]+\.[0-9]+\.[0-9]+'
	local id
	id=$(engine create "$TAG:sshinit" x)
	engine export "$id" | tar -tf - | grep -v '/$' >"$BATS_TEST_TMPDIR/files"
	engine rm "$id" >/dev/null
	# What an engine itself puts into every container.
	run -0 grep -vE '^(etc/|dev/|\.dockerenv|run/\.containerenv|proc|sys)' "$BATS_TEST_TMPDIR/files"
	assert_output sshinit
}

@test "examples/runpod: a pod that logs its owner in" {
	from_local examples/runpod/Dockerfile "$BATS_TEST_TMPDIR/runpod"
	build "$TAG:runpod" --build-arg "BASE=$(image bookworm-plain)" "$BATS_TEST_TMPDIR/runpod"
	start "$TAG:runpod" -e "PUBLIC_KEY=$(key_pub ed25519)" -e RUNPOD_PUBLIC_IP=203.0.113.7 \
		-e RUNPOD_TCP_PORT_22=17445 -e RUNPOD_POD_ID=abc123
	logs_in
	pod_wait_log 'ssh root@203\.0\.113\.7 -p 17445'
	# And with a start command, which RunPod gives as the container's.
	start "$TAG:runpod" -e "PUBLIC_KEY=$(key_pub ed25519)" -- sh -c 'echo "started: $*"; exec sleep 100' x 'two words'
	logs_in
	pod_wait_log '^started: two words$'
}

@test "examples/compose: one command, and the host key outlives the container" {
	need docker-compose
	[[ $ENGINE == docker ]] || skip "docker-compose asks docker, and here $ENGINE answers"
	cat >"$BATS_TEST_TMPDIR/local.yaml" <<-END
		version: "3.8"
		services:
		  pod:
		    build: { args: { BUILD: "$(maker)", BASE: "$(image bookworm-plain)" } }
		    labels: { sshinit-test-pod: "$(_pod_label)" }
	END
	local -a compose=(docker-compose -p "sshinit-test-$$" -f examples/compose/compose.yaml -f "$BATS_TEST_TMPDIR/local.yaml")
	export SSH_PORT=0
	run -1 "${compose[@]}" config
	assert_output --partial 'say which key may log in'
	PUBLIC_KEY=$(key_pub ed25519)
	export PUBLIC_KEY
	"${compose[@]}" up -d 3>&- || fail up
	local first
	pod_use "$("${compose[@]}" ps -q pod)"
	logs_in
	first=$(pod_log --err | grep 'host key:')
	"${compose[@]}" up -d --force-recreate 3>&-
	pod_use "$("${compose[@]}" ps -q pod)"
	logs_in
	assert_equal "$(pod_log --err | grep 'host key:' | sed 's/ (new)//')" "${first% (new)}"
	"${compose[@]}" down -v --rmi local -t 1 3>&-
}

@test "examples/kubernetes: the initContainer's copy starts the workload" {
	/usr/bin/python3 -c 'import yaml' || skip "needs python3-yaml: apt-get install python3-yaml"
	from_local examples/kubernetes/Dockerfile "$BATS_TEST_TMPDIR/k"
	build "$TAG:copy" --build-arg "BASE=$(image busybox)" "$BATS_TEST_TMPDIR/k"
	# What the kubelet does with this pod, done with the engine: directories for the volumes, the
	# initContainer to its end, then the container with command, env and mounts of the file.
	mkdir "$BATS_TEST_TMPDIR"/{sshinit,ssh-keys}
	key_pub ed25519 >"$BATS_TEST_TMPDIR/ssh-keys/id_ed25519.pub"
	/usr/bin/python3 - examples/kubernetes/pod.yaml "$BATS_TEST_TMPDIR" <<-'END' >"$BATS_TEST_TMPDIR/lines"
		import sys, yaml
		spec = yaml.safe_load(open(sys.argv[1]))["spec"]
		assert {v["name"] for v in spec["volumes"]} == {"sshinit", "ssh-keys"}
		for c in spec["initContainers"] + spec["containers"]:
		    for m in c["volumeMounts"]:
		        print("-v", f"{sys.argv[2]}/{m['name']}:{m['mountPath']}" + (":ro" if m.get("readOnly") else ""), sep="\n")
		    for e in c.get("env", []):
		        print("-e", f"{e['name']}={e['value']}", sep="\n")
		    print("--", *c.get("command", []), sep="\n")
		    print("==")
	END
	local -a init main
	mapfile -t init < <(sed '/^==$/,$d' "$BATS_TEST_TMPDIR/lines")
	mapfile -t main < <(sed '1,/^==$/d; /^==$/,$d' "$BATS_TEST_TMPDIR/lines")
	start "$TAG:copy" "${init[@]}"
	assert_equal "$(pod_exit)" 0
	assert_equal "${main[-5]} ${main[-4]}" '-- /sshinit/sshinit'
	start "$(image bookworm-plain)" --entrypoint '' "${main[@]}"
	POD_PORT=2222
	logs_in
	run -0 client_ssh 'tr "\0" " " </proc/1/cmdline'
	assert_output 'sleep infinity '
}

@test "docker/wrap keeps ENTRYPOINT and CMD to the last byte" {
	local form base
	local -A forms=(
		[both]='ENTRYPOINT ["/bin/echo", "a b", "\"q\"", "$HOME", "b\\s", "it'\''s", "<&>", "ü"]
			CMD ["", "x\ty"]'
		[cmd]='CMD ["/bin/echo", "only  cmd"]'
		[entrypoint]='ENTRYPOINT ["/bin/echo", "only"]
			CMD []'
		[shell]='ENTRYPOINT echo "shell $((1 + 1))  form" \"q\"'
		[shell-cmd]='CMD echo "$0" shell cmd; echo two'
	)
	for form in "${!forms[@]}"; do
		base=$(image_from busybox <<<"${forms[$form]}")
		SSHINIT_IMAGE=$TAG:sshinit docker/wrap "$base" >"$BATS_TEST_TMPDIR/Dockerfile"
		build "$TAG:wrapped" - <"$BATS_TEST_TMPDIR/Dockerfile"
		assert_equal "$(engine run --rm -e SSHINIT_ENABLED=no -e SSHINIT_LOG_LEVEL=quiet "$TAG:wrapped" | sha256sum)" \
			"$(engine run --rm "$base" | sha256sum)"
		# A command of the user's takes CMD's place, as before.
		[[ $form == *cmd ]] || continue
		run -0 engine run --rm -e SSHINIT_ENABLED=no -e SSHINIT_LOG_LEVEL=quiet "$TAG:wrapped" echo mine
		assert_output mine
	done
}

@test "docker/wrap: an image with neither stays up for SSH" {
	local base
	base=$(image_from busybox <<<'CMD []')
	SSHINIT_IMAGE=$TAG:sshinit docker/wrap "$base" >"$BATS_TEST_TMPDIR/Dockerfile"
	run ! grep -q ^CMD "$BATS_TEST_TMPDIR/Dockerfile"
	build "$TAG:wrapped" - <"$BATS_TEST_TMPDIR/Dockerfile"
	start "$TAG:wrapped" -e "PUBLIC_KEY=$(key_pub ed25519)"
	logs_in
}

@test "docker/wrap says what it cannot do" {
	run -1 docker/wrap localhost/no/such:image
	assert_output --partial 'docker pull localhost/no/such:image'
	run -64 docker/wrap
	run -64 docker/wrap $'x\nRUN evil'
}
