"""Ocean Binary Protocol over RS-232: STS, QE Pro, Flame-X; codec, questions, devices."""
