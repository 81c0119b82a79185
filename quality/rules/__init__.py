"""What a rule of quality is: its kinds, its words, its indicator of GB/T 36344, and which rules always stand."""
