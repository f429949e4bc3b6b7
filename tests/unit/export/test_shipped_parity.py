"""What the shipped bundle was measured to be, on all held-out spectra of its run."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

from edge.bundle import TrustedKeys, read_bundle, shipped_bundle_path
from export.packing import PARITY
from export.page import WANTED_VERDICT_AGREEMENT
from export.parity_report import ParityReport

pytestmark = pytest.mark.train


def test_verdicts_of_two_runners_agree_and_no_accuracy_is_lost() -> None:
    bundle = read_bundle(shipped_bundle_path(), TrustedKeys.load(demo=True))
    report = ParityReport.model_validate_json(bundle.members[PARITY])

    assert report.n == 838
    assert min(pair.verdict_agreement for pair in report.pairs) >= WANTED_VERDICT_AGREEMENT
    for row in report.runners:
        assert row.verdict_agreement >= WANTED_VERDICT_AGREEMENT, row.runner
        assert row.loss <= report.limits.largest_loss, row.runner
