"""From linked resources to the bodies of requests: checked, and with all that was read still in them."""
