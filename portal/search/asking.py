"""A query as typed, read into the words of the database."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.search.grams import terms_of


@dataclass(frozen=True)
class Search:
    """A query as read: the statement depends on its shape alone, so that it can be built once."""

    shape: tuple[bool, ...]
    """Each term: whether it has a second form to look for."""
    parameters: dict[str, str]
    """Values of the statement's parameters."""


def asked(query: str, dialect: str, *, provider_id: int | None = None) -> Search | None:
    """A query in the words of the database; None where nothing in it can be searched for.

    Args:
        query: as typed; terms are separated by spaces, all of them have to be there.
        dialect: "sqlite" or "postgresql".
        provider_id: the provider whose rows are asked for, where it is only one's.
    """
    terms = terms_of(query)
    if not terms:
        return None
    grams = sorted(frozenset[str]().union(*(term.grams for term in terms)))
    parameters = {"search": all_of(grams, dialect)}
    if provider_id is not None:
        parameters["own_search"] = all_of([*grams, scope(provider_id)], dialect)
    for number, term in enumerate(terms):
        parameters[f"term_{number}"] = term.exact
        if term.loose is not None:
            parameters[f"loose_{number}"] = term.loose
    return Search(tuple(term.loose is not None for term in terms), parameters)


def all_of(grams: Sequence[str], dialect: str) -> str:
    """What finds the rows that have all of these grams."""
    # Grams are letters and digits: no sign in them could mean anything.
    if dialect == "sqlite":
        return " AND ".join(f'"{gram}"' for gram in grams)
    return " & ".join(f"'{gram}'" for gram in grams)


def scope(provider_id: int) -> str:
    """The gram that all texts of a provider have besides their own; longer than any of those."""
    return f"provider{provider_id}"
