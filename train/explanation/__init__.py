"""What a verdict rests on: Grad-CAM and gradients, drawn over the spectrum."""
