"""The bundled plugins, one package each."""
