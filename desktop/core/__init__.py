"""Words: the values, states and errors every floor speaks in; nothing here touches disk, network or window."""
