from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from support.grpc_rig import Rig, running


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    """A running server over a fake, with safe defaults."""
    async with running() as ready:
        yield ready
