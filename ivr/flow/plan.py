"""What could be read of a flow directory, as the checks see it.

Parts that could not be read have their fault already; a check asks `Plan` before it blames another
part for their absence. Must not know YAML or files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ivr.flow import nodes
from ivr.flow.bundle import Flow, Hotline
from ivr.flow.calendars import Calendar
from ivr.flow.faults import Finding, Path, nearest
from ivr.flow.holidays import NO_HOLIDAYS, Holidays
from ivr.flow.sources import AnySource, Table, Webhook

HOTLINE_FILE = "hotline.yaml"
SOURCES_FILE = "sources.yaml"
CALENDARS_FILE = "calendars.yaml"


def flow_file(flow: str) -> str:
    """The file of a flow, below the directory."""
    return f"{flow}.yaml"


def texts_file(language: str) -> str:
    """The file of a language's texts."""
    return f"texts/{language}.yaml"


def table_file(table: str) -> str:
    """The file of a table."""
    return f"data/{table}.yaml"


@dataclass(frozen=True)
class Plan:
    """A directory's hotline, flows, sources and calendars as far as they could be read.

    `unread` are the parts that could not, as file and path: all of a file (an empty path), a field
    of it, or a node of a flow. `files` are all files of the directory.
    """

    hotline: Hotline
    flows: Mapping[str, Flow]
    sources: Mapping[str, AnySource]
    tables: Mapping[str, Table]
    unread: frozenset[tuple[str, Path]] = field(default_factory=frozenset)
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    holidays: Holidays = NO_HOLIDAYS
    webhooks: Mapping[str, Webhook] = field(default_factory=dict)
    files: frozenset[str] = frozenset()

    @property
    def whole(self) -> bool:
        """Whether hotline and flows were read entirely."""
        return all(file in (SOURCES_FILE, CALENDARS_FILE) for file, _ in self.unread)

    def is_whole(self, flow: str) -> bool:
        """Whether a flow was read entirely."""
        return all(file != flow_file(flow) for file, _ in self.unread)

    def lacks(self, file: str, *path: str | int) -> bool:
        """Whether the part at `path`, or all of its file, could not be read."""
        return (file, path) in self.unread or (file, ()) in self.unread

    def node_names(self, flow: str) -> tuple[str, ...]:
        """The nodes of a flow, also those that could not be read."""
        file = flow_file(flow)
        hidden = (str(path[1]) for name, path in self.unread if name == file and len(path) == 2)
        return (*self.flows[flow].nodes, *hidden)

    def flow_names(self) -> tuple[str, ...]:
        """The flows, also those that could not be read at all."""
        hidden = (file for file, path in self.unread if not path and file.endswith(".yaml"))
        return (*self.flows, *(file.removesuffix(".yaml") for file in hidden))

    def each_node(self) -> Iterator[tuple[Flow, str, nodes.AnyNode, Path]]:
        """Every node: its flow, name, model, and path in its file."""
        for flow in self.flows.values():
            for name, node in flow.nodes.items():
                yield flow, name, node, ("nodes", name)


def unknown(
    code: str, file: str, path: Path, name: str, names: Iterable[str], **more: str
) -> Finding:
    """The finding that `name` is none of `names`, with the one that may have been meant."""
    return Finding(code, file, path, {"name": name, **more}, nearest(name, names))
