"""What operators need of a running engine: metrics, readiness, logs, clocks, claims on lines.

Nothing personal comes through here: labels, reasons and log lines are public.
"""
