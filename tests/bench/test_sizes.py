"""How large what is sent to an instrument is. Aims: bundle 1 MB, head update 64 KB."""

from __future__ import annotations

import pytest

from edge.bundle import Bundle, shipped_bundle_path
from edge.head import pack_head

pytestmark = pytest.mark.bench


def test_bundle_and_head_update(shipped: Bundle) -> None:
    head = shipped.head
    print(f"\nbundle: {shipped_bundle_path().stat().st_size:,} bytes")
    print(
        f"head update, {head.embedding_size} × {len(head.classes)}: {len(pack_head(head)):,} bytes"
    )
