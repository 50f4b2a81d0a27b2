"""Services: what pages, the command line and the HTTP routes call."""
