from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

from tests.unit.train.reproduction.soysal_data import write_archive
from train.errors import DatasetError, MissingDataError
from train.reproduction.catalog import load_target
from train.reproduction.outcome import Row
from train.reproduction.target import Workplace

pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("data")
    raw = {"Andalusite": 8, "Dolomite": 10, "AgarditeY": 5}
    write_archive(data / "rruff" / "LR-Raman.zip", raw)
    clean = {"Andalusite": 12, "Dolomite": 8, "Magnesite": 6, "Siderite": 3}
    write_archive(data / "rruff" / "excellent_oriented.zip", clean)
    return data


def test_what_is_counted_is_what_is_there_and_all_plots_are_drawn(
    data: Path, tmp_path: Path
) -> None:
    place, target = Workplace(data, tmp_path, (0,), quick=False), load_target("figures")
    found = {piece.key: piece.measure(lambda share, words: None) for piece in target.pieces(place)}

    outcome = target.outcome(place, found)

    def ours(key: str) -> object:
        row = outcome.row(key)
        assert isinstance(row, Row)
        return row.ours

    assert ours("raw.spectra") == (18.0,)  # the five of agardite are too few
    assert ours("raw.minerals") == (2.0,)
    assert ours("clean.mean") == (10.0,)
    assert all((tmp_path / plot).read_bytes().startswith(b"\x89PNG") for plot in outcome.plots)
    assert len(outcome.plots) == 6


def test_minerals_that_all_have_too_few_spectra_are_refused(tmp_path: Path) -> None:
    write_archive(tmp_path / "rruff" / "LR-Raman.zip", {"Andalusite": 5, "Dolomite": 4})
    piece = load_target("figures").pieces(Workplace(tmp_path, tmp_path, (0,), quick=True))[0]

    with pytest.raises(DatasetError, match="no mineral has the 8 spectra"):
        piece.measure(lambda share, words: None)


def test_missing_data_are_named(tmp_path: Path) -> None:
    place = Workplace(tmp_path, tmp_path / "out", (0,), quick=True)
    piece = load_target("figures").pieces(place)[0]

    with pytest.raises(MissingDataError, match="LR-Raman"):
        piece.measure(lambda share, words: None)
