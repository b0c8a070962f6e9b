"""Standard output whose reader may go away: the work is done and ends with its own exit code all the same."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

__all__ = ["unhurt_by_readers"]


class _Patient:
    """A stream that drops what nobody reads any more, as in ``placeplan check county | head -1``."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write, unless the reader has gone away."""
        # Nothing is written to try what a stream takes; a failure of that would pass unseen.
        return 0 if text == "" else int(self._try(lambda: self._stream.write(text)) or len(text))

    def flush(self) -> None:
        """Hand on what was written, unless the reader has gone away."""
        self._try(self._stream.flush)

    def _try(self, action: Callable[[], Any]) -> Any:
        try:
            return action()
        except BrokenPipeError:
            _drop(self._stream)
            return None
        except OSError:
            _drop(self._stream)
            raise


def _drop(stream: Any) -> None:
    """Lead a stream nowhere, so that what it still holds does not fail when the process ends."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


@contextmanager
def unhurt_by_readers() -> Iterator[None]:
    """Within the block, standard output may be closed by whoever reads it."""
    stream = sys.stdout
    if stream is None or isinstance(stream, _Patient):
        yield
        return
    sys.stdout = _Patient(stream)
    try:
        yield
    finally:
        sys.stdout = stream
