# shellcheck shell=bash
# shellcheck disable=SC2016 # what stands in single quotes is for the pod's shell
# shellcheck disable=SC2154 # output is set by bats' run
# Places: one container for each row of a table, and the table in the documentation.
#
#	load ../lib/bed
#	load ../lib/places
#
#	place NAME OPTIONS USER WORKS CODES
#		Start a pod with OPTIONS (pod_start's; split as a shell does) and a workload that ends
#		with 43 when it is told to. Then:
#		WORKS  what USER can do: any of ssh (a shell runs a command line), plain (a single
#		       plain command, where there is no shell), pty (a terminal), sftp; all the others of
#		       these must fail. "-": nobody can log in
#		CODES  exactly the findings of the start, sorted ("-": none), as its status file has
#		       them; the log holds the same sentences, and `sshinit --check` names each too
#		In the end the workload still runs, and ends with 43 when the pod is stopped.
#	places NAME <<ROWS
#		place for each row "name | options | user | works | codes", then the table NAME of
#		tests/places.md is compared with what was seen. A row whose name begins with a dash is
#		not shown there.
#	table NAME <<MARKDOWN    compares the lines between "<!-- NAME -->" and "<!-- end NAME -->" of
#		tests/places.md; with SSHINIT_WRITE_DOCS=1 they are replaced instead
#
# A file sets PLACE_IMAGE, and PLACE_WORKLOAD where there is no shell for the usual one.

PLACE_IMAGE=bookworm-ssh
PLACE_WORKLOAD=(sh -c 'trap "exit 43" TERM; while :; do sleep 0.05; done')
PLACE_STATUS=43

place() {
	local name=$1 user=$3 works=$4 codes=$5 each seen='' log check
	local -a options
	eval "options=($2)"
	pod_start --image "$PLACE_IMAGE" "${options[@]}" --key ed25519 -- "${PLACE_WORKLOAD[@]}"
	[[ " ${options[*]} " != *SSHINIT_PORT=2222* ]] || export POD_PORT=2222
	if [[ $works == - ]]; then
		pod_wait_log 'error: |SSH is not' || fail "$name: the log gives no reason"
	else
		pod_wait_port || fail "$name: no answer: $(pod_log)"
	fi
	_place_ssh "$user" && seen+=' ssh'
	_place_plain "$user" && seen+=' plain'
	_place_pty "$user" && seen+=' pty'
	_place_sftp "$user" && seen+=' sftp'
	[[ ${seen:- -} == " $works" ]] || fail "$name: works:${seen:- -}, not $works: $(pod_log)"

	log=$(pod_log)
	each=$(place_status | jq -r '[.findings[].code] | unique | join(" ")')
	[[ ${each:--} == "$codes" ]] || fail "$name: says '${each:--}', not '$codes': $log"
	while IFS= read -r each; do
		[[ -z $each || $log == *"$each"* ]] || fail "$name: the log does not say: $each"
	done < <(place_status | jq -r '.findings[].message')
	check=$(pod_exec sshinit --check --json) || true
	for each in ${codes/#-/}; do
		# Known by trying only, and --check tries nothing.
		[[ $each == host-key-place || ($each == home-unfit && $log == *'No space left'*) ]] && continue
		jq -e --arg code "$each" 'any(.findings[]; .code == $code)' <<<"$check" >/dev/null \
			|| fail "$name: --check does not say $each"
	done

	pod_running || fail "$name: the workload has ended"
	pod_stop
	assert_equal "$name: $(pod_exit)" "$name: $PLACE_STATUS"
	engine rm -fv "$POD" >/dev/null
}

# The status file of the start, read from outside: an image may have no cat.
place_status() {
	local root file
	root=/proc/$(engine inspect --format '{{.State.Pid}}' "$POD")/root
	for file in "$root"/{run/sshinit,dev/shm/sshinit-*,tmp/sshinit-*}/status.json; do
		cat "$file" 2>/dev/null && return
	done
	echo '{"findings":[]}'
}

_place_ssh() {
	[[ $(client_ssh --user "$1" -- 'x=a; echo "$x"b; echo in' 2>/dev/null) == *ab*in* ]]
}

_place_plain() {
	[[ $seen != *ssh* ]] && client_ssh --user "$1" -- sshinit --version >/dev/null 2>&1
}

_place_pty() {
	[[ $(client_ssh --user "$1" -tt -- 'tty' 2>/dev/null) == */dev/pts/* ]]
}

_place_sftp() {
	client_sftp --user "$1" <<<'ls /' >/dev/null 2>&1
}

places() {
	local row name options user works codes markdown=''
	local -a rows
	mapfile -t rows
	for row in "${rows[@]}"; do
		IFS='|' read -r name options user works codes <<<"$row"
		[[ -n ${name//[[:space:]]/} ]] || continue
		name=$(_place_trim "$name") works=$(_place_trim "$works") codes=$(_place_trim "$codes")
		place "$name" "$options" "$(_place_trim "$user")" "$works" "$codes" </dev/null
		[[ $name == -* ]] || markdown+="| $name | ${works/#-/no login} | ${codes/#-/} |"$'\n'
	done
	[[ -z ${1-} ]] || table "$1" <<<"| Container | What works | What sshinit says |
| --- | --- | --- |
${markdown%$'\n'}"
}

_place_trim() {
	local text=$1
	text=${text#"${text%%[![:space:]]*}"}
	echo "${text%"${text##*[![:space:]]}"}"
}

table() {
	local file=$TOP/tests/places.md markdown
	markdown=$(cat)
	if [[ ${SSHINIT_WRITE_DOCS-} == 1 ]]; then
		mkdir -p "$BUILD/test"
		(
			flock 9
			NAME=$1 TEXT=$markdown perl -0pi -e 's/(<!-- \Q$ENV{NAME}\E -->\n).*?(<!-- end \Q$ENV{NAME}\E -->)/$1$ENV{TEXT}\n$2/s' "$file"
		) 9>"$BUILD/test/docs.lock"
	fi
	diff <(sed -n "/^<!-- $1 -->\$/,/^<!-- end $1 -->\$/p" "$file" | sed '1d;$d') <(echo "$markdown") \
		|| fail "the table $1 of tests/places.md is not what was seen: SSHINIT_WRITE_DOCS=1 writes it"
}
