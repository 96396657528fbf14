"""What copying did to docker commands: found, undone and said."""
