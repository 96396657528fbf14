"""Takes away what Windows lacks, and the client of live clusters, which may be missing anywhere, when Python starts.

This file is laid as `sitecustomize.py` into a folder of its own.

Modules are refused by a finder, functions and constants are deleted. What the standard library itself cannot do
without on this system (starting processes) stays.
"""

import os
import signal
import sys

# https://docs.python.org/3/library/os.html and .../signal.html: Availability: Unix.
MODULES = "fcntl resource pwd grp termios tty pty syslog crypt curses kubernetes"
FUNCTIONS = """chown chroot ctermid fchdir fchmod fchown fdatasync fork forkpty fpathconf fstatvfs getegid geteuid
getgid getgrouplist getgroups getloadavg getpgid getpgrp getpriority getresgid getresuid getsid getuid getxattr
initgroups killpg lchown listxattr lockf major makedev minor mkfifo mknod nice openpty pathconf pipe2
posix_fadvise posix_fallocate
pread preadv pwrite pwritev readv removexattr sched_yield sched_getaffinity sendfile setegid seteuid setgid setgroups
setpgid setpriority setsid setuid setxattr statvfs sync sysconf tcgetpgrp tcsetpgrp ttyname uname wait wait3 wait4
waitid writev O_NOFOLLOW O_DIRECTORY O_NONBLOCK O_NOCTTY O_SYNC O_PATH O_TMPFILE""".split()
# SIGKILL stays: with it the standard library ends a process here.
SIGNALS = """SIGHUP SIGPIPE SIGALRM SIGUSR1 SIGUSR2 SIGQUIT SIGTSTP SIGCONT SIGCHLD pthread_sigmask pthread_kill
alarm setitimer sigpending sigwait pause SIG_BLOCK SIG_SETMASK SIG_UNBLOCK""".split()


class Refusal:
    """A finder that has no module of those names."""

    def find_spec(self, name, path=None, target=None):
        if name in MODULES.split():
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


for name in SIGNALS:
    if hasattr(signal, name):
        delattr(signal, name)

# Imported first: they take what they need of it at their import, and are none of ours.
import multiprocessing.popen_spawn_posix  # noqa: E402
import multiprocessing.resource_tracker  # noqa: E402
import multiprocessing.util  # noqa: E402, F401
import subprocess  # noqa: E402, F401

for name in MODULES.split():
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Refusal())
for name in FUNCTIONS:
    if hasattr(os, name):
        delattr(os, name)
