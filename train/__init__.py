"""The ground side: from raw spectra to a trained network with honest figures."""
