"""Asterisk's manager interface (AMI): who is on the line, why a line ended, muting a recording.

A call never depends on it: keys and prompts go over FastAGI. While it is away a secret is kept out
of the recording by stopping the recording.
"""

from ivr.asterisk.manager.manager import Account, AmiManager, Gap
from ivr.asterisk.manager.muting import AmiMuting
from ivr.asterisk.manager.watch import Existing, Watcher, watch

__all__ = ["Account", "AmiManager", "AmiMuting", "Existing", "Gap", "Watcher", "watch"]
