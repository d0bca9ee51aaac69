"""How many examples hypothesis tries: of parsers more, and in `make test-nightly` many more."""

from hypothesis import settings

settings.register_profile("test", deadline=None, max_examples=50)
settings.register_profile("parsers", deadline=None, max_examples=500)
settings.register_profile("nightly", deadline=None, max_examples=10_000)
settings.load_profile("test")
