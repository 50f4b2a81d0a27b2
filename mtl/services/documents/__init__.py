"""What the model card and the validation report are both made of."""
