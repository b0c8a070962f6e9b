"""placeplan: planning specialist school places, from a county's tables to who goes where.

>>> import placeplan as pp
>>> county = pp.read_county("example:derbyshire")
>>> travel = pp.travel_times(county)
>>> answer = pp.allocate_places(county, travel, question="today")
>>> answer.proof.status
'priced'

The names are loaded when they are first used, so that importing placeplan costs nothing; which ones there are
stands in ``__init__.pyi``.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
