"""Pure decisions: no Twisted, no clock, no file, no chance; values in, values out."""
