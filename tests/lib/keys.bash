# shellcheck shell=bash
# Key pairs, made when first asked and the same for the whole run.
#
#	key TYPE[-NAME]         print the path of the private key
#	key_pub TYPE[-NAME]     print the public key's line, as it goes into $PUBLIC_KEY
#	key_print TYPE[-NAME]   print its fingerprint, SHA256:...
#
#	key_print_re TYPE[-NAME]  the same as a regular expression: "+" is one of its characters
#	key_sk_dummy            print the path of OpenSSH's pretended security key, or skip the test
#
# TYPE is ed25519, rsa2048, rsa3072, rsa4096, ecdsa256, ecdsa384, ecdsa521, or of a security key:
# sked25519, skecdsa. A NAME makes another key of the same type: ed25519-eve is not ed25519. The
# comment is TYPE-NAME@bed. They live in $BED_KEYS, which tests/run makes anew for each run.
#
# The pretended security key ($SK_DUMMY) signs without hardware; `make test` builds it.

SK_DUMMY=${SK_DUMMY:-$BUILD/test/sk-dummy.so}

key() {
	local file type=${1%%-*} bits
	file=$(_keys_dir)/$1
	if [[ ! -f $file.pub ]]; then
		bits=${type//[!0-9]/}
		case $type in
		ed25519) set -- "$1" -t ed25519 ;;
		rsa*) set -- "$1" -t rsa -b "$bits" ;;
		ecdsa*) set -- "$1" -t ecdsa -b "$bits" ;;
		sked25519) set -- "$1" -t ed25519-sk -w "$(key_sk_dummy)" ;;
		skecdsa) set -- "$1" -t ecdsa-sk -w "$(key_sk_dummy)" ;;
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

key_print_re() {
	key_print "$1" | sed 's/+/[+]/g'
}

key_sk_dummy() {
	if [[ ! -f $SK_DUMMY ]]; then
		skip "needs $SK_DUMMY: make tests-build"
	fi
	echo "$SK_DUMMY"
}

_keys_dir() {
	local dir=${BED_KEYS:-${BATS_RUN_TMPDIR:?}/keys}
	mkdir -p "$dir"
	echo "$dir"
}
