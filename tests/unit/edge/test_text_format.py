from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import ConfigError
from edge.text_format import read_text_format
from firmware_bridge.drivers.c12880ma.formats import QUERY
from firmware_bridge.drivers.text.device import EXAMPLE
from firmware_bridge.drivers.text.format import TextFormat

INSTRUMENTS = Path(__file__).parents[3] / "deploy" / "instruments"
LEAST = 'model = "X"\npixel_count = 8\nsaturation_counts = 4095\n'


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "format.toml"
    path.write_text(text)
    return path


def test_the_example_is_what_the_virtual_text_instrument_speaks():
    assert read_text_format(INSTRUMENTS / "example.toml") == EXAMPLE


def test_the_example_names_every_setting():
    text = (INSTRUMENTS / "example.toml").read_text()
    for name in TextFormat.__dataclass_fields__:
        assert f"{name} = " in text, name


def test_every_described_instrument_can_be_read():
    files = sorted(INSTRUMENTS.glob("*.toml"))
    assert len(files) >= 3
    formats = {path.stem: read_text_format(path) for path in files}
    told = formats["c12880ma-12bit"]
    assert told.wavelength_coefficients_nm[0] == pytest.approx(316.7, abs=0.1)
    assert (told.query_command, told.exposure_command) == (
        QUERY.query_command,
        QUERY.exposure_command,
    )


def test_what_is_left_out_has_the_usual_value(tmp_path: Path):
    assert read_text_format(written(tmp_path, LEAST)) == TextFormat("X", 8, 4095)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("model = 'X'\nsaturation_counts = 1\n", None, "pixel_count: missing"),
        (LEAST + "pixels = 3\n", 4, "pixels: no such setting"),
        (LEAST + "[commands]\nquery = 'R'\n", 4, "commands: no such setting"),
        (LEAST.replace("8", "'many'"), 2, "pixel_count: Input should be a valid integer"),
        (LEAST.replace("8", "1"), 2, "pixel_count: expected 2 to 16000, got 1"),
        (LEAST + "\ndelimiter = '::'\n", 5, "delimiter: expected one ASCII character"),
        (LEAST + "averages_command = 'AVG'\n", 4, "averages_command: expected text with"),
        (LEAST + "exposure_columns = [1]\n", 4, "exposure_columns"),
        (LEAST + "baud = \n", 4, "not TOML"),
    ],
)
def test_a_fault_is_named_with_its_line(tmp_path: Path, text: str, line: int | None, said: str):
    with pytest.raises(ConfigError) as caught:
        read_text_format(written(tmp_path, text))
    got_line, words = caught.value.faults[0]
    assert got_line == line
    assert said in words
    assert caught.value.exit_code == 2


def test_a_file_that_is_none_is_refused(tmp_path: Path):
    with pytest.raises(ConfigError, match="No such file"):
        read_text_format(tmp_path / "nowhere.toml")
    path = tmp_path / "latin.toml"
    path.write_bytes(b"model = '\xe9'")
    with pytest.raises(ConfigError, match="not UTF-8"):
        read_text_format(path)
