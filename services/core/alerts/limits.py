"""How much each kind of channel takes, for those who send: the data stands beside the gateways."""

from services.core.gateways.channels.limits import ChannelLimits, limits_of

__all__ = ["ChannelLimits", "limits_of"]
