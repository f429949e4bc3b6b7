"""Ocean ASCII/binary commands over RS-232: USB2000, Flame-S; codec, questions, devices."""
