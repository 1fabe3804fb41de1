"""How healthy the addresses of an Upstream are: rules over values, without any input or output."""
