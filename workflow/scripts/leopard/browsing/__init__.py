"""Sessions and hubs of genome browsers."""
