"""The empty `torchaudio.transforms`."""


def __getattr__(name: str) -> object:
    if name.startswith("__"):
        raise AttributeError(name)
    raise AttributeError(
        f"torchaudio.transforms.{name}: tests run without torchaudio, see its stand-in"
    )
