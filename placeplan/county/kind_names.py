"""What kinds of place and models are called: the trade's words, or the county's own (``[names]``) where it has any.

Words are asked for in the names in use, which ``names_in_use`` sets for what is done within it: a county's while its
assumptions are told, a run's while its pages are made. So a page that is made again from a run has the same words.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from placeplan.county.vocabulary import INMSS_KINDS, KINDS, MODELS, PLACEMENTS

__all__ = [
    "NAMED",
    "is_renamed",
    "kind_name",
    "kind_within",
    "model_name",
    "model_within",
    "named_value",
    "names_in_use",
    "placement_name",
    "provision_name",
    "sentence_case",
    "short_kind",
]

NAMED: Final = (*KINDS, *(f"ers:{model}" for model in MODELS))
"""What may have a name of the county's own: a kind, and an ERS that works to a model."""

SHORT: Final = {"ers": "ERS"}
"""A kind in brief, where it is not named otherwise."""

_OWN: ContextVar[Mapping[str, str]] = ContextVar("names of kinds", default={})  # noqa: B039 - nobody changes it


@contextmanager
def names_in_use(own: Mapping[str, str]) -> Iterator[None]:
    """Have kinds called by ``own`` names, by kind or ``kind:model``, until the end of the block."""
    before = _OWN.set(dict(own))
    try:
        yield
    finally:
        _OWN.reset(before)


def is_renamed(code: str) -> bool:
    """Whether a kind, or ``kind:model``, has a name of the county's own."""
    return code in _OWN.get()


def sentence_case(words: str) -> str:
    """Words as they stand first.

    >>> sentence_case("specialist base")
    'Specialist base'
    """
    return words[:1].upper() + words[1:]


def kind_name(kind: str) -> str:
    """A kind as a label.

    >>> with names_in_use({"hub": "satellite class"}):
    ...     kind_name("ers"), kind_name("hub"), kind_name("all")
    ('Enhanced resource school', 'Satellite class', 'all')
    """
    return sentence_case(_OWN.get()[kind]) if kind in _OWN.get() else KINDS.get(kind, kind)


def kind_within(kind: str) -> str:
    """A kind within a sentence; the county's own word as it is written.

    >>> with names_in_use({"hub": "Satellite class"}):
    ...     kind_within("special"), kind_within("hub")
    ('special school', 'Satellite class')
    """
    words = _OWN.get().get(kind)
    if words is not None:
        return words
    known = KINDS.get(kind, kind)
    return known[:1].lower() + known[1:]


def short_kind(kind: str) -> str:
    """A kind as a label, in brief where it has a short name.

    >>> short_kind("ers"), short_kind("special")
    ('ERS', 'Special school')
    """
    return SHORT[kind] if kind in SHORT and kind not in _OWN.get() else kind_name(kind)


def model_name(model: str, *, kind: str = "ers") -> str:
    """A model of a kind as a label.

    >>> with names_in_use({"ers:area": "district base"}):
    ...     model_name("area"), model_name("integrative")
    ('District base', 'Integrative')
    """
    own = _OWN.get().get(f"{kind}:{model}")
    return sentence_case(own) if own is not None else MODELS.get(model, model)


def model_within(provision: str) -> str:
    """A ``kind:model`` within a sentence; the county's own word as it is written.

    >>> model_within("ers:area")
    'area (a wider range of needs)'
    """
    words = _OWN.get().get(provision)
    if words is not None:
        return words
    known = MODELS.get(provision.partition(":")[2], provision)
    return known[:1].lower() + known[1:]


def placement_name(placement: str) -> str:
    """What a plan's placement is called: as in the national census, or by the county's word for what it is alone of.

    >>> with names_in_use({"special": "area school", "ers": "base"}):
    ...     placement_name("special_state"), placement_name("sen_unit")
    ('Area school', 'SEN unit')
    """
    about = PLACEMENTS.get(placement)
    if about is None:
        return placement
    alone = [one.kind for one in PLACEMENTS.values()].count(about.kind) == 1
    return kind_name(str(about.kind)) if alone and is_renamed(str(about.kind)) else about.label


def provision_name(provision: str) -> str:
    """A kind, or a kind with its model, as a label; several with ``;`` between.

    >>> provision_name("ers:alternative"), provision_name("ers:none;special")
    ('ERS: alternative learning environment', 'ERS: no stated model; special school')
    >>> with names_in_use({"ers": "base", "ers:alternative": "Haven"}):
    ...     provision_name("ers:alternative"), provision_name("ers:integrative")
    ('Haven', 'Base: integrative')
    """
    words: list[str] = []
    for item in provision.split(";"):
        kind, _, model = item.partition(":")
        if is_renamed(item):
            words.append(kind_within(item) if words else sentence_case(_OWN.get()[item]))
        elif kind in SHORT:
            named = MODELS.get(model, "no stated model" if model == "none" else "any model")
            first = kind_within(kind) if words and is_renamed(kind) else short_kind(kind)
            words.append(f"{first}: {named[0].lower()}{named[1:]}")
        else:
            words.append(kind_within(kind) if words else kind_name(kind))
    return "; ".join(words)


def named_value(column: str, value: str) -> str | None:
    """What a value of a column is told as in the names in use; None where its words are always the same.

    >>> named_value("kind", "hub"), named_value("suits", "ers:area;hub"), named_value("fund", "health")
    ('Hub in a special school', 'ERS: area (a wider range of needs); hub in a special school', None)
    """
    if column in {"kind", "model"}:
        return kind_name(value) if column == "kind" else model_name(value)
    if column == "line" and is_renamed(value):
        return kind_name(value)
    if column == "measure" and value == "inmss" and any(map(is_renamed, INMSS_KINDS)):
        return f"In {' and '.join(map(kind_within, INMSS_KINDS))}"
    return provision_name(value) if column == "suits" else None
