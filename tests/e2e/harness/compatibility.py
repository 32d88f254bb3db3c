class Compatibility:
    def __init__(self):
        self.working: set[tuple[str, str, str]] = set()

    def works(self, sdk: str, feature: str, provider: str) -> None:
        self.working.add((sdk, feature, provider))
