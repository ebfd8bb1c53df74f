"""What fault tests may ask for besides what every test may."""

from tests.faults.oracle.arena import arena

__all__ = ["arena"]
