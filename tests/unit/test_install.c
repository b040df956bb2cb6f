/* sshd/install_step: what package managers really print when they fail, and what it is called. */
#include "sshd/install_step.h"

#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define DNF_HEAD                                                                                   \
	"Unable to detect release version (use '--releasever' to specify release version)\n"
#define DNF_TAIL                                                                                   \
	"Error: Failed to download metadata for repo 'packages': Cannot download repomd.xml: "     \
	"Cannot download repodata/repomd.xml: All mirrors were tried\n"                            \
	"Ignoring repositories: packages\n"                                                        \
	"No match for argument: openssh-server\n"                                                  \
	"Error: Unable to find a match: openssh-server\n"
#define ZYPPER_TAIL                                                                                \
	"\nWarning: Skipping repository 'packages' because of the above error.\n"                  \
	"Loading repository data...\nReading installed packages...\n"                              \
	"'openssh-server' not found in package names. Trying capabilities.\n"                      \
	"No provider of 'openssh-server' found.\n"

/* Of dnf 4.14, zypper 1.14 and pacman 6.0, as they were seen; detail is a part of what is quoted.
 */
static const struct {
	const char *output;
	enum code code;
	const char *detail;
} outputs[] = {
	/* dnf */
	{ DNF_HEAD "No match for argument: openssh-server\n"
	           "Error: Unable to find a match: openssh-server\n",
	    CODE_INSTALL_NOT_FOUND, "No match for argument" },
	{ DNF_HEAD "  - Curl error (37): Couldn't read a file:// file for "
	           "file:///repo/repodata/repomd.xml [Couldn't open file "
	           "/repo/repodata/repomd.xml]\n" DNF_TAIL,
	    CODE_INSTALL_UNREACHABLE, "Curl error (37)" },
	{ DNF_HEAD "  - Curl error (7): Couldn't connect to server for "
	           "http://127.0.0.1:9/repodata/repomd.xml [Failed to connect to 127.0.0.1 port 9 "
	           "after 0 ms: Couldn't connect to server]\n" DNF_TAIL,
	    CODE_INSTALL_UNREACHABLE, "Curl error (7)" },
	{ DNF_HEAD "  - Curl error (6): Couldn't resolve host name for "
	           "http://mirror.invalid/repodata/repomd.xml [Could not resolve host: "
	           "mirror.invalid]\n" DNF_TAIL,
	    CODE_INSTALL_DNS, "mirror.invalid" },
	{ DNF_HEAD "Total download size: 404 k\nDownloading Packages:\n"
	           "Package \"openssh-server-9-1.x86_64\" from local repository \"packages\" has "
	           "incorrect checksum\n"
	           "Error: Some packages from local repository have incorrect checksum\n",
	    CODE_INSTALL_HASH, "incorrect checksum" },
	/* zypper */
	{ "'opensshx' not found in package names. Trying capabilities.\n"
	  "No provider of 'opensshx' found.\n",
	    CODE_INSTALL_NOT_FOUND, "not found in package names" },
	{ "System management is locked by the application with pid 40 (sleep).\n"
	  "Close this application before trying again.\n",
	    CODE_INSTALL_LOCKED, "with pid 40" },
	{ "Specified path '/repo' is not a directory: file:/repo\n"
	  "Abort, retry, ignore? [a/r/i/...? shows all options] (a): a\n" ZYPPER_TAIL,
	    CODE_INSTALL_UNREACHABLE, "file:/repo" },
	{ "Download (curl) error for 'http://127.0.0.1:9/repodata/repomd.xml':\n"
	  "Error code: Connection failed\n"
	  "Error message: Failed to connect to 127.0.0.1 port 9 after 0 ms: Couldn't connect to "
	  "server\n" ZYPPER_TAIL,
	    CODE_INSTALL_UNREACHABLE, "onnect" },
	{ "Error code: Connection failed\n"
	  "Error message: Could not resolve host: mirror.invalid\n" ZYPPER_TAIL,
	    CODE_INSTALL_DNS, "mirror.invalid" },
	{ "Warning: Digest verification failed for file 'openssh-server-9-1.x86_64.rpm'\n"
	  "Accepting packages with wrong checksums can lead to a corrupted system\n",
	    CODE_INSTALL_HASH, "hecksum" },
	{ "File './x86_64/openssh-server-9-1.x86_64.rpm' not found on medium 'file:/repo'Abort, "
	  "retry, ignore? [a/r/i/...? shows all options] (a): a\n",
	    CODE_INSTALL_NOT_FOUND, "not found on medium" },
	/* pacman */
	{ "error: failed to synchronize all databases (unable to lock database)\n",
	    CODE_INSTALL_LOCKED, "unable to lock" },
	{ "error: target not found: openssh\n packages downloading...\n", CODE_INSTALL_NOT_FOUND,
	    "target not found" },
	{ ":: File /var/cache/pacman/pkg/openssh-9-1-x86_64.pkg.tar.gz is corrupted (invalid or "
	  "corrupted package (checksum)).\nDo you want to delete it? [Y/n] error: failed to "
	  "commit transaction (invalid or corrupted package (checksum))\n\n"
	  "Errors occurred, no packages were upgraded.\n",
	    CODE_INSTALL_HASH, "is corrupted" },
	{ "error: failed retrieving file 'packages.db' from disk : Couldn't open file "
	  "/repo/packages.db\n"
	  "error: failed to synchronize all databases (download library error)\n",
	    CODE_INSTALL_UNREACHABLE, "/repo/packages.db" },
	{ "error: failed retrieving file 'packages.db' from 127.0.0.1:9 : Failed to connect to "
	  "127.0.0.1 port 9 after 0 ms: Couldn't connect to server\n",
	    CODE_INSTALL_UNREACHABLE, "127.0.0.1:9" },
	{ "error: failed retrieving file 'packages.db' from mirror.invalid : Could not resolve "
	  "host: mirror.invalid\n"
	  "error: failed to synchronize all databases (invalid url for server)\n",
	    CODE_INSTALL_DNS, "mirror.invalid" },
	/* a full disk: dnf, zypper, pacman */
	{ "Error: Transaction test error:\n  installing package openssh-server-9-1.x86_64 needs 2MB "
	  "more space on the /usr/lib/openssh filesystem\n\nError Summary\n",
	    CODE_INSTALL_DISK, "2MB" },
	{ "Error: Subprocess failed. Error: RPM failed: \n\tinstalling package "
	  "openssh-server-9-1.x86_64 needs 2MB more space on the /usr/lib/openssh filesystem\n",
	    CODE_INSTALL_DISK, "2MB" },
	{ "error: not enough free disk space\nerror: failed to commit transaction (not enough free "
	  "disk space)\n",
	    CODE_INSTALL_DISK, "not enough" },
	/* What nobody knows is quoted by its end. */
	{ "one\nsomething 404 new\n", CODE_INSTALL_FAILED, "something 404 new" },
	{ "", CODE_INSTALL_FAILED, "" },
};

static void
each_output_has_its_name(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++) {
		const char *detail = NULL;
		enum code code = install_diagnose(arena, outputs[i].output, &detail);

		if (code != outputs[i].code || strstr(detail, outputs[i].detail) == NULL)
			fail_msg(
			    "%s, by \"%s\", of:\n%s", code_name(code), detail, outputs[i].output);
	}
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_output_has_its_name) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
