from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ivr.flow.graph import find_loops, list_edges, list_exits, reach
from ivr.flow.loader import load_directory
from ivr.flow.plan import Plan
from ivr.flow.scalars import target_text
from tests.flow_cases import GOOD

GRAPHS = st.lists(st.lists(st.integers(0, 7), max_size=4), min_size=8, max_size=8)


@given(GRAPHS)
def test_loops_are_what_leads_to_itself(lists: list[list[int]]) -> None:
    edges = dict(enumerate(lists))
    after = {item: reach(edges[item], lambda one: edges[one]) for item in edges}
    wanted = {
        tuple(other for other in edges if other in after[item] and item in after[other])
        for item in edges
        if item in after[item]
    }
    assert sorted(map(tuple, find_loops(edges))) == sorted(wanted)


def test_exits_of_a_menu_are_its_own_and_the_inherited() -> None:
    bundle = load_directory(GOOD)
    plan = Plan(bundle.hotline, bundle.flows, bundle.sources, bundle.tables)
    exits = [
        (target_text(exit_.target), exit_.file, ".".join(map(str, exit_.path)), exit_.inherited)
        for exit_ in list_exits(plan, bundle.flows["tax"], "main")
    ]
    assert exits == [
        ("ask", "tax.yaml", "nodes.main.options.0.next", False),
        ("topic", "tax.yaml", "nodes.main.options.1.next", False),
        ("english", "tax.yaml", "nodes.main.options.2.next", False),
        ("flow shared/officer", "hotline.yaml", "defaults.on_give_up.next", True),
        ("flow shared/officer", "hotline.yaml", "keys.0.next", True),
    ]


def test_a_subflow_leads_into_its_flow_and_on() -> None:
    bundle = load_directory(GOOD)
    plan = Plan(bundle.hotline, bundle.flows, bundle.sources, bundle.tables)
    ends = list_edges(plan)["tax", "complaint"]
    assert set(ends) == {("tax", "thanks"), ("shared/complaint", "tell")}
