"""What stands round the app on a server: watching, limits, logs, metrics, a graceful stop. Nothing here knows a page."""
