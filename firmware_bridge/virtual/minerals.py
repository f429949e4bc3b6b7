"""Raman lines of minerals from the published literature, for a virtual spectrometer to play.

Never used for training, and no file of measured spectra was read to make it: a model that
recognises what is rendered from here has not seen it before.

The source beside each mineral names published work on its Raman spectrum. The table was compiled
from knowledge of that literature and has not been collated with it line by line: positions are
rounded to 1 cm⁻¹, and where works differ by a few cm⁻¹ a value between them stands here.
Strengths and widths are approximate, from published figures: strengths as for a powdered or
randomly oriented specimen, widths as a laboratory spectrograph shows them. A natural specimen
differs, and `rendering.render` varies these values accordingly.

Most classes of the shipped model that give sharp, distinct spectra are here. Anatase, anhydrite,
aragonite, barite, gypsum, jarosite and magnesite are no classes of it: what it makes of them shows
how well it tells the unknown.

The file is long because it is one table; the code in it is two dataclasses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["MINERALS", "MineralLines", "RamanLine"]


@dataclass(frozen=True, slots=True)
class RamanLine:
    """One Raman line.

    Parameters
    ----------
    shift_cm1 : float
        Position, cm⁻¹.
    fwhm_cm1 : float
        Full width at half maximum, cm⁻¹.
    strength : float
        Peak height, dimensionless, the strongest line of the mineral being 100.
    """

    shift_cm1: float
    fwhm_cm1: float
    strength: float


@dataclass(frozen=True, slots=True)
class MineralLines:
    """The Raman lines of one mineral.

    Parameters
    ----------
    mineral : str
        Name, capitalised, as in the label list of the model.
    formula : str
        Ideal formula, plain text.
    lines : tuple of RamanLine
        By increasing position.
    source : str
        Published work, or works, on the Raman spectrum of the mineral.
    """

    mineral: str
    formula: str
    lines: tuple[RamanLine, ...]
    source: str


def _mineral(
    mineral: str, formula: str, source: str, *lines: tuple[float, float, float]
) -> MineralLines:
    """Build one row from (shift_cm1, fwhm_cm1, strength) triples."""
    return MineralLines(mineral, formula, tuple(RamanLine(*line) for line in lines), source)


# Works that several minerals share; the others stand beside their mineral.
_BUZATU_BUZGAR_2010: Final = (
    "Buzatu & Buzgar 2010, Analele Stiintifice ale Universitatii Al. I. Cuza Iasi, Geologie 56, 107"
)
_CHOPELAS_1991: Final = "Chopelas 1991, American Mineralogist 76, 1101"
_DE_FARIA_1997: Final = (
    "de Faria, Venancio Silva & de Oliveira 1997, Journal of Raman Spectroscopy 28, 873"
)
_FREEMAN_2008: Final = (
    "Freeman, Wang, Kuebler, Jolliff & Haskin 2008, Canadian Mineralogist 46, 1477"
)
_FREZZOTTI_2012: Final = (
    "Frezzotti, Tecce & Casagli 2012, Journal of Geochemical Exploration 112, 1"
)
_GILLET_1993: Final = (
    "Gillet, Biellmann, Reynard & McMillan 1993, Physics and Chemistry of Minerals 20, 1"
)
_HUANG_2000: Final = "Huang, Chen, Huang, Lin & Xu 2000, American Mineralogist 85, 473"
_KOLESOV_GEIGER_1998: Final = "Kolesov & Geiger 1998, Physics and Chemistry of Minerals 25, 142"
_KOLESOV_GEIGER_2004: Final = "Kolesov & Geiger 2004, Physics and Chemistry of Minerals 31, 142"
_KUEBLER_2006: Final = (
    "Kuebler, Jolliff, Wang & Haskin 2006, Geochimica et Cosmochimica Acta 70, 6201"
)
_LEVITT_CONDRATE_1970: Final = "Levitt & Condrate 1970, American Mineralogist 55, 1562"
_MERNAGH_1991: Final = "Mernagh 1991, Journal of Raman Spectroscopy 22, 453"
_MERNAGH_LIU_1991: Final = "Mernagh & Liu 1991, Physics and Chemistry of Minerals 18, 126"
_MERNAGH_TRUDU_1993: Final = "Mernagh & Trudu 1993, Chemical Geology 103, 113"
_RUTT_NICOLA_1974: Final = "Rutt & Nicola 1974, Journal of Physics C 7, 4522"
_STEGER_SCHMIDT_1964: Final = (
    "Steger & Schmidt 1964, Berichte der Bunsengesellschaft fuer physikalische Chemie 68, 102"
)
_WANG_2001: Final = "Wang, Jolliff, Haskin, Kuebler & Viskupic 2001, American Mineralogist 86, 790"

# fmt: off
# (the formatter would put each of the triples on a line of its own)
MINERALS: Final[tuple[MineralLines, ...]] = (
    _mineral(
        "Aegirine", "NaFe3+Si2O6", _BUZATU_BUZGAR_2010,
        (298, 12, 20), (344, 14, 40), (389, 12, 30), (490, 16, 15), (544, 16, 35), (680, 26, 22),
        (952, 18, 18), (974, 14, 100), (1041, 18, 30),
    ),
    _mineral(
        "Albite", "NaAlSi3O8", f"{_FREEMAN_2008}; {_MERNAGH_1991}",
        (114, 7, 18), (162, 8, 14), (185, 8, 18), (208, 9, 18), (291, 8, 40), (329, 10, 8),
        (416, 9, 7), (457, 10, 14), (479, 9, 45), (508, 9, 100), (763, 14, 10), (815, 14, 8),
        (978, 16, 4), (1032, 16, 4), (1099, 16, 12),
    ),
    _mineral(
        "Almandine", "Fe3Al2(SiO4)3", _KOLESOV_GEIGER_1998,
        (170, 10, 10), (216, 10, 15), (342, 14, 75), (370, 12, 10), (475, 10, 4), (500, 10, 15),
        (556, 12, 35), (581, 10, 4), (630, 12, 12), (863, 14, 18), (916, 12, 100), (1038, 14, 22),
    ),
    _mineral(
        "Anatase", "TiO2", "Ohsaka, Izumi & Fujiki 1978, Journal of Raman Spectroscopy 7, 321",
        (144, 10, 100), (197, 10, 6), (399, 22, 22), (516, 24, 20), (639, 26, 30),
    ),
    _mineral(
        "Andalusite", "Al2SiO5", _MERNAGH_LIU_1991,
        (292, 7, 100), (322, 8, 25), (361, 9, 28), (553, 10, 18), (719, 10, 12), (920, 9, 85),
        (952, 10, 10), (1065, 14, 12),
    ),
    _mineral(
        "Andradite", "Ca3Fe2(SiO4)3", _KOLESOV_GEIGER_1998,
        (174, 8, 15), (236, 8, 28), (264, 8, 12), (312, 9, 8), (325, 9, 12), (352, 9, 22),
        (370, 10, 90), (452, 9, 18), (494, 10, 28), (516, 10, 75), (553, 10, 8), (576, 10, 6),
        (816, 10, 35), (843, 10, 20), (874, 10, 100), (995, 12, 14),
    ),
    _mineral(
        "Anhydrite", "CaSO4", f"{_STEGER_SCHMIDT_1964}; {_FREZZOTTI_2012}",
        (417, 7, 18), (499, 7, 22), (609, 6, 12), (628, 6, 18), (675, 6, 14), (1017, 6, 100),
        (1128, 6, 24), (1160, 7, 14),
    ),
    _mineral(
        "Anorthite", "CaAl2Si2O8", f"{_FREEMAN_2008}; {_MERNAGH_1991}",
        (140, 10, 14), (181, 10, 14), (200, 10, 18), (283, 12, 32), (403, 12, 12), (430, 12, 7),
        (487, 10, 55), (504, 10, 100), (556, 14, 16), (681, 14, 12), (760, 14, 8), (910, 14, 6),
        (951, 14, 10), (974, 14, 12), (998, 16, 8), (1044, 18, 5),
    ),
    _mineral(
        "Aragonite", "CaCO3", f"{_GILLET_1993}; {_FREZZOTTI_2012}",
        (153, 7, 32), (180, 7, 8), (190, 7, 8), (206, 8, 28), (701, 5, 8), (705, 5, 16),
        (1085, 5, 100), (1462, 8, 5),
    ),
    _mineral(
        "Barite", "BaSO4", f"{_STEGER_SCHMIDT_1964}; {_FREZZOTTI_2012}",
        (453, 8, 20), (461, 8, 26), (617, 8, 15), (647, 8, 8), (988, 6, 100), (1084, 8, 3),
        (1104, 8, 4), (1139, 8, 7), (1166, 8, 4),
    ),
    _mineral(
        "Beryl", "Be3Al2Si6O18",
        "Hagemann, Lucken, Bill, Gysler-Sanz & Stalder 1990, "
        "Physics and Chemistry of Minerals 17, 395",
        (146, 9, 12), (322, 12, 38), (397, 11, 32), (450, 12, 5), (525, 12, 6), (582, 12, 4),
        (685, 10, 100), (918, 14, 4), (1010, 13, 14), (1068, 14, 75),
    ),
    _mineral(
        "Calcite", "CaCO3", f"{_RUTT_NICOLA_1974}; {_GILLET_1993}",
        (156, 9, 20), (282, 11, 40), (712, 5, 14), (1086, 5, 100), (1436, 10, 5),
    ),
    _mineral(
        "Cerussite", "PbCO3",
        "Martens, Rintoul, Kloprogge & Frost 2004, American Mineralogist 89, 352; "
        "Brooker, Sunder, Taylor & Lopata 1983, Canadian Journal of Chemistry 61, 494",
        (120, 10, 20), (132, 10, 26), (150, 10, 50), (174, 12, 38), (213, 12, 14), (226, 12, 10),
        (243, 12, 8), (673, 8, 4), (681, 8, 6), (837, 7, 8), (1053, 6, 100), (1361, 12, 6),
        (1376, 12, 14), (1477, 10, 14),
    ),
    _mineral(
        "Cordierite", "Mg2Al4Si5O18",
        "McMillan, Putnis & Carpenter 1984, Physics and Chemistry of Minerals 10, 256",
        (122, 10, 12), (261, 12, 35), (298, 12, 9), (430, 13, 7), (557, 10, 100), (578, 11, 55),
        (672, 14, 18), (972, 15, 42), (1010, 16, 18), (1185, 18, 36),
    ),
    _mineral(
        "Corundum", "Al2O3", "Porto & Krishnan 1967, Journal of Chemical Physics 47, 1009",
        (378, 8, 25), (418, 7, 100), (432, 8, 15), (451, 8, 9), (578, 8, 12), (645, 8, 24),
        (751, 10, 24),
    ),
    _mineral(
        "Diamond", "C", "Solin & Ramdas 1970, Physical Review B 1, 1687",
        (1332, 4, 100),
    ),
    _mineral(
        "Diopside", "CaMgSi2O6", f"{_HUANG_2000}; {_WANG_2001}",
        (140, 8, 14), (230, 10, 6), (255, 10, 5), (324, 10, 30), (360, 11, 16), (391, 11, 40),
        (508, 12, 5), (530, 12, 9), (558, 12, 8), (666, 9, 85), (855, 14, 6), (1012, 9, 100),
    ),
    _mineral(
        "Dolomite", "CaMg(CO3)2", f"{_RUTT_NICOLA_1974}; {_GILLET_1993}",
        (176, 8, 14), (299, 11, 40), (725, 6, 10), (1098, 7, 100), (1443, 10, 5),
    ),
    _mineral(
        "Enstatite", "Mg2Si2O6", f"{_HUANG_2000}; {_WANG_2001}",
        (133, 8, 10), (239, 10, 18), (304, 11, 10), (343, 11, 38), (402, 11, 20), (421, 11, 8),
        (446, 12, 5), (541, 13, 10), (583, 13, 4), (663, 9, 72), (686, 9, 75), (933, 14, 6),
        (1012, 10, 100), (1031, 11, 40),
    ),
    _mineral(
        "Epidote", "Ca2Al2Fe3+(Si2O7)(SiO4)O(OH)",
        "Nagashima & Mihailova 2023, European Journal of Mineralogy 35, 267; "
        f"{_FREZZOTTI_2012}",
        (233, 11, 25), (250, 12, 22), (277, 12, 18), (350, 14, 20), (392, 13, 14), (428, 13, 28),
        (454, 13, 32), (569, 13, 38), (602, 14, 36), (836, 16, 8), (887, 16, 38), (917, 16, 100),
        (1090, 16, 42),
    ),
    _mineral(
        "Fayalite", "Fe2SiO4", f"{_KOLESOV_GEIGER_2004}; {_KUEBLER_2006}",
        (171, 12, 10), (237, 13, 8), (287, 13, 12), (505, 16, 5), (815, 13, 72), (838, 12, 100),
        (900, 14, 12), (932, 14, 10),
    ),
    _mineral(
        "Fluorapatite", "Ca5(PO4)3F",
        "Leroy, Leroy, Penel, Rey, Lafforgue & Bres 2000, Applied Spectroscopy 54, 1521",
        (431, 9, 11), (447, 8, 5), (581, 8, 7), (591, 8, 11), (607, 8, 7), (964, 6, 100),
        (1034, 9, 7), (1042, 9, 9), (1053, 9, 13), (1081, 9, 10),
    ),
    _mineral(
        "Forsterite", "Mg2SiO4", f"{_CHOPELAS_1991}; {_KOLESOV_GEIGER_2004}",
        (226, 8, 6), (304, 9, 8), (329, 9, 5), (434, 10, 6), (545, 10, 6), (608, 10, 7),
        (824, 9, 80), (856, 10, 100), (882, 10, 10), (920, 10, 13), (965, 10, 20),
    ),
    _mineral(
        "Grossular", "Ca3Al2(SiO4)3", _KOLESOV_GEIGER_1998,
        (180, 8, 10), (246, 9, 18), (279, 9, 11), (329, 9, 9), (373, 9, 75), (416, 10, 12),
        (509, 10, 8), (549, 10, 55), (629, 10, 10), (826, 10, 45), (848, 10, 12), (880, 10, 100),
        (1007, 11, 25),
    ),
    _mineral(
        "Gypsum", "CaSO4.2H2O",
        "Sarma, Prasad & Ravikumar 1998, Journal of Raman Spectroscopy 29, 851; "
        f"{_FREZZOTTI_2012}",
        (181, 10, 6), (414, 9, 18), (494, 10, 17), (619, 8, 9), (671, 8, 7), (1008, 6, 100),
        (1135, 8, 18),
    ),
    _mineral(
        "Hematite", "Fe2O3", _DE_FARIA_1997,
        (225, 8, 80), (245, 8, 18), (292, 12, 100), (411, 15, 60), (498, 18, 8), (612, 18, 32),
        (1318, 75, 50),
    ),
    _mineral(
        "Jarosite", "KFe3(SO4)2(OH)6",
        "Sasaki, Tanaka & Konno 1998, Canadian Mineralogist 36, 1225; "
        "Frost, Wills, Weier & Martens 2005, Journal of Raman Spectroscopy 36, 435",
        (139, 9, 18), (223, 9, 60), (301, 12, 14), (357, 12, 12), (434, 10, 55), (453, 10, 24),
        (572, 14, 14), (624, 9, 38), (1007, 8, 100), (1104, 10, 85), (1153, 10, 32),
    ),
    _mineral(
        "Magnesite", "MgCO3", f"{_RUTT_NICOLA_1974}; {_GILLET_1993}",
        (213, 8, 17), (329, 10, 40), (738, 6, 9), (1094, 6, 100), (1446, 10, 4),
    ),
    _mineral(
        "Microcline", "KAlSi3O8", f"{_FREEMAN_2008}; {_MERNAGH_1991}",
        (107, 7, 14), (126, 7, 20), (155, 8, 24), (199, 10, 12), (265, 10, 15), (285, 10, 25),
        (454, 10, 22), (475, 10, 45), (513, 9, 100), (652, 12, 4), (750, 14, 7), (813, 14, 8),
        (1126, 16, 8), (1142, 16, 5),
    ),
    _mineral(
        "Mimetite", "Pb5(AsO4)3Cl",
        "Frost, Bouzaid & Palmer 2007, Polyhedron 26, 2964; "
        f"{_LEVITT_CONDRATE_1970}",
        (317, 14, 20), (338, 14, 20), (372, 14, 10), (418, 14, 6), (765, 12, 24), (788, 11, 18),
        (812, 11, 100),
    ),
    _mineral(
        "Muscovite", "KAl2(AlSi3O10)(OH)2",
        "McKeown, Bell & Etz 1999, American Mineralogist 84, 1041; "
        "Tlili, Smith, Beny & Boyer 1989, Mineralogical Magazine 53, 165",
        (198, 12, 30), (215, 14, 14), (263, 14, 95), (381, 16, 8), (408, 16, 50), (637, 20, 14),
        (703, 18, 100), (751, 20, 14), (912, 22, 14), (957, 22, 8), (1116, 24, 9),
    ),
    _mineral(
        "Pyrite", "FeS2",
        "Vogt, Chattopadhyay & Stolz 1983, Journal of Physics and Chemistry of Solids 44, 869; "
        f"{_MERNAGH_TRUDU_1993}",
        (343, 8, 75), (379, 8, 100), (430, 10, 14),
    ),
    _mineral(
        "Pyrope", "Mg3Al2(SiO4)3", _KOLESOV_GEIGER_1998,
        (212, 12, 10), (322, 12, 8), (353, 13, 20), (364, 13, 80), (383, 13, 12), (492, 13, 6),
        (512, 13, 8), (563, 14, 40), (598, 12, 4), (650, 13, 12), (871, 15, 18), (928, 13, 100),
        (1066, 16, 20),
    ),
    _mineral(
        "Quartz", "SiO2", "Scott & Porto 1967, Physical Review 161, 903",
        (128, 7, 35), (206, 20, 38), (265, 9, 6), (355, 8, 8), (394, 9, 5), (464, 8, 100),
        (697, 10, 2), (796, 10, 3), (808, 10, 4), (1083, 10, 3), (1162, 10, 4),
    ),
    _mineral(
        "Rhodochrosite", "MnCO3",
        f"{_RUTT_NICOLA_1974}; "
        "Herman, Bogdan, Sommer & Simpson 1987, Applied Spectroscopy 41, 437",
        (184, 11, 20), (290, 13, 45), (719, 9, 15), (1086, 7, 100), (1415, 14, 6),
    ),
    _mineral(
        "Rutile", "TiO2", "Porto, Fleury & Damen 1967, Physical Review 154, 522",
        (143, 6, 8), (240, 85, 40), (447, 34, 88), (612, 36, 100), (826, 36, 3),
    ),
    _mineral(
        "Sillimanite", "Al2SiO5", _MERNAGH_LIU_1991,
        (142, 8, 18), (235, 9, 60), (311, 9, 80), (457, 12, 50), (595, 14, 24), (708, 14, 8),
        (872, 10, 65), (963, 10, 100), (1128, 14, 10),
    ),
    _mineral(
        "Sodalite", "Na8(Al6Si6O24)Cl2",
        "Chukanov, Vigasina, Zubkova, Pekov, Schaefer, Kasatkin, Yapaskurt & Pushcharovsky 2020, "
        "Minerals 10, 363",
        (264, 12, 20), (294, 13, 10), (410, 12, 5), (463, 10, 100), (611, 12, 3), (737, 14, 3),
        (970, 14, 6), (986, 12, 14), (1060, 16, 7),
    ),
    _mineral(
        "Spessartine", "Mn3Al2(SiO4)3", _KOLESOV_GEIGER_1998,
        (162, 10, 6), (221, 10, 12), (321, 11, 8), (350, 11, 72), (372, 11, 14), (475, 10, 5),
        (500, 10, 10), (552, 11, 40), (573, 10, 4), (630, 11, 12), (849, 12, 34), (879, 12, 7),
        (907, 11, 100), (1029, 12, 30),
    ),
    _mineral(
        "Sphalerite", "ZnS",
        "Osadchii & Gorbaty 2010, Geochimica et Cosmochimica Acta 74, 568; "
        f"{_MERNAGH_TRUDU_1993}",
        (180, 14, 8), (218, 14, 14), (275, 12, 10), (300, 9, 35), (311, 10, 12), (331, 10, 40),
        (351, 8, 100), (612, 22, 6), (670, 22, 7),
    ),
    _mineral(
        "Spinel", "MgAl2O4",
        "Chopelas & Hofmeister 1991, Physics and Chemistry of Minerals 18, 279; "
        "Cynn, Sharma, Cooney & Nicol 1992, Physical Review B 45, 500",
        (312, 9, 15), (407, 10, 100), (666, 11, 38), (767, 14, 48),
    ),
    _mineral(
        "Titanite", "CaTiSiO5",
        "Salje, Schmidt & Bismayer 1993, Physics and Chemistry of Minerals 19, 502",
        (163, 12, 22), (234, 14, 32), (253, 14, 38), (286, 16, 22), (315, 16, 20), (424, 18, 20),
        (467, 18, 48), (546, 20, 42), (607, 22, 100), (858, 18, 16), (872, 16, 16), (912, 18, 16),
    ),
    _mineral(
        "Topaz", "Al2SiO4F2", "Beny & Piriou 1987, Physics and Chemistry of Minerals 15, 148",
        (158, 8, 6), (240, 8, 70), (267, 8, 100), (286, 9, 38), (333, 9, 12), (359, 9, 12),
        (403, 10, 18), (456, 10, 7), (520, 11, 9), (560, 11, 10), (855, 10, 18), (926, 10, 40),
        (938, 10, 24), (983, 11, 9), (1007, 11, 8),
    ),
    _mineral(
        "Tremolite", "Ca2Mg5Si8O22(OH)2",
        "Rinaudo, Belluso & Gastaldi 2004, Mineralogical Magazine 68, 455",
        (123, 8, 14), (160, 9, 14), (179, 9, 32), (223, 9, 34), (232, 9, 20), (250, 10, 9),
        (349, 10, 10), (370, 11, 30), (394, 11, 34), (415, 11, 17), (437, 11, 6), (529, 13, 9),
        (673, 9, 100), (750, 13, 8), (930, 12, 20), (1030, 13, 20), (1060, 12, 34),
    ),
    _mineral(
        "Vanadinite", "Pb5(VO4)3Cl",
        "Frost, Crane, Williams & Kloprogge 2003, Journal of Raman Spectroscopy 34; "
        f"{_LEVITT_CONDRATE_1970}",
        (292, 14, 22), (322, 14, 44), (350, 14, 15), (412, 16, 12), (717, 16, 6), (792, 13, 22),
        (827, 12, 100),
    ),
    _mineral(
        "Vivianite", "Fe3(PO4)2.8H2O",
        "Frost, Martens, Williams & Kloprogge 2002, Mineralogical Magazine 66, 1063",
        (196, 14, 24), (235, 16, 24), (303, 16, 14), (343, 16, 8), (422, 16, 10), (456, 16, 18),
        (533, 20, 16), (570, 18, 18), (950, 13, 100), (1014, 16, 12), (1052, 16, 30),
    ),
    _mineral(
        "Zircon", "ZrSiO4",
        "Dawson, Hargreave & Wilkinson 1971, Journal of Physics C 4, 240; "
        "Nasdala, Irmer & Wolf 1995, European Journal of Mineralogy 7, 471",
        (202, 7, 12), (214, 7, 12), (225, 8, 20), (356, 8, 40), (393, 8, 5), (439, 10, 32),
        (974, 7, 28), (1008, 6, 100),
    ),
)
# fmt: on
