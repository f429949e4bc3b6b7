"""What instruments have in common that are asked for each spectrum and number none."""
