"""Refusals of rotas and teams.

DomainError
├── RotaNameTakenError     conflict   two live rotas of one name
├── RotaInUseError         conflict   a ladder names it
├── TooManyRotasError      conflict   a workspace has so many at most
├── TeamNameTakenError     conflict   two live teams of one name
├── TeamInUseError         conflict   a ladder names it
├── TooManyTeamsError      conflict   a workspace has so many at most
├── TooManyOverridesError  conflict   a rota has so many to come at most
└── OverrideOverError      conflict   it has ended already
"""

from services.core.kit.errors import DomainError, ErrorKind


class RotaNameTakenError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "rota.name_taken"

    def __init__(self) -> None:
        super().__init__("Another rota has this name.")


class RotaInUseError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "rota.in_use"

    def __init__(self, ladder: str) -> None:
        super().__init__(f"The ladder {ladder!r} names it. Let that name somebody else first.")


class TooManyRotasError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "rota.too_many"

    def __init__(self, most: int) -> None:
        super().__init__(f"A workspace has at most {most} rotas. Archive one first.")


class TeamNameTakenError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "team.name_taken"

    def __init__(self) -> None:
        super().__init__("Another team has this name.")


class TeamInUseError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "team.in_use"

    def __init__(self, ladder: str) -> None:
        super().__init__(f"The ladder {ladder!r} names it. Let that name somebody else first.")


class TooManyTeamsError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "team.too_many"

    def __init__(self, most: int) -> None:
        super().__init__(f"A workspace has at most {most} teams. Archive one first.")


class TooManyOverridesError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "rota.too_many_overrides"

    def __init__(self, most: int) -> None:
        super().__init__(f"A rota has at most {most} overrides to come. Take one back first.")


class OverrideOverError(DomainError):
    kind = ErrorKind.CONFLICT
    code = "rota.override_over"

    def __init__(self) -> None:
        super().__init__("It has ended already.")
