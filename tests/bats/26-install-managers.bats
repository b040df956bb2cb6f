# sshd = install by the package managers that are not Debian's: dnf, zypper and pacman for real, each
# from a repository in the image, and a stub for apk, which no Debian suite has. The images are Debian
# roots whose sshd went into a package of the manager's kind; nothing leaves the machine.
#
# shellcheck disable=SC2016 # what stands in single quotes is for the pod's shell

load ../lib/bed

setup_file() {
	engine_find || return 0
	export DNF ZYPPER PACMAN APK
	DNF=$(manager_image dnf)
	ZYPPER=$(manager_image zypper)
	PACMAN=$(manager_image pacman)
	APK=$(manager_image apk)
}

setup() {
	need_engine
}

teardown() {
	bed_teardown
}

# manager_image NAME: print the reference of an image without sshd and its user, with that package
# manager only, and a package in /repo that brings both.
manager_image() {
	image_from bookworm-managers <<-END
		RUN set -e; \
			mkdir -p /payload/usr/sbin /payload/usr/bin /payload/usr/lib /repo; \
			mv /usr/sbin/sshd /payload/usr/sbin; \
			mv /usr/bin/ssh-keygen /payload/usr/bin; \
			mv /usr/lib/openssh /payload/usr/lib; \
			sed -i /^sshd:/d /etc/passwd /etc/shadow; \
			rm -r /etc/ssh/ssh_host_*
		RUN printf '%s\n' >/payload.pre 'useradd -r -s /usr/sbin/nologin -d /run/sshd sshd' \
			'env >/run/package-script' 'if [ -e /slow ]; then rm /slow; sleep 15; fi'
		$("package_$1")
		RUN cd /usr/bin && mkdir /keep && mv $1 /keep; \
			rm -f apt-get apt dnf zypper pacman; mv /keep/* .; rmdir /keep
	END
}

# rpm wants somebody to provide the shell of the package's script: Debian's is in no rpm database.
package_rpm() {
	cat <<-'END'
		RUN printf '%s\n' >/tmp/spec 'Name: openssh-server' 'Version: 9' 'Release: 1' \
				'Summary: sshd' 'License: BSD' 'AutoReqProv: no' 'Provides: /bin/sh' \
				'%description' 'sshd' '%install' 'cp -a /payload/. %{buildroot}/' \
				'%pre' "$(cat /payload.pre)" \
				'%files' /usr/sbin/sshd /usr/bin/ssh-keygen /usr/lib/openssh && \
			rpmbuild -bb --quiet --define '_rpmdir /repo' --define '_build_id_links none' \
				--define '__os_install_post %{nil}' --define 'debug_package %{nil}' /tmp/spec && \
			createrepo_c -q /repo && rm -r /payload && \
			mkdir -p /etc/yum.repos.d /etc/zypp/repos.d && \
			printf '%s\n' >/etc/yum.repos.d/packages.repo '[packages]' name=packages \
				baseurl=file:///repo enabled=1 gpgcheck=0 && \
			cp /etc/yum.repos.d/packages.repo /etc/zypp/repos.d
	END
}
package_dnf() { package_rpm; }
package_zypper() { package_rpm; }

# What makepkg and repo-add would write; Debian's package of pacman lacks what they need.
package_pacman() {
	cat <<-'END'
		RUN set -e; cd /payload; \
			printf '%s\n' >.PKGINFO 'pkgname = openssh' 'pkgbase = openssh' 'pkgver = 9-1' \
				'pkgdesc = sshd' 'builddate = 1' 'packager = test' 'size = 1' 'arch = any'; \
			printf '%s\n' >.INSTALL 'pre_install() {' "$(cat /payload.pre)" '}'; \
			file=openssh-9-1-any.pkg.tar.gz; \
			tar -czf /repo/$file .PKGINFO .INSTALL usr; \
			mkdir -p /tmp/db/openssh-9-1; \
			printf '%%%s%%\n%s\n\n' >/tmp/db/openssh-9-1/desc FILENAME $file NAME openssh \
				BASE openssh VERSION 9-1 DESC sshd CSIZE $(stat -c %s /repo/$file) ISIZE 1 \
				SHA256SUM $(sha256sum </repo/$file | cut -c 1-64) ARCH any BUILDDATE 1 PACKAGER test; \
			tar -C /tmp/db -czf /repo/packages.db openssh-9-1; \
			printf '%s\n' >/etc/pacman.conf '[options]' 'Architecture = auto' CheckSpace \
				'SigLevel = Never' '[packages]' 'Server = file:///repo'; \
			rm -r /payload /tmp/db
	END
}

# It takes the arguments that apk 2 takes, and says apk's words where the repository is gone.
package_apk() {
	cat <<-'END'
		RUN mv /payload /repo/payload && printf '%s\n' >/usr/bin/apk '#!/bin/sh' \
			'[ "$*" = "add --no-cache --wait 120 openssh-server" ] || exit 99' \
			'if [ ! -e /repo/payload ]; then' \
			'	echo "WARNING: fetching http://mirror/main: temporary error (try again later)"' \
			'	echo "ERROR: unable to select packages:"' \
			'	echo "  openssh-server (no such package):"' \
			'	exit 1' \
			'fi' \
			'echo "(1/1) Installing openssh-server (9)"' \
			"$(cat /payload.pre)" \
			'cp -a /repo/payload/. /' && chmod +x /usr/bin/apk
	END
}

# installing IMAGE [POD OPTION...] [-- WORD...]; the words default to a command that lasts.
installing() {
	local image=$1
	shift
	[[ " $* " == *' -- '* ]] || set -- "$@" -- sleep infinity
	pod_start --image "$image" --network none --key ed25519 -e SSHINIT_SSHD=install "$@"
}

# installs IMAGE MANAGER: while the command runs, with no variable of the workload's that breaks
# packages' scripts; what was installed is what lets us in; the next start finds it there.
installs() {
	installing "$1" -e LD_PRELOAD=/no/such.so -e LD_LIBRARY_PATH=/no/such
	pod_wait_log "openssh-server, by $2: installing" 30
	run -0 pod_exec sh -c 'tr "\0" " " </proc/1/cmdline' # the command runs already
	assert_output --partial 'sleep infinity'
	pod_wait_log 'listening on port 22: OpenSSH_9\.2.* system' 60
	pod_wait_login
	run -1 pod_exec grep '^LD_' /run/package-script
	pod_restart
	pod_wait_login
	run pod_log --err
	assert_equal "$(grep -c "by $2: installing" <<<"$output")" 1
	assert_equal "$(grep -c 'listening on port 22' <<<"$output")" 2
}

# fails_with CODE [SECONDS]: the log names the failure and what to do; the command still runs.
fails_with() {
	local sentence
	sentence=$(grep -A1 "\"$1\"" "$TOP/src/base/codes.def" | grep -o '"[^"]*"' | sed -n 2p | tr -d '"')
	pod_wait_log "openssh-server: $sentence" "${2:-30}"
	pod_log --err | grep -A1 -F "$sentence" | grep -q 'fix: '
	pod_running
	run -0 pod_exec sh -c 'tr "\0" " " </proc/1/cmdline'
	assert_output --partial 'sleep infinity'
}

@test "dnf installs while the command runs; the next start installs nothing" {
	installs "$DNF" dnf
}

@test "zypper installs while the command runs; the next start installs nothing" {
	installs "$ZYPPER" zypper
}

@test "pacman installs while the command runs; the next start installs nothing" {
	installs "$PACMAN" pacman
}

@test "apk, played by a stub: installs while the command runs; the next start installs nothing" {
	installs "$APK" apk
}

# repository_gone IMAGE CODE: and when it is there again, the next start recovers.
repository_gone() {
	installing "$(image_from "$1" <<<'RUN mv /repo /gone')"
	fails_with "$2"
	pod_exec mv /gone /repo
	pod_restart
	pod_wait_login 40
}

@test "faults: dnf's, zypper's and pacman's repository is gone" {
	repository_gone "$DNF" install-unreachable
	repository_gone "$ZYPPER" install-unreachable
	repository_gone "$PACMAN" install-unreachable
}

@test "faults: apk, played by a stub, cannot resolve its mirror" {
	repository_gone "$APK" install-dns
}

@test "faults: a package with a wrong byte" {
	local image
	for image in "$DNF" "$ZYPPER" "$PACMAN"; do
		installing "$(image_from "$image" <<-'END'
			RUN printf wrong | dd conv=notrunc bs=1 seek=90000 \
				of="$(find /repo -name '*.rpm' -o -name '*.pkg.tar.gz')"
		END
		)"
		fails_with install-hash
	done
}

@test "faults: a full disk" {
	local image
	for image in "$DNF" "$ZYPPER" "$PACMAN"; do
		installing "$image" --tmpfs /usr/lib/openssh:size=4k
		fails_with install-disk
	done
}

@test "a package manager already at work is waited for" {
	installing "$DNF" -- sh -c 'mkdir -p /var/cache/dnf; sleep 5 &
		echo -n $! >/var/cache/dnf/metadata_lock.pid; wait; exec sleep infinity'
	pod_wait_login 40
	installing "$ZYPPER" -- sh -c 'sleep 5 & echo $! >/run/zypp.pid; wait; exec sleep infinity'
	pod_wait_login 40
	installing "$PACMAN" -- sh -c '(until [ -e /over ]; do sleep 0.1; done; rm /var/lib/pacman/db.lck) 3>/var/lib/pacman/db.lck
		exec sleep infinity'
	pod_wait_log 'waiting for /var/lib/pacman/db.lck' 20
	pod_exec touch /over
	pod_wait_login 40
}

# Process 1 of the container that is started again is not the one that wrote the image's file.
@test "what a killed package manager left locked is not waited for" {
	installing "$(image_from "$DNF" <<-'END'
		RUN mkdir -p /var/cache/dnf /var/lib/dnf && \
			echo -n 1 | tee /var/cache/dnf/metadata_lock.pid >/var/lib/dnf/rpmdb_lock.pid
	END
	)"
	pod_wait_log 'removed /var/lib/dnf/rpmdb_lock.pid' 20
	pod_wait_login 20
	installing "$(image_from "$ZYPPER" <<<'RUN echo 1 >/run/zypp.pid')"
	pod_wait_log 'removed /run/zypp.pid' 20
	pod_wait_login 20
	installing "$(image_from "$PACMAN" <<<'RUN touch /var/lib/pacman/db.lck')"
	pod_wait_log 'removed /var/lib/pacman/db.lck' 20
	pod_wait_login 20
}

@test "killed in the middle: the next try, or the next start, mends it" {
	local image
	for image in "$DNF" "$ZYPPER" "$PACMAN"; do
		installing "$(image_from "$image" <<<'RUN touch /slow')"
		poll 30 pod_exec sh -c '[ ! -e /slow ]'
		pod_exec sh -c 'kill -KILL $(ps -C dnf,zypper,pacman,rpm -o pid=)'
		pod_wait_log 'error: openssh-server: ' 30
		pod_restart
		pod_wait_login 40
	done
}

@test "the command's time and status are its own, whatever the installation does" {
	local image
	for image in "$DNF" "$ZYPPER" "$PACMAN"; do
		run -7 --separate-stderr pod_run --image "$image" --network none --key ed25519 \
			-e SSHINIT_SSHD=install --tmpfs /repo -- sh -c 'echo ran; exit 7'
		assert_output ran
	done
}
