"""Where spectra come from: public sets fetched whole, and what is in the ones at hand."""
