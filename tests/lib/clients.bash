# shellcheck shell=bash
# SSH clients that log in to the pod. None reads or writes the host's ~/.ssh or any agent.
#
#	client_ssh       [OPTION...] -- [COMMAND...]    OpenSSH; OPTIONs are ssh's own (-L, -o, -tt, ...)
#	client_ssh       COMMAND...                     the same without options
#	client_scp       [OPTION...] -- SOURCE TARGET   a path in the pod is written pod:/path
#	client_rsync     [OPTION...] -- SOURCE TARGET   the same; OPTIONs are rsync's
#	client_sftp      [OPTION...] <<<"BATCH"         sftp's commands on standard input
#	client_dbclient  [OPTION...] -- COMMAND...      dropbear
#	client_plink     [OPTION...] -- COMMAND...      PuTTY
#	client_paramiko  [OPTION...] -- COMMAND...      Python; then COMMAND's output and exit status.
#	                                                `--sftp FILE` instead: print FILE of the pod
#
# Everywhere among the OPTIONs: --key TYPE (keys.bash; default ed25519) and --user NAME (default root).
# The host key is learned at the first login to a pod, and a later change of it is refused: a test
# that restarts a pod proves by logging in that the host key stayed.
#
#	client_options [--key TYPE] [--user NAME]   print the options that ssh is given, one in each line, for
#	                                            programs that call ssh themselves

client_ssh() {
	local -a _options _ssh _words
	_client_arguments "$@"
	_client ssh "${_ssh[@]}" "${_options[@]}" "$POD_HOST" "${_words[@]}"
}

client_scp() {
	local -a _options _ssh _words
	_client_arguments "$@"
	_words=("${_words[@]/#pod:/$POD_HOST:}")
	_client scp -q "${_ssh[@]}" "${_options[@]}" "${_words[@]}"
}

client_rsync() {
	local -a _options _ssh _words
	_client_arguments "$@"
	_words=("${_words[@]/#pod:/$POD_HOST:}")
	_client rsync -e "ssh ${_ssh[*]}" "${_options[@]}" "${_words[@]}"
}

client_sftp() {
	local -a _options _ssh _words
	_client_arguments "$@" --
	_client sftp -q -b - "${_ssh[@]}" "${_options[@]}" "$POD_HOST"
}

client_dbclient() {
	need dbclient:dropbear-bin dropbearconvert:dropbear-bin
	local -a _options _ssh _words
	local _key _user converted
	_client_arguments "$@"
	converted=$_key.dropbear
	[[ -f $converted ]] || dropbearconvert openssh dropbear "$_key" "$converted" 2>/dev/null
	# -y -y: without its own ~/.ssh/known_hosts, which it would look for in the passwd entry's home.
	_client dbclient -y -y -i "$converted" -p "$POD_PORT" "${_options[@]}" "$_user@$POD_HOST" "${_words[@]}" \
		2> >(grep -v '^dbclient: Caution, skipping hostkey check' >&2)
}

client_plink() {
	need plink:putty-tools puttygen:putty-tools
	local -a _options _ssh _words
	local _key _user converted host_key
	_client_arguments "$@"
	converted=$_key.ppk
	[[ -f $converted ]] || puttygen "$_key" -q -o "$converted"
	# shellcheck disable=SC2086
	host_key=$($POD_VIA ssh-keyscan -t ed25519 -p "$POD_PORT" "$POD_HOST" 2>/dev/null 3>&- | ssh-keygen -lf - | cut -d ' ' -f 2)
	HOME=$(_client_dir) PUTTYDIR=$(_client_dir) _client \
		plink -ssh -batch -noagent -hostkey "$host_key" -i "$converted" -P "$POD_PORT" "${_options[@]}" \
		"$_user@$POD_HOST" "${_words[@]}"
}

client_paramiko() {
	/usr/bin/python3 -c 'import paramiko' 2>/dev/null || skip "needs paramiko: apt-get install python3-paramiko"
	local -a _options _ssh _words
	local _key _user
	_client_arguments "$@"
	_client /usr/bin/python3 "$TOP/tests/lib/paramiko-login" \
		"$POD_HOST" "$POD_PORT" "$_user" "$_key" "${_options[@]}" -- "${_words[@]}"
}

# _client PROGRAM...: beside the pod, for a bounded time. 3 is bats' own descriptor, which nothing of
# ours may keep.
_client() {
	# shellcheck disable=SC2086 # a command, or nothing
	timeout --foreground "${CLIENT_SECONDS:-120}" $POD_VIA "$@" 3>&-
}

client_options() {
	local -a _options _ssh _words
	_client_arguments "$@" --
	printf '%s\n' "${_ssh[@]}"
}

# Sets _ssh, _options and _words of the caller, and _key and _user.
_client_arguments() {
	local each dir
	_key=ed25519 _user=root _options=() _words=()
	for each; do
		[[ $each == -- ]] && break
	done
	if [[ ${each-} != -- ]]; then
		_words=("$@")
		set --
	fi
	while (($#)); do
		case $1 in
		--key) _key=$2 && shift ;;
		--user) _user=$2 && shift ;;
		--) shift && break ;;
		*) _options+=("$1") ;;
		esac
		shift
	done
	if (($#)); then
		_words=("$@")
	fi
	_key=$(key "$_key")
	dir=$(_client_dir)
	[[ $_key != */sk* ]] || _options+=(-o "SecurityKeyProvider=$(key_sk_dummy)")
	_ssh=(
		-F none
		-o "Port=$POD_PORT"
		-o "User=$_user"
		-o "IdentityFile=$_key"
		-o IdentitiesOnly=yes
		-o IdentityAgent=none
		-o BatchMode=yes
		-o ConnectTimeout=30
		-o LogLevel=ERROR
		-o "UserKnownHostsFile=$dir/known_hosts"
		-o GlobalKnownHostsFile=none
		-o StrictHostKeyChecking=accept-new
		-o UpdateHostKeys=no
		# Addresses are used again by other pods of the run; a pod's id is not.
		-o "HostKeyAlias=pod-${POD:0:12}"
	)
}

_client_dir() {
	local dir=${BATS_FILE_TMPDIR:-${BATS_RUN_TMPDIR:?}}/client
	mkdir -p "$dir"
	echo "$dir"
}
