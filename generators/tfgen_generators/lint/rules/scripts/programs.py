"""What a command of a shell script does: it changes the machine, asks a question, cleans up, sets options."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from tfgen_generators.shell.commands import Command
from tfgen_generators.shell.prefixes import behind, without_assignments


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


#: What changes the machine or fetches something: when it fails, the image is not what it should be.
_DOING = _words(
    "add-apt-repository ansible ansible-galaxy ansible-playbook apk apt apt-get aptitude aws bash cargo cd chef-client",
    "chmod chown cmake cp curl dd debootstrap dnf docker dpkg easy_install false gem git go gpg gunzip install java",
    "ln make mkdir mkfs mount mv node npm pacman perl pip pip2 pip3 pipx podman puppet python python2 python3 rpm",
    "rsync ruby salt-call sh snap systemctl tar unzip useradd usermod wget yarn yum zypper",
)
#: What always succeeds, or nearly: behind a pipe it hides what stood before.
_SWALLOWING = _words(": cat logger tee true ts")
_HARMLESS = _words(". : awk cat date echo env find hostname ls printf sed true uname yes")
#: What fails at the end of a pipe when nothing, or only a part, comes in (seen with the GNU programs).
_NOTICING = _words(
    "apt-key bunzip2 bzcat cpio docker gpg gpg2 gunzip kubectl md5sum openssl podman psql sha1sum sha256sum sha512sum",
    "tar unxz unzstd xz xzcat zcat zstd zstdcat",
)
_MATCHING = _words("egrep fgrep grep")
_FETCHING = _words("aws curl wget")
_QUERIES = _words(
    "--help --list --version -V -l -qa describe freeze images info is-active is-enabled list list-unit-files log",
    "policy ps repolist rev-parse search show status version",
)
#: What may fail because there is nothing to do, or whose failure is an answer.
_CLEANUP = _words(
    ". (( [ [[ cmp command deluser diff dpkg-query fuser getent grep groupdel history id kill killall ls modprobe",
    "pgrep pkill rm rmdir rmmod source sync test true type umount unalias unlink unset userdel which",
)
_CLEANING = _words("autoremove clean del disable down erase kill mask prune purge remove rm stop uninstall")
#: Programs that mostly ask: what makes one of them do something.
_ONLY_WITH = {
    "dpkg": _words("-i --install --configure --unpack --add-architecture -r --remove -P --purge"),
    "git": _words("am apply checkout clone fetch merge pull submodule switch"),
    "gpg": _words("--dearmor --decrypt --import --recv-keys --verify -d"),
    "rpm": _words("--erase --freshen --import --install --upgrade -F -Fvh -U -Uvh -e -i -ivh"),
    "sed": _words("-i --in-place -ri -Ei -i.bak"),
}
#: Folders that every machine has.
_THERE = _words("/ /etc /home /opt /srv /tmp /usr/local /usr/local/src /usr/src /var /var/tmp ~ $HOME ${HOME}")
#: What only looks into an archive.
_LOOKING = {"tar": re.compile(r"-?[a-zA-Z]*t[a-zA-Z]*$|--list$"), "unzip": re.compile(r"-[plvtZ]")}
_ANSWERING = _words("(( break case continue exit for return select")
_SUCCEEDING = (("true",), (":",), ("exit", "0"), ("/bin/true",))


def program(command: Command) -> tuple[str, tuple[str, ...]]:
    """What a command runs, behind sudo and the like, and its arguments."""
    return _program(command.words)


@lru_cache(maxsize=1000)
def _program(written: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    found = behind(without_assignments(written))
    words = ("command", *found.words) if found.asks else found.words
    return (words[0], words[1:]) if words else ("", ())


def name_of(command: Command) -> str:
    """The program's name without its folder."""
    return program(command)[0].rpartition("/")[2]


def does_something(command: Command) -> bool:
    """Whether the image is not what it should be when this fails."""
    return _does_something(*program(command))


@lru_cache(maxsize=1000)
def _does_something(full: str, arguments: tuple[str, ...]) -> bool:
    name = full.rpartition("/")[2]
    if name in _ONLY_WITH:
        return bool(_ONLY_WITH[name] & set(arguments))
    if _QUERIES & set(arguments) or (name in _LOOKING and any(map(_LOOKING[name].match, arguments[:1]))):
        return False
    if name == "dd" and "if=/dev/zero" in arguments:
        return False  # it fills a disk until it fails
    if name == "cd":
        return bool(set(arguments) - _THERE)
    return name in _DOING or ("/" in full and not full.startswith(("/proc", "/sys", "$", "`")))


def is_hidden_by(command: Command, last: Command) -> bool:
    """Whether it is worth knowing that `command` failed in a pipe that ends in `last`."""
    name, arguments = program(command)
    if _notices(command, last):
        return False
    if does_something(command):
        return True
    asks = not name or name_of(command) in _HARMLESS | _CLEANUP or bool(_QUERIES & set(arguments))
    return name_of(last) in _SWALLOWING and not asks


def _notices(command: Command, last: Command) -> bool:
    """Whether `last` fails too when `command` does."""
    name, (_, arguments) = name_of(last), program(last)
    if behind(without_assignments(last.words)).takes:
        return False  # it gets words, and does not read
    if name in _MATCHING:
        return name_of(command) in _FETCHING or any(re.match(r"-\w*q|--quiet", argument) for argument in arguments)
    return name in _NOTICING or (name == "gzip" and "-d" in arguments)


def is_cleanup(command: Command) -> bool:
    """Whether it may fail because there is nothing to do, or only asks."""
    name, arguments = program(command)
    named = name_of(command)
    filling = named in ("dd", "cat") and any("/dev/zero" in word for word in arguments)  # until it is full
    emptying = named == "truncate" and not {"-s0", "--size=0", "0"}.isdisjoint(arguments)
    deleting = any(word.lower().startswith("delete ") for word in arguments)  # PlistBuddy -c "delete X"
    erasing = named == "rpm" and not {"-e", "--erase"}.isdisjoint(arguments)
    is_removal = filling or emptying or deleting or erasing or named in _CLEANUP
    return not name or is_removal or not (_CLEANING | _QUERIES).isdisjoint(arguments)


def is_answer(command: Command) -> bool:
    """Whether it says what came out: an assignment, `exit`, `return` and the like."""
    return not name_of(command) or command.words[0] in _ANSWERING


def succeeds(command: Command) -> bool:
    """Whether it is there to succeed: `true`, `:`, `exit 0`."""
    return command.words in _SUCCEEDING


class ShellOptions:
    """`-e` and `pipefail` of a shell, followed through its `set` commands."""

    def __init__(self, text: str) -> None:
        self.errexit = self.pipefail = False
        self.take(text.split())

    def take(self, words: Iterable[str]) -> None:
        """The options in `words`, as `set` and the shell itself take them."""
        sign = ""
        for word in words:
            if sign:
                self._name(word, on=sign == "-")
                sign = ""
            elif word.startswith(("-", "+")) and not word.startswith("--"):
                if "e" in word:
                    self.errexit = word[0] == "-"
                sign = word[0] if word.endswith("o") else ""

    def _name(self, word: str, *, on: bool) -> None:
        if word == "errexit":
            self.errexit = on
        elif word == "pipefail":
            self.pipefail = on
