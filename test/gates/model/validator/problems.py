"""Problems of a request."""


class Problems:
    """A list of texts, each with the path of the member that it is about."""

    def __init__(self):
        self.texts = []

    def add(self, path, text):
        self.texts.append(f"{path}: {text}" if path else text)


def short(value):
    """A value for a message."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else f"{text[:60]}… ({len(text)} characters)"
