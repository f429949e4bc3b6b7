"""The public sets that can be fetched by name, and whom to cite."""

from __future__ import annotations

from dataclasses import dataclass

_RRUFF = (
    "Lafuente B, Downs R T, Yang H, Stone N (2015) The power of databases: the RRUFF project. "
    "In: Highlights in Mineralogical Crystallography, De Gruyter, pp 1-30"
)
_RRUFF_PAGE = "https://www.rruff.net/about/download-data/"


@dataclass(frozen=True, slots=True)
class Source:
    """A set that somebody publishes.

    Parameters
    ----------
    name : as the command takes it
    what : what it holds, in a few words
    page : to open in a browser
    citation : of whoever uses it
    addresses : of its zip, or of the list of its files at Zenodo; tried in order
    file_name : what it is called; None if the list names the files
    """

    name: str
    what: str
    page: str
    citation: str
    addresses: tuple[str, ...]
    file_name: str | None = None


def _rruff(name: str, what: str, file_name: str) -> Source:
    path = f"zipped_data_files/raman/{file_name}"
    # the site was rruff.info before; what is left there is the fallback
    addresses = (f"https://www.rruff.net/{path}", f"https://rruff.info/{path}")
    return Source(name, what, _RRUFF_PAGE, _RRUFF, addresses, file_name)


SOURCES = {
    source.name: source
    for source in (
        _rruff("rruff-raw", "RRUFF, low resolution (broad scans)", "LR-Raman.zip"),
        _rruff(
            "rruff-oriented",
            "RRUFF, high resolution, oriented, rated excellent",
            "excellent_oriented.zip",
        ),
        Source(
            name="hed",
            what="X-ray diffractograms of Sun et al. 2021 (two theta)",
            page="https://zenodo.org/records/4424866",
            citation="Sun et al. (2021), data set, https://doi.org/10.5281/zenodo.4424866",
            addresses=("https://zenodo.org/api/records/4424866",),
        ),
    )
}
