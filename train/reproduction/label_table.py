"""What tables 7, 8 and 10 of Soysal et al. 2025 share: a method beside the CNN, by share of labels.

Both learn from the same published subset of labels and are judged on the same spectra, as
`published.py` draws them; the CNN sees the labelled spectra alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from matplotlib.axes import Axes

from train.reproduction.held_out import PROTOCOLS, Protocol
from train.reproduction.label_pieces import BATCH_SIZE, EPOCHS, SUPERVISED, percents, supervised
from train.reproduction.outcome import Outcome, Row
from train.reproduction.pictures import picture
from train.reproduction.published import PERCENTS
from train.reproduction.sets import row_key
from train.reproduction.target import Measured, Piece, Workplace

_NOTES = (
    "Labels: the subsets that the authors published for 10 to 40 %, matched to 838 of the 850 "
    "training spectra. Ten arrays come from files that are not among these; the most similar "
    "spectrum of the same mineral stands in (at 40 % one has none: 339 spectra). No list is "
    "published for 50 %: 85 spectra are drawn and added to those of 40 %.",
    "Test: the published test set is not here. Of the spectra that no subset holds, 150 are drawn "
    "for each seed (as in the paper); by specimen, all spectra of those of their specimens that no "
    "subset holds. Neither is seen in training, with or without labels. n is that of the first "
    "seed.",
    f"Supervised: the CNN, m = 2, on the labelled spectra alone, {EPOCHS[10]} epochs at 10 % to "
    f"{EPOCHS[50]} at 50 %, in batches of {BATCH_SIZE}, with one cycle of the learning rate "
    "(1e-3): the printed rule would need a validation share of labels that are not there. No "
    "augmentation: the paper names it for figure 7 and contrastive learning only.",
)


@dataclass(frozen=True, slots=True)
class LabelMethod:
    """The method of a table, or a control beside it.

    Parameters
    ----------
    key : in keys of pieces and rows, as ``sgan``
    words : as ``SGAN``
    paper : top-1 by share of labels, %, as printed; None where it is not in the paper
    pieces : those of a place and a seed; each finds ``{percent: judged}``
    notes : what is open and what was chosen
    """

    key: str
    words: str
    paper: tuple[float, ...] | None
    pieces: Callable[[Workplace, int], Sequence[Piece]]
    notes: tuple[str, ...]


def _supervised_of(place: Workplace, seed: int) -> Sequence[Piece]:
    return [supervised(place, percent, seed) for percent in percents(place)]


_CNN = LabelMethod(SUPERVISED, "supervised CNN", (42, 58, 65, 69, 76), _supervised_of, _NOTES)


@dataclass(frozen=True, slots=True)
class LabelTable:
    """Methods and the supervised CNN by share of labels.

    Parameters
    ----------
    title : what the paper calls it
    plot : name of the PNG
    methods : that are compared with the CNN
    draw : draws more plots of what was found, and returns their names
    """

    title: str
    plot: str
    methods: tuple[LabelMethod, ...]
    draw: Callable[[Workplace, Mapping[str, Measured]], tuple[str, ...]] | None = None

    def pieces(self, place: Workplace) -> Sequence[Piece]:
        """Return the CNN's pieces, one a share of labels and seed, and those of the methods."""
        found: list[Piece] = []
        for seed in place.seeds:
            for one in (_CNN, *self.methods):
                found += one.pieces(place, seed)
        return found

    def outcome(self, place: Workplace, found: Mapping[str, Measured]) -> Outcome:
        """Return top-1 of the CNN and of the methods, by share of labels and protocol."""
        rows = [
            _row(one, percent, protocol, _judged(place, found, one.key, percent))
            for percent, protocol, one in product(percents(place), PROTOCOLS, (_CNN, *self.methods))
        ]
        self._draw_curves(place, rows)
        more = () if self.draw is None else self.draw(place, found)
        notes = tuple(note for one in (_CNN, *self.methods) for note in one.notes)
        return Outcome(tuple(rows), notes, (self.plot, *more))

    def _draw_curves(self, place: Workplace, rows: Sequence[Row]) -> None:
        with picture(place, self.plot, columns=2, inches=(9, 3.6)) as panels:
            for panel, protocol in zip(panels, PROTOCOLS.values(), strict=True):
                for one in (_CNN, *self.methods):
                    mine = [r for r in rows if r.protocol == protocol and r.key.startswith(one.key)]
                    _draw_curve(panel, percents(place), one, mine)
                panel.set_title(protocol)
                panel.set_xlabel("labelled spectra, %")
                panel.set_ylim(0, 100)
            panels[0].set_ylabel("top-1, %")
            panels[1].legend(frameon=False, loc="lower right")


def _draw_curve(panel: Axes, at: Sequence[int], one: LabelMethod, rows: Sequence[Row]) -> None:
    means = [row.mean or 0.0 for row in rows]
    (line,) = panel.plot(at, means, "o-", label=f"{one.words}, ours")
    if one.paper is not None:
        printed = [float(row.paper or 0.0) for row in rows]
        panel.plot(at, printed, "x--", color=line.get_color(), label=f"{one.words}, paper")


def _judged(
    place: Workplace, found: Mapping[str, Measured], key: str, percent: int
) -> list[Measured]:
    """Return what was judged at a share of labels, a seed after the other."""
    return [
        one[str(percent)]
        for seed in place.seeds
        for name, one in found.items()
        if name.startswith(key) and name.endswith(f".seed{seed}") and str(percent) in one
    ]


def _row(one: LabelMethod, percent: int, protocol: Protocol, judged: Sequence[Measured]) -> Row:
    return Row(
        key=row_key(f"{one.key}.{percent}", protocol),
        quantity=f"{percent} % labelled, {one.words}",
        paper=None if one.paper is None else one.paper[PERCENTS.index(percent)],
        ours=tuple(found[protocol]["top1"] for found in judged),
        protocol=PROTOCOLS[protocol],
        n=judged[0][protocol]["n"],
    )
