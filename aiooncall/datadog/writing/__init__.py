"""From linked resources to what requests look like: checked, and with everything that was read still in it."""
