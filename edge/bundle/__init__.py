"""One signed file with everything the instrument needs to classify."""

from edge.bundle.archive import pack_bundle
from edge.bundle.bundle import Bundle, read_bundle
from edge.bundle.golden import Golden, check_golden
from edge.bundle.key_files import demo_key
from edge.bundle.keys import TrustedKeys
from edge.bundle.manifest import Manifest
from edge.bundle.shipped import shipped_bundle_path

__all__ = [
    "Bundle",
    "Golden",
    "Manifest",
    "TrustedKeys",
    "check_golden",
    "demo_key",
    "pack_bundle",
    "read_bundle",
    "shipped_bundle_path",
]
