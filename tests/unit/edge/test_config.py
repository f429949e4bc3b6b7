from __future__ import annotations

import struct
from pathlib import Path

import pytest

from edge.bundle import shipped_bundle_path
from edge.config import Config, InstrumentConfig, read_config
from edge.errors import ConfigError, KeyringError
from edge.runners.choice import RunnerSettings
from edge.runners.tensorrt_settings import TensorrtSettings
from firmware_bridge.drivers.registry import DEVICES
from firmware_bridge.messages import Configure

DEPLOYED = Path(__file__).parents[3] / "deploy" / "devices"
SMALLEST = """\
[[instrument]]
port = "/dev/ttyACM0"

[store]
folder = "records"
"""


@pytest.fixture
def write(tmp_path):
    def to_file(text: str | bytes) -> Path:
        path = tmp_path / "outcrop.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return to_file


def faults(path: Path) -> list[tuple[int | None, str]]:
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    assert caught.value.path == str(path)
    assert caught.value.exit_code == 2
    return list(caught.value.faults)


def test_the_smallest_configuration_and_its_defaults(write, tmp_path):
    config = read_config(write(SMALLEST))
    (instrument,) = config.instrument
    assert (instrument.port, instrument.device) == ("/dev/ttyACM0", "oip")
    assert (instrument.baud, instrument.fast_baud) == (115_200, None)
    assert (instrument.integration_time_ms, instrument.averages) == (None, None)
    assert (instrument.period_ms, instrument.silent_after_s) == (None, 10)
    assert config.store.folder == tmp_path / "records"
    assert config.bundle.path == shipped_bundle_path()
    assert (config.bundle.trusted_keys, config.bundle.trust_demo_key) == ((), False)
    assert config.bundle.precision is None
    assert (config.bundle.keyring, config.bundle.allow_older_release) == (None, False)
    assert (config.runner.kind, config.runner.fallback) == ("onnx", "none")
    assert config.runner.engine_folder == tmp_path / "records" / "engines"
    assert (config.runner.workspace_mib, config.runner.device) == (64, 0)
    assert config.runner.device_memory == "auto"
    assert (config.log.level, config.log.format) == ("info", "json")
    assert config.trusted().keys == {}
    assert config.runner_settings() == RunnerSettings()


def test_everything_can_be_set(write):
    config = read_config(
        write("""
        [[instrument]]
        port = "tcp:localhost:5000"
        baud = 921600
        integration_time_ms = 250.5
        averages = 4
        period_ms = 2000
        silent_after_s = 2.5
        [[instrument]]
        port = "/dev/ttyACM1"
        [store]
        folder = "/var/lib/outcrop"
        [bundle]
        path = "/opt/a.outcrop"
        trusted_keys = ["/etc/ground.pub"]
        trust_demo_key = true
        precision = "int8"
        keyring = "/etc/keyring.json"
        allow_older_release = true
        [runner]
        kind = "tensorrt"
        fallback = "onnx"
        engine_folder = "/var/cache/engines"
        workspace_mib = 128
        device_memory = "pycuda"
        device = 1
        [log]
        level = "debug"
        format = "console"
        """)
    )
    first, second = config.instrument
    assert (first.integration_time_ms, first.averages, first.period_ms) == (250.5, 4, 2000)
    assert second.port == "/dev/ttyACM1"
    assert config.store.folder == Path("/var/lib/outcrop")
    assert config.bundle.path == Path("/opt/a.outcrop")
    assert config.bundle.trusted_keys == (Path("/etc/ground.pub"),)
    assert (config.bundle.precision, config.log.level) == ("int8", "debug")
    assert config.bundle.keyring == Path("/etc/keyring.json")
    assert config.bundle.allow_older_release is True
    assert config.runner.fallback == "onnx"
    assert config.runner_settings().tensorrt == TensorrtSettings(
        engine_folder=Path("/var/cache/engines"),
        batch=1,
        workspace_mib=128,
        device_memory="pycuda",
        device=1,
        build=False,
    )


def test_what_is_replayed_starts_at_the_files_folder(write, tmp_path):
    section = '[[instrument]]\ndevice = "replay"\nport = "replay:{}"\n[store]\nfolder = "s"\n'
    (relative,) = read_config(write(section.format("frames.zip"))).instrument
    assert relative.port == f"replay:{tmp_path / 'frames.zip'}"
    (absolute,) = read_config(write(section.format("/data/frames.zip"))).instrument
    assert absolute.port == "replay:/data/frames.zip"


def test_relative_paths_start_at_the_files_folder(write, tmp_path, monkeypatch):
    path = write(
        SMALLEST
        + '[bundle]\npath = "../a.outcrop"\ntrusted_keys = ["keys/a.pub"]\n'
        + 'keyring = "keys/ring.json"\n[runner]\nengine_folder = "engines"\n'
    )
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    config = read_config(path)
    assert config.store.folder == tmp_path / "records"
    assert config.bundle.path == tmp_path / "../a.outcrop"
    assert config.bundle.trusted_keys == (tmp_path / "keys/a.pub",)
    assert config.bundle.keyring == tmp_path / "keys/ring.json"
    assert config.runner.engine_folder == tmp_path / "engines"


def test_it_cannot_be_changed_once_it_is_read(write):
    config = read_config(write(SMALLEST))
    with pytest.raises(ValueError, match="frozen"):
        config.store.folder = Path("/tmp")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (SMALLEST + "\n[log]\nlevle = 'debug'\n", 8, "log.levle: no such setting"),
        (SMALLEST + "\n[lgo]\nlevel = 'debug'\n", 7, "lgo: no such setting"),
        ("colour = 'red'\n" + SMALLEST, 1, "colour: no such setting"),
        (SMALLEST.replace('port = "/dev/ttyACM0"', "baud = 9600"), 1, "instrument.0.port: missing"),
        (SMALLEST.replace("folder", "# folder"), 4, "store.folder: missing"),
        (SMALLEST + "[log]\nlevel = 3\n", 7, "log.level: Input should be"),
        (SMALLEST + "[log]\nlevel = 'loud'\n", 7, "'debug', 'info', 'warning' or 'error'"),
        (SMALLEST + "[bundle]\nprecision = 'int4'\n", 7, "bundle.precision: "),
        (SMALLEST + "[bundle]\ntrusted_keys = 'a.pub'\n", 7, "bundle.trusted_keys: "),
        (SMALLEST + "[bundle]\ntrust_demo_key = 'maybe'\n", 7, "bundle.trust_demo_key: "),
        (SMALLEST.replace('"/dev/ttyACM0"', '""'), 2, "instrument.0.port: "),
        (SMALLEST.replace("/dev/ttyACM0", "nonsense"), 2, "'nonsense': neither a path, tcp:"),
        (SMALLEST.replace("/dev/ttyACM0", "tcp:here"), 2, "expected tcp:HOST:PORT"),
        (SMALLEST.replace("records", "a\\u0000b"), 5, "store.folder: a path holds no NUL"),
        (SMALLEST + '[bundle]\npath = "a\\u0000b"\n', 7, "bundle.path: a path holds no NUL"),
        (
            SMALLEST + '[bundle]\ntrusted_keys = ["a", "a\\u0000b"]\n',
            7,
            "bundle.trusted_keys.1: a path holds no NUL",
        ),
        (SMALLEST.replace('"records"', "5"), 5, "store.folder: "),
        (SMALLEST + '[bundle]\nkeyring = "a\\u0000b"\n', 7, "bundle.keyring: a path holds no NUL"),
        (SMALLEST + "[bundle]\nallow_older_release = 3\n", 7, "bundle.allow_older_release: "),
        (SMALLEST + "[runner]\nkind = 'cuda'\n", 7, "'onnx' or 'tensorrt'"),
        (SMALLEST + "[runner]\nfallback = 'tensorrt'\n", 7, "'none' or 'onnx'"),
        (SMALLEST + "[runner]\nfallback = 'onnx'\n", 6, "runner: fallback 'onnx' is the runner"),
        (SMALLEST + "[runner]\nengine_folder = ''\nbuild = 1\n", 8, "runner.build: no such"),
        (SMALLEST + "[runner]\nworkspace_mib = 0\n", 7, "runner.workspace_mib: "),
        (SMALLEST + "[runner]\nworkspace_mib = 65537\n", 7, "runner.workspace_mib: "),
        (SMALLEST + "[runner]\nworkspace_mib = 1.5\n", 7, "runner.workspace_mib: "),
        (SMALLEST + "[runner]\ndevice = -1\n", 7, "runner.device: "),
        (SMALLEST + "[runner]\ndevice = 256\n", 7, "runner.device: "),
        (SMALLEST + "[runner]\ndevice_memory = 'cupy'\n", 7, "'auto', 'pycuda' or 'cuda-python'"),
    ],
)
def test_one_fault_is_named_with_its_line(write, text, line, said):
    ((got_line, words),) = faults(write(text))
    assert got_line == line
    assert said in words


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("baud", "299"),
        ("baud", "4000001"),
        ("baud", "9600.5"),
        ("baud", '"fast"'),
        ("integration_time_ms", "0"),
        ("integration_time_ms", "-1"),
        ("integration_time_ms", "0.0009"),
        ("integration_time_ms", "600001"),
        ("integration_time_ms", "nan"),
        ("integration_time_ms", "inf"),
        ("averages", "0"),
        ("averages", "1001"),
        ("period_ms", "-1"),
        ("period_ms", "0"),
        ("laser", '"on"'),
        ("laser_wavelength_nm", "0"),
        ("laser_wavelength_nm", "nan"),
        ("instrument_id", '""'),
        ("dark_every", "-1"),
        ("fast_baud", "0"),
        ("device", '"spectrograph"'),
        ("format", '"a\\u0000b"'),
        ("period_ms", "4294968"),
        ("period_ms", "nan"),
        ("silent_after_s", "0"),
        ("silent_after_s", "3601"),
        ("silent_after_s", "nan"),
    ],
)
def test_bounds_are_kept_and_the_line_is_said(write, setting, value):
    instrument = f'port = "/dev/ttyACM0"\n{setting} = {value}'
    text = SMALLEST.replace('port = "/dev/ttyACM0"', instrument)
    ((line, words),) = faults(write(text))
    assert line == 3
    assert words.startswith(f"instrument.0.{setting}: ")


@pytest.mark.parametrize(
    ("setting", "value"),
    [("baud", "300"), ("baud", "4000000"), ("silent_after_s", "3600"), ("silent_after_s", "0.1")],
)
def test_bounds_are_inside(write, setting, value):
    config = read_config(write(SMALLEST.replace("\n\n", f"\n{setting} = {value}\n\n")))
    assert getattr(config.instrument[0], setting) == float(value)


def test_all_faults_are_told_at_once(write):
    text = """\
[[instrument]]
port = "/dev/a"
baud = 1
[[instrument]]
porte = "/dev/b"
[store]
folder = "x"
colour = "red"
[log]
level = "loud"
"""
    found = faults(write(text))
    assert {(line, words.split(":")[0]) for line, words in found} == {
        (3, "instrument.0.baud"),
        (4, "instrument.1.port"),
        (5, "instrument.1.porte"),
        (8, "store.colour"),
        (10, "log.level"),
    }


def test_the_message_has_a_line_for_every_fault(write):
    path = write(SMALLEST + "[log]\na = 1\nb = 2\n")
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    assert str(caught.value).splitlines() == [
        f"{path}:7: log.a: no such setting",
        f"{path}:8: log.b: no such setting",
    ]


@pytest.mark.parametrize("section", ["instrument", "store"])
def test_a_missing_section_is_named(write, section):
    keep = SMALLEST.split("\n\n")[1 if section == "instrument" else 0]
    assert faults(write(keep)) == [(None, f"{section}: missing")]


def test_an_empty_list_of_instruments_is_refused(write):
    ((line, words),) = faults(write("instrument = []\n[store]\nfolder = 'x'\n"))
    assert line == 1
    assert "at least 1 item" in words


def test_an_empty_file_misses_everything(write):
    assert faults(write("")) == [(None, "instrument: missing"), (None, "store: missing")]


def test_two_instruments_on_one_port_are_refused(write):
    text = '[[instrument]]\nport = "/dev/a"\n' * 2 + '[store]\nfolder = "x"\n'
    assert faults(write(text)) == [(None, "two instruments on one port: /dev/a")]


def test_what_is_no_toml_is_refused_with_the_line(write):
    ((line, words),) = faults(write("[store]\nfolder = records\n"))
    assert line == 2
    assert words.startswith("not TOML: ")


@pytest.mark.parametrize(
    ("settings", "command"),
    [
        ("", None),
        ("averages = 4", Configure(averages=4)),
        ('laser = "exposing"', Configure(laser=2)),
        ("integration_time_ms = 250.4996", Configure(250_500)),
        ("integration_time_ms = 0.001\nperiod_ms = 0.5", Configure(1, 0, 500)),
        (
            "integration_time_ms = 600000\naverages = 1000\nperiod_ms = 4294967",
            Configure(600_000_000, 1000, 4_294_967_000),
        ),
    ],
)
def test_what_is_accepted_can_be_sent(write, settings, command):
    (instrument,) = read_config(write(SMALLEST.replace("\n\n", f"\n{settings}\n\n"))).instrument
    assert instrument.configure() == command
    if command is not None:
        assert Configure.unpack(instrument.configure().pack()) == command


def test_what_the_protocol_has_no_room_for_is_refused(write, monkeypatch):
    monkeypatch.setattr(Configure, "LAYOUT", struct.Struct("<HHH"))
    settings = "integration_time_ms = 1\nperiod_ms = 100"
    ((line, words),) = faults(write(SMALLEST.replace("\n\n", f"\n{settings}\n\n")))
    assert line == 1
    assert words.startswith("instrument.0: Configure: expected values that fit")


def test_a_number_without_end_is_refused(write):
    ((_, words),) = faults(write(SMALLEST + "[log]\nlevel = " + "9" * 5_000))
    assert words.startswith("not TOML: ")


def test_what_nests_without_end_is_refused(write):
    assert len(faults(write("a = " + "[" * 5_000))) == 1


def test_what_is_not_utf8_is_refused(write):
    ((_, words),) = faults(write(SMALLEST.encode().replace(b"records", b"r\xe9cords")))
    assert words.startswith("not UTF-8 text")


@pytest.mark.parametrize(("make", "said"), [(lambda p: None, "No such"), (Path.mkdir, "directory")])
def test_a_file_that_cannot_be_read_is_refused(tmp_path, make, said):
    make(tmp_path / "outcrop.toml")
    ((line, words),) = faults(tmp_path / "outcrop.toml")
    assert line is None
    assert said in words


def test_every_field_says_what_it_is():
    for model in [Config, InstrumentConfig, *(f.annotation for f in Config.model_fields.values())]:
        for name, field in getattr(model, "model_fields", {}).items():
            assert field.description, f"{model}.{name}"


NEEDS = [
    ('device = "sts"', "'sts' does not tell its laser: set laser_wavelength_nm, or a calibration"),
    ('device = "c12880ma"\nlaser_wavelength_nm = 532', "does not tell the wavelengths"),
    ("laser_wavelength_nm = 532", "'oip' tells it itself"),
    ('device = "sts"\nlaser_wavelength_nm = 532\nfast_baud = 12345', "'sts' changes to "),
    ('device = "c12880ma"\ncalibration = "a.json"\nfast_baud = 9600', "it has one rate"),
    ("dark_every = 10", "'oip' takes no dark frame when told to"),
    ('device = "sts"\nlaser_wavelength_nm = 532\nlaser = "off"', "does not switch one"),
    ('device = "text"\nlaser_wavelength_nm = 532', "format says what a 'text' device"),
    ('format = "a.toml"', "format says what a 'text' device"),
    ('device = "replay"', "go together"),
]


@pytest.mark.parametrize(("settings", "said"), NEEDS)
def test_what_a_device_needs_or_cannot_do_is_said(write, settings, said):
    ((line, words),) = faults(write(SMALLEST.replace("\n\n", f"\n{settings}\n\n")))
    assert line == 1
    assert said in words


def test_two_instruments_without_serial_numbers_need_names(write):
    section = '[[instrument]]\nport = "/dev/{}"\ndevice = "c12880ma"\ncalibration = "c"\n{}'
    store = '[store]\nfolder = "x"\n'
    ((_, words),) = faults(write(section.format("a", "") + section.format("b", "") + store))
    assert "two instruments would be called C12880MA" in words
    named = section.format("a", "") + section.format("b", 'instrument_id = "second"\n') + store
    assert len(read_config(write(named)).instrument) == 2


def test_a_replay_needs_its_device(write):
    text = SMALLEST.replace("/dev/ttyACM0", "replay:recorded.zip")
    ((_, words),) = faults(write(text))
    assert "go together" in words
    text = text.replace("\n\n", '\ndevice = "replay"\nlaser_wavelength_nm = 785\n\n')
    assert read_config(write(text)).instrument[0].laser_wavelength_nm == 785


@pytest.mark.parametrize(("device", "baud"), [("sts", 9_600), ("c12880ma-free", 115_200)])
def test_the_rate_is_the_devices_where_none_is_given(write, device, baud):
    settings = f'device = "{device}"\ncalibration = "a.json"'
    config = read_config(write(SMALLEST.replace("\n\n", f"\n{settings}\n\n")))
    assert config.instrument[0].baud == baud


def test_files_of_an_instrument_start_at_the_files_folder(write, tmp_path):
    settings = 'device = "text"\nformat = "kinds/a.toml"\ncalibration = "b.json"'
    (instrument,) = read_config(write(SMALLEST.replace("\n\n", f"\n{settings}\n\n"))).instrument
    assert instrument.format == tmp_path / "kinds/a.toml"
    assert instrument.calibration == tmp_path / "b.json"


def test_a_precision_that_the_runner_does_not_run_is_refused(write):
    text = SMALLEST + '[bundle]\nprecision = "int8.x86"\n[runner]\nkind = "tensorrt"\n'
    assert faults(write(text)) == [
        (None, "bundle.precision 'int8.x86' is for x86 CPUs, not for TensorRT")
    ]


def test_a_keyring_that_is_missing_is_told_when_it_is_needed(write, tmp_path):
    config = read_config(write(SMALLEST + '[bundle]\nkeyring = "ring.json"\n'))
    with pytest.raises(KeyringError, match="No such file") as caught:
        config.trusted()
    assert caught.value.path == tmp_path / "ring.json"


def test_a_key_file_that_is_missing_is_told_when_it_is_needed(write, tmp_path):
    config = read_config(write(SMALLEST + '[bundle]\ntrusted_keys = ["a.pub"]\n'))
    with pytest.raises(ConfigError, match="No such file") as caught:
        config.trusted()
    assert caught.value.path == str(tmp_path / "a.pub")


@pytest.mark.parametrize("path", sorted(DEPLOYED.glob("*.toml")), ids=lambda path: path.name)
def test_the_example_of_each_kind_of_device_is_accepted(path):
    (instrument,) = read_config(path).instrument
    assert instrument.device in DEVICES


def test_every_protocol_has_an_example():
    shown = {read_config(path).instrument[0].kind.protocol for path in DEPLOYED.glob("*.toml")}
    listening = DEVICES["c12880ma-free"].protocol  # beside the other of its family
    assert shown == {device.protocol for device in DEVICES.values()} - {listening}
