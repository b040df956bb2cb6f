# shellcheck shell=bash
# Key pairs, made when first asked and the same for the whole run.
#
#	key TYPE[-NAME]         print the path of the private key
#	key_pub TYPE[-NAME]     print the public key's line, as it goes into $PUBLIC_KEY
#	key_print TYPE[-NAME]   print its fingerprint, SHA256:...
#
# TYPE is ed25519, rsa2048, rsa3072, rsa4096, ecdsa256, ecdsa384 or ecdsa521. A NAME makes another
# key of the same type: ed25519-eve is not ed25519. The comment is TYPE-NAME@bed. They live in
# $BED_KEYS, which tests/run makes anew for each run.

key() {
	local file type=${1%%-*} bits
	file=$(_keys_dir)/$1
	if [[ ! -f $file.pub ]]; then
		bits=${type//[!0-9]/}
		case $type in
		ed25519) set -- "$1" -t ed25519 ;;
		rsa*) set -- "$1" -t rsa -b "$bits" ;;
		ecdsa*) set -- "$1" -t ecdsa -b "$bits" ;;
		*) echo "no such key type: $type" >&2 && return 1 ;;
		esac
		(
			flock 9
			[[ -f $file.pub ]] || ssh-keygen -q -N '' -C "$1@bed" -f "$file" "${@:2}" </dev/null
		) 9>"$file.lock" >&2 || return 1
	fi
	echo "$file"
}

key_pub() {
	local file
	file=$(key "$1") && cat "$file.pub"
}

key_print() {
	local file
	file=$(key "$1") && ssh-keygen -lf "$file.pub" | cut -d ' ' -f 2
}

_keys_dir() {
	local dir=${BED_KEYS:-${BATS_RUN_TMPDIR:?}/keys}
	mkdir -p "$dir"
	echo "$dir"
}
