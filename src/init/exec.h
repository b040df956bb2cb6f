/*
 * exec: become the user's command.
 *
 * The command is looked up the way a shell does it and gets everything that sshinit was given,
 * unchanged: this file never touches the environment, the descriptors or the working directory.
 * What sshinit changes for its own good while it starts (a few signal dispositions, see
 * command_guard) is given back before the exec.
 *
 * A file that the kernel cannot execute (a script without #!) is refused with 126: without sshinit
 * a container engine refuses it too, and a shell of the image's choosing must not creep in.
 */
#ifndef SSHINIT_INIT_EXEC_H
#define SSHINIT_INIT_EXEC_H

/* What a shell answers when a command cannot be run. */
enum { EXIT_CANNOT_EXEC = 126, EXIT_NOT_FOUND = 127 };

/* To be called first in main. From here on writing to a broken or full standard error, or to a
 * terminal whose foreground is somebody else's, cannot end or stop this process before the command
 * has run. */
void command_guard(void);

/* Gives back what command_guard changed. For a child that is going to run something else. */
void command_unguard(void);

/* Runs argv (ends with NULL, at least one word) in place of this process. Returns only when that
 * failed, after saying why on standard error: the status to exit with. */
int command_exec(char *const argv[]);

#endif
