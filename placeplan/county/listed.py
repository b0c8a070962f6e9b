"""Cells that hold a list: items separated by semicolons, as in ``ASD;SLCN``."""

__all__ = ["split_list"]


def split_list(text: object) -> tuple[str, ...]:
    """The items of a ``;`` cell, in order and without blanks; a missing cell has none.

    >>> split_list("special; ers:integrative"), split_list(None), split_list(float("nan"))
    (('special', 'ers:integrative'), (), ())
    """
    if not isinstance(text, str):
        return ()
    return tuple(item for part in text.split(";") if (item := part.strip()))
