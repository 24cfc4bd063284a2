"""Asterisk's configuration files as Asterisk itself understands them (main/config.c).

Templates `[x](!)`, inheritance `[y](x)`, additions `[y](+)`, `#include`, `#tryinclude`, comments
`;` and `;-- … --;`, `\\;`, `=`, `=>` and `+=`. Pure: takes the texts of the files by their names.
`#exec` is never run; it is reported as a problem, as is a line that Asterisk would not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import Final

_SECTION: Final = re.compile(r"\[(?P<name>[^\]]*)\](?:\((?P<options>[^)]*)\))?")
_DIRECTIVE: Final = re.compile(r"#(?P<word>include|tryinclude|exec)\s*[\"<]?(?P<name>[^\">]*)")
_SETTING: Final = re.compile(r"(?P<name>[^=]*?)\s*(?:\+?=>?)\s*(?P<value>.*)")
_HOME: Final = re.compile(r"^\s*astetcdir\s*=>?\s*([^;\s]+)", re.MULTILINE)
"""Where asterisk.conf says that the directory lies; names of files may begin with it."""
_DEPTH: Final = 10
"""How deep files may include each other; MAX_NESTED in main/config.c is larger."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One `name = value`. `place` is `file:line`."""

    name: str
    value: str
    place: str


@dataclass(slots=True)
class Section:
    """One `[name]` with what it inherits first and its own settings behind."""

    name: str
    template: bool
    place: str
    settings: list[Setting] = field(default_factory=list)

    def find(self, name: str) -> Setting | None:
        """The setting that holds: the last of this name. None when there is none."""
        wanted = name.lower()
        return next((one for one in reversed(self.settings) if one.name.lower() == wanted), None)

    def get(self, name: str, default: str = "") -> str:
        """The value of `find`, or the default."""
        found = self.find(name)
        return default if found is None else found.value

    def all(self, name: str) -> list[Setting]:
        """Every setting of this name, in order."""
        return [one for one in self.settings if one.name.lower() == name.lower()]


@dataclass(frozen=True, slots=True)
class Problem:
    """What Asterisk would stumble over, or what this reader does not follow."""

    sentence: str
    place: str


@dataclass(slots=True)
class Config:
    """One configuration with all that it includes."""

    name: str
    sections: list[Section] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def section(self, name: str) -> Section:
        """All of this name as one; an empty section when there is none."""
        joined = Section(name, template=False, place=self.name)
        for section in self.sections:
            if section.name.lower() == name.lower() and not section.template:
                joined.settings += section.settings
                joined.place = section.place if joined.place == self.name else joined.place
        return joined

    def real(self) -> Iterator[Section]:
        """The sections that are no templates."""
        return (section for section in self.sections if not section.template)


def read_config(name: str, files: Mapping[str, str]) -> Config:
    """The configuration that begins with file `name`; `files` holds texts by relative path.

    A file that is missing gives an empty configuration: whether it must exist is for the check to
    say.
    """
    reader = _Reader(files, Config(name))
    if name in files:
        reader.read(name, 0)
    return reader.config


class _Reader:
    def __init__(self, files: Mapping[str, str], config: Config) -> None:
        self.config = config
        self._files = files
        home = _HOME.search(files.get("asterisk.conf", ""))
        self._home = f"{home[1].rstrip('/') if home else '/etc/asterisk'}/"
        self._section: Section | None = None

    def read(self, name: str, depth: int) -> None:
        for number, line in uncomment(self._files[name]):
            self._take(line, f"{name}:{number}", depth)

    def _take(self, line: str, place: str, depth: int) -> None:
        if section := _SECTION.match(line):
            self._open(section["name"].strip(), section["options"] or "", place)
        elif line.startswith("#"):
            self._direct(line, place, depth)
        elif setting := _SETTING.fullmatch(line):
            if self._section is None:
                self._complain("a setting stands before the first [section]", place)
            else:
                found = Setting(setting["name"].strip(), setting["value"], place)
                self._section.settings.append(found)
        else:
            self._complain("this is neither a [section] nor name = value", place)

    def _open(self, name: str, options: str, place: str) -> None:
        words = [word.strip() for word in options.split(",") if word.strip()]
        if "+" in words:
            self._section = self._last(name)
            if self._section is None:
                self._complain(f"there is no [{name}] that (+) could add to", place)
                self._begin(name, False, place)
            return
        section = self._begin(name, "!" in words, place)
        for word in words:
            if word != "!":
                base = self._last(word.lstrip("+"), besides=section)
                if base is None:
                    self._complain(f"there is no [{word}] to inherit from", place)
                else:
                    section.settings += base.settings

    def _begin(self, name: str, template: bool, place: str) -> Section:
        self._section = Section(name, template, place)
        self.config.sections.append(self._section)
        return self._section

    def _last(self, name: str, besides: Section | None = None) -> Section | None:
        found = (one for one in reversed(self.config.sections) if one is not besides)
        return next((one for one in found if one.name.lower() == name.lower()), None)

    def _direct(self, line: str, place: str, depth: int) -> None:
        directive = _DIRECTIVE.match(line)
        if directive is None:
            return self._complain("this directive is unknown", place)
        if directive["word"] == "exec":
            return self._complain("#exec runs a program to get settings", place)
        pattern = directive["name"].strip().removeprefix(self._home)
        if pattern.startswith("/"):
            return self._complain(f"{pattern} lies elsewhere and is not looked at", place)
        names = sorted(name for name in self._files if fnmatch(name, pattern))
        if depth >= _DEPTH:
            return self._complain("files include each other in a circle", place)
        if not names and directive["word"] == "include":
            return self._complain(f"the file {pattern} that is included is missing", place)
        for name in names:
            self.read(name, depth + 1)
        return None

    def _complain(self, sentence: str, place: str) -> None:
        self.config.problems.append(Problem(sentence, place))


def uncomment(text: str) -> Iterator[tuple[int, str]]:
    """The lines that say something, with their numbers from 1, without comments and outer blanks.

    `;--` begins a comment over several lines unless a third dash follows, `--;` ends it, and they
    nest; `\\;` is a semicolon.
    """
    depth = 0
    for number, line in enumerate(text.splitlines(), 1):
        kept, depth = _strip(line, depth)
        if kept.strip():
            yield number, kept.strip()


def _strip(line: str, depth: int) -> tuple[str, int]:
    kept: list[str] = []
    at = 0
    while at < len(line):
        if depth:
            depth, at = _inside(line, at, depth)
        elif line.startswith("\\;", at):
            kept.append(";")
            at += 2
        elif line.startswith(";--", at) and line[at + 3 : at + 4] != "-":
            depth, at = 1, at + 3
        elif line[at] == ";":
            break
        else:
            kept.append(line[at])
            at += 1
    return "".join(kept), depth


def _inside(line: str, at: int, depth: int) -> tuple[int, int]:
    """Go on within a comment over several lines; returns its depth and the next place."""
    if line.startswith("--;", at):
        return depth - 1, at + 3
    if line.startswith(";--", at) and line[at + 3 : at + 4] != "-":
        return depth + 1, at + 3
    return depth, at + 1
