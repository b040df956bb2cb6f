# shellcheck shell=bash
# The images that tests run in. None is pulled; each is made on this machine, once, when first asked.
#
#	image NAME               print the reference of a base image, making it if need be. Wherever a
#	                         NAME stands, the reference of another image (with a slash) may stand
#	image_with_sshinit NAME  print the reference of NAME with build/sshinit as its entrypoint
#	image_from NAME          print the reference of an image made FROM NAME with the lines of a
#	                         Dockerfile on standard input (RUN, ENV, USER, ...; without network):
#	                           image=$(image_from bookworm-plain <<<'RUN useradd -m ann')
#	                           pod_start --image "$image" ...
#	probe                    print the path of the static probe program (tests/probe), compiled
#	                         when it is not, to be mounted into a pod (pod_start --probe)
#
# The names:
#	bookworm-ssh, trixie-ssh, bullseye-ssh
#	                         Debian with openssh-server installed the way an image's author does it:
#	                         host keys baked in, no /run/sshd. With rsync, procps and iproute2
#	bookworm-plain, trixie-plain, bullseye-plain
#	                         the same without openssh-server and rsync
#	bookworm-managers        bookworm-ssh with dnf, zypper, pacman and rpm beside apt
#	busybox                  one static busybox, /etc/passwd and /etc/group
#	scratch                  nothing; only image_with_sshinit makes sense of it
#
# A base image is a tarball under $SSHINIT_TEST_CACHE (default build/images), named by the checksum of
# its recipe, and the same in the engine: changing a recipe makes a new image, and nothing else does.
# Debian's take about 20 s each (mmdebstrap; from $SSHINIT_TEST_MIRROR), busybox 1 s. A derived
# image is named by the binary's checksum and takes 0.3 s.

IMAGE_CACHE=${SSHINIT_TEST_CACHE:-$BUILD/images}
IMAGE_REPO=localhost/sshinit-test
IMAGE_NAMES="bookworm-ssh bookworm-plain trixie-ssh trixie-plain bullseye-ssh bullseye-plain bookworm-managers busybox"

image() {
	local name=$1 recipe ref
	# A reference, or Docker's own word for an empty image, is used as it is.
	if [[ $name == scratch || $name == */* ]]; then
		echo "$name"
		return
	fi
	recipe=$(_image_recipe "$name") || return 1
	ref=$IMAGE_REPO/$name:$(sha256sum <<<"$recipe" | cut -c 1-16)
	if ! _image_exists "$ref"; then
		mkdir -p "$IMAGE_CACHE"
		(
			flock 9
			_image_exists "$ref" || _image_import "$name" "$recipe" "$ref"
		) 9>"$IMAGE_CACHE/$name.lock" >&2 3>&- || return 1
	fi
	echo "$ref"
}

image_with_sshinit() {
	if [[ ! -x $SSHINIT ]]; then
		echo "$SSHINIT is not there: run make" >&2
		return 1
	fi
	_image_derive "$1" "$SSHINIT" <<-END
		COPY sshinit /usr/local/bin/sshinit
		ENTRYPOINT ["/usr/local/bin/sshinit"]
	END
}

image_from() {
	_image_derive "$1" ''
}

# _image_derive NAME FILE: FROM NAME, with FILE (as "sshinit", if any) beside the Dockerfile.
_image_derive() {
	local base=$1 file=$2 lines ref dir said
	lines=$(cat)
	base=$(image "$base") || return 1
	ref=$IMAGE_REPO/derived:$({
		echo "$base" "$lines"
		_image_id "$base"
		[[ -z $file ]] || cat "$file"
	} | sha256sum | cut -c 1-16)
	if ! _image_exists "$ref"; then
		dir=$(mktemp -d) || return 1
		[[ -z $file ]] || cp "$file" "$dir/sshinit"
		printf '%s\n' "FROM $base" "$lines" 'LABEL sshinit-test=image' >"$dir/Dockerfile"
		# The engine never asks a registry: every FROM is an image of this machine.
		if ! said=$(engine build --pull=false --network none -q -t "$ref" "$dir" 2>&1); then
			printf 'cannot build %s:\n%s\n' "$ref" "$said" >&2
			rm -r "$dir"
			return 1
		fi
		rm -r "$dir"
	fi
	echo "$ref"
}

probe() {
	local source=$TOP/tests/probe binary=$BUILD/test/probe
	mkdir -p "$BUILD/test"
	(
		flock 9
		[[ -f $binary && -z $(find "$source" -newer "$binary") ]] \
			|| gcc -std=c17 -D_GNU_SOURCE -Os -Wall -Wextra -static -s \
				-o "$binary" "$source"/*.c
	) 9>"$binary.lock" >&2 || return 1
	echo "$binary"
}

# Make the base images that bats FILEs speak of, before any test's clock runs. tests/run calls it.
images_prepare() {
	local name suite
	# shellcheck disable=SC2016
	for name in $IMAGE_NAMES; do
		suite=${name%-*}
		if grep -qs -e "\<$name\>" "$@" \
			|| { [[ $name == *-* ]] && grep -qsw -e "$suite" "$@" && grep -qs -e "[})]-${name#*-}" "$@"; } \
			|| { [[ $name == bookworm-ssh ]] && grep -qsw -e 'pod_[a-z_]*' "$@"; }; then
			echo "$name"
		fi
	done | xargs -r -P 2 -n 1 bash -c 'source "$0"; engine_find && image "$1" >/dev/null' "$TOP/tests/lib/bed.bash"
}

# Remove derived images of binaries built more than a day ago; each is a layer of a few MB.
images_prune() {
	engine image prune -af --filter label=sshinit-test=image --filter until=24h >/dev/null 2>&1
}

_image_id() {
	engine image inspect --format '{{.Id}}' "$1" 2>/dev/null
}

_image_exists() {
	_image_id "$1" >/dev/null
}

# The recipe is the text whose checksum names the image: all that decides what is in it.
_image_recipe() {
	local include=ca-certificates,iproute2,procps
	case $1 in
	bookworm-managers)
		include=openssh-server,dnf,zypper,pacman-package-manager,createrepo-c,rpm,procps,iproute2
		echo "mmdebstrap 1 bookworm $include ${SSHINIT_TEST_MIRROR:-http://deb.debian.org/debian}"
		;;
	bookworm-* | trixie-* | bullseye-*)
		[[ $1 == *-ssh ]] && include+=,openssh-server,rsync
		echo "mmdebstrap 1 ${1%-*} $include ${SSHINIT_TEST_MIRROR:-http://deb.debian.org/debian}"
		;;
	busybox)
		echo "busybox 1 $(sha256sum <"$(type -P busybox)")"
		;;
	*)
		echo "no such image: $1 (there are: $IMAGE_NAMES scratch)" >&2
		return 1
		;;
	esac
}

_image_import() {
	local name=$1 ref=$3 tar
	local -a recipe
	read -ra recipe <<<"$2"
	tar=$IMAGE_CACHE/$name-${ref##*:}.tar
	if [[ ! -s $tar ]]; then
		echo "making the image $name (once on this machine; $tar)"
		"_image_${recipe[0]}" "$tar.part" "${recipe[@]:2}" || return 1
		mv "$tar.part" "$tar"
	fi
	local said
	said=$(engine import --change 'CMD ["/bin/sh"]' \
		--change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
		"$tar" "$ref" 2>&1) || {
		printf 'cannot import %s:\n%s\n' "$tar" "$said"
		return 1
	}
}

# _image_mmdebstrap TAR SUITE PACKAGES MIRROR
_image_mmdebstrap() {
	mmdebstrap --quiet --format=tar --variant=apt --include="$3" \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-include=/usr/share/doc/*/copyright' \
		--aptopt='Acquire::Retries "3"' --aptopt='APT::Install-Recommends "false"' \
		"$2" "$1" "$4" </dev/null
}

_image_busybox() {
	local root applet
	root=$(mktemp -d) || return 1
	mkdir -p "$root"/{bin,etc,home,proc,root,sys,tmp,var/tmp,usr/bin}
	chmod 0700 "$root/root"
	chmod 1777 "$root/tmp" "$root/var/tmp"
	cp "$(type -P busybox)" "$root/bin/busybox"
	for applet in $("$root/bin/busybox" --list); do
		[[ $applet == busybox ]] || ln -s busybox "$root/bin/$applet"
	done
	printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'nobody:x:65534:65534:nobody:/:/bin/false' >"$root/etc/passwd"
	printf '%s\n' 'root:x:0:' 'nobody:x:65534:' >"$root/etc/group"
	tar -C "$root" --owner=0 --group=0 --numeric-owner -cf "$1" . && rm -r "$root"
}
