"""Reports: the notes and the outcome of a conversion, rendered for people and programs."""
