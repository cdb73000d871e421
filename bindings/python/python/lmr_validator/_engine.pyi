from typing import final

__all__ = ["Engine"]

@final
class Engine:
    def __new__(cls) -> Engine: ...
    def ask(self, request: bytes, body: bytes) -> str: ...
