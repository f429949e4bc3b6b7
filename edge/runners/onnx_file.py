"""What the TensorRT runner needs to know of an ONNX file, and the one change it makes.

An ONNX file is a protobuf message. TensorRT's parser turns an input with a default value into a
constant, so that the lag mask would no longer be a setting; without its default it stays an input.
The instrument has no onnx package, so the few fields are found in the bytes themselves.

=================  =====  ==================================
message            field  holds
=================  =====  ==================================
ModelProto             7  graph (GraphProto)
ModelProto            14  metadata_props (key 1, value 2)
GraphProto             5  initializer (TensorProto, name 8)
GraphProto            11  input (ValueInfoProto, name 1, type 2)
TypeProto              1  tensor_type (elem_type 1)
=================  =====  ==================================

Source: onnx.proto of ONNX 1.16 and later; the wire format of Protocol Buffers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_GRAPH, _METADATA = 7, 14
_INITIALIZER, _INPUT = 5, 11
_TENSOR_NAME, _VALUE_NAME, _VALUE_TYPE = 8, 1, 2
_TENSOR_TYPE, _ELEMENT_TYPE = 1, 1
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_LARGEST_VARINT_BYTES = 10

FLOAT = 1
"""Element type of float32 in ONNX."""


@dataclass(frozen=True, slots=True)
class _Field:
    number: int
    value: bytes | int  # int where it is a varint
    start: int  # of the field with its tag, in the message
    end: int


def graph_inputs(model: bytes) -> dict[str, int]:
    """Return the element type of every input of the graph, by name.

    Raises
    ------
    ValueError
        If the bytes are no protobuf message of this form.
    """
    found: dict[str, int] = {}
    for value in _parts(_graph(model), _INPUT):
        tensor = _first(_first(value, _VALUE_TYPE), _TENSOR_TYPE)
        kinds = [field.value for field in _fields(tensor) if field.number == _ELEMENT_TYPE]
        found[_first(value, _VALUE_NAME).decode()] = int(kinds[-1]) if kinds else 0
    return found


def metadata(model: bytes) -> dict[str, str]:
    """Return the metadata of a file, as `backbone_id`.

    Raises
    ------
    ValueError
        If the bytes are no protobuf message of this form.
    """
    return {
        _first(entry, 1).decode(): _first(entry, 2).decode() for entry in _parts(model, _METADATA)
    }


def without_default(model: bytes, name: str) -> bytes:
    """Return the file without the default value of one input, so that it has to be given.

    A file without such a default is returned as it is.

    Raises
    ------
    ValueError
        If the bytes are no protobuf message of this form.
    """
    if name not in graph_inputs(model):
        return model
    pieces: list[bytes] = []
    for field in _fields(model):
        if field.number == _GRAPH and isinstance(field.value, bytes):
            graph = _without_initializer(field.value, name)
            pieces.append(_tag(_GRAPH) + _varint(len(graph)) + graph)
        else:
            pieces.append(model[field.start : field.end])
    return b"".join(pieces)


def _without_initializer(graph: bytes, name: str) -> bytes:
    kept = (
        graph[field.start : field.end]
        for field in _fields(graph)
        if not (
            field.number == _INITIALIZER
            and isinstance(field.value, bytes)
            and _first(field.value, _TENSOR_NAME) == name.encode()
        )
    )
    return b"".join(kept)


def _graph(model: bytes) -> bytes:
    return _first(model, _GRAPH)


def _first(message: bytes, number: int) -> bytes:
    return next(_parts(message, number), b"")


def _parts(message: bytes, number: int) -> Iterator[bytes]:
    for field in _fields(message):
        if field.number == number and isinstance(field.value, bytes):
            yield field.value


def _fields(message: bytes) -> Iterator[_Field]:
    at = 0
    while at < len(message):
        start = at
        tag, at = _read_varint(message, at)
        value: bytes | int
        if tag & 7 == _VARINT:
            value, at = _read_varint(message, at)
        else:
            size = {_FIXED64: 8, _FIXED32: 4}.get(tag & 7)
            if tag & 7 == _LENGTH:
                size, at = _read_varint(message, at)
            if size is None or at + size > len(message):
                raise ValueError(f"no ONNX file: a field at byte {start} is cut short or unknown")
            value, at = message[at : at + size], at + size
        yield _Field(tag >> 3, value, start, at)


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for k, byte in enumerate(message[at : at + _LARGEST_VARINT_BYTES]):
        value |= (byte & 0x7F) << (7 * k)
        if byte < 0x80:
            return value, at + k + 1
    raise ValueError(f"no ONNX file: a number at byte {at} does not end")


def _tag(number: int) -> bytes:
    return _varint(number << 3 | _LENGTH)


def _varint(value: int) -> bytes:
    groups = bytearray()
    while value >= 0x80:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*groups, value])
