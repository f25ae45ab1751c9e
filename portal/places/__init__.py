"""Where machines stand: the closed tree of China's provinces and cities, and a few places abroad."""


def label(code: str, locale: str) -> str:
    """The place as readers see it."""
    return code
