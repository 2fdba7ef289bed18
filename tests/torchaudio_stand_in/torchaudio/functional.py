"""The empty `torchaudio.functional`."""


def __getattr__(name: str) -> object:
    if name.startswith("__"):
        raise AttributeError(name)
    raise AttributeError(
        f"torchaudio.functional.{name}: tests run without torchaudio, see its stand-in"
    )
